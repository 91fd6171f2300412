"""A molecule's drawing and a digit's picture as numbers: what a page needs to draw them itself, in any colours and size.

A page of 5000 molecules holds each drawing once and colours it for whatever method, scale and palette are chosen. As
RDKit's own SVG such a drawing takes 17 kB, as these numbers 2.
"""

import base64
import math
import re
from collections.abc import Iterable, Sequence
from html import unescape
from typing import Any

import numpy as np
from rdkit import Chem

from graphormer.graphs.superpixels import Digit
from molxai.rendering.layout import flat_copy, rdMolDraw2D

BOND, FONT = 24, 14
"""Length of a usual bond and size of the letters, in the drawing's units."""

MARGIN = 22
"""Around the atoms: half a bond for their discs, and the rest for letters beside them."""

USUAL_BOND = 1.5
"""In Å: of a layout without bonds."""

CELL, RISE = 0.32, 0.53
"""Where the middle of a letter lies, right of and above the place that RDKit gives it, as shares of its size."""

_PATH = re.compile(r"<path [^>]*?d='([^']*)' style='([^']*)'")
_TEXT = re.compile(r"<text x='([^']*)' y='([^']*)'[^>]*font-size:([\d.]+)px[^>]*>([^<]*)</text>")


def molecule_drawing(mol: Chem.Mol) -> dict[str, Any]:
    """RDKit's drawing, without colours.

    Returns:
        `size` (width, height), `atoms` (x, y of each), `bonds` (both atoms of each), the paths `lines`, `thin` and `solid`
        (stroked at full and at half width, and filled), and `labels` (text, x and y of its middle, size).
    """
    flat = flat_copy(mol)
    text, places = _drawn(flat)
    labels = _joined([_label(found) for found in _TEXT.findall(text)])
    corner, size = _frame(places, labels)
    paths: dict[str, list[str]] = {"lines": [], "thin": [], "solid": []}
    for path, style in _PATH.findall(text):
        paths[_kind(style)].append(_compact(path, corner))
    return {
        "size": size,
        "atoms": [round(value, 1) for x, y in places for value in (x - corner[0], y - corner[1])],
        "bonds": [
            end
            for bond in flat.GetBonds()
            for end in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        ],
        **{kind: "".join(parts) for kind, parts in paths.items()},
        "labels": [
            [letter, round(x - corner[0], 1), round(y - corner[1], 1), height]
            for letter, x, y, height in labels
        ],
    }


Label = tuple[str, float, float, float]
"""A letter, x and y of its middle, and its size."""


def _drawn(flat: Chem.Mol) -> tuple[str, list[tuple[float, float]]]:
    """RDKit's SVG on a canvas with room to spare, and where the atoms are in it."""
    where = flat.GetConformer().GetPositions()[:, :2]
    lengths = [
        np.linalg.norm(where[b.GetBeginAtomIdx()] - where[b.GetEndAtomIdx()])
        for b in flat.GetBonds()
    ]
    scale = BOND / (float(np.mean(lengths)) if lengths else USUAL_BOND)
    width, height = (int(side) for side in np.ptp(where, axis=0) * scale + 8 * MARGIN)
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height, -1, -1, True)  # letters as text
    options = drawer.drawOptions()
    options.useBWAtomPalette()
    options.clearBackground = False
    options.prepareMolsBeforeDrawing = False
    options.fixedScale = (
        scale / width
    )  # RDKit means by it units of the layout as a share of the canvas's width
    options.fixedFontSize, options.bondLineWidth, options.padding = FONT, 2, 0
    drawer.DrawMolecule(flat)
    drawer.FinishDrawing()
    return drawer.GetDrawingText(), [
        (p.x, p.y) for p in map(drawer.GetDrawCoords, range(len(where)))
    ]


def _frame(
    places: Sequence[tuple[float, float]], labels: Sequence[Label]
) -> tuple[tuple[float, float], tuple[int, int]]:
    """The corner, and width and height, of what holds all atoms and letters."""
    spots = [(x, y, MARGIN) for x, y in places] + [
        (x, y, 0.8 * height) for _, x, y, height in labels
    ]
    left, top = (min(one[axis] - one[2] for one in spots) for axis in (0, 1))
    right, bottom = (max(one[axis] + one[2] for one in spots) for axis in (0, 1))
    return (left, top), (math.ceil(right - left), math.ceil(bottom - top))


def _kind(style: str) -> str:
    if "fill:none" not in style:
        return "solid"
    return "lines" if "stroke-width:2" in style and "dasharray" not in style else "thin"


def _compact(path: str, corner: tuple[float, float]) -> str:
    """A path's numbers from the corner on, in tenths."""
    numbers = iter(re.findall(r"-?[\d.]+", path))
    made = []
    for command in re.findall(r"[A-Za-z]", path):
        count = {"M": 1, "L": 1, "C": 3, "Q": 2, "Z": 0}[command]
        pairs = (
            (float(next(numbers)) - corner[0], float(next(numbers)) - corner[1])
            for _ in range(count)
        )
        made.append(command + " ".join(f"{round(x, 1):g} {round(y, 1):g}" for x, y in pairs))
    return "".join(made)


def _label(found: Iterable[str]) -> Label:
    x, y, size, text = found
    height = float(size)
    return unescape(text), float(x) + CELL * height, float(y) - RISE * height, height


def _joined(labels: Sequence[Label]) -> list[Label]:
    """The two letters of a symbol as one text, which the reader's own font sets at its own width."""
    made: list[Label] = []
    for letter, x, y, height in labels:
        if (
            made
            and letter.islower()
            and made[-1][0].isupper()
            and made[-1][2:] == (y, height)
            and abs(x - made[-1][1]) < height
        ):
            before = made.pop()
            made.append((before[0] + letter, (before[1] + x) / 2, y, height))
        else:
            made.append((letter, x, y, height))
    return made


def digit_drawing(digit: Digit) -> dict[str, Any]:
    """`image`, grey values 0 to 255 row by row, and `segments`, the superpixel of each pixel, as base64 of bytes; `side`.

    Raises:
        ValueError: more superpixels than a byte can number.
    """
    if digit.segments.max() > 255:
        raise ValueError(f"{digit.segments.max() + 1} superpixels: pages show at most 256")
    parts = {"image": np.round(digit.image * 255), "segments": digit.segments}
    return {
        "side": digit.image.shape[1],
        **{name: _bytes(values) for name, values in parts.items()},
    }


def _bytes(values: np.ndarray) -> str:
    return base64.b64encode(values.astype(np.uint8).tobytes()).decode()
