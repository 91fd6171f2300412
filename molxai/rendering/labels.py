"""Words beside the parts of a drawing: laid where nothing else is, with a line to what they name."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy import ndarray

from graphormer.graphs.molecules import shortened
from molxai.rendering.layout import DISC, Label, Layout
from molxai.rendering.lettering import width
from molxai.rendering.look import Part

HEIGHT = 0.6
"""Of a line of words in Å: a little less than the letters of atoms."""

LETTERS = 40
"""Of a label at most."""

CLEAR = 0.8
"""Distance in Å that a label keeps from atoms, at least; half of it from the middles of bonds and from other labels."""

REACHES = np.arange(1.3, 6.0, 0.25)
"""Distances in Å from an atom that are tried, in `TURNS` directions."""

BAND, FURTHER = 6.0, 0.6
"""Width in Å of the bands of distances that are tried, one after the other, where no nearer place is clear, and their steps."""

TURNS = 24

MOST_ORIGINS = 8
"""Atoms of a part around which places are tried."""

SWEEPS = 3
"""Times that each label may move: the first ones are laid before it is known where the later ones need room."""

PROMISING = 200
"""Places, the best by what lies under them, of which it is seen what their line to the part would cross."""

OVER_LABEL, THROUGH_LABEL, OVER_DRAWING, OVER_LINE, OVER_ATOM = 1e4, 1e3, 100.0, 10.0, 1.0
"""What a place costs, in Å further away: words on words; a line through words, by each; words on an atom or a bond, by each; two
lines that cross; a line over an atom of another part."""


def labelled(layout: Layout, parts: Sequence[Part]) -> Layout:
    """The layout with a label beside each part that has words, and room for it; no label lies on another.

    Small parts choose first, for they have the fewest places.
    """
    outlined = replace(layout, parts=tuple(tuple(atoms) for atoms, _ in parts))
    parts = [part for part in parts if part[1]]
    if not parts:
        return outlined
    spots = [_Spots(layout, list(atoms), _words(text)) for atoms, text in parts]
    furthest = float(np.linalg.norm(layout.high - layout.low)) + 2 * HEIGHT * len(parts)
    order = sorted(range(len(parts)), key=lambda i: len(parts[i][0]))
    made: dict[int, Label] = {}
    for _ in range(SWEEPS):
        before = [one.centre.tolist() for one in made.values()]
        for i in order:
            others = [label for j, label in made.items() if j != i]
            made[i] = spots[i].label(others, furthest)
        if [one.centre.tolist() for one in made.values()] == before:
            break
    low = np.min([layout.low, *(one.centre - one.half for one in made.values())], axis=0)
    high = np.max([layout.high, *(one.centre + one.half for one in made.values())], axis=0)
    labels = tuple(made[i] for i in range(len(parts)))
    return replace(outlined, low=low, high=high, labels=labels)


def _words(text: str) -> str:
    return shortened("".join(one if one.isprintable() else " " for one in text), LETTERS)


def _half(text: str) -> ndarray:
    return np.array([width(text) * HEIGHT, HEIGHT]) / 2 + 0.05


class _Spots:
    """Places for the label of one part, and what each costs for what lies under it."""

    def __init__(self, layout: Layout, atoms: Sequence[int], text: str) -> None:
        self.layout, self.text, self.half = layout, text, _half(text)
        self.own = layout.places[list(atoms)]
        self.others = np.delete(layout.places, list(atoms), axis=0)
        self.known: list[tuple[ndarray, ndarray]] = []

    def label(self, taken: Sequence[Label], furthest: float) -> Label:
        """The label at the best place: as near as it is clear of other labels and of the drawing, and up to so many Å away."""
        best, least = self.own[0], math.inf
        for number in range(1 + math.ceil(furthest / BAND)):
            place, cost = self._best(*self._band(number), taken)
            if cost < least:
                best, least = place, cost
            if least < OVER_DRAWING:
                break
        return Label(
            self.text, best, self.half, self.own[np.linalg.norm(self.own - best, axis=1).argmin()]
        )

    def _band(self, number: int) -> tuple[ndarray, ndarray]:
        """Places in a band of distances from the part's atoms, and their costs."""
        if number == len(self.known):
            reaches = (
                REACHES
                if not number
                else REACHES[-1]
                + BAND * (number - 1)
                + np.arange(FURTHER, BAND + FURTHER / 2, FURTHER)
            )
            centres = _around(_spread(self.own), reaches)
            self.known.append((centres, _standing(self.layout, self.own, self.half, centres)))
        return self.known[number]

    def _best(
        self, centres: ndarray, cost: ndarray, taken: Sequence[Label]
    ) -> tuple[ndarray, float]:
        """The best of the places, and what it costs with the other labels where they are."""
        cost = cost.copy()
        for one in taken:
            cost += OVER_LABEL * (
                np.abs(centres - one.centre) < self.half + one.half + CLEAR / 2
            ).all(1)
        chosen = np.argsort(cost, kind="stable")[:PROMISING]
        centres, cost = centres[chosen], cost[chosen]
        near = self.own[np.linalg.norm(centres[:, None] - self.own, axis=2).argmin(1)]
        cost += OVER_ATOM * _near_line(centres, near, self.others)
        for one in taken:
            blocked = _crosses_box(centres, near, one.centre, one.half) | _crosses_box(
                one.centre, one.near, centres, self.half
            )
            cost += THROUGH_LABEL * blocked + OVER_LINE * _crosses_line(
                centres, near, one.centre, one.near
            )
        best = int(np.argmin(cost))
        return centres[best], float(cost[best])


def _spread(own: ndarray) -> ndarray:
    """Of a part's atoms, a few that lie far from one another: a large one has room enough around those."""
    if len(own) <= MOST_ORIGINS:
        return own
    chosen = [int(np.linalg.norm(own - own.mean(0), axis=1).argmax())]
    while len(chosen) < MOST_ORIGINS:
        chosen.append(int(np.linalg.norm(own[:, None] - own[chosen], axis=2).min(1).argmax()))
    return own[chosen]


def _around(own: ndarray, reaches: ndarray) -> ndarray:
    """Places around each atom."""
    angles = np.linspace(0, 2 * np.pi, TURNS, endpoint=False)
    rays = reaches[:, None, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    return (own[:, None, None] + rays).reshape(-1, 2)


def _standing(layout: Layout, own: ndarray, half: ndarray, centres: ndarray) -> ndarray:
    """What each place costs for what lies under it and for its distance.

    A place outside the drawing's box is worse by how far it sticks out: the drawing would shrink for it.
    """
    middles = layout.places[layout.bonds].mean(1)
    crowded = _inside(centres, half + CLEAR, layout.places) + _inside(
        centres, half + CLEAR / 2, middles
    )
    gap = np.linalg.norm(np.maximum(np.abs(centres[:, None] - own) - half, 0), axis=2).min(1)
    out = np.maximum(layout.low - centres + half, 0) + np.maximum(centres + half - layout.high, 0)
    from_middle = np.linalg.norm(centres - own.mean(0), axis=1)
    return OVER_DRAWING * crowded + gap + 0.5 * out.sum(1) + 0.15 * from_middle


def _inside(centres: ndarray, half: ndarray, points: ndarray) -> ndarray:
    """How many of the points lie in the box around each centre."""
    return (np.abs(centres[:, None] - points) < half).all(2).sum(1)


def _near_line(starts: ndarray, ends: ndarray, points: ndarray) -> ndarray:
    """How many of the points have their disc on the line from each start to its end."""
    way = ends - starts
    length = np.maximum((way**2).sum(1), 1e-9)
    along = np.clip(
        ((points[None] - starts[:, None]) * way[:, None]).sum(2) / length[:, None], 0, 1
    )
    nearest = starts[:, None] + along[:, :, None] * way[:, None]
    return (np.linalg.norm(points[None] - nearest, axis=2) < DISC).sum(1)


def _crosses_box(starts: ndarray, ends: ndarray, centre: ndarray, half: ndarray) -> ndarray:
    """Whether the line from a start to its end enters the box; lines or boxes may be many."""
    way = np.where(np.abs(ends - starts) < 1e-9, 1e-9, ends - starts)
    first, second = (centre - half - starts) / way, (centre + half - starts) / way
    enters = np.maximum(np.minimum(first, second).max(-1), 0)
    leaves = np.minimum(np.maximum(first, second).min(-1), 1)
    return enters < leaves


def _crosses_line(starts: ndarray, ends: ndarray, start: ndarray, end: ndarray) -> ndarray:
    """Whether each line crosses the one from `start` to `end`."""
    sides = _side(start, end, starts) != _side(start, end, ends)
    return sides & (_side(starts, ends, start) != _side(starts, ends, end))


def _side(start: ndarray, end: ndarray, point: ndarray) -> ndarray:
    """On which side of the line the point lies."""
    way, there = end - start, point - start
    return way[..., 0] * there[..., 1] > way[..., 1] * there[..., 0]
