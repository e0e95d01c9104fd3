import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research import readers
from cjm_research.errors import ConfigError, SourceError, UnknownNameError
from cjm_research.study import TABLES, open_study, steps
from cjm_research.study.cache import write_tables
from cjm_research.tables import TABLES as PROMISED
from cjm_research.tables import check_table

STAGE_LEVEL = {
    "journey_map": ["stage", "coverage", "pain_points", "drop_off_rate", "side_by_side"],
    "kpis": ["name", "value", "target", "verdict"],
    "funnel": ["stage", "segment", "n_entered", "n_continued", "drop_off_rate"],
    "mentions": ["stage", "source", "code", "n_said", "n_heard", "share", "source_label"],
    "quotes": ["stage", "document_id", "start", "end", "text", "alias", "at"],
    "coverage": ["stage", "source", "status", "source_label"],
    "joins": ["source_a", "source_b", "n_both", "match_rate"],
    "sources": ["source", "kind", "n_participants", "sampling", "n_unreviewed"],
    "quality": ["source", "file", "level", "what", "n"],
    "files": ["source", "file", "format", "n_in", "n_used", "n_set_aside"],
    "set_aside": ["source", "file", "row", "reason"],
    "lost_codes": ["coder_id", "row", "reason"],
}


def test_every_promised_table_is_there(ready):
    study = open_study("tiny")
    assert set(study.tables) == set(TABLES)
    for name, columns in STAGE_LEVEL.items():
        assert set(columns) <= set(getattr(study, name).columns), name
    for name in set(PROMISED) & set(TABLES):
        check_table(study.tables[name], name)


def test_the_numbers_of_the_tiny_study_are_right_by_hand(ready):
    study = open_study("tiny")
    everybody = study.funnel[study.funnel["segment"] == ""]
    assert everybody[["stage", "n_entered", "n_continued"]].astype(str).to_numpy().tolist() == [
        ["see", "8", "4.0"],
        ["buy", "4", "2.0"],
    ]
    phone = study.funnel.query("segment_value == 'phone' and stage == 'see'").iloc[0]
    assert (phone["n_entered"], phone["n_continued"]) == (4, 2)
    assert dict(zip(study.sources["source"], study.sources["n_participants"], strict=True)) == {
        "talks": 2, "survey": 6, "log": 8,
    }  # fmt: skip
    joined = study.joins.set_index(["source_a", "source_b"])
    assert joined.loc[("survey", "log"), "n_both"] == 6
    nps = study.rating_summary.set_index("measure").loc["nps"]
    assert nps["n"] == 6
    assert nps["value"] == pytest.approx(0.0)
    assert study.kpis[["count", "n", "verdict"]].to_numpy().tolist() == [[2, 8, "cannot tell"]]


def test_every_excerpt_and_quote_stands_in_its_document(ready):
    study = open_study("tiny")
    texts = study.documents.set_index("document_id")["text"]
    assert len(study.quotes) >= 2
    for table in (study.excerpts, study.quotes):
        for row in table.itertuples():
            assert texts[row.document_id][row.start : row.end] == row.text
    assert "interviewer" not in set(study.quotes["speaker"])


def test_the_second_opening_reads_the_cache(ready, monkeypatch):
    first = open_study("tiny").tables

    def refuse(*args, **options):
        raise AssertionError("read again")

    monkeypatch.setattr(readers, "read_source", refuse)
    monkeypatch.setattr(steps, "make_codes", refuse)
    monkeypatch.setattr(steps, "make_map", refuse)
    second = open_study("tiny").tables
    for name, table in first.items():
        assert_frame_equal(table, second[name])


def test_a_second_study_object_has_the_same_key(project):
    assert open_study("tiny").key == open_study(project / "data" / "raw" / "tiny").key


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("interviews/k01.txt", "Ines: Hello.\nAnna: The page was so slow.\n"),
        ("survey.csv", "id,nps,why\nc1,9,Nothing\n"),
        ("interviews/k03.txt", "Ines: Hello.\nDora: The page was so slow.\n"),
        ("codes/ana.csv", "file,quote,code_group,code\n"),
        ("codebook.yaml", "pain_point:\n  fog: {cues: [fog]}\n"),
    ],
)
def test_a_changed_or_new_file_makes_a_new_key(folder, file, text):
    before = open_study("tiny").key
    (folder / file).write_text(text)
    assert open_study("tiny").key != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("target: 0.5", "target: 0.6"),
        ("cues: [the advert]", "cues: [the poster]"),
        ("consent: quote\n    columns", "consent: no_quote\n    columns"),
    ],
)
def test_a_changed_study_file_makes_a_new_key(folder, old, new):
    before = open_study("tiny").key
    path = folder / "study.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert open_study("tiny").key != before


def test_a_file_that_no_source_names_changes_nothing(folder):
    before = open_study("tiny").key
    (folder / "memo.md").write_text("x")
    assert open_study("tiny").key == before


def test_a_changed_transcript_changes_the_tables(folder):
    assert len(open_study("tiny").documents.query("source == 'talks'")) == 2
    (folder / "interviews" / "k02.txt").unlink()
    assert len(open_study("tiny").documents.query("source == 'talks'")) == 1


def codes_at(study, excerpt):
    return set(study.held_codes.loc[study.held_codes["excerpt_id"] == excerpt, "code"])


def test_peoples_codes_win_over_the_machine(folder):
    sheet = (
        "file,quote,code_group,code,strength\n"
        "interviews/k02.txt,The page was so slow that I gave up.,pain_point,slow,0\n"
        "interviews/k02.txt,The page was so slow that I gave up.,stage,see,1\n"
        "interviews/k02.txt,never said,stage,see,1\n"
    )
    text = "The page was so slow that I gave up."
    before = open_study("tiny")
    excerpt = (
        before.excerpts.set_index(["source", "text"]).loc[("talks", text), "excerpt_id"].iloc[0]
    )
    assert "slow" in codes_at(before, excerpt)
    (folder / "codes" / "ana.csv").write_text(sheet)
    after = open_study("tiny")
    assert "slow" not in codes_at(after, excerpt)
    assert after.excerpts.set_index("excerpt_id").loc[excerpt, "stage"] == "see"
    assert after.lost_codes[["coder_id", "row"]].to_numpy().tolist() == [["person:ana", 4]]
    assert "person:ana" in set(after.coders["coder_id"])


def test_a_step_that_fails_leaves_no_half_written_cache(project, monkeypatch):
    def fail(*args, **options):
        raise RuntimeError("killed")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    with pytest.raises(RuntimeError, match="killed"):
        _ = open_study("tiny").tables
    monkeypatch.undo()
    left = [path for path in (project / "data").rglob("*") if "processed" in path.parts]
    assert [path for path in left if path.is_file()] == []
    assert [path.name for path in left if path.name.startswith(".tmp")] == []


def test_only_the_newest_key_of_a_step_is_kept(folder, project):
    _ = open_study("tiny").tables
    (folder / "survey.csv").write_text("id,nps,why\nc1,9,Nothing\n")
    _ = open_study("tiny").tables
    for step in ("evidence", "codes", "map"):
        assert len(list((project / "data" / "processed" / "tiny" / step).iterdir())) == 1


def test_names_are_in_no_cache(ready):
    study = open_study("tiny")
    everything = " ".join(table.to_json() for table in study.tables.values())
    assert not [name for name in ("Ines", "Anna", "Ben", "k01") if name in everything]


def test_frames_are_copies(ready):
    study = open_study("tiny")
    mine = study.funnel
    mine["n_entered"] = 0
    assert study.funnel["n_entered"].iloc[0] == 8


def test_an_unknown_attribute_gets_a_suggestion(ready):
    with pytest.raises(AttributeError, match="Did you mean 'funnel'"):
        _ = open_study("tiny").funnnel
    assert not hasattr(open_study("tiny"), "_private")


def test_tab_completion_offers_every_table(ready):
    names = dir(open_study("tiny"))
    assert set(TABLES) <= set(names)
    assert {"journey", "plot_journey_map", "quotes_at", "config"} <= set(names)
    assert not [name for name in names if name.startswith("_")]


def test_a_study_says_what_it_is(ready):
    study = open_study("tiny")
    assert repr(study).splitlines()[:2] == [
        "Study 'tiny': Why do people leave?",
        "  stages   See → Buy → Tell",
    ]
    assert "not made yet" in repr(study)
    _ = study.tables
    assert "Log: 8 persons, 0 documents, 20 events (census)" in repr(study)


def test_quotes_of_a_stage_are_given_by_its_id(ready):
    study = open_study("tiny")
    assert set(study.quotes_at("buy")["stage"]) == {"buy"}
    assert study.quotes_at("tell").empty
    with pytest.raises(UnknownNameError, match="no stage 'pay'"):
        study.quotes_at("pay")


def test_the_map_as_plain_values_has_no_nan(ready):
    rows = open_study("tiny").funnel_by_stage()
    assert [row["stage"] for row in rows] == ["see", "buy", "tell"]
    assert (rows[0]["n_entered"], rows[0]["drop_off_rate"]) == (8, 0.5)
    assert rows[2]["drop_off_rate"] is None


def test_a_segment_that_no_source_gives_is_refused(folder):
    path = folder / "study.yaml"
    path.write_text(path.read_text().replace("{id: device}", "{id: colour}"))
    with pytest.raises(ConfigError, match="no source gives 'colour'"):
        _ = open_study("tiny").tables


def test_a_run_folder_is_read_instead_of_the_inputs(ready, tmp_path):
    study = open_study("tiny")
    (tmp_path / "run").mkdir()
    write_tables(study.tables, tmp_path / "run")
    (ready / "data" / "raw" / "tiny" / "survey.csv").unlink()
    again = open_study("tiny", run_folder=tmp_path / "run")
    assert_frame_equal(again.funnel, study.funnel)
    assert again.journey_map["pain_points"].tolist() == study.journey_map["pain_points"].tolist()


def test_a_missing_required_file_is_named(folder):
    (folder / "survey.csv").unlink()
    with pytest.raises(SourceError, match=r"survey\.csv(.|\n)*What to do"):
        _ = open_study("tiny").tables


def test_the_vault_lies_outside_the_study(folder, tmp_path):
    _ = open_study("tiny").tables
    assert [path.name for path in (tmp_path / "vault").glob("*.json")] == ["tiny.json"]
    assert not list(folder.parent.parent.rglob("*.json"))


def test_progress_is_told_line_by_line(project):
    lines = []
    _ = open_study("tiny", say=lines.append).tables
    assert lines[0] == "reading Talks"
    assert any("excerpts" in line for line in lines)


def test_figures_are_one_call(ready):
    study = open_study("tiny")
    assert study.plot_funnel() is not None
    assert study.plot_joint_display() is not None
    assert study.plot_pain_points("survey") is not None
