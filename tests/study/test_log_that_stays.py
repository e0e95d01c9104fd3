"""A study whose events stay where they are gives the numbers of one that reads them."""

import pandas as pd
import pytest

from cjm_research.config import load_config
from cjm_research.errors import CjmError, ConfigError
from cjm_research.study import open_study
from cjm_research.study.check import check_study

HEAD = """\
schema_version: 1
title: Where do they stop?
objective: Decide what to mend first.
privacy: {synthetic: true}
journey:
  stages:
    - {id: look, name: Looking, events: [viewed]}
    - {id: buy, name: Buying, events: [basket, paid], completed_by: [paid]}
audience_segments: [{id: device}]
behaviour:
  paths: [{name: Only looked, query: "did viewed, never basket"}]
"""
COLUMNS = (
    "columns: {participant: who, session: visit, event: page, occurred_at: at, device: device}"
)
SAME = ["funnel", "stage_timing", "time_to_next_summary", "transitions", "paths",
        "path_matches", "drop_destinations", "visitors", "retention"]  # fmt: skip


@pytest.fixture(scope="module")
def events():
    rows = []
    for person in range(40):
        device = ("phone", "laptop")[person % 2]
        pages = ["viewed", "viewed", "basket", "paid"][: 1 + person % 4]
        for number, page in enumerate(pages):
            at = f"2026-03-{1 + person % 28:02d}T10:{number:02d}:00Z"
            rows.append((f"{person:03d}", f"v{person}", page, at, device))
    return pd.DataFrame(rows, columns=["who", "visit", "page", "at", "device"])


def study_of(folder, source, extra=""):
    folder.mkdir(exist_ok=True)
    body = f"sources:\n  - {{id: web, kind: events, sampling: census, {source}, {COLUMNS}}}\n"
    (folder / "study.yaml").write_text(HEAD + extra + body, encoding="utf-8")
    return open_study(folder)


@pytest.fixture(scope="module")
def read(events, tmp_path_factory):
    folder = tmp_path_factory.mktemp("read")
    events.to_csv(folder / "web.csv", index=False)
    return study_of(folder, "files: web.csv").tables


@pytest.mark.parametrize("kind", ["csv", "parquet", "folder", "table"])
def test_a_log_that_stays_gives_the_same_numbers(events, read, tmp_path, kind):
    extra, source = "", f"files: web.{kind}, in_place: true"
    if kind == "csv":
        events.to_csv(tmp_path / "web.csv", index=False)
    elif kind == "parquet":
        events.to_parquet(tmp_path / "web.parquet")
    elif kind == "folder":
        (tmp_path / "parts").mkdir()
        events[:50].to_csv(tmp_path / "parts" / "1.csv", index=False)
        events[50:].to_csv(tmp_path / "parts" / "2.csv", index=False)
        source = "files: parts, in_place: true"
    else:
        import duckdb

        with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
            shop.register("frame", events)
            shop.execute("create schema web")
            shop.execute("create table web.events as select * from frame")
        source = "table: web.events"
        path = (tmp_path / "shop.duckdb").as_posix()
        extra = f"engine: {{connection: {{database: '{path}', read_only: true}}}}\n"
    tables = study_of(tmp_path, source, extra).tables
    for name in SAME:
        found = tables[name].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, read[name].reset_index(drop=True), obj=name)
    # People stay where they are: only counts are in the study.
    assert tables["events"].empty
    assert tables["participants"].empty
    assert tables["sources"][["n_participants", "n_events"]].to_numpy().tolist() == [
        [40, len(events)]
    ]


def test_a_log_that_changed_is_measured_again(events, tmp_path):
    events[:60].to_csv(tmp_path / "web.csv", index=False)
    before = study_of(tmp_path, "files: web.csv, in_place: true")
    n_before = before.funnel["n_entered"][0]
    events.to_csv(tmp_path / "web.csv", index=False)
    after = open_study(tmp_path)
    assert after.key != before.key
    assert after.funnel["n_entered"][0] == 40 > n_before


def test_check_says_what_is_in_a_log_that_stays(events, tmp_path):
    events.assign(page=events["page"].replace("paid", "thanked")).to_csv(
        tmp_path / "web.csv", index=False
    )
    study_of(tmp_path, "files: web.csv, in_place: true")
    lines, n_problems = check_study(tmp_path)
    words = "\n".join(lines)
    assert n_problems == 0
    assert "measured where it is, by duckdb" in words
    times = pd.to_datetime(events["at"], utc=True)
    assert f"from {times.min():%Y-%m-%d %H:%M} to {times.max():%Y-%m-%d %H:%M} UTC" in words
    assert "40 participants with an id and a time" in words
    assert "events without a stage: thanked (10)" in words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("in_place: true", "either `files:` or `table:`"),
        ("files: web.csv, table: web", "either `files:` or `table:`"),
        ("files: [a.csv, b.csv], in_place: true", "one file or one folder"),
        ("files: web.csv, in_place: true, timezone: Europe/Berlin", "times are UTC"),
    ],
)
def test_a_source_that_cannot_stay_says_so(tmp_path, source, words):
    with pytest.raises(ConfigError, match=words):
        study_of(tmp_path, source)


def test_an_engine_elsewhere_needs_a_table(tmp_path):
    with pytest.raises(ConfigError, match="name a `table:`"):
        study_of(tmp_path, "files: web.csv", "engine: {backend: spark}\n")


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(CjmError, match=r"no such file(.|\n)*correct `files:`"):
        study_of(tmp_path, "files: gone.csv, in_place: true").funnel  # noqa: B018


def test_a_segment_that_is_no_column_of_the_log_says_which_there_are(events, tmp_path):
    events.drop(columns="device").to_csv(tmp_path / "web.csv", index=False)
    (tmp_path / "study.yaml").write_text(
        HEAD + "sources:\n  - {id: web, kind: events, sampling: census, files: web.csv, "
        "in_place: true, columns: {participant: who, event: page, occurred_at: at}}\n"
    )
    with pytest.raises(ConfigError, match=r"no column 'device'(.|\n)*'page'"):
        open_study(tmp_path).funnel  # noqa: B018


def test_a_written_out_secret_is_refused(tmp_path):
    (tmp_path / "study.yaml").write_text(
        HEAD + "engine: {backend: postgres, connection: {password: hush}}\n"
        f"sources:\n  - {{id: web, kind: events, sampling: census, table: web, {COLUMNS}}}\n"
    )
    assert load_config(tmp_path / "study.yaml").engine.backend == "postgres"
    with pytest.raises(CjmError, match="a secret is written out") as error:
        open_study(tmp_path).funnel  # noqa: B018
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("place", ["", ", in_place: true"])
def test_check_says_what_run_would_stumble_over(events, tmp_path, place):
    events.to_csv(tmp_path / "web.csv", index=False)
    slips = """\
  funnel: {reentry: true}
  repeat: payd
  changes: [{name: New, at: 2026-03-10, stage: Looking, outcome: baskt, within: 7D}]
"""
    query = 'paths: [{name: "Wrong", query: "nevr paid"}]\n'
    head = HEAD.replace("completed_by: [paid]", "completed_by: [paide]")
    head = head.split("  paths:")[0] + "  " + query + slips
    source = f"{{id: web, kind: events, sampling: census, files: web.csv{place}, {COLUMNS}}}"
    body = f"sources:\n  - {source}\n"
    (tmp_path / "study.yaml").write_text(head + body, encoding="utf-8")
    lines, n_problems = check_study(tmp_path)
    text = "\n".join(lines)
    assert n_problems == 2
    assert "without a window the first entry never ends" in text
    assert "nevr paid" in text
    for wrong, right in (("paide", "paid"), ("payd", "paid"), ("baskt", "basket")):
        assert f"no event is called '{wrong}'" in text
        assert f"Did you mean '{right}'?" in text


def test_a_stage_of_a_change_has_to_be_one(events, tmp_path):
    with pytest.raises(CjmError, match="loook"):
        study_of(
            tmp_path, "files: web.csv",
            "  changes: [{name: New, at: 2026-03-10, stage: loook, outcome: paid, within: 7D}]\n",
        )  # fmt: skip


@pytest.mark.parametrize("place", ["", ", in_place: true"])
def test_events_after_the_end_of_observation_are_left_out(events, tmp_path, place):
    wrong_clock = events[:1].assign(who="000", page="viewed", at="2099-01-01T00:00:00Z")
    pd.concat([events, wrong_clock]).to_csv(tmp_path / "web.csv", index=False)
    patience = "  funnel: {patience: 3D}\n"
    study = study_of(tmp_path, f"files: web.csv{place}", patience)
    assert study.tables["funnel"]["n_open"].iloc[0] == 0
    study = study_of(tmp_path, f"files: web.csv{place}", patience + "  until: 2026-03-28\n")
    assert study.tables["funnel"]["n_open"].iloc[0] > 0


def test_rows_of_a_log_that_stays_may_have_a_number(events, tmp_path):
    events.assign(number=range(len(events))).to_csv(tmp_path / "web.csv", index=False)
    columns = COLUMNS.replace("device: device", "device: device, row: number")
    extra = "  funnel: {ties: row}\n"
    for place, fits in ((", in_place: true", True), ("", False)):
        source = f"{{id: web, kind: events, sampling: census, files: web.csv{place}, {columns}}}"
        (tmp_path / "study.yaml").write_text(
            f"{HEAD}{extra}sources:\n  - {source}\n", encoding="utf-8"
        )
        if fits:
            assert open_study(tmp_path).tables["funnel"]["n_entered"].iloc[0] == 40
        else:
            with pytest.raises(CjmError, match="`row` is for events in place"):
                open_study(tmp_path)
