"""What a person may write under `findings:`, and how slips in it are told."""

from datetime import date

import pytest

from cjm_research.config import load_findings
from cjm_research.errors import ConfigError
from cjm_research.journey import Journey, Stage

JOURNEY = Journey((Stage("order", "Ordering"), Stage("wait", "Waiting")))
WHOLE = """\
findings:
  - id: F1
    headline: "Opening an account: too early"
    interpretation: It comes before the price.
    recommendation: Show the price first.
    by: Ana
    at: 2026-05-02
    status: reviewed
    reviewed_by: Ben
    stages: [Ordering]
    evidence:
      - {document: talks/P01, quote: "It said no.", against: true}
      - {excerpt: "talks/P01#4"}
      - {table: funnel, where: {stage: Ordering, wave: 2026}, column: drop_off_rate, value: 0.360}
      - {table: kpis, where: {name: Orders}, column: verdict, value: not met}
  - {id: F12, headline: Late, by: Ben, evidence: [{table: loss, column: rate}]}
"""


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        path = tmp_path / "findings.yaml"
        path.write_text(text, "utf-8")
        return load_findings(path, JOURNEY, n_questions=3, where="demo/findings.yaml").findings

    return load_text


@pytest.fixture
def problems(load):
    def problems_of(text):
        with pytest.raises(ConfigError) as raised:
            load(text)
        return raised.value.problems

    return problems_of


def finding(**changes):
    row = {"id": "F1", "headline": "Late", "by": "Ana", "evidence": "[{excerpt: a}]"} | changes
    written = "\n".join(f"    {key}: {value}" for key, value in row.items() if value is not None)
    return f"findings:\n  -\n{written}\n"


def link(written):
    return finding(evidence=f"[{written}]")


def test_a_whole_finding_is_read(load):
    first, second = load(WHOLE)
    assert (first.id, first.by, first.at) == ("F1", "Ana", date(2026, 5, 2))
    assert (first.status, first.reviewed_by, first.stages) == ("reviewed", "Ben", ["order"])
    words, excerpt, rate, verdict = first.evidence
    assert (words.document, words.quote, words.against) == ("talks/P01", "It said no.", True)
    assert excerpt.names_words
    assert not rate.names_words
    assert (second.status, second.reviewed_by, second.stages) == ("draft", "", [])
    assert verdict.value == "not met"


def test_a_value_keeps_the_digits_that_were_written(load):
    rate = load(WHOLE)[0].evidence[2]
    assert rate.value == "0.360"
    assert rate.where == {"stage": "order", "wave": "2026"}


def test_days_and_truths_in_a_cell_are_text(load):
    where = "{a: 2026-05-02, b: yes, c: , d: 1.50}"
    (found,) = load(link(f"{{table: t, where: {where}, column: c}}"))
    assert found.evidence[0].where == {"a": "2026-05-02", "b": "yes", "c": "", "d": "1.50"}


@pytest.mark.parametrize("name", ["f1", "F", "F1a", "1", "FX"])
def test_an_id_is_f_and_a_number(problems, name):
    (problem,) = problems(finding(id=name))
    assert problem.startswith(f"findings.item 1.id: '{name}' is no id of a finding.")


def test_an_id_belongs_to_one_finding(problems):
    two = finding() + finding().removeprefix("findings:\n")
    assert problems(two) == ["findings: two have the id 'F1'. Each has its own."]


@pytest.mark.parametrize("key", ["headline", "by", "evidence"])
def test_what_is_needed_may_not_be_missing(problems, key):
    assert problems(finding(**{key: ""})) == [
        f"findings.F1.{key}: this key is required and missing."
    ]


def test_an_empty_name_is_told_kindly(problems):
    (problem,) = problems(finding(by='""'))
    assert problem.startswith("findings.F1.by: it is empty. Say who concludes it")


def test_a_finding_rests_on_something(problems):
    assert problems(finding(evidence="[]")) == [
        "findings.F1.evidence: it is empty. Name at least one quote or cell."
    ]


@pytest.mark.parametrize("changes", [{"status": "reviewed"}, {"reviewed_by": "Ben"}])
def test_a_review_has_a_name(problems, changes):
    (problem,) = problems(finding(**changes))
    assert "`status: reviewed` and `reviewed_by` go together" in problem


def test_an_unknown_key_is_refused_with_a_suggestion(problems):
    (problem,) = problems(finding(recomendation="x"))
    assert problem.startswith(
        "findings.F1.recomendation: unknown key. Did you mean 'recommendation'?"
    )
    (problem,) = problems(link("{documnt: a, quote: b}"))
    assert problem.startswith(
        "findings.F1.evidence.item 1.documnt: unknown key. Did you mean 'document'?"
    )


def test_an_unknown_stage_is_refused_wherever_it_stands(problems):
    assert problems(finding(stages="[oder]")) == [
        "findings.F1.stages: no stage 'oder'. Did you mean 'order'? Allowed: 'order', 'wait'."
    ]
    (problem,) = problems(link("{table: funnel, where: {stage: wiat}, column: n}"))
    assert problem.startswith("findings.F1.evidence.item 1.where: no stage 'wiat'.")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{}", ": it names nothing."),
        ("{against: true}", ": it names nothing."),
        ("{document: a}", ".quote: this key is required and missing"),
        ("{quote: a}", ".document: this key is required and missing"),
        ("{document: a, excerpt: b, quote: c}", ": it names a document and an excerpt."),
        ("{document: a, quote: b, table: c, column: d}", ": it names words and a table."),
        ("{table: a}", ".column: this key is required and missing."),
        ("{column: a, value: 3}", ".table: this key is required and missing."),
        ("{table: a, column: b, against: true}", ".against: only words are marked"),
    ],
)
def test_a_link_names_words_or_a_cell(problems, written, problem):
    (found,) = problems(link(written))
    assert found.startswith(f"findings.F1.evidence.item 1{problem}")


def test_verdicts_and_opportunities_are_checked_beside_findings(problems):
    text = finding(id="x") + "verdicts: [{stage: wiat, verdict: cannot tell, by: Ana}]\n"
    assert [problem.split(":")[0] for problem in problems(text)] == [
        "verdicts.item 1",
        "findings.item 1.id",
    ]


def test_a_finding_names_the_questions_it_answers(load):
    (found,) = load(finding(answers="[3, 1]"))
    assert found.answers == [3, 1]
    assert load(WHOLE)[0].answers == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"answers": "[2, 4]"},
            "findings.F1.answers: there is no number 4, study.yaml lists 3 under `questions`. "
            "Count them from 1, in the order in which they stand there.",
        ),
        (
            {"checks": "[1]"},
            "findings.F1.checks: there is no number 1, study.yaml lists none under `assumptions`.",
        ),
        ({"answers": "[0]"}, "findings.F1.answers.item 1: "),
        ({"answers": "[first]"}, "findings.F1.answers.item 1: "),
        ({"answers": "1"}, "findings.F1.answers: "),
    ],
)
def test_a_question_that_the_study_does_not_ask_is_told(problems, keys, said):
    (problem,) = problems(finding(**keys))
    assert problem.startswith(said)
