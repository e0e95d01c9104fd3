"""The journey on one slide, in shapes that a presenter can edit."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from cjm_research.exporters.cards import StageCard, read_cards
from cjm_research.exporters.fitting import LINE, fit_text, plain_line, runs_right_to_left
from cjm_research.exporters.fixed_zip import fix_zip
from cjm_research.exporters.writing import write_whole
from cjm_research.number_words import interval, percent
from cjm_research.safe_cells import cut_text

WIDTH, HEIGHT = 13.333, 7.5
"""Inches: 16:9."""
COLOURS = {
    "ink": "1f2d3d", "muted": "5c6670", "hairline": "dedad2", "track": "ebe7df",
    "paper": "fcfaf6", "uncertain": "e2a63c",
}  # fmt: skip
"""Those of the figures."""
MOST_FINDINGS = 3
_MARGIN, _LANE_NAMES, _GAP = 0.45, 1.2, 0.1
_TOP, _BOTTOM = 1.45, 6.78
_FINDING = 0.27
_WIDEST = 3.2
_PAD = 0.07
_SMALLEST, _LARGEST = 7.0, 12.0
_TITLE_ONLY = 5
_LANES = {"head": 0.6, "did": 1.35, "felt": 1.35, "hurt": 1.15, "verdict": 0.6}
"""What each lane takes of the height, relative to the others."""


@dataclass(frozen=True)
class _Box:
    """A place on the slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    def inside(self) -> _Box:
        """Return the box less what keeps it from its neighbours."""
        return _Box(
            self.left,
            self.top + _PAD,
            max(self.width - _GAP, 0.2),
            max(self.height - 2 * _PAD, 0.2),
        )

    def rows(self, *heights: float) -> list[_Box]:
        """Return rows of these heights, from the top; a last one takes the rest."""
        tops = [self.top + sum(heights[:place]) for place in range(len(heights) + 1)]
        rest = self.height - sum(heights)
        return [
            _Box(self.left, top, self.width, height)
            for top, height in zip(tops, [*heights, rest], strict=True)
        ]


def export_slide(
    journey_map: pd.DataFrame,
    path: Path,
    *,
    title: str,
    objective: str = "",
    findings: Sequence[str] = (),
    verdicts: pd.DataFrame | None = None,
    sources: Sequence[str] = (),
    period: str = "",
    version: str = "",
) -> Path:
    """Write the journey map as a presentation of one 16:9 slide.

    Parameters
    ----------
    journey_map : DataFrame
        Table `journey_map`: a column each. Up to eight stages read well; more of them get
        smaller letters.
    path : Path
        Replaced if it is there.
    title, objective : str
        The study's question, and the decision that it serves.
    findings : sequence of str
        Headlines that people wrote; the first three stand above the map.
    verdicts : DataFrame, optional
        Table `verdicts`.
    sources : sequence of str
        Each with its n, for the foot.
    period, version : str
        The days that the data cover, and the key of the version, for the foot.

    Returns
    -------
    Path
        The file. Boxes, bars and dots are shapes that can be edited, named and described for
        screen readers. Text longer than its box is cut at a word. The same table gives the same
        bytes.
    """
    cards = read_cards(journey_map, verdicts)
    deck = Presentation()
    _make_wide(deck)
    _name_deck(deck, title)
    slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY])
    _draw_head(slide, title, objective)
    top = _draw_findings(slide, findings)
    map_box = _Box(_MARGIN, top, WIDTH - 2 * _MARGIN, _BOTTOM - top)
    if cards:
        _draw_map(slide, cards, map_box)
    else:
        _write(slide, map_box, "No stage has data.", size=_LARGEST, colour="muted", name="No data")
    _draw_foot(slide, sources, period, version)
    buffer = io.BytesIO()
    deck.save(buffer)
    return write_whole(path, fix_zip(buffer.getvalue()))


def _make_wide(deck: Any) -> None:
    """Turn the library's 4:3 template to 16:9, its layouts included: slides may be added."""
    stretch = Inches(WIDTH) / deck.slide_width
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    for page in (deck.slide_master, *deck.slide_layouts):
        for shape in page.placeholders:
            if shape._element.spPr.xfrm is not None:
                shape.left, shape.width = (
                    Emu(int(shape.left * stretch)),
                    Emu(int(shape.width * stretch)),
                )


def _name_deck(deck: Any, title: str) -> None:
    properties = deck.core_properties
    properties.title = cut_text(plain_line(title), 250)
    properties.author = properties.last_modified_by = "cjm_research"
    properties.revision = 1
    properties.created = properties.modified = datetime(1980, 1, 1)


def _draw_head(slide: Any, title: str, objective: str) -> None:
    box = _Box(_MARGIN, 0.3, WIDTH - 2 * _MARGIN, 0.62)
    _prepare(slide.shapes.title, box, MSO_ANCHOR.MIDDLE)
    line = slide.shapes.title.text_frame.paragraphs[0]
    _fill(line, box, title, size=24, bold=True, colour="ink")
    if objective:
        below = _Box(_MARGIN, 0.92, WIDTH - 2 * _MARGIN, 0.43)
        _write(slide, below, objective, size=12, colour="muted", name="Objective")


def _draw_findings(slide: Any, findings: Sequence[str]) -> float:
    """Write the headlines, and return where the map begins."""
    shown = [finding for finding in findings if finding.strip()][:MOST_FINDINGS]
    for place, finding in enumerate(shown):
        box = _Box(_MARGIN, _TOP + place * _FINDING, WIDTH - 2 * _MARGIN, _FINDING)
        _write(slide, box, finding, size=13, bold=True, name=f"Finding {place + 1}")
    return _TOP + len(shown) * _FINDING + (0.1 if shown else 0.0)


def _draw_map(slide: Any, cards: Sequence[StageCard], box: _Box) -> None:
    share = box.height / sum(_LANES.values())
    heights = [height * share for height in _LANES.values()]
    lanes = dict(zip(_LANES, box.rows(*heights[:-1]), strict=True))
    column = min((box.width - _LANE_NAMES) / len(cards), _WIDEST)
    size = min(max(column * 72 / 11, _SMALLEST), _LARGEST)

    def at(lane: str, place: int) -> _Box:
        row = lanes[lane]
        left = box.left + _LANE_NAMES + place * column
        return _Box(left, row.top, column, row.height).inside()

    for lane in list(_LANES)[1:]:
        _draw_rule(slide, box, lanes[lane].top)
    _draw_lane_names(slide, lanes, box.left)
    for place, card in enumerate(cards):
        _write(slide, at("head", place), card.name, size=size + 1, bold=True,
               name=f"Stage {place + 1}", anchor=MSO_ANCHOR.MIDDLE)  # fmt: skip
        _draw_behaviour(slide, card, at("did", place), size)
        felt = at("felt", place).rows(at("felt", place).height - 2.5 * size / 72)[1]
        words = card.felt or ("nothing said" if card.asked else "not asked")
        _write(slide, felt, words, size=size - 1, colour="muted", name=f"Feeling, {card.name}",
               description="Mean valence over people, from -1 to +1.")  # fmt: skip
        _draw_pain(slide, card, at("hurt", place), size)
        _write(slide, at("verdict", place), card.verdict or "no verdict", size=size,
               bold=bool(card.verdict), colour="ink" if card.verdict else "muted",
               name=f"Verdict, {card.name}", anchor=MSO_ANCHOR.MIDDLE)  # fmt: skip
    dots = [at("felt", place) for place in range(len(cards))]
    _draw_feelings(slide, cards, dots, 2.5 * size / 72)


def _draw_lane_names(slide: Any, lanes: dict[str, _Box], left: float) -> None:
    names = {
        "did": ("What people do", "share of those who came, and its interval"),
        "felt": ("How it feels", "mean over people, −1 bad to +1 good"),
        "hurt": ("What hurts most", "people who tell it, of those heard"),
        "verdict": ("Words and numbers", ""),
    }
    for lane, (name, hint) in names.items():
        box = _Box(left, lanes[lane].top, _LANE_NAMES, lanes[lane].height).inside()
        head, rest = box.rows(0.36 if lane != "verdict" else box.height)
        _write(slide, head, name, size=10, bold=True, colour="muted", name=f"Lane, {name}",
               anchor=MSO_ANCHOR.MIDDLE if lane == "verdict" else MSO_ANCHOR.TOP)  # fmt: skip
        if hint:
            _write(slide, rest, hint, size=8, colour="muted", name=f"How to read, {name}")


def _draw_behaviour(slide: Any, card: StageCard, box: _Box, size: float) -> None:
    if card.rate is None:
        note = card.note or "no data"
        _write(slide, box, note, size=size - 1, colour="muted", name=f"Behaviour, {card.name}")
        return
    figure, words, bar = box.rows((size + 8) * 1.35 / 72, max(box.height - 0.65, 0.2))
    bar = _Box(bar.left, box.top + box.height - 0.17, bar.width, 0.1)
    words = _Box(words.left, words.top, words.width, bar.top - words.top - 0.03)
    _write(slide, figure, percent(card.rate), size=size + 8, bold=True, name=f"Rate, {card.name}")
    span = interval(card.low, card.high)
    lost = "; ".join(part for part in (card.leaving, card.lost) if part)
    _write(slide, words, lost, size=size - 1, colour="muted", name=f"Behaviour, {card.name}",
           beneath=f"interval {span}" if span else "")  # fmt: skip
    group = slide.shapes.add_group_shape()
    _label(group, f"Bar, {card.name}", f"{card.name}: {card.did}.")
    _bar(group, bar, 0.0, 1.0, "track")
    _bar(group, bar, 0.0, card.rate, "ink")
    if card.low is not None and card.high is not None:
        thin = _Box(bar.left, bar.top + bar.height / 3, bar.width, bar.height / 3)
        _bar(group, thin, card.low, card.high, "uncertain")


def _draw_pain(slide: Any, card: StageCard, box: _Box, size: float) -> None:
    if not card.pain:
        _write(
            slide, box, card.hurt, size=size - 1, colour="muted", name=f"Pain point, {card.name}"
        )
        return
    _write(slide, box, card.pain, size=size, name=f"Pain point, {card.name}",
           beneath=card.pain_count)  # fmt: skip


def _draw_feelings(
    slide: Any, cards: Sequence[StageCard], boxes: Sequence[_Box], words: float
) -> None:
    """Draw a dot for each mean, joined from stage to stage, around the line of zero."""
    high = boxes[0].height - words - 0.2
    middle = boxes[0].top + 0.1 + high / 2
    group = slide.shapes.add_group_shape()
    known = [(card, box) for card, box in zip(cards, boxes, strict=True) if card.mean is not None]
    said = "; ".join(f"{card.name} {card.felt}" for card, _ in known) or "nothing was said"
    _label(group, "How it feels", f"Mean valence by stage, from -1 to +1: {said}.")
    end = boxes[-1].left + boxes[-1].width
    _line(group, (boxes[0].left, middle), (end, middle), "hairline", 0.75)
    places = [
        None
        if card.mean is None
        else (box.left + box.width / 2, middle - min(max(card.mean, -1.0), 1.0) * high / 2)
        for card, box in zip(cards, boxes, strict=True)
    ]
    for first, second in itertools.pairwise(places):
        if first and second:
            _line(group, first, second, "muted", 1.25)
    for place in places:
        if place:
            x, y = place
            dot = group.shapes.add_shape(
                MSO_SHAPE.OVAL, Inches(x - 0.08), Inches(y - 0.08), Inches(0.16), Inches(0.16)
            )
            _paint(dot, "ink")


def _draw_foot(slide: Any, sources: Sequence[str], period: str, version: str) -> None:
    parts = [
        f"Sources: {'; '.join(sources)}" if sources else "",
        f"Data: {period}" if period else "",
    ]
    said = ". ".join(part for part in parts if part)
    box = _Box(_MARGIN, 6.86, WIDTH - 2 * _MARGIN - 2.2, 0.42)
    _write(slide, box, said or "Sources are not known.", size=9, colour="muted", name="Sources")
    if version:
        right = _Box(WIDTH - _MARGIN - 2.1, 6.86, 2.1, 0.42)
        _write(slide, right, f"Version {version}", size=9, colour="muted", name="Version",
               align=PP_ALIGN.RIGHT)  # fmt: skip


def _draw_rule(slide: Any, box: _Box, y: float) -> None:
    line = _line(slide, (box.left, y), (box.left + box.width, y), "hairline", 0.75)
    _label(line, "Rule", "")


def _write(
    slide: Any,
    box: _Box,
    words: str,
    *,
    size: float,
    name: str,
    beneath: str = "",
    bold: bool = False,
    colour: str = "ink",
    description: str = "",
    align: PP_ALIGN = PP_ALIGN.LEFT,
    anchor: MSO_ANCHOR = MSO_ANCHOR.TOP,
) -> None:
    """Write words into a new box, and a quieter paragraph beneath them."""
    shape = slide.shapes.add_textbox(0, 0, 0, 0)
    _label(shape, name, description)
    _prepare(shape, box, anchor)
    taken = _height(beneath, box.width, size - 1) if beneath else 0.0
    above = _Box(box.left, box.top, box.width, max(box.height - taken, 0.1))
    _fill(shape.text_frame.paragraphs[0], above, words, size=size, bold=bold, colour=colour,
          align=align)  # fmt: skip
    if beneath:
        rest = _Box(box.left, box.top, box.width, taken)
        _fill(shape.text_frame.add_paragraph(), rest, beneath, size=size - 1, colour="muted",
              align=align)  # fmt: skip


def _prepare(shape: Any, box: _Box, anchor: MSO_ANCHOR) -> None:
    _place(shape, box)
    frame = shape.text_frame
    frame.word_wrap, frame.auto_size, frame.vertical_anchor = True, MSO_AUTO_SIZE.NONE, anchor
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0


def _fill(
    paragraph: Any,
    box: _Box,
    words: str,
    *,
    size: float,
    colour: str,
    bold: bool = False,
    align: PP_ALIGN = PP_ALIGN.LEFT,
) -> None:
    """Put as many words into a paragraph as its box holds."""
    size = max(size, _SMALLEST)
    # Bold letters are wider.
    room = box.width / (1.06 if bold else 1.0)
    run = paragraph.add_run()
    run.text = fit_text(words, width=room, height=box.height, size=size)
    run.font.size, run.font.bold = Pt(round(size * 2) / 2), bold
    run.font.color.rgb = _ink(colour)
    paragraph.alignment = align
    if runs_right_to_left(run.text):
        paragraph.alignment = PP_ALIGN.RIGHT
        paragraph._p.get_or_add_pPr().set("rtl", "1")


def _height(words: str, width: float, size: float) -> float:
    """Return the inches that a short text needs: two lines at most."""
    size = max(size, _SMALLEST)
    one_line = fit_text(words, width=width, height=size * LINE / 72, size=size)
    return (1 if one_line == plain_line(words) else 2) * size * LINE / 72 + 0.01


def _bar(group: Any, box: _Box, start: float, end: float, colour: str) -> None:
    start, end = (min(max(share, 0.0), 1.0) for share in (start, end))
    # A group measures a shape when it is added, and not when it is moved.
    shape = group.shapes.add_shape(
        MSO_SHAPE.RECTANGLE,
        Inches(box.left + start * box.width),
        Inches(box.top),
        Inches((end - start) * box.width),
        Inches(box.height),
    )
    _paint(shape, colour)


def _line(
    canvas: Any, start: tuple[float, float], end: tuple[float, float], colour: str, width: float
) -> Any:
    line = canvas.shapes.add_connector(
        MSO_CONNECTOR.STRAIGHT, *(Inches(value) for value in (*start, *end))
    )
    line.line.color.rgb = _ink(colour)
    line.line.width = Pt(width)
    _without_style(line)
    return line


def _paint(shape: Any, colour: str) -> None:
    shape.fill.solid()
    shape.fill.fore_color.rgb = _ink(colour)
    shape.line.fill.background()
    _without_style(shape)


def _ink(colour: str) -> RGBColor:
    return RGBColor(*bytes.fromhex(COLOURS[colour]))


def _without_style(shape: Any) -> None:
    """Take the theme's shadow and outline away: nothing but what is said here."""
    for style in shape._element.findall(qn("p:style")):
        shape._element.remove(style)


def _place(shape: Any, box: _Box) -> None:
    shape.left, shape.top = Inches(box.left), Inches(box.top)
    shape.width, shape.height = Inches(box.width), Inches(box.height)


def _label(shape: Any, name: str, description: str) -> None:
    """Name a shape for those who edit the slide, and describe it for those who do not see it."""
    shape.name = cut_text(plain_line(name), 120)
    shape._element._nvXxPr.cNvPr.set("descr", cut_text(plain_line(description), 1_000))
