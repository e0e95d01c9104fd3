"""SPSS files, quirk by quirk; fixtures are written by pyreadstat, which reads them back in C."""

import datetime
import importlib.util
import subprocess
import sys

import pandas as pd
import pyreadstat
import pytest

from cjm_research.config import Survey
from cjm_research.errors import SourceError
from cjm_research.readers import list_unused_columns, read_source, recognise_file, spss
from cjm_research.readers.spss import read_spss
from tests.fuzz.corpus import sav


@pytest.fixture
def save(tmp_path):
    def save_rows(rows, name="a.sav", **more):
        pyreadstat.write_sav(pd.DataFrame(rows), str(tmp_path / name), **more)
        return tmp_path / name

    return save_rows


@pytest.fixture
def read(tmp_path, journey):
    def read_one(questions, name="a.sav", **more):
        source = Survey.model_validate(
            {"id": "survey", "kind": "survey", "files": [name], "sampling": "convenience"}
            | {"consent": "quote", "columns": {"participant": "id"}}
            | {"questions": [{"id": one["columns"][0]} | one for one in questions]}
            | more
        )
        return read_source(source, tmp_path, journey), list_unused_columns(source, tmp_path)

    return read_one


def noted(material):
    return dict(material.quality[["what", "n"]].to_numpy().tolist())


def missing_note(question):
    return (
        f"question '{question}': user-missing answers (such as refusals), kept as what they are "
        "called, never rated"
    )


@pytest.mark.parametrize("packed", [False, True], ids=["sav", "zsav"])
def test_spss_is_read_with_wording_codes_labels_and_dates(write, read, packed):
    write("a.sav", sav(packed=packed))
    material, unused = read(
        [
            {"columns": ["Q1"], "kind": "open"},
            {"columns": ["Q2"], "kind": "nps"},
            {"columns": ["Q3"], "kind": "choice"},
            {"columns": ["Q4_1", "Q4_2"], "kind": "choice", "multiple": True},
        ],
        columns={"participant": "id", "submitted_at": "sent"},
    )
    assert material.people["raw_id"].tolist() == ["001", "002", "003"]
    assert material.turns[["text", "prompt"]].to_numpy().tolist() == [
        ["It was slow", "What went wrong?"],
        ["fine", "What went wrong?"],
    ]
    assert material.ratings[["raw_id", "value"]].to_numpy().tolist() == [["001", 9.0], ["003", 0.0]]
    chosen = material.answers[material.answers["choice"] != ""]
    assert chosen[["raw_id", "question", "choice"]].to_numpy().tolist() == [
        ["001", "Q3", "Very satisfied"],
        ["002", "Q3", "Very dissatisfied"],
        ["003", "Q3", "Very satisfied"],
        ["001", "Q4_1", "Web"],
        ["003", "Q4_1", "Web"],
        ["001", "Q4_1", "App"],
        ["002", "Q4_1", "App"],
    ]
    assert [str(time) for time in material.answered["said_at"]] == [
        "2026-03-01 00:00:00+00:00",
        "2026-03-02 00:00:00+00:00",
    ]
    assert noted(material)["saved by SPSS"] == 1
    assert unused == {}


def test_99_for_refused_is_counted_and_never_an_nps_of_99(save, read):
    save(
        {"id": ["a", "b", "c", "d"], "nps": [10.0, 99.0, 98.0, None]},
        variable_value_labels={"nps": {99: "Refused", 98: "98 - Don't know"}},
        missing_ranges={"nps": [{"lo": 97, "hi": 99}]},
    )
    for kind in ("nps", "rating"):  # a rating has no scale that would stop a 99
        material, _ = read([{"columns": ["nps"], "kind": kind}])
        assert material.ratings["value"].tolist() == [10.0]
        assert noted(material)[missing_note("nps")] == 2
    material, _ = read([{"columns": ["nps"], "kind": "choice"}])
    assert material.answers["choice"].tolist() == ["10", "Refused", "missing: 98 - Don't know"]


def test_user_missing_without_a_label_and_of_text_stay_visible(save, read):
    save(
        {"id": ["a", "b"], "n": [5.0, -9.0], "why": ["slow", "XX"]},
        missing_ranges={"n": [-9], "why": ["XX"]},
    )
    material, _ = read(
        [{"columns": ["n"], "kind": "rating"}, {"columns": ["why"], "kind": "choice"}]
    )
    assert material.ratings["value"].tolist() == [5.0]
    assert material.answers["choice"].tolist()[-2:] == ["slow", "XX"]
    assert noted(material)[missing_note("n")] == 1
    assert noted(material)[missing_note("why")] == 1


def test_system_missing_is_blank_and_na_and_001_stay_text(save):
    path = save({"id": ["001", "NA", "None"], "n": [1.0, None, 2.5]})
    assert read_spss(path).codes == [["001", "1"], ["NA", ""], ["None", "2.5"]]


def test_300_accented_letters_survive(save):
    path = save({"why": ["é" * 300]})
    assert read_spss(path).codes == [["é" * 300]]


def test_dates_and_times_are_read_from_1582_on(save):
    path = save(
        {
            "day": [datetime.date(1600, 2, 29), None],
            "at": [datetime.datetime(2026, 3, 1, 10, 0, 5), None],
            "clock": [datetime.time(9, 30), None],
        }
    )
    assert read_spss(path).codes == [["1600-02-29", "2026-03-01T10:00:05", "9:30:00"], [""] * 3]


def test_a_date_that_no_calendar_has_is_blank():
    assert spss._time(1e300, "DATE") == ""
    assert spss._time(float(10**13), "DATETIME") == ""


def test_columns_may_be_named_by_position(save, read):
    save({"a": ["001", "002"], "b": [9.0, 3.0]}, variable_value_labels={"b": {9: "Nine"}})
    material, _ = read(
        [{"columns": ["score"], "kind": "nps"}],
        column_names=["id", "score"],
    )
    assert material.ratings["value"].tolist() == [9.0, 3.0]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"id,why\n1,slow\n", "no SPSS file"),
        (b"", "no SPSS file"),
        (b"$FL2", "cannot be read"),
        (sav()[:300], "cannot be read"),
        (sav()[:-60], "cannot be read"),
    ],
)
def test_what_is_no_sav_says_what_to_do(write, content, found):
    with pytest.raises(SourceError) as caught:
        read_spss(write("a.sav", content))
    assert found in str(caught.value)
    assert "save it again" in str(caught.value)


def test_a_crash_of_the_c_code_ends_a_process_and_not_the_run(write, monkeypatch, tmp_path):
    script = tmp_path / "crash.py"
    script.write_text("import os\nos.abort()\n")
    monkeypatch.setattr(spss.spss_process, "__file__", str(script))
    with pytest.raises(SourceError, match="its reader broke off"):
        read_spss(write("a.sav", sav()))


def test_an_endless_loop_is_ended(write, monkeypatch, tmp_path):
    script = tmp_path / "loop.py"
    script.write_text("while True: pass\n")
    monkeypatch.setattr(spss.spss_process, "__file__", str(script))
    monkeypatch.setattr(spss, "LIMIT_S", 0.5)
    with pytest.raises(SourceError, match="not done after"):
        read_spss(write("a.sav", sav()))


@pytest.mark.parametrize("bound", ["MAX_FILE_BYTES", "MAX_CELLS", "MAX_BYTES"])
def test_large_files_are_refused(write, monkeypatch, bound):
    monkeypatch.setattr(spss, bound, 20)
    with pytest.raises(SourceError, match="that is refused"):
        read_spss(write("a.sav", sav()))


def test_a_packed_file_that_grows_is_refused_by_what_it_holds(save, monkeypatch):
    path = save({"why": ["a" * 5000] * 2000}, "a.zsav", compress=True)
    assert path.stat().st_size < 200_000
    monkeypatch.setattr(spss, "MAX_BYTES", 5_000_000)
    with pytest.raises(SourceError, match="that is refused"):
        read_spss(path)


def test_without_the_extra_it_is_said_what_to_install(write, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SourceError, match=r"pip install 'cjm_research\[spss\]'"):
        read_spss(write("a.sav", sav()))


def test_nothing_imports_pyreadstat_before_a_sav_is_read():
    code = "import sys, cjm_research.readers; sys.exit('pyreadstat' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_proposal_takes_codes_for_ratings_and_says_what_is_missing(write):
    guess = recognise_file(write("a.sav", sav()))
    assert guess.what == "survey, saved by SPSS; 3 rows"
    kinds = {one["columns"][0]: one["kind"] for one in guess.source["questions"]}
    assert kinds == {"Q1": "open", "Q2": "nps", "Q3": "csat", "Q4_1": "choice"}
    assert guess.source["questions"][-1]["multiple"] is True
    assert any("never rated: 1" in ask for ask in guess.asks)


def test_codes_that_fall_where_satisfaction_rises_are_proposed_as_choices(save):
    path = save(
        {"id": ["a", "b"], "Q1": [1.0, 5.0]},
        column_labels={"Q1": "How satisfied are you?"},
        variable_value_labels={"Q1": {1: "Very satisfied", 5: "Very dissatisfied"}},
    )
    guess = recognise_file(path)
    assert [one["kind"] for one in guess.source["questions"]] == ["choice"]
    assert any("fall where satisfaction rises" in ask for ask in guess.asks)
