import html
import json
import shutil
from pathlib import Path

import pytest

from cjm_research.reporting.runs import run_study
from tests.tiny import SENTINEL, SHOW, make_project, write_notebook


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
