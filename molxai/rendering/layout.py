"""Where a drawing's atoms, letters and labels lie, in Å, and how many pixels an Å may take."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from rdkit import Chem
from rdkit.Chem import rdCoordGen, rdDepictor, rdMolDescriptors

from molxai.rendering.sandwich import stacked

try:
    from rdkit.Chem.Draw import rdMolDraw2D as rdMolDraw2D
except (
    ImportError
) as error:  # a minimal system without the X libraries that RDKit's wheel is linked to
    raise OSError(
        f"RDKit cannot draw on this machine ({error}): install libxrender1, libxext6 and libexpat1"
    ) from error

BOND = 1.5
"""Mean length in Å of the bonds of every layout: that of RDKit's own, to which others are scaled."""

SHORTEST_BOND = 0.1
"""In Å: a layout with shorter bonds (all atoms in one point, say) is drawn anew."""

NEAREST = 0.65
"""In Å, at the usual bond length: a layout with two atoms so near that are not bonded is drawn anew, if that parts them."""

MACROCYCLE = 12
"""Atoms of a ring from which on it is one."""

MOST_FOLDED = 120
"""Atoms of a molecule that CoordGen is asked to lay out: for larger ones it takes seconds."""

FRAGMENT_GAP = 3.0
"""In Å, between the outermost atoms of the fragments of a salt: room for letters and charges."""

LARGEST = 30.0
"""Pixels per Å at most: a usual bond is 45 pixels long, however few the atoms."""

LONGEST_BARE = 1.0
"""Distance in Å from a label to its part's nearest disc beyond which a line joins them."""

LETTER = 0.62
"""Width in Å of a letter of an atom's label; it is 0.9 Å tall."""

DISC = 0.57
"""Radius in Å of the disc behind an atom: neighbouring discs just leave a gap."""


@dataclass(frozen=True)
class Label:
    """Words in a box around `centre`, in Å, and the atom that they stand beside."""

    text: str
    centre: Float[ndarray, " 2"]
    half: Float[ndarray, " 2"]
    """Of the box's width and height."""
    near: Float[ndarray, " 2"]
    """Place of the part's nearest atom."""

    def leader(self, radius: float) -> Float[ndarray, "ends=2 2"] | None:
        """A line from the box's edge to the atom's disc, where the gap between them calls for one."""
        start = np.clip(self.near, self.centre - self.half, self.centre + self.half)
        way = self.near - start
        length = float(np.linalg.norm(way))
        return (
            None
            if length - radius < LONGEST_BARE
            else np.stack([start, self.near - way * radius / length])
        )


@dataclass(frozen=True)
class Layout:
    """A molecule laid out in the plane, and the box that holds all that is drawn."""

    mol: Chem.Mol
    """Flat, with Kekulé bonds; atoms in their order."""
    places: Float[ndarray, "atoms 2"]
    bonds: Int[ndarray, "bonds 2"]
    """Atoms that each joins."""
    low: Float[ndarray, " 2"]
    high: Float[ndarray, " 2"]
    parts: tuple[tuple[int, ...], ...] = ()
    """Atoms that are outlined together."""
    labels: tuple[Label, ...] = ()

    def fit(self, size: tuple[int, int]) -> float:
        """Pixels per Å at which all is inside, and at most `LARGEST`."""
        width, height = self.high - self.low
        return min(size[0] / width, size[1] / height, LARGEST)

    def height(self, scale: float) -> int:
        """Pixels from the lowest to the highest."""
        return math.ceil(float(self.high[1] - self.low[1]) * scale)


def layout(mol: Chem.Mol, around: float = 0.0) -> Layout:
    """The molecule's own layout where it has one, else RDKit's, with room for letters, and `around` Å at least on each side."""
    flat = flat_copy(mol)
    places = flat.GetConformer().GetPositions()[:, :2]
    bonds = np.array(
        [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in flat.GetBonds()], dtype=int
    ).reshape(-1, 2)
    room = np.array([_room(atom, around) for atom in flat.GetAtoms()])
    return Layout(flat, places, bonds, (places - room).min(0), (places + room).max(0))


def flat_copy(mol: Chem.Mol) -> Chem.Mol:
    """A copy with Kekulé bonds and a 2D layout of the usual bond length; atoms keep their indices.

    The layout of a file is kept, unless bonds have no length in it, or atoms lie on one another that need not.
    """
    copy = Chem.Mol(mol)
    if (
        not copy.GetNumConformers()
        or copy.GetConformer().Is3D()
        or _bond_lengths(copy).min(initial=BOND) < SHORTEST_BOND
    ):
        _lay_out(copy)
    _scale(copy)
    if (nearest := _nearest(copy)) < NEAREST:
        anew = Chem.Mol(copy)
        _lay_out(anew)
        _scale(anew)
        copy = anew if _nearest(anew) > nearest else copy
    return rdMolDraw2D.PrepareMolForDrawing(copy, addChiralHs=False)


def _scale(mol: Chem.Mol) -> None:
    """Give bonds the usual length in the mean."""
    if len(lengths := _bond_lengths(mol)):
        mol.GetConformer().SetPositions(mol.GetConformer().GetPositions() * (BOND / lengths.mean()))


def _nearest(mol: Chem.Mol) -> float:
    """Distance in Å of the two nearest atoms that are not bonded; infinite where all are."""
    places = mol.GetConformer().GetPositions()[:, :2]
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    apart[Chem.GetAdjacencyMatrix(mol) > 0] = math.inf
    np.fill_diagonal(apart, math.inf)
    return float(apart.min(initial=math.inf))


def _lay_out(mol: Chem.Mol) -> None:
    """Give a molecule a new layout, wider than tall; several fragments stand in a row."""
    if not stacked(mol):
        _usual_layout(mol)
    rdDepictor.StraightenDepiction(mol)
    fragments = sorted(Chem.GetMolFrags(mol), key=len, reverse=True)
    places, left = mol.GetConformer().GetPositions(), 0.0
    for atoms in map(list, fragments if len(fragments) > 1 else ()):
        own = places[atoms]
        own[:, 0] += left - own[:, 0].min()
        own[:, 1] -= (own[:, 1].min() + own[:, 1].max()) / 2
        places[atoms], left = own, own[:, 0].max() + FRAGMENT_GAP
    mol.GetConformer().SetPositions(places)


def _usual_layout(mol: Chem.Mol) -> None:
    """RDKit's layout, or CoordGen's where that is better."""
    if not _cages(mol):
        rdDepictor.Compute2DCoords(mol)
        return
    rdCoordGen.AddCoords(mol)
    rdDepictor.NormalizeDepiction(mol)
    _scale(mol)
    if (nearest := _nearest(mol)) < NEAREST:
        other = Chem.Mol(mol)
        rdDepictor.Compute2DCoords(other)
        if _nearest(other) > nearest:
            mol.GetConformer().SetPositions(other.GetConformer().GetPositions())


def _cages(mol: Chem.Mol) -> bool:
    """Whether there are rings that CoordGen lays out better than RDKit: macrocycles, bridged and spiro ones."""
    if mol.GetNumAtoms() > MOST_FOLDED:
        return False
    largest = max(map(len, mol.GetRingInfo().AtomRings()), default=0)
    return (
        largest >= MACROCYCLE
        or rdMolDescriptors.CalcNumSpiroAtoms(mol) > 0
        or rdMolDescriptors.CalcNumBridgeheadAtoms(mol) > 0
    )


def _bond_lengths(mol: Chem.Mol) -> Float[ndarray, " bonds"]:
    places = mol.GetConformer().GetPositions()
    return np.array(
        [
            np.linalg.norm(places[b.GetBeginAtomIdx()] - places[b.GetEndAtomIdx()])
            for b in mol.GetBonds()
        ]
    )


def _room(atom: Chem.Atom, around: float) -> tuple[float, float]:
    """Half width and half height that an atom may take with its letters and disc."""
    hydrogens = atom.GetTotalNumHs() > 0
    letters = 0
    if (
        atom.GetSymbol() != "C"
        or atom.GetFormalCharge()
        or atom.GetIsotope()
        or not atom.GetDegree()
    ):
        letters = (
            len(atom.GetSymbol())
            + hydrogens
            + (atom.GetTotalNumHs() > 1)
            + bool(atom.GetFormalCharge())
            + bool(atom.GetIsotope())
        )
    across = max(DISC, LETTER * (letters - 0.3)) + 0.1
    along = 1.3 if letters and hydrogens and atom.GetDegree() > 1 else DISC + 0.15
    return max(across, around), max(along, around)
