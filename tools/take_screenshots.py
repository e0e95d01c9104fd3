"""Take the pictures of the documentation from the latest report of the demo study.

Needs `make demo` and Debian's chromium (or another Chromium, named by $CHROMIUM). Writes
docs/images: the report's front page and its stage page with the worst drop-off as a browser
shows them, and the journey map as the notebook draws it.

    .venv/bin/python tools/take_screenshots.py [FOLDER]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

import cjm_research as cjm
from cjm_research.figures import save_figure

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "reports" / "demo" / "latest"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
LIMIT_BYTES = 400_000
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
]  # fmt: skip


def take(page: Path, target: Path, *, width: int, height: int) -> Path:
    """Write what a browser shows of a page."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}",
             f"--screenshot={target}", page.resolve().as_uri()],
            check=True,
            timeout=120,
            capture_output=True,
        )  # fmt: skip
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
    study = cjm.open_study(ROOT / "data" / "raw" / "demo")
    rates = study.journey_map.dropna(subset=["drop_off_rate"])
    worst = rates.loc[rates["drop_off_rate"].idxmax(), "stage"]
    pictures = [
        take(REPORT / "index.html", folder / "report.png", width=1360, height=1200),
        take(REPORT / f"stage-{worst}.html", folder / "stage.png", width=1100, height=1000),
        save_figure(study.plot_journey_map(), folder / "journey-map.png"),
    ]
    for picture in pictures:
        shrink(picture)
        print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
