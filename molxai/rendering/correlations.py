"""Rank correlations of methods as a heat map with numbers, at the bottom of a figure."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from molxai.rendering.bar import colour_map
from molxai.rendering.colour import Palette
from molxai.rendering.figure import MARGIN, Sheet, axes_at, write
from molxai.rendering.lettering import HINTED
from molxai.rendering.lettering import width as letters_width
from molxai.rendering.look import POINTS_PER_INCH, RESOLUTION, Look
from molxai.rendering.ramp import Ramp
from molxai.rendering.wording import true_minus

FONT_SIZE = 9
"""Points of the names of methods."""

NUMBER_SIZE = 8
"""Points of a correlation."""

CELL = 40
"""Width of a correlation in pixels, at least if its number lies along the row."""

ROW = 20
"""Height of a correlation in pixels."""

TITLE = 24
"""Pixels over the correlations, for what they are called."""

BESIDE_NAMES = 22
"""Pixels left free around the names of methods."""

STRONG = 0.5
"""On the colour of a stronger correlation black is read, whatever is behind the figure."""

PALER = 0.7
"""A correlation of 1 has this share of the full colour, on which its number is read."""

WHITE = "#fff"
"""Behind a correlation that does not exist."""


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


def matrix_width(methods: Sequence[str]) -> float:
    """Pixels that the correlations take with the names of the methods, if there is room."""
    return 2 * _names_room(methods) + CELL * len(methods)


def matrix_height(methods: Sequence[str], width: float) -> float:
    """Pixels that they take in a figure of that width."""
    return TITLE + _size(methods, width)[1] + _names_room(methods) + MARGIN


def draw_matrix(
    figure: Sheet, methods: Sequence[str], spearman: Sequence[Sequence[float]], look: Look
) -> None:
    """Draw the correlations in the middle at the bottom, or at the right if there is little room.

    In narrow cells numbers and names stand upright.
    """
    count = len(methods)
    names_room = _names_room(methods)
    width = figure.get_size_inches()[0] * RESOLUTION
    across, along = _size(methods, width)
    is_narrow = across < count * CELL
    left = max(names_room, (width - across) / 2)
    axes = axes_at(figure, left, names_room, across, along)
    axes.patch.set_visible(False)  # no correlation has no colour, not white
    matrix = np.array(spearman)  # (methods, methods)
    axes.imshow(matrix, cmap=colour_map(Ramp(look.colours, 1.0)), vmin=-1, vmax=1, aspect="auto")
    names: dict[str, Any] = {"fontsize": FONT_SIZE, "rotation": 90 if is_narrow else 45}
    axes.set_xticks(range(count), methods, ha="center" if is_narrow else "right", **names)
    axes.set_yticks(range(count), methods, fontsize=FONT_SIZE)
    title = "rank correlation (Spearman)"
    length = letters_width(title) * HINTED * FONT_SIZE * RESOLUTION / POINTS_PER_INCH
    middle = min(max(left + across / 2, MARGIN + length / 2), width - MARGIN - length / 2)
    write(figure, middle, names_room + along + TITLE / 3, title, fontsize=FONT_SIZE, ha="center")
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": NUMBER_SIZE}
    for i, row in enumerate(spearman):
        for j, value in enumerate(row):
            ink = "black" if abs(value) > STRONG else look.ink
            turned = 90 if is_narrow else 0
            axes.text(j, i, correlation_text(value), color=ink, rotation=turned, **style)


def _size(methods: Sequence[str], width: float) -> tuple[float, float]:
    """Width and height of the cells alone."""
    count = len(methods)
    across = min(CELL * count, width - _names_room(methods) - MARGIN)
    return across, count * (CELL if across < count * CELL else ROW)


def _names_room(methods: Sequence[str]) -> int:
    """Pixels left of and below the correlations for the names of the methods."""
    longest = max(map(letters_width, methods))
    return math.ceil(longest * FONT_SIZE * RESOLUTION / POINTS_PER_INCH) + BESIDE_NAMES
