"""The pages around the map, and the whole report as one file."""

from __future__ import annotations

import itertools
import re
from urllib.parse import unquote

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from cjm_research.reporting.site import render_site
from cjm_research.reporting.site.methods import ALSO, METHODS
from cjm_research.reporting.site.quotes import all_quotes
from cjm_research.reporting.site.segments import segments_of
from cjm_research.reporting.site.single import join_pages
from cjm_research.reporting.site.views import stage_views


def soup(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def said(tag):
    return re.sub(r"\s+", " ", tag.get_text(" ", strip=True))


@pytest.fixture(scope="module")
def folder(sample, tmp_path_factory):
    made = tmp_path_factory.mktemp("whole")
    render_site(sample.context(), made)
    return made


@pytest.fixture(scope="module")
def whole(folder):
    return soup(folder / "report.html")


def test_every_number_leads_to_how_it_was_made(folder):
    anchors = {tag["id"] for tag in soup(folder / "methods.html").find_all(id=True)}
    for name in ("index", "stage-order", "segments", "quotes", "methods", "data"):
        links = soup(folder / f"{name}.html").select("a.made")
        assert links, name
        for link in links:
            page, _, anchor = link["href"].partition("#")
            assert page == "methods.html" and anchor in anchors
            assert len(said(link)) > len("how")  # says what for, to those who hear it
    map_table = soup(folder / "index.html").find("table", class_="map")
    assert len(map_table.thead.select("a.made")) >= 5


def test_every_table_of_a_study_has_a_place_where_its_making_is_told():
    from cjm_research.study import TABLES

    told = [*METHODS, *itertools.chain(*ALSO.values())]
    assert sorted(told) == sorted(TABLES) and len(told) == len(set(told))
    for made in METHODS.values():
        assert all(made), made.title


def test_the_front_page_warns_first_and_cites_every_claim(folder):
    page = soup(folder / "index.html")
    assert "Web events is missing" in said(page.find(class_="alert"))
    claims = {tag["data-claim"]: tag.get("id") for tag in page.select("[data-claim]")}
    assert claims["K:1"] == "K1" and claims["C:order:forced_account"] == "C1"
    assert claims["C:order:form_loses"] == "C3"
    assert all("V:" not in claim for claim in claims)
    assert page.select_one("td.both a.cite")["href"] == "stage-discover.html#V1"
    machine = page.find(class_="machine")
    assert page.find(class_="kpis").sourceline < machine.sourceline
    assert page.find(id="found-title").sourceline < page.find(class_="kpis").sourceline


def test_drawings_stand_as_words_and_as_tables_too(folder):
    data = soup(folder / "index.html").find(class_="as-data")
    assert "Order : 58 % leave, interval 54–63 %" in said(data)
    done, felt, told = data.find_all("table")
    assert "Order leave 410 172 238 58 % 54–63 %" in said(done)
    assert "P01 0.0" in said(felt) and "Interviews 13" in said(felt)
    assert "Order Survey hurts Forced to open an account 133 of 296 45 %" in said(told)


def test_a_stage_is_told_in_the_order_of_an_argument(folder):
    page = soup(folder / "stage-order.html")
    parts = [said(tag).removesuffix(" : how it was made") for tag in page.main.find_all("h2")]
    names = [re.sub(r" how .*", "", part) for part in parts]
    assert names == [
        "At a glance", "What people do", "What people say", "Do words and numbers agree?",
        "Opportunities", "In their words", "Who says otherwise", "Who was heard",
        "What we do not know",
    ]  # fmt: skip
    glance = said(page.find(class_="glance"))
    assert "58 % leave 238 of 410 people; 54–63 %" in glance
    assert "Forced to open an account 10 of 13, Interviews" in glance
    assert "Sources agree V3, decided by Ana" in glance
    assert page.find(id="V3")["data-claim"] == "V:order"
    quote = page.find(id="q-order-0")
    assert quote["data-codes"] == "pain_point:forced_account"
    assert (quote["data-stage"], quote["data-quote"]) == ("order", "q-order-0")


def test_counter_examples_say_where_they_come_from(folder, sample, tmp_path):
    section = soup(folder / "stage-order.html").find(id="otherwise").parent
    assert "against “account, password”" in said(section)
    assert "The account was no trouble at all." in said(section)
    assert "may not be quoted" not in said(section)
    # Praise stands beside the pain, once; where nothing hurts, it is no counter-example.
    praise = soup(folder / "stage-set_up.html")
    assert praise.find(id="q-set_up-1").find_parent("section").h2["id"] == "otherwise"
    calm = sample.journey_map().assign(pain_points=[[] for _ in range(5)])
    render_site(sample.context(tables={"journey_map": calm}), tmp_path)
    page = soup(tmp_path / "stage-set_up.html")
    assert not page.find(id="otherwise") and page.find(id="q-set_up-1")


def test_those_who_tell_of_no_trouble_are_named(sample, tmp_path):
    tables = sample.tables()
    display = tables["joint_display"].assign(n_heard=296, n_told=200)
    render_site(sample.context(tables=tables | {"joint_display": display}), tmp_path)
    section = soup(tmp_path / "stage-order.html").find(id="otherwise").parent
    assert "200 of 296 tell of some (Survey)" in said(section)


def test_segments_stand_side_by_side_and_small_ones_are_hidden(folder):
    page = soup(folder / "segments.html")
    known = page.find("table")
    rows = {said(row.th): said(row) for row in known.select("tbody tr")}
    assert rows["Interviews"] == "Interviews hidden hidden 14"  # three are few
    assert rows["Survey"] == "Survey 160 250 412"
    (table,) = page.select("table.sides")
    assert [said(th) for th in table.thead.find_all("th")] == [
        "Device", "mobile", "desktop", "mobile less desktop",
    ]  # fmt: skip
    (line,) = table.select("tbody tr")
    assert line["data-found"] == "yes"
    assert "49 %" in said(line) and "62 %" in said(line)
    assert "more than chance brings" in said(line)
    assert "1 line hidden for small groups." in said(page)
    assert page.find(id="segment-filter").has_attr("hidden")


def test_a_study_without_segments_has_no_such_page(sample, tmp_path):
    tables = {"journey_map": sample.journey_map()}
    render_site(sample.context(tables=tables), tmp_path)
    assert not (tmp_path / "segments.html").exists()
    assert not soup(tmp_path / "stage-order.html").find("a", href="segments.html")


def test_a_quote_tells_no_segment_of_a_handful_of_people():
    participants = pd.DataFrame(
        {"participant_id": ["a", "b"], "alias": ["P1", "P2"], "consent": "quote",
         "wearer": ["first-time", ""], "age": ["old", "young"]}
    )  # fmt: skip
    known = pd.DataFrame(
        [("wearer", "first-time", "survey", 9), ("wearer", "experienced", "survey", 8),
         ("age", "old", "survey", 3), ("age", "young", "survey", 90)],
        columns=["segment", "segment_value", "source", "n"],
    )  # fmt: skip
    found = segments_of(participants, known, smallest_cell=5)
    assert found == {"survey": {"P1": ("wearer=first-time",), "P2": ()}}


def test_all_quotes_are_on_one_page_with_what_they_are_filtered_by(sample, folder):
    page = soup(folder / "quotes.html")
    figures = page.select("figure.voice")
    assert len(figures) == sum(len(quotes) for quotes in sample.journey_map()["quotes"])
    for figure in figures:
        needed = ("stage", "source", "segments", "codes", "document", "start", "end")
        assert all(figure.has_attr(f"data-{name}") for name in needed)
        assert figure["data-stage"] and figure["data-source"] == "interviews"
        assert figure.find("a", class_="address")["href"].startswith("stage-")
    form = page.find("form", id="quote-filter")
    assert form.has_attr("hidden") and form.find("input", type="search")
    names = [s["id"].removeprefix("quote-") for s in form.find_all("select")]
    assert names == ["stage", "group", "code"]
    codes = {o["value"] for o in form.find("select", id="quote-code").select("optgroup option")}
    assert codes == {code for figure in figures for code in figure["data-codes"].split(";")}
    assert all(form.find("label", attrs={"for": s["id"]}) for s in form.find_all("select"))
    views = stage_views(sample.journey_map())
    assert all_quotes(sample.tables(), views, smallest_cell=5)["n"] == len(figures)


def test_a_segment_that_is_not_told_can_be_chosen_too(sample):
    views = stage_views(sample.journey_map())
    alias = next(quote["alias"] for view in views for quote in view.quotes)
    people = pd.DataFrame([(alias, "first-time")], columns=["alias", "wearer"])
    known = pd.DataFrame(
        [("wearer", "first-time", "interviews", 9)],
        columns=["segment", "segment_value", "source", "n"],
    )
    tables = {"participants": people, "segment_people": known}
    found = all_quotes(tables, views, smallest_cell=5)
    quotes = [quote for place in found["stages"] for quote in place["quotes"]]
    told = {quote["alias"]: quote["segments"] for quote in quotes}
    assert told.pop(alias) == ("wearer=first-time",)
    assert set(told.values()) == {("wearer=",)}
    (segment,) = found["segments"]
    assert segment["values"] == ["first-time"]
    assert 0 < segment["n_untold"] < len(quotes)


def test_methods_say_who_was_asked_and_how_far_the_machine_holds(folder):
    page = soup(folder / "methods.html")
    assert "from the panel, five who left" in said(page.find(id="samples").parent)
    grid = page.find(id="coverage").parent
    assert "Order 13 of 14 296 of 412" in said(grid)
    assert "Recommend not asked not asked" in said(grid)
    trust = said(page.find(id="trust").parent)
    assert "Survey 150 1 1 0" in trust and "Interviews 0 0 0 1" in trust
    assert "People leave because of the price." in said(page.find(id="limits").parent)
    assert "Much is told from 25 %" in said(page.find(id="rules").parent)


def test_the_appendix_publishes_no_single_person_and_no_small_cell(folder, sample):
    page = soup(folder / "data.html")
    shown = {tag["id"] for tag in page.select("h3[id^=table-]")}
    assert {"table-journey_map", "table-funnel", "table-mentions", "table-kpis"} <= shown
    assert not shown & {"table-participants", "table-statements", "table-excerpts"}
    assert not re.search(r"\bP\d\d\b|id-P", page.main.get_text())
    segments = page.find(id="table-segment_comparison").parent
    assert len(segments.select("tbody tr")) == 2  # the suppressed one is gone
    long = page.find(id="table-mentions").parent
    assert long.find("details") and "mentions, " in said(long.find("summary"))
    assert "12.4" not in said(page) and "12 kB" in said(page.find(id="downloads").parent)
    made_from = said(page.find(id="provenance").parent)
    # Hashes of files stand in manifest.json alone: rows in another order show on no page.
    assert "cdcd" not in made_from and "top 5" in made_from
    assert "secret" not in made_from


def test_no_page_holds_the_run_or_a_time(folder):
    for path in folder.glob("*.html"):
        text = path.read_text("utf-8")
        assert "2026-04-02" not in text and "10:15" not in text and "61.5" not in text, path.name
        assert "a1b2c3d4e5" in text, path.name
        foot = said(soup(path).footer)
        assert foot == "Study broadband · version a1b2c3d4e5 · cjm_research 0.1.0 · draft"


def test_one_file_holds_every_page_and_leads_only_within_itself(folder, whole):
    ids = [tag["id"] for tag in whole.find_all(id=True)]
    assert len(ids) == len(set(ids))
    for tag in whole.find_all("a", href=True):
        assert tag["href"].startswith("#"), tag
        assert unquote(tag["href"][1:]) in ids, tag
    for name in ("aria-labelledby", "aria-describedby"):
        for tag in whole.find_all(attrs={name: True}):
            assert set(tag[name].split()) <= set(ids), tag
    pages = [path.stem for path in folder.glob("*.html") if path.stem != "report"]
    assert {f"page-{name}" for name in pages} <= set(ids)
    levels = [int(tag.name[1]) for tag in whole.find_all(re.compile("^h[1-6]$"))]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(whole.find_all("style")) == 1 and whole.html["lang"] == "en"
    assert len(whole.find_all("main")) == 1


def test_one_file_has_no_two_landmarks_of_one_name(whole):
    names = [
        (tag.name, tag.get("aria-label") or tag.get("aria-labelledby"))
        for tag in whole.select("nav, section[aria-label], section[aria-labelledby]")
    ]
    assert len(names) == len(set(names))
    assert not whole.select("section section[aria-labelledby]")


def test_one_file_has_each_quote_once_and_keeps_its_words(folder, whole):
    quotes = [tag["data-quote"] for tag in whole.select("figure.voice[data-quote]")]
    once = [tag["data-quote"] for tag in soup(folder / "quotes.html").select("figure.voice")]
    assert sorted(quotes) == sorted(once)
    long = next(tag for tag in whole.select("figure.voice .quote p") if len(tag.text) > 240)
    stage = soup(folder / "stage-order.html")
    assert long.text in {tag.text for tag in stage.select("figure.voice .quote p")}
    assert not whole.find("form")


def test_joining_pages_escapes_again_what_was_text():
    page = "<html><body class='x'><main><h1>A</h1><p>&lt;script&gt;x&lt;/script&gt; &amp;lt;</p>"
    page += "<a href='b.html#t'>b</a><a href='#gone'>c</a></main></body></html>"
    other = "<html><body><main><h1>B</h1><p id='t'>t</p></main></body></html>"
    joined = BeautifulSoup(str(join_pages([("a.html", page), ("b.html", other)])), "html.parser")
    assert not joined.find("script") and joined.p.text == "<script>x</script> &lt;"
    assert [a["href"] for a in joined.find_all("a")] == ["#b--t", "#page-a"]
    assert [tag.name for tag in joined.find_all(re.compile("^h"))] == ["h1", "h2"]
