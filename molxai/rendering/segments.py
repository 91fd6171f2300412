"""Lines, boxes and points in the plane: which of them meet."""

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

NOTHING = 1e-9
"""In place of a length of zero by which something is divided."""


def count_inside(
    centres: Float[ndarray, "centres 2"],
    half: Float[ndarray, " 2"],
    points: Float[ndarray, "points 2"],
) -> Int[ndarray, " centres"]:
    """How many of the points lie in the box around each centre."""
    offsets = np.abs(centres[:, None] - points)  # (centres, points, 2)
    is_inside = (offsets < half).all(2)  # (centres, points)
    return is_inside.sum(1)


def discs_on_line(
    starts: Float[ndarray, "lines 2"],
    ends: Float[ndarray, "lines 2"],
    atoms: Float[ndarray, "atoms 2"],
    radius: float,
) -> Int[ndarray, " lines"]:
    """How many of the atoms have their disc on the line from each start to its end."""
    way = ends - starts
    squared_length = np.maximum((way**2).sum(1), NOTHING)  # (lines,)
    offsets = atoms[None] - starts[:, None]  # (lines, atoms, 2)
    ways = way[:, None]  # (lines, 1, 2)
    products = (offsets * ways).sum(2)  # (lines, atoms)
    shares = products / squared_length[:, None]  # (lines, atoms)
    along = np.clip(shares, 0, 1)
    steps = along[:, :, None] * ways  # (lines, atoms, 2)
    nearest = starts[:, None] + steps  # (lines, atoms, 2)
    distances = np.linalg.norm(atoms[None] - nearest, axis=2)  # (lines, atoms)
    is_on_line = distances < radius
    return is_on_line.sum(1)


def enters_box(
    starts: ndarray, ends: ndarray, centre: ndarray, half: ndarray
) -> Bool[ndarray, "..."]:
    """Whether the line from a start to its end enters the box; lines or boxes may be many.

    A line is in a box where it is between both edges in x and in y at once (the slab method).
    """
    step = ends - starts
    is_along_edge = np.abs(step) < NOTHING
    way = np.where(is_along_edge, NOTHING, step)
    low = centre - half
    high = centre + half
    to_low = (low - starts) / way  # as shares of the line
    to_high = (high - starts) / way
    entries = np.minimum(to_low, to_high)
    exits = np.maximum(to_low, to_high)
    entry = np.maximum(entries.max(-1), 0)
    exit_ = np.minimum(exits.min(-1), 1)
    return entry < exit_


def crosses_line(
    starts: Float[ndarray, "lines 2"],
    ends: Float[ndarray, "lines 2"],
    start: Float[ndarray, " 2"],
    end: Float[ndarray, " 2"],
) -> Bool[ndarray, " lines"]:
    """Whether each line crosses the one from `start` to `end`.

    Two lines cross if each has its ends on both sides of the other.
    """
    starts_left = _is_left(start, end, starts)
    ends_left = _is_left(start, end, ends)
    start_left = _is_left(starts, ends, start)
    end_left = _is_left(starts, ends, end)
    are_apart = starts_left != ends_left
    is_apart = start_left != end_left
    return are_apart & is_apart


def _is_left(start: ndarray, end: ndarray, point: ndarray) -> ndarray:
    """Whether each point lies left of its line, seen along it.

    Example:
        >>> points = np.array([[-1.0, 0.5], [1.0, 0.5]])
        >>> _is_left(np.zeros(2), np.array([0.0, 1.0]), points).tolist()
        [True, False]
    """
    along_x, along_y = _x_and_y(end - start)
    to_x, to_y = _x_and_y(point - start)
    return along_x * to_y > along_y * to_x


def _x_and_y(vectors: ndarray) -> tuple[ndarray, ndarray]:
    return vectors[..., 0], vectors[..., 1]
