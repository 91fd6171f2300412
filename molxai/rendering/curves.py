"""Activation and pruning curves of several methods, as figures."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray

from graphormer.files import write_file
from molxai.rendering.figure import SETTINGS, content_as, file_content, format_of
from molxai.rendering.wording import three_digits

MAIN = "lrp"
"""The method that is drawn as a thick black line."""

BOUNDS = ("random", "oracle")
"""Methods that are drawn as dotted black lines: the floor and the ceiling."""

STYLES = ("-", "--", ":", "-.")
"""Lines of the other methods, in turn."""

FEW_METHODS = 10
"""Methods for which matplotlib's ten colours are enough."""

SIZE = (10.4, 4.8)
"""Width and height of the figure in inches."""

DPI = 120
"""Pixels per inch."""

CURVE_SETTINGS: dict[Any, Any] = {**SETTINGS, "font.size": 9}
"""Matplotlib's settings: those of all pictures, with smaller letters."""


def draw_curves(
    activation: Mapping[str, ndarray],
    pruning: Mapping[str, ndarray],
    fractions: ndarray,
    title: str,
    path: Path,
) -> None:
    """Two panels of mean curves over graphs; legends are in the order of the areas, best first.

    Args:
        activation: by method, `[fractions]` mean probability of the explained class.
        pruning: by method, `[fractions]` mean squared change of the logits.
        fractions: shares of the nodes.
        title: above both panels.
        path: ends as a picture's name.
    """
    colours = _colours(sorted(activation))
    with matplotlib.rc_context(CURVE_SETTINGS):
        figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw_panel(left, activation, fractions, colours, higher_is_better=True)
        left.set(
            xlabel="share of nodes added, most relevant first",
            ylabel="probability of the explained class",
            title="activation: higher is better",
        )
        _draw_panel(right, pruning, fractions, colours, higher_is_better=False)
        right.set(
            xlabel="share of nodes removed, smallest |relevance| first",
            ylabel="Σ (logit − full logit)²",
            title="pruning: lower is better",
        )
        right.set_yscale("symlog", linthresh=0.1)
        right.set_ylim(bottom=0)
        figure.suptitle(title)
        content = content_as(format_of(path), partial(file_content, figure))
    write_file(path, content)


def _colours(methods: list[str]) -> dict[str, object]:
    """A colour for each method."""
    shades = matplotlib.colormaps["tab10" if len(methods) <= FEW_METHODS else "tab20"]
    return {name: shades(i % shades.N) for i, name in enumerate(methods)}


def _draw_panel(
    axes: Axes,
    curves: Mapping[str, ndarray],
    fractions: ndarray,
    colours: Mapping[str, object],
    higher_is_better: bool,
) -> None:
    """Draw a curve for each method, the best first."""
    names = sorted(curves)
    areas = {name: float(np.trapezoid(curves[name], fractions)) for name in curves}
    for name in sorted(areas, key=lambda name: areas[name], reverse=higher_is_better):
        style = _line_style(name, names.index(name), colours)
        label = f"{name}  {three_digits(areas[name])}"
        axes.plot(fractions, curves[name], label=label, **style)
    axes.set_xlim(0, 1)
    axes.grid(alpha=0.3)
    axes.legend(
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
        fontsize=8,
        title="method, area",
    )


def _line_style(name: str, rank: int, colours: Mapping[str, object]) -> dict[str, Any]:
    """How the line of a method is drawn."""
    if name == MAIN:
        return {"linestyle": "-", "color": "black", "linewidth": 2.4}
    if name in BOUNDS:
        return {"linestyle": ":", "color": "black", "linewidth": 1.3}
    linestyle = STYLES[rank % len(STYLES)]
    return {"linestyle": linestyle, "color": colours[name], "linewidth": 1.3}
