"""Many relevance maps in one figure: one bond length, one colour for one number, and one bar."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from graphormer.graphs.superpixels import Digit
from molxai.rendering import Kind
from molxai.rendering.arrangement import (
    ABOVE_BAR,
    AIR,
    FONT_SIZE,
    LINE,
    Cell,
    GridPicture,
    Plan,
    plan_of,
    unit_of,
)
from molxai.rendering.bar import draw_bar
from molxai.rendering.digit import draw_relevance
from molxai.rendering.figure import (
    BAR_WIDTH,
    BEFORE_BAR,
    MARGIN,
    PlacedDrawing,
    Sheet,
    axes_at,
    blank,
    draw_to,
    merge,
    write,
)
from molxai.rendering.layout import Layout
from molxai.rendering.look import PLAIN, RESOLUTION, Look, common_limit, common_low
from molxai.rendering.molecule import draw_layout
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import RelevanceMap, Words
from molxai.rendering.sentence import draw_sentence, height_of, placed_words

BELOW_FOOT = 16
"""Pixels left free below all words."""

FOOT_LINE = 20
"""Height in pixels of a line of words below all drawings."""

LONGEST_BAR = 320
"""Length of the bar in pixels at most."""

LETTER_SIZE = 11
"""Points of a panel's letter."""

OWN_SCALE_TICKS = ("− full", "", "0", "", "+ full")
"""Words beside the bar if each picture has its own scale."""


OWN_RANGE_TICKS = ("least", "", "", "", "largest")
"""The same of a method without a sign."""


def draw_grid(
    picture: GridPicture, path: str | Path | None = None, look: Look = PLAIN
) -> str | bytes:
    """The figure in the format of the file's ending, or as SVG text; written to `path`.

    Raises:
        ValueError: the file name ends otherwise, a relevance is not finite, or the figure cannot be
            as wide as the look asks for.
    """
    return draw_to(path, partial(_draw, picture, look))


def _draw(picture: GridPicture, look: Look, kind: Kind) -> str | bytes:
    relevance_maps = picture.relevance_maps
    relevances = [relevance_map.values for relevance_map in relevance_maps]
    limit = common_limit(picture.scale, relevances, relevance_maps[0].in_unit)
    look = look.at(limit, common_low(picture.scale, relevances, relevance_maps[0].signed))
    plan = plan_of(picture, look, kind)
    foot = [line for text in picture.reading for line in plan.foot_lines(text)]
    foot_height = BELOW_FOOT + FOOT_LINE * len(foot)
    height = plan.total_height + foot_height
    figure = blank((plan.width, height), look, kind, plan.zoom, picture.about)
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
            size = (plan.cell_width, plan.height)
            draw(figure, cell.relevance_map, (left, below), size, look)
        middle = left + plan.cell_width / 2
        lines = [(text, "bold") for text in plan.titles[position]]
        lines += [(text, "normal") for text in plan.words[position]]
        _write_words(figure, lines, (middle, below))
        if cell.letter:
            y = below + plan.height + AIR / 2
            write(figure, left + AIR, y, cell.letter, fontsize=LETTER_SIZE, fontweight="bold")
    _draw_bar(figure, picture, limit, look, plan)
    y = foot_height
    for text in foot:
        y -= FOOT_LINE
        write(figure, MARGIN, y, text, fontsize=FONT_SIZE)
    return merge(figure, drawings, (plan.cell_width, plan.height), kind)


def _molecule(cell: Cell, layout: Layout, plan: Plan, look: Look, kind: Kind) -> str | bytes:
    relevance_map = cell.relevance_map
    assert relevance_map is not None
    return draw_layout(
        layout,
        relevance_map.values,
        relevance_map.limit(look),
        (plan.cell_width, plan.height),
        kind,
        look,
        relevance_map.uncertain,
        plan.scale,
        factor=look.factor(kind, plan.zoom),
        low=relevance_map.ramp(look).low,
    )


def _draw_digit(
    figure: Sheet,
    relevance_map: RelevanceMap,
    corner: tuple[float, float],
    size: tuple[int, int],
    look: Look,
) -> None:
    """Draw a digit in the middle of the cell with this lower left corner."""
    assert isinstance(relevance_map.subject, Digit)
    left, below = corner
    width, height = size
    side = min(width, height) - 2 * AIR
    axes = axes_at(figure, left + (width - side) / 2, below + AIR, side, side)
    draw_relevance(
        axes,
        relevance_map.subject,
        relevance_map.relevance,
        relevance_map.ramp(look),
        np.array(relevance_map.uncertain),
        look.ink,
    )
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_words(
    figure: Sheet,
    relevance_map: RelevanceMap,
    corner: tuple[float, float],
    size: tuple[int, int],
    look: Look,
) -> None:
    """Draw a text at the top of the cell with this lower left corner."""
    assert isinstance(relevance_map.subject, Words)
    left, below = corner
    width, height = size
    room = width - 2 * AIR
    places = placed_words(relevance_map.subject, room)
    corner = (left + AIR, below + height - AIR - height_of(places))
    draw_sentence(figure, corner, room, places, relevance_map.values, relevance_map.ramp(look))


def _write_words(
    figure: Sheet, lines: Sequence[tuple[str, str]], place: tuple[float, float]
) -> None:
    """Write lines, each with its weight, below a drawing whose lower edge has its middle there."""
    middle, y = place
    for text, weight in lines:
        y -= LINE
        write(figure, middle, y, text, fontsize=FONT_SIZE, fontweight=weight, ha="center")


def _draw_bar(
    figure: Sheet, picture: GridPicture, limit: float | None, look: Look, plan: Plan
) -> None:
    """The bar at the right of the first rows; without a common scale it has no numbers.

    Methods with a sign and those without one have a bar each.
    """
    height = figure.get_size_inches()[1] * RESOLUTION
    kinds = picture.kinds
    step = min(plan.total_height // len(kinds), LONGEST_BAR + ABOVE_BAR)
    length = step - ABOVE_BAR
    left = plan.columns * plan.cell_width + BEFORE_BAR
    first = picture.relevance_maps[0]
    for position, signed in enumerate(kinds):
        below = height - (position + 1) * step
        axes = axes_at(figure, left, below, BAR_WIDTH, length)
        unit = unit_of(picture, signed)
        if limit is not None:
            ramp = look.ramp_for(picture.values, first.in_unit, signed)
            draw_bar(axes, ramp, picture.values, unit)
        elif signed:
            draw_bar(axes, Ramp(look.colours, 1.0), [], unit, OWN_SCALE_TICKS)
        else:
            draw_bar(axes, Ramp(look.colours, 1.0, 0.0), [], unit, OWN_RANGE_TICKS)
