"""Tables that fit a terminal: no letter and no column is lost, however narrow it is.

- If all columns fit, they stand as they are.
- If they do not, long text is folded onto more lines; numbers are not.
- If that is not enough, the remaining columns follow in a second table below, which repeats the
  first column.
- If the output is no terminal, nothing is folded: programs read lines.

    name      mean
    aspirin  +0.12

    name       sd
    aspirin  0.45
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
"""Width that a text keeps, if it is that long: enough to read a name or the start of a SMILES."""

CUT_LEAST = 10
"""Width that a text keeps if it may end with an ellipsis."""

GAP = 2
"""Blanks between two columns."""

CELL_LETTERS = 400
"""Letters of a text on a terminal, before an ellipsis.

Error messages are shorter, a SMILES of 600 atoms is not.
"""

NUMBER = re.compile(r"[-+−±]?[\d.]+(e[-+−]?\d+)?%?")
"""A cell that is not folded."""

Cells = Sequence[Text]

Widths = dict[int, int]
"""Widths of columns by their indices."""


def show_table(
    names: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    out: Console,
    cut: Container[str] = (),
) -> None:
    """Print a table with these names above its columns; if all are empty, there is no such line.

    Args:
        names: of the columns.
        rows: as many cells each as there are columns.
        out: where to print.
        cut: names of columns whose cells end with an ellipsis instead of being folded.
    """
    header = [_text(name, out) for name in names]
    texts = [[_text(cell, out) for cell in row] for row in rows]
    columns = [list(column) for column in zip(header, *texts, strict=True)]
    fewest = [CUT_LEAST if name in cut else LEAST for name in names]
    room = None if out.width == UNBOUNDED else out.width
    for number, widths in enumerate(_tables(columns, fewest, room)):
        if number:
            out.print()
        table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(names))
        for i, width in widths.items():
            _add_column(table, columns[i], width, names[i] in cut)
        for row in texts:
            table.add_row(*(row[i] for i in widths))
        out.print(table)


def _text(cell: str | Text, out: Console) -> Text:
    text = cell.copy() if isinstance(cell, Text) else Text(printable(cell))
    if out.width != UNBOUNDED and len(text) > CELL_LETTERS:
        text.truncate(CELL_LETTERS, overflow="ellipsis")
    return text


def _add_column(table: Table, column: Cells, width: int, is_cut: bool) -> None:
    """Add a column, whose name comes first; its cells are cut on one line, or folded."""
    name, *cells = column
    justify: JustifyMethod = "right" if _are_numbers(cells) else "left"
    overflow: OverflowMethod = "ellipsis" if is_cut else "fold"
    table.add_column(name, width=width, justify=justify, overflow=overflow, no_wrap=is_cut)


def _tables(columns: Sequence[Cells], fewest: Sequence[int], room: int | None) -> Iterator[Widths]:
    """The columns of each table that is needed, with their widths.

    Args:
        columns: cells, the name first.
        fewest: width that the texts of each column keep.
        room: columns of the terminal; None without one.
    """
    full = [_widest(column) for column in columns]
    if room is None or _total(full) <= room:
        yield dict(enumerate(full))
        return
    least = []
    for column, letters in zip(columns, fewest, strict=True):
        # At least one letter of another column fits beside it.
        least.append(min(_least(column, letters), room - GAP - 1))
    remaining = list(range(1, len(columns)))
    while True:
        indices = [0]
        width = least[0]
        while remaining and width + GAP + least[remaining[0]] <= room:
            width += GAP + least[remaining[0]]
            indices.append(remaining.pop(0))
        if remaining and len(indices) == 1:
            # The first column leaves no room for another one beside it: both give way.
            least[0] = min(least[0], fewest[0], room // 2)
            least[remaining[0]] = min(least[remaining[0]], room - least[0] - GAP)
            continue
        yield _fit({i: (least[i], full[i]) for i in indices}, room)
        if not remaining:
            return


def _fit(bounds: dict[int, tuple[int, int]], room: int) -> Widths:
    """Widths between least and full that fit the room: the widest columns give way first.

    Example:
        >>> _fit({0: (4, 6), 1: (5, 20)}, 20)  # two of the columns are the gap
        {0: 6, 1: 12}
    """
    widths = {i: max(least, full) for i, (least, full) in bounds.items()}

    def slack(i: int) -> int:
        """The width of a column that can give way, otherwise 0."""
        return widths[i] if widths[i] > bounds[i][0] else 0

    while _total(list(widths.values())) > room:
        widest = max(widths, key=slack)
        if not slack(widest):
            break
        widths[widest] -= 1
    return widths


def _least(column: Cells, letters: int) -> int:
    """The width below which a column could not be read; texts keep so many letters."""
    least = min(_widest(column), letters)
    bars = [cell for cell in column[1:] if set(cell.plain) <= set("█░")]
    least = max(least, _widest(bars))
    for cell in column:
        for word in cell.plain.split():
            if NUMBER.fullmatch(word):
                least = max(least, cell_len(word))
    return least


def _widest(cells: Cells) -> int:
    """Columns of the screen that the longest line of these cells takes."""
    lines = [line for cell in cells for line in cell.plain.splitlines()]
    return max(map(cell_len, lines), default=0)


def _total(widths: Sequence[int]) -> int:
    """Width of a table: its columns and the gaps between them."""
    return sum(widths) + GAP * (len(widths) - 1)


def _are_numbers(cells: Cells) -> bool:
    """Whether all are numbers with equally many decimals, which read best aligned to the right."""
    texts = [cell.plain for cell in cells if cell.plain]
    decimals = {len(text.partition(".")[2]) for text in texts}
    return len(decimals) == 1 and all(map(NUMBER.fullmatch, texts))
