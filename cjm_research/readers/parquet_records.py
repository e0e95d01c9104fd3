"""Records of Parquet files with fields inside fields, as BigQuery exports them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cjm_research.errors import SourceError
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


@dataclass
class ParquetRecords:
    """Rows with their number, read some thousands at a time.

    Attributes
    ----------
    path : Path
        The file.
    only : frozenset of str
        Fields to read; those that the file does not have are passed over.
    odd, told : dict of str to int
        As of `Records`; empty.
    """

    path: Path
    only: frozenset[str]
    odd: dict[str, int] = field(default_factory=dict)
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
            if file.metadata.num_rows > MAX_ROWS:
                raise SourceError(
                    self.path.name,
                    f"it holds {file.metadata.num_rows:,} rows; more than {MAX_ROWS:,} are not "
                    "read as a whole.",
                    "export a shorter period, or let the study measure the log where it lies "
                    "(`in_place: true`).",
                )
            columns = sorted(self.only & self.fields)
            for batch in file.iter_batches(batch_size=_AT_ONCE, columns=columns):
                for record in batch.to_pylist():
                    number += 1
                    yield number, record
