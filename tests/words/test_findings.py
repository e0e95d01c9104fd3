from datetime import date

import pytest

from cjm_research.config import Findings, load_findings
from cjm_research.errors import ConfigError
from cjm_research.journey import Journey, Stage

JOURNEY = Journey((Stage("order", "Ordering"), Stage("wait", "Waiting")))

WHOLE = """\
verdicts:
  - {stage: wait, verdict: sources disagree, by: Ana, at: 2026-05-02, note: It annoys.}
opportunities:
  - {stage: order, code: forced_account, confirmed: true, by: Ana, at: 2026-05-02,
     effort: small, evidence: high, trade_off: "Fewer newsletters.", note: ""}
  - {stage: wait, code: late_delivery, by: Ben}
"""


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        path = tmp_path / "findings.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_findings(path, JOURNEY, where="demo/findings.yaml")

    return load_text


@pytest.fixture
def problems(load):
    def problems_of(text):
        with pytest.raises(ConfigError) as raised:
            load(text)
        assert raised.value.where == "demo/findings.yaml"
        return raised.value.problems

    return problems_of


def verdict(**changes):
    row = {"stage": "wait", "verdict": "cannot tell", "by": "Ana"} | changes
    return "{" + ", ".join(f"{key}: {value}" for key, value in row.items()) + "}"


def test_a_whole_file_is_read(load):
    findings = load(WHOLE)
    (mine,) = findings.verdicts
    assert (mine.verdict, mine.by, mine.at) == ("sources disagree", "Ana", date(2026, 5, 2))
    assert findings.verdict_of("wait") == mine
    assert findings.verdict_of("order") is None
    first, second = findings.opportunities
    assert (first.confirmed, first.effort, first.evidence) == (True, "small", "high")
    assert (second.confirmed, second.effort, second.evidence, second.at) == (False, "", "", None)
    assert (first.stage, first.code) == ("order", "forced_account")
    assert (first.trade_off, second.trade_off) == ("Fewer newsletters.", "")


def test_without_a_file_nobody_has_concluded_anything(tmp_path):
    path = tmp_path / "findings.yaml"
    assert load_findings(path, JOURNEY) == Findings()
    assert not path.exists()


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "verdicts:\nopportunities:\n", "verdicts: []\n"]
)
def test_a_file_just_begun_holds_no_findings(load, text):
    assert load(text) == Findings()


def test_a_row_may_keep_empty_keys(load):
    (row,) = load("opportunities: [{stage: wait, code: late, by: Ana, note: , at: }]").opportunities
    assert (row.note, row.at) == ("", None)


def test_stages_may_be_named_as_people_do(load):
    assert load(f"verdicts: [{verdict(stage='Waiting')}]").verdict_of("wait").by == "Ana"


def test_an_unknown_key_is_refused_with_a_suggestion(problems):
    assert problems("opportunties: []") == [
        "opportunties: unknown key. Did you mean 'opportunities'? "
        "Allowed: 'verdicts', 'opportunities', 'findings'."
    ]


def test_an_unknown_key_of_a_row_is_found_by_its_place(problems):
    (problem,) = problems(f"verdicts: [{verdict()}, {verdict(stage='order', nte='x')}]")
    assert problem.startswith("verdicts.item 2.nte: unknown key. Did you mean 'note'?")
    assert "'verdict'" in problem
    assert "'effort'" not in problem


def test_an_unknown_key_is_refused_when_empty_too(problems):
    (problem,) = problems(f"verdicts: [{verdict(evidnce='')}]")
    assert problem.startswith("verdicts.item 1.evidnce: unknown key.")


def test_a_stage_that_the_journey_does_not_have_is_refused(problems):
    assert problems(f"verdicts: [{verdict(stage='wiat')}]") == [
        "verdicts.item 1: no stage 'wiat'. Did you mean 'wait'? Allowed: 'order', 'wait'."
    ]


def test_every_problem_is_told_at_once(problems):
    found = problems(
        "verdicts: [{stage: wait, verdict: perhaps, by: Ana}]\n"
        "opportunities: [{stage: wait, code: late, effort: tiny, evidence: great}]\n"
    )
    assert len(found) == 4
    assert found[0].startswith("verdicts.item 1.verdict: this is not allowed. Found: ")
    assert "Found: 'perhaps'. Allowed: 'sources agree', 'partly agree', " in found[0]
    assert "opportunities.item 1.by: this key is required and missing." in found
    assert any("effort: this is not allowed" in problem for problem in found)
    assert any("'very low'" in problem for problem in found)


@pytest.mark.parametrize("key", ["stage", "by", "verdict"])
def test_what_is_needed_may_not_be_missing(problems, key):
    (problem,) = problems(f"verdicts: [{verdict(**{key: ''})}]")
    assert problem == f"verdicts.item 1.{key}: this key is required and missing."


def test_a_blank_name_is_no_name(problems):
    (problem,) = problems(f"verdicts: [{verdict(by=repr('  '))}]")
    assert problem.startswith("verdicts.item 1.by: ")


def test_two_verdicts_on_one_stage_are_refused(problems):
    text = f"verdicts: [{verdict()}, {verdict(stage='Waiting', by='Ben')}]"
    assert problems(text) == ["verdicts: two for the stage 'wait'. Keep one."]


def test_two_findings_on_one_opportunity_are_refused(problems):
    row = "{stage: wait, code: late, by: Ana}"
    assert problems(f"opportunities: [{row}, {row}]") == [
        "opportunities: two for the code 'late' at the stage 'wait'. Keep one."
    ]


def test_a_pain_point_may_have_a_finding_per_stage(load):
    rows = "{stage: wait, code: late, by: Ana}, {stage: order, code: late, by: Ana}"
    assert len(load(f"opportunities: [{rows}]").opportunities) == 2


def test_a_key_given_twice_is_refused_with_its_line(problems):
    (problem,) = problems("verdicts: []\nverdicts: []\n")
    assert problem.startswith("line 2, column 1 is not valid YAML: the key 'verdicts' occurs twice")


def test_a_day_that_no_calendar_has_is_refused(problems):
    (problem,) = problems(f"verdicts: [{verdict(at='2026-13-01')}]")
    assert problem.startswith("a date is no day of the calendar")


def test_text_that_is_no_yaml_is_refused(problems):
    (problem,) = problems("verdicts: [open")
    assert "is not valid YAML" in problem


def test_text_that_is_not_utf_8_is_refused(problems):
    (problem,) = problems("verdicts: # für\n".encode("latin-1"))
    assert problem.startswith("it is not UTF-8 text")


@pytest.mark.parametrize("text", ["- a\n", "just words"])
def test_yaml_that_is_no_mapping_is_refused(problems, text):
    assert problems(text) == ["it should hold the keys 'verdicts', 'opportunities', 'findings'."]


def test_findings_cannot_be_changed(load):
    findings = load(WHOLE)
    with pytest.raises(ValueError, match="frozen"):
        findings.verdicts[0].verdict = "sources agree"
