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
from molxai.rendering.digit import draw_digit, draw_relevance
from molxai.rendering.figure import MARGIN, axes_at, draw_as, draw_to, merge
from molxai.rendering.frame import Frame, Line, Page, new_frame, page_of
from molxai.rendering.frame import Words as FrameWords
from molxai.rendering.lettering import wrap
from molxai.rendering.look import PLAIN, POINTS_PER_INCH, RESOLUTION, USUAL_WIDTH, Look, Part
from molxai.rendering.molecule import draw_layout
from molxai.rendering.part_numbers import lay_out_parts
from molxai.rendering.relevance_map import RelevanceMap, Words
from molxai.rendering.sentence import draw_sentence, height_of, placed_words
from molxai.rendering.wording import printable

NARROWEST = 200
"""Width in pixels of a drawing at least: a smaller molecule stands in the middle of it."""

LOWEST = 210
"""Height of a molecule's drawing at least."""

LOWEST_BAR = 150
"""Height beside a text or a digit, for the colour bar."""

HIGHEST = 440
"""Height of a molecule's drawing at most."""

NARROWEST_PANEL = 135
"""Side of a panel of a digit in pixels at least if it stands beside another, for its title."""

TITLE_OF_PANEL = 14
"""Pixels between two rows of panels, for the titles of the lower one."""

LONE_DIGIT = 300
"""Side of a digit in pixels at most."""

AIR = 10
"""Pixels left free around a molecule."""

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
    page = page_of(relevance_map, look, kind)
    room = (page.room - 2 * AIR, HIGHEST - 2 * AIR)
    mol = relevance_map.subject.mol
    layout, legend = lay_out_parts(mol, look, picture.parts, room, page.zoom)
    scale = layout.fit(room)
    height = max(LOWEST if page.bar else 0, layout.height(scale) + 2 * AIR)
    width = min(page.room, max(NARROWEST, layout.width(scale) + 2 * AIR))
    size = (width, height)
    frame = _framed(picture, look, kind, page, size, legend)
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
    page = page_of(relevance_map, look, kind)
    panels = 3 if relevance_map.offsets is None else 4
    columns = max(1, min(panels, page.room // NARROWEST_PANEL))
    if columns < panels:
        columns = min(columns, 2)
    side = min(page.room // columns, LONE_DIGIT)
    if look.panel == "relevance":
        panels = 1
        columns = 1
        side = min(page.room, LONE_DIGIT)
    rows = -(-panels // columns)  # rounded up
    step = side + (TITLE_OF_PANEL if rows > 1 else 0)
    height = max(rows * step, LOWEST_BAR)
    frame = _framed(picture, look, kind, page, (columns * side, height))
    top = frame.legend + (height + rows * step) / 2
    axes = []
    for position in range(panels):
        row, column = divmod(position, columns)
        left = frame.left + column * side + 6
        below = top - (row + 1) * step
        axes.append(axes_at(frame.figure, left, below, side - 12, side - 20))
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
    page = page_of(relevance_map, look, kind)
    room = page.room - 2 * MARGIN
    places = placed_words(words, room)
    height = height_of(places)
    frame = _framed(picture, look, kind, page, (page.room, max(height, LOWEST_BAR)))
    top = frame.legend + max(height, LOWEST_BAR) - height
    ramp = relevance_map.ramp(look)
    draw_sentence(frame.figure, (MARGIN, top), room, places, relevance_map.values, ramp)
    return merge(frame.figure, [], (0, 0), kind)


def _framed(
    picture: Picture, look: Look, kind: Kind, page: Page, size: tuple[int, int], legend: str = ""
) -> Frame:
    """The frame of a drawing of that width and height, with the picture's words.

    The legend says what numbers in the drawing stand for, whatever else is written.
    """
    above, below = _lines(picture, look, page.width)
    below = [*_wrapped(legend, 9, page.width), *below]
    words = FrameWords(above, below, picture.about)
    return new_frame(picture.relevance_map, look, kind, page, size, words)


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
