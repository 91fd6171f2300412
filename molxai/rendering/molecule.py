"""A molecule with its relevance, drawn by RDKit: highlighted atoms and bonds, or contours."""

import base64
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
from molxai.rendering.colour import BLUE, RED, WHITE, colours

HIGHLIGHT_RADIUS = 0.38
"""Of the disc behind an atom, in bond lengths: neighbouring discs just leave a gap."""

CONTOUR_GRID, CONTOURS = 0.08, 8
"""Grid spacing in Å and number of lines."""


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
    options.prepareMolsBeforeDrawing = False  # it would add the hydrogens that `_flat` left out
    flat = _flat(mol)
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


def _flat(mol: Chem.Mol) -> Chem.Mol:
    """A copy with Kekulé bonds and a 2D layout; atoms keep their indices."""
    copy = Chem.Mol(mol)
    if not copy.GetNumConformers() or copy.GetConformer().Is3D():
        rdDepictor.Compute2DCoords(copy)
        rdDepictor.StraightenDepiction(copy)
    return rdMolDraw2D.PrepareMolForDrawing(copy, addChiralHs=False)


def _highlights(drawer: rdMolDraw2D.MolDraw2D, mol: Chem.Mol, relevance: Sequence[float], limit: float) -> None:
    atoms = dict(enumerate(colours(relevance, limit)))
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    bonds = dict(enumerate(colours([(relevance[a] + relevance[b]) / 2 for a, b in ends], limit)))
    drawer.DrawMolecule(mol, highlightAtoms=list(atoms), highlightAtomColors=atoms, highlightBonds=list(bonds), highlightBondColors=bonds)


def _contours(drawer: rdMolDraw2D.MolDraw2D, mol: Chem.Mol, relevance: Sequence[float], limit: float) -> None:
    """Gaussians of half a bond length on the atoms, as filled contours."""
    conformer = mol.GetConformer()
    places = [Point2D(p.x, p.y) for p in map(conformer.GetAtomPosition, range(mol.GetNumAtoms()))]
    lengths = [(places[b.GetBeginAtomIdx()] - places[b.GetEndAtomIdx()]).Length() for b in mol.GetBonds()]
    bond = sum(lengths) / len(lengths)
    parameters = rdMolDraw2D.ContourParams()
    parameters.gridResolution = CONTOUR_GRID
    parameters.fillGrid = True
    parameters.setScale = True
    parameters.extraGridPadding = 0.6
    parameters.setColourMap([BLUE, WHITE, RED])
    drawer.ClearDrawing()
    weights = [r / limit for r in relevance]
    rdMolDraw2D.ContourAndDrawGaussians(drawer, places, weights, [0.5 * bond] * len(weights), nContours=CONTOURS, params=parameters)
    drawer.drawOptions().clearBackground = False
