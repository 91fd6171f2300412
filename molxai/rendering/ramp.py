"""A colour for each value of a scale: two around zero, or one from the least value on."""

from collections.abc import Iterable
from dataclasses import dataclass

from molxai.rendering.colour import WHITE, Colour, Palette, mix

Ink = tuple[float, float, float, float]
"""Red, green, blue and opacity, 0 to 1."""

ROUNDING = 1e-5
"""Share of the largest value by which others differ from it in single precision, though equal."""


@dataclass(frozen=True)
class Ramp:
    """The colours of a palette over a range of values.

    On white they are those of a palette mixed with white. They are drawn as full colours that let
    through what is behind them, so that a value of no colour hides nothing.

    Example:
        >>> from molxai.rendering.colour import RED_BLUE
        >>> Ramp(RED_BLUE, 2.0).share(-1.0), Ramp(RED_BLUE, 2.0, low=1.0).share(1.25)
        (-0.5, 0.25)
    """

    palette: Palette
    limit: float
    """The value in full colour."""
    low: float | None = None
    """The value in no colour, of a method without a sign; None: zero has none, and −`limit` is in
    the other full colour."""

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value that differ from those beyond."""
        lowest = -self.limit if self.low is None else self.low
        return lowest, self.limit

    @property
    def full(self) -> Colour:
        """The colour of the highest value."""
        return self.palette.towards if self.low is None else self.palette.unsigned

    def share(self, value: float) -> float:
        """How much of full colour a value has: 0 to 1, negative against, more beyond the ends."""
        if self.low is None:
            return value / self.limit
        return (value - self.low) / (self.limit - self.low)

    def shares(self, values: Iterable[float]) -> list[float]:
        """The same of each value."""
        return [self.share(value) for value in values]

    def ink(self, value: float) -> Ink:
        """A full colour, the more opaque the farther the value is from that of no colour."""
        share = self.share(value)
        is_against = self.low is None and share < 0
        colour = self.palette.against if is_against else self.full
        opacity = min(abs(share), 1.0) if self.low is None else min(max(share, 0.0), 1.0)
        return *colour, opacity

    def inks(self, values: Iterable[float]) -> list[Ink]:
        """The same of each value."""
        return [self.ink(value) for value in values]

    def colour(self, value: float) -> Colour:
        """What a value's ink is on white."""
        *colour, opacity = self.ink(value)
        red, green, blue = colour
        return mix(WHITE, (red, green, blue), opacity)

    @property
    def words(self) -> str:
        """Which values the colours stand for, as every figure of several scales says it.

        Example:
            >>> from molxai.rendering.colour import RED_BLUE
            >>> Ramp(RED_BLUE, 2.0).words, Ramp(RED_BLUE, 0.04113, low=0.0391).words
            ('full colour ±2', 'one colour, 0.0391 to 0.0411')
        """
        if self.low is None:
            return f"full colour ±{self.limit:.2g}"
        return f"one colour, {self.low:.3g} to {self.limit:.3g}"


def low_of(values: Iterable[float], limit: float) -> float:
    """The value in no colour of a method without a sign: the least of all.

    If all are equal, up to rounding, nothing is ranked, and zero has no colour.
    """
    lowest = min(values, default=0.0)
    return lowest if limit - lowest > ROUNDING * limit else 0.0
