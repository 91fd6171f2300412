"""How wide a picture is to be: a number with a unit, like `3.25in` or `84mm`."""

import math
import re
from dataclasses import dataclass

from molxai.rendering import Kind

PER_INCH = {"in": 1.0, "cm": 2.54, "mm": 25.4, "pt": 72.0, "px": 96.0}
"""How many of each unit are an inch; a pixel as SVG and CSS count it."""

LEAST_INCHES = 1.5
"""Inches across a picture at least."""

MOST_INCHES = 60.0
"""Inches across a picture at most: a poster."""

MOST_PIXELS = 12_000
"""Across a picture at most."""

EXAMPLES = "3.25in, 84mm, 5cm, 240pt or 1200px"
"""Widths as they are typed."""

PATTERN = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*([a-z]+)\s*", re.IGNORECASE)
"""A number and a unit."""


@dataclass(frozen=True)
class Width:
    """A width that was asked for."""

    number: float
    unit: str

    def inches(self, kind: Kind, dpi: int) -> float:
        """The width in inches.

        Args:
            kind: how the picture is drawn: pixels of a PNG are counted at its own resolution.
            dpi: pixels per inch of a PNG.
        """
        per_inch = PER_INCH[self.unit]
        if self.unit == "px" and kind == "png":
            per_inch = float(dpi)
        return self.number / per_inch


def width_of(text: str) -> Width:
    """A width as it was typed.

    Example:
        >>> width_of("84 mm"), round(width_of("84mm").inches("pdf", 100), 3)
        (Width(number=84.0, unit='mm'), 3.307)

    Raises:
        ValueError: it is no number with a unit, or no picture can be so wide.
    """
    match = PATTERN.fullmatch(text)
    if match is None or match[2].lower() not in PER_INCH:
        raise ValueError(f"width {text!r}: give a number with a unit, like {EXAMPLES}")
    return Width(float(match[1]), match[2].lower())


def check_inches(inches: float, text: str, least: float = LEAST_INCHES) -> None:
    """Refuse a width at which nothing can be read, or that nothing can print.

    Raises:
        ValueError: it is one.
    """
    if inches < least:
        raise ValueError(f"width {text}: too narrow, at least {math.ceil(100 * least) / 100}in")
    if inches > MOST_INCHES:
        raise ValueError(f"width {text}: too wide, at most {MOST_INCHES:g}in")


def check_pixels(pixels: float) -> None:
    """Refuse a picture of too many pixels.

    Raises:
        ValueError: it has.
    """
    if pixels > MOST_PIXELS:
        raise ValueError(
            f"a picture of {pixels:,.0f} pixels across: {MOST_PIXELS:,} is the most; "
            "give a smaller --width or --dpi"
        )
