"""Tables of separated values as people have them: any usual separator, one record for each data line.

A quoted cell may run over several lines. A quote that is opened by mistake must not swallow the rows below it, so a cell
goes on only if its end is near and in a right place, and if none of its lines is a row by itself:

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
"""Those that are told apart without being named."""

NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "bar": "|"}
"""Words for a separator that are hard to type, or to read, on a command line."""

LONGEST = 10**8
"""Characters of a cell at most."""

MOST_LINES = 1000
"""Lines of a quoted cell at most."""

FULL_ROWS = 20
"""Lines that are rows by themselves after which a quote is taken for a slip."""

SAMPLE = 100
"""Lines by which the separator is chosen."""

CONSISTENT = 0.9
"""Share of the sample's lines that must have as many cells as the header for a separator to be taken at once."""

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
        for numbered in islice(self.rest, max(0, most - len(self.ahead))):
            self.ahead.append(numbered)
            yield numbered[1]

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
        row_names: whether rows begin with a name over which the header has nothing, as R writes them.
    """
    each = _records(_Lines(lines, first), separator, int(row_names))
    if row_names and (header := next(each, None)):
        each = chain([Record(header.line, ["", *header.cells])], each)
    return aligned(each)


def aligned(each: Iterable[Record]) -> Iterator[Record]:
    """The records from the first that is not blank on, each with as many cells as that one, the header.

    Blank rows at the very end are left out: a spreadsheet saves rows there that were emptied.
    """
    width = 0
    blank: list[Record] = []
    for record in each:
        filled = any(cell.strip() for cell in record.cells)
        if not width and filled:
            width = len(record.cells)
            yield record
        elif filled or record.fault:
            yield from blank
            blank = []
            yield _as_wide(record, width)
        elif width:
            blank.append(_as_wide(record, width))


def _as_wide(record: Record, width: int) -> Record:
    cells = record.cells
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        wide = f"{len(cells)} cells under {width} names: quote those that hold the separator"
        return Record(record.line, cells[:width], record.fault or wide)
    return Record(record.line, [*cells[:width], *[""] * (width - len(cells))], record.fault)


def _records(numbered: "_Lines", separator: str, unnamed: int = 0) -> Iterator[Record]:
    csv.field_size_limit(LONGEST)
    width = 0
    for number, line in numbered:
        if bare := line.rstrip("\r\n\x1a"):  # DOS ended files with Ctrl-Z
            record = _record(number, bare, numbered, separator, width)
            width = width or len(record.cells) + unnamed
            yield record


def _record(number: int, line: str, numbered: _Lines, separator: str, width: int) -> Record:
    if '"' not in line:
        return Record(number, line.split(separator))
    reader = csv.reader(iter([line, ""]), delimiter=separator)
    try:
        cells = next(reader)
    except csv.Error as error:
        return Record(number, _literal(line, separator), str(error))
    if reader.line_num == 1:
        return Record(number, cells)
    several = _several_lines(line, numbered, separator, width)
    return (
        Record(number, several) if several else Record(number, _literal(line, separator), UNCLOSED)
    )


def _several_lines(line: str, numbered: _Lines, separator: str, width: int) -> list[str]:
    """The cells of a record that begins with this line and goes on; none where a quote is a slip."""
    taken = [f"{line}\n"]

    def following() -> Iterator[str]:
        yield taken[0]
        for one in numbered.following(MOST_LINES):
            if len(taken) == FULL_ROWS and _are_rows(taken, separator, width):
                return
            taken.append(one)
            yield one

    reader = csv.reader(following(), delimiter=separator, strict=True)
    try:
        cells = next(reader)
    except csv.Error:  # never closed, or followed by something else than a separator
        return []
    used = taken[: reader.line_num]
    if width and (len(cells) > width or _swallow_rows(used, separator, width)):
        return []
    numbered.skip(len(used) - 1)
    return [cell.replace("\r\n", "\n") for cell in cells]


def _swallow_rows(lines: Sequence[str], separator: str, width: int) -> bool:
    """Whether lines that a quoted cell runs over are rows by themselves: as wide as the header, and their ids alike.

    Ids are alike where digits and letters are at the same places, as in m2 and m3; text of several lines may have as many
    commas as the table, but hardly begins with such a number, too.
    """
    if len(lines) > 2 and _are_rows(lines, separator, width):
        return True
    first, *others = (_literal(line, separator) for line in lines)
    id = _shape(first[0])
    return "9" in id and any(len(cells) == width and _shape(cells[0]) == id for cells in others)


def _shape(cell: str) -> str:
    """The cell with 9 for each digit and a for each letter."""
    return "".join("9" if sign.isdigit() else "a" if sign.isalpha() else sign for sign in cell)


def _are_rows(lines: Sequence[str], separator: str, width: int) -> bool:
    """Whether each of the lines alone has as many cells as the header, its quotes taken for letters."""
    return bool(width) and all(len(line.split(separator)) == width for line in lines)


def _literal(line: str, separator: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(separator)]


def separator_named(text: str) -> str:
    """The separator that the user names: one character, or a word for it.

    Raises:
        ValueError: it is neither.
    """
    found = NAMES.get(text.strip().lower(), text)
    if len(found) != 1 or found in '"\r\n':
        words = ", ".join(name for name in NAMES if name.isalpha())
        raise ValueError(f"separator {text!r}: one character is needed, or one of {words}")
    return found


def separator_of(
    sample: Sequence[str], usual: str, rank: Callable[[Sequence[str]], int] = lambda header: 0
) -> str:
    """The separator that gives the best header, and lines with as many cells: the usual one, if it is as good as any.

    Args:
        sample: first lines of a file.
        usual: by the file's ending.
        rank: how little the cells of a header say; 0 is best.
    """
    found = {one: _Split.of(sample, one) for one in (usual, *SEPARATORS)}
    several = {one: split for one, split in found.items() if len(split.header) > 1}

    def merit(separator: str) -> tuple[int, bool, bool, float, int]:
        split = several[separator]
        whole = split.share >= CONSISTENT
        return (
            -rank(split.header),
            whole,
            whole and separator == usual,
            split.share,
            len(split.header),
        )

    return max(several, key=merit) if several else usual


def has_row_names(sample: Sequence[str], separator: str) -> bool:
    """Whether each row has one cell more than the header, the first a name of its own: R's row names."""
    header, *below = list(_records(_Lines(sample, 1), separator, 1)) or [Record(1, [])]
    names = {one.cells[0] for one in below}
    wider = all(len(one.cells) == len(header.cells) + 1 for one in below)
    return wider and 1 < len(below) == len(names) and any(one.cells[-1].strip() for one in below)


@dataclass(frozen=True)
class _Split:
    """What a separator makes of the first lines of a file."""

    header: list[str]
    share: float
    """Of the lines below, those that have as many cells (or one more: a row's name)."""

    @classmethod
    def of(cls, sample: Sequence[str], separator: str) -> "_Split":
        header, *below = list(_records(_Lines(sample, 1), separator)) or [Record(1, [])]
        width = len(header.cells)
        widths = [_filled_width(one.cells, width) for one in below if not one.fault]
        return cls(
            header.cells,
            sum(found in (width, width + 1) for found in widths) / len(widths) if widths else 1.0,
        )


def _filled_width(cells: Sequence[str], width: int) -> int:
    """How many cells there are, blank ones beyond the header's left out."""
    beyond = [place for place in range(width, len(cells)) if cells[place].strip()]
    return beyond[-1] + 1 if beyond else min(len(cells), width)
