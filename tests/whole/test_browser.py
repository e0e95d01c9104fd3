"""Every page of two reports in a real browser: silent, reachable, readable, printable."""

import itertools

import pytest

pytestmark = pytest.mark.browser
REPORTS = ["demo", "usability_2018"]
BAD_IMPACTS = ("serious", "critical")
A4_WIDTH_PX = 794

# What a person reaches with the keyboard, and what there is to be reached: elements that are
# shown and not inside a closed `details`.
REACHABLE = """() => [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [tabindex="0"]'
  )].filter(e => {
    if (e.disabled || e.closest('[hidden], [inert]') || !e.getClientRects().length) return false;
    const box = e.closest('details:not([open])');
    return !box || (e.tagName === 'SUMMARY' && e.parentElement === box
                    && !box.parentElement.closest('details:not([open])'));
  }).map((e, n) => { e.dataset.reach = n; return n; })"""
FOCUSED = "() => document.activeElement.dataset.reach"


@pytest.fixture
def watched(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.seen = {"requests": [], "console": []}
    page.on("request", lambda request: page.seen["requests"].append(request.url))
    page.on("console", lambda message: page.seen["console"].append(message.text))
    page.on("pageerror", lambda error: page.seen["console"].append(str(error)))
    yield page
    page.close()


@pytest.fixture(params=REPORTS)
def report(request):
    return request.getfixturevalue(request.param)


def test_no_page_makes_a_request_or_a_console_message(report, watched):
    index = report.folder.parent.parent / "index.html"
    for path in [*report.pages, index]:
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


def find_barriers(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found
        if one["impact"] in BAD_IMPACTS
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_barrier(report, watched, scheme):
    watched.emulate_media(color_scheme=scheme)
    index = report.folder.parent.parent / "index.html"
    for path in [*report.pages, index]:
        watched.goto(path.as_uri())
        assert find_barriers(watched) == [], path.name


def test_axe_sees_a_barrier_when_there_is_one(tmp_path, watched):
    page = tmp_path / "barred.html"
    page.write_text('<html><title>x</title><p style="color:#ccc">pale<img src="data:,">', "utf-8")
    watched.goto(page.as_uri())
    assert {line.partition(":")[0] for line in find_barriers(watched)} >= {
        "color-contrast", "html-has-lang", "image-alt",
    }  # fmt: skip


def test_the_keyboard_reaches_everything(report, watched):
    for path in report.pages:
        watched.goto(path.as_uri())
        wanted = set(map(str, watched.evaluate(REACHABLE)))
        reached = set()
        for _ in range(len(wanted) + 2):
            watched.keyboard.press("Tab")
            reached.add(watched.evaluate(FOCUSED))
        assert wanted <= reached, (path.name, sorted(wanted - reached)[:5])


def test_pictures_are_shown_and_have_a_text(demo, watched):
    watched.goto((demo.folder / "chapter-04_journey_map.html").as_uri())
    pictures = watched.locator("img").all()
    assert pictures
    for picture in pictures:
        assert picture.evaluate("image => image.naturalWidth") > 600
        assert len(picture.get_attribute("alt")) > 80


def test_every_link_leads_somewhere(report, watched):
    for path in report.pages:
        watched.goto(path.as_uri())
        for href in watched.evaluate(
            "() => [...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))"
        ):
            target, _, anchor = href.partition("#")
            page = report.folder / target if target else path
            assert page.is_file(), (path.name, target)
            if anchor and page == path:  # a script's own link may lead to what it has made
                found = watched.evaluate("id => !!document.getElementById(id)", anchor)
                assert found, (path.name, anchor)
            elif anchor:
                assert f'id="{anchor}"' in page.read_text("utf-8"), (path.name, anchor)


def test_ids_are_unique_and_headings_do_not_skip(report, watched):
    for path in report.pages:
        watched.goto(path.as_uri())
        ids = watched.evaluate("() => [...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids)), path.name
        levels = watched.evaluate(
            "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => +e.tagName[1])"
        )
        assert levels[0] == 1, path.name
        assert levels.count(1) == 1, path.name
        steps = [after - before for before, after in itertools.pairwise(levels)]
        assert max(steps, default=0) <= 1, path.name


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_pages_do_not_scroll_sideways(report, watched, width):
    # 640 pixels are what 1280 show at 200 %.
    watched.set_viewport_size({"width": width, "height": 800})
    for path in report.pages:
        watched.goto(path.as_uri())
        assert watched.evaluate("document.documentElement.scrollWidth") <= width, path.name


def test_print_shows_everything_and_cuts_nothing(report, watched):
    watched.set_viewport_size({"width": A4_WIDTH_PX, "height": 1123})
    watched.emulate_media(media="print")
    for path in report.pages:
        watched.goto(path.as_uri())
        assert watched.evaluate("document.documentElement.scrollWidth") <= A4_WIDTH_PX, path.name
        for nav in watched.locator("nav").all():
            assert not nav.is_visible(), path.name
        assert watched.pdf(format="A4")[:5] == b"%PDF-", path.name
