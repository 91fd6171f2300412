"""Where a drawing's atoms, letters and labels lie, in Å, and how many pixels an Å may take."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from rdkit import Chem
from rdkit.Chem import rdCoordGen, rdDepictor, rdMolDescriptors

from molxai.rendering.drawer import rdMolDraw2D
from molxai.rendering.sandwich import lay_out_sandwich

BOND = 1.5
"""Mean length in Å of the bonds of every layout: RDKit's own, to which others are scaled."""

SHORTEST_BOND = 0.1
"""In Å: a layout with shorter bonds (all atoms in one point, say) is drawn anew."""

NEAREST = 0.65
"""Least distance in Å, at the usual bond length, of two atoms that are not bonded.

A layout with nearer ones is drawn anew, if that separates them.
"""

MACROCYCLE = 12
"""Atoms of a ring from which on it is one."""

MOST_FOLDED = 120
"""Atoms of a molecule that CoordGen is asked to lay out: for larger ones it takes seconds."""

FRAGMENT_GAP = 3.0
"""Å between the outermost atoms of a salt's fragments: room for letters and charges."""

LARGEST = 30.0
"""Pixels per Å at most: a usual bond is 45 pixels long, however few the atoms."""

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
    bonds = bond_ends(flat)
    room = np.array([_room(atom, around) for atom in flat.GetAtoms()])  # (atoms, 2)
    low = (places - room).min(0)
    high = (places + room).max(0)
    return Layout(flat, places, bonds, low, high)


def flat_copy(mol: Chem.Mol) -> Chem.Mol:
    """A copy with Kekulé bonds and a 2D layout of the usual bond length.

    Atoms keep their indices. The layout of a file is kept, unless bonds have no length in it, or
    atoms lie on one another that need not.
    """
    copy = Chem.Mol(mol)
    if not _has_flat_layout(copy):
        _lay_out(copy)
    _scale_to_usual(copy)
    nearest = _nearest(copy)
    if nearest < NEAREST:
        anew = Chem.Mol(copy)
        _lay_out(anew)
        _scale_to_usual(anew)
        if _nearest(anew) > nearest:
            copy = anew
    return rdMolDraw2D.PrepareMolForDrawing(copy, addChiralHs=False)


def _has_flat_layout(mol: Chem.Mol) -> bool:
    """Whether the molecule comes with places in the plane that can be drawn."""
    if not mol.GetNumConformers() or mol.GetConformer().Is3D():
        return False
    has_point = _bond_lengths(mol).min(initial=BOND) < SHORTEST_BOND
    return not has_point


def _scale_to_usual(mol: Chem.Mol) -> None:
    """Give bonds the usual length in the mean."""
    lengths = _bond_lengths(mol)
    if len(lengths):
        conformer = mol.GetConformer()
        conformer.SetPositions(conformer.GetPositions() * (BOND / lengths.mean()))


def _nearest(mol: Chem.Mol) -> float:
    """Distance in Å of the two nearest atoms that are not bonded; infinite if all are."""
    places = mol.GetConformer().GetPositions()[:, :2]  # (atoms, 2)
    distances = distances_between(places, places)
    is_bonded = Chem.GetAdjacencyMatrix(mol) > 0  # (atoms, atoms)
    distances[is_bonded] = math.inf
    np.fill_diagonal(distances, math.inf)
    return float(distances.min(initial=math.inf))


def distances_between(
    points: Float[ndarray, "points 2"], others: Float[ndarray, "others 2"]
) -> Float[ndarray, "points others"]:
    """Distance of every point to each of the others."""
    offsets = points[:, None] - others  # (points, others, 2)
    return np.linalg.norm(offsets, axis=2)  # (points, others)


def _lay_out(mol: Chem.Mol) -> None:
    """Give a molecule a new layout, wider than tall; several fragments stand in a row."""
    if not lay_out_sandwich(mol):
        _usual_layout(mol)
    rdDepictor.StraightenDepiction(mol)
    fragments = sorted(Chem.GetMolFrags(mol), key=len, reverse=True)
    if len(fragments) > 1:
        _set_in_a_row(mol, fragments)


def _set_in_a_row(mol: Chem.Mol, fragments: list[tuple[int, ...]]) -> None:
    """Move the fragments beside one another, from left to right, on one middle line."""
    places = mol.GetConformer().GetPositions()  # (atoms, 3)
    left = 0.0
    for atoms in map(list, fragments):
        x, y, _ = places[atoms].T  # (atoms,) each
        x = x + (left - x.min())
        middle = (y.min() + y.max()) / 2
        places[atoms, 0] = x
        places[atoms, 1] = y - middle
        left = x.max() + FRAGMENT_GAP
    mol.GetConformer().SetPositions(places)


def _usual_layout(mol: Chem.Mol) -> None:
    """RDKit's layout, or CoordGen's if that is better."""
    if not _has_cage(mol):
        rdDepictor.Compute2DCoords(mol)
        return
    rdCoordGen.AddCoords(mol)
    rdDepictor.NormalizeDepiction(mol)
    _scale_to_usual(mol)
    nearest = _nearest(mol)
    if nearest < NEAREST:
        other = Chem.Mol(mol)
        rdDepictor.Compute2DCoords(other)
        if _nearest(other) > nearest:
            mol.GetConformer().SetPositions(other.GetConformer().GetPositions())


def _has_cage(mol: Chem.Mol) -> bool:
    """Whether CoordGen lays out some rings better: macrocycles, bridged and spiro ones."""
    if mol.GetNumAtoms() > MOST_FOLDED:
        return False
    largest_ring = max(map(len, mol.GetRingInfo().AtomRings()), default=0)
    return (
        largest_ring >= MACROCYCLE
        or rdMolDescriptors.CalcNumSpiroAtoms(mol) > 0
        or rdMolDescriptors.CalcNumBridgeheadAtoms(mol) > 0
    )


def _bond_lengths(mol: Chem.Mol) -> Float[ndarray, " bonds"]:
    return bond_lengths(mol, mol.GetConformer().GetPositions())


def bond_lengths(
    mol: Chem.Mol, places: Float[ndarray, "atoms dimensions"]
) -> Float[ndarray, " bonds"]:
    """Length of each bond, with the atoms at these places."""
    start, end = bond_ends(mol).T
    return np.linalg.norm(places[start] - places[end], axis=1)


def bond_ends(mol: Chem.Mol) -> Int[ndarray, "bonds 2"]:
    """Both atoms of each bond."""
    # RDKit's iterator over bonds takes twice as long.
    bonds = [mol.GetBondWithIdx(index) for index in range(mol.GetNumBonds())]
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds]
    return np.array(ends, dtype=int).reshape(-1, 2)  # without bonds, too


def _room(atom: Chem.Atom, around: float) -> tuple[float, float]:
    """Half width and half height that an atom may take with its letters and disc."""
    letters = _letters(atom)
    across = max(DISC, LETTER * (letters - CENTRED)) + ACROSS_GAP
    has_hydrogens = atom.GetTotalNumHs() > 0
    along = DISC + ALONG_GAP
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
    return letters + has_charge + has_isotope
