"""Other programs' counts stand beside a study, and change nothing in it."""

import json

import pytest
from click.testing import CliRunner
from pandas.testing import assert_frame_equal

from cjm_research.cli import main
from cjm_research.errors import ConfigError
from cjm_research.study import TABLES, open_study
from cjm_research.study.proposal import propose_study
from cjm_research.tables import check_table
from tests.fuzz.corpus import FALLOUT, GA4_FUNNEL, MAILCHIMP

REPORT = """\
  - id: shop_funnel
    kind: funnel_report
    label: Shop funnel
    files: ga4.json
    steps: {Search: See, Pay: buy}
  - id: mails
    kind: campaign
    files: mails.csv
    stage: See
    channel: e-mail
"""
KEPT_APART = {"reported_funnels", "touchpoint_metrics", "quality", "files", "set_aside"}


def add_report(folder, declared=REPORT):
    (folder / "ga4.json").write_text(json.dumps(GA4_FUNNEL))
    (folder / "mails.csv").write_text(MAILCHIMP)
    path = folder / "study.yaml"
    text = path.read_text()
    path.write_text(text.replace("audience_segments:", f"{declared}audience_segments:"))


@pytest.fixture
def with_report(ready):
    before = open_study("tiny").tables
    add_report(ready / "data" / "raw" / "tiny")
    return before, open_study("tiny")


def test_no_table_of_a_study_changes_when_other_programs_counts_are_added(with_report):
    before, study = with_report
    after = study.tables
    assert len(before["reported_funnels"]) == 0 and len(after["reported_funnels"]) == 4
    assert len(before["touchpoint_metrics"]) == 0 and len(after["touchpoint_metrics"]) == 8
    for name in set(TABLES) - KEPT_APART:
        assert_frame_equal(before[name], after[name], obj=name)
    for name in ("quality", "files", "set_aside"):
        rows = after[name]
        own = rows[~rows["source"].isin(["shop_funnel", "mails"])].reset_index(drop=True)
        assert_frame_equal(before[name], own, check_dtype=False, obj=name)


def test_its_table_keeps_its_promise_and_says_whose_counts_they_are(with_report):
    _, study = with_report
    found = check_table(study.reported_funnels, "reported_funnels")
    first = found.iloc[0]
    assert first["source_label"] == "Shop funnel" and "Data API" in first["program"]
    assert (first["stage"], first["n_people"], first["rate"]) == ("see", 1000, 0.412)
    # No sampling design, no interval.
    metrics = check_table(study.touchpoint_metrics, "touchpoint_metrics")
    assert set(metrics["stage"]) == {"see"}
    assert not {"low", "high"} & {*found.columns, *metrics.columns}


def test_a_stage_that_is_none_is_named_before_anything_is_read(folder):
    add_report(folder, REPORT.replace("buy", "pay"))
    with pytest.raises(ConfigError, match=r"shop_funnel.steps.Pay: no stage 'pay'"):
        open_study("tiny")


def test_check_counts_its_steps_and_names_those_without_a_stage(folder):
    add_report(folder, REPORT.replace("{Search: See, Pay: buy}", "{Search: See}"))
    said = CliRunner().invoke(main, ["check", "tiny"])
    assert said.exit_code == 0, said.output
    assert "shop_funnel (funnel_report, counts of another program)" in said.output
    assert "4 steps of a funnel, counted by another program" in said.output
    assert "mails (campaign, counts of another program)" in said.output
    assert "steps without a stage: 'Pay'" in said.output


def test_a_folder_of_reports_alone_becomes_a_study_that_runs(tmp_path, monkeypatch):
    folder = tmp_path / "reports_only"
    folder.mkdir()
    (folder / "ga4.json").write_text(json.dumps(GA4_FUNNEL))
    (folder / "fallout.csv").write_text(FALLOUT)
    (folder / "mails.csv").write_text(MAILCHIMP)
    lines, text, _ = propose_study(folder)
    assert "Adobe" in "\n".join(lines) and "sampling:" not in text.split("sources:")[1]
    (folder / "study.yaml").write_text(text)
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    study = open_study(folder)
    assert len(study.reported_funnels) == 7
    assert study.sources.empty and study.participants.empty
