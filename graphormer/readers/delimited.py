"""Tables of separated values as people have them: any separator, one record for each data line.

A quoted cell may run over several lines. A quote that is opened by mistake must not swallow the
rows below it, so a cell goes on only if its end is near and in a right place, and if none of its
lines is a row by itself:

    id,note,smiles            three columns
    m1,"two lines,            one record
    of text",CCO
    "m2,a slip,CCN            a faulty record, and the next line is read as if nothing had been
    m3,fine,CCC
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

SEPARATORS = (",", ";", "\t", "|")
"""Separators that are found without being named."""

NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "bar": "|"}
"""Words for separators that are hard to type, or to read, on a command line."""

LONGEST = 10**8
"""Characters of a cell at most."""

MOST_LINES = 1000
"""Lines of a quoted cell at most."""

FULL_ROWS = 20
"""Lines that are rows by themselves after which a quote is taken for a slip."""

SAMPLE = 100
"""Lines by which the separator is chosen."""

CONSISTENT = 0.9
"""Share of the sample's lines that must have as many cells as the header for a separator to be
taken at once."""

EXCEL_SEPARATOR = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)
"""A first line by which Excel is told the separator."""

UNCLOSED = 'a quote (") is opened and not closed: close it, or double it if it belongs to the text'


@dataclass(frozen=True)
class Record:
    """The cells of a data line, or of the lines that a quoted cell runs over."""

    line: int
    """Number of its first line, counted from 1."""
    cells: list[str]
    fault: str = ""
    """Why the cells are not what was meant."""


class _Lines:
    """Numbered lines, some of which may be looked at before their turn."""

    def __init__(self, lines: Iterable[str], first: int) -> None:
        self.rest = enumerate(lines, first)
        self.ahead: deque[tuple[int, str]] = deque()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        return self.ahead.popleft() if self.ahead else next(self.rest)

    def following(self, most: int) -> Iterator[str]:
        """The next lines, which stay to be read."""
        yield from [line for _, line in islice(self.ahead, most)]
        for number, line in islice(self.rest, max(0, most - len(self.ahead))):
            self.ahead.append((number, line))
            yield line

    def skip(self, count: int) -> None:
        """Leave out the next lines."""
        for _ in range(count):
            next(self)


def records(
    lines: Iterable[str], separator: str, first: int = 1, row_names: bool = False
) -> Iterator[Record]:
    """The records of a text table, its header first, each as wide as the header.

    Args:
        lines: of the file, with their ends; empty ones are passed over.
        separator: one character.
        first: number of the first line, for messages.
        row_names: whether rows begin with a name over which the header has nothing, as R writes
            them.

    Example:
        >>> [record.cells for record in records(["id,smiles", "a,CCO", "b"], ",")]
        [['id', 'smiles'], ['a', 'CCO'], ['b', '']]
    """
    table = _records(_Lines(lines, first), separator, int(row_names))
    header = next(table, None) if row_names else None
    if header:
        table = chain([Record(header.line, ["", *header.cells])], table)
    return align(table)


def align(table: Iterable[Record]) -> Iterator[Record]:
    """The records from the first that is not blank, the header, each with as many cells as that.

    Blank rows at the very end are left out: a spreadsheet saves rows there that were emptied.
    """
    width = 0
    blank: list[Record] = []
    for record in table:
        is_blank = not any(map(str.strip, record.cells))
        if not width and not is_blank:
            width = len(record.cells)
            yield record
        elif record.fault or not is_blank:
            yield from blank
            blank = []
            yield _as_wide(record, width)
        elif width:
            blank.append(_as_wide(record, width))


def _as_wide(record: Record, width: int) -> Record:
    """The record with as many cells as the header; at fault if cells that hold something go."""
    cells = record.cells
    fault = record.fault
    if len(cells) > width and any(map(str.strip, cells[width:])):
        fault = (
            fault or f"{len(cells)} cells under {width} names: quote those that hold the separator"
        )
    padding = [""] * (width - len(cells))
    return Record(record.line, cells[:width] + padding, fault)


def _records(source: _Lines, separator: str, extra: int = 0) -> Iterator[Record]:
    """The records as they stand.

    Args:
        source: the lines.
        separator: one character.
        extra: cells by which rows are wider than the header, under no name.
    """
    csv.field_size_limit(LONGEST)
    width = 0
    for number, line in source:
        bare = line.rstrip("\r\n\x1a")  # DOS ended files with Ctrl-Z
        if bare:
            record = _record(number, bare, source, separator, width)
            width = width or len(record.cells) + extra
            yield record


def _record(number: int, line: str, source: _Lines, separator: str, width: int) -> Record:
    if '"' not in line:
        return Record(number, line.split(separator))
    reader = csv.reader(iter([line, ""]), delimiter=separator)
    try:
        cells = next(reader)
    except csv.Error as error:
        return Record(number, _literal(line, separator), str(error))
    if reader.line_num == 1:
        return Record(number, cells)
    cells = _several_lines(line, source, separator, width)
    if cells:
        return Record(number, cells)
    return Record(number, _literal(line, separator), UNCLOSED)


def _several_lines(line: str, source: _Lines, separator: str, width: int) -> list[str]:
    """The cells of a record that begins with this line and goes on; none if a quote is a slip."""
    begin = [f"{line}\n"]  # the lines that the cells may stand in, as far as they are looked at

    def following() -> Iterator[str]:
        yield begin[0]
        for next_line in source.following(MOST_LINES):
            if len(begin) == FULL_ROWS and _are_rows(begin, separator, width):
                return
            begin.append(next_line)
            yield next_line

    reader = csv.reader(following(), delimiter=separator, strict=True)
    try:
        cells = next(reader)
    except csv.Error:  # never closed, or followed by something else than a separator
        return []
    record = begin[: reader.line_num]
    if width and (len(cells) > width or _swallow_rows(record, separator, width)):
        return []
    source.skip(len(record) - 1)
    return [cell.replace("\r\n", "\n") for cell in cells]


def _swallow_rows(lines: Sequence[str], separator: str, width: int) -> bool:
    """Whether lines that a quoted cell runs over are rows by themselves.

    Such lines are as wide as the header, and their ids are alike. Ids are alike if digits and
    letters are at the same places, as in m2 and m3. Text of several lines may have as many commas
    as the table, but hardly begins with such a number, too.
    """
    if len(lines) > 2 and _are_rows(lines, separator, width):
        return True
    first, *below = [_literal(line, separator) for line in lines]
    id = _shape(first[0])
    if "9" not in id:
        return False
    return any(len(cells) == width and _shape(cells[0]) == id for cells in below)


def _shape(cell: str) -> str:
    """The cell with 9 for each digit and a for each letter: `aa-99` for `mx-12`."""
    return "".join(map(_shape_of_sign, cell))


def _shape_of_sign(sign: str) -> str:
    if sign.isdigit():
        return "9"
    return "a" if sign.isalpha() else sign


def _are_rows(lines: Sequence[str], separator: str, width: int) -> bool:
    """Whether each line alone has as many cells as the header, its quotes taken for letters."""
    return bool(width) and all(len(line.split(separator)) == width for line in lines)


def _literal(line: str, separator: str) -> list[str]:
    """The cells of a line whose quotes mean nothing."""
    return [cell.strip().strip('"') for cell in line.split(separator)]


def separator_named(text: str) -> str:
    """The separator that the user names: one character, or a word for it.

    Raises:
        ValueError: it is neither.
    """
    separator = NAMES.get(text.strip().lower(), text)
    if len(separator) != 1 or separator in '"\r\n':
        words = ", ".join(name for name in NAMES if name.isalpha())
        raise ValueError(f"separator {text!r}: one character is needed, or one of {words}")
    return separator


def separator_of(
    sample: Sequence[str], usual: str, rank: Callable[[Sequence[str]], int] = lambda header: 0
) -> str:
    """The separator that gives the best header, and lines with as many cells.

    The usual one is taken if it is as good as any.

    Args:
        sample: first lines of a file.
        usual: by the file's ending.
        rank: how little the cells of a header say; 0 is best.

    Example:
        >>> separator_of(["id;name, long;y", "1;a, b, c;0,5"], ",")
        ';'
    """
    splits = {separator: _Split.of(sample, separator) for separator in (usual, *SEPARATORS)}
    candidates = {separator: split for separator, split in splits.items() if len(split.header) > 1}

    def merit(separator: str) -> tuple[int, bool, bool, float, int]:
        split = candidates[separator]
        consistent = split.share >= CONSISTENT
        return (
            -rank(split.header),
            consistent,
            consistent and separator == usual,
            split.share,
            len(split.header),
        )

    return max(candidates, key=merit) if candidates else usual


def has_row_names(sample: Sequence[str], separator: str) -> bool:
    """Whether each row has one cell more than the header, a name of its own, as R writes them."""
    header, below = _header_and_rows(sample, separator, 1)
    if len(below) < 2:
        return False
    if any(len(record.cells) != len(header.cells) + 1 for record in below):
        return False
    names = {record.cells[0] for record in below}
    # An empty last cell under no name is a separator at the end of the line, and no row name.
    return len(names) == len(below) and any(record.cells[-1].strip() for record in below)


def _header_and_rows(
    sample: Sequence[str], separator: str, extra: int = 0
) -> tuple[Record, list[Record]]:
    """The first record of some lines, and those below; of no lines an empty record."""
    table = list(_records(_Lines(sample, 1), separator, extra))
    return (table[0], table[1:]) if table else (Record(1, []), [])


@dataclass(frozen=True)
class _Split:
    """What a separator makes of the first lines of a file."""

    header: list[str]
    share: float
    """Share of the lines below with as many cells (or one more: a row's name)."""

    @classmethod
    def of(cls, sample: Sequence[str], separator: str) -> "_Split":
        header, below = _header_and_rows(sample, separator)
        width = len(header.cells)
        widths = [_filled_width(record.cells, width) for record in below if not record.fault]
        if not widths:
            return cls(header.cells, 1.0)
        fitting = sum(width <= row_width <= width + 1 for row_width in widths)
        return cls(header.cells, fitting / len(widths))


def _filled_width(cells: Sequence[str], width: int) -> int:
    """How many cells there are, blank ones beyond the header's left out."""
    beyond = [place for place in range(width, len(cells)) if cells[place].strip()]
    return beyond[-1] + 1 if beyond else min(len(cells), width)
