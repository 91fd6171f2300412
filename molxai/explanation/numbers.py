"""A table of numbers as HTML, for a notebook; whatever the user typed is escaped."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphormer.graphs.molecules import shortened
from molxai.explanation.templating import render
from molxai.rendering.wording import printable, true_minus

CELL = 90
"""Letters of a cell at most."""


@dataclass(frozen=True)
class Row:
    """Cells of a table, and the colour of the dot before the first; empty: no dot."""

    cells: Sequence[str]
    colour: str = ""


@dataclass(frozen=True)
class Numbers:
    """A table."""

    head: Sequence[str]
    """Names of the columns; the first holds text, the others numbers."""
    rows: Sequence[Row]
    total: Sequence[str] = ()
    caption: str = ""
    texts: Sequence[str] = ()
    """Names of further columns of text."""

    @property
    def sides(self) -> list[str]:
        """How each column is aligned: text left, numbers right."""
        sides = ["left" if name in self.texts else "right" for name in self.head]
        return ["left", *sides[1:]]


def numbers_html(numbers: Numbers, picture: str = "", words: Sequence[str] = ()) -> str:
    """A picture, lines of words and a table, next to one another if there is room.

    Args:
        numbers: what the table holds; nothing in it is taken for markup.
        picture: SVG that this project drew.
        words: lines above the table.
    """
    sides = numbers.sides
    rows = [Row(_cells(row.cells, sides), row.colour) for row in numbers.rows]
    return render(
        "numbers.html",
        picture=picture[picture.index("<svg") :] if picture else "",
        words=[printable(line) for line in words if line],
        caption=numbers.caption,
        head=numbers.head,
        sides=sides,
        rows=rows,
        total=_cells(numbers.total, sides),
    )


def refused_html(refused: Sequence[Sequence[str]]) -> str:
    """Inputs that could not be explained: place, name and reason of each."""
    rows = [Row(cells) for cells in refused]
    texts = ["not explained", "because"]
    return numbers_html(Numbers(["place", *texts], rows, texts=texts))


def _cells(texts: Sequence[str], sides: Sequence[str]) -> list[str]:
    """The texts as far as a cell has room for them, numbers with a minus as in pictures.

    A row may be shorter than the head.
    """
    cells = []
    for text, side in zip(texts, sides, strict=False):
        cell = shortened(printable(text), CELL)
        cells.append(true_minus(cell) if side == "right" else cell)
    return cells
