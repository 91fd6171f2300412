"""Many relevance maps in one figure: one bond length, one colour for one number, and one bar."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.rendering import Kind
from molxai.rendering.bar import draw_bar
from molxai.rendering.digit import draw_relevance
from molxai.rendering.figure import (
    BAR_WIDTH,
    MARGIN,
    POINTS_PER_INCH,
    PlacedDrawing,
    axes_at,
    blank,
    draw_to,
    merge,
    write,
)
from molxai.rendering.layout import Layout
from molxai.rendering.lettering import cut_to_fit, printable
from molxai.rendering.look import PLAIN, RESOLUTION, Look, Scale, common_limit, common_low
from molxai.rendering.molecule import draw_layout, lay_out
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import RelevanceMap
from molxai.rendering.sentence import Words, draw_sentence, height_of, placed_words

CELL_WIDTH = 280
"""Width of a drawing in pixels."""

CELL_HEIGHT = 210
"""Height of a drawing in pixels at most."""

LOWEST = 90
"""Height of a drawing in pixels at least."""

AIR = 8
"""Pixels left free around a drawing."""

TEXT_WIDTH = CELL_WIDTH - 2 * AIR
"""Width of a text in pixels."""

LINE = 16
"""Height in pixels of a line of words below a drawing."""

BETWEEN = 22
"""Pixels between rows."""

FOOT = 52
"""Height in pixels of the words below all drawings."""

FOOT_LINE = 20
"""Height in pixels of one line of those."""

BAR_COLUMN = 112
"""Width in pixels of the colour bar's column."""

SHORTEST_BAR = 120
"""Length of the bar in pixels at least."""

LONGEST_BAR = 320
"""Length of the bar in pixels at most."""

ABOVE_BAR = 76
"""Room in pixels for words over the bar."""

FONT_SIZE = 9
"""Points of all words."""

OWN_SCALE_TICKS = ("− full", "", "0", "", "+ full")
"""Words beside the bar if each picture has its own scale."""


OWN_RANGE_TICKS = ("least", "", "", "", "largest")
"""The same of a method without a sign."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One place of the grid: a drawing and the words below it."""

    title: str
    words: str
    relevance_map: RelevanceMap | None = None
    """None: there are words alone, such as the reason why nothing is drawn."""


@dataclass(frozen=True, eq=False)
class GridPicture:
    """What a grid shows, of which at least one cell has a drawing."""

    cells: tuple[Cell, ...]
    reading: tuple[str, ...]
    """Lines below all drawings: how to read them."""
    columns: int = 4
    scale: Scale = "common"

    @property
    def relevance_maps(self) -> list[RelevanceMap]:
        """All that is drawn."""
        return [cell.relevance_map for cell in self.cells if cell.relevance_map is not None]

    @property
    def values(self) -> list[float]:
        """All relevances."""
        return [value for relevance_map in self.relevance_maps for value in relevance_map.values]


def draw_grid(
    picture: GridPicture, path: str | Path | None = None, look: Look = PLAIN
) -> str | bytes:
    """The figure as SVG text, or as PNG bytes if `path` ends in .png; written to `path`.

    Raises:
        ValueError: the file name ends otherwise, or a relevance is not finite.
    """
    return draw_to(path, partial(_draw, picture, look))


def _draw(picture: GridPicture, look: Look, kind: Kind) -> str | bytes:
    relevance_maps = picture.relevance_maps
    relevances = [relevance_map.values for relevance_map in relevance_maps]
    limit = common_limit(picture.scale, relevances, relevance_maps[0].in_unit)
    look = look.at(limit, common_low(picture.scale, relevances, relevance_maps[0].signed))
    plan = _plan(picture, look)
    width = plan.columns * CELL_WIDTH + BAR_COLUMN
    height = plan.total_height + FOOT
    figure = blank((width, height), look, kind)
    drawings: list[PlacedDrawing] = []
    for position, cell in enumerate(picture.cells):
        left, top = plan.corner(position)
        below = height - top - plan.height
        layout = plan.layouts[position]
        if layout is not None:
            drawing = _molecule(cell, layout, plan, look, kind)
            drawings.append((drawing, (left, top)))
        elif cell.relevance_map is not None:
            draw = _draw_words if isinstance(cell.relevance_map.subject, Words) else _draw_digit
            draw(figure, cell.relevance_map, (left, below), plan.height, look)
        middle = left + CELL_WIDTH / 2
        _write_words(figure, cell, limit is None, middle, below)
    _draw_bar(figure, picture, limit, look)
    y = FOOT
    for text in picture.reading:
        y -= FOOT_LINE
        write(figure, MARGIN, y, text, fontsize=FONT_SIZE)
    return merge(figure, drawings, (CELL_WIDTH, plan.height), kind)


@dataclass(frozen=True)
class _Plan:
    """What goes where, in pixels."""

    layouts: tuple[Layout | None, ...]
    """A layout for each molecule; None for digits, texts and what is not drawn."""
    scale: float
    """Pixels per Å, the same for all."""
    height: int
    """Height of a drawing."""
    step: int
    """From one row to the next."""
    columns: int
    total_height: int
    """Height of all rows."""

    def corner(self, position: int) -> tuple[int, int]:
        """Left and upper edge of a cell."""
        row, column = divmod(position, self.columns)
        return column * CELL_WIDTH, MARGIN + row * self.step


def _plan(picture: GridPicture, look: Look) -> _Plan:
    """The largest scale at which every molecule fits, and rows no higher than they need."""
    layouts = tuple(_layout(cell, look) for cell in picture.cells)
    molecules = [layout for layout in layouts if layout is not None]
    room = (CELL_WIDTH - 2 * AIR, CELL_HEIGHT - 2 * AIR)
    scale = min((layout.fit(room) for layout in molecules), default=1.0)
    height = CELL_HEIGHT
    texts = [
        relevance_map.subject
        for relevance_map in picture.relevance_maps
        if isinstance(relevance_map.subject, Words)
    ]
    heights = [layout.height(scale) + 2 * AIR for layout in molecules]
    heights += [height_of(placed_words(words, TEXT_WIDTH)) + 2 * AIR for words in texts]
    if len(heights) == len(picture.relevance_maps):
        height = max(LOWEST, *heights)
    rows = -(-len(layouts) // picture.columns)  # rounded up
    lines = 3 if picture.scale == "own" else 2
    step = height + LINE * lines + BETWEEN
    return _Plan(
        layouts=layouts,
        scale=scale,
        height=height,
        step=step,
        columns=min(picture.columns, len(layouts)),
        total_height=MARGIN + max(rows * step, SHORTEST_BAR + ABOVE_BAR),
    )


def _layout(cell: Cell, look: Look) -> Layout | None:
    if cell.relevance_map is None or not isinstance(cell.relevance_map.subject, Molecule):
        return None
    return lay_out(cell.relevance_map.subject.mol, look)


def _molecule(cell: Cell, layout: Layout, plan: _Plan, look: Look, kind: Kind) -> str | bytes:
    relevance_map = cell.relevance_map
    assert relevance_map is not None
    return draw_layout(
        layout,
        relevance_map.values,
        relevance_map.limit(look),
        (CELL_WIDTH, plan.height),
        kind,
        look,
        relevance_map.uncertain,
        plan.scale,
        low=relevance_map.ramp(look).low,
    )


def _draw_digit(
    figure: Figure,
    relevance_map: RelevanceMap,
    corner: tuple[float, float],
    height: int,
    look: Look,
) -> None:
    """Draw a digit in the middle of the cell with this lower left corner."""
    assert isinstance(relevance_map.subject, Digit)
    left, below = corner
    side = height - 2 * AIR
    margin = (CELL_WIDTH - side) / 2
    axes = axes_at(figure, left + margin, below + AIR, side, side)
    draw_relevance(
        axes,
        relevance_map.subject,
        relevance_map.relevance,
        relevance_map.ramp(look),
        np.array(relevance_map.uncertain),
    )
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_words(
    figure: Figure,
    relevance_map: RelevanceMap,
    corner: tuple[float, float],
    height: int,
    look: Look,
) -> None:
    """Draw a text at the top of the cell with this lower left corner."""
    assert isinstance(relevance_map.subject, Words)
    left, below = corner
    places = placed_words(relevance_map.subject, TEXT_WIDTH)
    corner = (left + AIR, below + height - AIR - height_of(places))
    ramp = relevance_map.ramp(look)
    draw_sentence(figure, corner, TEXT_WIDTH, places, relevance_map.values, ramp)


def _write_words(figure: Figure, cell: Cell, own_scale: bool, middle: float, below: float) -> None:
    """Write the title, the words, and the scale if each picture has its own."""
    lines = [(cell.title, "bold"), (cell.words, "normal")]
    if own_scale and cell.relevance_map is not None:
        ramp = cell.relevance_map.ramp(PLAIN)
        lines.append((f"full colour {ramp.words}" if ramp.low is None else ramp.words, "normal"))
    room = (CELL_WIDTH - AIR) / (FONT_SIZE * RESOLUTION / POINTS_PER_INCH)
    for row, (text, weight) in enumerate(lines):
        write(
            figure,
            middle,
            below - LINE * (row + 1),
            cut_to_fit(printable(text), room, weight == "bold"),
            fontsize=FONT_SIZE,
            fontweight=weight,
            ha="center",
        )


def _draw_bar(figure: Figure, picture: GridPicture, limit: float | None, look: Look) -> None:
    """The bar at the right of the first rows; without a common scale it has no numbers."""
    width, height = figure.get_size_inches() * RESOLUTION
    length = min(height - FOOT - ABOVE_BAR, LONGEST_BAR)
    left = width - BAR_COLUMN + 8
    below = height - ABOVE_BAR - length
    axes = axes_at(figure, left, below, BAR_WIDTH, length)
    first = picture.relevance_maps[0]
    if limit is not None:
        ramp = look.ramp_for(picture.values, first.in_unit, first.signed)
        draw_bar(axes, ramp, picture.values, first.unit)
    elif first.signed:
        draw_bar(axes, Ramp(look.colours, 1.0), [], "own scale", OWN_SCALE_TICKS)
    else:
        draw_bar(axes, Ramp(look.colours, 1.0, 0.0), [], "own scale", OWN_RANGE_TICKS)
