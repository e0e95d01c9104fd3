import openpyxl
import pytest
from click.testing import CliRunner
from PIL import Image

import cjm_research.study
from cjm_research import cli_export
from cjm_research.cli_export import KINDS, RAW_WARNING
from cjm_research.errors import UnknownNameError
from cjm_research.reporting.downloads import FILES, WRITERS


@pytest.fixture
def export(small, tmp_path, monkeypatch):
    monkeypatch.setattr(cjm_research.study, "open_study", lambda name: small)
    monkeypatch.chdir(tmp_path)

    def call(*words):
        return CliRunner().invoke(cli_export.export, ["small", *words])

    return call


def test_every_format_that_is_offered_can_be_written():
    assert set(KINDS) == set(FILES) == set(WRITERS)


def test_everything_is_written_into_a_folder(export, tmp_path):
    done = export("--as", "all", "--out", "out")
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FILES.values())
    assert done.stdout.splitlines() == [f"out/{FILES[kind]}" for kind in KINDS]


def test_where_one_of_all_files_is_there_nothing_is_written(export, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / FILES["xlsx"]).write_text("mine")
    (tmp_path / "out" / FILES["png"]).write_text("mine")
    refused = export("--as", "all", "--out", "out")
    assert refused.exit_code == 1 and refused.stdout == ""
    assert f"out ({FILES['png']}, {FILES['xlsx']}): there already, and nothing was written" in str(
        refused.exception
    ) or f"out ({FILES['xlsx']}, {FILES['png']}): there already" in str(refused.exception)
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_file_is_named_for_the_study_where_no_name_is_given(export, tmp_path):
    assert export("--as", "png").stdout == "small-journey-map.png\n"
    with Image.open(tmp_path / "small-journey-map.png") as image:
        assert image.info["Title"] == "Journey map: Why do people leave?"
    (tmp_path / "there").mkdir()
    assert export("--as", "lucidchart", "--out", "there").exit_code == 0
    assert (tmp_path / "there" / "small-journey-map-lucidchart.csv").is_file()


def test_a_file_that_is_there_is_not_replaced(export, tmp_path):
    (tmp_path / "a.csv").write_text("mine")
    refused = export("--as", "csv", "--table", "funnel", "--out", "a.csv")
    assert refused.exit_code == 1 and "a.csv: there already" in str(refused.exception)
    assert "--overwrite" in str(refused.exception)
    assert (tmp_path / "a.csv").read_text() == "mine"
    assert (
        export("--as", "csv", "--table", "funnel", "--out", "a.csv", "--overwrite").exit_code == 0
    )
    assert "n_entered" in (tmp_path / "a.csv").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_table_is_masked_unless_asked_for_raw(export, tmp_path):
    assert export("--as", "csv", "--table", "funnel", "--out", "a.csv").exit_code == 0
    assert "watch" not in (tmp_path / "a.csv").read_text()
    done = export("--as", "csv", "--table", "funnel", "--out", "raw.csv", "--raw")
    assert done.exit_code == 0 and RAW_WARNING in done.stderr
    assert "watch" in (tmp_path / "raw.csv").read_text()


def test_a_table_of_single_people_needs_raw(export, tmp_path):
    refused = export("--as", "xlsx", "--table", "participants")
    assert refused.exit_code == 2 and "stays with the study" in refused.output
    assert list(tmp_path.iterdir()) == []
    done = export("--as", "xlsx", "--table", "participants", "--table", "kpis", "--raw",
                  "--out", "a.xlsx")  # fmt: skip
    assert done.exit_code == 0, done.output
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["About", "participants", "kpis"]
    notes = [row[1] for row in book["About"].iter_rows(values_only=True)]
    assert RAW_WARNING in notes


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as", "svg", "--table", "funnel"], "--table goes with"),
        (["--as", "csv", "--table", "funnel", "--table", "kpis"], "one table"),
        (["--as", "xlsx", "--raw"], "--table NAME"),
        (["--as", "svg", "--out", "map.png"], "should end in '.svg'"),
        (["--as", "gif"], "gif"),
    ],
)
def test_what_does_not_go_together_is_refused_and_said(export, tmp_path, words, said):
    refused = export(*words)
    assert refused.exit_code == 2 and said in refused.output
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_table_is_named_with_what_is_meant(export):
    done = export("--as", "csv", "--table", "funel")
    assert isinstance(done.exception, UnknownNameError)
    assert "Did you mean 'funnel'?" in str(done.exception)
