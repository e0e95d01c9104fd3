"""The machine drafts; nothing of it is a finding before somebody has put a name to it."""

import re

import pytest
import yaml
from click.testing import CliRunner

from cjm_research.cli_findings import findings
from cjm_research.errors import ConfigError, ReportError
from cjm_research.reporting.drafting import draft_findings, write_draft
from cjm_research.study import open_study
from cjm_research.study.conclusions import resolve_findings


@pytest.fixture
def run():
    def invoke(*arguments):
        return CliRunner().invoke(findings, arguments)

    return invoke


def test_a_draft_has_real_evidence_and_headlines_that_count(study):
    drafted = yaml.safe_load(draft_findings(study("")))["findings"]
    assert [row["id"] for row in drafted] == [f"F{n + 1}" for n in range(len(drafted))]
    headlines = [row["headline"].replace("\u202f", " ") for row in drafted]
    assert "At Buy, 8 of 24 (Survey) tell “Slow to respond”" in headlines
    assert "Visitors who buy: 67 %, and the target was 99 %" in headlines
    for row in drafted:
        assert (row["by"], row["answers"], row["status"]) == ("", [], "draft")
        assert row["evidence"]
    slow = drafted[headlines.index("At Buy, 8 of 24 (Survey) tell “Slow to respond”")]
    assert any(
        link.get("quote") == "The page was so slow that I left." for link in slow["evidence"]
    )
    told = [row for row in drafted if row["evidence"][0]["table"] == "opportunities"]
    assert all(any("quote" in link for link in row["evidence"]) for row in told)


def test_a_draft_never_quotes_who_may_not_be(study, made):
    people = made.tables["participants"].assign(consent="no_quote")
    drafted = yaml.safe_load(draft_findings(study("", participants=people)))["findings"]
    assert drafted
    assert not [link for row in drafted for link in row["evidence"] if "quote" in link]


def test_a_draft_goes_on_after_the_findings_that_there_are(study):
    where = "{name: Visitors who buy}"
    text = (
        "findings:\n  - {id: F7, headline: Few buy, by: Ana, evidence: "
        f"[{{table: kpis, where: {where}, column: value}}]}}\n"
    )
    drafted = yaml.safe_load(draft_findings(study(text)))["findings"]
    assert drafted[0]["id"] == "F8"
    # What somebody has concluded from already is not drafted again.
    assert not [row for row in drafted if row["evidence"][0]["table"] == "kpis"]


def test_where_nothing_stands_out_nothing_is_drafted(study, made):
    empty = {name: made.tables[name].iloc[:0] for name in ("opportunities", "verdicts", "kpis")}
    assert yaml.safe_load(draft_findings(study("", **empty))) == {"findings": []}


def test_a_draft_is_refused_until_somebody_concludes_it_and_then_holds(project, run):
    path = project / "findings.yaml"
    done = run("draft", "tiny", "--out", str(path))
    assert done.exit_code == 0, done.output
    with pytest.raises(ConfigError) as raised:
        open_study("tiny")
    assert "findings.F1.by: it is empty. Say who concludes it" in raised.value.problems[0]
    text = path.read_text("utf-8")
    path.write_text(text.replace('by: ""', "by: Ana"), "utf-8")
    study = open_study("tiny")
    resolved = resolve_findings(study)
    assert [finding.id for finding in resolved] == re.findall(r"id: (F\d+)", text)
    assert {finding.by for finding in resolved} == {"Ana"}
    checked = run("check", "tiny")
    assert checked.exit_code == 0, checked.output
    assert "F1 holds: At Buy, 8 of 24 (Survey) tell" in checked.output
    listed = run("list", "tiny").output.splitlines()
    assert len(listed) == len(resolved)
    assert re.match(r"F1  At Buy, .* \(Ana; draft; \d links\)$", listed[0])


def test_a_file_that_is_there_is_never_written_over(tmp_path):
    path = tmp_path / "findings.yaml"
    write_draft("findings: []\n", path)
    with pytest.raises(ReportError, match="is there already"):
        write_draft("other: words\n", path)
    assert path.read_text() == "findings: []\n"


def test_a_draft_is_printed_and_nothing_is_written(project, run):
    before = sorted(path.name for path in project.iterdir())
    done = run("draft", "tiny")
    assert done.exit_code == 0
    assert yaml.safe_load(done.output)["findings"]
    assert sorted(path.name for path in project.iterdir()) == before


def test_a_check_says_what_broke_and_exits_with_1(project, run):
    (project / "findings.yaml").write_text(
        "findings:\n"
        "  - id: F1\n    headline: Few leave\n    by: Ana\n    evidence:\n"
        "      - {table: funnel, where: {stage: see}, column: drop_off_rate, value: 0.05}\n"
        "  - id: F2\n    headline: Some leave\n    by: Ana\n    evidence:\n"
        "      - {table: funnel, where: {stage: see}, column: drop_off_rate, value: 33 %}\n"
    )
    done = run("check", "tiny")
    assert done.exit_code == 1
    assert "F2 holds: Some leave" in done.output
    assert "F1, link 1: `drop_off_rate` of `funnel` has moved: 0.05 is expected" in done.output
    assert "1 of 2 findings rest on what is not there." in done.output


def test_a_study_without_findings_has_nothing_to_check(project, run):
    done = run("check", "tiny")
    assert (done.exit_code, done.output) == (0, "tiny: nobody has concluded anything yet.\n")
