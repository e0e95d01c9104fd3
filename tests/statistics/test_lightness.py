import json
import subprocess
import sys


def test_importing_the_statistics_loads_none_of_the_libraries_behind_them():
    code = "import sys, json, cjm_research.statistics; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code], text=True))
    heavy = {"scipy", "statsmodels", "lifelines", "sklearn", "pandas", "matplotlib"}
    assert "numpy" in loaded
    assert heavy.isdisjoint(loaded)
