"""The picture of one relevance map: the drawing, a colour bar with numbers, words around both."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.rendering import Format, Kind
from molxai.rendering.about import NOTHING, About
from molxai.rendering.bar import draw_bar, tick_names, unit_lines
from molxai.rendering.digit import draw_digit, draw_relevance
from molxai.rendering.figure import (
    BAR_WIDTH,
    BEFORE_BAR,
    MARGIN,
    Sheet,
    axes_at,
    bar_column,
    blank,
    draw_as,
    draw_to,
    merge,
    write,
)
from molxai.rendering.lettering import printable, wrap
from molxai.rendering.look import PLAIN, POINTS_PER_INCH, RESOLUTION, USUAL_WIDTH, Look, Part
from molxai.rendering.molecule import draw_layout, lay_out
from molxai.rendering.relevance_map import RelevanceMap
from molxai.rendering.sentence import Words, draw_sentence, height_of, placed_words

NARROWEST = 200
"""Width in pixels of a drawing at least: a smaller molecule stands in the middle of it."""

LOWEST = 210
"""Height of a molecule's drawing at least."""

LOWEST_BAR = 150
"""Height beside a text or a digit, for the colour bar."""

HIGHEST = 440
"""Height of a molecule's drawing at most."""

LONE_DIGIT = 300
"""Side of a digit's relevance in pixels at most, if it is shown alone."""

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

CAPTION_LINES = 6
"""Lines of one's own caption at most, in a picture of the usual width."""


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
    about: About = NOTHING
    """What the file says of the picture to those who do not see it."""


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
    """The picture in the format of the file's ending, or as SVG text; written to `path`.

    Raises:
        ValueError: the file name has another ending, a relevance is not finite, or the picture
            cannot be as wide as the look asks for.
    """
    return draw_to(path, _drawing(picture, look))


def picture_as(picture: Picture, file_format: Format, look: Look = PLAIN) -> str | bytes:
    """The picture as SVG text, or as the bytes of a file.

    Raises:
        ValueError: a relevance is not finite.
    """
    return draw_as(file_format, _drawing(picture, look))


def _drawing(picture: Picture, look: Look) -> Callable[[Kind], str | bytes]:
    subject = picture.relevance_map.subject
    if isinstance(subject, Words):
        return partial(_draw_sentence, picture, look)
    return partial(_draw_molecule if isinstance(subject, Molecule) else _draw_digit, picture, look)


def _draw_molecule(picture: Picture, look: Look, kind: Kind) -> str | bytes:
    relevance_map = picture.relevance_map
    assert isinstance(relevance_map.subject, Molecule)
    page = _page(picture, look, kind)
    layout = lay_out(relevance_map.subject.mol, look, picture.parts)
    scale = layout.fit((page.room - 2 * AIR, HIGHEST - 2 * AIR))
    height = max(LOWEST, layout.height(scale) + 2 * AIR)
    width = min(page.room, max(NARROWEST, layout.width(scale) + 2 * AIR))
    size = (width, height)
    frame = _new_frame(picture, look, kind, page, size)
    factor = look.factor(kind, page.zoom)
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
        factor,
    )
    return merge(frame.figure, [(drawing, (frame.left, frame.header))], size, kind)


def _draw_digit(picture: Picture, look: Look, kind: Kind) -> str | bytes:
    relevance_map = picture.relevance_map
    assert isinstance(relevance_map.subject, Digit)
    page = _page(picture, look, kind)
    panels = 3 if relevance_map.offsets is None else 4
    side = page.room // panels
    if look.panel == "relevance":
        panels = 1
        side = min(page.room, LONE_DIGIT)
    height = max(side, LOWEST_BAR)
    frame = _new_frame(picture, look, kind, page, (panels * side, height))
    below = frame.legend + (height - side) / 2
    axes = [
        axes_at(frame.figure, frame.left + column * side + 6, below, side - 12, side - 20)
        for column in range(panels)
    ]
    ramp = relevance_map.ramp(look)
    uncertain = np.array(relevance_map.uncertain)
    digit = relevance_map.subject
    if panels == 1:
        draw_relevance(axes[0], digit, relevance_map.relevance, ramp, uncertain, look.ink)
        axes[0].set(xticks=[], yticks=[])
    else:
        draw_digit(axes, digit, relevance_map.relevance, ramp, uncertain, relevance_map.offsets)
    return merge(frame.figure, [], (0, 0), kind)


def _draw_sentence(picture: Picture, look: Look, kind: Kind) -> str | bytes:
    relevance_map = picture.relevance_map
    words = relevance_map.subject
    assert isinstance(words, Words)
    page = _page(picture, look, kind)
    room = page.room - 2 * MARGIN
    places = placed_words(words, room)
    height = height_of(places)
    frame = _new_frame(picture, look, kind, page, (page.room, max(height, LOWEST_BAR)))
    top = frame.legend + max(height, LOWEST_BAR) - height
    ramp = relevance_map.ramp(look)
    draw_sentence(frame.figure, (MARGIN, top), room, places, relevance_map.values, ramp)
    return merge(frame.figure, [], (0, 0), kind)


@dataclass(frozen=True)
class _Page:
    """How wide the picture is, in the pixels of its layout."""

    width: float
    zoom: float
    """By how much it is enlarged at last."""
    bar: int
    """Width of the bar's column."""

    @property
    def room(self) -> int:
        """For the drawing, beside the bar."""
        return int(self.width) - self.bar


def _page(picture: Picture, look: Look, kind: Kind) -> _Page:
    width, zoom = look.fit(USUAL_WIDTH, kind)
    return _Page(width, zoom, _bar_column(picture.relevance_map, look))


def _bar_column(relevance_map: RelevanceMap, look: Look) -> int:
    """Width of the column of the bar with its numbers."""
    names = tick_names(relevance_map.ramp(look), relevance_map.values)
    return bar_column(relevance_map.unit, names)


@dataclass(frozen=True)
class _Frame:
    """A figure with the words above and below a drawing, and the bar beside it."""

    figure: Sheet
    header: int
    """Height of the words above."""
    legend: int
    """Height of the words below."""
    left: int
    """Where the drawing begins: with its bar it stands in the middle."""


def _new_frame(
    picture: Picture, look: Look, kind: Kind, page: _Page, size: tuple[int, int]
) -> _Frame:
    """The frame of a drawing of that width and height."""
    drawing_width, drawing_height = size
    above, below = _lines(picture, look, page.width)
    header = ABOVE + TITLE_LINE * len(above) if above else MARGIN
    legend = BELOW + LEGEND_LINE * len(below) if below else MARGIN
    height = header + drawing_height + legend
    figure = blank((page.width, height), look, kind, page.zoom, picture.about)
    y = height
    for line in above:
        y -= TITLE_LINE
        write(figure, MARGIN, y, line.text, fontsize=line.size, fontweight=line.weight)
    y = legend - FIRST_LEGEND_LINE
    for line in below:
        write(figure, MARGIN, y, line.text, fontsize=line.size, fontweight=line.weight)
        y -= LEGEND_LINE
    left = (page.room - drawing_width) // 2
    place = (left + drawing_width, legend)
    _draw_bar_beside(figure, picture.relevance_map, look, place, drawing_height)
    return _Frame(figure, header, legend, left)


def _draw_bar_beside(
    figure: Sheet,
    relevance_map: RelevanceMap,
    look: Look,
    place: tuple[int, int],
    drawing_height: int,
) -> None:
    """Draw the bar at the right of the drawing, whose lower right corner is the place."""
    left, legend = place
    below = BELOW_BAR * drawing_height
    above = ABOVE_BAR + UNIT_LINE * len(unit_lines(relevance_map.unit))
    length = drawing_height - below - above
    axes = axes_at(figure, left + BEFORE_BAR, legend + below, BAR_WIDTH, length)
    draw_bar(
        axes,
        relevance_map.ramp(look),
        relevance_map.values,
        relevance_map.unit,
    )


def _lines(picture: Picture, look: Look, width: float) -> tuple[Sequence[Line], Sequence[Line]]:
    """Lines above and below the drawing; one's own caption takes the place of all."""
    own = look.own_caption
    if own is not None:
        most = math.ceil(CAPTION_LINES * USUAL_WIDTH / width)
        return [], _wrapped(own, 10, width, most)
    caption = picture.caption
    above = _wrapped(caption.title, 12, width, 1, "bold")
    above += _wrapped(caption.prediction, 10, width)
    below = _wrapped(caption.total, 10, width)
    for text in (*caption.reading, caption.note):
        below += _wrapped(text, 9, width)
    return above, below


def _wrapped(
    text: str, size: float, width: float, most: int | None = None, weight: str = "normal"
) -> list[Line]:
    """The words in as many lines as they need in a picture of that width."""
    room = (width - 2 * MARGIN) / (size * RESOLUTION / POINTS_PER_INCH)
    lines = wrap(printable(text), room, weight == "bold", most)
    return [Line(line, size, weight) for line in lines]
