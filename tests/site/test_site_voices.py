"""What people say, stage by stage, and on what it rests."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag

from cjm_research.reporting.site import grounds, render_site, views, voices

NEW = (
    "pain_points", "statements", "touchpoint_mentions", "emotion_curve", "themes", "excerpts",
    "participants", "stage_bases", "languages", "dominance", "saturation", "coders",
)  # fmt: skip


def soup(path: Path) -> BeautifulSoup:
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for tag in page.select("a.made .hidden"):
        tag.decompose()  # said to those who hear the page, once per number
    return page


def words(tag: Tag) -> str:
    return re.sub(r"\s+", " ", tag.get_text(" ", strip=True))


@pytest.fixture(scope="module")
def folder(sample, tmp_path_factory):
    made = tmp_path_factory.mktemp("voices")
    render_site(sample.context(), made)
    return made


@pytest.fixture(scope="module")
def order(folder):
    return soup(folder / "stage-order.html")


@pytest.fixture(scope="module")
def front(folder):
    return soup(folder / "index.html")


@pytest.fixture(scope="module")
def quotes(folder):
    return soup(folder / "quotes.html")


@pytest.fixture(scope="module")
def methods(folder):
    return soup(folder / "methods.html")


def table(page: BeautifulSoup, source: str, caption: str) -> Tag:
    return page.find(attrs={"aria-label": f"{source}: {caption}"}).table


def section(page: BeautifulSoup, title: str) -> Tag:
    return page.find(id=title).parent


def test_a_pain_point_is_a_finding_with_people_severity_and_consequences(order):
    found = [words(row) for row in table(order, "Interviews", "What hurts").select("tbody tr")]
    assert found == [
        "Forced to open an account 3 gave up, 2 asked for help, 9 annoyed; about Order page, "
        "Hotline; P11 in words 10 of 13 3 blocked by a person for 2 of 10",
        "Form loses what I typed 1 lost time; P12 in words 6 of 13 1.5 nuisance to costs time "
        "proposed; 2 people at 3 or 4",
        "No way to ask before paying 3 of 13 4 gave up by a person",
        "Card charged twice 1 of 13 –",
    ]
    assert "%" not in " ".join(found)


def test_what_fits_no_code_is_never_the_first_finding(order):
    assert words(order.find(class_="residual")) == "12 of 13: Trouble that fits no code yet"
    needs = [words(row) for row in table(order, "Interviews", "What they need").select("tbody tr")]
    assert needs == [
        "The price before anything else 4 of 13 3 only when asked",
        "A need or a wish 7 of 13",
    ]


def test_six_pains_are_shown_and_the_rest_folded(sample, tmp_path):
    mentions = pd.DataFrame(
        [
            {"stage": "order", "source": "interviews", "code_group": "pain_point",
             "code": f"c{n}", "label": f"Pain {n}", "n_said": n, "n_heard": 13}
            for n in range(1, 10)
        ]
    )  # fmt: skip
    tables = {"journey_map": sample.journey_map(), "mentions": mentions.assign(segment="")}
    render_site(sample.context(tables=tables), tmp_path)
    page = soup(tmp_path / "stage-order.html")
    shown = table(page, "interviews", "What hurts")
    assert [words(row.th) for row in shown.select("tbody tr")] == [
        f"Pain {n}" for n in (9, 8, 7, 6, 5, 4)
    ]
    folded = table(page, "interviews", "What hurts, of fewer people")
    assert folded.find_parent("details") and len(folded.select("tbody tr")) == 3


def test_machine_proposals_are_named_and_people_counted_once(order, folder):
    assert "Of 5 statements here a person coded 1; the others are proposed by machine." in words(
        section(order, "said")
    )
    # No statements, nothing to say of who coded them.
    assert "statements here" not in words(soup(folder / "stage-discover.html").main)


def test_emotions_are_people_first_and_the_mean_second(order):
    told = table(order, "Interviews", "Emotions").find_parent(class_="group")
    assert words(told).startswith("Emotions What People frustrated 10 of 13")
    assert words(told).endswith("Mean valence −0.5, n = 13, from −1 to +1")
    surveyed = table(order, "Survey", "Emotions").find_parent(class_="group")
    assert words(surveyed).endswith("Mean valence −0.2 (−0.3 to −0.1), n = 296, from −1 to +1")


def test_reasons_wishes_and_others_advice_are_over_people_heard(order):
    assert words(table(order, "Interviews", "Reasons beside feelings").tbody) == "Price 3 of 13"
    assert words(table(order, "Interviews", "Reasons beside feelings").caption).endswith(
        "asked for it"
    )
    assert words(table(order, "Interviews", "Social proof").tbody).endswith("2 of 13")
    assert words(table(order, "Interviews", "Adjacent wishes").tbody).endswith("1 of 13")


def test_expectations_stand_in_pairs_where_consent_allows(order):
    pairs = [words(pair) for pair in order.select(".pairs li")]
    assert pairs == [
        "missed, P01 expected to pay at once happened it asked for a letter",
        "missed, P02 expected a guest way",
    ]
    assert "this stays unsaid" not in str(order)


def test_one_person_who_repeats_an_expectation_does_not_crowd_out_others(sample):
    said = pd.DataFrame(
        [
            {"stage": "order", "source": "interviews", "code_group": "expectation",
             "code": "missed", "participant_id": f"id-{alias}", "expected": words, "happened": "x"}
            for alias, words in (("P01", "a"), ("P01", "a"), ("P01", "b"), ("P02", "c"))
        ]
    )  # fmt: skip
    tables = sample.tables() | {"statements": said}
    stage = views.stage_views(sample.journey_map())[2]
    pairs = voices.expectation_pairs(tables, stage, "interviews")
    assert [(p["by"], p["expected"]) for p in pairs] == [("P01", "a"), ("P02", "c"), ("P01", "b")]


def test_touchpoints_of_the_stage_come_first_and_others_are_folded(order):
    own = table(order, "Interviews", "By touchpoint")
    assert "people, of 13 heard" in words(own.caption)
    assert [words(row) for row in own.select("tbody tr")] == [
        "Order page web What hurts: Forced account 8 ; no code yet 9",
        "Hotline phone What delights: Helped by people 2",
    ]
    others = table(order, "Interviews", "Touchpoints of other stages")
    assert others.find_parent("details") and words(others.tbody.th) == "Discover page web"


def test_a_quote_stands_in_its_context_and_long_context_is_folded(order, front):
    voice = order.find(id="q-order-0")
    before, after = voice.select("p.context")
    assert words(before) == "said before: I had the box in the basket."
    assert words(after) == "said after: That was that."
    assert voice.find(class_="quote").find_previous("p", class_="context") is before
    folded = order.find(id="q-order-1").find("details", class_="context")
    assert words(folded.summary) == "said before" and "and on, and on," in words(folded)
    assert not front.select(".context")


def test_themes_are_shown_once_stable_ones_first(quotes, order):
    themes = quotes.select(".themes > li")
    assert [words(theme.find(class_="theme")) for theme in themes][:3] == [
        "account, password", "small theme 6", "small theme 5"
    ]  # fmt: skip
    assert "21 people, 23 excerpts · stable (0.82)" in words(themes[0])
    assert "They wanted a password for one pair of socks." in words(themes[0])
    assert words(themes[0].find("a")) == "Order" and themes[0].find("a")["href"] == (
        "stage-order.html"
    )
    last = themes[-1]
    assert last["class"] == ["unstable"] and last.find_parent("details")
    assert "30 people, 32 excerpts · unstable (0.31)" in words(last)
    assert "account, password" not in words(section(order, "said"))


def test_evidence_of_themes_respects_consent_and_leaves_interviewers_out(quotes):
    against = quotes.select_one(".themes details")
    assert words(against.summary) == "2 voices against it"
    assert "The account was no trouble at all." in words(against)
    assert "observer’s note on P05" in words(against)
    assert "may not be quoted" not in str(quotes) and "And how was the account" not in str(quotes)


def test_what_the_stages_rest_on_is_a_sentence(methods):
    assert (
        "Interviews: of 998 excerpts, 336 by the question asked, 535 carried on from a question, "
        "42 inferred by meaning, 85 unassigned, 0 corrected by a person"
    ) in words(section(methods, "grounds-title"))


def test_talk_and_saturation_are_said_in_words(methods):
    said = words(section(methods, "grounds-title"))
    assert (
        "Interviews: the interviewer spoke 17–55 % of the words in 3 conversations, more than "
        "half in 1; in 1 group conversation the most talkative person spoke 61 % of the "
        "participants’ words, where even shares were 20 %"
    ) in said
    assert said.endswith("Interviews: cannot tell: 4 coded interviews, and 6 are needed")


def test_every_base_and_run_is_shown_where_something_can_be_told(sample):
    rows = [{"source": "a", "base": b, "run": 2, "words": w} for b, w in ((4, "4+2: x"), (5, "y"))]
    (view,) = grounds.saturation_views(pd.DataFrame(rows), {"a": "A"})
    assert [line["base"] for line in view["lines"]] == [4, 5]


def test_languages_set_aside_are_visible(front):
    assert (
        "Survey: 4 of 8 documents set aside, in Portuguese, xx. The coders do not read that; "
        "nothing said there is counted."
    ) in words(section(front, "notes-title"))


@pytest.mark.parametrize("missing", NEW)
def test_a_missing_or_empty_table_only_leaves_its_part_out(sample, tmp_path, missing):
    tables = sample.tables()
    empty = tables | {missing: tables[missing].iloc[:0]}
    without = {name: table for name, table in tables.items() if name != missing}
    for place, found in enumerate((empty, without)):
        render_site(sample.context(tables=found), tmp_path / str(place))
        page = soup(tmp_path / str(place) / "stage-order.html")
        assert words(table(page, "Interviews", "What hurts").tbody.th).startswith("Forced to open")
        assert not re.search(r"\b[Nn]a[Nn]\b|\bNone\b", words(page.body))
    assert (tmp_path / "0/index.html").read_bytes() == (tmp_path / "1/index.html").read_bytes()


def test_tables_back_from_parquet_give_the_same_page(sample, tmp_path, folder):
    tables = sample.tables()
    for name in ("pain_points", "mentions", "statements", "themes"):
        tables[name].to_parquet(tmp_path / f"{name}.parquet")
        tables[name] = pd.read_parquet(tmp_path / f"{name}.parquet")
    tables["mentions"] = tables["mentions"].astype({"stage": "category"})
    render_site(sample.context(tables=tables), tmp_path / "site")
    for name in ("index.html", "stage-order.html"):
        assert (tmp_path / "site" / name).read_bytes() == (folder / name).read_bytes()


def test_the_mean_comes_from_the_map_without_its_table(sample):
    stage = views.stage_views(sample.journey_map())[2]
    (interviews, _survey) = voices.said_views({}, stage)
    emotions = next(group for group in interviews["groups"] if group["group"] == "emotion")
    assert emotions["mean"]["n"] == 13 and emotions["mean"]["low"] is None
