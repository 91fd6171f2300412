"""Numbers as people write them in tables.

They have decimal commas, thousands separators, percent signs, typographic minus signs.

A notation is that of a whole column, for `1,234` alone may be 1.234 or 1234.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

NEARLY_ALL = 0.9
"""Share of a column's filled cells from which on it is one of numbers, and the others are slips."""

LARGEST = torch.finfo(torch.float32).max
"""A label beyond it is infinite to the model."""

HALF = 0.5
"""Share of numbers among the cells of a column of text from which on it is not one of classes."""

MINUS_SIGNS = re.compile(
    "(^|(?<=[eE]))[\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d]\\s*(?=[\\d.,])"
)
"""Minus (U+2212) and the dashes that word processors and web pages put in its place."""

SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))
"""Blanks that do not break a line, as between thousands."""


def _groups(marks: str) -> str:
    """A pattern of digits in groups of three, as 1,234,567; none begins with zero."""
    return rf"[1-9]\d{{0,2}}(?P<mark>[{marks}])\d{{3}}(?:(?P=mark)\d{{3}})*"


DECIMAL_COMMA = re.compile(
    r"[+-]?(\d+|" + _groups(". '’") + r")?(,\d*)?(e[+-]?\d+)?", re.IGNORECASE
)
"""A number like 1.234,5 or 0,5."""

THOUSANDS_COMMA = re.compile(r"[+-]?" + _groups(",") + r"(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE)
"""A number like 1,234.5."""

THOUSANDS_MARK = re.compile(r"[+-]?" + _groups(" '’") + r"(\.\d*)?", re.IGNORECASE)
"""A number like 1 234.5 or 1'234.5."""

UNIT = (
    r"%|‰|°\s?[CF]|[KVJgLlsh]|min|ppm|ppb|[pnuµμm]?M|[pnuµμmk]?g|[uµμm]?[lL]|mol|[unm]mol"
    r"|eV|k?cal/mol|kJ/mol|[pnuµμm]?(?:M|g|mol)/(?:m?[lL]|k?g)|[pnuµμm]?s|hours?|days?|nm|Å|Da|kDa"
)
"""The usual units."""

QUANTITY = re.compile(
    r"((greater|less|more|smaller|larger|higher|lower) than |at (most|least) |about |ca\.? )?"
    r"[(<>≤≥~≈=€$£±]*\s*[+-]?[\d.,'’ ]*\d[.,]?(e[+-]?\d+)?"
    r"\s?([×x*·]\s?10.*|±.*|\+/-.*|\(.*\)|[*†‡+)]+|[-–]\s?\d.*|\s[A-Za-zµμ%°/].*)?",
    re.IGNORECASE,
)
"""A number with an addition: a power of ten, an error, a mark, the end of a range, words."""

WITH_UNIT = re.compile(
    rf"(?P<limit>[<>≤≥~≈=]+\s*)?[+-]?[\d.,'’ ]*\d[.,]?(e[+-]?\d+)?\s?(?P<unit>{UNIT})?",
    re.IGNORECASE,
)
"""A number, or one that is only a limit, with one of the usual units or none."""


@dataclass(frozen=True)
class Numerals:
    """The cells of a column, numbers written as Python writes them."""

    cells: list[str]
    note: str = ""
    """How numbers were written and understood; empty if they were plain, or are no numbers."""


def is_number(text: str) -> bool:
    """Whether a text is a finite number as Python and the model have it."""
    try:
        finite = abs(float(text)) <= LARGEST
    except ValueError:
        return False
    return finite and "_" not in text  # Python's own 1_000 is a name elsewhere


def looks_numeric(text: str) -> bool:
    """Whether a text is a number in any notation, or one that is a limit or has a unit."""
    return WITH_UNIT.fullmatch(plain_number(text)) is not None


def plain_number(text: str) -> str:
    """The text with a plain minus sign and plain blanks."""
    return MINUS_SIGNS.sub("-", text.strip().translate(SPACES))


def numerals(name: str, cells: Sequence[str], decimal_commas: bool = False) -> Numerals:
    """The cells of a column. If nearly all are numbers in one notation, they become Python's.

    Example:
        >>> numerals("logS", ["-0,5", "1,25", ""])
        Numerals(cells=['-0.5', '1.25', ''], note='2 numbers with decimal commas')

    Args:
        name: of the column, for messages.
        cells: empty if there is no value.
        decimal_commas: whether the file itself says so, which decides what 1,234 is.

    Raises:
        ValueError: commas may be decimal ones or separate thousands, or some numbers alone are in
            percent.
    """
    tidy = [plain_number(cell) for cell in cells]
    values = [cell for cell in tidy if cell]
    if _share(values, is_number) >= NEARLY_ALL and not _whole_beside_decimal_commas(values):
        return Numerals(tidy, _note_of_minus_signs(cells, tidy))
    in_percent = ""
    if _are_percents(name, values):
        in_percent = "in percent, 84% read as 84"
        tidy = [cell.removesuffix("%").rstrip() for cell in tidy]
        values = [cell for cell in tidy if cell]
        if _share(values, is_number) >= NEARLY_ALL:
            return Numerals(tidy, f"{len(values)} numbers {in_percent}")
    notation = _notation(name, values, decimal_commas)
    if notation is None:
        return Numerals(list(cells))
    numbers = [notation.rewrite(cell) if notation.matches(cell) else cell for cell in tidy]
    count = sum(map(is_number, numbers))
    note = " ".join(filter(None, (f"{count} numbers", in_percent, notation.name)))
    return Numerals(numbers, note)


def _note_of_minus_signs(cells: Sequence[str], tidy: Sequence[str]) -> str:
    """How many numbers were not written in Python's way, if any."""
    changed = sum(
        number != cell.strip()
        for number, cell in zip(tidy, cells, strict=True)
        if is_number(number)
    )
    if not changed:
        return ""
    total = sum(map(bool, tidy))
    return f"{total} numbers, {changed} with a typographic minus sign"


def _are_percents(name: str, values: Sequence[str]) -> bool:
    """Whether nearly all cells end in a percent sign.

    Raises:
        ValueError: all cells are numbers, but only some of them in percent.
    """
    percents = [cell for cell in values if cell.endswith("%")]
    numbers = [cell for cell in values if is_number(cell)]
    if percents and numbers and len(percents) + len(numbers) == len(values):
        mixture = f"numbers in percent, like {percents[0]!r}, and others, like {numbers[0]!r}"
        raise ValueError(f"{name!r} holds {mixture}: write all of them in percent, or none")
    return len(percents) >= NEARLY_ALL * len(values) > 0


def _whole_beside_decimal_commas(values: Sequence[str]) -> bool:
    """Whether the cells are whole numbers and a few with decimal commas, none with a point."""
    if any("." in cell for cell in values):
        return False
    unread = [cell for cell in values if not is_number(cell)]
    return bool(unread) and all(map(_has_decimal_comma, unread))


@dataclass(frozen=True)
class _Notation:
    """A way to write numbers."""

    name: str
    matches: Callable[[str], bool]
    """Whether a cell is written in it."""
    rewrite: Callable[[str], str]
    """The cell as Python writes it."""


def _notation(name: str, values: Sequence[str], decimal_commas: bool) -> _Notation | None:
    """The notation of nearly all the cells.

    Raises:
        ValueError: they are in two notations, which give different numbers.
    """
    shares = {notation: _share(values, notation.matches) for notation in NOTATIONS}
    commas = shares[COMMAS]
    if commas >= NEARLY_ALL and commas == shares[THOUSANDS] and not decimal_commas:
        cell = next(cell for cell in values if "," in cell)
        raise ValueError(
            f"{name!r} holds numbers like {cell!r}, which may be "
            f"{COMMAS.rewrite(cell)} or {THOUSANDS.rewrite(cell)}: write the column's numbers "
            "with decimal points and without marks between thousands"
        )
    has_points = any("." in cell for cell in values)
    if has_points and not any("." in cell and "," in cell for cell in values):
        shares[COMMAS] = 0.0  # 1.234 beside 0,512: points are as likely decimal ones
    best = max(
        NOTATIONS,
        key=lambda notation: (shares[notation], decimal_commas and notation is COMMAS),
    )
    return best if shares[best] >= NEARLY_ALL else None


def _has_decimal_comma(cell: str) -> bool:
    return any(map(str.isdigit, cell)) and DECIMAL_COMMA.fullmatch(cell) is not None


def _has_thousands_comma(cell: str) -> bool:
    return is_number(cell) or THOUSANDS_COMMA.fullmatch(cell) is not None


def _has_thousands_mark(cell: str) -> bool:
    return is_number(cell) or THOUSANDS_MARK.fullmatch(cell) is not None


def _from_decimal_comma(cell: str) -> str:
    return re.sub("[. '’]", "", cell).replace(",", ".")


def _without_marks(cell: str) -> str:
    return re.sub("[, '’]", "", cell)


COMMAS = _Notation("with decimal commas", _has_decimal_comma, _from_decimal_comma)
THOUSANDS = _Notation("with commas between thousands", _has_thousands_comma, _without_marks)
MARKS = _Notation("with marks between thousands", _has_thousands_mark, _without_marks)
NOTATIONS = (COMMAS, THOUSANDS, MARKS)
"""The first of equally good notations is taken."""


def _share(cells: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, cells)) / len(cells) if cells else 0.0


def refuse_quantities(name: str, cells: Sequence[str]) -> None:
    """Refuse numbers with units or limits: as text, twenty values would be twenty classes.

    Args:
        name: of the column.
        cells: those that hold something.

    Raises:
        ValueError: nearly all cells are numbers with units, limits, or in several notations, or
            half of them are numbers.
    """
    plain = [plain_number(cell) for cell in cells]
    numbers = sum(map(is_number, plain))
    if numbers == len(plain):
        return
    quantities = sum(QUANTITY.fullmatch(cell) is not None or looks_numeric(cell) for cell in plain)
    if quantities < NEARLY_ALL * len(plain) and numbers < HALF * len(plain):
        return
    cell = next(cell for cell in plain if not is_number(cell))
    what, remedy = _quantity(cell)
    raise ValueError(
        f"{name!r} holds {what} like {cell!r}: numbers alone are needed; "
        f"{remedy}, or name --task multiclass if classes are meant"
    )


def _quantity(cell: str) -> tuple[str, str]:
    """What a cell is instead of a number, and what to do about it."""
    match = WITH_UNIT.fullmatch(cell)
    if match is None:
        return "numbers and other text", "write numbers alone, or empty such cells"
    if match["limit"]:
        return "limits", "leave such rows out, or empty their cells"
    if match["unit"]:
        return "numbers with a unit", "remove the unit, and say it with --unit"
    return "numbers in several notations", "write all of them with a decimal point"
