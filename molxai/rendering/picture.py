"""The finished picture of an explanation: the drawing, a colour bar with numbers, and what the parts sum to."""

import io
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graphormer.files import write_file
from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.explanation.captions import (
    colour_line,
    ledger_line,
    prediction_line,
    printable,
    spread_line,
)
from molxai.explanation.explanation import Explanation
from molxai.rendering import ENDINGS
from molxai.rendering.bar import colour_map, draw_bar, unit_lines
from molxai.rendering.digit import draw_digit
from molxai.rendering.lettering import fitted
from molxai.rendering.look import PLAIN, RESOLUTION, Look, Part
from molxai.rendering.molecule import Kind, draw_layout, laid_out, shared

DPI = RESOLUTION
"""Pixels per inch at which all layout below is measured."""

WIDTH, BAR = 760, 116
"""Width of a picture, and of the colour bar's column in it."""

LOWEST, HIGHEST, AIR = 250, 440, 10
"""Height of a molecule's drawing, at least and at most, and what is left free above and below."""

MARGIN, TITLE_LINE, LEGEND_LINE, BELOW = 14, 22, 20, 26
"""Left and upper margin, heights of a line above and of one below the drawing, and of what is free around the latter."""

CAPTION_LETTERS, CAPTION_LINES, READING_LETTERS = 104, 6, 116
"""Letters in a line of one's own caption, and lines of it; letters in a line that says how to read the picture."""

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "molxai",
    "axes.unicode_minus": False,
    "font.family": "DejaVu Sans",
}
"""Of matplotlib: "none" keeps text as text, and the fixed salt makes the same picture the same file."""

Line = tuple[float, str, str]
"""Size in points, weight and words."""


def draw(
    explanation: Explanation,
    path: str | Path | None = None,
    look: Look = PLAIN,
    parts: Sequence[Part] = (),
) -> str | bytes:
    """The picture as SVG text, or as PNG bytes where `path` ends in .png; written to `path` where one is given.

    Raises:
        ValueError: the explanation holds nothing to draw, or the file name ends otherwise.
    """
    kind = kind_of(path)
    if explanation.subject is None:
        raise ValueError(
            "an explanation of a bare graph has no picture: explain a molecule or a digit"
        )
    with quiet_settings():
        content = (
            _molecule(explanation, kind, look, parts)
            if isinstance(explanation.subject, Molecule)
            else _digit(explanation, kind, look)
        )
    if path:
        write_file(Path(path), content)
    return content


def kind_of(path: str | Path | None) -> Kind:
    """What the file's ending asks for; SVG without a file.

    Raises:
        ValueError: another ending.
    """
    ending = Path(path).suffix.lower() if path else ".svg"
    if ending not in ENDINGS:
        raise ValueError(f"{path}: a picture's name must end in {' or '.join(ENDINGS)}")
    return "png" if ending == ".png" else "svg"


@contextmanager
def quiet_settings() -> Iterator[None]:
    """Matplotlib's settings for a picture; an SVG holds the text itself, whatever letters the font lacks."""
    with warnings.catch_warnings(), matplotlib.rc_context(SETTINGS):
        warnings.filterwarnings("ignore", "Glyph .* missing")
        yield


def _molecule(
    explanation: Explanation, kind: Kind, look: Look, parts: Sequence[Part]
) -> str | bytes:
    if look.shared:
        explanation = _shared(explanation, parts)
    subject, relevance = explanation.subject, explanation.relevance.tolist()
    assert isinstance(subject, Molecule)
    laid = laid_out(subject.mol, look, parts)
    room = (WIDTH - BAR, HIGHEST - 2 * AIR)
    scale = laid.fit(room)
    size = (WIDTH - BAR, max(LOWEST, laid.height(scale) + 2 * AIR))
    frame = _Frame(explanation, look, kind, size[1], parts)
    inside = draw_layout(
        laid,
        relevance,
        look.limit_for(relevance, explanation.in_unit),
        size,
        kind,
        look,
        explanation.uncertain,
        scale,
    )
    return merged(frame.figure, [(inside, (0, frame.header))], size, kind)


def _shared(explanation: Explanation, parts: Sequence[Part]) -> Explanation:
    """The explanation with each part's relevance spread evenly; how far members differ is known of atoms, not of parts."""
    relevance = torch.tensor(shared(explanation.relevance.double().tolist(), parts))
    return replace(explanation, relevance=relevance, relevance_sd=None)


def _digit(explanation: Explanation, kind: Kind, look: Look) -> str | bytes:
    assert isinstance(explanation.subject, Digit)
    side = (WIDTH - BAR) // 3
    frame = _Frame(explanation, look, kind, side)
    axes = [
        axes_at(frame.figure, i * side + 6, frame.legend, side - 12, side - 20) for i in range(3)
    ]
    relevance = explanation.relevance.numpy()
    limit = look.limit_for(relevance.tolist(), explanation.in_unit)
    draw_digit(
        axes,
        explanation.subject,
        relevance,
        limit,
        colour_map(look.colours),
        np.array(explanation.uncertain),
    )
    return merged(frame.figure, [], (0, 0), kind)


class _Frame:
    """A figure with the words above and below a drawing, and the bar beside it."""

    def __init__(
        self,
        explanation: Explanation,
        look: Look,
        kind: Kind,
        drawing: int,
        parts: Sequence[Part] = (),
    ) -> None:
        above, below = _lines(explanation, look, parts)
        self.header = 16 + TITLE_LINE * len(above) if above else MARGIN
        self.legend = BELOW + LEGEND_LINE * len(below) if below else MARGIN
        height = self.header + drawing + self.legend
        self.figure = blank((WIDTH, height), look, kind)
        places = [height - TITLE_LINE * (row + 1) for row in range(len(above))]
        places += [self.legend - 22 - LEGEND_LINE * row for row in range(len(below))]
        for y, (size, weight, text) in zip(places, above + below, strict=True):
            room = (WIDTH - 2 * MARGIN) / (size * DPI / 72)
            write(
                self.figure,
                MARGIN,
                y,
                fitted(printable(text), room, weight == "bold"),
                fontsize=size,
                fontweight=weight,
            )
        foot = 0.08 * drawing
        top = 34 + 14 * len(unit_lines(explanation.relevance_unit))
        axes = axes_at(self.figure, WIDTH - BAR + 12, self.legend + foot, 14, drawing - foot - top)
        relevance = explanation.relevance.tolist()
        draw_bar(
            axes,
            look.limit_for(relevance, explanation.in_unit),
            relevance,
            explanation.relevance_unit,
            look.colours,
        )


def _lines(
    explanation: Explanation, look: Look, parts: Sequence[Part]
) -> tuple[list[Line], list[Line]]:
    """Title and prediction above, the ledger and how to read the colours below; or one's own words."""
    if look.caption is not None:
        wrapped = textwrap.wrap(
            printable(look.caption), CAPTION_LETTERS, max_lines=CAPTION_LINES, placeholder=" …"
        )
        return [], [(10, "normal", line) for line in wrapped]
    contour = (
        " Contours blur it over half a bond."
        if look.style == "contour" and isinstance(explanation.subject, Molecule)
        else ""
    )
    said = [
        colour_line(explanation, look.colours) + contour,
        spread_line(explanation),
        _unnamed(parts),
    ]
    below = [(10.0, "normal", ledger_line(explanation))]
    below += [(9, "normal", line) for text in said for line in textwrap.wrap(text, READING_LETTERS)]
    if explanation.notes:
        below.append((8, "normal", "Note: " + "; ".join(explanation.notes)))
    return [(12, "bold", explanation.name), (10, "normal", prediction_line(explanation))], below


def _unnamed(parts: Sequence[Part]) -> str:
    """How many parts have no words beside them; empty where all have."""
    bare = sum(not text for _, text in parts)
    return (
        f"{len(parts) - bare} of {len(parts)} parts are named, those of largest magnitude."
        if bare
        else ""
    )


def blank(size: tuple[int, int], look: Look, kind: Kind) -> Figure:
    """An empty figure of this width and height in pixels at `DPI`, with as many as the look asks for in a PNG."""
    face = "none" if look.transparent else "white"
    return Figure(
        figsize=(size[0] / DPI, size[1] / DPI),
        dpi=look.dpi if kind == "png" else DPI,
        facecolor=face,
    )


def write(figure: Figure, x: float, y: float, text: str, **how: Any) -> None:
    """Words at a place in pixels at `DPI`, counted from the lower left corner; nothing in them is taken for mathematics or control."""
    width, height = figure.get_size_inches() * DPI
    figure.text(x / width, y / height, printable(text), parse_math=False, color="black", **how)


def axes_at(figure: Figure, x: float, y: float, width: float, height: float) -> Axes:
    """Axes at a place in pixels at `DPI`, counted from the lower left corner."""
    whole_width, whole_height = figure.get_size_inches() * DPI
    return figure.add_axes(
        (x / whole_width, y / whole_height, width / whole_width, height / whole_height)
    )


Placed = tuple[str | bytes, tuple[float, float]]
"""A drawing, and where its upper left corner is in pixels from the picture's."""


def merged(
    figure: Figure, drawings: Sequence[Placed], size: tuple[int, int], kind: Kind
) -> str | bytes:
    """The finished picture: the figure with drawings of one size inside it."""
    height, factor = figure.get_size_inches()[1] * DPI, figure.dpi / DPI
    for content, (left, top) in drawings:
        if isinstance(content, bytes):
            corner = round(left * factor), round((height - top - size[1]) * factor)
            figure.figimage(
                matplotlib.image.imread(io.BytesIO(content)), *corner, origin="upper", zorder=-1
            )
    if kind == "png":
        return saved(figure, kind)
    picture = saved(figure, kind).decode()
    for content, (left, top) in drawings:
        assert isinstance(content, str)
        picture = spliced(picture, content, top, size, left)
    return picture


def spliced(picture: str, drawing: str, top: float, size: tuple[int, int], left: float = 0) -> str:
    """An SVG of matplotlib's with another one inside it, `left` and `top` pixels from its upper left corner, over what is there."""
    points = 72 / DPI  # matplotlib's units: 72 per inch
    x, y, width, height = (f"{points * one:g}" for one in (left, top, *size))
    place = (
        f'<svg x="{x}" y="{y}" width="{width}" height="{height}" viewBox="0 0 {size[0]} {size[1]}">'
    )
    inside = re.sub(r"<svg.*?>", place, re.sub(r"<\?xml.*?\?>", "", drawing), count=1, flags=re.S)
    end = picture.rindex("</svg>")
    return picture[:end] + inside + picture[end:]


def saved(figure: Figure, kind: str) -> bytes:
    """The finished figure as a file's content, the same each time."""
    target = io.BytesIO()
    figure.savefig(
        target, format=kind, dpi=figure.dpi, metadata={"Date": None} if kind == "svg" else None
    )
    return target.getvalue()
