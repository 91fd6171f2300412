"""Cells that hold no value, in the ways databases, spreadsheets and people write them."""

from collections.abc import Sequence

from graphormer.readers.numerals import NEARLY_ALL, looks_numeric

MISSING = {"", "nan", "na", "n/a", "#n/a", "#na", "<na>", "#nv", "n.a.", "null"}
"""Texts, in any case, that stand for no value in any column.

They come from databases, pandas, R and Excel (#NV is German for #N/A).
"""

MISSING_AMONG_NUMBERS = {
    "none",
    "-",
    "--",
    "–",
    "—",
    "?",
    ".",
    "nd",
    "n.d.",
    "not determined",
    "not tested",
}
"""Texts, in any case, that stand for no value among numbers.

In a column of text they may name a class: "-" beside "+", "none" beside "strong".
"""


def is_missing(text: str) -> bool:
    """Whether a cell holds no value, whatever its column is about."""
    return text.strip().lower() in MISSING


def is_missing_among_numbers(text: str) -> bool:
    """Whether a cell holds no value if its column is one of numbers."""
    return text.strip().lower() in MISSING_AMONG_NUMBERS


def empty_missing(column: Sequence[str]) -> list[str]:
    """The cells of a column without blanks around them, empty if they hold no value.

    Example:
        >>> empty_missing(["1.5", " 2 ", "-", "NA"])
        ['1.5', '2', '', '']
        >>> empty_missing(["+", "-", "NA"])
        ['+', '-', '']
    """
    values = [
        text for text in column if not is_missing(text) and not is_missing_among_numbers(text)
    ]
    numeric = sum(map(looks_numeric, values)) >= NEARLY_ALL * len(values)
    cells = []
    for text in column:
        missing = is_missing(text) or (numeric and is_missing_among_numbers(text))
        cells.append("" if missing else text.strip())
    return cells
