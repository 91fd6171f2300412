"""Activation and pruning curves of several methods, as figures."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray

from graphormer.files import write_file

EMPHASIS = ("lrp", "random", "oracle")
"""Methods drawn in black, lrp as a thick line, the floor and the ceiling dashed."""

STYLES = ("-", "--", ":", "-.")


def draw_curves(
    activation: Mapping[str, ndarray],
    pruning: Mapping[str, ndarray],
    fractions: ndarray,
    title: str,
    path: Path,
) -> None:
    """Two panels, mean curves over graphs; each legend is in the order of the areas, best first.

    Args:
        activation: by method, `[fractions]` mean probability of the explained class.
        pruning: by method, `[fractions]` mean squared change of the logits.
        fractions: of the nodes.
        title: above both.
        path: .svg or .png.
    """
    shades = matplotlib.colormaps["tab10" if len(activation) <= 10 else "tab20"]
    colour = {name: shades(i % shades.N) for i, name in enumerate(sorted(activation))}
    with matplotlib.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "molxai",
            "font.family": "DejaVu Sans",
            "font.size": 9,
        }
    ):
        figure = Figure(figsize=(12.5, 5.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        _panel(left, activation, fractions, colour, True)
        left.set(
            xlabel="share of nodes added, most relevant first",
            ylabel="probability of the explained class",
            title="activation: higher is better",
        )
        _panel(right, pruning, fractions, colour, False)
        right.set(
            xlabel="share of nodes removed, smallest |relevance| first",
            ylabel="Σ (logit − full logit)²",
            title="pruning: lower is better",
        )
        right.set_yscale("symlog", linthresh=0.1)
        right.set_ylim(bottom=0)
        figure.suptitle(title)
        content = io.BytesIO()
        figure.savefig(
            content,
            format=path.suffix[1:],
            dpi=120,
            metadata={"Date": None} if path.suffix == ".svg" else None,
        )
    write_file(path, content.getvalue())


def _panel(
    axes: Axes,
    curves: Mapping[str, ndarray],
    fractions: ndarray,
    colour: Mapping[str, object],
    descending: bool,
) -> None:
    areas = {name: float(np.trapezoid(curve, fractions)) for name, curve in curves.items()}
    place = {name: i for i, name in enumerate(sorted(curves))}
    for name in sorted(areas, key=lambda name: areas[name], reverse=descending):
        style: dict[str, Any] = (
            {"color": "black", "linewidth": 2.4}
            if name == "lrp"
            else {"color": colour[name], "linewidth": 1.3}
        )
        style |= {"color": "black", "linestyle": ":"} if name in EMPHASIS[1:] else {}
        line = {
            "linestyle": STYLES[place[name] % len(STYLES)] if name not in EMPHASIS else "-"
        } | style
        axes.plot(fractions, curves[name], label=f"{name}  {areas[name]:.3g}", **line)
    axes.set_xlim(0, 1)
    axes.grid(alpha=0.3)
    axes.legend(
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
        fontsize=8,
        title="method, area",
    )
