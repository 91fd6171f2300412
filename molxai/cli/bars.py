"""A value as a bar of letters."""

from molxai.cli.console import Console, Text

BAR = 20
"""Letters of the longest bar."""

FULL_WIDTH = 80
"""Columns of a terminal that is wide enough for the longest bar."""


def bar_letters(out: Console) -> int:
    """Letters of the longest bar: on a narrow terminal there is less room for it."""
    return BAR if out.width >= FULL_WIDTH else BAR // 2


def bar(value: float, largest: float, letters: int = BAR, low: float | None = None) -> Text:
    """A value as a bar of at most so many letters.

    Args:
        value: red or blue by its sign.
        largest: the magnitude of the longest bar.
        letters: how long that is.
        low: the value without a bar, of a method without a sign. [default: zero, and it has one]
    """
    if low is not None:
        share = (value - low) / ((largest - low) or 1.0)
        return Text("█" * round(letters * share), style="cyan")
    letter = "█" if value > 0 else "░"
    style = "red" if value > 0 else "blue"
    length = round(letters * abs(value) / (largest or 1.0))
    return Text(letter * length, style=style)
