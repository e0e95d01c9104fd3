"""In a browser: no request, no message, no sideways scrolling, the map on one sheet."""

from __future__ import annotations

import re

import pytest

from cjm_research.reporting.site import render_index, render_site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    hostile = "<img src=http://127.0.0.1:9/x onerror=alert(1)><script>alert(1)</script>"
    written = render_site(sample.context(notes=[hostile], objective=hostile), folder / "five")
    written += render_site(sample.context(tables=sample.task_tables()), folder / "seven")
    written += render_site(sample.context(tables=sample.empty_tables()), folder / "empty")
    return [*written, render_index([], folder / "index.html")]


def test_no_request_no_dialog_no_message(browser, pages):
    page = browser.new_page()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("console", lambda message: seen.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (seen.append("dialog"), dialog.dismiss()))
    for path in pages:
        page.goto(path.as_uri())
        requested = [url for url in seen if not url.startswith(("data:,", "data:image/png"))]
        assert requested == [path.as_uri()]
        seen.clear()
    page.close()


@pytest.mark.parametrize("width", [320, 799, 1280])
def test_nothing_scrolls_sideways_but_tables(browser, pages, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    for path in pages:
        page.goto(path.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (path, wide)
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, pages, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # axe itself is a script that no page allows.
    page = browser.new_page(color_scheme=scheme, bypass_csp=True)
    for path in (path for path in pages if path.parent.name == "five"):
        page.goto(path.as_uri())
        found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert not serious, (path.name, serious)
    page.close()


def test_without_scripts_everything_is_there_and_with_them_it_can_be_filtered(browser, pages):
    folder = pages[0].parent
    plain = browser.new_page(java_script_enabled=False)
    plain.goto((folder / "segments.html").as_uri())
    assert not plain.locator("#segment-filter").is_visible()
    assert plain.locator("tr[data-found]").first.is_visible()
    plain.goto((folder / "quotes.html").as_uri())
    assert not plain.locator("#quote-filter").is_visible()
    n = plain.locator("figure.voice").count()
    plain.close()
    page = browser.new_page()
    page.goto((folder / "quotes.html").as_uri())
    page.locator("#quote-stage").select_option("order")
    assert 0 < page.locator("figure.voice:visible").count() < n
    page.locator("#quote-stage").select_option("")
    page.locator("#quote-words").fill("thursday")
    assert page.locator("figure.voice:visible").count() == 1
    page.goto((folder / "segments.html").as_uri())
    assert page.locator("#segment-filter").is_visible()
    page.locator("#segment-name").select_option("device")
    assert page.locator("section[data-segment=device]").is_visible()
    page.close()


def test_every_target_is_large_enough_for_a_finger(browser, pages):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    for name in ("index.html", "stage-order.html", "segments.html", "quotes.html", "data.html"):
        page.goto((pages[0].parent / name).as_uri())
        small = page.evaluate(
            """[...document.querySelectorAll("a.made, a.cite, nav a, button, select, input")]
            .filter(e => e.checkVisibility() && e.type !== "checkbox")
            .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
            .filter(([_, r]) => r.width > 1 && (r.height < 23.9 || r.width < 23.9))
            .map(([html, r]) => `${html} ${r.width}x${r.height}`)"""
        )
        assert not small, (name, small[:3])
    page.close()


def test_seven_stages_fit_a_laptop(browser, pages):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(next(path for path in pages if path.parent.name == "seven").as_uri())
    area = "document.querySelector('.map-scroll')"
    assert page.evaluate(f"{area}.scrollWidth <= {area}.clientWidth")
    boxes = page.evaluate(
        "[...document.querySelectorAll('.map tbody tr')].map(r => r.getBoundingClientRect().x)"
    )
    assert boxes == sorted(boxes) and len(set(boxes)) == 7
    page.close()


def test_a_narrow_screen_stacks_the_stages(browser, pages):
    page = browser.new_page(viewport={"width": 700, "height": 800})
    page.goto(pages[0].as_uri())
    tops = page.evaluate(
        "[...document.querySelectorAll('.map tbody tr')].map(r => r.getBoundingClientRect().y)"
    )
    assert tops == sorted(tops) and len(set(tops)) == 5
    assert page.locator(".map .lane").first.is_visible()
    page.close()


def test_the_keyboard_reaches_people_and_the_way_past_them(browser, pages):
    page = browser.new_page()
    page.goto(pages[0].as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.locator("a[href='#after-map']").focus()
    assert page.locator("a[href='#after-map']").is_visible()
    page.locator("a.person").first.focus()
    name = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.match(r"P\d\d, valence", name)
    page.close()


def test_the_map_prints_on_one_landscape_sheet(browser, pages):
    for path in (path for path in pages if path.name == "index.html" and path.parent.name in
                 ("five", "seven")):  # fmt: skip
        page = browser.new_page()
        page.goto(path.as_uri())
        pdf = page.pdf(prefer_css_page_size=True)
        sheets = re.findall(rb"/MediaBox \[([\d. ]+)\]", pdf)
        sizes = [tuple(float(part) for part in sheet.split()[2:]) for sheet in sheets]
        assert [wide > high for wide, high in sizes].count(True) == 1, sizes
        page.close()
