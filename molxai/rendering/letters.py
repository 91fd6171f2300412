"""Where RDKit writes the letters of atoms: their drawing as text is read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import unescape

import numpy as np
from rdkit import Chem

from molxai.rendering.depiction import BOND, bond_lengths
from molxai.rendering.drawer import atom_positions, new_drawer

Point = tuple[float, float]
"""x and y in pixels, from the upper left corner."""

ACS_BOND = 14.4
"""Points of a bond in the drawing settings of the ACS journals of 1996.

The proportions of the pictures follow these settings.
"""

FONT_SIZE = BOND * 10 / ACS_BOND
"""Size of a letter in Å: 10 pt in ACS style."""

SPARE = 176
"""Pixels more than the atoms take that RDKit's canvas has, so that nothing is cut off."""

LETTER_RIGHT = 0.32
"""How far right of the position that RDKit gives a letter its middle is, as a share of its size."""

LETTER_RISE = 0.53
"""How far above that position it is."""

_TEXT = re.compile(
    r"<text x='([^']*)' y='([^']*)' class='atom-(\d+)'[^>]*font-size:([\d.]+)px[^>]*>([^<]*)</text>"
)


@dataclass(frozen=True)
class Letter:
    """A letter or a symbol."""

    text: str
    x: float
    """x and y of its middle."""
    y: float
    size: float
    atom: int
    """The atom whose label it is a part of."""


@dataclass(frozen=True)
class Drawing:
    """RDKit's drawing as SVG with text."""

    svg: str
    places: list[Point]
    """Where the atoms are in it."""

    @property
    def letters(self) -> list[Letter]:
        """Each letter that is written in it."""
        return [_letter(*groups) for groups in _TEXT.findall(self.svg) if not groups[-1].isspace()]


def draw_letters(flat: Chem.Mol, bond: float, font: int, line: float) -> Drawing:
    """Draw a flat molecule on a canvas with room to spare.

    Args:
        flat: a molecule as `flat_copy` gives it.
        bond: length of a usual bond in pixels.
        font: size of a letter in pixels.
        line: width of a line in pixels.
    """
    places = flat.GetConformer().GetPositions()[:, :2]  # (atoms, 2)
    lengths = bond_lengths(flat, places)
    mean_length = float(np.mean(lengths)) if len(lengths) else BOND
    scale = bond / mean_length
    spans = np.ptp(places, axis=0) * scale  # (2,)
    width, height = (int(span + SPARE) for span in spans)
    drawer = new_drawer((width, height), "svg", letters_as_text=True)
    options = drawer.drawOptions()
    options.fixedScale = scale / width  # RDKit means a share of the canvas's width for one Å
    options.fixedFontSize = font
    options.bondLineWidth = line
    drawer.DrawMolecule(flat)
    drawer.FinishDrawing()
    return Drawing(drawer.GetDrawingText(), atom_positions(drawer, len(places)))


def _letter(x: str, y: str, atom: str, size: str, text: str) -> Letter:
    """A letter with its middle, from an SVG's attributes."""
    height = float(size)
    middle_x = float(x) + LETTER_RIGHT * height
    middle_y = float(y) - LETTER_RISE * height
    return Letter(unescape(text), middle_x, middle_y, height, int(atom))


def join_symbols(letters: Sequence[Letter]) -> list[Letter]:
    """The two letters of a symbol as one text, which the reader's own font sets at its own width.

    Example:
        >>> letters = [Letter("C", 0.0, 5.0, 14.0, atom=3), Letter("l", 9.0, 5.0, 14.0, atom=3)]
        >>> join_symbols(letters)
        [Letter(text='Cl', x=4.5, y=5.0, size=14.0, atom=3)]
    """
    joined: list[Letter] = []
    for letter in letters:
        if joined and _are_one_symbol(joined[-1], letter):
            first = joined.pop()
            middle = (first.x + letter.x) / 2
            joined.append(replace(first, text=first.text + letter.text, x=middle))
        else:
            joined.append(letter)
    return joined


def _are_one_symbol(capital: Letter, letter: Letter) -> bool:
    """Whether a capital is followed by a small letter on the same line."""
    if not (capital.text.isupper() and letter.text.islower()):
        return False
    is_near = abs(letter.x - capital.x) < letter.size
    return (capital.y, capital.size) == (letter.y, letter.size) and is_near


def middles_of_lone(flat: Chem.Mol, letters: Sequence[Letter]) -> dict[int, float]:
    """X of the middle of the letters of each atom without bonds, without raised and lowered ones.

    RDKit sets the first letter on the atom and the others beside it: CH4 leans to the right, H2O to
    the left.
    """
    middles: dict[int, float] = {}
    for atom in flat.GetAtoms():
        label = [letter for letter in letters if letter.atom == atom.GetIdx()]
        if label and not atom.GetDegree():
            size = max(letter.size for letter in label)
            on_line = [letter.x for letter in label if letter.size == size]
            middles[atom.GetIdx()] = (min(on_line) + max(on_line)) / 2
    return middles
