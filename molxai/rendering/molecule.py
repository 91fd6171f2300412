"""A molecule with its relevance: discs or contours under RDKit's line drawing in ACS style."""

from collections.abc import Sequence

import numpy as np
from PIL import Image
from rdkit import Chem

from molxai.rendering import Kind
from molxai.rendering.contour import GAUSSIAN, contour_map
from molxai.rendering.indices import number_atoms
from molxai.rendering.labels import add_labels
from molxai.rendering.layout import DISC, LABEL, Layout, layout
from molxai.rendering.look import PLAIN, Look, Part
from molxai.rendering.molecule_sheet import MoleculeSheet, letter_size
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import NO_BONDS, Bonds, of_bonds, structure_limit

WIDEST = 3.2
"""Standard deviations of an atom's Gaussian at which even a sum of several has no colour left."""


def draw_molecule(
    mol: Chem.Mol,
    relevance: Sequence[float],
    limit: float,
    size: tuple[int, int],
    kind: Kind,
    look: Look = PLAIN,
    uncertain: Sequence[bool] = (),
    parts: Sequence[Part] = (),
    scale: float | None = None,
    bonds: Bonds = NO_BONDS,
    low: float | None = None,
) -> str | bytes:
    """The drawing without a frame, as SVG text or PNG bytes.

    In an SVG, discs are ellipses of the classes `atom-0`, `atom-1` … and their hatching is of
    `hatch-0` …; contours are an embedded PNG under the lines. Bands between discs and bonds are of
    the classes `bond-0` …

    Args:
        mol: the molecule; its own 2D layout is kept if it has one.
        relevance: of each atom.
        limit: the magnitude that is drawn in full colour.
        size: width and height in pixels; a PNG has `look.dpi` / 100 times as many.
        kind: svg or png.
        look: palette, style and so on; lone atoms make no contour and are highlighted.
        uncertain: whether each atom is hatched.
        parts: outlined, with their words beside them.
        scale: pixels per Å. [default: as many as fit, and no more than make a bond of 45 pixels]
        bonds: relevance of the bonds, in full colour at their own largest magnitude.
        low: the relevance in no colour, of a method without a sign. [default: it has one]

    Raises:
        ValueError: another number of relevances than atoms.
    """
    laid_out = lay_out(mol, look, parts)
    return draw_layout(laid_out, relevance, limit, size, kind, look, uncertain, scale, bonds, low)


def lay_out(
    mol: Chem.Mol, look: Look = PLAIN, parts: Sequence[Part] = (), height: float = LABEL
) -> Layout:
    """The molecule's layout with its words, and room for what the look adds around atoms.

    Args:
        mol: the molecule.
        look: style and atom numbers.
        parts: atoms with the words beside them.
        height: of these words in Å.
    """
    around = 0.0
    if look.style == "contour":
        around = WIDEST * GAUSSIAN
    laid_out = layout(mol, around)
    if look.atom_numbers:
        laid_out = number_atoms(laid_out, radius=0.0 if around else DISC)
    return add_labels(laid_out, parts, height)


def draw_layout(
    layout: Layout,
    relevance: Sequence[float],
    limit: float,
    size: tuple[int, int],
    kind: Kind,
    look: Look = PLAIN,
    uncertain: Sequence[bool] = (),
    scale: float | None = None,
    bonds: Bonds = NO_BONDS,
    low: float | None = None,
    factor: float | None = None,
) -> str | bytes:
    """The same as `draw_molecule`, for a molecule that is already laid out.

    The drawing is larger than its layout by `factor`, which is the look's unless it is given. For a
    PDF it is SVG text.

    Raises:
        ValueError: another number of relevances than atoms.
    """
    if len(relevance) != len(layout.places):
        raise ValueError(f"{len(relevance)} relevances but {len(layout.places)} atoms")
    factor = factor or look.factor(kind)
    width, height = size
    pixels = (round(width * factor), round(height * factor))
    scale = scale or layout.fit(size)
    letter = letter_size(scale)
    sheet = MoleculeSheet(layout, pixels, kind, scale * factor, look.ink, letter)
    behind = None
    ramp = Ramp(look.colours, limit, low)
    if look.style == "contour" and len(layout.bonds):
        shares = sheet.field(np.array(ramp.shares(relevance)))
        behind = contour_map(shares, ramp)
        if kind == "png" and layout.parts:
            behind = Image.alpha_composite(behind, sheet.outlines())
    else:
        behind = sheet.outlines() if kind == "png" and layout.parts else None
        sheet.draw_discs(ramp.inks(relevance))
        if bonds:
            of_each = of_bonds(bonds, layout.bonds.tolist())
            of_all = Ramp(look.colours, structure_limit(bonds.values()))
            sheet.draw_bands(of_all.inks(of_each))
    sheet.hatch(np.flatnonzero(uncertain).tolist())
    sheet.draw_lines(look)
    if kind == "png":
        return sheet.png(behind, look.transparent)
    return sheet.svg(behind)
