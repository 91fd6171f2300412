"""The colour bar: both colours with their numbers, and arrows where values go beyond it."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize

from molxai.rendering.colour import WHITE, Palette

UNIT_WIDTH = 16
"""Letters in a line of the unit over the bar."""

UNIT_LINES = 3
"""Lines of the unit at most."""

TICKS = 5
"""Numbers beside the bar: both ends, zero, and one between."""

ROUNDING = 1e-6
"""A value beyond the bar by less than this share is not said to be beyond it."""

ARROWS = {
    (False, False): "neither",
    (True, False): "min",
    (False, True): "max",
    (True, True): "both",
}
"""Matplotlib's name for the ends with an arrow, by whether values lie below and above the bar."""

TITLE_PAD = 8
"""Points between the bar and the words over it."""

TITLE_PAD_OVER_ARROW = 18
"""The same if the bar ends in an arrow."""


def colour_map(palette: Palette) -> LinearSegmentedColormap:
    """The palette as a matplotlib map over −limit … +limit."""
    return LinearSegmentedColormap.from_list(
        palette.name, [palette.against, WHITE, palette.towards]
    )


def tick_names(limit: float, relevance: Sequence[float]) -> list[str]:
    """Numbers of the five ticks; the outer ones say so if values lie beyond them.

    Example:
        >>> tick_names(2.0, [-1.0, 3.0])
        ['-2', '-1', '0', '+1', '≥ +2']
    """
    ticks = np.linspace(-limit, limit, TICKS)
    names = [f"{tick:+.2g}" if tick else "0" for tick in ticks]
    below, above = beyond(limit, relevance)
    if below:
        names[0] = f"≤ {names[0]}"
    if above:
        names[-1] = f"≥ {names[-1]}"
    return names


def beyond(limit: float, relevance: Sequence[float]) -> tuple[bool, bool]:
    """Whether values lie below and above the bar."""
    edge = limit * (1 + ROUNDING)
    below = min(relevance, default=0.0) < -edge
    above = max(relevance, default=0.0) > edge
    return below, above


def unit_lines(unit: str) -> list[str]:
    """The words over the bar."""
    lines = textwrap.wrap(f"({unit})", UNIT_WIDTH, max_lines=UNIT_LINES, placeholder=" …")
    return ["relevance", *lines]


def draw_bar(
    axes: Axes,
    limit: float,
    relevance: Sequence[float],
    unit: str,
    palette: Palette,
    names: Sequence[str] = (),
) -> None:
    """Fill these axes with a bar of −limit … +limit.

    Args:
        axes: tall and narrow.
        limit: the magnitude in full colour.
        relevance: all that is drawn with this bar.
        unit: what relevances are counted in.
        palette: the colours.
        names: words beside the five ticks. [default: their numbers]
    """
    arrows = ARROWS[beyond(limit, relevance)]
    mappable = ScalarMappable(Normalize(-limit, limit), colour_map(palette))
    assert axes.figure is not None
    bar = axes.figure.colorbar(
        mappable, cax=axes, ticks=np.linspace(-limit, limit, TICKS), extend=arrows
    )
    bar.ax.set_yticklabels(list(names) or tick_names(limit, relevance), fontsize=9)
    bar.outline.set_linewidth(0.5)  # type: ignore[operator]
    has_upper_arrow = arrows in ("max", "both")
    bar.ax.set_title(
        "\n".join(unit_lines(unit)),
        fontsize=9,
        loc="left",
        pad=TITLE_PAD_OVER_ARROW if has_upper_arrow else TITLE_PAD,
        parse_math=False,
    )
