"""Records of Parquet files with fields inside fields, as BigQuery exports them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.errors import SourceError
from cjm_research.readers.cells import squeeze
from cjm_research.readers.json_records import Record

MAX_ROWS = 10_000_000
"""A file of few bytes may declare any number of rows: a value that repeats is written once."""
_AT_ONCE = 4096


@contextmanager
def open_parquet(path: Path) -> Iterator[Any]:
    """Open a Parquet file as pyarrow does, and say what is wrong with it while it is read.

    Raises
    ------
    SourceError
        If it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield file
    except SourceError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(
            path.name,
            f"it cannot be read as a Parquet file ({type(error).__name__}).",
            "export it again as Parquet, or as CSV (UTF-8).",
        ) from error


def read_flat_columns(path: Path, only: Collection[str] | None = None) -> pd.DataFrame:
    """Return the columns of text and whole numbers of a Parquet file, as text; blank is empty.

    `only` names those that are needed.

    Raises
    ------
    SourceError
        If it cannot be read, or holds more rows than memory can.
    """
    import pyarrow.types as kinds

    with open_parquet(path) as file:
        _require_few_rows(path, file)
        flat = [
            column.name
            for column in file.schema_arrow
            if (only is None or column.name in only)
            and (
                kinds.is_string(column.type)
                or kinds.is_large_string(column.type)
                or kinds.is_dictionary(column.type)
                or kinds.is_integer(column.type)
            )
        ]
        frame = file.read(columns=flat).to_pandas(integer_object_nulls=True)
    text = frame.astype("object").where(frame.notna(), "").astype(str)
    return text.rename(columns=squeeze)


def _require_few_rows(path: Path, file: Any) -> None:
    if file.metadata.num_rows > MAX_ROWS:
        raise SourceError(
            path.name,
            f"it holds {file.metadata.num_rows:,} rows; more than {MAX_ROWS:,} are not read as a "
            "whole.",
            "export a shorter period, or let the study measure the log where it lies "
            "(`in_place: true`).",
        )


@dataclass
class ParquetRecords:
    """Rows with their number, read some thousands at a time.

    Attributes
    ----------
    path : Path
        The file.
    only : frozenset of str
        Fields to read, dots lead inside; those that the file does not have are passed over.
    odd, doubts, told : dict
        As of `Records`; empty.
    """

    path: Path
    only: frozenset[str]
    odd: dict[str, list[int]] = field(default_factory=dict)
    doubts: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Return the names of the file's fields, those inside others left out."""
        with open_parquet(self.path) as file:
            return frozenset(file.schema_arrow.names)

    def __iter__(self) -> Iterator[tuple[int, Record]]:
        """Yield number and record.

        Raises
        ------
        SourceError
            If the file cannot be read, or holds more rows than memory can.
        """
        number = 0
        with open_parquet(self.path) as file:
            _require_few_rows(self.path, file)
            heads = {name.partition(".")[0] for name in self.only} & self.fields
            for batch in file.iter_batches(batch_size=_AT_ONCE, columns=sorted(heads)):
                columns = [self._thin(name, batch[name]).to_pylist() for name in sorted(heads)]
                for values in zip(*columns, strict=True):
                    number += 1
                    yield number, dict(zip(sorted(heads), values, strict=True))

    def _thin(self, name: str, column: Any) -> Any:
        """Return a list of keys and values without the keys that nobody asks for.

        An event of GA4 has dozens of them, and a Python object of each takes the most time.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        inside = pa.types.is_list(column.type) and column.type.value_type
        if not inside or not pa.types.is_struct(inside) or inside.get_field_index("key") < 0:
            return column
        if not pa.types.is_string(inside.field("key").type):
            return column
        wanted = [it.partition(".")[2] for it in self.only if it.startswith(f"{name}.")]
        pairs, rows = column.flatten(), pc.list_parent_indices(column)
        kept = pc.is_in(pc.struct_field(pairs, "key"), pa.array(wanted, pa.string()))
        counts = np.bincount(rows.filter(kept).to_numpy(), minlength=len(column))
        starts = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
        return pa.ListArray.from_arrays(starts, pairs.filter(kept))
