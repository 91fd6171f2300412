"""A matplotlib figure measured in pixels, with RDKit's drawings in it, as a file's content.

All sizes and positions are in pixels at `RESOLUTION`. Positions in the figure are counted from its
lower left corner, as in matplotlib, and those of drawings from its upper left corner, as in SVG.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graphormer.files import write_file
from molxai.rendering import ENDINGS, Kind
from molxai.rendering.lettering import printable
from molxai.rendering.look import RESOLUTION, Look

MARGIN = 14
"""Pixels left free beside words, and above a drawing without words."""

BAR_WIDTH = 14
"""Width of a colour bar in pixels."""

POINTS_PER_INCH = 72
"""Unit of font sizes, and of matplotlib's SVG."""

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "molxai",
    "axes.unicode_minus": True,
    "font.family": "DejaVu Sans",
}
"""Matplotlib's settings for pictures.

"none" keeps text as text, and the fixed salt makes the same picture the same file.
"""

Position = tuple[float, float]
"""Where the upper left corner of a drawing is, from the picture's."""

PlacedDrawing = tuple[str | bytes, Position]
"""RDKit's SVG or PNG, and where it goes."""


def draw_to(path: str | Path | None, draw: Callable[[Kind], str | bytes]) -> str | bytes:
    """SVG text, or PNG bytes if `path` ends in .png; written to `path` if there is one.

    Args:
        path: ends in .svg or .png.
        draw: makes the content.

    Raises:
        ValueError: the file name has another ending.
    """
    content = draw_as(kind_of(path), draw)
    if path:
        write_file(Path(path), content)
    return content


def draw_as(kind: Kind, draw: Callable[[Kind], str | bytes]) -> str | bytes:
    """SVG text or PNG bytes, drawn with the settings of all pictures."""
    with quiet_settings():
        return draw(kind)


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
    """Matplotlib's settings for a picture, without warnings of letters that the font lacks.

    An SVG holds the text itself.
    """
    with warnings.catch_warnings(), matplotlib.rc_context(SETTINGS):
        warnings.filterwarnings("ignore", "Glyph .* missing")
        yield


def blank(size: tuple[int, int], look: Look, kind: Kind) -> Figure:
    """An empty figure of this width and height; a PNG has as many pixels as the look asks for."""
    width, height = size
    return Figure(
        figsize=(width / RESOLUTION, height / RESOLUTION),
        dpi=look.dpi if kind == "png" else RESOLUTION,
        facecolor="none" if look.transparent else "white",
    )


def write(figure: Figure, x: float, y: float, text: str, **style: Any) -> None:
    """Write words at a position; nothing in them is taken for mathematics or control."""
    width, height = figure.get_size_inches() * RESOLUTION
    figure.text(
        x / width,
        y / height,
        printable(text),
        parse_math=False,
        color="black",
        **style,
    )


def axes_at(figure: Figure, x: float, y: float, width: float, height: float) -> Axes:
    """Axes with their lower left corner at a position."""
    whole_width, whole_height = figure.get_size_inches() * RESOLUTION
    return figure.add_axes(
        (
            x / whole_width,
            y / whole_height,
            width / whole_width,
            height / whole_height,
        )
    )


def merge(
    figure: Figure, drawings: Sequence[PlacedDrawing], size: tuple[int, int], kind: Kind
) -> str | bytes:
    """The finished picture: the figure with drawings of one size inside it."""
    if kind == "png":
        return _merge_png(figure, drawings, size)
    picture = file_content(figure, kind).decode()
    for content, (left, top) in drawings:
        assert isinstance(content, str)
        picture = splice(picture, content, top, size, left)
    return picture


def _merge_png(figure: Figure, drawings: Sequence[PlacedDrawing], size: tuple[int, int]) -> bytes:
    """The figure as a PNG over its drawings, whose pixels are kept as they are."""
    figure_height = figure.get_size_inches()[1] * RESOLUTION
    factor = figure.dpi / RESOLUTION
    for content, (left, top) in drawings:
        assert isinstance(content, bytes)
        below = figure_height - top - size[1]
        x = round(left * factor)
        y = round(below * factor)
        pixels = matplotlib.image.imread(io.BytesIO(content))
        figure.figimage(pixels, x, y, origin="upper", zorder=-1)
    return file_content(figure, "png")


def splice(picture: str, drawing: str, top: float, size: tuple[int, int], left: float = 0) -> str:
    """An SVG of matplotlib's with another one inside it, over what is there.

    Args:
        picture: matplotlib's.
        drawing: the other one.
        top: distance from the picture's upper edge.
        size: width and height of the drawing.
        left: distance from the picture's left edge.
    """
    points = POINTS_PER_INCH / RESOLUTION
    width, height = size
    opening = (
        f'<svg x="{points * left:g}" y="{points * top:g}" '
        f'width="{points * width:g}" height="{points * height:g}" '
        f'viewBox="0 0 {width} {height}">'
    )
    without_declaration = re.sub(r"<\?xml.*?\?>", "", drawing)
    inside = re.sub(r"<svg.*?>", opening, without_declaration, count=1, flags=re.S)
    end = picture.rindex("</svg>")
    return picture[:end] + inside + picture[end:]


def file_content(figure: Figure, kind: Kind) -> bytes:
    """The finished figure as a file's content, the same each time."""
    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else None
    figure.savefig(buffer, format=kind, dpi=figure.dpi, metadata=metadata)
    return buffer.getvalue()
