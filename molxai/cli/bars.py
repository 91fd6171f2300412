"""A value as a bar of letters."""

from molxai.cli.console import Console, Text

BAR = 20
"""Letters of the longest bar."""

FULL_WIDTH = 80
"""Columns of a terminal that is wide enough for the longest bar."""


def bar_letters(out: Console) -> int:
    """Letters of the longest bar: on a narrow terminal there is less room for it."""
    return BAR if out.width >= FULL_WIDTH else BAR // 2


def bar(value: float, largest: float, letters: int = BAR) -> Text:
    """A value as a bar of at most so many letters."""
    letter = "█" if value > 0 else "░"
    style = "red" if value > 0 else "blue"
    length = round(letters * abs(value) / (largest or 1.0))
    return Text(letter * length, style=style)
