"""Finding out that nothing has changed must not cost what making the report costs."""

import subprocess
import sys

HEAVY = (
    "bertopic", "duckdb", "ibis", "IPython", "lifelines", "matplotlib", "nbformat", "onnxruntime",
    "papermill", "scipy", "sklearn", "spacy", "statsmodels", "tokenizers", "umap",
)  # fmt: skip

ASK = f"""
import sys
import cjm_research.reporting.runs
from cjm_research.study import Study, find_study
assert len(Study(find_study("demo")).key) == 64
print(sorted(set({HEAVY}) & set(sys.modules)))
"""


def test_the_key_of_a_study_is_found_without_loading_what_makes_its_tables():
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
