"""One Spark for all tests here: without pyspark or Java they skip, or fail where required."""

import importlib.util
import os
import shutil
import sys

import pytest

from cjm_research.engine import open_engine


@pytest.fixture(scope="session")
def spark():
    if not (importlib.util.find_spec("pyspark") and shutil.which("java")):
        if os.environ.get("CJM_REQUIRE_SPARK"):
            pytest.fail("CJM_REQUIRE_SPARK is set, but pyspark or java is missing")
        pytest.skip("needs pyspark (requirements/spark.txt) and Java 17")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        "spark.master": "local[2]",
        "spark.log.level": "ERROR",
        "spark.ui.showConsoleProgress": "false",
        # For tables of some hundred rows, planning costs more than anything it saves.
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
    }
    with open_engine("spark", settings) as engine:
        yield engine
        session().stop()


def session():
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession()
