"""Two molecules side by side in one orientation and on one scale, with what was changed outlined and the difference split."""

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D
from rdkit.Geometry import Point2D

from graphormer.files import write_file
from graphormer.molecules import Molecule, shortened
from molxai.alignment import Alignment
from molxai.explanation import Explanation
from molxai.rendering import ENDINGS
from molxai.rendering.colour import colours, scale
from molxai.rendering.molecule import HIGHLIGHT_RADIUS, flat_copy
from molxai.rendering.picture import DIVERGING, DPI, axes_at, saved

PANEL = (440, 380)
"""Width and height of one molecule's drawing in pixels."""

HEADER, LEGEND, BAR = 66, 78, 116
"""Height of the lines above and below, and width of the colour bar's column."""

MARGIN = 1.2
"""Around a molecule, in Å."""

MOST_PIXELS = 28.0
"""Of an Å: small molecules are not blown up."""

OUTLINE = (0.1, 0.1, 0.1)
"""Colour of the circle round a changed atom: told apart from both relevance colours, in grey too."""

Kind = Literal["svg", "png"]


def draw_matched(a: Explanation, b: Explanation, found: Alignment, split: Mapping[str, float], path: Path) -> None:
    """Write the picture that the file's ending asks for.

    Args:
        a: the first molecule.
        b: the second, for the same target.
        found: which atoms correspond.
        split: what the difference consists of, by name.
        path: of the file, .svg or .png.

    Raises:
        ValueError: it ends otherwise.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"{path}: a matched pair is drawn as {' or '.join(ENDINGS)}")
    kind: Kind = "png" if ending == ".png" else "svg"
    limit = scale([*a.relevance.tolist(), *b.relevance.tolist()])
    mols = _alike(_mol(a), _mol(b), found)
    pixels = min(MOST_PIXELS, *(_fitting(mol) for mol in mols))
    marked = _changed(mols, found)
    drawings = [
        _drawing(mol, one.relevance.tolist(), limit, marks, pixels, kind) for mol, one, marks in zip(mols, (a, b), marked, strict=True)
    ]
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "molxai", "font.family": "DejaVu Sans"}):
        figure = _frame(a, b, limit, _lines(a, b, found, split))
        write_file(path, _composed(figure, drawings, kind))


def _mol(explanation: Explanation) -> Chem.Mol:
    assert isinstance(explanation.subject, Molecule)
    return explanation.subject.mol


def _alike(a: Chem.Mol, b: Chem.Mol, found: Alignment) -> tuple[Chem.Mol, Chem.Mol]:
    """Flat copies, the second laid out so that the common part lies as in the first."""
    first = flat_copy(a)
    second = Chem.Mol(b)
    rdDepictor.GenerateDepictionMatching2DStructure(second, first, list(found.anchor))
    return first, flat_copy(second)


def _changed(mols: Sequence[Chem.Mol], found: Alignment) -> list[list[int]]:
    """Atoms that only one has, and those whose stereo differs."""
    sides = []
    for side, mol in enumerate(mols):
        common = {pair[side] for pair in found.pairs}
        sides.append(sorted({*range(mol.GetNumAtoms())} - common | {pair[side] for pair in found.stereo}))
    return sides


def _places(mol: Chem.Mol) -> Float[np.ndarray, "atoms 2"]:
    return np.array(mol.GetConformer().GetPositions())[:, :2]


def _fitting(mol: Chem.Mol) -> float:
    """Pixels of an Å with which the molecule fills its panel."""
    return float((np.array(PANEL) / (np.ptp(_places(mol), axis=0) + 2 * MARGIN)).min())


def _drawing(mol: Chem.Mol, relevance: Sequence[float], limit: float, marks: Sequence[int], pixels: float, kind: Kind) -> str | bytes:
    """A molecule on a panel, so many pixels to an Å."""
    drawer = rdMolDraw2D.MolDraw2DSVG(*PANEL) if kind == "svg" else rdMolDraw2D.MolDraw2DCairo(*PANEL)
    options = drawer.drawOptions()
    options.useBWAtomPalette()
    options.clearBackground = kind == "png"
    options.highlightRadius = HIGHLIGHT_RADIUS
    options.highlightBondWidthMultiplier = 16
    options.prepareMolsBeforeDrawing = False
    middle, half = (_places(mol).max(0) + _places(mol).min(0)) / 2, np.array(PANEL) / pixels / 2
    drawer.SetScale(*PANEL, Point2D(*map(float, middle - half)), Point2D(*map(float, middle + half)))
    atoms = dict(enumerate(colours(relevance, limit)))
    ends = [(one.GetBeginAtomIdx(), one.GetEndAtomIdx()) for one in mol.GetBonds()]
    bonds = dict(enumerate(colours([(relevance[i] + relevance[j]) / 2 for i, j in ends], limit)))
    drawer.DrawMolecule(mol, highlightAtoms=list(atoms), highlightAtomColors=atoms, highlightBonds=list(bonds), highlightBondColors=bonds)
    _outline(drawer, mol, marks)
    drawer.FinishDrawing()
    return drawer.GetDrawingText()


def _outline(drawer: rdMolDraw2D.MolDraw2D, mol: Chem.Mol, marks: Sequence[int]) -> None:
    """A circle round each of the atoms."""
    drawer.SetFillPolys(False)
    drawer.SetColour(OUTLINE)
    drawer.SetLineWidth(2)
    radius = HIGHLIGHT_RADIUS * 1.25
    for atom in marks:
        place = mol.GetConformer().GetAtomPosition(atom)
        drawer.DrawEllipse(Point2D(place.x - radius, place.y - radius), Point2D(place.x + radius, place.y + radius))


def _frame(a: Explanation, b: Explanation, limit: float, lines: Sequence[str]) -> Figure:
    """Everything but the molecules."""
    width, height = 2 * PANEL[0] + BAR, HEADER + PANEL[1] + LEGEND
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    for side, one in enumerate((a, b)):
        assert isinstance(one.subject, Molecule)
        name = shortened(one.subject.id or one.subject.smiles, 42)
        _text(figure, 14 + side * PANEL[0], height - 24, f"{'AB'[side]}: {name}", 10, "bold")
        said = "value" if one.probability is None else f"{one.target_name}: probability {one.probability:.3f}, logit"
        _text(figure, 14 + side * PANEL[0], height - 46, f"{said} {one.logit:+.3f}", 10)
    for place, line in enumerate(lines):
        _text(figure, 14, LEGEND - 20 - 20 * place, line, 11 if not place else 9, "bold" if not place else "normal")
    ticks = np.linspace(-limit, limit, 5)
    axes = axes_at(figure, width - BAR + 14, LEGEND + 0.12 * PANEL[1], 14, 0.72 * PANEL[1])
    bar = figure.colorbar(ScalarMappable(Normalize(-limit, limit), DIVERGING), cax=axes, ticks=ticks)
    bar.ax.set_yticklabels([f"{tick:+.2g}" if tick else "0" for tick in ticks], fontsize=9)
    bar.outline.set_linewidth(0.5)  # type: ignore[operator]
    bar.ax.set_title(f"relevance\n({shortened(a.unit, 16)})", fontsize=9, pad=8, parse_math=False)
    return figure


def _lines(a: Explanation, b: Explanation, found: Alignment, split: Mapping[str, float]) -> list[str]:
    """The difference and its parts; what the outlines mean; and by which model."""
    named = {"common": "unchanged atoms", "gained": "gain", "lost": "loss", "token": "token", "bias": "bias", "gap": "not accounted for"}
    parts = [f"{named[name]} {value:+.3f}" for name, value in split.items() if name in ("common", "gained", "lost") or abs(value) >= 5e-4]
    what = "value" if a.probability is None else f"logit of {shortened(a.target_name, 30)}"
    stereo = " or whose stereo differs" if found.stereo else ""
    marks = f"Circles: atoms that only one of the two has{stereo}. One scale and one target for both."
    said = "Red raises the value, blue lowers it." if a.probability is None else "Red speaks for it, blue against it."
    total = f"Δ {what} {b.logit - a.logit:+.3f} = {' · '.join(parts)}"
    return [total, f"{said} {marks} {a.model} · {a.method}", *([found.note] if found.note else [])]


def _text(figure: Figure, x: float, y: float, text: str, size: float, weight: str = "normal") -> None:
    width, height = figure.get_size_inches() * DPI
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    figure.text(x / width, y / height, shown, fontsize=size, fontweight=weight, parse_math=False, color="black")


def _composed(figure: Figure, drawings: Sequence[str | bytes], kind: Kind) -> str | bytes:
    """The frame with the molecules in their places."""
    if kind == "png":
        for side, drawing in enumerate(drawings):
            assert isinstance(drawing, bytes)
            figure.figimage(matplotlib.image.imread(io.BytesIO(drawing)), side * PANEL[0], LEGEND, origin="upper", zorder=-1)
        return saved(figure, "png")
    picture, points = saved(figure, "svg").decode(), 72 / DPI  # matplotlib's units: 72 per inch
    end = picture.rindex("</svg>")
    inside = ""
    for side, drawing in enumerate(drawings):
        assert isinstance(drawing, str)
        size = f'width="{PANEL[0] * points}" height="{PANEL[1] * points}" viewBox="0 0 {PANEL[0]} {PANEL[1]}"'
        place = f'<svg x="{side * PANEL[0] * points}" y="{HEADER * points}" {size}>'
        inside += re.sub(r"<svg.*?>", place, re.sub(r"<\?xml.*?\?>", "", drawing), count=1, flags=re.S)
    return picture[:end] + inside + picture[end:]
