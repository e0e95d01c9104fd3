import html
import json
import shutil
from pathlib import Path

import nbformat
import pytest

from cjm_research.reporting.runs import run_study

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
journey:
  stages:
    - {id: see, name: See, events: [view]}
    - {id: buy, name: Buy, events: [pay]}
sources:
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    consent: quote
    columns: {participant: id}
    questions:
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
  - id: log
    kind: events
    files: events.csv
    sampling: census
    columns: {participant: id, event: event, occurred_at: at}
"""
SURVEY = "id,why\nc1,The page was so slow that I left.\nc2,It was easy.\n"
EVENTS = (
    "id,event,at\nc1,view,2026-03-01 10:00\nc2,view,2026-03-01 10:00\nc2,pay,2026-03-01 10:05\n"
)

PARAMETERS = 'study: str = "demo"\nrun_folder: str = ""\ntop: int = 5\nword: str = "plain"'
SHOW = """\
import cjm_research as cjm
from cjm_research.display import show_quotes, show_table
this = cjm.open_study(study, run_folder=run_folder)
show_table(this.funnel[["stage", "n_entered"]], caption=f"top {top} {word}")"""
SENTINEL = 'print("chapter complete")'


def write_notebook(path, *cells, title="# Numbers"):
    node = nbformat.v4.new_notebook()
    node.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    parameters = nbformat.v4.new_code_cell(PARAMETERS)
    parameters.metadata["tags"] = ["parameters"]
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    node.cells = [nbformat.v4.new_markdown_cell(title), parameters, *code]
    for number, cell in enumerate(node.cells):
        cell["id"] = f"c{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(node, str(path))
    return path


def make_project(root):
    folder = root / "data" / "raw" / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    (folder / "survey.csv").write_text(SURVEY)
    (folder / "events.csv").write_text(EVENTS)
    write_notebook(root / "notebooks" / "01_numbers.ipynb", SHOW, SENTINEL)
    return root


def read_folder(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Project:
    def __init__(self, root, run_id):
        self.root = root
        self.folder = root / "data" / "raw" / "tiny"
        self.reports = root / "reports" / "tiny"
        self.notebook = root / "notebooks" / "01_numbers.ipynb"
        self.run_id = run_id
        self.good = read_folder(self.reports / run_id)

    def runs(self):
        return sorted(p.name for p in self.reports.iterdir() if p.is_dir() and p.name != "latest")

    def failures(self):
        return [
            json.loads((self.reports / name / "run.json").read_text())
            for name in self.runs()
            if name.endswith("-failed")
        ]

    def check_the_good_report_stands(self):
        assert read_folder(self.reports / self.run_id) == self.good
        assert (self.reports / "latest").resolve() == (self.reports / self.run_id).resolve()
        assert [name for name in self.runs() if not name.endswith("-failed")] == [self.run_id]
        assert self.leftovers() == []
        for name in self.runs():
            if name.endswith("-failed"):
                left = sorted(p.name for p in (self.reports / name).iterdir())
                assert left == ["index.html", "run.json"]

    def leftovers(self):
        return [
            path
            for path in self.root.rglob("*")
            if path.name.startswith((".tmp", ".run-")) or path.name == "state.json"
        ]

    def check_one_failure_is_shown(self, *words, status="failed"):
        self.check_the_good_report_stands()
        (record,) = self.failures()
        assert record["status"] == status
        index = (self.root / "reports" / "index.html").read_text()
        page = (self.reports / f"{record['run_id']}-failed" / "index.html").read_text()
        assert f"{record['run_id']}-failed/index.html" in index
        assert "../latest/index.html" in page
        for word in words:
            assert word in record["reason"]
            for shown in (index, page):
                assert word in html.unescape(shown)
        return record["reason"]


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    base = tmp_path_factory.mktemp("published")
    root = make_project(base / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CJM_VAULT", str(base / "vault"))
        patch.chdir(root)
        done = run_study("tiny")
    return Project(root, done.run_dir.name), base / "vault"


@pytest.fixture
def project(published, tmp_path, monkeypatch):
    made, vault = published
    root = tmp_path / "project"
    shutil.copytree(made.root, root, symlinks=True)
    shutil.copytree(vault, tmp_path / "vault")
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    monkeypatch.chdir(root)
    return Project(root, made.run_id)


@pytest.fixture(scope="session")
def notebook():
    return write_notebook


@pytest.fixture
def cells():
    return {"show": SHOW, "sentinel": SENTINEL}


@pytest.fixture
def python_path():
    return Path(__file__).resolve().parents[2]
