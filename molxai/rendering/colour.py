"""Relevance as colour: white at zero, red for the explained class, blue against it."""

from collections.abc import Sequence

Colour = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""

WHITE: Colour = (1.0, 1.0, 1.0)
RED: Colour = (0.90, 0.25, 0.20)
BLUE: Colour = (0.20, 0.45, 0.85)
"""Told apart by the red-green colour-blind, and light enough for black letters."""

SMALLEST_SCALE = 0.05
"""Full colour means at least this much relevance, in logits: 0.05 logits move a probability by at most 1.25 points, so a
map of smaller values is shown as the near-white that it is, and not blown up."""


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` at share 0, `b` at share 1, exactly."""
    red, green, blue = ((1 - share) * x + share * y for x, y in zip(a, b, strict=True))
    return red, green, blue


def scale(relevance: Sequence[float]) -> float:
    """The magnitude that is drawn in full colour: the largest, but never less than `SMALLEST_SCALE`.

    Raises:
        ValueError: a relevance is not finite; it would be drawn as if it were a number.
    """
    largest = max(map(abs, relevance), default=0.0)
    if not all(abs(r) < float("inf") for r in relevance):
        raise ValueError("relevance holds numbers that are not finite: nothing honest can be drawn")
    return max(largest, SMALLEST_SCALE)


def colours(relevance: Sequence[float], limit: float) -> list[Colour]:
    """A colour for each value, full at ± `limit`.

    Example:
        >>> colours([1.0, 0.0, -2.0], limit=2.0)[1:]
        [(1.0, 1.0, 1.0), (0.2, 0.45, 0.85)]
    """
    return [mix(WHITE, RED if r > 0 else BLUE, min(abs(r) / limit, 1.0)) for r in relevance]
