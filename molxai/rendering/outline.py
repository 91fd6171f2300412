"""The line around a part of a molecule: around the discs of its atoms and the strips between them.

It is drawn as a line, so that nothing lies between the discs and what is behind the picture.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from molxai.rendering.crowding import distances_between
from molxai.rendering.layout import DISC, Layout

STRIP = 0.64
"""Width in Å of what joins the discs of a part inside its outline."""

OUTLINE = 0.09
"""Width in Å of the line around a part."""

FINE = 720
"""Points around a disc, and along either side of a strip, that are asked whether they are seen."""

EVERY = 12
"""Every so many of them are drawn."""

SMALLEST_HOLE = 0.6
"""Width and height in Å of a hole inside a part at least: a smaller one looks like a speck."""

TOUCHING = 0.05
"""Distance in Å of the ends of two pieces that are one line."""

RADIUS = DISC + OUTLINE / 2
"""Radius in Å of the middle of the line around a usual disc."""

REACH = (STRIP + OUTLINE) / 2
"""From a bond to the middle of the line beside it, in Å."""

Line = Float[ndarray, "points 2"]


def outline(layout: Layout, atoms: Sequence[int]) -> list[ndarray]:
    """The line around these atoms and the bonds between them, in pieces, in Å."""
    places = layout.places[list(atoms)]  # (atoms, 2)
    chosen = set(atoms)
    bonds = [pair for pair in layout.bonds.tolist() if chosen.issuperset(pair)]
    strips = [layout.places[pair] for pair in bonds]  # (ends=2, 2) each
    edges: list[ndarray] = []
    for number, (atom, place) in enumerate(zip(atoms, places, strict=True)):
        circle = _circle(place, layout.disc(atom) + OUTLINE / 2)
        other_places = np.delete(places, number, axis=0)
        edges += _pieces(circle, _is_seen(circle, other_places, strips), is_closed=True)
    for number, ends in enumerate(strips):
        other_strips = [*strips[:number], *strips[number + 1 :]]
        for side in _sides(ends):
            edges += _pieces(side, _is_seen(side, places, other_strips), is_closed=False)
    return _without_specks(edges)


def _without_specks(edges: Sequence[ndarray]) -> list[ndarray]:
    """The pieces of lines that are not around a very small hole, as there are in cages."""
    group = list(range(len(edges)))  # pieces that touch have the same number
    for i, j in combinations(range(len(edges)), 2):
        ends = distances_between(edges[i][[0, -1]], edges[j][[0, -1]])  # (2, 2)
        if ends.min() < TOUCHING:
            group = [group[i] if number == group[j] else number for number in group]
    kept: list[ndarray] = []
    for number in set(group):
        line = [edge for edge, of_edge in zip(edges, group, strict=True) if of_edge == number]
        if np.ptp(np.concatenate(line), axis=0).max() >= SMALLEST_HOLE:
            kept += line
    return kept


def _circle(place: Float[ndarray, " 2"], radius: float) -> Line:
    """Points around the disc of an atom."""
    angles = np.linspace(0, 2 * np.pi, FINE, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (points, 2)
    return place + radius * directions


def _sides(ends: Float[ndarray, "ends=2 2"]) -> Iterator[Line]:
    """Points along both sides of a bond."""
    start, end = ends
    along = end - start
    x, y = along / np.linalg.norm(along)
    across = REACH * np.array([-y, x])
    shares = np.linspace(0, 1, FINE)[:, None]  # (points, 1)
    middle = start + shares * along  # (points, 2)
    yield middle + across
    yield middle - across


def _is_seen(
    points: Line, places: Float[ndarray, "atoms 2"], strips: Sequence[ndarray]
) -> Bool[ndarray, " points"]:
    """Whether each point lies outside of all these discs and strips."""
    is_seen = np.ones(len(points), bool)
    for place in places:
        is_seen &= np.linalg.norm(points - place, axis=1) >= RADIUS
    for start, end in strips:
        along = end - start
        length = np.linalg.norm(along)
        x, y = along / length
        forward = (points - start) @ np.array([x, y])  # (points,)
        aside = (points - start) @ np.array([-y, x])  # (points,)
        is_seen &= (forward <= 0) | (forward >= length) | (np.abs(aside) >= REACH)
    return is_seen


def _pieces(points: Line, is_seen: Bool[ndarray, " points"], is_closed: bool) -> list[ndarray]:
    """The stretches of points that are seen, thinned out."""
    if is_closed and is_seen.all():
        return [np.vstack([points[::EVERY], points[:1]])]
    if is_closed:
        first = int(np.argmin(is_seen))  # one that is hidden: no stretch runs over the end
        points = np.roll(points, -first, axis=0)
        is_seen = np.roll(is_seen, -first)
    changes = np.flatnonzero(np.diff(is_seen.astype(int), prepend=0, append=0))
    stretches = [points[start:end] for start, end in changes.reshape(-1, 2)]
    return [np.vstack([stretch[::EVERY], stretch[-1:]]) for stretch in stretches]
