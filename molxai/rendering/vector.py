"""RDKit's SVG as lines and areas in matplotlib axes, from which a PDF is made.

RDKit writes PNG and SVG alone. Its SVG is simple: paths, ellipses and rectangles with their style,
an embedded picture behind contours, and the labels of parts.
"""

import base64
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from fontTools.pens.recordingPen import RecordingPen
from fontTools.svgLib.path.parser import parse_path
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, Patch, PathPatch, Rectangle
from matplotlib.path import Path
from PIL import Image

CODES = {
    "moveTo": [Path.MOVETO],
    "lineTo": [Path.LINETO],
    "qCurveTo": [Path.CURVE3] * 2,
    "curveTo": [Path.CURVE4] * 3,
}
"""Matplotlib's codes of the points of each command of a path."""


def draw_svg(axes: Axes, svg: str, points: float) -> None:
    """Draw what RDKit wrote, in its pixels.

    Args:
        axes: what the drawing fills.
        svg: the text of RDKit.
        points: width of the axes in points, which the widths of lines follow.
    """
    root = ET.fromstring(svg.encode())
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    points_per_pixel = points / width
    axes.set(xlim=(left, left + width), ylim=(top + height, top))
    axes.set_axis_off()
    for position, element in enumerate(root.iter()):
        name = element.tag.rpartition("}")[2]
        if name == "path" and not element.attrib["d"]:
            continue  # RDKit's mark of an atom whose bond is hidden by its letters
        if name in SHAPES:
            patch = SHAPES[name](element.attrib)
            _paint(patch, _style(element.attrib), points_per_pixel)
            patch.set_zorder(position)
            axes.add_artist(patch)
        elif name == "image":
            _draw_image(axes, element.attrib, position)
        elif name == "text":
            _write_text(axes, element, points_per_pixel, position)


def _path(values: Mapping[str, str]) -> Patch:
    """Lines and curves."""
    pen = RecordingPen()
    parse_path(values["d"], pen)
    points: list[tuple[float, float]] = []
    codes: list[Any] = []
    for command, places in pen.value:
        if command == "closePath":
            points.append(points[-1])
            codes.append(Path.CLOSEPOLY)
        elif command in CODES:
            points += places
            codes += CODES[command]
    return PathPatch(Path(points, codes), capstyle="butt", joinstyle="miter")


def _ellipse(values: Mapping[str, str]) -> Patch:
    x, y, across, along = (float(values[name]) for name in ("cx", "cy", "rx", "ry"))
    return Ellipse((x, y), 2 * across, 2 * along)


def _rectangle(values: Mapping[str, str]) -> Patch:
    x, y, width, height = (float(values[name]) for name in ("x", "y", "width", "height"))
    return Rectangle((x, y), width, height)


SHAPES: Mapping[str, Callable[[Mapping[str, str]], Patch]] = {
    "path": _path,
    "ellipse": _ellipse,
    "rect": _rectangle,
}
"""What is drawn of each element."""


def _style(values: Mapping[str, str]) -> dict[str, str]:
    """The element's style, whether it is written in one attribute or in several."""
    entries = re.findall(r"([\w-]+)\s*:\s*([^;]+)", values.get("style", ""))
    return dict(values) | dict(entries)


def _paint(patch: Patch, style: Mapping[str, str], points_per_pixel: float) -> None:
    """Give the shape its colours and its line."""
    patch.set_facecolor(_colour(style, "fill"))
    patch.set_edgecolor(_colour(style, "stroke"))
    width = float(style.get("stroke-width", "0").removesuffix("px"))
    patch.set_linewidth(width * points_per_pixel)
    if width == 0:
        patch.set_edgecolor("none")
    dashes = [float(length) for length in re.findall(r"[\d.]+", style.get("stroke-dasharray", ""))]
    if dashes and width:
        patch.set_linestyle((0, [length / width for length in dashes]))


def _colour(style: Mapping[str, str], name: str) -> Any:
    """A colour with its opacity; `none` is no colour."""
    colour = style.get(name, "none")
    if colour == "none":
        return "none"
    return colour, float(style.get(f"{name}-opacity", 1))


def _draw_image(axes: Axes, values: Mapping[str, str], position: int) -> None:
    """Draw the picture behind contours."""
    content = base64.b64decode(values["href"].partition(",")[2])
    width = float(values["width"])
    height = float(values["height"])
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    axes.imshow(
        pixels, extent=(0, width, height, 0), zorder=position, aspect="auto", interpolation="none"
    )


def _write_text(axes: Axes, element: ET.Element, points_per_pixel: float, position: int) -> None:
    """Write the label of a part, whose middle stands at its place."""
    values = element.attrib
    size = float(values["font-size"].removesuffix("px"))
    axes.text(
        float(values["x"]),
        float(values["y"]),
        element.text or "",
        fontsize=size * points_per_pixel,
        color=values.get("fill", "black"),
        ha="center",
        va="baseline",
        parse_math=False,
        zorder=position,
    )
