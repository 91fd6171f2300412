"""Words beside the parts of a drawing: where nothing else is, with a line to what they name.

Every part tries many positions around its atoms and takes the one that costs least: near, clear of
atoms, bonds and other words, and with a line that crosses little. A label may be far away: bands of
distances are tried one after the other until a clear position is found.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from graphormer.graphs.molecules import shortened
from molxai.rendering.crowding import distances_between
from molxai.rendering.layout import DISC, LABEL, LONGEST_BARE, Label, Layout
from molxai.rendering.lettering import width
from molxai.rendering.look import Part
from molxai.rendering.segments import count_inside, crosses_line, discs_on_line, enters_box

LETTERS = 40
"""Letters of a label at most."""

BORDER = 0.05
"""Å between words and the edge of their box."""

CLEAR = 0.8
"""Distance in Å that a label keeps from atoms, at least.

It keeps half of it from the middles of bonds and from other labels.
"""

REACHES = np.arange(1.3, 6.0, 0.25)
"""Distances in Å from an atom that are tried first."""

TURNS = 24
"""Directions that are tried at each distance."""

BAND = 6.0
"""Width in Å of each further band of distances."""

FURTHER = 0.6
"""Steps in Å between the distances of a further band."""

MOST_ORIGINS = 8
"""Atoms of a part around which positions are tried."""

SWEEPS = 3
"""Times that each label may move: the first ones do not know where the later ones need room."""

PROMISING = 200
"""Positions, the best by what lies under them, for which the line to the part is looked at."""

OVER_LABEL = 1e4
"""Cost, in Å further away, of words on words."""

THROUGH_LABEL = 1e3
"""Cost of a line through words, for each."""

OVER_DRAWING = 100.0
"""Cost of words on an atom or a bond, for each."""

OVER_LINE = 10.0
"""Cost of two lines that cross."""

OVER_ATOM = 3.0
"""Cost of a line over an atom of another part."""

OUTSIDE = 0.5
"""Cost of each Å by which words stick out of the drawing's box: the drawing shrinks for it."""

FROM_MIDDLE = 0.15
"""Cost of each Å from the middle of the part's atoms."""


def add_labels(layout: Layout, parts: Sequence[Part], height: float = LABEL) -> Layout:
    """The layout with its parts, a label beside each that has words, and room for them.

    No label lies on another. Small parts choose first, for they have the fewest positions.

    Args:
        layout: a molecule in the plane.
        parts: atoms with their words.
        height: of the words in Å.
    """
    outlines = tuple(tuple(atoms) for atoms, _ in parts)
    layout = replace(layout, parts=outlines, label_height=height)
    candidates = [_Candidates(layout, atoms, text) for atoms, text in parts if text]
    if not candidates:
        return layout
    labels = tuple(_choose(layout, candidates))
    lower_corners = [label.centre - label.half for label in labels]
    upper_corners = [label.centre + label.half for label in labels]
    return replace(
        layout,
        low=np.min([layout.low, *lower_corners], axis=0),
        high=np.max([layout.high, *upper_corners], axis=0),
        labels=labels,
    )


def _choose(layout: Layout, candidates: Sequence["_Candidates"]) -> list[Label]:
    """A label for each part; in each sweep all move in turn, until none does any more."""
    size = layout.high - layout.low
    diagonal = float(np.linalg.norm(size))
    furthest = diagonal + 2 * layout.label_height * len(candidates)
    smallest_first = sorted(candidates, key=lambda candidate: len(candidate.atoms))
    labels: dict[_Candidates, Label] = {}
    for _ in range(SWEEPS):
        before = [label.centre.tolist() for label in labels.values()]
        for candidate in smallest_first:
            others = [label for other, label in labels.items() if other is not candidate]
            labels[candidate] = candidate.best_label(others, furthest)
        after = [label.centre.tolist() for label in labels.values()]
        if after == before:
            break
    return [labels[candidate] for candidate in candidates]


class _Candidates:
    """Positions for the label of one part, and what each costs for what lies under it."""

    def __init__(self, layout: Layout, atoms: Sequence[int], text: str) -> None:
        self.layout = layout
        self.text = _one_line(text)
        self.half = _half_size(self.text, layout.label_height)
        self.atoms: Float[ndarray, "atoms 2"] = layout.places[list(atoms)]
        self.other_atoms = np.delete(layout.places, list(atoms), axis=0)
        self.ends = _far_apart(self.atoms)
        self.bands: list[tuple[ndarray, ndarray]] = []

    def best_label(self, others: Sequence[Label], furthest: float) -> Label:
        """The label at the best position: in the nearest band that has a clear one.

        Args:
            others: labels of other parts.
            furthest: distance in Å up to which bands are tried.
        """
        best = self.atoms[0]
        end = best
        least = math.inf
        for number in range(1 + math.ceil(furthest / BAND)):
            centre, end_of_line, cost = self._best_in(number, others)
            if cost < least:
                best = centre
                end = end_of_line
                least = cost
            if least < OVER_DRAWING:
                break
        return Label(self.text, best, self.half, end)

    def _band(self, number: int) -> tuple[Float[ndarray, "points 2"], Float[ndarray, " points"]]:
        """Positions in a band of distances from the part's atoms, and their costs."""
        if number == len(self.bands):
            centres = _around(self.ends, _reaches(number))
            costs = _costs_in_place(self.layout, self.atoms, self.half, centres)
            self.bands.append((centres, costs))
        return self.bands[number]

    def _best_in(self, number: int, others: Sequence[Label]) -> tuple[ndarray, ndarray, float]:
        """The best position of a band, the end of its line, and its cost beside other labels."""
        centres, costs = self._band(number)
        costs = costs.copy()
        for other in others:
            costs += OVER_LABEL * self._is_over(centres, other)
        ranking = np.argsort(costs, kind="stable")
        promising = ranking[:PROMISING]
        centres = centres[promising]
        ends, crossings = self._lines(centres)
        costs = costs[promising] + crossings
        costs = self._add_lines(costs, centres, ends, others)
        best = int(np.argmin(costs))
        return centres[best], ends[best], float(costs[best])

    def _is_over(
        self, centres: Float[ndarray, "points 2"], other: Label
    ) -> Bool[ndarray, " points"]:
        """Whether the words at each position would lie on another label, or too near it."""
        room = self.half + other.half + CLEAR / 2
        offsets = np.abs(centres - other.centre)  # (points, 2)
        return (offsets < room).all(1)

    def _lines(
        self, centres: Float[ndarray, "points 2"]
    ) -> tuple[Float[ndarray, "points 2"], Float[ndarray, " points"]]:
        """The atom of the part at which the line of each position ends, and what the line costs.

        That is the nearest one, or a farther one if the line to it crosses fewer atoms.
        """
        ends = np.repeat(self.ends[:, None], len(centres), axis=1)  # (ends, points, 2)
        if len(self.ends) < len(self.atoms):
            nearest = self.atoms[distances_between(centres, self.atoms).argmin(1)]  # (points, 2)
            ends = np.concatenate([ends, nearest[None]])
        starts = np.clip(ends, centres - self.half, centres + self.half)  # (ends, points, 2)
        lengths = np.linalg.norm(ends - starts, axis=2)  # (ends, points)
        pairs = zip(starts, ends, strict=True)
        discs = np.stack([discs_on_line(*line, self.other_atoms, DISC) for line in pairs])
        is_drawn = lengths >= LONGEST_BARE + DISC
        costs = OVER_ATOM * discs * is_drawn + lengths - lengths.min(0)  # (ends, points)
        points = np.arange(len(centres))
        best = costs.argmin(0)  # (points,)
        return ends[best, points], costs[best, points]

    def _add_lines(
        self,
        costs: Float[ndarray, " points"],
        centres: Float[ndarray, "points 2"],
        ends: Float[ndarray, "points 2"],
        others: Sequence[Label],
    ) -> Float[ndarray, " points"]:
        """The costs with that of other labels and lines on the line from each position."""
        costs = costs.copy()
        for other in others:
            through_other = enters_box(centres, ends, other.centre, other.half)
            through_this = enters_box(other.centre, other.near, centres, self.half)
            is_through = through_other | through_this
            crosses = crosses_line(centres, ends, other.centre, other.near)
            costs += THROUGH_LABEL * is_through + OVER_LINE * crosses
        return costs


def _one_line(text: str) -> str:
    """The words without line breaks and control characters, cut if they are many."""
    blanks = "".join(character if character.isprintable() else " " for character in text)
    return shortened(blanks, LETTERS)


def _half_size(text: str, height: float) -> Float[ndarray, " 2"]:
    """Half the width and height of the box around the words."""
    size = np.array([width(text) * height, height])
    return size / 2 + BORDER


def _reaches(number: int) -> Float[ndarray, " reaches"]:
    """Distances in Å of a band: the first is dense, the further ones are coarse."""
    if number == 0:
        return REACHES
    start = REACHES[-1] + BAND * (number - 1)
    end = BAND + FURTHER / 2  # the last step included
    return start + np.arange(FURTHER, end, FURTHER)


def _far_apart(atoms: Float[ndarray, "atoms 2"]) -> Float[ndarray, "origins 2"]:
    """A few atoms of a part that lie far from one another: a large part has room around those."""
    if len(atoms) <= MOST_ORIGINS:
        return atoms
    from_middle = np.linalg.norm(atoms - atoms.mean(0), axis=1)  # (atoms,)
    origins = [int(from_middle.argmax())]
    while len(origins) < MOST_ORIGINS:
        distances = distances_between(atoms, atoms[origins])
        nearest = distances.min(1)  # (atoms,)
        origins.append(int(nearest.argmax()))
    return atoms[origins]


def _around(
    origins: Float[ndarray, "origins 2"], reaches: Float[ndarray, " reaches"]
) -> Float[ndarray, "points 2"]:
    """Positions around each origin, in all directions and at all distances."""
    angles = np.linspace(0, 2 * np.pi, TURNS, endpoint=False)
    x = np.cos(angles)
    y = np.sin(angles)
    directions = np.stack([x, y], 1)  # (turns, 2)
    rays = reaches[:, None, None] * directions  # (reaches, turns, 2)
    positions = origins[:, None, None] + rays  # (origins, reaches, turns, 2)
    return positions.reshape(-1, 2)  # (points, 2)


def _costs_in_place(
    layout: Layout,
    atoms: Float[ndarray, "atoms 2"],
    half: Float[ndarray, " 2"],
    centres: Float[ndarray, "points 2"],
) -> Float[ndarray, " points"]:
    """What each position costs for what lies under it, its distance and its reach beyond the box.

    A position outside the drawing's box is worse by how far it sticks out: the drawing would shrink
    for it.
    """
    middles = layout.places[layout.bonds].mean(1)  # (bonds, 2)
    indices = np.array([index.centre for index in layout.indices]).reshape(-1, 2)
    atoms_under = count_inside(centres, half + CLEAR, layout.places)
    for atom in layout.lone:  # its disc may be larger than usual
        room = half + CLEAR + layout.disc(atom) - DISC
        atoms_under += count_inside(centres, room, layout.places[[atom]])
    bonds_under = count_inside(centres, half + CLEAR / 2, middles)
    indices_under = count_inside(centres, half + CLEAR / 2, indices)
    things_under = atoms_under + bonds_under + indices_under
    offsets = np.abs(centres[:, None] - atoms)  # (points, atoms, 2)
    beyond_box = np.maximum(offsets - half, 0)  # (points, atoms, 2)
    gap = np.linalg.norm(beyond_box, axis=2).min(1)  # (points,)
    below = np.maximum(layout.low - centres + half, 0)  # (points, 2)
    above = np.maximum(centres + half - layout.high, 0)  # (points, 2)
    outside = (below + above).sum(1)  # (points,)
    middle = atoms.mean(0)
    from_middle = np.linalg.norm(centres - middle, axis=1)  # (points,)
    costs = OVER_DRAWING * things_under + gap
    costs += OUTSIDE * outside
    costs += FROM_MIDDLE * from_middle
    return costs
