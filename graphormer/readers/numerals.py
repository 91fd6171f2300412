"""Numbers as people write them in tables: decimal commas, thousands separators, percent signs, typographic minus signs.

A notation is that of a whole column, for `1,234` alone may be 1.234 or 1234.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

NEARLY_ALL = 0.9
"""Share of a column's known cells from which on it is one of numbers, and the other cells are slips."""

LARGEST = torch.finfo(torch.float32).max
"""A label beyond it is infinite to the model."""

HALF = 0.5
"""Share of numbers among the cells of a column of text from which on it is no column of classes."""

MINUS_SIGNS = re.compile(
    "(^|(?<=[eE]))[\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d]\\s*(?=[\\d.,])"
)
"""Minus (U+2212) and the dashes that word processors and web pages put in its place."""

SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))
"""Blanks that do not break a line, as between thousands."""


def _grouped(marks: str) -> str:
    """A pattern of digits in groups of three; no number of thousands begins with zero."""
    return rf"[1-9]\d{{0,2}}(?P<mark>[{marks}])\d{{3}}(?:(?P=mark)\d{{3}})*"


DECIMAL_COMMA = re.compile(
    r"[+-]?(\d+|" + _grouped(". '’") + r")?(,\d*)?(e[+-]?\d+)?", re.IGNORECASE
)
THOUSANDS_COMMA = re.compile(r"[+-]?" + _grouped(",") + r"(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE)
THOUSANDS_MARK = re.compile(r"[+-]?" + _grouped(" '’") + r"(\.\d*)?", re.IGNORECASE)

UNIT = (
    r"%|‰|°\s?[CF]|[KVJgLlsh]|min|ppm|ppb|[pnuµμm]?M|[pnuµμmk]?g|[uµμm]?[lL]|mol|[unm]mol|eV|k?cal/mol|kJ/mol"
    r"|[pnuµμm]?(?:M|g|mol)/(?:m?[lL]|k?g)|[pnuµμm]?s|hours?|days?|nm|Å|Da|kDa"
)
QUANTITY = re.compile(
    r"((greater|less|more|smaller|larger|higher|lower) than |at (most|least) |about |ca\.? )?"
    r"[(<>≤≥~≈=€$£±]*\s*[+-]?[\d.,'’ ]*\d[.,]?(e[+-]?\d+)?"
    r"\s?([×x*·]\s?10.*|±.*|\+/-.*|\(.*\)|[*†‡+)]+|[-–]\s?\d.*|\s[A-Za-zµμ%°/].*)?",
    re.IGNORECASE,
)
"""A number with something to it: a power of ten, an error, a mark, the end of a range, words."""

WITH_UNIT = re.compile(
    rf"(?P<limit>[<>≤≥~≈=]+\s*)?[+-]?[\d.,'’ ]*\d[.,]?(e[+-]?\d+)?\s?(?P<unit>{UNIT})?",
    re.IGNORECASE,
)
"""A number, perhaps one that is only a limit, with one of the usual units or none."""


@dataclass(frozen=True)
class Numerals:
    """The cells of a column, numbers written as Python writes them."""

    cells: list[str]
    note: str = ""
    """What was understood, where numbers were not written so; empty where they were, or are no numbers."""


def is_number(text: str) -> bool:
    """Whether a text is a finite number as Python and the model have it."""
    try:
        return (
            abs(float(text)) <= LARGEST and "_" not in text
        )  # Python's own 1_000 is a name elsewhere
    except ValueError:
        return False


def looks_numeric(text: str) -> bool:
    """Whether a text is a number in any notation, or one that is a limit or has a unit."""
    return WITH_UNIT.fullmatch(plain_number(text)) is not None


def plain_number(text: str) -> str:
    """The text with a plain minus sign and plain blanks."""
    return MINUS_SIGNS.sub("-", text.strip().translate(SPACES))


def numerals(name: str, cells: Sequence[str], decimal_commas: bool = False) -> Numerals:
    """The cells of a column; where nearly all are numbers in one notation, those numbers in Python's.

    Example:
        >>> numerals("logS", ["-0,5", "1,25", ""])
        Numerals(cells=['-0.5', '1.25', ''], note='2 numbers with decimal commas')

    Args:
        name: of the column, for messages.
        cells: empty where there is no value.
        decimal_commas: whether the file itself says so, which decides what 1,234 is.

    Raises:
        ValueError: commas may be decimal ones or separate thousands.
    """
    tidy = [plain_number(cell) for cell in cells]
    known = [cell for cell in tidy if cell]
    if _share(known, is_number) >= NEARLY_ALL and not _whole_beside_decimal_commas(known):
        changed = sum(
            one != cell.strip() for one, cell in zip(tidy, cells, strict=True) if is_number(one)
        )
        return Numerals(
            tidy,
            f"{len(known)} numbers, {changed} with a typographic minus sign" if changed else "",
        )
    in_percents = [cell for cell in known if cell.endswith("%")]
    percent = len(in_percents) >= NEARLY_ALL * len(known) > 0
    if (
        in_percents
        and (plain := [cell for cell in known if is_number(cell)])
        and len(in_percents) + len(plain) == len(known)
    ):
        needed = "write all of them in percent, or none"
        raise ValueError(
            f"{name!r} holds numbers in percent, like {in_percents[0]!r}, and others, like {plain[0]!r}: {needed}"
        )
    bare = [cell.removesuffix("%").rstrip() for cell in tidy] if percent else tidy
    known = [cell for cell in bare if cell]
    in_percent = "in percent, 84% read as 84" if percent else ""
    if percent and _share(known, is_number) >= NEARLY_ALL:
        return Numerals(bare, f"{len(known)} numbers {in_percent}")
    notation = _notation(name, known, decimal_commas)
    if notation is None:
        return Numerals(list(cells))
    said, matches, rewrite = notation
    made = [rewrite(cell) if matches(cell) else cell for cell in bare]
    count = sum(map(is_number, made))
    return Numerals(
        made, f"{count} numbers {' '.join(part for part in (in_percent, said) if part)}"
    )


def _whole_beside_decimal_commas(known: Sequence[str]) -> bool:
    """Whether the cells are whole numbers and a few with decimal commas, none with a point."""
    others = [cell for cell in known if not is_number(cell)]
    return (
        bool(others)
        and not any("." in cell for cell in known)
        and all(map(_has_decimal_comma, others))
    )


Notation = tuple[str, Callable[[str], bool], Callable[[str], str]]
"""What it is called, whether a cell is written in it, and the cell in Python's."""


def _notation(name: str, known: Sequence[str], decimal_commas: bool) -> Notation | None:
    """The notation of nearly all the cells."""
    commas: Notation = ("with decimal commas", _has_decimal_comma, _from_decimal_comma)
    thousands: Notation = ("with commas between thousands", _has_thousands_comma, _without_marks)
    marks: Notation = ("with marks between thousands", _has_thousands_mark, _without_marks)
    shares = {one: _share(known, one[1]) for one in (commas, thousands, marks)}
    if shares[commas] >= NEARLY_ALL and shares[commas] == shares[thousands] and not decimal_commas:
        cell = next(cell for cell in known if "," in cell)
        either = f"{_from_decimal_comma(cell)} or {_without_marks(cell)}"
        remedy = (
            "write the column's numbers with decimal points and without marks between thousands"
        )
        raise ValueError(f"{name!r} holds numbers like {cell!r}, which may be {either}: {remedy}")
    if any("." in cell for cell in known) and not any(
        "." in cell and "," in cell for cell in known
    ):
        shares[commas] = 0.0  # 1.234 beside 0,512: points are as likely decimal ones
    best = max(shares, key=lambda one: (shares[one], decimal_commas and one is commas))
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


def _share(cells: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, cells)) / len(cells) if cells else 0.0


def refuse_quantities(name: str, cells: Sequence[str]) -> None:
    """Refuse numbers with units or limits: as text, twenty values would be twenty classes.

    Args:
        name: of the column.
        cells: those that hold something.

    Raises:
        ValueError: nearly all cells are numbers with units, limits, or in several notations, or half of them are numbers.
    """
    plain = [plain_number(cell) for cell in cells]
    numbers = sum(map(is_number, plain))
    quantities = sum(QUANTITY.fullmatch(cell) is not None or looks_numeric(cell) for cell in plain)
    if numbers == len(plain) or (
        quantities < NEARLY_ALL * len(plain) and numbers < HALF * len(plain)
    ):
        return
    cell = next(cell for cell in plain if not is_number(cell))
    what, remedy = _quantity(cell)
    meant = "or name --task multiclass if classes are meant"
    raise ValueError(
        f"{name!r} holds {what} like {cell!r}: numbers alone are needed; {remedy}, {meant}"
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
