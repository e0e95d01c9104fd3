import pandas as pd
import pytest
from bs4 import BeautifulSoup

from cjm_research.reporting.site import render_site
from cjm_research.reporting.site.answers import answer_views
from cjm_research.reporting.site.views import stage_views


@pytest.fixture
def render(sample, tmp_path):
    def pages(**tables):
        render_site(sample.context(tables=sample.tables() | tables), tmp_path)
        return {
            path.stem: BeautifulSoup(path.read_text("utf-8"), "html.parser")
            for path in tmp_path.glob("*.html")
        }

    return pages


def said(tag):
    return " ".join(tag.get_text(" ", strip=True).split())


def block(page, heading):
    found = [div for div in page.select(".answers > div") if said(div.h4) == heading]
    return said(found[0])


def test_the_first_page_answers_a_readers_four_questions(render):
    page = render()["index"]
    first = block(page, "Where to look first")
    assert first.index("Forced to open an account") < first.index("Ads promise too much")
    assert "told by 133 of 296, 58 % leave; rank 1 of 2 (1 to 2)" in first
    assert "Set up: sources disagree" in first
    # Their opportunities are ranked above: not said twice.
    assert "Order: sources agree" not in first
    whom = block(page, "For whom")
    assert "device: mobile Order: 62 % are lost, +13 points more than others (+7 to +18)" in whom
    assert "desktop" not in whom
    sure = block(page, "How sure we are")
    assert "1 of 5 decided by a person" in sure
    assert "of the 2 that could be ranked (1 others could not): rank 1 to 2 in 95 % of" in sure
    assert "135 of 240 (Survey) are known to have left there" in sure
    assert "9 (Interviews)" not in sure
    assert "of 2 machine codes 1 agree with people well enough" in sure
    assert "Machine-coded, unchecked and uncorrected Interviews" in sure
    change = block(page, "What would change our mind")
    assert "what would decide is missing: only recalled after leaving" in change
    assert "Recommend nobody was asked" in change
    assert "a random sample of 100 excerpts or more" in change


def test_without_confirmed_opportunities_nothing_is_ranked(render, sample):
    found = sample.tables()["opportunities"].assign(rank=float("nan"), confirmed_by="")
    page = render(opportunities=found)["index"]
    first = block(page, "Where to look first")
    assert "rank" not in first.replace("ranked", "")
    assert "nobody has confirmed one that can be ranked" in first
    assert "Order: sources agree" in first
    section = page.find(id="candidates-title").parent
    assert said(section.details.summary).startswith("3 candidates, in no order")


def test_segments_that_do_not_differ_are_no_answer(render, sample):
    alike = sample.tables()["segment_comparison"].assign(p_adjusted=0.4)
    whom = block(render(segment_comparison=alike)["index"], "For whom")
    assert "No audience segment differs by more than chance brings (up to 12 comparisons" in whom
    assert "1 rows are hidden" in whom
    none = alike.iloc[:0]
    assert "Cannot tell" in block(render(segment_comparison=none)["index"], "For whom")


def test_a_verdict_says_who_decided_and_what_the_rule_proposed(render):
    pages = render()
    order, discover = (
        said(pages[f"stage-{name}"].select_one(".both")) for name in ("order", "discover")
    )
    assert "Sources agree decided by Ana; by rule: partly agree Why order." in order
    assert "Sources agree proposed by rule Why discover." in discover
    lane = pages["index"].select("table.map tbody tr")[2].select_one(".both")
    assert "decided by Ana" in said(lane)


def test_candidate_causes_are_associations_with_their_counts(render):
    page = render()["stage-order"]
    table = page.select_one("table.causes")
    rows = [[said(cell) for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")]
    assert rows[0][0] == "Forced to open an account more than chance brings"
    assert rows[0][2:6] == ["133 of 296", "75 of 90", "60 of 150", "2.08 1.68–2.60"]
    assert rows[1][3:6] == ["–", "–", "–"]
    # Told earlier, and no more than chance brings: left out.
    assert len(rows) == 2
    text = said(table.find_parent("section"))
    assert "Associations, not causes" in text
    assert "24 comparisons" in text


def test_confirmed_opportunities_stand_in_order_with_intervals(render):
    page = render()["index"]
    section = page.find(id="candidates-title").parent
    ranked, candidates = section.select("table.opportunities")
    rows = [
        [said(cell) for cell in row.find_all(["th", "td"])] for row in ranked.select("tbody tr")
    ]
    assert [row[:2] for row in rows] == [
        ["1 1–2", "C1 Forced to open an account but: Fewer sign-ups."],
        ["2 1–2", "C2 Ads promise too much"],
    ]
    assert "Form loses what I typed" in said(candidates)
    assert "Rank" not in said(candidates.thead)


def test_what_may_not_be_compared_is_said(render):
    compared = said(render()["methods"].find(id="compared-title").parent)
    assert "Interviews stage by stage only Nobody can be linked." in compared
    assert "Survey person by person Nothing speaks against it." in compared


def test_a_report_of_an_older_study_goes_without(sample, tmp_path):
    old = {k: v for k, v in sample.tables().items() if k not in sample.together()}
    assert answer_views(old, stage_views(old["journey_map"]), {}) is None
    render_site(sample.context(tables=old), tmp_path)
    page = BeautifulSoup((tmp_path / "index.html").read_text("utf-8"), "html.parser")
    assert not page.select(".answers")
    assert page.find(string="Side by side")


def test_empty_tables_break_nothing(render, sample):
    empty = {name: table.iloc[:0] for name, table in sample.together().items()}
    page = render(**empty)["index"]
    assert not page.select(".answers")


def test_no_table_of_the_sample_is_unknown_to_the_study(sample):
    from cjm_research.study import TABLES

    assert set(sample.together()) <= set(TABLES)
    assert all(isinstance(table, pd.DataFrame) for table in sample.together().values())


def test_notes_are_noted_and_tasks_fail(sample, tmp_path):
    task = sample.task_tables()
    stage = task["journey_map"]["stage"].iloc[0]
    cause = sample.tables()["causes"].iloc[:1].assign(source="log")
    here = pd.Categorical([stage], categories=[stage], ordered=True)
    cause = cause.assign(stage=here, told_at=here)
    verdict = sample.tables()["verdicts"].iloc[:1].assign(stage=stage)
    render_site(sample.context(tables=task | {"causes": cause, "verdicts": verdict}), tmp_path)
    page = BeautifulSoup((tmp_path / f"stage-{stage}.html").read_text("utf-8"), "html.parser")
    heads = [said(cell) for cell in page.select("table.causes thead th")]
    assert heads[:5] == [
        "What is noted",
        "Source",
        "Noted for",
        "Failed, of those",
        "Failed, of others",
    ]
    section = said(page.select_one("table.causes").find_parent("section"))
    assert "tell" not in section.casefold().replace("told", "")


def test_the_studys_smallest_cell_holds_on_its_pages(sample, tmp_path):
    def lost(smallest):
        render_site(sample.context(smallest_cell=smallest), tmp_path)
        page = BeautifulSoup((tmp_path / "stage-order.html").read_text("utf-8"), "html.parser")
        return [said(row.find_all("td")[2]) for row in page.select("table.causes tbody tr")]

    assert lost(5) == ["75 of 90", "–"]
    # Of the 240 linked 105 were not lost.
    assert lost(106) == ["–", "–"]
