"""How numbers and texts are written in pictures and beside them."""

import re

NEGATIVE = re.compile(r"(?:(?<=\s)|(?<=\de)|^)-(?=\d)")
"""A hyphen that stands for a minus, of a number or of its exponent."""

SMALLEST_NUMBER = 5e-4
"""Smaller magnitudes are zero to three decimals."""


def printable(text: str) -> str:
    """The text with a mark in place of each character that has no picture.

    Those are control characters, and characters that turn the direction of writing.
    """
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def signed_or_zero(value: float) -> str:
    """A number with its sign and three decimals, or a bare zero.

    Example:
        >>> signed_or_zero(0.25), signed_or_zero(-0.25), signed_or_zero(-1e-5)
        ('+0.250', '−0.250', '0')
    """
    return true_minus(f"{value:+.3f}") if abs(value) >= SMALLEST_NUMBER else "0"


def three_digits(value: float) -> str:
    """A value in three digits, or more if it has more before the point.

    Example:
        >>> [three_digits(value) for value in (2.4, -0.5, 0.8, 62.66, 149.0, 12345.6)]
        ['2.40', '-0.500', '0.800', '62.7', '149', '12346']
    """
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:#.3g}".removesuffix(".")


def true_minus(text: str) -> str:
    """The text with minus signs, in place of hyphens, before its numbers.

    Example:
        >>> true_minus("-0.5, lrp-res and 1-2: -1e-06")
        '−0.5, lrp-res and 1-2: −1e−06'
    """
    return NEGATIVE.sub("\N{MINUS SIGN}", text)
