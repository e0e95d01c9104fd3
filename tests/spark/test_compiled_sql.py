"""What each measure asks of BigQuery, as text; and which other engines it can be asked of.

The statements are compiled from the run of a measure on a small log in DuckDB, as its later
statements depend on what the earlier ones found. `CJM_WRITE_SNAPSHOTS=1` writes them anew.
"""

import functools
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import ibis
import pytest
from measures import JOURNEY, MEASURES, make_log

from cjm_research.behaviour import open_log
from cjm_research.engine import Engine, open_engine

SNAPSHOTS = Path(__file__).parent / "snapshots"
COLUMNS = {
    "participant_id": "user_pseudo_id", "session_id": "ga_session_id", "event": "event_name",
    "occurred_at": "event_timestamp", "device": "device_category",
}  # fmt: skip
OTHERS = ("postgres", "snowflake", "clickhouse")
WITHOUT_QUANTILES = ("bigquery", "trino", "snowflake")


@dataclass(frozen=True)
class Recorder(Engine):
    """An engine that notes what it is asked: the name of a table to keep, and an expression.

    It runs on DuckDB and asks as any other engine would, without what helps DuckDB alone.
    """

    has_quantiles: bool = True
    asked: list[tuple[str, object]] = field(default_factory=list)

    def identify(self, ids):
        return ids

    def gather(self, rows, by):
        return rows

    def keep(self, expression):
        name = f"kept_{sum(bool(kept) for kept, _ in self.asked) + 1}"
        self.asked.append((name, expression.unbind()))
        self._kept.append(f"DROP TABLE {name}")
        return self.backend.create_table(name, expression, temp=True)

    def run(self, expression):
        self.asked.append(("", expression.unbind()))
        return super().run(expression)


@pytest.fixture(scope="module")
def ga4():
    """Events as Google Analytics exports them: whole microseconds, and names of its own."""
    events = make_log(300).dropna(subset="occurred_at")
    stamps = events["occurred_at"].astype("int64") // 1000
    events = events.assign(occurred_at=stamps).rename(columns=COLUMNS)
    with open_engine() as engine:
        engine.backend.con.register("given", events)
        engine.backend.raw_sql("CREATE TABLE ga4_events AS SELECT * FROM given")
        yield engine.table("ga4_events")


@pytest.fixture(scope="module")
def asked(ga4):
    """What a measure asks an engine; run once for all engines alike."""

    @functools.cache
    def ask(name, has_quantiles):
        recorder = Recorder(ga4.get_backend(), has_quantiles=has_quantiles)
        with open_log(
            ga4, JOURNEY, columns=COLUMNS, segments=["device"], time_unit="us", engine=recorder
        ) as log:
            try:
                MEASURES[name](replace(log, engine=recorder))
            finally:
                recorder.release()
        return recorder.asked

    return lambda name, dialect: ask(name, dialect not in WITHOUT_QUANTILES)


def compiled(asked, dialect):
    """Return statements in an engine's SQL, with names of columns that are always the same."""
    statements = "\n".join(
        (f"CREATE TEMP TABLE {name} AS\n" if name else "")
        + f"{ibis.to_sql(expression, dialect=dialect)};\n"
        for name, expression in asked
    )
    made_up = list(dict.fromkeys(re.findall(r"ibis_\w+_[a-z0-9]{26}", statements)))
    for number, name in enumerate(made_up, start=1):
        statements = statements.replace(name, f"{name[:-27].removeprefix('ibis_')}_{number}")
    return statements


@pytest.mark.parametrize("name", MEASURES)
def test_bigquery_is_asked_what_it_was_asked_before(asked, name):
    found = compiled(asked(name, "bigquery"), "bigquery")
    path = SNAPSHOTS / f"{re.sub(r'[ ,-]+', '_', name)}.sql"
    if os.environ.get("CJM_WRITE_SNAPSHOTS"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8"), (
        "the SQL has changed; if that is meant, run with CJM_WRITE_SNAPSHOTS=1 and read the diff"
    )


@pytest.mark.parametrize("dialect", OTHERS)
def test_other_engines_can_be_asked_as_well(asked, dialect):
    # Every fourth: compiling all of them for every dialect takes a minute.
    for name in list(MEASURES)[::4]:
        assert compiled(asked(name, dialect), dialect).count(";\n") == len(asked(name, dialect))


def test_every_snapshot_is_of_a_measure():
    names = {re.sub(r"[ ,-]+", "_", name) for name in MEASURES}
    assert {path.stem for path in SNAPSHOTS.glob("*.sql")} == names
