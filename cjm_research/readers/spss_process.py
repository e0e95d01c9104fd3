"""What `spss` starts: one SPSS file to JSON on stdout, in a process that may die of it.

python -P spss_process.py FILE MOST_CELLS MOST_BYTES ENCODING

Run by path and importing nothing of ours: it starts in a third of a second.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from typing import Any

MOST_MEMORY = 4_000_000_000


def main() -> int:
    """Write what a file holds, or why it cannot be read."""
    path, encoding = sys.argv[1], sys.argv[4]
    most_cells, most_bytes = int(sys.argv[2]), int(sys.argv[3])
    _bound_memory()
    warnings.simplefilter("ignore")
    import pyreadstat

    # User-missing values stay visible, and dates stay numbers: both are for `spss` to judge. As a
    # dictionary, because pandas takes longer to import than most files to read.
    ways: dict[str, Any] = {
        "user_missing": True,
        "disable_datetime_conversion": True,
        "encoding": encoding or None,
        "output_format": "dict",
    }
    try:
        _, about = pyreadstat.read_sav(path, metadataonly=True, **ways)
        widths = about.variable_storage_width.values()
        # What the header says of the number of rows may be wrong: rows are bounded by their size.
        most_rows = min(most_cells // max(len(widths), 1), most_bytes // max(sum(widths), 1))
        if not most_rows:
            return _tell({"refused": "large"})
        data, about = pyreadstat.read_sav(path, row_limit=most_rows + 1, **ways)
    except Exception as error:  # whatever it raises, this process has one thing to say
        return _tell({"refused": "encoding" if "convert" in str(error) else type(error).__name__})
    columns = [[_plain(value) for value in values] for values in data.values()]
    if max(map(len, columns), default=0) > most_rows:
        return _tell({"refused": "large"})
    names = list(data)
    return _tell(
        {
            "names": names,
            "columns": columns,
            "labels": [about.column_names_to_labels.get(name) or "" for name in names],
            "formats": [about.original_variable_types.get(name) or "" for name in names],
            "values": [
                [[_plain(code), str(label)] for code, label in labels.items()]
                for labels in (about.variable_value_labels.get(name, {}) for name in names)
            ],
            "missing": [_bounds(about.missing_ranges.get(name, ())) for name in names],
        }
    )


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _plain(value: object) -> str | float | None:
    if value is None or isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None


def _bounds(ranges: Any) -> list[list[str | float | None]]:
    return [[_plain(one["lo"]), _plain(one["hi"])] for one in ranges]


def _tell(what: dict[str, object]) -> int:
    json.dump(what, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
