import subprocess
import sys

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.engine import Engine, engine_of, file_kind, fill_in, open_engine
from cjm_research.errors import EngineError


@pytest.fixture
def engine():
    with open_engine() as opened:
        yield opened


def test_a_frame_goes_through_the_engine_and_comes_back(engine):
    frame = pd.DataFrame({"who": ["a", "b"], "n": [1, 2]})
    assert_frame_equal(engine.run(engine.table(frame).order_by("who")), frame)


def test_times_with_a_zone_become_utc(engine):
    at = pd.Series(pd.to_datetime(["2026-01-01T02:00:00+02:00"], utc=True))
    frame = pd.DataFrame({"at": at.dt.tz_convert("Europe/Berlin")})
    assert engine.run(engine.table(frame))["at"][0] == pd.Timestamp("2026-01-01")


def test_a_kept_table_is_computed_once_and_dropped_at_the_end():
    frame = pd.DataFrame({"n": [1, 2, 3]})
    with open_engine() as engine:
        kept = engine.keep(engine.table(frame).filter(lambda t: t.n > 1))
        assert engine.run(kept)["n"].tolist() == [2, 3]
        engine.release()
        with pytest.raises(EngineError, match="could not compute"):
            engine.run(kept)


def test_what_stands_for_ids_keeps_people_apart(engine):
    numbers = range(200_000)
    forms = {
        "counted": [str(n) for n in numbers],
        "padded": [f"user-{n:08}" for n in numbers],
        "long": [f"GA1.2.{n * 7919}.16{n:08}" for n in numbers],
    }
    for name, ids in forms.items():
        people = engine.people(pd.DataFrame({"participant_id": ids}))
        found = engine.run(people.aggregate(n=people.participant_id.nunique()))
        assert found["n"].item() == len(ids), name


def test_what_stands_for_an_id_is_the_same_in_two_tables(engine):
    one = engine.people(pd.DataFrame({"participant_id": ["anna", "007"], "a": [1, 2]}))
    other = engine.people(pd.DataFrame({"participant_id": ["007", "ben"], "b": [3, 4]}))
    assert engine.run(one.inner_join(other, "participant_id").select("a", "b")).to_dict(
        "records"
    ) == [{"a": 2, "b": 3}]


def test_work_beyond_the_memory_limit_spills_and_finishes():
    with open_engine(memory_limit="100MB", threads=1) as engine:
        rows = engine.table(pd.DataFrame({"n": range(10)}))
        import ibis

        many = rows.mutate(each=ibis.range(0, 400_000)).unnest("each")
        sums = many.group_by([many.each * 31 % 3_000_017, many.n]).agg(total=many.each.sum())
        assert engine.run(sums.aggregate(total=sums.total.sum()))["total"][0] == (
            10 * 400_000 * 399_999 // 2
        )


def test_a_failing_expression_says_what_the_engine_said_without_the_cell(engine):
    table = engine.table(pd.DataFrame({"n": ["private"]}))
    with pytest.raises(EngineError, match=r"engine 'duckdb'.*Conversion.*column n") as caught:
        engine.run(table.select(number=table.n.cast("int64")))
    assert "private" not in str(caught.value)


def test_a_table_of_the_engine_is_found_by_name(tmp_path):
    path = tmp_path / "shop.duckdb"
    with open_engine(connection={"database": str(path)}) as engine:
        engine.backend.raw_sql("create schema web")
        engine.backend.raw_sql("create table web.events as select 7 as n")
    with open_engine(connection={"database": str(path), "read_only": True}) as engine:
        assert engine.run(engine.table("web.events"))["n"].tolist() == [7]
        with pytest.raises(EngineError, match=r"no table 'web\.event'"):
            engine.table("web.event")


def test_a_frame_never_goes_to_an_engine_elsewhere():
    class Far:
        name = "bigquery"

    with pytest.raises(EngineError, match="would leave this machine"):
        Engine(Far()).table(pd.DataFrame({"participant_id": ["a"]}))


def test_an_unknown_backend_lists_those_there_are():
    with pytest.raises(EngineError, match="'duckdb', 'spark', 'bigquery'"), open_engine("oracle"):
        pass


def test_a_backend_that_is_not_installed_says_how_to_get_it():
    with (
        pytest.raises(EngineError, match=r"pip install 'ibis-framework\[snowflake\]'"),
        open_engine("snowflake", {"user": "u"}),
    ):
        pass


def test_secrets_come_from_the_environment_and_nowhere_else(monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "hush")
    monkeypatch.delenv("NOT_THERE", raising=False)
    assert fill_in({"password": "${SHOP_PASSWORD}", "port": 5432, "host": "db"}) == {
        "password": "hush", "port": 5432, "host": "db",
    }  # fmt: skip
    with pytest.raises(EngineError, match="a secret is written out") as error:
        fill_in({"password": "hush"})
    assert "hush" not in str(error.value)
    with pytest.raises(EngineError, match="'NOT_THERE' is not set"):
        fill_in({"password": "${NOT_THERE}"})


def test_a_users_own_table_keeps_its_connection():
    import ibis

    connection = ibis.duckdb.connect()
    connection.con.execute("create table t as select 1 as n")
    assert engine_of(connection.table("t")).backend is connection


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.parquet", "parquet"), ("a.csv.gz", "csv"), ("a.b.CSV", "csv"), ("a.jsonl", "json"),
        ("a.ndjson.gz", "json"), ("a.xlsx", ""), ("shop.events", ""), ("events", ""),
    ],
)  # fmt: skip
def test_files_are_known_by_their_ending(tmp_path, name, kind):
    assert file_kind(tmp_path / name) == kind


def test_importing_the_engine_does_not_import_ibis():
    code = "import sys, cjm_research.engine; sys.exit('ibis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
