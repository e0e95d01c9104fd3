"""A study's own notebooks: after those that every report has, and like them in everything."""

import nbformat
import pytest

from cjm_research.errors import ReportError
from cjm_research.reporting.execute import read_parameters
from cjm_research.reporting.notebooks import list_notebooks
from cjm_research.reporting.runs import run_study
from cjm_research.study import find_study
from tests.tiny import SENTINEL, SHOW, write_notebook

OWN = 'from IPython.display import HTML\nHTML("<b>Our own</b><script>alert(1)</script>")'


def names(place):
    return [path.name for path in list_notebooks(place)]


def test_own_notebooks_come_after_the_reports_in_order(place):
    for name in ("21_later", "20_calls", "notes", "3_short"):
        write_notebook(place.folder / f"{name}.ipynb", SENTINEL)
    assert names(find_study("tiny")) == ["01_numbers.ipynb", "20_calls.ipynb", "21_later.ipynb"]


def test_a_study_without_own_notebooks_has_the_reports(place):
    assert names(find_study("tiny")) == ["01_numbers.ipynb"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', "NO_LANGUAGE"])
def test_what_cannot_be_run_is_named_and_says_what_to_do(tmp_path, text):
    path = tmp_path / "20_calls.ipynb"
    if text == "NO_LANGUAGE":
        write_notebook(path, SENTINEL)
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata = {}
        nbformat.write(notebook, path)
    else:
        path.write_text(text, "utf-8")
    with pytest.raises(ReportError, match=r"20_calls\.ipynb cannot be run: .* JupyterLab"):
        read_parameters(path)


@pytest.mark.parametrize("name", ["01_numbers", "01_Numbers"])
def test_an_own_notebook_of_the_same_name_is_refused(place, name):
    write_notebook(place.folder / f"{name}.ipynb", SENTINEL)
    with pytest.raises(ReportError, match=r"has the name of .* such as '02_"):
        list_notebooks(find_study("tiny"))


def test_an_own_notebook_is_published_checked_and_part_of_the_key(place):
    own = write_notebook(place.folder / "20_calls.ipynb", SHOW, OWN, SENTINEL, title="# Calls")
    first = run_study("tiny", parameters={"top": "7"})
    page = (first.run_dir / "chapter-20_calls.html").read_text("utf-8")
    assert "Our own" in page
    assert "alert(1)" not in page
    assert "top 7" in page
    assert not run_study("tiny", parameters={"top": "7"}).made
    write_notebook(own, SHOW, title="# Calls")  # no sentinel
    with pytest.raises(ReportError, match=r"20_calls\.ipynb ended before its last cell"):
        run_study("tiny", parameters={"top": "7"})
    assert (first.run_dir.parent / "latest").resolve() == first.run_dir.resolve()
