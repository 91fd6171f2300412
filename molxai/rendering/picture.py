"""The picture of one relevance map: the drawing, a colour bar with numbers, words around both."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.rendering import Kind
from molxai.rendering.bar import draw_bar, unit_lines
from molxai.rendering.digit import draw_digit
from molxai.rendering.figure import (
    BAR_WIDTH,
    MARGIN,
    POINTS_PER_INCH,
    axes_at,
    blank,
    draw_as,
    draw_to,
    merge,
    write,
)
from molxai.rendering.lettering import cut_to_fit, printable
from molxai.rendering.look import PLAIN, RESOLUTION, Look, Part
from molxai.rendering.molecule import draw_layout, lay_out
from molxai.rendering.relevance_map import RelevanceMap
from molxai.rendering.sentence import Words, draw_sentence, height_of, placed_words

WIDTH = 760
"""Width of a picture in pixels."""

BAR_COLUMN = 116
"""Width of the colour bar's column in it."""

DRAWING_WIDTH = WIDTH - BAR_COLUMN
"""Width of the drawing beside it."""

LOWEST = 250
"""Height of a molecule's drawing at least."""

LOWEST_BAR = 150
"""Height beside a text of few lines, for the colour bar."""

HIGHEST = 440
"""Height of a molecule's drawing at most."""

AIR = 10
"""Pixels left free around a molecule."""

TITLE_LINE = 22
"""Height of a line above the drawing."""

LEGEND_LINE = 20
"""Height of a line below the drawing."""

ABOVE = 16
"""Pixels left free around the lines above."""

BELOW = 26
"""Pixels left free around the lines below."""

FIRST_LEGEND_LINE = 22
"""From the drawing down to the first line below it."""

UNIT_LINE = 14
"""Height of a line of the unit over the bar."""

ABOVE_BAR = 34
"""Pixels above the bar besides those of the unit."""

BELOW_BAR = 0.08
"""Share of the drawing's height that is left free below the bar."""

CAPTION_LETTERS = 104
"""Letters in a line of one's own caption."""

CAPTION_LINES = 6
"""Lines of one's own caption at most."""

PREDICTION_LETTERS = 104
"""Letters in a line that says what is explained."""

READING_LETTERS = 110
"""Letters in a line that says how to read the picture."""


@dataclass(frozen=True)
class Caption:
    """The words around a drawing."""

    title: str
    prediction: str
    """What is explained, below the title."""
    total: str
    """What the relevances sum to, below the drawing."""
    reading: tuple[str, ...] = ()
    """How to read colours, hatching and parts, each in as many lines as it needs."""
    note: str = ""
    """What was changed when the input was read."""


@dataclass(frozen=True, eq=False)
class Picture:
    """What a picture shows."""

    relevance_map: RelevanceMap
    caption: Caption
    parts: tuple[Part, ...] = ()
    """Parts of a molecule that are outlined, with their words."""


@dataclass(frozen=True)
class Line:
    """A line of words."""

    text: str
    size: float
    """Size of the font, in points."""
    weight: str = "normal"


def draw_picture(
    picture: Picture, path: str | Path | None = None, look: Look = PLAIN
) -> str | bytes:
    """The picture as SVG text, or as PNG bytes if `path` ends in .png; written to `path`.

    Raises:
        ValueError: the file name ends otherwise, or a relevance is not finite.
    """
    return draw_to(path, _drawing(picture, look))


def picture_as(picture: Picture, kind: Kind, look: Look = PLAIN) -> str | bytes:
    """The picture as SVG text or PNG bytes.

    Raises:
        ValueError: a relevance is not finite.
    """
    return draw_as(kind, _drawing(picture, look))


def _drawing(picture: Picture, look: Look) -> Callable[[Kind], str | bytes]:
    subject = picture.relevance_map.subject
    if isinstance(subject, Words):
        return partial(_draw_sentence, picture, look)
    return partial(_draw_molecule if isinstance(subject, Molecule) else _draw_digit, picture, look)


def _draw_molecule(picture: Picture, look: Look, kind: Kind) -> str | bytes:
    relevance_map = picture.relevance_map
    assert isinstance(relevance_map.subject, Molecule)
    layout = lay_out(relevance_map.subject.mol, look, picture.parts)
    scale = layout.fit((DRAWING_WIDTH - 2 * AIR, HIGHEST - 2 * AIR))
    height = max(LOWEST, layout.height(scale) + 2 * AIR)
    size = (DRAWING_WIDTH, height)
    frame = _new_frame(picture, look, kind, height)
    drawing = draw_layout(
        layout,
        relevance_map.values,
        relevance_map.limit(look),
        size,
        kind,
        look,
        relevance_map.uncertain,
        scale,
        relevance_map.bonds,
        relevance_map.ramp(look).low,
    )
    return merge(frame.figure, [(drawing, (0, frame.header))], size, kind)


def _draw_digit(picture: Picture, look: Look, kind: Kind) -> str | bytes:
    relevance_map = picture.relevance_map
    assert isinstance(relevance_map.subject, Digit)
    panels = 3 if relevance_map.offsets is None else 4
    side = DRAWING_WIDTH // panels
    frame = _new_frame(picture, look, kind, side)
    axes = [
        axes_at(frame.figure, column * side + 6, frame.legend, side - 12, side - 20)
        for column in range(panels)
    ]
    draw_digit(
        axes,
        relevance_map.subject,
        relevance_map.relevance,
        relevance_map.ramp(look),
        np.array(relevance_map.uncertain),
        relevance_map.offsets,
    )
    return merge(frame.figure, [], (0, 0), kind)


def _draw_sentence(picture: Picture, look: Look, kind: Kind) -> str | bytes:
    relevance_map = picture.relevance_map
    words = relevance_map.subject
    assert isinstance(words, Words)
    room = DRAWING_WIDTH - 2 * MARGIN
    places = placed_words(words, room)
    height = height_of(places)
    frame = _new_frame(picture, look, kind, max(height, LOWEST_BAR))
    top = frame.legend + max(height, LOWEST_BAR) - height
    ramp = relevance_map.ramp(look)
    draw_sentence(frame.figure, (MARGIN, top), room, places, relevance_map.values, ramp)
    return merge(frame.figure, [], (0, 0), kind)


@dataclass(frozen=True)
class _Frame:
    """A figure with the words above and below a drawing, and the bar beside it."""

    figure: Figure
    header: int
    """Height of the words above."""
    legend: int
    """Height of the words below."""


def _new_frame(picture: Picture, look: Look, kind: Kind, drawing_height: int) -> _Frame:
    """The frame of a drawing that is so high."""
    above, below = _lines(picture, look)
    header = ABOVE + TITLE_LINE * len(above) if above else MARGIN
    legend = BELOW + LEGEND_LINE * len(below) if below else MARGIN
    height = header + drawing_height + legend
    figure = blank((WIDTH, height), look, kind)
    y = height
    for line in above:
        y -= TITLE_LINE
        _write_line(figure, y, line)
    y = legend - FIRST_LEGEND_LINE
    for line in below:
        _write_line(figure, y, line)
        y -= LEGEND_LINE
    _draw_bar_beside(figure, picture.relevance_map, look, legend, drawing_height)
    return _Frame(figure, header, legend)


def _write_line(figure: Figure, y: float, line: Line) -> None:
    """Write the line as far as there is room."""
    size = line.size * RESOLUTION / POINTS_PER_INCH
    room = (WIDTH - 2 * MARGIN) / size
    text = cut_to_fit(printable(line.text), room, line.weight == "bold")
    write(figure, MARGIN, y, text, fontsize=line.size, fontweight=line.weight)


def _draw_bar_beside(
    figure: Figure, relevance_map: RelevanceMap, look: Look, legend: int, drawing_height: int
) -> None:
    below = BELOW_BAR * drawing_height
    above = ABOVE_BAR + UNIT_LINE * len(unit_lines(relevance_map.unit))
    length = drawing_height - below - above
    axes = axes_at(figure, DRAWING_WIDTH + 12, legend + below, BAR_WIDTH, length)
    draw_bar(
        axes,
        relevance_map.ramp(look),
        relevance_map.values,
        relevance_map.unit,
    )


def _lines(picture: Picture, look: Look) -> tuple[Sequence[Line], Sequence[Line]]:
    """Lines above and below the drawing; one's own caption takes the place of all."""
    if look.caption is not None:
        return [], _own_lines(look.caption)
    caption = picture.caption
    above = [Line(caption.title, 12, "bold")]
    prediction = textwrap.wrap(caption.prediction, PREDICTION_LETTERS, break_on_hyphens=False)
    above += [Line(line, 10) for line in prediction]
    below = [Line(caption.total, 10)]
    for text in caption.reading:
        below += [Line(line, 9) for line in textwrap.wrap(text, READING_LETTERS)]
    if caption.note:
        below.append(Line(caption.note, 8))
    return above, below


def _own_lines(caption: str) -> list[Line]:
    lines = textwrap.wrap(
        printable(caption), CAPTION_LETTERS, max_lines=CAPTION_LINES, placeholder=" …"
    )
    return [Line(line, 10) for line in lines]
