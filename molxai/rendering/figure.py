"""A matplotlib figure measured in pixels, with RDKit's drawings in it, as a file's content.

All sizes and positions are in pixels at `RESOLUTION`. Positions in the figure are counted from its
lower left corner, as in matplotlib, and those of drawings from its upper left corner, as in SVG.
A figure that is to be wider or narrower is laid out so, too, and resized when it is finished.
"""

import io
import math
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from graphormer.files import write_file
from molxai.rendering import ENDINGS, FORMATS, KINDS, Format, Kind
from molxai.rendering.about import NOTHING, About, describe_svg
from molxai.rendering.bar import unit_lines
from molxai.rendering.enlarging import enlarge
from molxai.rendering.glyphs import FONT, families, mark_missing
from molxai.rendering.lettering import width
from molxai.rendering.look import POINTS_PER_INCH, RESOLUTION, Look
from molxai.rendering.raster import encode
from molxai.rendering.vector import draw_svg
from molxai.rendering.wording import printable

MARGIN = 14
"""Pixels left free beside words, and above a drawing without words."""

BAR_WIDTH = 14
"""Width of a colour bar in pixels."""

BEFORE_BAR = 12
"""Pixels between a drawing and the bar beside it."""

BESIDE_BAR = 66
"""Pixels of the bar with its numbers at least."""

TICK = 11
"""Pixels between the bar and its numbers."""

BAR_LETTERS = 12.5
"""Size in pixels of the letters of a bar: 9 points."""

FONTS_OF_SVG = "Arial, Helvetica, sans-serif"
"""Fonts of an SVG, which holds none: those of journals, or what the reader's machine has."""

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "molxai",
    "pdf.fonttype": 42,
    "axes.unicode_minus": True,
    "font.family": list(families()),
}
"""Matplotlib's settings for pictures.

"none" keeps an SVG's text as text, and 42 embeds a PDF's font as TrueType. The fixed salt makes the
same picture the same file.
"""

PICTURES_OF_PDF = 300
"""Pixels per inch of what a PDF holds as pixels, such as a digit."""

ALMOST = 1e-6
"""Added to a whole number of pixels, which matplotlib rounds down."""

BEHIND = -1
"""Matplotlib's order of what lies behind a figure's words and axes."""

IN_FRONT = 10
"""The same of what lies before them."""

Position = tuple[float, float]
"""Where the upper left corner of a drawing is, from the picture's."""

PlacedDrawing = tuple[str | bytes, Position]
"""RDKit's SVG or PNG, and where it goes."""


class Sheet(Figure):
    """A figure, and how it is finished."""

    zoom: float = 1.0
    """By how much it is enlarged at last, with its letters and lines."""
    ink: str = "black"
    """Colour of its words."""
    about: About = NOTHING
    """What its file says of it."""


def draw_to(path: str | Path | None, draw: Callable[[Kind], str | bytes]) -> str | bytes:
    """The content of a picture file in the format of its ending; written to `path` if there is one.

    Args:
        path: ends in one of `ENDINGS`. [default: SVG text, and nothing is written]
        draw: makes SVG text, a PDF or a PNG.

    Raises:
        ValueError: the file name has another ending.
    """
    content = draw_as(format_of(path), draw)
    if path:
        write_file(Path(path), content)
    return content


def draw_as(file_format: Format, draw: Callable[[Kind], str | bytes]) -> str | bytes:
    """SVG text or a file's bytes, drawn with the settings of all pictures."""
    with quiet_settings():
        return content_as(file_format, draw)


def content_as(file_format: Format, draw: Callable[[Kind], str | bytes]) -> str | bytes:
    """SVG text or a file's bytes, drawn with the settings as they are."""
    content = draw(KINDS[file_format])
    return encode(content, file_format) if isinstance(content, bytes) else content


def format_of(path: str | Path | None) -> Format:
    """What the file's ending asks for; SVG without a file.

    Raises:
        ValueError: another ending.
    """
    ending = Path(path).suffix.lower() if path else ".svg"
    if ending not in FORMATS:
        *others, last = ENDINGS
        raise ValueError(f"{path}: a picture's name must end in {', '.join(others)} or {last}")
    return FORMATS[ending]


@contextmanager
def quiet_settings() -> Iterator[None]:
    """Matplotlib's settings for a picture, without warnings of letters that the font lacks.

    An SVG holds the text itself.
    """
    with warnings.catch_warnings(), matplotlib.rc_context(SETTINGS):
        warnings.filterwarnings("ignore", "Glyph .* missing")
        yield


def blank(
    size: tuple[float, float], look: Look, kind: Kind, zoom: float = 1.0, about: About = NOTHING
) -> Sheet:
    """An empty figure of this width and height, which is enlarged at last.

    A PNG has as many pixels per inch as the look asks for.
    """
    across, along = size
    resolution = {"svg": RESOLUTION, "pdf": PICTURES_OF_PDF, "png": look.dpi}
    figure = Sheet(
        figsize=(across / RESOLUTION, along / RESOLUTION),
        dpi=resolution[kind],
        facecolor="none" if look.transparent else "white",
    )
    figure.zoom = zoom
    figure.ink = look.ink
    figure.about = about
    return figure


def bar_column(unit: str, names: Sequence[str] = ()) -> int:
    """Width of the column of a bar with this unit over it, and these names beside its ticks."""
    widths = [width(line) * BAR_LETTERS for line in unit_lines(unit)]
    widths += [BAR_WIDTH + TICK + width(name) * BAR_LETTERS for name in names]
    return BEFORE_BAR + math.ceil(max(BESIDE_BAR, *widths)) + MARGIN // 2


def write(figure: Sheet, x: float, y: float, text: str, **style: Any) -> None:
    """Write words at a position; nothing in them is taken for mathematics or control."""
    whole_width, whole_height = figure.get_size_inches() * RESOLUTION
    figure.text(
        x / whole_width,
        y / whole_height,
        printable(text),
        parse_math=False,
        color=figure.ink,
        **style,
    )


def _set_ink(axes: Axes, ink: str) -> None:
    """Give titles, ticks and outlines their colour; what is drawn inside keeps its own."""
    if ink == "black":
        return
    axes.tick_params(color=ink, labelcolor=ink)
    for child in axes.get_children():
        if isinstance(child, Text) and child not in axes.texts:
            child.set_color(ink)
    for spine in axes.spines.values():
        spine.set_edgecolor(ink)


def axes_at(figure: Figure, x: float, y: float, across: float, along: float) -> Axes:
    """Axes with their lower left corner at a position."""
    whole_width, whole_height = figure.get_size_inches() * RESOLUTION
    return figure.add_axes(
        (
            x / whole_width,
            y / whole_height,
            across / whole_width,
            along / whole_height,
        )
    )


def merge(
    figure: Sheet,
    drawings: Sequence[PlacedDrawing],
    size: tuple[int, int],
    kind: Kind,
    level: int = BEHIND,
) -> str | bytes:
    """The finished picture: the figure with drawings of one size inside it.

    An SVG has them over the figure, others at their level.
    """
    if kind == "png":
        return _merge_png(figure, drawings, size, level)
    if kind == "pdf":
        return _merge_pdf(figure, drawings, size, level)
    picture = file_content(figure, kind).decode()
    for content, (left, top) in drawings:
        assert isinstance(content, str)
        picture = splice(picture, content, top, size, left, figure.zoom)
    return picture


def _merge_png(
    figure: Sheet, drawings: Sequence[PlacedDrawing], size: tuple[int, int], level: int
) -> bytes:
    """The figure as a PNG over its drawings, whose pixels are kept as they are."""
    figure_height = figure.get_size_inches()[1] * RESOLUTION
    factor = figure.dpi / RESOLUTION * figure.zoom
    for content, (left, top) in drawings:
        assert isinstance(content, bytes)
        below = figure_height - top - size[1]
        x = round(left * factor)
        y = round(below * factor)
        pixels = matplotlib.image.imread(io.BytesIO(content))
        figure.figimage(pixels, x, y, origin="upper", zorder=level)
    return file_content(figure, "png")


def _merge_pdf(
    figure: Sheet, drawings: Sequence[PlacedDrawing], size: tuple[int, int], level: int
) -> bytes:
    """The figure as a PDF, with its drawings as lines and areas below its words."""
    figure_height = figure.get_size_inches()[1] * RESOLUTION
    across, along = size
    for content, (left, top) in drawings:
        assert isinstance(content, str)
        axes = axes_at(figure, left, figure_height - top - along, across, along)
        axes.set_zorder(level)
        draw_svg(axes, content, across * POINTS_PER_INCH / RESOLUTION)
    return file_content(figure, "pdf")


def splice(
    picture: str,
    drawing: str,
    top: float,
    size: tuple[int, int],
    left: float = 0,
    zoom: float = 1.0,
) -> str:
    """An SVG of matplotlib's with another one inside it, over what is there.

    Args:
        picture: matplotlib's.
        drawing: the other one.
        top: distance from the picture's upper edge.
        size: width and height of the drawing.
        left: distance from the picture's left edge.
        zoom: by how much the picture was enlarged.
    """
    points = zoom * POINTS_PER_INCH / RESOLUTION
    across, along = size
    opening = (
        f'<svg x="{points * left:g}" y="{points * top:g}" '
        f'width="{points * across:g}" height="{points * along:g}" '
        f'viewBox="0 0 {across} {along}">'
    )
    without_declaration = re.sub(r"<\?xml.*?\?>", "", drawing)
    inside = re.sub(r"<svg.*?>", opening, without_declaration, count=1, flags=re.S)
    end = picture.rindex("</svg>")
    return picture[:end] + inside + picture[end:]


def file_content(figure: Figure, kind: Kind) -> bytes:
    """The finished figure as a file's content, the same each time."""
    if isinstance(figure, Sheet):
        if kind != "svg":
            mark_missing(figure, figure.ink)
        for axes in figure.axes:
            _set_ink(axes, figure.ink)
        inches = figure.get_size_inches() * figure.zoom
        if kind == "png":  # a whole number of pixels
            inches = ((inches * figure.dpi).round() + ALMOST) / figure.dpi
        if figure.zoom != 1:
            enlarge(figure, figure.zoom)
        figure.set_size_inches(*inches)
    about = figure.about if isinstance(figure, Sheet) else NOTHING
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=figure.dpi, metadata=about.metadata(kind))
    if kind != "svg":
        return buffer.getvalue()
    text = buffer.getvalue().decode().replace(f"'{FONT}'", FONTS_OF_SVG)
    return describe_svg(text, about).encode()
