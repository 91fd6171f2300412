"""Methods side by side: each one's picture, and a figure of all with their rank correlations."""

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.rendering import Kind
from molxai.rendering.about import NOTHING, About
from molxai.rendering.correlations import draw_matrix, matrix_height, matrix_width
from molxai.rendering.digit import draw_relevance
from molxai.rendering.figure import (
    MARGIN,
    PlacedDrawing,
    Sheet,
    axes_at,
    blank,
    file_content,
    merge,
    write,
)
from molxai.rendering.lettering import wrap
from molxai.rendering.look import POINTS_PER_INCH, RESOLUTION, Look
from molxai.rendering.molecule import draw_layout, lay_out
from molxai.rendering.relevance_map import RelevanceMap, Words, structure_limit
from molxai.rendering.sentence import draw_sentence, height_of, placed_words
from molxai.rendering.wording import printable

PANEL = (420, 300)
"""Width and height of one method's picture, in pixels."""

DIGIT_SIDE = 300
"""Pixels of a digit's side on a page."""

FRAME = 1
"""Pixels around it for its frame."""

COLUMNS = 4
"""Pictures in a row of a figure at most."""

COMFORTABLE = 150
"""Width of a picture in pixels at least if there are several in a row."""

CELL_WIDTH = 260
"""Width of a picture in a figure in pixels, unless the figure is to have another width."""

HIGHEST = 190
"""Height of a picture in a figure in pixels at most."""

AIR = 10
"""Pixels left free around a picture, and between its lines and the next."""

LINE = 17
"""Height in pixels of a line of words."""

FONT_SIZE = 9
"""Points of words."""

TITLE_SIZE = 11
"""Points of the title, and of the names of methods."""


@dataclass(frozen=True, eq=False)
class MethodPanel:
    """One method's picture and the words below it."""

    method: str
    relevance_map: RelevanceMap
    total: str
    """What the relevances sum to."""
    top: str
    """The nodes of the largest magnitude."""

    def colours(self, look: Look) -> str:
        """Which values the colours stand for: of nodes, and of bonds if they have any.

        The scale is each method's own, for methods differ in unit and size.
        """
        ramp = self.relevance_map.ramp(look)
        bonds = self.relevance_map.bonds
        of_bonds = f", bonds ±{structure_limit(bonds.values()):.2g}" if bonds else ""
        return f"{ramp.words}{of_bonds}"


@dataclass(frozen=True, eq=False)
class ComparisonPicture:
    """What a comparison shows."""

    title: str
    prediction: str
    panels: tuple[MethodPanel, ...]
    spearman: Sequence[Sequence[float]]
    """Rank correlation of every two methods; NaN if one is constant."""
    about: About = NOTHING
    """What the file says of the figure to those who do not see it."""

    @property
    def methods(self) -> list[str]:
        return [panel.method for panel in self.panels]


def picture_markup(relevance_map: RelevanceMap, look: Look, alternative: str) -> str:
    """The picture as markup: RDKit's drawing of a molecule, and an embedded PNG of a digit or text.

    Args:
        relevance_map: what is drawn.
        look: palette and so on.
        alternative: what is said to those who do not see it, in plain text.
    """
    told = html.escape(alternative)
    if isinstance(relevance_map.subject, Molecule):
        svg = _molecule(relevance_map, "svg", look)
        svg = re.sub(r"<\?xml.*?\?>", "", svg, flags=re.S)
        return re.sub(r"<svg\b", lambda match: f'<svg role="img" aria-label="{told}"', svg, count=1)
    if isinstance(relevance_map.subject, Digit):
        figure = blank((DIGIT_SIDE, DIGIT_SIDE), look, "png")
        side = DIGIT_SIDE - 2 * FRAME
        _draw_map(figure, (FRAME, FRAME), (side, side), relevance_map, look)
        content = file_content(figure, "png")
    else:
        content = _words(relevance_map, _finer(look))
    source = base64.b64encode(content).decode()
    return f'<img alt="{told}" src="data:image/png;base64,{source}">'


def draw_comparison(picture: ComparisonPicture, look: Look, kind: Kind) -> str | bytes:
    """The figure as a file's content: the methods' pictures over their rank correlations."""
    methods = picture.methods
    usual = max(min(COLUMNS, len(picture.panels)) * CELL_WIDTH, matrix_width(methods))
    columns = _columns(len(picture.panels), look.room(usual, kind))
    width, zoom = look.fit(usual, kind)
    room = int(width) // columns
    height = _panel_height(picture, room, look)
    words = [_words_below(panel, room, look) for panel in picture.panels]
    step = height + LINE * max(map(len, words)) + 2 * AIR
    rows = -(-len(words) // columns)  # rounded up
    head = [
        *_wrapped(picture.title, TITLE_SIZE, width - 2 * MARGIN, "bold"),
        *_wrapped(picture.prediction, FONT_SIZE, width - 2 * MARGIN),
    ]
    header = AIR + LINE * len(head) + AIR
    whole = header + rows * step + matrix_height(methods, width)
    figure = blank((width, whole), look, kind, zoom, picture.about)
    _write_lines(figure, head, MARGIN, whole - AIR)
    drawings: list[PlacedDrawing] = []
    for position, panel in enumerate(picture.panels):
        row, column = divmod(position, columns)
        top = header + row * step
        left = column * room
        if isinstance(panel.relevance_map.subject, Molecule):
            size = (room, height)
            factor = look.factor(kind, zoom)
            drawings.append((_molecule(panel.relevance_map, kind, look, size, factor), (left, top)))
        else:
            place = (left + AIR, whole - top - height)
            _draw_map(figure, place, (room - 2 * AIR, height), panel.relevance_map, look)
        _write_lines(figure, words[position], left + AIR, whole - top - height)
    draw_matrix(figure, methods, picture.spearman, look)
    return merge(figure, drawings, (room, height), kind)


Line = tuple[str, float, str]
"""Words, the size of their font in points, and its weight."""


def _columns(panels: int, room: float) -> int:
    """How many pictures stand in a row.

    Example:
        >>> [_columns(8, width) for width in (1040, 500, 320, 200)]
        [4, 3, 2, 1]
    """
    return max(1, min(COLUMNS, panels, int(room // COMFORTABLE)))


def _wrapped(
    text: str | Sequence[str], size: float, width: float, weight: str = "normal"
) -> list[Line]:
    """The words in as many lines as they need; those given apart are not broken."""
    room = width / (size * RESOLUTION / POINTS_PER_INCH)
    words = printable(text) if isinstance(text, str) else [printable(word) for word in text]
    return [(line, size, weight) for line in wrap(words, room, weight == "bold")]


def _write_lines(figure: Sheet, lines: Sequence[Line], left: float, y: float) -> None:
    """Write the lines from a height downwards."""
    for text, size, weight in lines:
        y -= LINE
        write(figure, left, y, text, fontsize=size, fontweight=weight)


def _words_below(panel: MethodPanel, room: int, look: Look) -> list[Line]:
    """The method, its scale, what its relevances sum to, and its most relevant nodes."""
    lines = _wrapped(panel.method, TITLE_SIZE, room - 2 * AIR, "bold")
    for text in (panel.colours(look), panel.total):
        lines += _wrapped(text, FONT_SIZE, room - 2 * AIR)
    *before, last = panel.top.split(", ")
    nodes = ["largest:", *(f"{node}," for node in before), last]
    return lines + _wrapped(nodes, FONT_SIZE, room - 2 * AIR)


def _panel_height(picture: ComparisonPicture, room: int, look: Look) -> int:
    """Height of each picture in pixels."""
    subject = picture.panels[0].relevance_map.subject
    if isinstance(subject, Digit):
        return room - 2 * AIR
    if isinstance(subject, Words):
        return height_of(placed_words(subject, room - 2 * AIR))
    layout = lay_out(subject.mol, look)
    size = (room - 2 * AIR, HIGHEST)
    return layout.height(layout.fit(size)) + 2 * AIR


def _draw_map(
    figure: Sheet,
    corner: tuple[float, float],
    size: tuple[float, float],
    relevance_map: RelevanceMap,
    look: Look,
) -> None:
    """Draw the digit or text of a method with its lower left corner there."""
    ramp = relevance_map.ramp(look)
    width, height = size
    if isinstance(relevance_map.subject, Words):
        places = placed_words(relevance_map.subject, width)
        draw_sentence(figure, corner, width, places, relevance_map.values, ramp)
        return
    assert isinstance(relevance_map.subject, Digit)
    axes = axes_at(figure, *corner, width, height)
    uncertain = np.array(relevance_map.uncertain)
    draw_relevance(axes, relevance_map.subject, relevance_map.relevance, ramp, uncertain, look.ink)
    axes.set_xticks([])
    axes.set_yticks([])


def _finer(look: Look) -> Look:
    """The look with enough pixels for a picture inside a figure."""
    return replace(look, dpi=max(2 * RESOLUTION, look.dpi))


def _words(relevance_map: RelevanceMap, look: Look) -> bytes:
    """A text as PNG."""
    assert isinstance(relevance_map.subject, Words)
    places = placed_words(relevance_map.subject, PANEL[0])
    figure = blank((PANEL[0], height_of(places)), look, "png")
    ramp = relevance_map.ramp(look)
    draw_sentence(figure, (0, 0), PANEL[0], places, relevance_map.values, ramp)
    return file_content(figure, "png")


def _molecule(
    relevance_map: RelevanceMap,
    kind: Kind,
    look: Look,
    size: tuple[int, int] = PANEL,
    factor: float | None = None,
) -> Any:
    assert isinstance(relevance_map.subject, Molecule)
    layout = lay_out(relevance_map.subject.mol, look)
    width, height = size
    return draw_layout(
        layout,
        relevance_map.values,
        relevance_map.limit(look),
        size,
        kind,
        look,
        relevance_map.uncertain,
        layout.fit((width - 2 * AIR, height - 2 * AIR)),
        relevance_map.bonds,
        relevance_map.ramp(look).low,
        factor,
    )
