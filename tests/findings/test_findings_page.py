"""What people concluded, on the page: citable, with its numbers and quotes, and escaped."""

import re

import pytest
from bs4 import BeautifulSoup

from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.findings import MADE, finding_views
from cjm_research.reporting.site.methods import method_views
from cjm_research.reporting.site.views import stage_views
from cjm_research.study import TABLES
from cjm_research.study.conclusions import resolve_findings

PAGE = (
    '{% from "_findings.html.j2" import findings_section with context %}'
    "{{ findings_section(findings) }}"
)
EVIL = "<img src=x onerror=alert(1)>"


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u202f", " ")


@pytest.fixture
def views(study, made):
    def of(*links, **keys):
        head = {"id": "F3", "headline": "It is slow", "by": "Ana", **keys}
        text = "findings:\n  -\n" + "".join(f"    {key}: {word}\n" for key, word in head.items())
        text += "    evidence:\n" + "".join(f"      - {link}\n" for link in links)
        resolved = resolve_findings(study(text))
        return finding_views(resolved, stage_views(made.tables["journey_map"]))

    return of


@pytest.fixture
def quote(made):
    """A chosen quote, as a link."""
    row = made.tables["quotes"].query("code == 'slow'").iloc[0]
    return row, f"{{document: {row['document_id']}, quote: '{row['text']}'}}"


def render(findings):
    return make_environment().from_string(PAGE).render(findings=findings, reviews=[])


def test_without_findings_the_section_says_so():
    page = render([])
    assert "What we found" in page
    assert "Nobody has concluded anything yet. Below stand the machine’s candidates" in page


def test_a_finding_is_citable_and_says_whether_it_is_reviewed(views, quote):
    page = render(views(quote[1]))
    assert '<article class="conclusion unreviewed" id="F3" data-claim="F3"' in page
    assert '<a href="#F3">F3</a>' in page
    assert '<h3 id="F3-title">It is slow</h3>' in page
    assert "draft, not reviewed" in page
    page = render(views(quote[1], status="reviewed", reviewed_by="Ben", at="2026-05-02"))
    assert "reviewed by Ben" in page
    assert "Concluded by Ana, 2026-05-02" in text_of(page)


def test_its_numbers_lead_to_how_they_were_made(views):
    see = "{table: funnel, where: {stage: see}, column: drop_off_rate, value: 33 %}"
    told = (
        "{table: mentions, where: {stage: buy, source: survey, code_group: pain_point, code: slow},"
        " column: n_said}"
    )
    kpi = "{table: kpis, where: {name: Visitors who buy}, column: value}"
    verdict = "{table: verdicts, where: {stage: buy}, column: verdict}"
    other = "{table: visitors, where: {stage: see}, column: n_seen}"
    page = render(views(see, told, kpi, verdict, other))
    for table in ("funnel", "mentions", "kpis", "verdicts", "visitors"):
        assert f'href="methods.html#made-{table}"' in page
    shown = text_of(page)
    assert "33 % leave at See (8 of 24; 18–53 %)" in shown
    assert "8 of 24 tell “Slow to respond” at Buy (33 %, interval 18–53 %; Survey)" in shown
    assert "Visitors who buy: 67 % (16 of 24; 47–82 %; target 99 %: not met)" in shown
    assert "Buy: cannot tell (proposed by rule)" in shown
    assert "N seen 24 (See)" in shown


def test_its_quotes_stand_one_step_away_with_their_place(views, quote):
    row, link = quote
    page = render(views(link, link.replace("}", ", against: true}")))
    figures = re.findall(r"<figure class=\"voice\"[^>]*>", page)
    assert len(figures) == 2
    assert f'id="F3-1" data-quote="{row["quote_id"]}"' in figures[0]
    for mark in (
        f'data-document="{row["document_id"]}"',
        f'data-start="{row["start"]}" data-end="{row["end"]}"',
        "pain_point:slow",
        'data-stage="buy"',
    ):
        assert mark in figures[0]
    assert f'<a href="stage-buy.html#{row["quote_id"]}">Buy</a>' in page
    assert f"<p>{row['text']}</p>" in page
    assert "In their words: 1 quote, 1 counter-example" in page
    assert page.index("What speaks against it") > page.index('id="F3-1"')
    assert page.index('id="F3-2"') > page.index("What speaks against it")


def test_words_of_authors_are_escaped(views, quote):
    keys = ("headline", "interpretation", "recommendation", "by", "reviewed_by")
    page = render(views(quote[1], status="reviewed", **dict.fromkeys(keys, f"'{EVIL}'")))
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.find_all("img")
    assert soup.get_text().count(EVIL) == len(keys)


def test_every_table_that_can_be_cited_says_how_it_was_made():
    known = {name for anchor, _, others in method_views() for name in (anchor, *others)}
    assert {MADE.partition("#")[2] + table for table in TABLES} <= known
