"""Every link of a finding is looked up, and each way in which it can break is told."""

import json

import pytest

from cjm_research.reporting.runs import plain_reason
from cjm_research.study.citing import holds
from cjm_research.study.conclusions import BrokenEvidence, check_findings, resolve_findings

SEE = "{table: funnel, where: {stage: see}, column: drop_off_rate"


def findings(*links, **more):
    head = "".join(f"    {key}: {value}\n" for key, value in more.items())
    lines = "".join(f"      - {link}\n" for link in links)
    return (
        "findings:\n  - id: F1\n    headline: It is slow\n    by: Ana\n"
        f"{head}    evidence:\n{lines}"
    )


def words(document, quote, **more):
    return json.dumps({"document": document, "quote": quote, **more}, ensure_ascii=False)


@pytest.fixture
def talk(made):
    found = made.tables["documents"]
    return found.loc[found["source"] == "talks", "document_id"].item()


@pytest.fixture
def resolve(study):
    def resolve_links(*links, **changed):
        (found,) = resolve_findings(study(findings(*links), **changed))
        return found

    return resolve_links


@pytest.fixture
def broken(study):
    def break_link(link, **changed):
        resolved, (found,) = check_findings(study(findings(link), **changed))
        assert resolved == []
        assert (found.finding, found.link) == ("F1", 1)
        return found

    return break_link


def test_without_findings_nothing_is_looked_up(study):
    assert resolve_findings(study("", documents=None)) == []


def test_words_are_found_at_their_place(resolve, made, talk):
    quote = "I pressed the green button, and the page was slow."
    (cited,) = resolve(words(talk, quote)).quotes
    text = made.tables["documents"].set_index("document_id").loc[talk, "text"]
    assert cited.text == text[cited.start : cited.end] == quote
    assert (cited.source, cited.source_label, cited.speaker) == ("talks", "Talks", "participant")
    assert cited.prompt == "What got in your way?"
    assert cited.at == "interview, turn 2"
    assert cited.alias
    assert not cited.against


def test_words_are_found_as_peoples_codes_are(resolve, talk):
    """Other quotation marks and dashes, then a word that was transcribed otherwise."""
    (cited,) = resolve(words(talk, 'then "nothing" came - for a minute.')).quotes
    assert cited.text == "Then “nothing” came – for a minute."
    (cited,) = resolve(words(talk, "I presed the green button, and the page was slow.")).quotes
    assert cited.text == "I pressed the green button, and the page was slow"


def test_a_chosen_quote_keeps_its_id_stage_and_codes(resolve, made):
    chosen = made.tables["quotes"].iloc[0]
    (cited,) = resolve(words(chosen["document_id"], chosen["text"], against=True)).quotes
    assert (cited.quote_id, cited.stage) == (chosen["quote_id"], "buy")
    assert f"{chosen['code_group']}:{chosen['code']}" in cited.codes
    assert not [code for code in cited.codes if code.startswith("stage:")]
    assert cited.against


def test_an_excerpt_is_cited_by_its_id_whole_or_in_part(resolve, talk):
    (whole,) = resolve(f"{{excerpt: '{talk}#1'}}").quotes
    assert whole.text == "I pressed the green button, and the page was slow."
    (part,) = resolve(f"{{excerpt: '{talk}#1', quote: the page was slow}}").quotes
    assert part.text == "the page was slow"
    assert part.end == whole.end - 1


def test_a_cell_comes_with_its_counts_and_interval(resolve):
    (cell,) = resolve(f"{SEE}, value: 0.33}}").cells
    assert cell.value == pytest.approx(8 / 24)
    assert (cell.n_counted, cell.n) == (8, 24)
    assert cell.low == pytest.approx(0.1797, abs=1e-4)
    assert cell.high == pytest.approx(0.5329, abs=1e-4)


def test_a_count_of_people_names_its_source(resolve):
    where = "{stage: Buy, source: survey, code_group: pain_point, code: slow}"
    (cell,) = resolve(f"{{table: mentions, where: {where}, column: n_said, value: 8}}").cells
    assert (cell.n_counted, cell.n, cell.source_label) == (8, 24, "Survey")


def test_stages_are_those_of_the_evidence_unless_named(study, resolve):
    link = f"{SEE}, value: 0.33}}"
    assert resolve(link).stages == ("see",)
    (named,) = resolve_findings(study(findings(link, stages="[Buy]")))
    assert named.stages == ("buy",)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.36", 0.3571), ("0.4", 0.3571), ("0.357", 0.3571), ("36 %", 0.3571), ("36%", 0.3571),
        ("35.7 %", 0.3571), ("0.30", 0.2951), ("-5", -4.6), ("\u22125", -4.6), ("68", 68.0),
        ("0.13", 0.125), ("0.12", 0.125), ("yes", True), ("No", False), ("not met", "not  met"),
        ("1.9", 1.934),
    ],
)  # fmt: skip
def test_a_value_holds_at_the_digits_that_are_written(written, value):
    assert holds(written, value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.35", 0.3571), ("0.358", 0.3571), ("35 %", 0.3571), ("36", 0.3571), ("0.30", 0.34),
        ("68", 69.0), ("met", "not met"), ("yes", False), ("about a third", 0.33), ("nan", 0.3),
        ("1,391", 1391.0),
    ],
)  # fmt: skip
def test_a_value_that_moved_does_not_hold(written, value):
    assert not holds(written, value)


def test_the_digits_are_those_of_the_file(study, made):
    """0.30 says more than 0.3: YAML alone would not tell them apart."""
    funnel = made.tables["funnel"].assign(drop_off_rate=0.34)
    fine = findings(f"{SEE}, value: 0.3}}")
    assert resolve_findings(study(fine, funnel=funnel))
    _, (found,) = check_findings(study(findings(f"{SEE}, value: 0.30}}"), funnel=funnel))
    assert found.words == (
        "`drop_off_rate` of `funnel` has moved: 0.30 is expected, 0.34 stands there now."
    )


def test_a_text_that_moved_is_not_printed_where_it_is_kept(broken, made):
    verdicts = made.tables["verdicts"].assign(verdict="SECRET now")
    link = "{table: verdicts, where: {stage: buy}, column: verdict, value: SECRET then}"
    found = broken(link, verdicts=verdicts)
    assert found.words == "another text stands in `verdict` of `verdicts` now."
    assert found.detail == "expected “SECRET then”, found “SECRET now”"


def test_a_document_that_is_gone(broken, made, talk):
    documents = made.tables["documents"].query("document_id != @talk")
    found = broken(words(talk, "I left."), documents=documents)
    assert found.words.startswith("the document is not there.")
    assert talk in found.detail


def test_words_that_are_gone(broken, talk):
    found = broken(words(talk, "Everything was quick and easy to find."))
    assert found.words == f"the quoted words are no longer in the document {talk}."
    assert "quick and easy" in found.detail


def test_an_excerpt_that_is_gone_or_says_something_else(broken, talk):
    assert "the excerpt is not there" in broken(f"{{excerpt: '{talk}#99'}}").words
    found = broken(f"{{excerpt: '{talk}#4', quote: the page was slow}}")
    assert found.words == f"the quoted words are no longer in the excerpt {talk}#4."


def test_words_of_the_interviewer_are_no_evidence(broken, talk):
    assert "interviewer" in broken(words(talk, "What got in your way?")).words
    assert "interviewer" in broken(f"{{excerpt: '{talk}#0'}}").words
    # Across a turn of the interviewer, too.
    assert "interviewer" in broken(words(talk, "for a minute.\nAnd after that?\nI left.")).words


def test_who_may_not_be_quoted_is_not_cited(broken, made):
    documents = made.tables["documents"]
    closed = documents.loc[documents["source"] == "closed", "document_id"].item()
    found = broken(words(closed, "I would never tell my boss"))
    assert found.words.startswith("the person gave no consent to be quoted.")


def test_words_of_several_people_need_a_link_each(broken, made, talk):
    excerpts = made.tables["excerpts"].copy()
    excerpts.loc[excerpts["excerpt_id"] == f"{talk}#2", "participant_id"] = "somebody else"
    found = broken(words(talk, "the page was slow. Then “nothing” came"), excerpts=excerpts)
    assert found.words == "these are words of several people. Make a link for each of them."


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("{table: funnl, column: n}", "there is no table of that name. Did you mean 'funnel'?"),
        ("{table: funnel, where: {stage: see}, column: drop_of_rate}",
         "the table `funnel` has no such column. Did you mean 'drop_off_rate'?"),
        ("{table: funnel, where: {stge: see}, column: n_entered}",
         "its `where` names a column that `funnel` does not have. Did you mean 'stage'?"),
        ("{table: mentions, where: {code: slwo}, column: n_said}",
         "no row of `mentions` has in `code` what its `where` says. Did you mean 'slow'?"),
        ("{table: funnel, where: {stage: buy}, column: drop_off_rate}",
         "nothing stands in `drop_off_rate` of that row of `funnel`."),
        ("{table: funnel, column: n_entered}",
         "2 rows of `funnel` fit its `where`. Name also 'stage'"),
        ("{table: mentions, where: {code: slow, code_group: delight}, column: n_said}",
         "no row of `mentions` fits its `where`: 'code', 'code_group', 'segment' together."),
        ("{table: journey_map, where: {stage: buy}, column: pain_points}",
         "`pain_points` of `journey_map` holds lists, not one value."),
        ("{table: answers, column: choice}",
         "the table `answers` has rows of single people or of their words"),
        ("{table: quotes, where: {quote_id: q001}, column: text}",
         "the table `quotes` has rows of single people or of their words"),
        ("{table: funnel, where: {stage: see}, column: n_entered, value: many}",
         "`n_entered` of `funnel` holds a number, 24, and a text is expected."),
    ],
)  # fmt: skip
def test_a_cell_that_is_not_there(broken, link, problem):
    assert broken(link).words.startswith(problem)


def test_a_row_of_few_people_is_not_cited(broken):
    where = "{stage: see, segment: device, segment_value: phone}"
    found = broken(f"{{table: funnel, where: {where}, column: n_entered}}")
    assert "tells of fewer than 5 people" in found.words
    # Nor is the rest, from which the few could be reckoned.
    where = "{stage: see, segment: device, segment_value: desktop}"
    assert "fewer than 5" in broken(f"{{table: funnel, where: {where}, column: n_entered}}").words
    where = "{stage: see, kind: drop_off, segment_value: phone}"
    link = f"{{table: segment_comparison, where: {where}, column: share}}"
    assert "fewer than 5" in broken(link).words
    where = (
        "{stage: buy, code: slow, code_group: pain_point, segment: device, segment_value: desktop}"
    )
    assert "fewer than 5" in broken(f"{{table: mentions, where: {where}, column: n_said}}").words


def test_who_told_and_left_is_not_cited_where_few_left(broken, resolve, made):
    links = made.tables["links"].copy()
    row = (links["stage"] == "buy") & (links["source"] == "survey")
    links.loc[row, ["n_left", "n_told_left", "n_told_stayed", "n_quiet_stayed"]] = [2, 2, 8, 6]
    where = "{stage: buy, source: survey}"
    found = broken(f"{{table: links, where: {where}, column: n_told_left}}", links=links)
    assert "fewer than 5" in found.words
    (cell,) = resolve(f"{{table: links, where: {where}, column: n_heard}}", links=links).cells
    assert cell.value == 24


def test_a_cell_without_value_only_has_to_be_there(resolve):
    (cell,) = resolve(f"{SEE}}}").cells
    assert cell.value == pytest.approx(1 / 3)


def test_every_broken_link_is_told_and_no_words_are_kept(study, talk):
    secret = "My sister Theodora hid the parcel"
    text = findings(words(talk, secret), words(secret, secret), f"{SEE}, value: 0.5}}")
    text += findings(
        words(talk, "I left."), f"{{table: '{secret}', column: '{secret}'}}",
        f"{{table: kpis, where: {{name: '{secret}'}}, column: value}}",
        f"{{table: kpis, where: {{'{secret}': x}}, column: value}}",
        f"{{table: kpis, where: {{name: Visitors who buy}}, column: verdict, value: '{secret}'}}",
        f"{{table: kpis, where: {{name: Visitors who buy}}, column: value, value: '{secret}'}}",
        f"{{excerpt: '{secret}'}}", f"{{excerpt: '{talk}#4', quote: '{secret}'}}",
    ).removeprefix("findings:\n").replace("F1", "F2")  # fmt: skip
    with pytest.raises(BrokenEvidence) as raised:
        resolve_findings(study(text))
    places = [(link.finding, link.link) for link in raised.value.links]
    assert places == [("F1", 1), ("F1", 2), ("F1", 3), *(("F2", n) for n in range(2, 9))]
    said = plain_reason(raised.value, "tiny")
    assert said == str(raised.value)
    assert f"F1, link 1: the quoted words are no longer in the document {talk}." in said
    assert "F1, link 3: `drop_off_rate` of `funnel` has moved: 0.5 is expected" in said
    assert "edit findings.yaml" in said
    assert "cjm findings check tiny" in said
    assert "Theodora" not in said
    assert "parcel" not in said
    assert "Theodora" in raised.value.links[0].detail
