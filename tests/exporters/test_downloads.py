import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from pptx import Presentation

from cjm_research.reporting.downloads import FILES, Package, write_downloads
from cjm_research.reporting.published import PUBLISHED
from cjm_research.study.cache import write_tables


@pytest.fixture(scope="module")
def written(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return folder, write_downloads(small, folder, version_key="abc123def4")


def every_byte(folder):
    """Return what lies in the files, archives opened."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[path.name] = path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(io.BytesIO(found[path.name])) as archive:
                    for name in archive.namelist():
                        found[f"{path.name}/{name}"] = archive.read(name)
    return found


def test_every_download_is_there_and_described(written):
    folder, downloads = written
    assert [download["href"] for download in downloads] == [
        f"downloads/{name}" for name in FILES.values()
    ]
    for download in downloads:
        assert (folder / download["href"]).stat().st_size == download["n_bytes"] > 0
        assert download["label"] and download["kind"]
    assert {path.name for path in (folder / "downloads").iterdir()} == set(FILES.values())


def test_a_group_that_is_too_small_is_in_no_download(small, written):
    folder, _ = written
    assert "watch" in small.funnel["segment_value"].tolist()
    for name, data in every_byte(folder).items():
        # That the two sources are not made up alike is said, without a count.
        told = data.lower().replace(b"survey than in log: watch is more frequent.", b"")
        assert b"watch" not in told, name


def test_no_participant_can_be_looked_up_from_a_download(small, written):
    folder, _ = written
    pseudonyms = [name.encode() for name in small.participants["participant_id"]]
    assert len(pseudonyms) >= 40
    for name, data in every_byte(folder).items():
        assert not [one for one in pseudonyms if one in data], name


def test_a_workbook_and_an_archive_hold_every_table_that_may_leave(written):
    folder, _ = written
    book = openpyxl.load_workbook(folder / "downloads" / "tables.xlsx")
    assert book.sheetnames == ["About", *PUBLISHED]
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds and "e" not in kinds
    about = dict(row[:2] for row in book["About"].iter_rows(values_only=True) if row[0])
    assert about["version"] == "abc123def4" and about["data"] == "2026-03-01"
    with zipfile.ZipFile(folder / "downloads" / "tables.zip") as archive:
        assert set(archive.namelist()) == {"README.txt", *(f"{name}.csv" for name in PUBLISHED)}
        assert "'=The page was so slow" in archive.read("quotes.csv").decode()


def test_the_slide_has_the_citable_headlines(small, tmp_path):
    from cjm_research.reporting.downloads import write_slide
    from cjm_research.study.conclusions import ResolvedFinding

    finding = ResolvedFinding(
        id="F3", headline="Nobody waits.", interpretation="", recommendation="", by="Ada", at=None,
        status="draft", reviewed_by="", stages=(), quotes=(), cells=(),
    )  # fmt: skip
    path = write_slide(Package(small, findings=[finding]), tmp_path / "a.pptx")
    words = [shape.text_frame.text for shape in Presentation(path).slides[0].shapes
             if shape.has_text_frame]  # fmt: skip
    assert "F3 Nobody waits. (draft)" in words


AGAIN = """\
import sys
from pathlib import Path
import cjm_research as cjm
from cjm_research.reporting.downloads import write_downloads
study = cjm.open_study(Path(sys.argv[1]), run_folder=sys.argv[2])
write_downloads(study, Path(sys.argv[3]), version_key="abc123def4")
"""


def test_another_process_with_another_hash_seed_writes_the_same_bytes(small, written, tmp_path):
    folder, _ = written
    tables = tmp_path / "tables"
    tables.mkdir()
    write_tables(small.tables, tables)
    place = small.place.folder
    subprocess.run(
        [sys.executable, "-c", AGAIN, place, tables, tmp_path / "again"],
        env=os.environ | {"PYTHONHASHSEED": "7", "CJM_VAULT": str(place.parents[2] / "vault")},
        cwd=Path(place).parents[2],
        check=True,
    )
    first, second = every_byte(folder), every_byte(tmp_path / "again")
    assert [name for name in first if first[name] != second[name]] == []
