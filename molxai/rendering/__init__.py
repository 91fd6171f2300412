"""Pictures of molecules and digits: plain values in, the content of a picture file out."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["svg", "pdf", "png"]
"""How a picture is drawn: as SVG text, as a PDF, or in pixels."""

Format: TypeAlias = Literal["svg", "pdf", "png", "jpg", "tiff"]
"""What a picture's file is."""

FORMATS: Mapping[str, Format] = {
    ".svg": "svg",
    ".pdf": "pdf",
    ".png": "png",
    ".jpg": "jpg",
    ".jpeg": "jpg",
    ".tiff": "tiff",
    ".tif": "tiff",
}
"""What a picture's file is, by the ending of its name."""

ENDINGS = tuple(FORMATS)
"""Endings of picture files."""

KINDS: Mapping[Format, Kind] = {
    "svg": "svg",
    "pdf": "pdf",
    "png": "png",
    "jpg": "png",
    "tiff": "png",
}
"""How each format is drawn."""

FOLDER_FORMATS: tuple[Format, ...] = ("svg", "pdf", "png", "jpg", "tiff")
"""Formats of the pictures in a folder: the endings of their names."""

STYLES = ("highlight", "contour")
"""How a molecule's relevance is painted."""

PANELS = ("all", "relevance")
"""What is shown of a digit: picture, superpixels and relevance, or the relevance alone."""

FOREGROUNDS = ("dark", "light")
"""Words and lines are black, or white for a dark slide."""

COMPARISON_ENDINGS = (".html", *ENDINGS)
"""Endings of pages and figures that show several methods, or two molecules."""
