"""Tables that fit a terminal: no letter and no column is lost, however narrow it is.

- Where all columns fit, they stand as they are.
- Where they do not, long text is folded onto more lines; numbers are not.
- Where that is not enough, the columns that are left follow in a second table below, which repeats the first column.
- Where the output is no terminal, nothing is folded: programs read lines.
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, JustifyMethod, OverflowMethod
from rich.table import Table
from rich.text import Text

from molxai.cli.printable import printable

UNBOUNDED = 100_000
"""Width of an output that is no terminal: lines are as long as they are."""

LEAST = 14
"""Columns of the screen that a text keeps, if it has as many letters: a name or the beginning of a SMILES can be read."""

CUT_LEAST = 10
"""The same for texts that end with an ellipsis."""

GAP = 2
"""Blanks between two columns."""

CELL_LETTERS = 400
"""Of a text on a terminal; a longer one ends with an ellipsis. Error messages are shorter, a SMILES of 600 atoms is not."""

NUMBER = re.compile(r"[-+−±]?[\d.]+(e[-+−]?\d+)?%?")
"""A cell that is not folded."""

Cells = Sequence[Text]


def show_table(
    names: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    out: Console,
    cut: Container[str] = (),
) -> None:
    """Print a table with these names above its columns; where all names are empty there is no line for them.

    Args:
        names: of the columns.
        rows: as many cells each as there are columns.
        out: where to print.
        cut: names of columns whose cells end with an ellipsis, where others are folded.
    """
    texts = [[_text(cell, out) for cell in row] for row in rows]
    columns = [
        [_text(name, out), *cells]
        for name, cells in zip(names, _transposed(texts, len(names)), strict=True)
    ]
    fewest = [CUT_LEAST if name in cut else LEAST for name in names]
    for number, widths in enumerate(
        _tables(columns, fewest, None if out.width == UNBOUNDED else out.width)
    ):
        if number:
            out.print()
        table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(names))
        for place, width in widths.items():
            justify: JustifyMethod = "right" if _are_numbers(columns[place][1:]) else "left"
            overflow: OverflowMethod = "ellipsis" if names[place] in cut else "fold"
            single = names[place] in cut
            table.add_column(
                columns[place][0], width=width, justify=justify, overflow=overflow, no_wrap=single
            )
        for row in texts:
            table.add_row(*(row[place] for place in widths))
        out.print(table)


def _text(cell: str | Text, out: Console) -> Text:
    text = cell.copy() if isinstance(cell, Text) else Text(printable(cell))
    if out.width != UNBOUNDED and len(text) > CELL_LETTERS:
        text.truncate(CELL_LETTERS, overflow="ellipsis")
    return text


def _transposed(rows: Sequence[Cells], count: int) -> list[list[Text]]:
    return [[row[place] for row in rows] for place in range(count)]


Widths = dict[int, int]
"""Of columns by their places."""


def _tables(columns: Sequence[Cells], fewest: Sequence[int], room: int | None) -> Iterator[Widths]:
    """The columns of each table that is needed, with their widths.

    Args:
        columns: cells, the name first.
        fewest: width that the texts of each column keep.
        room: columns of the terminal; None without one.
    """
    full = [max((_width(cell) for cell in column), default=0) for column in columns]
    if room is None or _total(full) <= room:
        yield dict(enumerate(full))
        return
    least = [
        min(_least(column, kept), room - GAP - 1)
        for column, kept in zip(columns, fewest, strict=True)
    ]
    remaining = list(range(1, len(columns)))
    while True:
        chosen = [0]
        while remaining and _total([least[place] for place in (*chosen, remaining[0])]) <= room:
            chosen.append(remaining.pop(0))
        if (
            remaining and len(chosen) == 1
        ):  # the first column leaves no room for another one beside it
            least[0] = min(least[0], fewest[0], room // 2)
            least[remaining[0]] = min(least[remaining[0]], room - least[0] - GAP)
            continue
        yield _allotted({place: (least[place], full[place]) for place in chosen}, room)
        if not remaining:
            return


def _allotted(bounds: dict[int, tuple[int, int]], room: int) -> Widths:
    """Widths between least and full that fit the room: the widest columns give way first."""
    widths = {place: max(least, full) for place, (least, full) in bounds.items()}
    while _total(list(widths.values())) > room:
        place = max(widths, key=lambda one: widths[one] - bounds[one][0] and widths[one])
        if widths[place] <= bounds[place][0]:
            break
        widths[place] -= 1
    return widths


def _least(column: Cells, kept: int) -> int:
    """The width below which a column could not be read; of texts `kept` letters."""
    words = [word for cell in column for word in cell.plain.split() if NUMBER.fullmatch(word)]
    numbers = max(map(cell_len, words), default=0)
    bars = max((_width(cell) for cell in column[1:] if set(cell.plain) <= set("█░")), default=0)
    texts = max((min(_width(cell), kept) for cell in column), default=0)
    return max(numbers, bars, texts)


def _width(cell: Text) -> int:
    return max((cell_len(line) for line in cell.plain.splitlines()), default=0)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _are_numbers(cells: Cells) -> bool:
    """Whether they are numbers with as many decimals each, which stand best with their ends below one another."""
    texts = [cell.plain for cell in cells if cell.plain]
    decimals = {len(text.partition(".")[2]) for text in texts}
    return len(decimals) == 1 and all(map(NUMBER.fullmatch, texts))
