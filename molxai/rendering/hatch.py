"""Hatching of what an ensemble is not sure of: thin diagonal lines, cut off at the disc or the segment."""

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy import ndarray

DIRECTION, ACROSS = np.array([1.0, 1.0]) / 2**0.5, np.array([1.0, -1.0]) / 2**0.5
"""Of the lines, and at a right angle to them."""

SPACING = 0.27
"""Between the lines on a disc, in Å."""

EVERY = 2
"""Of the diagonals of a picture's pixels one in so many is drawn."""

COLOUR = "0.25"


def disc_lines(centre: Float[ndarray, " 2"], radius: float) -> Float[ndarray, "lines ends=2 2"]:
    """Ends of the lines over a disc."""
    count = int(radius / SPACING)
    offsets = SPACING * np.arange(-count, count + 1)
    reach = np.sqrt(radius**2 - offsets**2)
    middles = centre + offsets[:, None] * ACROSS
    return np.stack(
        [middles - reach[:, None] * DIRECTION, middles + reach[:, None] * DIRECTION], axis=1
    )


def segment_lines(
    segments: Int[ndarray, "height width"], uncertain: Bool[ndarray, " nodes"]
) -> Float[ndarray, "lines ends=2 2"]:
    """A diagonal over every other pixel of the uncertain segments; neighbours join to longer lines."""
    rows, columns = np.nonzero(
        uncertain[segments] & (np.add.outer(*map(np.arange, segments.shape)) % EVERY == 0)
    )
    half = np.array([[-0.5, 0.5], [0.5, -0.5]])
    return np.stack([columns, rows], axis=1)[:, None, :] + half


def hatch_segments(
    axes: Axes, segments: Int[ndarray, "height width"], uncertain: Bool[ndarray, " nodes"]
) -> None:
    """Draw the lines over a digit's map."""
    lines = LineCollection(list(segment_lines(segments, uncertain)), colors=COLOUR, linewidths=0.5)
    lines.set_gid("hatch")
    axes.add_collection(lines, autolim=False)
