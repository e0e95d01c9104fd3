"""The names that people import, and the price of importing the package."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import cjm_research as cjm

HEAVY = (
    "bertopic", "duckdb", "ibis", "matplotlib", "nbconvert", "numpy", "pandas", "papermill",
    "pydantic", "scipy", "seaborn", "sklearn", "spacy", "statsmodels", "torch", "yaml",
)  # fmt: skip


@pytest.mark.parametrize("name", cjm.__all__)
def test_public_name_is_there_and_documented(name: str):
    assert getattr(cjm, name).__doc__


def test_tab_completion_shows_all_public_names():
    assert set(cjm.__all__) <= set(dir(cjm))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="open_studdy"):
        _ = cjm.open_studdy


def test_import_is_light():
    code = "import sys, json, cjm_research; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(ran.stdout)}
    assert not loaded & set(HEAVY)
