"""The frame of a picture: words above and below a drawing, and a bar beside or below it."""

from collections.abc import Sequence
from dataclasses import dataclass

from molxai.rendering import Kind
from molxai.rendering.about import About
from molxai.rendering.bar import draw_bar, draw_flat_bar, tick_names, unit_lines
from molxai.rendering.figure import (
    BAR_WIDTH,
    BEFORE_BAR,
    MARGIN,
    Sheet,
    axes_at,
    bar_column,
    blank,
    write,
)
from molxai.rendering.look import RESOLUTION, USUAL_WIDTH, Look
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import RelevanceMap

NARROW = 300
"""Width in pixels below which the bar lies under the drawing, which needs the width itself."""

FLAT_BAR = 66
"""Height in pixels of a lying bar with its words and numbers."""

FLAT_BAR_WIDTH = 10
"""Height in pixels of the bar itself."""

FLAT_BAR_RISE = 28
"""Pixels from the words below up to it."""

BESIDE_FLAT_BAR = 34
"""Pixels on either side of it, for half of its outer numbers."""

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


@dataclass(frozen=True)
class Line:
    """A line of words."""

    text: str
    size: float
    """Size of the font, in points."""
    weight: str = "normal"


@dataclass(frozen=True)
class Page:
    """How wide the picture is, in the pixels of its layout."""

    width: float
    zoom: float
    """By how much it is enlarged at last."""
    bar: int
    """Width of the bar's column; 0: it lies below."""

    @property
    def room(self) -> int:
        """For the drawing, beside the bar."""
        return int(self.width) - self.bar


def page_of(relevance_map: RelevanceMap, look: Look, kind: Kind) -> Page:
    """The width that is asked for."""
    width, zoom = look.fit(USUAL_WIDTH, kind)
    bar = 0 if width < NARROW else _bar_column(relevance_map, look)
    return Page(width, zoom, bar)


def _bar_column(relevance_map: RelevanceMap, look: Look) -> int:
    """Width of the column of the bar with its numbers."""
    names = tick_names(relevance_map.ramp(look), relevance_map.values)
    return bar_column(relevance_map.unit, names)


@dataclass(frozen=True)
class Frame:
    """A figure with the words above and below a drawing, and its bar."""

    figure: Sheet
    header: int
    """Height of the words above."""
    legend: int
    """Height of what is below: words, and perhaps the bar."""
    left: int
    """Where the drawing begins: with its bar it stands in the middle."""


@dataclass(frozen=True)
class Words:
    """What is written around a drawing."""

    above: Sequence[Line]
    below: Sequence[Line]
    about: About
    """What the file says of the picture."""


def new_frame(
    relevance_map: RelevanceMap,
    look: Look,
    kind: Kind,
    page: Page,
    size: tuple[int, int],
    words: Words,
) -> Frame:
    """The frame of a drawing of that width and height."""
    drawing_width, drawing_height = size
    header = ABOVE + TITLE_LINE * len(words.above) if words.above else MARGIN
    lines = BELOW + LEGEND_LINE * len(words.below) if words.below else MARGIN
    legend = lines + (0 if page.bar else FLAT_BAR)
    height = header + drawing_height + legend
    figure = blank((page.width, height), look, kind, page.zoom, words.about)
    y = height
    for line in words.above:
        y -= TITLE_LINE
        write(figure, MARGIN, y, line.text, fontsize=line.size, fontweight=line.weight)
    y = lines - FIRST_LEGEND_LINE
    for line in words.below:
        write(figure, MARGIN, y, line.text, fontsize=line.size, fontweight=line.weight)
        y -= LEGEND_LINE
    left = (page.room - drawing_width) // 2
    if page.bar:
        place = (left + drawing_width, legend)
        _draw_bar_beside(figure, relevance_map, look, place, drawing_height)
    else:
        ramp = relevance_map.ramp(look)
        draw_bar_below(figure, lines, ramp, relevance_map.values, relevance_map.unit)
    return Frame(figure, header, legend, left)


def draw_bar_below(
    figure: Sheet, height: float, ramp: Ramp, relevance: Sequence[float], unit: str
) -> None:
    """Draw a lying bar over what is so high."""
    across = figure.get_size_inches()[0] * RESOLUTION - 2 * BESIDE_FLAT_BAR
    axes = axes_at(figure, BESIDE_FLAT_BAR, height + FLAT_BAR_RISE, across, FLAT_BAR_WIDTH)
    draw_flat_bar(axes, ramp, relevance, unit)


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
