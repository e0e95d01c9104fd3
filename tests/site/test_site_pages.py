"""What a reader finds on the pages."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup, Tag

from cjm_research.figures import palette
from cjm_research.reporting.site import render_index, render_site, views


def soup(path: Path) -> BeautifulSoup:
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for tag in page.select("a.made .hidden"):
        tag.decompose()  # said to those who hear the page, once per number
    return page


def words(tag: Tag) -> str:
    # No-break spaces count as white space here.
    return re.sub(r"\s+", " ", tag.get_text(" ", strip=True))


@pytest.fixture(scope="module")
def site(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    return folder, render_site(sample.context(), folder)


@pytest.fixture(scope="module")
def front(site):
    return soup(site[0] / "index.html")


def test_it_writes_the_promised_files_and_nothing_else(site):
    folder, written = site
    assert [path.name for path in written] == [
        "index.html",
        *(f"stage-{name}.html" for name in ("discover", "compare", "order", "set_up", "recommend")),
        "segments.html",
        "quotes.html",
        "methods.html",
        "data.html",
        "chapter-01_sources.html",
        "chapter-02_voices.html",
        "report.html",
    ]
    assert sorted(folder.iterdir()) == sorted(written)


def test_rendering_twice_gives_the_same_bytes(sample, site, tmp_path):
    for path in render_site(sample.context(), tmp_path):
        assert path.read_bytes() == (site[0] / path.name).read_bytes()


def test_every_page_is_self_contained_and_framed(site):
    for path in site[1]:
        page = soup(path)
        assert page.html["lang"] == "en"
        assert page.title.get_text(strip=True)
        policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
        plain, _, scripts = policy.partition("; script-src ")
        assert plain == (
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
            "base-uri 'none'; form-action 'none'"
        )
        inline = page.find_all("script", type=False)
        assert len(scripts.split()) == len(inline)
        assert all(source.startswith("'sha256-") for source in scripts.split())
        assert not any(script.get("src") for script in page.find_all("script"))
        assert page.find("link", rel="icon")["href"] == "data:,"
        assert not page.find_all(["iframe", "object", "embed", "base"])
        assert all(form.has_attr("hidden") for form in page.find_all("form"))
        assert page.find("main", id="main") and page.find("nav")
        assert page.find("a", class_="skip")["href"] == "#main"
        for tag in page.find_all(src=True):
            assert tag["src"].startswith("data:image/")
        for tag in page.find_all(href=True):
            assert not tag["href"].startswith(("http:", "https:", "//"))
        assert "url(" not in page.style.string and "@import" not in page.style.string
        assert "<title></title>" not in str(page)


def test_headings_are_in_order(site):
    for path in site[1]:
        levels = [int(tag.name[1]) for tag in soup(path).find_all(re.compile("^h[1-6]$"))]
        assert levels.count(1) == 1 and levels[0] == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_tables_have_captions_and_scoped_headers(site):
    for path in site[1]:
        page = soup(path)
        for inserted in page.find_all("article"):
            inserted.decompose()
        for table in page.find_all("table"):
            assert table.caption.get_text(strip=True)
            assert all(header.get("scope") in ("row", "col") for header in table.find_all("th"))


def test_links_lead_somewhere(site):
    _folder, written = site
    ids = {path.name: {tag["id"] for tag in soup(path).find_all(id=True)} for path in written}
    for path in written:
        for tag in soup(path).find_all("a", href=True):
            page, _, anchor = tag["href"].partition("#")
            if page.startswith("downloads/"):
                continue
            assert (page or path.name) in ids, tag
            anchor = unquote(anchor)
            assert not anchor or anchor in ids[page or path.name], tag


def test_ids_are_unique(site):
    for path in site[1]:
        ids = [tag["id"] for tag in soup(path).find_all(id=True)]
        assert len(ids) == len(set(ids))


def test_the_front_page_goes_in_the_order_of_a_decision(front):
    order = [tag.get_text(strip=True) for tag in front.find_all(["h1", "h2"])]
    assert order == [
        "Why do people who want broadband stop at the order form?",
        "Made without all sources",
        "Draft: do not pass on",
        "What this is for",
        "Questions",
        "What we found",
        "Targetshow",
        "What the machine proposes",
        "The journey",
        "What this report cannot say",
        "Read on",
    ]
    assert "the machine proposes, a researcher decides" in front.get_text()


def test_a_final_report_has_no_draft_banner(sample, tmp_path):
    render_site(sample.context(status="final", status_reasons=[]), tmp_path)
    assert not soup(tmp_path / "index.html").find(class_="draft")


def test_kpis_are_verdicts_in_words(front):
    shown = [words(item) for item in front.select(".kpis li")]
    assert shown[0].startswith("K1 4.1 % not met")
    assert "discover → recommend" in shown[0] and "target 6 %" in shown[0]
    assert "41 of 1,000; interval 3.0–5.5 %" in shown[0]
    assert shown[1].startswith("K2 +12 NPS cannot tell")
    assert "n = 160; interval +1 to +23" in shown[1]
    assert shown[2].startswith("K3 93 % met")


def column(page: BeautifulSoup, place: int) -> Tag:
    return page.select("table.map tbody tr")[place]


def test_a_stage_stands_in_one_row_with_headers_of_both_kinds(front):
    table = front.find("table", class_="map")
    lanes = [next(iter(th.stripped_strings)) for th in table.thead.find_all("th")]
    assert all(th.find("a", class_="made") for th in table.thead.find_all("th")[3:4])
    assert lanes == [
        "Stage", "What people do", "Where", "How it feels", "Emotions", "What hurts",
        "What delights", "In their words", "Ratings", "Do the two agree?",
    ]  # fmt: skip
    names = [th.h3.get_text() for th in table.select("tbody th")]
    assert names == ["Discover", "Compare", "Order", "Set up", "Recommend"]
    for row in table.select("tbody tr"):
        cells = row.find_all(["th", "td"])
        assert sum(int(cell.get("colspan", 1)) for cell in cells) == len(lanes)


def test_behaviour_is_drawn_and_said(front):
    cell = column(front, 2).find(class_="do")
    assert "410 → 172" in words(cell) and "58 % leave" in words(cell) and "54–63 %" in words(cell)
    assert float(cell.find(class_="fill")["width"]) == pytest.approx(58.05, abs=0.01)
    whisker = cell.find(class_="whisker")
    assert float(whisker["x"]) == pytest.approx(54.05, abs=0.01)
    assert float(whisker["width"]) == pytest.approx(8.5, abs=0.01)


def test_one_dot_is_one_person_who_can_be_reached(front):
    dots = column(front, 2).select(".swarm a.person")
    # The thirteenth may not be quoted: a dot like the others, and nothing that says whose.
    assert {dot["aria-label"].split(",")[0] for dot in dots} == {f"P{n:02d}" for n in range(1, 13)}
    assert len(dots) == 12
    assert len(column(front, 2).select(".swarm circle:not(.halo)")) == 13
    assert all(dot.find("title") for dot in dots)
    places = [(float(c["cx"]), float(c["cy"])) for c in column(front, 2).select("circle.halo")]
    radius = float(column(front, 2).select("circle:not(.halo)")[0]["r"])
    for index, (x, y) in enumerate(places):
        for other_x, other_y in places[index + 1 :]:
            assert (x - other_x) ** 2 + (y - other_y) ** 2 >= (2 * radius) ** 2
    assert "mean −0.5" in words(column(front, 2))


def test_what_hurts_counts_people_and_never_pools_sources(front):
    cell = column(front, 2).find(class_="hurts")
    sources = cell.find_all(class_="source")
    assert [source.find(class_="of").get_text() for source in sources] == ["Interviews", "Survey"]
    first = sources[0].find(class_="mention")
    assert words(first).endswith("10 of 13")
    assert len(first.select("circle")) == 13 and len(first.select("circle.said")) == 10
    assert "%" not in sources[0].get_text()
    assert "45 % (40–50 %), 133 of 296" in words(sources[1])
    assert not sources[1].select("circle")


def test_not_asked_is_hatched_and_says_so(front):
    silent = column(front, 4).find(class_="silent")
    assert "Not asked here." in words(silent)
    assert int(silent["colspan"]) == 5
    assert not column(front, 0).find(class_="silent")
    assert "Recommend: nobody was asked how it was." in front.get_text()


def test_every_quote_is_whole_and_carries_its_address(sample, site):
    told = {
        (quote["document_id"], quote["start"], quote["end"]): quote["text"]
        for quotes in sample.journey_map()["quotes"]
        for quote in quotes
    }
    seen = set()
    for path in site[1]:
        for quote in soup(path).select(".quote"):
            (paragraph,) = quote.find_all("p")
            key = (
                quote["data-document"],
                int(quote["data-start"]),
                int(quote["data-end"]),
            )
            assert paragraph.get_text() == told[key]
            seen.add(key)
    assert seen == set(told)


def test_the_stage_page_gives_the_question_and_the_address(site):
    page = soup(site[0] / "stage-order.html")
    voice = page.find(id="q-order-0")
    assert "asked: And what happened when you came to the order form?" in words(voice)
    assert "document interviews/int-03, characters 120–178" in words(voice)
    rows = {words(row.th): words(row) for row in page.select("tbody tr")}
    assert "226 95 131 58 % 53–63 %" in rows["device: desktop"]
    assert rows["Card charged twice"].endswith("4 of 296 1 % (0–6 %)")
    assert "Forced to open an account" in rows["P12 Interviews"]
    assert "2 min 10 s" in words(page.find(class_="do"))
    assert [words(a) for a in page.select(".beside a")] == ["Back to Compare", "Next Set up"]
    current = page.select(".site [aria-current]")
    assert [tag.get_text() for tag in current] == ["Order"]


def test_what_we_do_not_know_names_silence(site):
    page = soup(site[0] / "stage-recommend.html")
    section = page.find(id="unknown-title").parent
    assert "Nobody was asked about Recommend." in words(section)
    assert "74 % leave" in words(page.find(class_="do"))


def test_chapters_keep_their_body(site):
    page = soup(site[0] / "chapter-02_voices.html")
    assert page.article.find("img", alt="People per emotion")
    assert page.article.select_one("table.data caption").get_text() == "Mentions"


def test_a_chapter_body_that_is_not_markup_is_text(sample, tmp_path):
    chapter = {"slug": "x", "title": "X", "body_html": "<b>bold</b>"}
    render_site(sample.context(chapters=[chapter]), tmp_path)
    page = soup(tmp_path / "chapter-x.html")
    assert page.article.find("b") is None and "<b>bold</b>" in page.article.get_text()
    assert page.h1.get_text() == "X"


def test_task_failure_is_not_called_leaving(sample, tmp_path):
    render_site(sample.context(tables=sample.task_tables()), tmp_path)
    page = soup(tmp_path / "index.html")
    cell = column(page, 3).find(class_="do")
    assert "51 of 157 attempts" in words(cell) and "32 % of first tries fail" in words(cell)
    assert "mean of 20 persons’ shares" in words(cell)
    assert "leave" not in page.find("table", class_="map").get_text()
    assert not cell.find(class_="whisker")
    assert "12 people seen here" in words(column(page, 6).find(class_="do"))
    assert "nothing noted" in words(column(page, 5))
    assert "observer’s note on U04" in words(column(page, 0).find(class_="voice"))
    lanes = [words(th) for th in page.select("table.map thead th")]
    assert not any(lane.startswith(("Ratings", "Emotions", "Where")) for lane in lanes)
    stage = words(soup(tmp_path / "stage-run.html").main)
    assert "Task outcomes are not a sales funnel." in stage and "First try 157 106" in stage


def test_nothing_known_is_no_data_and_never_nan(sample, tmp_path):
    written = render_site(
        sample.context(tables=sample.empty_tables(), chapters=[], notes=[], questions=[]), tmp_path
    )
    for path in written:
        shown = soup(path).body.get_text(" ")
        assert not re.search(r"\b[Nn]a[Nn]\b|\bNa[TN]\b|\bNone\b", shown)
        assert not re.search(r"\b0 ?\u202f?%", shown)
    assert "no data" in words(column(soup(tmp_path / "index.html"), 0))


def test_only_the_map_is_needed(sample, tmp_path):
    tables = {"journey_map": sample.journey_map()}
    assert len(render_site(sample.context(tables=tables), tmp_path)) == 12
    page = soup(tmp_path / "stage-order.html")
    assert "Forced to open an account" in page.find(id="said").parent.get_text()


def test_a_table_back_from_parquet_gives_the_same_page(sample, tmp_path, site):
    sample.journey_map().to_parquet(tmp_path / "map.parquet")
    import pandas as pd

    tables = sample.tables() | {"journey_map": pd.read_parquet(tmp_path / "map.parquet")}
    render_site(sample.context(tables=tables), tmp_path)
    assert (tmp_path / "index.html").read_bytes() == (site[0] / "index.html").read_bytes()


def test_the_stylesheet_has_the_colours_of_the_palette(front):
    style = front.style.string
    light, dark = re.findall(r":root \{(.*?)\}", style, re.S)[:2]
    for block, colours in ((light, palette.LIGHT), (dark, palette.DARK)):
        found = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", block))
        assert found == colours


def test_page_names_are_safe_and_distinct():
    assert views.page_name("stage", "set_up") == "stage-set_up.html"
    odd = {views.page_name("stage", name) for name in ("../x", "..\\x", "x/", "", "é", "a b")}
    assert len(odd) == 6
    assert all(re.fullmatch(r"stage-[\w-]*\.html", name, re.A) for name in odd)


def test_the_list_of_reports_shows_failures(tmp_path):
    run = {"run_id": "r2", "status": "failed", "started": "2 April", "seconds": 12.0, "href": "",
           "reason": "04_journey_map stopped in cell 3."}  # fmt: skip
    good = run | {"run_id": "r1", "status": "good", "href": "b/r1/index.html", "reason": ""}
    path = render_index(
        [
            {
                "name": "b",
                "title": "Why?",
                "runs": [run, good],
                "latest_href": "b/latest/index.html",
            },
            {"name": "c", "title": "", "runs": [], "latest_href": ""},
        ],
        tmp_path / "index.html",
    )
    page = soup(path)
    assert page.select_one("tr.failed").get_text().count("04_journey_map stopped in cell 3.") == 1
    assert page.find("a", href="b/latest/index.html") and page.find("a", href="b/r1/index.html")
    assert "No good run yet." in page.get_text()
