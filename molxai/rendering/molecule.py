"""A molecule with its relevance, drawn by RDKit: highlighted atoms and bonds, or contours."""

import base64
import math
from collections.abc import Sequence
from typing import Literal

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Geometry import Point2D

try:
    from rdkit.Chem.Draw import rdMolDraw2D
except ImportError as error:  # a minimal system without the X libraries that RDKit's wheel is linked to
    raise OSError(f"RDKit cannot draw on this machine ({error}): install libxrender1, libxext6 and libexpat1") from error

from molxai.rendering import STYLES
from molxai.rendering.colour import BLUE, RED, WHITE, colours, mix

HIGHLIGHT_RADIUS = 0.38
"""Of the disc behind an atom, in bond lengths: neighbouring discs just leave a gap."""

CONTOUR_GRID, CONTOURS, FEWEST_CONTOURS = 0.08, 8, 2
"""Grid spacing in Å, number of lines of a map in full colour, and the number below which none is drawn."""

SHORTEST_BOND = 0.1
"""In Å: a layout with shorter bonds (all atoms in one point, say) is drawn anew."""


def draw_molecule(
    mol: Chem.Mol,
    relevance: Sequence[float],
    limit: float,
    size: tuple[int, int],
    kind: Literal["svg", "png"],
    style: str = "highlight",
    numbers: bool = False,
) -> str | bytes:
    """The drawing without a frame, as SVG text or PNG bytes.

    In an SVG, highlights are shapes of the classes `atom-0`, `atom-1` …; contours are an embedded PNG of twice the size,
    because as shapes those of one drug-like molecule take 1 to 3 MB. Bonds take the mean colour of their two atoms:
    they have no relevance of their own.

    Args:
        mol: the molecule; its own 2D layout is kept where it has one.
        relevance: of each atom.
        limit: the magnitude that is drawn in full colour.
        size: width and height in pixels.
        kind: svg or png.
        style: highlight or contour; lone atoms make no contour and are highlighted.
        numbers: write each atom's index beside it.

    Raises:
        ValueError: unknown style, or another number of relevances than atoms.
    """
    if style not in STYLES:
        raise ValueError(f"style {style!r}: {' or '.join(STYLES)} is needed")
    if len(relevance) != mol.GetNumAtoms():
        raise ValueError(f"{len(relevance)} relevances but {mol.GetNumAtoms()} atoms")
    contour = style == "contour" and mol.GetNumBonds() > 0
    if contour and kind == "svg":
        return _embedded(draw_molecule(mol, relevance, limit, (2 * size[0], 2 * size[1]), "png", style, numbers), size)
    drawer = rdMolDraw2D.MolDraw2DSVG(*size) if kind == "svg" else rdMolDraw2D.MolDraw2DCairo(*size)
    options = drawer.drawOptions()
    options.useBWAtomPalette()
    options.addAtomIndices = numbers
    options.annotationFontScale = 0.6
    options.clearBackground = kind == "png"
    options.highlightRadius = HIGHLIGHT_RADIUS
    options.highlightBondWidthMultiplier = 16
    options.padding = 0.06
    options.prepareMolsBeforeDrawing = False  # it would add the hydrogens that `flat_copy` left out
    flat = flat_copy(mol)
    if contour:
        _contours(drawer, flat, relevance, limit)
        drawer.DrawMolecule(flat)
    else:
        _highlights(drawer, flat, relevance, limit)
    drawer.FinishDrawing()
    return drawer.GetDrawingText()


def _embedded(png: str | bytes, size: tuple[int, int]) -> str:
    assert isinstance(png, bytes)
    width, height = size
    content = base64.b64encode(png).decode()
    return f"""<svg xmlns='http://www.w3.org/2000/svg' width='{width}px' height='{height}px' viewBox='0 0 {width} {height}'>
<image width='{width}' height='{height}' href='data:image/png;base64,{content}'/></svg>"""


def flat_copy(mol: Chem.Mol) -> Chem.Mol:
    """A copy with Kekulé bonds and a 2D layout; atoms keep their indices."""
    copy = Chem.Mol(mol)
    if not copy.GetNumConformers() or copy.GetConformer().Is3D() or _shortest_bond(copy) < SHORTEST_BOND:
        rdDepictor.Compute2DCoords(copy)
        rdDepictor.StraightenDepiction(copy)
    return rdMolDraw2D.PrepareMolForDrawing(copy, addChiralHs=False)


def _shortest_bond(mol: Chem.Mol) -> float:
    places = _places(mol)
    return min(((places[b.GetBeginAtomIdx()] - places[b.GetEndAtomIdx()]).Length() for b in mol.GetBonds()), default=1.0)


def _highlights(drawer: rdMolDraw2D.MolDraw2D, mol: Chem.Mol, relevance: Sequence[float], limit: float) -> None:
    atoms = dict(enumerate(colours(relevance, limit)))
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    bonds = dict(enumerate(colours([(relevance[a] + relevance[b]) / 2 for a, b in ends], limit)))
    drawer.DrawMolecule(mol, highlightAtoms=list(atoms), highlightAtomColors=atoms, highlightBonds=list(bonds), highlightBondColors=bonds)


def _contours(drawer: rdMolDraw2D.MolDraw2D, mol: Chem.Mol, relevance: Sequence[float], limit: float) -> None:
    """Gaussians of half a bond length on the atoms, as filled contours.

    RDKit fills every map up to the ends of its colour map, however small the values. So the ends are made as pale as the
    largest value of the field is against `limit`, and a map of almost nothing gets no contours at all.
    """
    places = _places(mol)
    lengths = [(places[b.GetBeginAtomIdx()] - places[b.GetEndAtomIdx()]).Length() for b in mol.GetBonds()]
    width = 0.5 * sum(lengths) / len(lengths)
    peak = max(abs(_field(here, places, relevance, width)) for here in places)
    share = min(peak / limit, 1.0)
    if (lines := round(CONTOURS * share)) < FEWEST_CONTOURS:
        return
    parameters = rdMolDraw2D.ContourParams()
    parameters.gridResolution = CONTOUR_GRID
    parameters.fillGrid = True
    parameters.setScale = True
    parameters.extraGridPadding = 1.5
    parameters.setColourMap([mix(WHITE, BLUE, share), WHITE, mix(WHITE, RED, share)])
    drawer.ClearDrawing()
    rdMolDraw2D.ContourAndDrawGaussians(drawer, places, list(relevance), [width] * len(places), nContours=lines, params=parameters)
    drawer.drawOptions().clearBackground = False


def _field(here: Point2D, places: Sequence[Point2D], relevance: Sequence[float], width: float) -> float:
    """Sum of the atoms' Gaussians at a point."""
    return sum(r * math.exp(-0.5 * ((here - there).Length() / width) ** 2) for r, there in zip(relevance, places, strict=True))


def _places(mol: Chem.Mol) -> list[Point2D]:
    positions = map(mol.GetConformer().GetAtomPosition, range(mol.GetNumAtoms()))
    return [Point2D(p.x, p.y) for p in positions]
