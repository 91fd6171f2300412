"""The finished picture of an explanation: the drawing, a colour bar with numbers, and what the parts sum to."""

import io
import re
import textwrap
import warnings
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from graphormer.files import write_file
from graphormer.molecules import Molecule, shortened
from molxai.explanation import Explanation
from molxai.rendering import ENDINGS
from molxai.rendering.caption import colour_line, ledger_line, prediction_line
from molxai.rendering.colour import BLUE, RED, WHITE, scale
from molxai.rendering.digit import draw_digit
from molxai.rendering.molecule import draw_molecule

DIVERGING = LinearSegmentedColormap.from_list("relevance", [BLUE, WHITE, RED])
"""The colours of `colour.colours` as a matplotlib map over −limit … +limit."""

DPI = 100
"""Pixels per inch of a PNG. All layout below is in pixels at this resolution."""

WIDTH, DRAWING, HEADER, LEGEND, BAR = 760, 440, 60, 86, 116
"""Width of a picture, height of a molecule's drawing, of the lines above and below, and width of the colour bar's column."""


def draw(explanation: Explanation, path: str | Path | None = None, style: str = "highlight", numbers: bool = False) -> str | bytes:
    """The picture as SVG text, or as PNG bytes where `path` ends in .png; written to `path` where one is given.

    Raises:
        ValueError: the explanation holds nothing to draw, the file name ends otherwise, or the style is unknown.
    """
    ending = Path(path).suffix.lower() if path else ".svg"
    if ending not in ENDINGS:
        raise ValueError(f"{path}: a picture's name must end in {' or '.join(ENDINGS)}")
    if explanation.subject is None:
        raise ValueError("an explanation of a bare graph has no picture: explain a molecule or a digit")
    kind: Literal["svg", "png"] = "png" if ending == ".png" else "svg"
    # "none" keeps text as text; the fixed salt makes the same picture the same file.
    with warnings.catch_warnings(), matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "molxai", "font.family": "DejaVu Sans"}):
        warnings.filterwarnings("ignore", "Glyph .* missing")  # an SVG holds the text itself, whatever this font has
        content = _molecule(explanation, kind, style, numbers) if isinstance(explanation.subject, Molecule) else _digit(explanation, kind)
    if path:
        write_file(Path(path), content)
    return content


def _molecule(explanation: Explanation, kind: Literal["svg", "png"], style: str, numbers: bool) -> str | bytes:
    assert isinstance(explanation.subject, Molecule)
    subject, relevance = explanation.subject, explanation.relevance.tolist()
    limit, size = scale(relevance), (WIDTH - BAR, DRAWING)
    figure = _figure(DRAWING)
    _colour_bar(figure, limit, DRAWING, explanation.unit)
    _texts(figure, explanation, subject.id or shortened(subject.smiles, 90), style)
    inside = draw_molecule(subject.mol, relevance, limit, size, kind, style, numbers)
    if isinstance(inside, bytes):
        figure.figimage(matplotlib.image.imread(io.BytesIO(inside)), 0, LEGEND, origin="upper", zorder=-1)
        return saved(figure, "png")
    picture = saved(figure, "svg").decode()
    return spliced(picture, inside, HEADER, size)


def spliced(picture: str, drawing: str, top: float, size: tuple[int, int]) -> str:
    """An SVG of matplotlib's with another one inside it at the left, `top` pixels down, over what is there."""
    points = 72 / DPI  # matplotlib's units: 72 per inch
    place = f'<svg x="0" y="{top * points}" width="{size[0] * points}" height="{size[1] * points}" viewBox="0 0 {size[0]} {size[1]}">'
    inside = re.sub(r"<svg.*?>", place, re.sub(r"<\?xml.*?\?>", "", drawing), count=1, flags=re.S)
    end = picture.rindex("</svg>")
    return picture[:end] + inside + picture[end:]


def _digit(explanation: Explanation, kind: Literal["svg", "png"]) -> str | bytes:
    subject = explanation.subject
    assert subject is not None and not isinstance(subject, Molecule)
    relevance = explanation.relevance.tolist()
    limit, side = scale(relevance), (WIDTH - BAR) // 3
    figure = _figure(side)
    _colour_bar(figure, limit, side, explanation.unit)
    _texts(figure, explanation, subject.id or "digit")
    axes = [axes_at(figure, i * side + 6, LEGEND, side - 12, side - 20) for i in range(3)]
    draw_digit(axes, subject, np.asarray(relevance), limit, DIVERGING)
    content = saved(figure, kind)
    return content.decode() if kind == "svg" else content


UNIT_WIDTH = 16
"""Letters of the unit in a line over the colour bar."""


def _figure(height: int) -> Figure:
    return Figure(figsize=(WIDTH / DPI, (HEADER + height + LEGEND) / DPI), dpi=DPI, facecolor="white")


def axes_at(figure: Figure, x: float, y: float, width: float, height: float) -> Axes:
    """Axes at a place in pixels, counted from the lower left corner."""
    whole_width, whole_height = figure.get_size_inches() * DPI
    return figure.add_axes((x / whole_width, y / whole_height, width / whole_width, height / whole_height))


def _colour_bar(figure: Figure, limit: float, height: int, unit: str) -> None:
    axes = axes_at(figure, WIDTH - BAR + 12, LEGEND + 0.12 * height, 14, 0.72 * height)
    bar = figure.colorbar(ScalarMappable(Normalize(-limit, limit), DIVERGING), cax=axes, ticks=np.linspace(-limit, limit, 5))
    bar.ax.set_yticklabels([f"{tick:+.2g}" if tick else "0" for tick in np.linspace(-limit, limit, 5)], fontsize=9)
    bar.outline.set_linewidth(0.5)  # type: ignore[operator]
    lines = textwrap.wrap(f"({unit})", UNIT_WIDTH, max_lines=3, placeholder=" …")  # whole in the line of the prediction
    bar.ax.set_title("\n".join(["relevance", *lines]), fontsize=9, pad=8, parse_math=False)


def _texts(figure: Figure, explanation: Explanation, title: str, style: str = "highlight") -> None:
    """Title and prediction above, the ledger and how to read the colours below."""
    height = figure.get_size_inches()[1] * DPI
    lines = [
        (height - 22, 12, "bold", shortened(title, 80)),
        (height - 44, 10, "normal", prediction_line(explanation)),
        (LEGEND - 22, 10, "normal", ledger_line(explanation)),
        (LEGEND - 42, 9, "normal", colour_line(explanation) + (" Contours blur it over half a bond." if style == "contour" else "")),
    ]
    if explanation.notes:
        lines.append((LEGEND - 62, 8, "normal", shortened("Note: " + "; ".join(explanation.notes), 130)))
    for y, size, weight, text in lines:
        text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
        figure.text(14 / WIDTH, y / height, text, fontsize=size, fontweight=weight, parse_math=False, color="black")


def saved(figure: Figure, kind: str) -> bytes:
    """The finished figure as a file's content, the same each time."""
    target = io.BytesIO()
    figure.savefig(target, format=kind, dpi=DPI, metadata={"Date": None} if kind == "svg" else None)
    return target.getvalue()
