"""A published run is checked by hashing its files again."""

import pytest

from cjm_research.errors import ReportError
from cjm_research.reporting.manifest import hash_pages, write_manifest
from cjm_research.reporting.verify import find_run, verify_run


@pytest.fixture
def run(tmp_path, before):
    folder = tmp_path / "reports" / "tiny" / "2026-03-01T100000"
    (folder / "downloads").mkdir(parents=True)
    (folder / "index.html").write_text("<p>one</p>")
    (folder / "downloads" / "map.csv").write_text("a,b\n")
    (folder / "run.json").write_text("{}")
    write_manifest(folder, before | {"pages": hash_pages(folder)})
    return folder


def test_a_run_as_it_was_published_is_whole(run):
    assert verify_run(run) == []


def test_one_changed_byte_is_found(run):
    (run / "index.html").write_text("<p>two</p>")
    assert verify_run(run) == ["index.html is not what the run published: it was changed later."]


def test_a_missing_file_is_found(run):
    (run / "downloads" / "map.csv").unlink()
    assert verify_run(run) == ["downloads/map.csv is missing."]


def test_an_extra_file_is_found_wherever_it_lies(run):
    (run / "downloads" / "notes.txt").write_text("mine")
    assert verify_run(run) == ["downloads/notes.txt is no part of the run: it was added later."]


def test_a_link_is_no_published_file(run, tmp_path):
    (tmp_path / "other.html").write_bytes((run / "index.html").read_bytes())
    (run / "index.html").unlink()
    (run / "index.html").symlink_to(tmp_path / "other.html")
    assert verify_run(run) == ["index.html is a link; the run published a file."]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "missing or cannot be read"),
        ("{", "missing or cannot be read"),
        ('{"schema_version": 99}', "another version"),
        ('{"schema_version": 1}', "lists no file"),
        ('{"schema_version": 1, "pages": []}', "lists no file"),
    ],
)
def test_a_damaged_manifest_is_a_problem_and_no_error(run, content, said):
    (run / "manifest.json").unlink()
    if content is not None:
        (run / "manifest.json").write_text(content)
    (problem,) = verify_run(run)
    assert said in problem


def test_a_run_is_found_by_id_by_latest_and_by_folder(run):
    reports = run.parent
    (reports / "latest").symlink_to(run.name)
    assert find_run(reports) == find_run(reports, run.name) == find_run(reports, str(run)) == run
    with pytest.raises(ReportError, match=r"no good run 'nothing'.*2026-03-01T100000"):
        find_run(reports, "nothing")
