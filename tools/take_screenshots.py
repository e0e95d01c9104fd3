"""Take the pictures of the documentation from the latest report of the demo study.

Needs `make demo` and Debian's chromium (or another Chromium, named by $CHROMIUM). Writes
docs/images: as a browser shows them, the report's front page and its map, the page of the stage
with the worst drop-off, the page of quotes while somebody reviews it, and the list of runs; and
the journey map as the notebook draws it. `cjm batch demo` beforehand adds the demo's parts to
the list of runs.

    .venv/bin/python tools/take_screenshots.py [FOLDER]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

import cjm_research as cjm
from cjm_research.figures import save_figure
from cjm_research.reporting.listing import list_reports
from cjm_research.reporting.site.index_page import render_index

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
STUDY = "demo"
REPORTS = ROOT / "reports"
REPORT = REPORTS / STUDY / "latest"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
LIMIT_BYTES = 400_000
MOST_RUNS = 5
"""In the picture of the list of runs."""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
]  # fmt: skip


def open_page(browser: Browser, path: Path, *, width: int, height: int) -> Page:
    """Return a page as somebody sees it who has just opened it."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(path.resolve().as_uri())
    return page


def take(page: Page, target: Path) -> Path:
    """Write what is seen of a page, and close it."""
    page.screenshot(path=target)
    page.close()
    return target


def take_map(browser: Browser, target: Path) -> Path:
    """Write the upper part of the map on the front page."""
    page = open_page(browser, REPORT / "index.html", width=1360, height=1120)
    page.locator("section.hero").evaluate(
        "e => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 24)"
    )
    return take(page, target)


def take_review(browser: Browser, target: Path) -> Path:
    """Write what a reviewer sees of the page of quotes, one answer opened."""
    page = open_page(browser, REPORT / "quotes.html", width=1100, height=1000)
    page.get_by_role("button", name="Review this report").click()
    answer = page.locator("figure.voice > details.review").first
    answer.locator("summary").click()
    answer.evaluate("e => e.parentElement.scrollIntoView()")
    return take(page, target)


def take_index(browser: Browser, target: Path) -> Path:
    """Write what is seen of the list of runs, of the demo and its newest runs alone."""
    studies = [study for study in list_reports(REPORTS) if study["name"] == STUDY]
    for study in studies:
        study["runs"] = study["runs"][:MOST_RUNS]
    with tempfile.TemporaryDirectory() as folder:
        path = render_index(studies, Path(folder) / "index.html")
        page = open_page(browser, path, width=1100, height=300)
        page.locator("details").evaluate_all("all => all.forEach(e => { e.open = true; })")
        page.screenshot(path=target, full_page=True)
        page.close()
    return target


def shrink(picture: Path) -> None:
    """Make a picture smaller, if it is too large for git: fewer colours, then fewer pixels."""
    image = Image.open(picture).convert("RGB")
    for scale in (1.0, 0.8, 0.6, 0.5):
        if picture.stat().st_size <= LIMIT_BYTES:
            return
        size = (round(image.width * scale), round(image.height * scale))
        smaller = image.resize(size, Image.Resampling.LANCZOS).quantize(128)
        smaller.save(picture, optimize=True)
    if picture.stat().st_size > LIMIT_BYTES:
        raise SystemExit(f"{picture.name} is still larger than {LIMIT_BYTES / 1000:.0f} kB.")


def main() -> int:
    if not (REPORT / "index.html").is_file():
        raise SystemExit("There is no report of the demo study yet: run `make demo`.")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    study = cjm.open_study(ROOT / "data" / "raw" / STUDY)
    rates = study.journey_map.dropna(subset=["drop_off_rate"])
    worst = rates.loc[rates["drop_off_rate"].idxmax(), "stage"]
    pictures = [save_figure(study.plot_journey_map(), folder / "journey-map.png")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        front = open_page(browser, REPORT / "index.html", width=1360, height=1200)
        pictures.append(take(front, folder / "report.png"))
        pictures.append(take_map(browser, folder / "report-map.png"))
        stage = open_page(browser, REPORT / f"stage-{worst}.html", width=1100, height=1000)
        pictures.append(take(stage, folder / "stage.png"))
        pictures.append(take_review(browser, folder / "review.png"))
        pictures.append(take_index(browser, folder / "runs.png"))
        browser.close()
    for picture in pictures:
        shrink(picture)
        print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
