"""A molecule's drawing and a digit's picture as numbers: a page draws them in any colours and size.

A page of 5000 molecules holds each drawing once and colours it for the method, scale and palette
that are chosen. Such a drawing takes 17 kB as RDKit's own SVG, and 2 kB as these numbers.
"""

import base64
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from rdkit import Chem

from graphormer.graphs.superpixels import Digit
from molxai.rendering.crowding import bond_ends
from molxai.rendering.depiction import flat_copy
from molxai.rendering.letters import Letter, Point, draw_letters, join_symbols, middles_of_lone

BOND = 24
"""Length of a usual bond in the drawing's units."""

FONT = 14
"""Size of the letters in the drawing's units."""

LINE = 2
"""Width of a line in the drawing's units."""

MARGIN = 22
"""Units around the atoms: half a bond for their discs, and the rest for letters beside them."""

LETTER_REACH = 0.8
"""How far a letter reaches from its middle, as a share of its size."""

MOST_SEGMENTS = 256
"""Superpixels that a byte can number."""

_PATH = re.compile(r"<path [^>]*?d='([^']*)' style='([^']*)'")
_NUMBER = re.compile(r"-?[\d.]+")
_BESIDE_COMMAND = re.compile(r"\s+(?=[A-Z])|(?<=[A-Z])\s+")


def molecule_drawing(mol: Chem.Mol) -> dict[str, Any]:
    """RDKit's drawing, without colours.

    Returns:
        `size` (width, height), `atoms` (x, y of each), `bonds` (both atoms of each), the paths
        `lines`, `thin` and `solid` (stroked at full and at half width, and filled), and `labels`
        (text, x and y of its middle, size).
    """
    flat = flat_copy(mol)
    drawing = draw_letters(flat, BOND, FONT, LINE)
    labels = join_symbols(drawing.letters)
    places = list(drawing.places)
    for atom, middle in middles_of_lone(flat, drawing.letters).items():
        places[atom] = (middle, places[atom][1])
    corner, size = _frame(places, labels)
    atoms: list[float] = []
    for place in places:
        atoms += _tenths(place, corner)
    return {
        "size": size,
        "atoms": atoms,
        "bonds": bond_ends(flat).ravel().tolist(),
        **_paths(drawing.svg, corner),
        "labels": [
            [label.text, *_tenths((label.x, label.y), corner), label.size] for label in labels
        ],
    }


def _tenths(point: Point, corner: Point) -> tuple[float, float]:
    """The point from the corner on, in tenths of the drawing's unit."""
    x, y = point
    left, top = corner
    return round(x - left, 1), round(y - top, 1)


def _frame(places: Sequence[Point], labels: Sequence[Letter]) -> tuple[Point, tuple[int, int]]:
    """The corner, and width and height, of what holds all atoms and letters."""
    discs = [(x, y, MARGIN) for x, y in places]
    letters = [(label.x, label.y, LETTER_REACH * label.size) for label in labels]
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
