"""The demo's report in a real browser: no request, no console error, readable when narrow."""

import shutil

import pytest

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def watched(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.seen = {"requests": [], "console": []}
    page.on("request", lambda request: page.seen["requests"].append(request.url))
    page.on("console", lambda message: page.seen["console"].append(message.text))
    page.on("pageerror", lambda error: page.seen["console"].append(str(error)))
    yield page
    page.close()


def test_no_page_makes_a_request_or_a_console_message(demo, watched):
    index = demo.folder.parent.parent / "index.html"
    for path in [*demo.pages, index]:
        watched.seen["requests"].clear()
        watched.goto(path.as_uri())
        watched.wait_for_load_state("networkidle")
        others = [
            url
            for url in watched.seen["requests"]
            if url != path.as_uri() and not url.startswith("data:")
        ]
        assert watched.seen["requests"], "the observer itself must see the page"
        assert not others, path.name
        assert not watched.seen["console"], path.name


def test_the_observer_sees_a_request_when_there_is_one(tmp_path, watched):
    page = tmp_path / "loud.html"
    page.write_text('<img src="missing.png"><script>console.error("x")</script>', "utf-8")
    watched.goto(page.as_uri())
    watched.wait_for_load_state("networkidle")
    assert len(watched.seen["requests"]) == 2
    assert watched.seen["console"]


def test_pictures_are_shown_and_have_a_text(demo, watched):
    watched.goto((demo.folder / "chapter-04_journey_map.html").as_uri())
    pictures = watched.locator("img").all()
    assert pictures
    for picture in pictures:
        assert picture.evaluate("image => image.naturalWidth") > 600
        assert len(picture.get_attribute("alt")) > 80


def test_every_link_leads_somewhere(demo, watched):
    for path in demo.pages:
        watched.goto(path.as_uri())
        for link in watched.locator("a[href]").all():
            target, _, anchor = link.get_attribute("href").partition("#")
            page = demo.folder / target if target else path
            assert page.is_file(), (path.name, target)
            if anchor:
                assert f'id="{anchor}"' in page.read_text("utf-8"), (path.name, anchor)


@pytest.mark.parametrize("width", [320, 700, 1280])
def test_pages_do_not_scroll_sideways(demo, watched, width):
    watched.set_viewport_size({"width": width, "height": 800})
    for path in demo.pages:
        watched.goto(path.as_uri())
        assert watched.evaluate("document.documentElement.scrollWidth") <= width, path.name
