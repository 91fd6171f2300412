"""A molecule in black over which a flow is drawn, and where its atoms are."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from rdkit import Chem
from rdkit.Geometry import Point2D

from graphormer.graphs.molecules import Molecule
from molxai.rendering import Kind
from molxai.rendering.arcs import Scene
from molxai.rendering.depiction import bond_lengths
from molxai.rendering.drawer import Drawer, atom_positions, new_drawer
from molxai.rendering.indices import number_atoms
from molxai.rendering.layout import Label, layout

LONGEST_BOND = 50
"""Pixels of a bond at most, so that few atoms are not blown up."""

PADDING = 0.12
"""What is left free at each side of a molecule, as a share of the drawing."""

LETTER = 0.4
"""Radius of a letter, in halves of a bond."""

INDEX_SIZE = 8.5
"""Size in points of an atom's index."""

INDEX_GREY = "0.25"
"""Colour of an atom's index."""


def draw_skeleton(
    axes: Axes, molecule: Molecule, size: tuple[int, int], kind: Kind, numbered: set[int]
) -> tuple[str | bytes, Scene]:
    """RDKit's black drawing with the numbers of some atoms, and where it put the atoms."""
    drawer = new_drawer(size, kind, PADDING)
    options = drawer.drawOptions()
    options.fixedBondLength = LONGEST_BOND
    options.minFontSize = 10
    options.maxFontSize = 20
    molecule_layout = number_atoms(layout(molecule.mol), numbered, radius=0.0)
    flat = molecule_layout.mol
    drawer.DrawMolecule(flat)
    drawer.FinishDrawing()
    for index in molecule_layout.indices:
        _write_index(axes, drawer, index)
    places = np.array(atom_positions(drawer, flat.GetNumAtoms()))  # (atoms, 2)
    reach = _half_a_bond(flat, places)
    letters = np.array([_letters(atom) for atom in flat.GetAtoms()])  # (atoms,)
    gaps = LETTER * reach * letters
    return drawer.GetDrawingText(), Scene(axes, places, reach, gaps)


def _write_index(axes: Axes, drawer: Drawer, index: Label) -> None:
    """Write an atom's index over the arcs."""
    x, y = index.centre
    point = drawer.GetDrawCoords(Point2D(x, y))
    text = axes.text(
        point.x,
        point.y,
        index.text,
        fontsize=INDEX_SIZE,
        color=INDEX_GREY,
        ha="center",
        va="center",
        zorder=5,
    )
    text.set_path_effects([withStroke(linewidth=2, foreground="white")])


def _half_a_bond(mol: Chem.Mol, places: np.ndarray) -> float:
    """Half the median length of the bonds in the drawing."""
    lengths = bond_lengths(mol, places)
    length = float(np.median(lengths)) if len(lengths) else LONGEST_BOND
    return length / 2


def _letters(atom: Chem.Atom) -> int:
    """Symbols that are written at an atom: none at a corner, two with hydrogens."""
    is_corner = atom.GetSymbol() == "C" and atom.GetDegree() > 0
    if is_corner:
        return 0
    return 2 if atom.GetTotalNumHs() > 0 else 1
