"""Pictures of molecules and digits: plain values in, SVG or PNG out."""

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["svg", "png"]
"""What a picture is: SVG text or a PNG file's bytes."""

ENDINGS = (".svg", ".png")
"""Endings of picture files."""

STYLES = ("highlight", "contour")
"""How a molecule's relevance is painted."""

COMPARISON_ENDINGS = (".html", ".png", ".svg")
"""Endings of pages and figures that show several methods."""
