import pytest
from bs4 import BeautifulSoup

from cjm_research.reporting.site import render_failure, render_index

GOOD = {
    "run_id": "r1", "status": "good", "started": "2026-05-01T06:00:00Z", "seconds": 61.0,
    "href": "a/r1/index.html", "reason": "",
}  # fmt: skip
BAD = GOOD | {
    "run_id": "r2", "status": "failed", "started": "2026-05-02T06:00:00Z",
    "href": "a/r2-failed/index.html", "reason": "01_x.ipynb failed in cell 3 (ValueError).",
}  # fmt: skip
HEADLINE = {
    "period": "2026-04-01 – 2026-04-30", "status": "draft",
    "participants": [
        {"source": "survey", "label": "Survey", "n": 320, "unit": "person"},
        {"source": "log", "label": "Log", "n": 1204, "unit": "person"},
    ],
    "kpis": [
        {"name": "Orders", "words": "See → Buy", "value": 0.41, "low": 0.38, "high": 0.44,
         "unit": "share", "target": 0.5, "verdict": "not met"},
        {"name": "NPS", "words": "whole journey", "value": None, "low": None, "high": None,
         "unit": "points", "target": 30, "verdict": "cannot tell"},
    ],
}  # fmt: skip
STUDIES = [
    {
        "name": "a", "title": "Why do people leave?", "runs": [BAD, GOOD],
        "latest_href": "a/latest/index.html", "now": "", "batch_href": "a/batch/index.html",
        "last_good": {"started": "2026-05-01T06:00:00Z", "as_of": "2026-04-30",
                      "headline": HEADLINE},
    },
    {
        "name": "b", "title": "Who comes back?", "runs": [GOOD | {"run_id": "r9"}],
        "latest_href": "b/latest/index.html", "now": "running",
        "last_good": {"started": "2026-05-03T06:00:00Z", "headline": {"participants": [
            {"source": "log", "label": "Log", "n": 87, "unit": "visit"}]}},
    },
    {"name": "c", "title": "c", "runs": [], "latest_href": "", "now": "queued"},
]  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return render_index(STUDIES, tmp_path / "index.html")


@pytest.fixture
def page(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def cells(page, study):
    row = page.select_one(f'table.studies tr[data-study="{study}"]')
    return [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]


def test_a_study_shows_its_state_its_last_good_report_and_its_numbers(page):
    assert cells(page, "a") == [
        "Why do people leave? a",
        "failed",
        "2026-05-01 06:00 UTC draft as of 2026-04-30",
        "at least 1,204 people",
        "Orders: 41\u202f%, not met NPS: no data, cannot tell".replace("\u202f", " "),
        "01_x.ipynb failed in cell 3 (ValueError).",
    ]
    assert cells(page, "b")[1:4] == ["running", "2026-05-03 06:00 UTC", "87 visits"]
    assert cells(page, "c")[1:] == ["queued", "none", "–", "–", "–"]


def test_every_run_is_listed_with_its_page_and_parts_are_linked(page):
    links = {link["href"] for link in page.select("a[href]")}
    assert {"a/r1/index.html", "a/r2-failed/index.html", "a/batch/index.html"} <= links
    assert page.select_one("tr.failed").get_text(" ").count("failed in cell 3") == 1


def test_the_page_is_whole_without_its_script(page):
    assert page.select_one("#filters").has_attr("hidden")
    assert not page.select("th button")
    assert all(header.get("scope") for header in page.select("th"))
    assert len(page.select("h1")) == 1


def test_only_the_script_of_the_page_may_run(page):
    (script,) = page.select("script")
    policy = page.select_one('meta[http-equiv="Content-Security-Policy"]')["content"]
    assert policy.count("sha256-") == 1
    assert not script.has_attr("src")
    assert "unsafe-inline" not in policy.partition("script-src")[2]


def test_words_from_outside_stay_words(tmp_path):
    payload = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    run = BAD | {"reason": payload, "run_id": payload, "started": payload}
    study = STUDIES[0] | {"title": payload, "name": payload, "runs": [run]}
    html = render_index([study], tmp_path / "index.html").read_text("utf-8")
    failure = {"run_id": payload, "status": "failed", "reason": payload, "title": payload}
    more = render_failure(failure, tmp_path / "f.html", has_good=False).read_text("utf-8")
    for text in (html, more):
        page = BeautifulSoup(text, "html.parser")
        assert not page.select("img")
        assert "alert(1)" not in "".join(script.get_text() for script in page.select("script"))
        assert payload in page.get_text()


def test_without_any_study_the_page_says_so(tmp_path):
    page = BeautifulSoup(render_index([], tmp_path / "i.html").read_text(), "html.parser")
    assert "No study has been run yet." in page.get_text()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"status": "failed"}, "This run failed, and made no report"),
        ({"status": "timed out"}, "This run took too long, and made no report"),
        ({"status": "failed", "notebook": "01_x.ipynb", "cell": 3}, "01_x.ipynb, code cell 3"),
        ({"status": "failed", "as_of": "2026-04-30"}, "cjm run demo --as-of 2026-04-30"),
        ({"status": "failed", "part": "device-phone"}, "cjm batch demo"),
        ({"status": "failed", "seconds": None, "started": "x"}, "run r7"),
    ],
)
def test_a_failure_says_what_failed_and_how_to_go_on(tmp_path, more, words):
    record = {"study": "demo", "run_id": "r7", "reason": "It failed.", "title": "Why?"} | more
    page = render_failure(record, tmp_path / "index.html", has_good=True)
    text = BeautifulSoup(page.read_text(), "html.parser")
    assert words in text.get_text()
    assert "It failed." in text.get_text()
    assert text.find("a", href="../latest/index.html")
    alone = render_failure(record, tmp_path / "index.html", has_good=False).read_text()
    assert "There is no good report of this study yet." in alone
    assert "../latest/" not in alone


@pytest.mark.browser
def test_in_a_browser_the_list_is_sorted_filtered_and_aged(browser, path):
    page = browser.new_page(viewport={"width": 320, "height": 700})
    trouble = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: trouble.append(request.url))
    page.goto(path.as_uri())
    assert trouble == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert "ago)" in page.locator("table.studies tr[data-study=a] .age").inner_text()

    def order():
        return page.eval_on_selector_all(
            "table.studies tbody tr:not([hidden])", "rows => rows.map(row => row.dataset.study)"
        )

    people = page.locator("table.studies thead th", has_text="People")
    people.locator("button").press("Enter")
    assert (order(), people.get_attribute("aria-sort")) == (["c", "b", "a"], "ascending")
    people.locator("button").click()
    assert (order(), people.get_attribute("aria-sort")) == (["a", "b", "c"], "descending")
    page.get_by_label("Status").select_option("running")
    assert order() == ["b"]
    assert page.locator("#found").inner_text() == "1 of 3 studies"
    assert page.locator("section[data-study=a]").is_hidden()
    page.get_by_label("Status").select_option("")
    page.get_by_label("Words").fill("cell 3")
    assert order() == ["a"]


@pytest.mark.browser
def test_one_study_is_one_study_in_a_browser(browser, tmp_path):
    study = {"name": "a", "title": "Why?", "runs": [], "latest_href": ""}
    page = browser.new_page()
    page.goto(render_index([study], tmp_path / "index.html").as_uri())
    assert page.locator("#found").inner_text() == "1 of 1 study"


@pytest.mark.browser
def test_in_a_browser_axe_finds_nothing_serious(browser, path, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    failure = render_failure(BAD | {"study": "a", "title": "Why?"}, tmp_path / "f.html",
                             has_good=True)  # fmt: skip
    for file in (path, failure):
        page = browser.new_page()
        page.goto(file.as_uri())
        found = axe.run(page).response["violations"]
        bad = [v["id"] for v in found if v["impact"] in ("serious", "critical")]
        assert bad + [v["id"] for v in found if v["id"] == "landmark-unique"] == []
