"""A molecule's drawing and a digit's picture as numbers: a page draws them in any colours and size.

A page of 5000 molecules holds each drawing once and colours it for the method, scale and palette
that are chosen. Such a drawing takes 17 kB as RDKit's own SVG, and 2 kB as these numbers.
"""

import base64
import math
import re
from collections.abc import Sequence
from html import unescape
from typing import Any

import numpy as np
from rdkit import Chem

from graphormer.graphs.superpixels import Digit
from molxai.rendering.crowding import bond_ends
from molxai.rendering.drawer import atom_positions, new_drawer
from molxai.rendering.layout import BOND as USUAL_BOND
from molxai.rendering.layout import bond_lengths, flat_copy

Point = tuple[float, float]
"""x and y in the drawing's units, from its upper left corner."""

Label = tuple[str, float, float, float]
"""Letters, x and y of their middle, and their size."""

BOND = 24
"""Length of a usual bond in the drawing's units."""

FONT = 14
"""Size of the letters in the drawing's units."""

LINE = 2
"""Width of a line in the drawing's units."""

MARGIN = 22
"""Units around the atoms: half a bond for their discs, and the rest for letters beside them."""

SPARE = 8 * MARGIN
"""Units more than the atoms take that RDKit's canvas has, so that nothing is cut off."""

LETTER_REACH = 0.8
"""How far a letter reaches from its middle, as a share of its size."""

LETTER_RIGHT = 0.32
"""How far right of the position that RDKit gives a letter its middle is, as a share of its size."""

LETTER_RISE = 0.53
"""How far above that position it is."""

MOST_SEGMENTS = 256
"""Superpixels that a byte can number."""

_PATH = re.compile(r"<path [^>]*?d='([^']*)' style='([^']*)'")
_NUMBER = re.compile(r"-?[\d.]+")
_BESIDE_COMMAND = re.compile(r"\s+(?=[A-Z])|(?<=[A-Z])\s+")
_TEXT = re.compile(r"<text x='([^']*)' y='([^']*)'[^>]*font-size:([\d.]+)px[^>]*>([^<]*)</text>")


def molecule_drawing(mol: Chem.Mol) -> dict[str, Any]:
    """RDKit's drawing, without colours.

    Returns:
        `size` (width, height), `atoms` (x, y of each), `bonds` (both atoms of each), the paths
        `lines`, `thin` and `solid` (stroked at full and at half width, and filled), and `labels`
        (text, x and y of its middle, size).
    """
    flat = flat_copy(mol)
    svg, places = _draw(flat)
    letters = [_label(*groups) for groups in _TEXT.findall(svg)]
    labels = _join_symbols(letters)
    corner, size = _frame(places, labels)
    atoms: list[float] = []
    for place in places:
        atoms += _tenths(place, corner)
    return {
        "size": size,
        "atoms": atoms,
        "bonds": bond_ends(flat).ravel().tolist(),
        **_paths(svg, corner),
        "labels": [[letters, *_tenths((x, y), corner), height] for letters, x, y, height in labels],
    }


def _tenths(point: Point, corner: Point) -> tuple[float, float]:
    """The point from the corner on, in tenths of the drawing's unit."""
    x, y = point
    left, top = corner
    return round(x - left, 1), round(y - top, 1)


def _draw(flat: Chem.Mol) -> tuple[str, list[Point]]:
    """RDKit's SVG on a canvas with room to spare, and where the atoms are in it."""
    places = flat.GetConformer().GetPositions()[:, :2]  # (atoms, 2)
    lengths = bond_lengths(flat, places)
    mean_length = float(np.mean(lengths)) if len(lengths) else USUAL_BOND
    scale = BOND / mean_length
    spans = np.ptp(places, axis=0) * scale  # (2,)
    width, height = (int(span + SPARE) for span in spans)
    drawer = new_drawer((width, height), "svg", letters_as_text=True)
    options = drawer.drawOptions()
    options.fixedScale = scale / width  # RDKit means a share of the canvas's width for one Å
    options.fixedFontSize = FONT
    options.bondLineWidth = LINE
    drawer.DrawMolecule(flat)
    drawer.FinishDrawing()
    return drawer.GetDrawingText(), atom_positions(drawer, len(places))


def _frame(places: Sequence[Point], labels: Sequence[Label]) -> tuple[Point, tuple[int, int]]:
    """The corner, and width and height, of what holds all atoms and letters."""
    discs = [(x, y, MARGIN) for x, y in places]
    letters = [(x, y, LETTER_REACH * height) for _, x, y, height in labels]
    circles = [*discs, *letters]
    x, y, radius = np.array(circles).T  # (circles,) each
    left = float((x - radius).min())
    top = float((y - radius).min())
    right = float((x + radius).max())
    bottom = float((y + radius).max())
    width = math.ceil(right - left)
    height = math.ceil(bottom - top)
    return (left, top), (width, height)


def _paths(svg: str, corner: Point) -> dict[str, str]:
    """All paths of a kind as one."""
    paths = {"lines": "", "thin": "", "solid": ""}
    for path, style in _PATH.findall(svg):
        paths[_path_kind(style)] += path
    return {kind: _compact(path, corner) for kind, path in paths.items()}


def _path_kind(style: str) -> str:
    """How a path is drawn: `lines` at full width, `thin` at half, or `solid`."""
    if "fill:none" not in style:
        return "solid"
    is_full = f"stroke-width:{LINE}" in style and "dasharray" not in style
    return "lines" if is_full else "thin"


def _compact(path: str, corner: Point) -> str:
    """A path whose numbers count from the corner, in tenths.

    Example:
        >>> _compact("M 10.04,20 L 30,40.56", (10.0, 20.0))
        'M0 0L20 20.6'
    """
    numbers = np.array(_NUMBER.findall(path), dtype=float)
    points = numbers.reshape(-1, 2) - corner
    places = points.round(1) + 0.0  # no number is -0
    pattern = _BESIDE_COMMAND.sub("", path).replace(",", " ")
    return _NUMBER.sub("%g", pattern) % tuple(places.ravel().tolist())


def _label(x: str, y: str, size: str, text: str) -> Label:
    """A letter with its middle, from an SVG's attributes."""
    height = float(size)
    middle_x = float(x) + LETTER_RIGHT * height
    middle_y = float(y) - LETTER_RISE * height
    return unescape(text), middle_x, middle_y, height


def _join_symbols(labels: Sequence[Label]) -> list[Label]:
    """The two letters of a symbol as one text, which the reader's own font sets at its own width.

    Example:
        >>> _join_symbols([("C", 0.0, 5.0, 14.0), ("l", 9.0, 5.0, 14.0)])
        [('Cl', 4.5, 5.0, 14.0)]
    """
    joined: list[Label] = []
    for label in labels:
        if joined and _are_one_symbol(joined[-1], label):
            first, first_x, y, height = joined.pop()
            second, second_x, *_ = label
            middle = (first_x + second_x) / 2
            joined.append((first + second, middle, y, height))
        else:
            joined.append(label)
    return joined


def _are_one_symbol(first: Label, second: Label) -> bool:
    """Whether a capital is followed by a small letter on the same line."""
    capital, capital_x, *capital_line = first
    letter, letter_x, *letter_line = second
    if not (capital.isupper() and letter.islower()):
        return False
    size = letter_line[-1]
    is_near = abs(letter_x - capital_x) < size
    return capital_line == letter_line and is_near


def digit_drawing(digit: Digit) -> dict[str, Any]:
    """The digit's pixels.

    Returns:
        `image`, grey values 0 to 255 row by row, and `segments`, the superpixel of each pixel, both
        as base64 of bytes; `side`, the pixels of a row.

    Raises:
        ValueError: more superpixels than a byte can number.
    """
    count = int(digit.segments.max()) + 1
    if count > MOST_SEGMENTS:
        raise ValueError(f"{count} superpixels: pages show at most {MOST_SEGMENTS}")
    return {
        "side": digit.image.shape[1],
        "image": _base64(np.round(digit.image * 255)),
        "segments": _base64(digit.segments),
    }


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.astype(np.uint8).tobytes()).decode()
