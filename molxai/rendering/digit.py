"""A digit with its relevance: the picture, its superpixels, and the map over the strokes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy import ndarray

from graphormer.graphs.superpixels import Digit
from molxai.rendering.bar import colour_map
from molxai.rendering.hatch import hatch_segments
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import Offsets

STROKE = 0.5
"""Grey value at which the outline of the strokes is drawn over the map.

It is only a line, so that colours stay those of the bar.
"""


def draw_digit(
    axes: Sequence[Axes],
    digit: Digit,
    relevance: ndarray,
    ramp: Ramp,
    uncertain: ndarray | None = None,
    offsets: Offsets | None = None,
) -> None:
    """Fill axes with the digit, its superpixels with their boundaries, and their relevance.

    Args:
        axes: three axes, from left to right; with offsets a fourth.
        digit: picture and segment map.
        relevance: `[nodes]`, one number per segment.
        ramp: the colours.
        uncertain: `[nodes]`, whether a segment is hatched. [default: none]
        offsets: what offsets between superpixels say, in full colour at their own largest.

    Raises:
        ValueError: another number of relevances than segments.
    """
    nodes = digit.graph.nodes
    if len(relevance) != nodes:
        raise ValueError(f"{len(relevance)} relevances but {nodes} segments")
    original, superpixels, coloured, *last = axes
    original.imshow(digit.image, cmap="gray_r", vmin=0, vmax=1)
    superpixels.imshow(mean_grey(digit), cmap="gray_r", vmin=0, vmax=1)
    draw_boundaries(superpixels, digit.segments, "tab:orange", 0.8)
    draw_relevance(coloured, digit, relevance, ramp, uncertain)
    titles = ["digit", f"{nodes} superpixels", "relevance"]
    if offsets is not None:
        draw_offsets(last[0], offsets, Ramp(ramp.palette, offsets.limit))
        titles.append(f"of offsets, ±{offsets.limit:.2g}")
    for panel, title in zip(axes, titles, strict=True):
        panel.set_title(title, fontsize=9)
        panel.set_xticks([])
        panel.set_yticks([])


def mean_grey(digit: Digit) -> ndarray:
    """`[height, width]`, the mean grey value of each pixel's segment."""
    segments = digit.segments.ravel()  # (pixels,)
    totals = np.bincount(segments, digit.image.ravel())  # (nodes,)
    counts = np.bincount(segments)  # (nodes,)
    means = totals / counts  # (nodes,)
    return means[digit.segments]  # (height, width)


def draw_relevance(
    axes: Axes,
    digit: Digit,
    relevance: ndarray,
    ramp: Ramp,
    uncertain: ndarray | None = None,
    ink: str = "black",
) -> None:
    """Draw the relevance of each superpixel in colour, with the strokes' outline in `ink`."""
    pixels = relevance[digit.segments]  # (height, width)
    low, high = ramp.ends
    axes.patch.set_visible(False)  # no relevance has no colour, not white
    axes.imshow(pixels, cmap=colour_map(ramp), vmin=low, vmax=high)
    draw_boundaries(axes, digit.segments, "0.8", 0.4)
    if uncertain is not None and uncertain.any():
        hatch_segments(axes, digit.segments, uncertain)
    axes.contour(digit.image, [STROKE], colors=ink, linewidths=0.9)


def draw_offsets(axes: Axes, offsets: Offsets, ramp: Ramp) -> None:
    """Draw the relevance of each bin of offsets where it lies around a superpixel in the middle."""
    bounds = np.array(offsets.bounds)  # in pixels
    low, high = ramp.ends
    shades = colour_map(ramp)
    axes.pcolormesh(bounds, bounds, offsets.relevance, cmap=shades, vmin=low, vmax=high)
    axes.plot(0, 0, marker="+", color="black", markersize=7, markeredgewidth=0.9)
    axes.set_aspect("equal")
    axes.invert_yaxis()  # rows go downwards


def draw_boundaries(axes: Axes, segments: ndarray, colour: str, width: float) -> None:
    """Draw a line on every pixel side that separates two segments."""
    style: dict[str, Any] = {"colors": colour, "linewidth": width}
    half = 0.5  # a pixel reaches so far from its middle
    left = segments[:, :-1]  # (height, width - 1)
    right = segments[:, 1:]  # (height, width - 1)
    rows, columns = np.nonzero(left != right)
    axes.vlines(columns + half, rows - half, rows + half, **style)
    above = segments[:-1]  # (height - 1, width)
    below = segments[1:]  # (height - 1, width)
    rows, columns = np.nonzero(above != below)
    axes.hlines(rows + half, columns - half, columns + half, **style)
