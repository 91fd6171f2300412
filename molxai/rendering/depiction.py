"""Atoms in the plane: a molecule's own layout if it can be read, else the clearest of several."""

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem
from rdkit.Chem import rdCoordGen, rdDepictor, rdMolDescriptors

from molxai.rendering.cages import cage_coordinates
from molxai.rendering.crowding import Structure, bond_ends, crowding, distances_between
from molxai.rendering.drawer import rdMolDraw2D
from molxai.rendering.relaxation import relax
from molxai.rendering.sandwich import lay_out_sandwich, set_layout

BOND = 1.5
"""Mean length in Å of the bonds of every layout: RDKit's own, to which others are scaled."""

SHORTEST_BOND = 0.1
"""In Å: a layout with shorter bonds (all atoms in one point, say) is drawn anew."""

NEAREST = 0.65
"""Least distance in Å, at the usual bond length, of two atoms that are not bonded.

A layout with nearer ones is drawn anew, if that separates them.
"""

POOR = 0.9
"""Such a distance in Å below which other layouts are tried: the atoms' discs lie on one another."""

MACROCYCLE = 12
"""Atoms of a ring from which on it is one."""

MOST_FOLDED = 120
"""Atoms of a molecule that is laid out in several ways: for larger ones it takes seconds."""

LONGEST = 1.3
"""Length of a bond, in usual bonds, from which on a layout is poor: it hides a cage's bonds."""

CLEAR = 4.0
"""Cost of a layout below which no others are tried."""

FRAGMENT_GAP = 3.0
"""Å between the outermost atoms of a salt's fragments: room for letters and charges."""


def flat_copy(mol: Chem.Mol) -> Chem.Mol:
    """A copy with Kekulé bonds and a 2D layout of the usual bond length.

    Atoms keep their indices. The layout of a file is kept, unless bonds have no length in it, or
    atoms lie on one another that need not.
    """
    copy = Chem.Mol(mol)
    if not _has_flat_layout(copy):
        _lay_out(copy)
        _scale_to_usual(copy)
        return _prepare(copy)
    _scale_to_usual(copy)
    nearest = _nearest(copy)
    if nearest < NEAREST:
        anew = Chem.Mol(copy)
        _lay_out(anew)
        _scale_to_usual(anew)
        if _nearest(anew) > nearest:
            copy = anew
    return _prepare(copy)


def _prepare(mol: Chem.Mol) -> Chem.Mol:
    """The molecule with Kekulé bonds and wedges, and a gap between a mass number and its symbol.

    RDKit sets the number on a narrow letter, as in 125I. Labels with hydrogens are left as they
    are, because RDKit turns them to the side on which there is no bond.
    """
    flat = rdMolDraw2D.PrepareMolForDrawing(mol, addChiralHs=False)
    for atom in flat.GetAtoms():
        mass = atom.GetIsotope()
        if mass and not atom.GetTotalNumHs() and not atom.GetFormalCharge():
            atom.SetProp("atomLabel", f"<sup>{mass} </sup>{atom.GetSymbol()}")
    return flat


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


def _lay_out(mol: Chem.Mol) -> None:
    """Give a molecule a new layout, wider than tall; several fragments stand in a row."""
    if not lay_out_sandwich(mol):
        _usual_layout(mol)
        rdDepictor.StraightenDepiction(mol)
    fragments = sorted(Chem.GetMolFrags(mol), key=len, reverse=True)
    if len(fragments) > 1:
        set_in_a_row(mol, fragments)


def set_in_a_row(mol: Chem.Mol, fragments: list[tuple[int, ...]]) -> None:
    """Move the fragments to the right of the first one, one after the other, on its middle line."""
    places = mol.GetConformer().GetPositions()[:, :2]  # (atoms, 2)
    first, *others = map(list, fragments)
    low = places[first].min(0)
    high = places[first].max(0)
    right = high[0]
    middle = (low[1] + high[1]) / 2
    for atoms in others:
        low = places[atoms].min(0)
        high = places[atoms].max(0)
        step = [right + FRAGMENT_GAP - low[0], middle - (low[1] + high[1]) / 2]
        places[atoms] += step
        right = places[atoms, 0].max()
    set_layout(mol, places)


def _usual_layout(mol: Chem.Mol) -> None:
    """RDKit's layout if it is clear, else the one of several in which atoms lie clearest."""
    rdDepictor.Compute2DCoords(mol)
    is_large = mol.GetNumAtoms() > MOST_FOLDED
    if is_large or not (_has_cage(mol) or _is_crowded(mol)):
        return
    set_layout(mol, _clearest(mol) * BOND)


def _is_crowded(mol: Chem.Mol) -> bool:
    """Whether atoms lie on one another, or bonds are far longer than others."""
    longest = float(_bond_lengths(mol).max(initial=0.0))
    return _nearest(mol) < POOR or longest > LONGEST * BOND


def _clearest(mol: Chem.Mol) -> Float[ndarray, "atoms 2"]:
    """The first clear layout in bonds; if there is none that of the least cost, relaxed."""
    structure = Structure.of(mol)
    costs: list[float] = []
    layouts: list[Float[ndarray, "atoms 2"]] = []
    for places in _layouts(mol):
        layouts.append(places)
        costs.append(crowding(places, structure))
        if costs[-1] < CLEAR:
            return places
    return relax(mol, layouts[int(np.argmin(costs))])


def _layouts(mol: Chem.Mol) -> Iterator[Float[ndarray, "atoms 2"]]:
    """Layouts in bonds: RDKit's own, for a macrocycle after CoordGen's, which are less round."""
    copy = Chem.Mol(mol)
    has_macrocycle = _has_macrocycle(mol)
    if has_macrocycle:
        yield _folded(copy)
    else:
        yield _places(mol)
    rdDepictor.Compute2DCoords(copy, useRingTemplates=True)
    yield _places(copy)
    for coordinates in cage_coordinates(mol):
        rdDepictor.Compute2DCoords(copy, canonOrient=False, coordMap=coordinates)
        yield _places(copy)
    if not has_macrocycle:
        yield _folded(copy)


def _folded(mol: Chem.Mol) -> Float[ndarray, "atoms 2"]:
    """CoordGen's layout in bonds."""
    rdCoordGen.AddCoords(mol)
    rdDepictor.NormalizeDepiction(mol)
    _scale_to_usual(mol)
    return _places(mol)


def _places(mol: Chem.Mol) -> Float[ndarray, "atoms 2"]:
    """Where the atoms lie, in bonds."""
    return mol.GetConformer().GetPositions()[:, :2] / BOND


def _has_cage(mol: Chem.Mol) -> bool:
    """Whether RDKit's usual layout of some rings is poor: macrocycles, bridged and spiro ones."""
    return (
        _has_macrocycle(mol)
        or rdMolDescriptors.CalcNumSpiroAtoms(mol) > 0
        or rdMolDescriptors.CalcNumBridgeheadAtoms(mol) > 0
    )


def _has_macrocycle(mol: Chem.Mol) -> bool:
    return max(map(len, mol.GetRingInfo().AtomRings()), default=0) >= MACROCYCLE


def _bond_lengths(mol: Chem.Mol) -> Float[ndarray, " bonds"]:
    return bond_lengths(mol, mol.GetConformer().GetPositions())


def bond_lengths(
    mol: Chem.Mol, places: Float[ndarray, "atoms dimensions"]
) -> Float[ndarray, " bonds"]:
    """Length of each bond, with the atoms at these places."""
    start, end = bond_ends(mol).T
    return np.linalg.norm(places[start] - places[end], axis=1)
