"""Explanations as pictures and words."""

ENDINGS = (".svg", ".png")
"""Of picture files."""

STYLES = ("highlight", "contour")
"""Of molecule pictures."""

COMPARISON_ENDINGS = (".html", ".png", ".svg")
"""Of pages and figures that show several methods."""
