"""The index of each atom in free room beside it: on no bond, no letter and no other index.

Each atom tries directions at a few distances and takes the one that costs least. Atoms with the
least room choose first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem

from molxai.rendering.crowding import distances_between
from molxai.rendering.depiction import BOND
from molxai.rendering.layout import DISC, PIXELS, Label, Layout
from molxai.rendering.lettering import width
from molxai.rendering.letters import FONT_SIZE, draw_letters
from molxai.rendering.segments import enters_box

HEIGHT = 0.56
"""Size in Å of the digits of an index: about half of an atom's letters."""

DIGIT_RISE = 0.73
"""Height of a digit, as a share of its size."""

REACHES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.05, 1.2, 1.4, 1.6, 1.8)
"""Distances in Å from the atom to the middle of its index that are tried."""

TURNS = 24
"""Directions that are tried at each distance."""

BORDER = 0.06
"""Å left free around an index."""

AROUND_LINE = 0.06
"""Å from the middle of a line to what may stand beside it."""

BESIDE_DOUBLE = 0.33
"""The same for bonds of several lines."""

WEDGE = 0.2
"""The same for wedges."""

ON_DRAWING = 100.0
"""Cost of an index on a bond, a letter or another index, for each."""

ASTRAY = 20.0
"""Cost of an index that is nearer to another atom than to its own."""

ON_DISC = 3.0
"""Cost of an index on the disc of another atom, for each; on its own it is a third."""

INWARD = 0.3
"""Cost, in Å further away, of a direction between the atom's bonds rather than away from them."""

EVEN = 0.1
"""Å: bonds whose sum is shorter point in all directions alike."""

MEETING = 3.0
"""Distance in Å from an atom beyond which nothing is in the way of its index."""

SWEEPS = 2
"""Times that each index may move: the first ones do not know where the later ones need room."""

LETTER_HALF = (0.33, 0.4)
"""Half the width and height of a letter, as shares of its size."""


@dataclass(frozen=True)
class _Obstacles:
    """What an index must not lie on, in Å."""

    starts: Float[ndarray, "bonds 2"]
    ends: Float[ndarray, "bonds 2"]
    around: Float[ndarray, " bonds"]
    letters: Float[ndarray, "letters 2"]
    letter_halves: Float[ndarray, "letters 2"]

    def near(self, place: Float[ndarray, " 2"]) -> "_Obstacles":
        """Those that an index of an atom at this place may meet."""
        to_bonds = np.linalg.norm((self.starts + self.ends) / 2 - place, axis=1)  # (bonds,)
        halves = np.linalg.norm(self.ends - self.starts, axis=1) / 2  # (bonds,)
        bonds = to_bonds < MEETING + halves
        letters = np.linalg.norm(self.letters - place, axis=1) < MEETING
        return _Obstacles(
            self.starts[bonds],
            self.ends[bonds],
            self.around[bonds],
            self.letters[letters],
            self.letter_halves[letters],
        )


@dataclass(frozen=True)
class _Candidates:
    """Positions of one index, and what each costs for what lies under it."""

    label: Label
    centres: Float[ndarray, "points 2"]
    costs: Float[ndarray, " points"]

    def best(self, indices: Sequence[Label]) -> Label:
        """The index at the best position beside the other ones."""
        place = self.label.near
        near = [index for index in indices if np.abs(index.centre - place).max() < MEETING]
        costs = self.costs.copy()
        for index in near:
            room = self.label.half + index.half + BORDER
            is_over = (np.abs(self.centres - index.centre) < room).all(1)
            costs += ON_DRAWING * is_over
        return replace(self.label, centre=self.centres[int(np.argmin(costs))])


def number_atoms(
    layout: Layout, atoms: Iterable[int] | None = None, radius: float = DISC
) -> Layout:
    """The layout with the indices of its atoms, or of some, and room for them.

    Args:
        layout: a molecule in the plane.
        atoms: those that have their index. [default: all]
        radius: of the discs behind atoms in Å, on which an index is hard to read.
    """
    numbered = range(len(layout.places)) if atoms is None else sorted(atoms)
    obstacles = _obstacles(layout)
    candidates = [_candidates(layout, atom, obstacles, radius) for atom in numbered]
    if not candidates:
        return layout
    indices: dict[str, Label] = {}
    least_room_first = sorted(candidates, key=lambda each: -float(np.median(each.costs)))
    for _ in range(SWEEPS):
        for each in least_room_first:
            others = [index for text, index in indices.items() if text != each.label.text]
            indices[each.label.text] = each.best(others)
    labels = tuple(indices[each.label.text] for each in candidates)
    return replace(
        layout,
        low=np.min([layout.low, *(index.centre - index.half for index in labels)], axis=0),
        high=np.max([layout.high, *(index.centre + index.half for index in labels)], axis=0),
        indices=labels,
    )


def _obstacles(layout: Layout) -> _Obstacles:
    """The bonds and letters of a layout."""
    starts, ends = layout.places[layout.bonds].transpose(1, 0, 2)  # (bonds, 2) each
    around = np.array([_around(bond) for bond in layout.mol.GetBonds()])
    drawing = draw_letters(layout.mol, PIXELS * BOND, round(PIXELS * FONT_SIZE), 1)
    origin = np.array(drawing.places[0])
    start = layout.mol.GetConformer().GetPositions()[0, :2]
    middles = np.array([(letter.x, letter.y) for letter in drawing.letters]).reshape(-1, 2)
    sizes = np.array([letter.size for letter in drawing.letters]) / PIXELS
    offsets = (middles - origin) / PIXELS * [1, -1]  # pixels are counted downwards
    halves = sizes[:, None] * np.array(LETTER_HALF)  # (letters, 2)
    return _Obstacles(starts, ends, around, start + offsets, halves)


def _around(bond: Chem.Bond) -> float:
    """Å from the middle of a bond that its lines take."""
    if bond.GetBondType() != Chem.BondType.SINGLE:
        return BESIDE_DOUBLE
    return AROUND_LINE if bond.GetBondDir() == Chem.BondDir.NONE else WEDGE


def _candidates(layout: Layout, atom: int, obstacles: _Obstacles, radius: float) -> _Candidates:
    """Positions around an atom, and what each costs for what lies under it."""
    text = str(atom)
    size = np.array([width(text), DIGIT_RISE]) * HEIGHT
    place = layout.places[atom]
    label = Label(text, place, size / 2, place)
    angles = np.linspace(0, 2 * np.pi, TURNS, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)], 1)  # (turns, 2)
    rays = np.array(REACHES)[:, None, None] * directions  # (reaches, turns, 2)
    offsets = rays.reshape(-1, 2)  # (points, 2)
    centres = place + offsets
    half = label.half + BORDER
    near = obstacles.near(place)
    costs = ON_DRAWING * _lines_under(centres, half, near)
    costs += ON_DRAWING * _letters_under(centres, half, near)
    costs += _disc_costs(layout, atom, centres, label.half, radius)
    costs += np.linalg.norm(offsets, axis=1)
    costs += INWARD * _inwardness(layout, atom, offsets)
    return _Candidates(label, centres, costs)


def _lines_under(
    centres: Float[ndarray, "points 2"], half: Float[ndarray, " 2"], obstacles: _Obstacles
) -> Float[ndarray, " points"]:
    """How many bonds go through the box at each position."""
    room = half + obstacles.around[:, None]  # (bonds, 2)
    is_under = enters_box(obstacles.starts, obstacles.ends, centres[:, None], room)
    return is_under.sum(1).astype(float)


def _letters_under(
    centres: Float[ndarray, "points 2"], half: Float[ndarray, " 2"], obstacles: _Obstacles
) -> Float[ndarray, " points"]:
    """How many letters of atoms lie under the box at each position."""
    offsets = np.abs(centres[:, None] - obstacles.letters)  # (points, letters, 2)
    is_under = (offsets < half + obstacles.letter_halves).all(2)  # (points, letters)
    return is_under.sum(1).astype(float)


def _disc_costs(
    layout: Layout,
    atom: int,
    centres: Float[ndarray, "points 2"],
    half: Float[ndarray, " 2"],
    radius: float,
) -> Float[ndarray, " points"]:
    """What discs under the box at each position cost, and another atom that is nearer."""
    offsets = np.abs(layout.places - layout.places[atom])  # (atoms, 2)
    near = np.flatnonzero((offsets < MEETING).all(1))
    own = near == atom  # (near,)
    places = layout.places[near]
    beyond = np.maximum(np.abs(centres[:, None] - places) - half, 0)  # (points, near, 2)
    reach = radius + layout.beyond_discs[near] if radius else radius  # (near,)
    is_over = np.linalg.norm(beyond, axis=2) < reach  # (points, near)
    is_over_own = is_over[:, own].any(1)  # (points,)
    others = is_over[:, ~own].sum(1)  # (points,)
    is_astray = ~own[distances_between(centres, places).argmin(1)]  # (points,)
    return ON_DISC * (others + is_over_own / 3) + ASTRAY * is_astray


def _inwardness(
    layout: Layout, atom: int, offsets: Float[ndarray, "points 2"]
) -> Float[ndarray, " points"]:
    """From 0 for the direction away from the atom's bonds to 2 for the one between them."""
    ends = layout.bonds[(layout.bonds == atom).any(1)]  # (neighbours, 2)
    neighbours = ends[ends != atom]
    inward = (layout.places[neighbours] - layout.places[atom]).sum(0)  # (2,)
    length = np.linalg.norm(inward)
    if length < EVEN:
        return np.zeros(len(offsets))
    distances = np.linalg.norm(offsets, axis=1)  # (points,)
    return 1 + offsets @ inward / (length * distances)
