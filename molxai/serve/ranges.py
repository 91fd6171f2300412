r"""A range of cells without a header, as it is copied from a spreadsheet: a header is put above it.

>>> with_header(["CMP1\tCCO\t5.2", "CMP2\tCCN\t6.1"])
['name\tsmiles\tvalue', 'CMP1\tCCO\t5.2', 'CMP2\tCCN\t6.1']
>>> with_header(["CCO\tethanol", "CCN\tethylamine"])
[]
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence

from graphormer.data.missing import empty_missing
from graphormer.readers.columns import ENOUGH, SAMPLED, SHORTEST_MOLECULE, is_molecule
from graphormer.readers.delimited import records
from graphormer.readers.numerals import NEARLY_ALL, looks_numeric, numerals

SEPARATORS = "\t;,"
"""Separators of the cells, in the order in which they are tried."""

LEAST = 0.5
"""Share of cells that must be molecules in the column of SMILES: the others are slips."""

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
        place = _smiles_place(columns)
        if place is None or (separator != "\t" and not _is_plain(columns[place])):
            continue
        names = _names(columns, place)
        if separator == "\t" and names == ["smiles", "name"]:
            return []
        return _table(names, columns, separator)
    return []


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
        yield kind if counts[kind] == 1 else f"{kind} {counts[kind]}"


def _table(names: Sequence[str], columns: Sequence[Column], separator: str) -> list[str]:
    """The lines, numbers with a decimal point."""
    tidy = [
        _with_points(name, column, separator) if name.startswith("value") else column
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
