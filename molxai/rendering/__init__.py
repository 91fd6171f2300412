"""Explanations as pictures and words."""

ENDINGS = (".svg", ".png")
"""Of picture files."""

STYLES = ("highlight", "contour")
"""Of molecule pictures."""
