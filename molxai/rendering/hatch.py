"""Hatching of what an ensemble is not sure of: thin diagonal lines, cut at the disc or segment."""

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy import ndarray

DIRECTION = np.array([1.0, 1.0]) / 2**0.5
"""Direction of the lines."""

ACROSS = np.array([1.0, -1.0]) / 2**0.5
"""Direction at a right angle to them."""

SPACING = 0.27
"""Distance in Å between the lines on a disc."""

EVERY = 2
"""Every second diagonal of a picture's pixels is drawn."""

COLOUR = "0.25"
"""Dark grey, for segments."""


def disc_lines(centre: Float[ndarray, " 2"], radius: float) -> Float[ndarray, "lines ends=2 2"]:
    """Ends of the lines over a disc."""
    count = int(radius / SPACING)  # on either side of the middle
    numbers = np.arange(-count, count + 1)
    offsets = SPACING * numbers
    reach = np.sqrt(radius**2 - offsets**2)
    middles = centre + offsets[:, None] * ACROSS  # (lines, 2)
    half_lines = reach[:, None] * DIRECTION  # (lines, 2)
    starts = middles - half_lines
    ends = middles + half_lines
    return np.stack([starts, ends], axis=1)  # (lines, ends=2, 2)


def segment_lines(
    segments: Int[ndarray, "height width"], uncertain: Bool[ndarray, " nodes"]
) -> Float[ndarray, "lines ends=2 2"]:
    """A diagonal over every other pixel of the uncertain segments; neighbours join to longer lines.

    Example:
        >>> segment_lines(np.array([[0, 1]]), np.array([True, False])).tolist()
        [[[-0.5, 0.5], [0.5, -0.5]]]
    """
    height, width = segments.shape
    diagonal = np.add.outer(np.arange(height), np.arange(width))  # (height, width)
    is_on_line = diagonal % EVERY == 0
    is_uncertain = uncertain[segments]  # (height, width)
    rows, columns = np.nonzero(is_uncertain & is_on_line)
    middles = np.stack([columns, rows], axis=1)  # (lines, 2)
    half_diagonals = np.array([[-0.5, 0.5], [0.5, -0.5]])
    return middles[:, None, :] + half_diagonals  # (lines, ends=2, 2)


def hatch_segments(
    axes: Axes, segments: Int[ndarray, "height width"], uncertain: Bool[ndarray, " nodes"]
) -> None:
    """Draw the lines over a digit's map."""
    lines = segment_lines(segments, uncertain)
    collection = LineCollection(list(lines), colors=COLOUR, linewidths=0.5)
    collection.set_gid("hatch")
    axes.add_collection(collection, autolim=False)
