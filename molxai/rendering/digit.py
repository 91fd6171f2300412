"""A digit with its relevance: the picture, its superpixels, and the map over the strokes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from numpy import ndarray

from graphormer.graphs.superpixels import Digit
from molxai.rendering.hatch import hatch_segments

STROKE = 0.5
"""Grey value at which the outline of the strokes is drawn over the map: a line, so that colours stay those of the bar."""


def draw_digit(
    axes: Sequence[Axes],
    digit: Digit,
    relevance: ndarray,
    limit: float,
    colour_map: Colormap,
    uncertain: ndarray | None = None,
) -> None:
    """Fill three axes: the original, the superpixels with their boundaries, and the relevance of each superpixel.

    Args:
        axes: three of them.
        digit: picture and segment map.
        relevance: `[nodes]`, one number per segment.
        limit: the magnitude that is drawn in full colour.
        colour_map: over −limit … +limit.
        uncertain: `[nodes]`, whether a segment is hatched. [default: none]

    Raises:
        ValueError: another number of relevances than segments.
    """
    if len(relevance) != digit.graph.nodes:
        raise ValueError(f"{len(relevance)} relevances but {digit.graph.nodes} segments")
    mean = np.bincount(digit.segments.ravel(), digit.image.ravel()) / np.bincount(
        digit.segments.ravel()
    )
    axes[0].imshow(digit.image, cmap="gray_r", vmin=0, vmax=1)
    axes[1].imshow(mean[digit.segments], cmap="gray_r", vmin=0, vmax=1)
    boundaries(axes[1], digit.segments, "tab:orange", 0.8)
    draw_relevance(axes[2], digit, relevance, limit, colour_map, uncertain)
    for one, title in zip(
        axes, ("digit", f"{digit.graph.nodes} superpixels", "relevance"), strict=True
    ):
        one.set_title(title, fontsize=9)
        one.set_xticks([])
        one.set_yticks([])


def draw_relevance(
    axes: Axes,
    digit: Digit,
    relevance: ndarray,
    limit: float,
    colour_map: Colormap,
    uncertain: ndarray | None = None,
) -> None:
    """The relevance of each superpixel, full colour at ± limit, with the outline of the strokes."""
    axes.imshow(relevance[digit.segments], cmap=colour_map, vmin=-limit, vmax=limit)
    boundaries(axes, digit.segments, "0.8", 0.4)
    if uncertain is not None and uncertain.any():
        hatch_segments(axes, digit.segments, uncertain)
    axes.contour(digit.image, [STROKE], colors="black", linewidths=0.9)


def boundaries(axes: Axes, segments: ndarray, colour: str, width: float) -> None:
    """A line on every pixel side that separates two segments."""
    rows, columns = np.nonzero(segments[:, :-1] != segments[:, 1:])
    axes.vlines(columns + 0.5, rows - 0.5, rows + 0.5, colors=colour, linewidth=width)
    rows, columns = np.nonzero(segments[:-1] != segments[1:])
    axes.hlines(rows + 0.5, columns - 0.5, columns + 0.5, colors=colour, linewidth=width)
