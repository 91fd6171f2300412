r"""A range of cells as it is copied from a spreadsheet: its header names the column of SMILES.

One without a header gets one. In a header with other names the column is found by its cells.

>>> with_header(["CMP1\tCCO\t5.2", "CMP2\tCCN\t6.1"])
['name\tsmiles\tvalue', 'CMP1\tCCO\t5.2', 'CMP2\tCCN\t6.1']
>>> with_header(["No\tFormel\tIC50", "CMP1\tCCO\t5.2", "CMP2\tCCN\t6.1"])
['No\tFormel (SMILES)\tIC50', 'CMP1\tCCO\t5.2', 'CMP2\tCCN\t6.1']
>>> with_header(["CCO\tethanol", "CCN\tethylamine"])
[]
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from graphormer.data.missing import empty_missing
from graphormer.readers.columns import (
    ENOUGH,
    SAMPLED,
    SHORTEST_MOLECULE,
    is_molecule,
    says_smiles,
    usual_smiles,
)
from graphormer.readers.delimited import records
from graphormer.readers.numerals import NEARLY_ALL, looks_numeric, numerals

SEPARATORS = "\t;,"
"""Separators of the cells, in the order in which they are tried."""

LEAST = 0.5
"""Share of cells that must be molecules in the column of SMILES: the others are slips."""

LEAST_ROWS = 2
"""Rows below a header of any words; one is enough if numbers stand there, or a name says SMILES."""

SMILES_LETTERS = re.compile(r"(\[[^\]]*\]|Br|Cl|[BCNOPSFIbcnops*]|[-=#$:/\\.()%\d+@~])+")
"""What a SMILES is made of, even one with a slip in it."""

Column = list[str]
"""The cells of a column from top to bottom."""


def with_header(lines: Sequence[str]) -> list[str]:
    """The lines of a table with tabs between its cells and a header.

    There are none if the lines hold no cells, no column of SMILES, or a SMILES and a name each,
    which need no header.

    Raises:
        ValueError: commas in numbers may be decimal ones or separate thousands.
    """
    for separator in SEPARATORS:
        columns = _columns(lines, separator)
        place = _named_place(columns)
        if place is not None and (separator == "\t" or _is_plain(columns[place][1:])):
            return _table(_own_names(columns, place), [column[1:] for column in columns], separator)
        place = _smiles_place(columns)
        if place is None or (separator != "\t" and not _is_plain(columns[place])):
            continue
        names = _names(columns, place)
        if separator == "\t" and names == ["smiles", "name"]:
            return []
        return _table(names, columns, separator)
    return []


def is_misnamed(lines: Sequence[str], separator: str) -> bool:
    r"""Whether a header calls a column SMILES that holds none, and another one does.

    Example:
        >>> is_misnamed(["molecule\tcode", "aspirin\tCC(=O)Oc1ccccc1C(=O)O"], "\t")
        True
    """
    columns = _columns(lines, separator)
    names = usual_smiles([column[0] for column in columns])
    named = [column[1:] for column in columns if column[0] in names]
    return len(lines) > 1 and bool(named) and not any(_merit(column)[1] for column in named)


def _named_place(columns: Sequence[Column]) -> int | None:
    """The place of the column of SMILES below a header, which names it in words of its own.

    There is none if the first line is no header: its SMILES is one, perhaps with a slip, or its
    cells are like those below.
    """
    below = [column[1:] for column in columns]
    if not all(any(column) for column in below):
        return None
    place = _smiles_place(below)
    if place is None or _merit(below[place]) < (True, ENOUGH):
        return None
    name = columns[place][0]
    is_slip = len(name) > 1 and SMILES_LETTERS.fullmatch(name)
    if not name or is_slip or is_molecule(name):
        return None
    others = [column for at, column in enumerate(columns) if at != place and column[0]]
    if not others or any(map(_goes_on, others)):
        return None
    has_numbers = any(_is_numeric(column[1:]) for column in others)
    is_sure = has_numbers or any(says_smiles(column[0]) for column in columns)
    return place if is_sure or len(below[place]) >= LEAST_ROWS else None


def _goes_on(column: Column) -> bool:
    """Whether the first cell is like those below it: a number, n.d. or a code like CMP1."""
    first, *below = column
    if _is_numeric(below):
        return looks_numeric(first) or not any(empty_missing([first]))
    return any(map(str.isdigit, first)) and _shape(first) in set(map(_shape, below))


def _shape(cell: str) -> str:
    """Which cells are alike: CMP1 and CMP22 have one shape."""
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "a", cell))


def _own_names(columns: Sequence[Column], place: int) -> list[str]:
    """The names in the first line; that of SMILES says so."""
    names = [column[0] for column in columns]
    if usual_smiles(names) != [names[place]]:
        names[place] += " (SMILES)"
    return list(_numbered(names))


def _columns(lines: Sequence[str], separator: str) -> list[Column]:
    """The columns that hold anything; none unless there are two, and cells in every line."""
    if not all(separator in line for line in lines):
        return []
    rows = list(records(lines, separator))
    if any(row.fault for row in rows):
        return []
    cells = [[" ".join(cell.split()) for cell in row.cells] for row in rows]
    columns = [list(column) for column in zip(*cells, strict=True) if any(column)]
    return columns if len(columns) > 1 else []


def _smiles_place(columns: Sequence[Column]) -> int | None:
    """The place of the first column in which nearly all cells are molecules, or else most."""
    merits = list(map(_merit, columns))
    best = max(merits, default=(False, 0.0))
    return merits.index(best) if best[1] >= LEAST else None


def _merit(column: Column) -> tuple[bool, float]:
    """How well a column does for one of SMILES.

    Letters alone, like N for no, are molecules only if there is nothing better.
    """
    cells = [cell for cell in column if cell][:SAMPLED]
    share = sum(map(is_molecule, cells)) / len(cells)
    is_long = max(map(len, cells)) >= SHORTEST_MOLECULE
    return (is_long and share >= LEAST, min(share, ENOUGH))


def _is_plain(smiles: Column) -> bool:
    """Whether commas between the cells can be meant.

    InChIs and lists of features hold commas themselves. Letters alone may be from a name with one.
    """
    is_long = max(map(len, smiles)) >= SHORTEST_MOLECULE
    return is_long and not any(" " in cell or cell.startswith("InChI=") for cell in smiles)


def _is_numeric(column: Column) -> bool:
    """Whether nearly all cells that hold something are numbers."""
    cells = [cell for cell in empty_missing(column) if cell]
    return bool(cells) and sum(map(looks_numeric, cells)) >= NEARLY_ALL * len(cells)


def _names(columns: Sequence[Column], smiles: int) -> list[str]:
    """Names of the columns: smiles, name, value, value 2 and so on."""
    kinds = ["value" if _is_numeric(column) else "name" for column in columns]
    kinds[smiles] = "smiles"
    return list(_numbered(kinds))


def _numbered(kinds: Sequence[str]) -> Iterator[str]:
    """The names, from the second of a kind on with its number."""
    counts: Counter[str] = Counter()
    for kind in kinds:
        counts[kind] += 1
        yield kind if counts[kind] == 1 or not kind else f"{kind} {counts[kind]}"


def _table(names: Sequence[str], columns: Sequence[Column], separator: str) -> list[str]:
    """The lines, numbers with a decimal point."""
    tidy = [
        _with_points(name, column, separator) if _is_numeric(column) else column
        for name, column in zip(names, columns, strict=True)
    ]
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*tidy, strict=True))
    return text.getvalue().splitlines()


def _with_points(name: str, column: Column, separator: str) -> Column:
    """The cells with decimal points in the place of decimal commas; what is no number stays."""
    numbers = numerals(name, empty_missing(column), separator == ";").cells
    return [number or cell for number, cell in zip(numbers, column, strict=True)]
