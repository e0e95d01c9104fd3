"""From a question of the study to its answer, and from an answer's numbers to their rows."""

import re

import pytest

from cjm_research.reporting.site.appendix import data_tables, list_addresses
from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.findings import (
    assumption_views,
    finding_views,
    question_views,
)
from cjm_research.reporting.site.views import stage_views
from cjm_research.study.conclusions import resolve_findings

SEE = "{table: funnel, where: {stage: see}, column: drop_off_rate, value: 33 %}"
TOLD = (
    "{table: mentions, where: {stage: buy, source: survey, code_group: pain_point, code: slow},"
    " column: n_said}"
)
UNSHOWN = "{table: visitors, where: {stage: see}, column: n_seen}"


@pytest.fixture
def resolve(study):
    def of(*findings):
        text = "findings:\n"
        for name, links in findings:
            text += f"  - id: {name}\n    headline: Slow\n    by: Ana\n    evidence:\n"
            text += "".join(f"      - {link}\n" for link in links)
        return resolve_findings(study(text))

    return of


def test_a_question_names_its_answers_and_says_that_it_has_none(resolve):
    first, second = resolve(("F1", [SEE]), ("F2", [TOLD]))
    object.__setattr__(first, "answers", (2,))
    object.__setattr__(second, "answers", (2, 3))
    object.__setattr__(second, "checks", (1,))
    questions = question_views(["Where?", "Why?", "Who?"], [first, second], told=True)
    assert [q["answers"] for q in questions] == [[], ["F1", "F2"], ["F2"]]
    assumptions = assumption_views([("All buy.", "Ben"), ("Few.", "")], [second], told=True)
    assert [a["checks"] for a in assumptions] == [["F2"], []]
    # A report of a part shows no findings: nothing is said of answers there.
    assert [q["answers"] for q in question_views(["Where?"], [], told=False)] == [None]


def test_beside_a_question_stand_links(resolve):
    page = make_environment().from_string(
        '{% from "_findings.html.j2" import by_findings with context %}'
        '{{ by_findings(["F1", "F3"], "answered by", "not answered") }}|'
        '{{ by_findings([], "answered by", "not answered") }}|'
        '{{ by_findings(none, "answered by", "not answered") }}'
    )
    linked, without, untold = page.render(here="index.html", reviews=[]).split("|")
    assert re.findall(r'href="([^"]+)"', linked) == ["#F1", "#F3"]
    assert "answered by" in linked
    assert "not answered" in without
    assert not untold.strip()
    assert 'href="index.html#F1"' in page.render(here="methods.html", reviews=[])


def test_a_number_leads_to_its_row_and_the_row_back(resolve, made):
    resolved = resolve(("F1", [SEE, UNSHOWN]), ("F2", [SEE, TOLD]))
    names = {stage.id: stage.name for stage in made.journey}
    tables = data_tables(made.tables, names, {}, resolved)
    addresses = list_addresses(tables)
    funnel = next(table for table in tables if table.name == "funnel")
    ((place, row),) = funnel.cited.items()
    assert row.anchor == "row-funnel-see-funnel_drop_off"
    assert row.findings == ("F1", "F2")
    assert funnel.lines[place][0] == "See"
    assert addresses["F1", 1] == addresses["F2", 1] == f"data.html#{row.anchor}"
    assert addresses["F2", 2] == "data.html#row-mentions-buy-survey-pain_point-slow"
    # A table that no page shows has no row to lead to: its number leads to its making alone.
    assert ("F1", 2) not in addresses
    views = finding_views(resolved, stage_views(made.tables["journey_map"]), addresses)
    assert [e["href"] for e in views[0]["numbers"]] == [addresses["F1", 1], ""]
    assert [e["made"] for e in views[0]["numbers"]] == [
        "methods.html#made-funnel", "methods.html#made-visitors",
    ]  # fmt: skip


def test_without_findings_no_row_is_marked(made):
    assert list_addresses(data_tables(made.tables, {}, {})) == {}
