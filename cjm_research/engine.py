"""The one door to ibis: where the measures of behaviour run.

A measure is an ibis expression and never knows its engine. DuckDB in this process is the
default; the same expressions run on Spark, BigQuery, PostgreSQL and whatever else ibis speaks.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cjm_research.errors import EngineError, quoted

if TYPE_CHECKING:
    import ibis.expr.types as ir

LOCAL = ("duckdb", "pyspark")
"""Engines that frames may be handed to: they run on this machine, or on the user's own cluster."""

BACKENDS: dict[str, str] = {
    "duckdb": "duckdb",
    "spark": "pyspark",
    "bigquery": "bigquery",
    "postgres": "postgres",
    "snowflake": "snowflake",
    "clickhouse": "clickhouse",
}
"""Names for study.yaml, and what ibis calls them."""

_SECRET = re.compile(
    r"password|passwd|secret|token|credential|api_?key|private_?key", re.IGNORECASE
)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Engine:
    """A connection that runs expressions.

    Attributes
    ----------
    backend : ibis.BaseBackend
        The ibis connection.
    """

    backend: Any = field(repr=False)
    _kept: list[str] = field(default_factory=list, repr=False)

    @property
    def name(self) -> str:
        """What ibis calls the backend."""
        return str(self.backend.name)

    @property
    def has_quantiles(self) -> bool:
        """Whether quantiles are exact aggregates there; BigQuery's are not."""
        import ibis.expr.operations as ops

        return bool(self.backend.has_operation(ops.MultiQuantile))

    def identify(self, ids: Any) -> Any:
        """Return what stands for ids, given as text, where rows are grouped or joined by them.

        On DuckDB that is their 64-bit hash: it groups and sorts integers much faster than
        texts. That any two of n people share one has a probability below n² / 2^65, about
        3 in 100 million for a million people. Elsewhere ids stand for themselves.
        """
        return _hash()(ids) if self.name == "duckdb" else ids

    def people(self, frame: pd.DataFrame) -> ir.Table:
        """Return a frame about people, with what stands for each `participant_id`."""
        table = self.table(frame)
        return table.mutate(participant_id=self.identify(table.participant_id))

    def gather(self, rows: ir.Table, by: str) -> ir.Table:
        """Bring rows of one kind together before they are grouped into arrays, where that pays.

        DuckDB spends most of such a group-by on jumping between groups, and sorts integers
        fast. Engines that shuffle rows between machines are better left alone.
        """
        return rows.order_by(by) if self.name == "duckdb" else rows

    def table(self, source: pd.DataFrame | Path | str) -> ir.Table:
        """Return a frame, a file or folder, or a table of the backend as an ibis table.

        Parameters
        ----------
        source : DataFrame, Path or str
            A path to `.parquet`, `.csv`, `.json`, `.jsonl` or `.ndjson`, gzipped or not, or a
            folder of one of them; a str without such an ending names a table of the backend
            (`table` or `schema.table` or `catalog.schema.table`).

        Raises
        ------
        EngineError
            If the file or table is not there or cannot be read, or if a frame would leave this
            machine.
        """
        if isinstance(source, pd.DataFrame):
            return self._frame(source)
        if isinstance(source, Path) or "/" in source or file_kind(Path(source)):
            return self._files(Path(source))
        return self._named(str(source))

    def keep(self, expression: ir.Table) -> ir.Table:
        """Compute a table once, and keep it in the engine until `release`."""
        import ibis

        name = ibis.util.gen_name("cjm_kept")
        # Not `cache()`: of a frame it asks DuckDB, whatever the engine, and where it does ask
        # this one, it drops by a statement that newer sqlglots write without the name.
        if self.name == "pyspark":
            with self._explained():
                kept = self.backend.create_view(name, expression)
                self.backend.raw_sql(f"CACHE LAZY TABLE {name}")
            dropping = [f"UNCACHE TABLE IF EXISTS {name}", f"DROP VIEW IF EXISTS {name}"]
        else:
            with self._explained():
                kept = self._temporary(name, expression)
            dropping = [f"DROP TABLE IF EXISTS {_full_name(kept)}"]
        self._kept.extend(reversed(dropping))
        return kept

    def _temporary(self, name: str, expression: ir.Table) -> ir.Table:
        from ibis.common.exceptions import UnsupportedOperationError

        try:
            return self.backend.create_table(name, expression, temp=True)
        except (NotImplementedError, UnsupportedOperationError) as error:
            raise EngineError(
                f"engine '{self.name}'",
                "it has no temporary tables, in which measures keep what they use twice.",
                "read the same tables by Spark, or export them to Parquet files.",
            ) from error

    def release(self) -> None:
        """Drop the tables that were kept."""
        while self._kept:
            self.backend.raw_sql(self._kept.pop())

    def run(self, expression: ir.Table) -> pd.DataFrame:
        """Compute a table and bring it here as a frame."""
        with self._explained():
            frame: pd.DataFrame = self.backend.execute(expression)
        return frame

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in one sentence what an engine says in a page."""
        try:
            yield
        except EngineError:
            raise
        except Exception as error:
            raise EngineError(
                f"engine '{self.name}'",
                f"it could not compute this: {_first_line(error)}",
                "look at the columns: times are read as 2026-04-30T14:05:00, with Z or an offset, "
                "`value` holds plain numbers such as 3.50, and all files of a folder have the same "
                "columns.",
            ) from error

    def _frame(self, frame: pd.DataFrame) -> ir.Table:
        import ibis

        if self.name not in LOCAL:
            raise EngineError(
                f"engine '{self.name}'",
                "a frame with rows of participants would leave this machine.",
                "give the name of a column of the table in the warehouse instead, or run the "
                "measure on DuckDB.",
            )
        return ibis.memtable(_as_utc_naive(frame))

    def _files(self, path: Path) -> ir.Table:
        where = str(path)
        if "*" in where:
            raise EngineError(where, "a pattern names no file.", "give the folder itself.")
        if not path.exists():
            raise EngineError(where, "there is no such file or folder.", "check the path.")
        files = sorted(f for f in path.rglob("*") if file_kind(f)) if path.is_dir() else [path]
        kinds = {file_kind(file): file.name for file in reversed(files)}
        if len(kinds) > 1:
            raise EngineError(
                where, f"it holds files of several kinds: {quoted(sorted(kinds.values()))}.",
                "keep one kind in a folder; all files of it are read as one log.",
            )  # fmt: skip
        kind = next(iter(kinds), "")
        if not kind:
            raise EngineError(
                where,
                "it is empty." if path.is_dir() and not any(path.iterdir())
                else "the kind of its files is not known.",
                "give .parquet, .csv, .json or .jsonl files, or a folder of one of them.",
            )  # fmt: skip
        # Spark reads a folder by itself.
        found = where if self.name == "pyspark" else [str(file) for file in files]
        try:
            read = getattr(self.backend, f"read_{kind}")
            options: dict[str, Any] = {}
            # A file is text until the measures say otherwise: ids such as 007 stay as they are.
            if kind == "csv" and self.name == "duckdb":
                options = {"all_varchar": True}
            if kind == "csv" and self.name == "pyspark":
                options = {"header": True, "inferSchema": False}
            table: ir.Table = read(found, **options)
        except Exception as error:
            raise EngineError(
                where,
                f"it cannot be read as {kind} ({_first_line(error)}).",
                "open it in the program that made it, and export it again.",
            ) from error
        return table

    def _named(self, name: str) -> ir.Table:
        parts = name.split(".")
        database: Any = tuple(parts[:-1]) if len(parts) > 2 else ".".join(parts[:-1]) or None
        try:
            table: ir.Table = self.backend.table(parts[-1], database=database)
        except Exception as error:
            raise EngineError(
                f"engine '{self.name}'",
                f"there is no table '{name}' ({_first_line(error)}).",
                "name it as `table`, `schema.table` or `project.dataset.table`, and check the "
                "`connection:`.",
            ) from error
        return table


@contextmanager
def open_engine(
    backend: str = "duckdb",
    connection: Mapping[str, Any] | None = None,
    *,
    memory_limit: str = "",
    threads: int = 0,
) -> Iterator[Engine]:
    """Open a connection, and close it at the end.

    Parameters
    ----------
    backend : str
        One of `BACKENDS`.
    connection : mapping, optional
        What ibis' `connect` of that backend takes. `${NAME}` in a value is read from the
        environment. For Spark: settings such as `spark.master`.
    memory_limit : str
        For DuckDB, such as "1GB": beyond it, work spills to a temporary folder.
    threads : int
        For DuckDB; 0 takes every core.

    Raises
    ------
    EngineError
        If the backend is unknown or not installed, cannot be reached, or a secret is written
        out instead of being named by `${NAME}`.
    """
    values = fill_in(connection or {})
    if backend not in BACKENDS:
        raise EngineError(
            "engine", f"unknown backend '{backend}'.", f"allowed: {quoted(BACKENDS)}."
        )
    with tempfile.TemporaryDirectory(prefix="cjm-engine-") as spill:
        if backend == "duckdb":
            values = {"temp_directory": spill} | dict(values)
            values |= {"memory_limit": memory_limit} if memory_limit else {}
            values |= {"threads": threads} if threads else {}
        opened = _connect(backend, values)
        engine = Engine(opened)
        try:
            yield engine
        finally:
            engine.release()
            if backend == "duckdb":
                opened.disconnect()


def engine_of(table: ir.Table) -> Engine:
    """Return the engine that a user's own ibis table lives in; it is never closed here."""
    return Engine(table.get_backend())


def fill_in(connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return connection values with `${NAME}` replaced from the environment.

    Raises
    ------
    EngineError
        If a variable is not set, or a secret is written out.
    """
    filled: dict[str, Any] = {}
    for key, value in connection.items():
        if not isinstance(value, str):
            filled[key] = value
            continue
        if _SECRET.search(key) and not _VARIABLE.search(value):
            raise EngineError(
                f"engine, connection, '{key}'",
                "a secret is written out.",
                f"put it into an environment variable and write {key}: ${{NAME_OF_IT}}.",
            )
        missing = [name for name in _VARIABLE.findall(value) if name not in os.environ]
        if missing:
            raise EngineError(
                f"engine, connection, '{key}'",
                f"the environment variable {quoted(missing)} is not set.",
                "set it before the run; credentials never stand in study.yaml.",
            )
        filled[key] = _VARIABLE.sub(lambda found: os.environ[found.group(1)], value)
    return filled


def file_kind(path: Path) -> str:
    """Return "parquet", "csv" or "json" by a path's ending (a folder: its first file's), or ""."""
    if path.is_dir():
        kinds = (file_kind(file) for file in sorted(path.rglob("*")) if file.is_file())
        return next((kind for kind in kinds if kind), "")
    ending = path.name.casefold().removesuffix(".gz").rpartition(".")[2]
    return {"parquet": "parquet", "csv": "csv", "tsv": "csv"}.get(
        ending, "json" if ending in ("json", "jsonl", "ndjson") else ""
    )


def _connect(backend: str, values: Mapping[str, Any]) -> Any:
    import ibis

    try:
        if backend == "spark":
            return _connect_spark(values)
        return getattr(ibis, BACKENDS[backend]).connect(**values)
    except EngineError:
        raise
    except ImportError as error:
        raise EngineError(
            f"engine '{backend}'",
            f"it is not installed ({_first_line(error)}).",
            f"install it: pip install 'cjm_research[{backend}]'."
            if backend == "spark"
            else f"install it: pip install 'ibis-framework[{BACKENDS[backend]}]'.",
        ) from error
    except Exception as error:
        raise EngineError(
            f"engine '{backend}'",
            f"it cannot be reached ({_first_line(error)}).",
            "check `engine: {connection: ...}` in study.yaml, and that the service answers.",
        ) from error


def _connect_spark(values: Mapping[str, Any]) -> Any:
    import ibis
    from pyspark.sql import SparkSession

    if not ({"JAVA_HOME", "SPARK_REMOTE"} & set(os.environ) or "spark.remote" in values):
        _find_java()
    builder = SparkSession.builder.appName("cjm_research")
    # The figures must not depend on where the driver stands.
    settings = {"spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false"} | dict(values)
    for key, value in settings.items():
        builder = builder.config(key, value)
    return ibis.pyspark.connect(builder.getOrCreate())


def _find_java() -> None:
    if shutil.which("java") is None:
        raise EngineError(
            "engine 'spark'",
            "Spark runs on Java, and there is none on this machine.",
            "install Java 17 or newer (on Debian: apt install default-jre-headless), or name a "
            'cluster: connection: {spark.remote: "sc://host:15002"}.',
        )


@cache
def _hash() -> Any:
    """Return DuckDB's `hash`. Not ibis' `.hash()`, which makes it signed by way of a text."""
    import ibis

    @ibis.udf.scalar.builtin(name="hash", signature=(("string",), "uint64"))
    def hash_of(text): ...  # type: ignore[no-untyped-def]

    return hash_of


def _full_name(table: ir.Table) -> str:
    """Return a table's name with its schema, quoted as its engine does."""
    from sqlglot.expressions import table_

    place = table.op().namespace
    named = table_(table.op().name, db=place.database, catalog=place.catalog, quoted=True)
    return str(named.sql(table.get_backend().dialect))


def _as_utc_naive(frame: pd.DataFrame) -> pd.DataFrame:
    """Return times in UTC and without a zone, to the microsecond: what every engine keeps."""
    twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
    if twice:
        raise EngineError("events", f"columns stand twice: {quoted(twice)}.", "rename one of each.")
    times = frame.select_dtypes(["datetime", "datetimetz"])
    for name, each in times.items():
        plain = each.dt.tz_convert(None) if each.dt.tz is not None else each
        frame = frame.assign(**{str(name): plain.dt.floor("us")})
    return frame


def _first_line(error: Exception) -> str:
    """Return what an engine said, without the cell that it stumbled over: it may be private."""
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if re.search(r"convert|cast|pars|invalid|overflow|timestamp", said, re.IGNORECASE):
        said = re.sub(r"'[^']*'|\"[^\"]*\"|\([^)]*\)", "…", said)
    return said[:200]
