"""What a careful reviewer asked for: no name by a side door, no number that nobody has."""

import pandas as pd
import pytest
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.study import open_study

STUDY = """\
schema_version: 1
title: Where does it hurt?
objective: Decide what to mend first.
journey:
  stages:
    - {id: find, events: [seen], prompts: ["How did you find it?"]}
    - {id: buy, events: [paid]}
sources:
  - id: roster
    kind: roster
    files: roster.csv
    columns: {participant: person, consent: consent}
    identifiers: [talk]
    names: [name]
    attributes: [age]
  - id: talks
    kind: transcripts
    files: talks/*.txt
    sampling: purposive
    interviewers: [Ina]
    masking_reviewed: all
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    columns: {participant: person}
    consent: quote
    questions:
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
  - id: log
    kind: events
    files: log.csv
    sampling: census
    columns: {participant: person, event: event, occurred_at: time, device: device}
audience_segments: [{id: age}, {id: device}]
privacy: {synthetic: true}
"""


def log_rows():
    """Forty people see; all but ten pay; six use a phone."""
    rows = ["person,event,time,device"]
    for n in range(40):
        device = "phone" if n < 3 else "desktop"
        rows.append(f"a{n},seen,2026-03-01T10:00:00Z,{device}")
        if n >= 10:
            rows.append(f"a{n},paid,2026-03-02T10:00:00Z,{device}")
    return "\n".join(rows) + "\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "tiny"
    files = {
        "study.yaml": STUDY,
        "roster.csv": "person,talk,name,consent,age\na1,t1,Maralind Okafort,yes,old\n",
        "talks/t1.txt": "Ina: How did you find it?\nMara: Okafort was late, I could not find it.\n",
        "survey.csv": "person,why\na1,The form lost my address.\n",
        "log.csv": log_rows(),
        "codes/zoe.csv": (
            "file,quote,code_group,code,note\n"
            'talks/t1.txt,"Okafort was late",pain_point,late_delivery,ask Maralind Okafort again\n'
            "talks/t1.txt,Maralind Okafort was here,need,need,\n"
        ),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_code_copied_from_the_raw_transcript_finds_its_masked_place(project):
    study = open_study("tiny")
    codes = study.codes[study.codes["coder_id"] == "person:zoe"]
    assert codes["quote"].tolist() == ["[name] was late"]
    assert study.lost_codes["row"].tolist() == [3]


def test_names_in_peoples_codes_and_memos_reach_no_table(project):
    study = open_study("tiny")
    for name, table in study.tables.items():
        assert "Okafort" not in table.to_csv(), name
    for path in (project.parents[1] / "processed").rglob("*.parquet"):
        assert "Okafort" not in pd.read_parquet(path).to_csv(), path.name


def test_a_segment_that_few_are_known_by_does_not_split_the_funnel(project):
    study = open_study("tiny")
    reach = study.segment_reach.set_index("segment")
    assert reach.loc["age"].tolist() == [1, 40]
    assert set(study.funnel["segment"]) == {"", "device"}


def test_a_handful_of_a_segment_has_counts_and_no_rate(project):
    funnel = open_study("tiny").funnel.set_index(["segment_value", "stage"])
    assert funnel.loc[("phone", "find"), "n_entered"] == 3
    assert pd.isna(funnel.loc[("phone", "find"), "drop_off_rate"])
    assert funnel.loc[("desktop", "find"), "drop_off_rate"] == pytest.approx(7 / 37)


def test_whoever_changes_a_frame_changes_only_that_frame(project):
    study = open_study("tiny")
    before = study.journey_map["stage_name"].tolist()
    study.journey_map["pain_points"].iloc[1].append({"label": "changed"})
    study.tables.pop("kpis")
    assert study.journey_map["stage_name"].tolist() == before
    assert "changed" not in str(study.journey_map["pain_points"].tolist())
    assert study.kpis is not None


def test_people_seen_out_of_order_are_said_so(project):
    with (project / "log.csv").open("a", encoding="utf-8") as log:
        log.write("b1,paid,2026-03-02T10:00:00Z,desktop\n")
    stage = open_study("tiny").journey_map.set_index("stage").loc["buy"]
    assert stage["n_entered"] == 30
    assert stage["behaviour_note"] == "31 people were seen here, 30 after the stage before"


@pytest.mark.parametrize(
    ("written", "declared", "expected"),
    [
        ("{:02d}.03.2026", "", "2026-03"),
        ("{:02d}/03/2026", "    day_first: true\n", "2026-03"),
        ("03/{:02d}/2026", "    day_first: false\n", "2026-03"),
    ],
)
def test_dates_are_read_in_their_own_order(project, written, declared, expected):
    rows = ["person,event,time,device"]
    rows += [f"a{n},seen,{written.format(n)},desktop" for n in range(1, 12)]
    (project / "log.csv").write_text("\n".join(rows) + "\n", "utf-8")
    text = (project / "study.yaml").read_text("utf-8")
    text = text.replace("    kind: events\n", f"    kind: events\n{declared}")
    (project / "study.yaml").write_text(text, "utf-8")
    times = open_study("tiny").events["occurred_at"]
    assert set(times.dt.strftime("%Y-%m")) == {expected}


def test_dates_that_may_be_either_order_are_refused(project):
    rows = "person,event,time,device\na1,seen,04/03/2026,desktop\n"
    (project / "log.csv").write_text(rows, "utf-8")
    done = CliRunner().invoke(main, ["check", "tiny"])
    assert done.exit_code == 1
    assert "04/03/2026" in done.output
    assert "day_first: true" in done.output


def test_check_names_slips_in_peoples_codes(project):
    with (project / "codes" / "zoe.csv").open("a", encoding="utf-8") as sheet:
        sheet.write("talks/t1.txt,late,pain_point,late_delivry,\ntalks/t1.txt,late,pain_pt,x,\n")
    done = CliRunner().invoke(main, ["check", "tiny"])
    assert "Did you mean 'late_delivery'?" in done.output
    assert "Did you mean 'pain_point'?" in done.output


def test_survey_answers_that_nobody_has_read_count_as_unreviewed(project):
    sources = open_study("tiny").sources.set_index("source")
    assert sources.loc["survey", "n_unreviewed"] == 1
    assert sources.loc["talks", "n_unreviewed"] == 0


def test_a_report_folder_that_is_a_file_is_a_message_and_no_traceback(project):
    (project.parents[2] / "reports").write_text("", "utf-8")
    done = CliRunner().invoke(main, ["run", "tiny", "--quiet"])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert "What to do" in done.output
