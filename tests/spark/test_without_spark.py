"""What a researcher reads where an engine is not there."""

import sys

import pytest

from cjm_research.engine import Engine, open_engine
from cjm_research.errors import EngineError


def test_spark_without_pyspark_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with (
        pytest.raises(
            EngineError, match=r"not installed[\s\S]*pip install 'cjm_research\[spark\]'"
        ),
        open_engine("spark"),
    ):
        pass


def test_spark_without_java_says_so(monkeypatch):
    pytest.importorskip("pyspark")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EngineError, match=r"there is none[\s\S]*Java 17"), open_engine("spark"):
        pass


def test_bigquery_without_its_package_says_what_to_install():
    with (
        pytest.raises(EngineError, match=r"pip install 'ibis-framework\[bigquery\]'"),
        open_engine("bigquery", {"project_id": "shop"}),
    ):
        pass


def test_an_engine_without_temporary_tables_is_refused_before_it_writes_any():
    class Trino:
        name = "trino"

        def create_table(self, name, obj, *, temp):
            assert temp
            raise NotImplementedError("Temporary tables are not supported in the Trino backend")

    with pytest.raises(EngineError, match="engine 'trino': it has no temporary tables"):
        Engine(Trino()).keep(None)
