"""Relevance as colour: white at zero, one colour for the explained class, another against it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphormer.names import unknown

Colour = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""

WHITE: Colour = (1.0, 1.0, 1.0)
"""The colour of no relevance."""

RED: Colour = (0.90, 0.25, 0.20)
"""Full colour for the explained class."""

BLUE: Colour = (0.20, 0.45, 0.85)
"""Full colour against the explained class."""

SMALLEST_SCALE = 0.05
"""Full colour means at least this much relevance, in logits.

0.05 logits move a probability by at most 1.25 points, so a map of smaller values is shown as the
near-white that it is, and not blown up.
"""


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` at share 0, `b` at share 1, exactly."""
    rest = 1 - share
    red = rest * a[0] + share * b[0]
    green = rest * a[1] + share * b[1]
    blue = rest * a[2] + share * b[2]
    return red, green, blue


def hexadecimal(colour: Colour) -> str:
    """The colour as HTML and SVG write it.

    Example:
        >>> hexadecimal((1.0, 0.5, 0.0))
        '#ff8000'
    """
    red, green, blue = (round(255 * channel) for channel in colour)
    return f"#{red:02x}{green:02x}{blue:02x}"


@dataclass(frozen=True)
class Palette:
    """Two colours on either side of white, one for sizes, and what captions call the two."""

    name: str
    towards: Colour
    """Speaks for the explained class."""
    against: Colour
    unsigned: Colour
    """Says how much, and neither for nor against."""
    words: tuple[str, str]
    """Names of the first two in captions: "Red speaks for active, blue against it"."""

    @property
    def towards_hex(self) -> str:
        return hexadecimal(self.towards)

    @property
    def against_hex(self) -> str:
        return hexadecimal(self.against)

    @property
    def unsigned_hex(self) -> str:
        return hexadecimal(self.unsigned)

    def colour(self, relevance: float, limit: float) -> Colour:
        """White at zero, full at ± `limit` and beyond."""
        full = self.towards if relevance > 0 else self.against
        share = abs(relevance) / limit
        return mix(WHITE, full, min(share, 1.0))

    def hexadecimal(self, relevance: float, limit: float) -> str:
        """The same as HTML and SVG write it."""
        return hexadecimal(self.colour(relevance, limit))

    def colours(self, relevance: Iterable[float], limit: float) -> list[Colour]:
        """A colour for each value."""
        return [self.colour(value, limit) for value in relevance]


TEAL: Colour = (0.12, 0.62, 0.58)
"""Full colour of a size in palettes that have no green or blue of this kind."""

VIOLET: Colour = (0.61, 0.31, 0.90)
"""Full colour of a size in palettes that have."""

RED_BLUE = Palette("red-blue", RED, BLUE, TEAL, ("red", "blue"))
"""The usual palette."""

PALETTES = {
    "red-blue": RED_BLUE,
    "orange-purple": Palette(
        "orange-purple", (0.89, 0.53, 0.22), (0.55, 0.36, 0.88), TEAL, ("orange", "purple")
    ),
    "brown-teal": Palette(
        "brown-teal", (0.73, 0.47, 0.16), (0.12, 0.62, 0.58), VIOLET, ("brown", "teal")
    ),
    "pink-green": Palette(
        "pink-green", (0.85, 0.34, 0.63), (0.33, 0.62, 0.12), VIOLET, ("pink", "green")
    ),
}
"""Palettes by name.

In each, black letters on any full colour have a contrast of at least 4.5 (WCAG 2.1). For and
against stay at least 50 apart in CIE L*a*b* for people without red, green or blue cones, as Machado
et al. 2009 simulate them. The colour of sizes is at least 35 from both, and 15 for those without
blue cones, who are one in ten thousand. A test computes all.
"""


def palette(name: str) -> Palette:
    """The palette of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in PALETTES:
        raise ValueError(unknown("palette", name, PALETTES))
    return PALETTES[name]


def scale(relevance: Sequence[float], in_unit: bool = True) -> float:
    """The magnitude that is drawn in full colour: the largest one.

    Args:
        relevance: all that is drawn on this scale.
        in_unit: whether relevances have the output's unit; the magnitude is then at least
            `SMALLEST_SCALE`.

    Raises:
        ValueError: a relevance is not finite; it would be drawn as if it were a number.
    """
    largest = max(map(abs, relevance), default=0.0)
    if not all(abs(value) < float("inf") for value in relevance):
        raise ValueError("relevance contains NaN or infinity and cannot be drawn")
    if in_unit:
        return max(largest, SMALLEST_SCALE)
    return largest or 1.0


def colours(relevance: Sequence[float], limit: float) -> list[Colour]:
    """A colour of the usual palette for each value, full at ± `limit`.

    Example:
        >>> colours([1.0, 0.0, -2.0], limit=2.0)[1:]
        [(1.0, 1.0, 1.0), (0.2, 0.45, 0.85)]
    """
    return RED_BLUE.colours(relevance, limit)
