"""The journey as a draw.io diagram, which Lucidchart and others import as well."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd

from cjm_research.exporters.steps import LANES, Step, list_steps
from cjm_research.exporters.writing import write_whole
from cjm_research.safe_cells import clean_text

_LANE_NAME, _COLUMN, _ROW = 40, 220, 130
_BOX_WIDTH, _BOX_HEIGHT = 180, 90
# Words of people are text here, never markup: `html=0`.
_LANE = "swimlane;horizontal=0;startSize=40;html=0;whiteSpace=wrap;"
_BOX = "rounded=1;html=0;whiteSpace=wrap;fontSize=11;"
_ARROW = "endArrow=block;html=0;edgeStyle=orthogonalEdgeStyle;"


def export_drawio(
    journey_map: pd.DataFrame,
    path: Path,
    *,
    verdicts: pd.DataFrame | None = None,
    title: str = "Journey map",
) -> Path:
    """Write the journey map as a `.drawio` file: lanes, a column per stage, arrows.

    Parameters
    ----------
    journey_map : DataFrame
        Table `journey_map`.
    path : Path
        Replaced if it is there.
    verdicts : DataFrame, optional
        Table `verdicts`.
    title : str
        Name of the page.

    Returns
    -------
    Path
        The file: uncompressed XML. Held against the described format, not against the product.
    """
    steps = list_steps(journey_map, verdicts)
    file = ET.Element("mxfile")
    diagram = ET.SubElement(file, "diagram", name=clean_text(title), id="journey")
    root = ET.SubElement(ET.SubElement(diagram, "mxGraphModel"), "root")
    ET.SubElement(root, "mxCell", {"id": "0"})
    ET.SubElement(root, "mxCell", {"id": "1", "parent": "0"})
    stages = [list(boxes) for _, boxes in groupby(steps, key=lambda step: step.phase)]
    width = _LANE_NAME + max(len(stages), 1) * _COLUMN
    for number, lane in enumerate(LANES):
        _add_box(root, f"lane{number}", lane, _LANE, (0, number * _ROW, width, _ROW))
    for column, boxes in enumerate(stages):
        for step in boxes:
            left = _LANE_NAME + column * _COLUMN + (_COLUMN - _BOX_WIDTH) // 2
            place = (left, (_ROW - _BOX_HEIGHT) // 2, _BOX_WIDTH, _BOX_HEIGHT)
            lane_id = f"lane{LANES.index(step.lane)}"
            _add_box(root, step.id, step.words, _BOX, place, parent=lane_id)
    for step in steps:
        if step.next_id:
            _add_arrow(root, step)
    ET.indent(file)
    return write_whole(path, ET.tostring(file, encoding="utf-8", xml_declaration=True))


def _add_box(
    root: ET.Element,
    box_id: str,
    words: str,
    style: str,
    place: tuple[int, int, int, int],
    *,
    parent: str = "1",
) -> None:
    box = {"id": box_id, "value": clean_text(words), "style": style, "vertex": "1"}
    cell = ET.SubElement(root, "mxCell", box | {"parent": parent})
    sides = dict(zip(("x", "y", "width", "height"), map(str, place), strict=True))
    ET.SubElement(cell, "mxGeometry", sides | {"as": "geometry"})


def _add_arrow(root: ET.Element, step: Step) -> None:
    arrow = {"id": f"{step.id}-next", "value": clean_text(step.next_words), "style": _ARROW}
    ends = {"edge": "1", "parent": "1", "source": step.id, "target": step.next_id}
    cell = ET.SubElement(root, "mxCell", arrow | ends)
    ET.SubElement(cell, "mxGeometry", {"relative": "1", "as": "geometry"})
