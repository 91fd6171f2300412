"""Methods side by side: each one's picture, and a figure of all with their rank correlations."""

import base64
import html
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.rendering import Kind
from molxai.rendering.about import NOTHING, About
from molxai.rendering.bar import colour_map
from molxai.rendering.colour import Palette
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
from molxai.rendering.lettering import printable, true_minus, wrap
from molxai.rendering.lettering import width as letters_width
from molxai.rendering.look import POINTS_PER_INCH, RESOLUTION, SMALLEST_ZOOM, Look
from molxai.rendering.molecule import draw_layout, lay_out
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import RelevanceMap, structure_limit
from molxai.rendering.sentence import Words, draw_sentence, height_of, placed_words

PANEL = (420, 300)
"""Width and height of one method's picture, in pixels."""

DIGIT_SIDE = 300
"""Pixels of a digit's side on a page."""

COLUMNS = 4
"""Pictures in a row of a figure at most."""

CELL_WIDTH = 260
"""Width of a picture in a figure in pixels, unless the figure is to have another width."""

NARROWEST = 120
"""The same at least."""

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

MATRIX_CELL = 34
"""Width of a correlation in pixels."""

MATRIX_ROW = 20
"""Height of a correlation in pixels."""

BESIDE_NAMES = 14
"""Pixels left free around the names of methods beside the correlations."""

PALER = 0.7
"""A correlation of 1 has this share of the full colour, on which its number is read."""

WHITE = "#fff"
"""Behind a correlation that does not exist."""


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


def correlation_text(value: float) -> str:
    """A rank correlation in words; a dash if there is none.

    Example:
        >>> correlation_text(0.5), correlation_text(math.nan)
        ('+0.50', '–')
    """
    return "–" if math.isnan(value) else true_minus(f"{round(value, 2) + 0.0:+.2f}")


def correlation_colour(value: float, palette: Palette) -> str:
    """What is behind a rank correlation, as HTML writes it."""
    return WHITE if math.isnan(value) else palette.hexadecimal(PALER * value, 1.0)


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
        _draw_map(figure.add_axes((0, 0, 1, 1)), relevance_map, look)
        content = file_content(figure, "png")
    else:
        content = _words(relevance_map, _finer(look))
    source = base64.b64encode(content).decode()
    return f'<img alt="{told}" src="data:image/png;base64,{source}">'


def draw_comparison(picture: ComparisonPicture, look: Look, kind: Kind) -> str | bytes:
    """The figure as a file's content: the methods' pictures over their rank correlations."""
    columns = min(COLUMNS, len(picture.panels))
    least = columns * NARROWEST * SMALLEST_ZOOM / RESOLUTION
    width, zoom = look.fit(max(columns * CELL_WIDTH, _matrix_width(picture)), kind, least)
    room = int(width) // columns
    height = _panel_height(picture, room, look)
    words = [_words_below(panel, room, look) for panel in picture.panels]
    step = height + LINE * max(map(len, words)) + 2 * AIR
    rows = -(-len(words) // columns)  # rounded up
    head = [
        *_wrapped(picture.title, TITLE_SIZE, width - 2 * MARGIN, "bold"),
        *_wrapped(picture.prediction, FONT_SIZE, width - 2 * MARGIN),
    ]
    matrix_height = MATRIX_ROW * len(words) + _names_room(picture) + 2 * LINE
    header = AIR + LINE * len(head) + AIR
    whole = header + rows * step + matrix_height
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
            axes = axes_at(figure, left + AIR, whole - top - height, room - 2 * AIR, height)
            _draw_map(axes, panel.relevance_map, look)
        _write_lines(figure, words[position], left + AIR, whole - top - height)
    _draw_matrix(figure, picture, look, width)
    return merge(figure, drawings, (room, height), kind)


Line = tuple[str, float, str]
"""Words, the size of their font in points, and its weight."""


def _wrapped(text: str, size: float, width: float, weight: str = "normal") -> list[Line]:
    """The words in as many lines as they need."""
    room = width / (size * RESOLUTION / POINTS_PER_INCH)
    return [(line, size, weight) for line in wrap(printable(text), room, weight == "bold")]


def _write_lines(figure: Sheet, lines: Sequence[Line], left: float, y: float) -> None:
    """Write the lines from a height downwards."""
    for text, size, weight in lines:
        y -= LINE
        write(figure, left, y, text, fontsize=size, fontweight=weight)


def _words_below(panel: MethodPanel, room: int, look: Look) -> list[Line]:
    """The method, its scale, what its relevances sum to, and its most relevant nodes."""
    lines = _wrapped(panel.method, TITLE_SIZE, room - 2 * AIR, "bold")
    for text in (panel.colours(look), panel.total, f"largest: {panel.top}"):
        lines += _wrapped(text, FONT_SIZE, room - 2 * AIR)
    return lines


def _panel_height(picture: ComparisonPicture, room: int, look: Look) -> int:
    """Height of each picture in pixels."""
    subject = picture.panels[0].relevance_map.subject
    if isinstance(subject, Digit):
        return room - 2 * AIR
    if isinstance(subject, Words):
        return height_of(placed_words(subject, PANEL[0]))
    layout = lay_out(subject.mol, look)
    size = (room - 2 * AIR, HIGHEST)
    return layout.height(layout.fit(size)) + 2 * AIR


def _matrix_width(picture: ComparisonPicture) -> int:
    """Width of the correlations with the names of the methods."""
    return 2 * _names_room(picture) + MATRIX_CELL * len(picture.panels)


def _names_room(picture: ComparisonPicture) -> int:
    """Pixels left of and below the correlations for the names of the methods."""
    longest = max(letters_width(method) for method in picture.methods)
    return math.ceil(longest * FONT_SIZE * RESOLUTION / POINTS_PER_INCH) + BESIDE_NAMES


def _draw_map(axes: Axes, relevance_map: RelevanceMap, look: Look) -> None:
    """Draw one method's picture without words."""
    axes.set_axis_off()
    if isinstance(relevance_map.subject, Digit):
        draw_relevance(
            axes,
            relevance_map.subject,
            relevance_map.relevance,
            relevance_map.ramp(look),
            np.array(relevance_map.uncertain),
        )
        return
    png = _words(relevance_map, _finer(look))
    axes.imshow(matplotlib.image.imread(io.BytesIO(png)), interpolation="antialiased")


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


def _draw_matrix(figure: Sheet, picture: ComparisonPicture, look: Look, width: float) -> None:
    """Draw the rank correlations as a heat map with numbers, in the middle at the bottom."""
    methods = picture.methods
    count = len(methods)
    names_room = _names_room(picture)
    across = min(MATRIX_CELL * count, width - 2 * names_room)
    axes = axes_at(figure, (width - across) / 2, names_room, across, MATRIX_ROW * count)
    matrix = np.array(picture.spearman)  # (methods, methods)
    axes.imshow(matrix, cmap=colour_map(Ramp(look.colours, 1.0)), vmin=-1, vmax=1, aspect="auto")
    axes.set_xticks(range(count), methods, rotation=45, ha="right", fontsize=FONT_SIZE)
    axes.set_yticks(range(count), methods, fontsize=FONT_SIZE)
    axes.set_title("rank correlation (Spearman)", fontsize=FONT_SIZE)
    for i, row in enumerate(picture.spearman):
        for j, value in enumerate(row):
            axes.text(j, i, correlation_text(value), ha="center", va="center", fontsize=7)
