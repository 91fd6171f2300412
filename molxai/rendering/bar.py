"""The colour bar: both colours with their numbers, and arrows where values go beyond it."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize

from molxai.rendering.colour import WHITE, Palette

UNIT_WIDTH, UNIT_LINES = 16, 3
"""Letters in a line of the unit over the bar, and lines at most."""

ROUNDING = 1e-6
"""A value beyond the bar by less than this share is not said to be beyond it."""


def colour_map(palette: Palette) -> LinearSegmentedColormap:
    """The palette as a matplotlib map over −limit … +limit."""
    return LinearSegmentedColormap.from_list(
        palette.name, [palette.against, WHITE, palette.towards]
    )


def tick_names(limit: float, relevance: Sequence[float]) -> list[str]:
    """Numbers of the five ticks; the outer ones say so where values lie beyond them.

    Example:
        >>> tick_names(2.0, [-1.0, 3.0])
        ['-2', '-1', '0', '+1', '≥ +2']
    """
    names = [f"{tick:+.2g}" if tick else "0" for tick in np.linspace(-limit, limit, 5)]
    below, above = beyond(limit, relevance)
    return [
        f"≤ {names[0]}" if below else names[0],
        *names[1:-1],
        f"≥ {names[-1]}" if above else names[-1],
    ]


def beyond(limit: float, relevance: Sequence[float]) -> tuple[bool, bool]:
    """Whether values lie below and above the bar."""
    edge = limit * (1 + ROUNDING)
    return min(relevance, default=0.0) < -edge, max(relevance, default=0.0) > edge


def unit_lines(unit: str) -> list[str]:
    """What stands over the bar."""
    return [
        "relevance",
        *textwrap.wrap(f"({unit})", UNIT_WIDTH, max_lines=UNIT_LINES, placeholder=" …"),
    ]


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
        unit: of it.
        palette: the colours.
        names: of the five ticks. [default: their numbers]
    """
    arrows = {
        (False, False): "neither",
        (True, False): "min",
        (False, True): "max",
        (True, True): "both",
    }[beyond(limit, relevance)]
    mappable = ScalarMappable(Normalize(-limit, limit), colour_map(palette))
    assert axes.figure is not None
    bar = axes.figure.colorbar(
        mappable, cax=axes, ticks=np.linspace(-limit, limit, 5), extend=arrows
    )
    bar.ax.set_yticklabels(list(names) or tick_names(limit, relevance), fontsize=9)
    bar.outline.set_linewidth(0.5)  # type: ignore[operator]
    bar.ax.set_title(
        "\n".join(unit_lines(unit)),
        fontsize=9,
        loc="left",
        pad=8 if arrows in ("neither", "min") else 18,
        parse_math=False,
    )
