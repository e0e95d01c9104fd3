from xml.etree import ElementTree as ET

import openpyxl
import pandas as pd
import pytest

from cjm_research.exporters import export_drawio, export_lucidchart, export_visio
from cjm_research.exporters.cards import read_cards
from cjm_research.figures import describe_journey_map

SIDE = {"s2": False}


def with_side_stage(maps):
    """Three stages of which the second is no step of the way."""
    journey_map = maps(3)
    return journey_map.assign(sequential=[True, False, True])


def read_lucid(path, read):
    header, *rows = read(path.read_bytes())
    return [dict(zip(header, row, strict=True)) for row in rows]


def read_visio(path):
    header, *rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.parametrize("n", [0, 1, 8])
def test_ids_of_lucidchart_rise_by_one_and_every_reference_resolves(tmp_path, maps, read, n):
    rows = read_lucid(export_lucidchart(maps(8).head(n), tmp_path / "a.csv"), read)
    assert [row["Id"] for row in rows] == [str(number + 1) for number in range(len(rows))]
    kinds = {row["Id"]: row["Name"] for row in rows}
    for row in rows:
        assert row["Name"] in {"Page", "Swim Lane", "Process", "Line"}
        if row["Name"] == "Process":
            assert kinds[row["Contained By"]] == "Swim Lane" and kinds[row["Page ID"]] == "Page"
        if row["Name"] == "Line":
            ends = {kinds[row["Line Source"]], kinds[row["Line Destination"]]}
            assert ends == {"Process"} and row["Destination Arrow"] == "Arrow"
    assert [row["Name"] for row in rows].count("Line") == max(n - 1, 0)
    assert [row["Name"] for row in rows].count("Process") == 3 * n


def test_lines_say_who_goes_on_and_pass_what_is_no_step(tmp_path, maps, read):
    rows = read_lucid(export_lucidchart(with_side_stage(maps), tmp_path / "a.csv"), read)
    words = {row["Id"]: row["Text Area 1"] for row in rows}
    (line,) = [row for row in rows if row["Name"] == "Line"]
    assert line["Text Area 1"] == "60\u202f% go on"
    assert words[line["Line Source"]].startswith("Stage 1")
    assert words[line["Line Destination"]].startswith("Stage 3")


def test_attempts_are_not_called_people_who_go_on(tmp_path, maps, read):
    tried = maps(2, behaviour_measure="task_failure")
    rows = read_lucid(export_lucidchart(tried, tmp_path / "a.csv"), read)
    assert rows[-1]["Name"] == "Line" and rows[-1]["Text Area 1"] == ""


@pytest.mark.parametrize("n", [0, 1, 8])
def test_ids_of_visio_are_unique_and_every_next_one_is_there(tmp_path, maps, n):
    rows = read_visio(export_visio(maps(8).head(n), tmp_path / "a.xlsx"))
    ids = [row["Process Step ID"] for row in rows]
    assert len(ids) == len(set(ids)) == 3 * n
    following = [row["Next Step ID"] for row in rows if row["Next Step ID"]]
    assert len(following) == max(n - 1, 0) and set(following) <= set(ids)
    assert {row["Shape Type"] for row in rows} <= {"Process"}
    assert {row["Phase"] for row in rows} == {f"Stage {number}" for number in range(1, n + 1)}


def test_stages_of_one_name_are_phases_of_their_own(tmp_path, maps):
    rows = read_visio(export_visio(maps(2, stage_name="Buy"), tmp_path / "a.xlsx"))
    assert {row["Phase"] for row in rows} == {"Buy", "Buy (s2)"}


def test_arrows_of_drawio_join_boxes_that_are_there(tmp_path, maps):
    root = ET.parse(export_drawio(with_side_stage(maps), tmp_path / "a.drawio")).getroot()
    cells = {cell.get("id"): cell for cell in root.iter("mxCell")}
    assert len(cells) == len(list(root.iter("mxCell")))
    (arrow,) = [cell for cell in cells.values() if cell.get("edge")]
    assert {arrow.get("source"), arrow.get("target")} == {"S1", "S3"} <= set(cells)
    assert all(cell.get("parent") in cells for key, cell in cells.items() if key != "0")


def test_hostile_text_is_text_in_every_diagram(tmp_path, maps, hostile, read):
    for text in hostile:
        journey_map = maps(2, stage_name=text, behaviour_label=text)
        verdicts = pd.DataFrame({"stage": ["s1"], "verdict": [text]})
        path = export_visio(journey_map, tmp_path / "a.xlsx", verdicts=verdicts)
        sheet = openpyxl.load_workbook(path).active
        kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
        assert kinds <= {"s", "n"}
        ids = [row["Process Step ID"] for row in read_visio(path)]
        assert len(ids) == len(set(ids))
        data = export_lucidchart(journey_map, tmp_path / "a.csv", title=text).read_bytes()
        cells = [cell for row in read(data) for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@＝＋－＠\t\r\n")]
        ET.parse(export_drawio(journey_map, tmp_path / "a.drawio", title=text))


def test_the_same_map_gives_the_same_bytes(tmp_path, maps):
    for write, name in (
        (export_lucidchart, "a.csv"), (export_visio, "a.xlsx"), (export_drawio, "a.drawio"),
    ):  # fmt: skip
        first = write(maps(2), tmp_path / name).read_bytes()
        assert write(maps(2), tmp_path / f"again-{name}").read_bytes() == first


def test_the_diagrams_name_the_pain_point_that_the_drawn_map_names(maps):
    (card,) = read_cards(maps(1))
    assert card.pain in describe_journey_map(maps(1))
    assert "Slow pages" not in describe_journey_map(maps(1))
