from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from cjm_research import figures
from cjm_research.errors import UnknownNameError
from cjm_research.exporters import export_figure

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_figure_gives_the_same_bytes(tmp_path, maps, kind):
    first, second = (
        export_figure(figures.plot_journey_map(maps(2)), tmp_path / f"{n}.{kind}", title="Map")
        for n in "ab"
    )
    assert first.read_bytes() == second.read_bytes()


def test_a_drawing_says_what_it_shows_and_asks_for_nothing(tmp_path, maps):
    hostile = "</title><script>alert(1)</script> & \0"
    path = export_figure(
        figures.plot_journey_map(maps(1)), tmp_path / "a.svg", title=hostile, description="Long."
    )
    root = ET.fromstring(path.read_text())
    assert root.get("role") == "img" and root.get("aria-labelledby") == "cjm-title cjm-desc"
    assert root[0].tag == f"{SVG}title" and root[0].text == hostile.replace("\0", "")
    assert root[1].tag == f"{SVG}desc" and root[1].text == "Long."
    assert not root.findall(f".//{SVG}script") and not root.findall(f".//{SVG}text")
    drawn = path.read_text()
    assert "atplotlib v" not in drawn and "<dc:date>" not in drawn


def test_a_picture_names_neither_program_nor_date(tmp_path, maps):
    path = export_figure(figures.plot_journey_map(maps(1)), tmp_path / "a.png", title="Map")
    with Image.open(path) as image:
        assert image.width > 1000
        assert {key: image.info[key] for key in image.info if key != "dpi"} == {"Title": "Map"}


def test_another_suffix_is_refused(tmp_path, maps):
    with pytest.raises(UnknownNameError, match="'svg', 'png'"):
        export_figure(figures.plot_journey_map(maps(1)), tmp_path / "a.gif")
