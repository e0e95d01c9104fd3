"""Spark gives the tables that DuckDB gives: to the last person, and floats to 1e-9."""

from pathlib import Path

import pandas as pd
import pytest
from conftest import session
from measures import JOURNEY, MEASURES, RULES, make_log
from pandas.testing import assert_frame_equal

from cjm_research.behaviour import estimate_drop_off, estimate_stage_timing, open_log
from cjm_research.behaviour.transitions import count_transitions
from cjm_research.engine import open_engine
from cjm_research.journey import Journey, Stage

ECOM = Path(__file__).parents[3] / "shared" / "data" / "retentioneering" / "ecom.csv.gz"


def assert_same(found, expected):
    assert len(expected)
    assert_frame_equal(found, expected, rtol=1e-9, atol=0)


@pytest.fixture(scope="module")
def events():
    return make_log()


@pytest.fixture(scope="module")
def logs(spark, events):
    """One log in each engine, so that all measures share its histories."""
    with (
        open_log(events, JOURNEY, segments=["device"]) as local,
        open_log(events, JOURNEY, segments=["device"], engine=spark) as far,
    ):
        yield far, local


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_gives_the_same_table(logs, name):
    far, local = logs
    assert far.engine.name == "pyspark"
    assert_same(MEASURES[name](far), MEASURES[name](local))


@pytest.mark.parametrize("scope", ["participant", "session"])
@pytest.mark.parametrize("by", ["stage", "event", "channel"])
def test_histories_are_the_same(logs, scope, by):
    found, expected = (_histories(log, scope, by) for log in logs)
    assert found == expected
    assert len(found) > 100


def _histories(log, scope, by):
    frame = log.engine.run(log.named(log.histories(scope=scope, by=by).table))
    frame["history"] = [tuple(map(int, history)) for history in frame["history"]]
    return sorted(frame.itertuples(index=False, name=None))


@pytest.mark.parametrize("ties", ["row", "later"])
def test_ties_are_resolved_the_same(spark, events, ties):
    with open_log(events, JOURNEY, ties=ties, engine=spark) as log:
        assert_same(estimate_drop_off(log), estimate_drop_off(events, JOURNEY, ties=ties))


@pytest.mark.parametrize("kind", ["parquet", "csv folder", "table"])
def test_files_and_tables_are_read_the_same(spark, events, tmp_path, kind):
    given, known = _write(events, tmp_path, kind), estimate_drop_off(events, JOURNEY)
    with open_log(given, JOURNEY, engine=spark) as log:
        assert_same(estimate_drop_off(log), known)
    if kind != "table":
        assert_same(estimate_drop_off(given, JOURNEY), known)


def test_a_session_in_another_zone_is_read_in_utc(spark, events, tmp_path):
    import ibis

    name = _write(events, tmp_path, "table")
    session().conf.set("spark.sql.session.timeZone", "America/New_York")
    table = ibis.pyspark.connect(session()).table(name)
    assert sorted(_times(open_log(table, JOURNEY))) == sorted(_times(open_log(events, JOURNEY)))


def _times(opening):
    with opening as log:
        return log.engine.run(log.events.select("moment"))["moment"].tolist()


def _write(events, folder, kind):
    """Write events as other programs do, and return what to give to `open_log`."""
    path = folder / "events.parquet"
    if kind == "csv folder":
        half = len(events) // 2
        events[:half].to_csv(folder / "a.csv", index=False)
        events[half:].to_csv(folder / "b.csv", index=False)
        return folder
    # Spark reads no nanoseconds.
    events.to_parquet(path, coerce_timestamps="us", allow_truncated_timestamps=True)
    if kind == "parquet":
        return path
    session().read.parquet(str(path)).createOrReplaceTempView("web_events")
    return "web_events"


@pytest.mark.skipif(not ECOM.exists(), reason="needs ../shared/data/retentioneering")
def test_a_real_shop_gives_the_same(spark):
    names = [
        "product_view",
        "add_to_cart",
        "cart",
        "shipping_details",
        "payment_details",
        "purchase",
    ]
    journey = Journey(tuple(Stage(name, name, events=(name,)) for name in names))
    columns = {"participant_id": "user_id", "occurred_at": "timestamp"}
    with (
        open_log(ECOM, journey, columns=columns) as local,
        open_log(ECOM, journey, columns=columns, engine=spark) as far,
    ):
        for rule in ("strict", "visits"):
            tables = [estimate_drop_off(log, rule=RULES[rule]) for log in (far, local)]
            assert_same(*tables)
        assert_same(estimate_stage_timing(far), estimate_stage_timing(local))
        assert_same(count_transitions(far), count_transitions(local))


def test_nothing_is_left_in_spark_when_a_log_is_closed(spark, events):
    before = {table.name for table in session().catalog.listTables()}
    with open_log(events, JOURNEY, engine=spark) as log:
        estimate_drop_off(log)
        kept = {table.name for table in session().catalog.listTables()} - before
        assert any("cjm_kept" in name for name in kept)
    left = {table.name for table in session().catalog.listTables()} - before
    assert not any("cjm_kept" in name for name in left)


def test_opening_spark_twice_gives_the_session_that_there_is(spark):
    with open_engine("spark", {"spark.master": "local[2]"}) as second:
        assert second.run(second.table(pd.DataFrame({"n": [7]})))["n"].tolist() == [7]
    assert session().conf.get("spark.sql.session.timeZone") == "UTC"
