"""Where a drawing's atoms, letters and labels lie, in Å, and how many pixels an Å may take."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from rdkit import Chem

from molxai.rendering.crowding import bond_ends
from molxai.rendering.depiction import BOND, flat_copy
from molxai.rendering.letters import FONT_SIZE, draw_letters, middles_of_lone
from molxai.rendering.sandwich import set_layout

LARGEST = 30.0
"""Pixels per Å at most: a usual bond is 45 pixels long, however few the atoms."""

PIXELS = 32
"""Pixels per Å at which letters are measured."""

LONGEST_BARE = 1.0
"""Distance in Å from a label to its part's nearest disc beyond which a line joins them."""

LETTER = 0.62
"""Width in Å of a letter of an atom's label; it is 0.9 Å tall."""

CENTRED = 0.3
"""Letters by which an atom's label reaches less far: its first one is centred on the atom."""

ACROSS_GAP = 0.1
"""Å left free at either side of an atom."""

ALONG_GAP = 0.15
"""Å left free above and below an atom."""

STACKED_LETTERS = 1.3
"""Height in Å above and below an atom that hydrogens take which stand there."""

DISC = 0.57
"""Radius in Å of the disc behind an atom: neighbouring discs just leave a gap."""

AROUND_LETTERS = 0.06
"""Å from the letters of an atom without bonds to the edge of its disc, which holds them all."""

LARGEST_DISC = 1.4
"""Radius in Å of such a disc at most: ions lie 3 Å apart."""

HALF_LETTER = 0.3
"""Half of the width and height of a letter, as a share of its size."""

LABEL = 0.6
"""Height in Å of the words beside a part: a little less than the letters of atoms."""


@dataclass(frozen=True)
class Label:
    """Words in a box around `centre`, in Å, and the atom that they stand beside."""

    text: str
    centre: Float[ndarray, " 2"]
    half: Float[ndarray, " 2"]
    """Half of the box's width and height."""
    near: Float[ndarray, " 2"]
    """Where the part's nearest atom lies."""

    def leader(self, radius: float) -> Float[ndarray, "ends=2 2"] | None:
        """A line from the box's edge to the atom's disc, if the gap between them calls for one."""
        low = self.centre - self.half
        high = self.centre + self.half
        start = np.clip(self.near, low, high)
        way = self.near - start
        length = float(np.linalg.norm(way))
        if length - radius < LONGEST_BARE:
            return None
        end = self.near - way * radius / length
        return np.stack([start, end])  # (ends=2, 2)


@dataclass(frozen=True)
class Layout:
    """A molecule laid out in the plane, and the box that holds all that is drawn."""

    mol: Chem.Mol
    """Flat, with Kekulé bonds; atoms in their order."""
    places: Float[ndarray, "atoms 2"]
    bonds: Int[ndarray, "bonds 2"]
    """Both atoms of each bond."""
    low: Float[ndarray, " 2"]
    high: Float[ndarray, " 2"]
    parts: tuple[tuple[int, ...], ...] = ()
    """Atoms that are outlined together."""
    labels: tuple[Label, ...] = ()
    indices: tuple[Label, ...] = ()
    """The numbers of atoms."""
    label_height: float = LABEL
    """Height in Å of a line of words beside a part."""

    lone: Mapping[int, float] = field(default_factory=dict)
    """Radius in Å of the disc of each atom without bonds, which holds its letters."""

    def disc(self, atom: int) -> float:
        """Radius in Å of the disc behind an atom."""
        return self.lone.get(atom, DISC)

    @property
    def beyond_discs(self) -> Float[ndarray, " atoms"]:
        """By how many Å the disc of each atom is larger than a usual one."""
        return np.array([self.disc(atom) - DISC for atom in range(len(self.places))])

    def fit(self, size: tuple[int, int]) -> float:
        """Pixels per Å at which all is inside, and at most `LARGEST`."""
        width, height = self.high - self.low
        across = size[0] / width
        along = size[1] / height
        return min(across, along, LARGEST)

    def width(self, scale: float) -> int:
        """Pixels from the leftmost to the rightmost."""
        width = self.high[0] - self.low[0]
        return math.ceil(float(width) * scale)

    def height(self, scale: float) -> int:
        """Pixels from the lowest to the highest."""
        height = self.high[1] - self.low[1]
        return math.ceil(float(height) * scale)


def layout(mol: Chem.Mol, around: float = 0.0) -> Layout:
    """The molecule's own layout if it has one, else RDKit's, with room for letters.

    Args:
        mol: the molecule.
        around: Å at least on each side of an atom.
    """
    flat = flat_copy(mol)
    places = flat.GetConformer().GetPositions()[:, :2]  # (atoms, 2)
    lone = _centre_letters_of_lone(flat, places)
    bonds = bond_ends(flat)
    discs = [lone.get(atom.GetIdx(), DISC) for atom in flat.GetAtoms()]
    atoms = zip(flat.GetAtoms(), discs, strict=True)
    room = np.array([_room(atom, disc, around) for atom, disc in atoms])  # (atoms, 2)
    low = (places - room).min(0)
    high = (places + room).max(0)
    return Layout(flat, places, bonds, low, high, lone=lone)


def _centre_letters_of_lone(flat: Chem.Mol, places: Float[ndarray, "atoms 2"]) -> dict[int, float]:
    """Move atoms without bonds in the drawing, so that their letters are around their places.

    Returns:
        the radius in Å of the disc of each of them.
    """
    if all(atom.GetDegree() for atom in flat.GetAtoms()):
        return {}
    drawing = draw_letters(flat, PIXELS * BOND, round(PIXELS * FONT_SIZE), 1)
    moved = places.copy()
    radii: dict[int, float] = {}
    for atom, middle in middles_of_lone(flat, drawing.letters).items():
        x, y = drawing.places[atom]
        moved[atom, 0] -= (middle - x) / PIXELS
        reach = max(
            math.hypot(
                abs(letter.x - middle) + HALF_LETTER * letter.size,
                abs(letter.y - y) + HALF_LETTER * letter.size,
            )
            for letter in drawing.letters
            if letter.atom == atom
        )
        radii[atom] = min(max(DISC, reach / PIXELS + AROUND_LETTERS), LARGEST_DISC)
    set_layout(flat, moved)
    return radii


def _room(atom: Chem.Atom, disc: float, around: float) -> tuple[float, float]:
    """Half width and half height that an atom may take with its letters and disc."""
    letters = _letters(atom)
    across = max(DISC, LETTER * (letters - CENTRED)) + ACROSS_GAP
    has_hydrogens = atom.GetTotalNumHs() > 0
    along = DISC + ALONG_GAP
    if not atom.GetDegree():
        across = max(across, disc + ACROSS_GAP)
        along = disc + ALONG_GAP
    if letters and has_hydrogens and atom.GetDegree() > 1:
        along = STACKED_LETTERS  # between two bonds, as in NH, hydrogens stand above or below
    return max(across, around), max(along, around)


def _letters(atom: Chem.Atom) -> int:
    """Letters and digits that are written at the atom: symbol, hydrogens, charge and isotope."""
    hydrogens = atom.GetTotalNumHs()
    has_charge = bool(atom.GetFormalCharge())
    has_isotope = bool(atom.GetIsotope())
    is_corner = atom.GetSymbol() == "C" and atom.GetDegree() > 0
    if is_corner and not has_charge and not has_isotope:
        return 0
    letters = len(atom.GetSymbol())
    if hydrogens > 0:
        letters += 1
    if hydrogens > 1:
        letters += 1  # their number
    if has_isotope:
        letters += len(str(atom.GetIsotope()))
    if abs(atom.GetFormalCharge()) > 1:
        letters += 1  # its number
    return letters + has_charge
