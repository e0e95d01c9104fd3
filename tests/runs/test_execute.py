import os
import time
from pathlib import Path

import nbformat
import pytest

from cjm_research.errors import ReportError, UnknownNameError
from cjm_research.reporting.deadline import Deadline, TimedOut
from cjm_research.reporting.execute import check_parameters, execute_notebook, read_parameters

CANARY = "zqcanaryword"


@pytest.fixture
def run(notebook, tmp_path):
    def run_cells(*cells, deadline_s=120, run_deadline=None, **parameters):
        path = notebook(tmp_path / "01_numbers.ipynb", *cells)
        output = tmp_path / "out.ipynb"
        execute_notebook(path, output, parameters, deadline_s=deadline_s, run_deadline=run_deadline)
        node = nbformat.read(str(output), as_version=4)
        return ["".join(o.get("text", "") for o in c.get("outputs", [])) for c in node.cells]

    return run_cells


def test_parameters_reach_the_notebook_and_unknown_ones_are_left_out(run, cells):
    said = run("print(top, word)", cells["sentinel"], "", top=9, unheard_of=1)
    assert "9 plain\n" in said


@pytest.mark.parametrize("given", [{}, {"top": 3}])
def test_a_cell_that_raises_is_named_as_its_author_counts_and_without_its_words(run, cells, given):
    with pytest.raises(ReportError) as raised:
        run(f"raise ValueError('{CANARY}')", cells["sentinel"], **given)
    assert "01_numbers.ipynb failed in cell 3 (ValueError)" in str(raised.value)
    assert CANARY not in str(raised.value)


def test_leaving_early_without_a_status_is_a_failure(run, cells):
    with pytest.raises(ReportError, match=r"01_numbers\.ipynb: code cell 2 did not run"):
        run("raise SystemExit", cells["sentinel"], top=3)


def test_an_error_that_a_cell_is_allowed_to_raise_is_a_failure_all_the_same(
    notebook, tmp_path, cells
):
    path = notebook(tmp_path / "01_numbers.ipynb", "1 / 0", cells["sentinel"])
    node = nbformat.read(str(path), as_version=4)
    node.cells[2].metadata["tags"] = ["raises-exception"]
    nbformat.write(node, str(path))
    with pytest.raises(ReportError, match=r"01_numbers\.ipynb"):
        execute_notebook(path, tmp_path / "out.ipynb", {}, deadline_s=60)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(os.name != "posix", reason="looks into /proc")
def test_a_hanging_cell_is_ended_with_its_kernel(run, cells, tmp_path):
    note = tmp_path / "pid"
    cell = f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)"
    for seconds in (6, 30, 90):  # on a busy machine a kernel takes its time to start
        with pytest.raises(ReportError, match=f"did not finish within {seconds} s"):
            run(cell, cells["sentinel"], deadline_s=seconds)
        if note.is_file():
            break
    kernel = int(note.read_text())
    for _ in range(100):
        if not is_alive(kernel):
            break
        time.sleep(0.1)
    assert not is_alive(kernel)


def test_the_deadline_of_the_run_may_come_before_that_of_the_notebook(run, cells):
    with pytest.raises(TimedOut, match="the run did not finish within 1 s"):
        run("import time; time.sleep(300)", cells["sentinel"], run_deadline=Deadline(1))


@pytest.fixture
def declared(notebook, tmp_path):
    return [notebook(tmp_path / "01_numbers.ipynb", "x = 1")]


def test_a_notebook_declares_its_parameters_with_types(declared):
    assert read_parameters(declared[0]) == {
        "study": str, "run_folder": str, "top": int, "word": str,
    }  # fmt: skip


def test_texts_become_the_declared_types(declared):
    assert check_parameters({"top": "7", "word": "7"}, declared) == {"top": 7, "word": "7"}


def test_an_unknown_parameter_gets_a_suggestion(declared):
    with pytest.raises(
        UnknownNameError, match=r"no parameter 'tpo'\. Did you mean 'top'"
    ) as raised:
        check_parameters({"tpo": "7"}, declared)
    assert raised.value.allowed == ["top", "word"]


@pytest.mark.parametrize("name", ["study", "run_folder"])
def test_what_the_run_itself_sets_cannot_be_given(declared, name):
    with pytest.raises(UnknownNameError, match=f"no parameter '{name}'"):
        check_parameters({name: "x"}, declared)


@pytest.mark.parametrize("value", ["many", "1.5", ""])
def test_an_ill_typed_parameter_is_refused(declared, value):
    with pytest.raises(ReportError, match="parameter 'top' should be a whole number"):
        check_parameters({"top": value}, declared)


@pytest.mark.parametrize(
    ("value", "kind"), [("anna@mail.example", "email"), ("+44 7700 900717", "phone")]
)
def test_a_parameter_that_names_somebody_is_refused_without_repeating_it(declared, value, kind):
    with pytest.raises(ReportError, match=rf"looks like personal data \({kind}\)") as raised:
        check_parameters({"word": value}, declared)
    assert value not in str(raised.value)


@pytest.mark.parametrize("value", ["2026-04-30", "phone", "5 people", "basic plan"])
def test_everyday_values_are_no_personal_data(declared, value):
    assert check_parameters({"word": value}, declared) == {"word": value}
