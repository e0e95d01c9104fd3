import pandas as pd
import pytest
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE

from cjm_research.exporters import export_slide
from cjm_research.exporters.fitting import fit_text, runs_right_to_left
from cjm_research.exporters.slide import COLOURS
from cjm_research.figures.palette import LIGHT

VERDICTS = pd.DataFrame({"stage": ["s1"], "verdict": ["sources agree"]})


def make(path, journey_map, **changed):
    words = {"title": "Why do people leave?", "objective": "Decide.", "version": "abc123"}
    deck = Presentation(export_slide(journey_map, path, **(words | changed)))
    assert len(deck.slides) == 1
    return deck, list(deck.slides[0].shapes)


def said(shapes):
    return [shape.text_frame.text for shape in shapes if shape.has_text_frame]


def text_boxes(shapes):
    return [shape for shape in shapes if shape.has_text_frame and shape.text_frame.text]


def overlap(one, other):
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


@pytest.mark.parametrize("n", [1, 2, 5, 8, 12])
def test_every_number_of_stages_stays_on_the_slide_and_apart(tmp_path, maps, n):
    deck, shapes = make(
        tmp_path / "a.pptx",
        maps(n, stage_name="A very long name of a stage " * 6, behaviour_note="note " * 80),
        verdicts=VERDICTS,
        findings=["One " * 90, "Two", "Three", "Four"],
        sources=["Interviews (n = 12)"] * 20,
        period="2026",
    )
    assert (deck.slide_width, deck.slide_height) == (12191695, 6858000)
    for shape in shapes:
        assert shape.left >= 0 and shape.top >= 0
        assert shape.left + shape.width <= deck.slide_width
        assert shape.top + shape.height <= deck.slide_height
    boxes = text_boxes(shapes)
    bars = [shape for shape in shapes if shape.name.startswith("Bar, ")]
    assert len(bars) == n
    for place, one in enumerate(boxes):
        for other in [*boxes[place + 1 :], *bars]:
            assert not overlap(one, other), (one.name, other.name)
    assert "Four" not in said(shapes)


def test_the_slide_shows_the_numbers_of_the_map_in_shapes(tmp_path, maps):
    _, shapes = make(tmp_path / "a.pptx", maps(2), verdicts=VERDICTS, sources=["Log (n = 3,000)"])
    words = said(shapes)
    assert "40\u202f%" in words
    assert "leave; 400 of 1,000\ninterval 37–43\u202f%" in words
    # Interviews speak before the survey, as on the drawn map.
    assert "Forced to open an account\n7 of 12, Interviews" in words
    assert "+0.2, n\u00a0=\u00a012, Interviews" in words
    assert "sources agree" in words and "no verdict" in words
    assert "Sources: Log (n = 3,000)" in words and "Version abc123" in words
    assert not [shape for shape in shapes if shape.shape_type == MSO_SHAPE_TYPE.PICTURE]


def test_drawn_shapes_are_described_for_those_who_do_not_see_them(tmp_path, maps):
    deck, shapes = make(tmp_path / "a.pptx", maps(2))
    groups = [shape for shape in shapes if shape.shape_type == MSO_SHAPE_TYPE.GROUP]
    texts = [shape._element._nvXxPr.cNvPr.get("descr") for shape in groups]
    assert texts[0] == "Stage 1: 40\u202f% leave (400 of 1,000; interval 37–43\u202f%)."
    assert texts[-1].startswith("Mean valence by stage")
    assert deck.slides[0].shapes.title.text_frame.text == "Why do people leave?"


def test_a_stage_of_which_nothing_is_known_says_so(tmp_path, maps):
    bare = maps(
        1, coverage="not asked", valence=[], pain_points=[], drop_off_rate=float("nan"),
        behaviour_note="last stage: 12 came here",
    )  # fmt: skip
    _, shapes = make(tmp_path / "a.pptx", bare)
    assert said(shapes).count("not asked") == 2
    assert "last stage: 12 came here" in said(shapes)


def test_a_map_without_stages_says_so(tmp_path, maps):
    _, shapes = make(tmp_path / "a.pptx", maps(1).head(0))
    assert "No stage has data." in said(shapes)


def test_text_that_runs_right_to_left_is_set_so(tmp_path, maps):
    _, shapes = make(tmp_path / "a.pptx", maps(1, stage_name="בחירת משקפיים\u202e"))
    (stage,) = [shape for shape in shapes if shape.name == "Stage 1"]
    line = stage.text_frame.paragraphs[0]
    assert line._p.pPr.get("rtl") == "1" and line.text == "בחירת משקפיים"
    assert not runs_right_to_left("Abc א") and not runs_right_to_left("12 %")


def test_hostile_text_is_text(tmp_path, maps, hostile):
    for number, text in enumerate(hostile):
        journey_map = maps(1, stage_name=text, behaviour_label=text)
        make(tmp_path / f"{number}.pptx", journey_map, title=text, findings=[text])


def test_the_same_map_gives_the_same_bytes(tmp_path, maps):
    kwargs = {"title": "Why?", "verdicts": VERDICTS}
    first = export_slide(maps(3), tmp_path / "a.pptx", **kwargs).read_bytes()
    assert export_slide(maps(3), tmp_path / "b.pptx", **kwargs).read_bytes() == first


def test_text_is_cut_where_its_box_ends():
    text = "word " * 200
    shown = fit_text(text, width=2.0, height=0.5, size=12)
    assert shown.endswith("word…") and 20 < len(shown) < 80
    assert len(fit_text("字" * 200, width=2.0, height=0.5, size=12)) < len(
        fit_text("x" * 200, width=2.0, height=0.5, size=12)
    )
    assert fit_text("a\n b\t c", width=2.0, height=0.5, size=12) == "a b c"


def test_the_colours_are_those_of_the_figures():
    assert {name: LIGHT[name] for name in COLOURS} == {n: f"#{c}" for n, c in COLOURS.items()}
