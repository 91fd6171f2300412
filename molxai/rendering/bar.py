"""The colour bar: both colours with their numbers, and arrows where values go beyond it."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize

from molxai.rendering.ramp import Ramp
from molxai.rendering.wording import true_minus

UNIT_WIDTH = 16
"""Letters in a line of the unit over the bar."""

UNIT_LINES = 3
"""Lines of the unit at most."""

TICKS = 5
"""Numbers beside the bar: both ends, the middle, and one between."""

TICK_ERROR = 0.01
"""By this share of the bar at most, a number beside it is rounded."""

MOST_DECIMALS = 12
"""Digits after the point of a number beside the bar."""

SHADES = 257
"""Shades of the bar: an odd number, so that zero is one of them."""

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


def colour_map(ramp: Ramp) -> ListedColormap:
    """The ramp as a matplotlib map between its ends."""
    return ListedColormap(ramp.inks(np.linspace(*ramp.ends, SHADES).tolist()))


def tick_names(ramp: Ramp, relevance: Sequence[float]) -> list[str]:
    """Numbers of the five ticks; the outer ones say so if values lie beyond them.

    All have as many digits after the point. Those of a method without a sign have none.

    Example:
        >>> from molxai.rendering.colour import RED_BLUE
        >>> tick_names(Ramp(RED_BLUE, 0.1), [-0.1, 0.3])
        ['−0.10', '−0.05', '0', '+0.05', '≥ +0.10']
    """
    ticks = np.linspace(*ramp.ends, TICKS).tolist()
    sign = "+" if ramp.low is None else ""
    digits = _decimals(ticks)
    names = [true_minus(f"{tick:{sign}.{digits}f}") if tick else "0" for tick in ticks]
    below, above = beyond(ramp, relevance)
    if below:
        names[0] = f"≤ {names[0]}"
    if above:
        names[-1] = f"≥ {names[-1]}"
    return names


def _decimals(ticks: Sequence[float]) -> int:
    """The fewest digits after the point that tell where the ticks stand."""
    error = TICK_ERROR * (ticks[-1] - ticks[0])
    for digits in range(MOST_DECIMALS):
        if all(abs(round(tick, digits) - tick) <= error for tick in ticks):
            return digits
    return MOST_DECIMALS


def beyond(ramp: Ramp, relevance: Sequence[float]) -> tuple[bool, bool]:
    """Whether values lie below and above the bar."""
    low, high = ramp.ends
    margin = ROUNDING * (high - low)
    below = min(relevance, default=high) < low - margin
    above = max(relevance, default=low) > high + margin
    return below, above


def unit_lines(unit: str) -> list[str]:
    """The words over the bar."""
    lines = textwrap.wrap(f"({unit})", UNIT_WIDTH, max_lines=UNIT_LINES, placeholder=" …")
    return ["relevance", *lines]


def draw_flat_bar(axes: Axes, ramp: Ramp, relevance: Sequence[float], unit: str) -> None:
    """Fill these axes with a lying bar, whose ends and middle have numbers.

    Args:
        axes: wide and low.
        ramp: the colours.
        relevance: all that is drawn with this bar.
        unit: what relevances are counted in.
    """
    mappable = ScalarMappable(Normalize(*ramp.ends), colour_map(ramp))
    assert axes.figure is not None
    bar = axes.figure.colorbar(
        mappable,
        cax=axes,
        orientation="horizontal",
        ticks=np.linspace(*ramp.ends, TICKS)[::2],
        extend=ARROWS[beyond(ramp, relevance)],
    )
    bar.ax.patch.set_visible(False)  # it is what it stands on, as the picture is
    bar.ax.set_xticklabels(tick_names(ramp, relevance)[::2], fontsize=9)
    bar.outline.set_linewidth(0.5)  # type: ignore[operator]
    title = f"relevance ({unit})"
    bar.ax.set_title(title, fontsize=9, loc="left", pad=4, parse_math=False)


def draw_bar(
    axes: Axes,
    ramp: Ramp,
    relevance: Sequence[float],
    unit: str,
    names: Sequence[str] = (),
) -> None:
    """Fill these axes with a bar from one end of the ramp to the other.

    Args:
        axes: tall and narrow.
        ramp: the colours.
        relevance: all that is drawn with this bar.
        unit: what relevances are counted in.
        names: words beside the five ticks. [default: their numbers]
    """
    arrows = ARROWS[beyond(ramp, relevance)]
    mappable = ScalarMappable(Normalize(*ramp.ends), colour_map(ramp))
    assert axes.figure is not None
    bar = axes.figure.colorbar(
        mappable, cax=axes, ticks=np.linspace(*ramp.ends, TICKS), extend=arrows
    )
    bar.ax.patch.set_visible(False)  # it is what it stands on, as the picture is
    bar.ax.set_yticklabels(list(names) or tick_names(ramp, relevance), fontsize=9)
    bar.outline.set_linewidth(0.5)  # type: ignore[operator]
    has_upper_arrow = arrows in ("max", "both")
    bar.ax.set_title(
        "\n".join(unit_lines(unit)),
        fontsize=9,
        loc="left",
        pad=TITLE_PAD_OVER_ARROW if has_upper_arrow else TITLE_PAD,
        parse_math=False,
    )
