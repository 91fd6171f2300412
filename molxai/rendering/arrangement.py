"""What a grid of relevance maps shows, and where each of them goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphormer.graphs.molecules import Molecule
from molxai.rendering import Kind
from molxai.rendering.about import NOTHING, About
from molxai.rendering.bar import tick_names
from molxai.rendering.figure import (
    MARGIN,
    bar_column,
)
from molxai.rendering.layout import Layout
from molxai.rendering.lettering import wrap
from molxai.rendering.look import PLAIN, POINTS_PER_INCH, RESOLUTION, SMALLEST_ZOOM, Look, Scale
from molxai.rendering.molecule import lay_out
from molxai.rendering.relevance_map import RelevanceMap, Words
from molxai.rendering.sentence import height_of, placed_words
from molxai.rendering.wording import printable

CELL_WIDTH = 280
"""Width of a drawing in pixels, unless the figure is to have another width."""

NARROWEST = 80
"""Width of a drawing in pixels at least."""

COMFORTABLE = 150
"""Width of a drawing in pixels at least, in a figure that chooses the number of its columns."""

CELL_HEIGHT = 210
"""Height of a drawing in pixels at most."""

LOWEST = 64
"""Height of a drawing in pixels at least."""

AIR = 8
"""Pixels left free around a drawing."""

LINE = 16
"""Height in pixels of a line of words below a drawing."""

TITLE_LINES = 2
"""Lines of a title at most."""

MOST_LINES = 4
"""Lines of words below a title at most."""

LETTER_LINE = 18
"""Height in pixels of a panel's letter over a drawing."""

BETWEEN = 22
"""Pixels between rows."""

SHORTEST_BAR = 120
"""Length of the bar in pixels at least."""

SHORTEST_OF_TWO = 64
"""The same of each of two bars."""

ABOVE_BAR = 76
"""Room in pixels for words over the bar."""

FONT_SIZE = 9
"""Points of all words."""

LETTER = FONT_SIZE * RESOLUTION / POINTS_PER_INCH
"""The same in pixels."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One place of the grid: a drawing and the words below it."""

    title: str
    words: str
    relevance_map: RelevanceMap | None = None
    """None: there are words alone, such as the reason why nothing is drawn."""
    letter: str = ""
    """Letter of the panel, over the drawing; empty: none."""


@dataclass(frozen=True, eq=False)
class GridPicture:
    """What a grid shows, of which at least one cell has a drawing."""

    cells: tuple[Cell, ...]
    reading: tuple[str, ...]
    """Lines below all drawings: how to read them."""
    columns: int = 4
    scale: Scale = "common"
    about: About = NOTHING
    """What the file says of the figure to those who do not see it."""

    @property
    def relevance_maps(self) -> list[RelevanceMap]:
        """All that is drawn."""
        return [cell.relevance_map for cell in self.cells if cell.relevance_map is not None]

    @property
    def kinds(self) -> list[bool]:
        """Whether methods have a sign, each kind that there is once; those with a sign first."""
        return sorted({relevance_map.signed for relevance_map in self.relevance_maps}, reverse=True)

    @property
    def values(self) -> list[float]:
        """All relevances."""
        return [value for relevance_map in self.relevance_maps for value in relevance_map.values]


@dataclass(frozen=True)
class Plan:
    """What goes where, in pixels."""

    layouts: tuple[Layout | None, ...]
    """A layout for each molecule; None for digits, texts and what is not drawn."""
    titles: tuple[list[str], ...]
    """The lines of each title."""
    words: tuple[list[str], ...]
    """The lines below each title."""
    scale: float
    """Pixels per Å, the same for all."""
    cell_width: int
    height: int
    """Height of a drawing."""
    first: int
    """Above the first row."""
    step: int
    """From one row to the next."""
    columns: int
    total_height: int
    """Height of all rows."""
    width: float
    """Width of the figure."""
    zoom: float
    """By how much it is enlarged at last."""

    def corner(self, position: int) -> tuple[int, int]:
        """Left and upper edge of a cell."""
        row, column = divmod(position, self.columns)
        return column * self.cell_width, self.first + row * self.step

    def foot_lines(self, text: str) -> list[str]:
        """Words below all drawings."""
        return wrap(printable(text), (self.width - 2 * MARGIN) / LETTER)


def plan_of(picture: GridPicture, look: Look, kind: Kind) -> Plan:
    """The largest scale at which every molecule fits, and rows no higher than they need."""
    columns = min(picture.columns, len(picture.cells))
    bar = bar_column(unit_of(picture), _tick_names(picture, look))
    least = least_inches(columns, bar)
    whole_width, zoom = look.fit(columns * CELL_WIDTH + bar, kind, least)
    cell_width = int(whole_width - bar) // columns
    layouts = tuple(_layout(cell, look) for cell in picture.cells)
    room = (cell_width - 2 * AIR) / LETTER
    titles = tuple(
        wrap(printable(cell.title), room, bold=True, most=TITLE_LINES) for cell in picture.cells
    )
    words = tuple(_lines(cell, picture.scale == "own", room) for cell in picture.cells)
    most = (cell_width - 2 * AIR, min(CELL_HEIGHT, cell_width) - 2 * AIR)
    scale = min((layout.fit(most) for layout in layouts if layout is not None), default=1.0)
    height = _height(picture, layouts, scale, most)
    above = LETTER_LINE if any(cell.letter for cell in picture.cells) else 0
    lines = max(len(title) + len(below) for title, below in zip(titles, words, strict=True))
    step = above + height + LINE * lines + BETWEEN
    rows = -(-len(layouts) // columns)  # rounded up
    return Plan(
        layouts=layouts,
        titles=titles,
        words=words,
        scale=scale,
        cell_width=cell_width,
        height=height,
        first=MARGIN + above,
        step=step,
        columns=columns,
        total_height=MARGIN + max(rows * step, _height_of_bars(len(picture.kinds))),
        width=whole_width,
        zoom=zoom,
    )


def _height_of_bars(count: int) -> int:
    """Height of so many bars, one over the other, at least."""
    shortest = SHORTEST_BAR if count == 1 else SHORTEST_OF_TWO
    return count * (shortest + ABOVE_BAR)


def _tick_names(picture: GridPicture, look: Look) -> list[str]:
    """Numbers beside the bar; there are none if each picture has its own scale."""
    if picture.scale == "own":
        return []
    first = picture.relevance_maps[0]
    values = picture.values
    return tick_names(look.ramp_for(values, first.in_unit, first.signed), values)


def least_inches(columns: int, bar: int) -> float:
    """Width of a figure at least, with a bar's column that is so wide."""
    return (columns * NARROWEST + bar) * SMALLEST_ZOOM / RESOLUTION


def columns_for(most: int, look: Look, kind: Kind) -> int:
    """As many columns as a figure of the look's width has room for."""
    bar = bar_column("")
    room = look.room(most * CELL_WIDTH + bar, kind) - bar
    return max(1, min(most, int(room // COMFORTABLE)))


def _height(
    picture: GridPicture,
    layouts: Sequence[Layout | None],
    scale: float,
    most: tuple[int, int],
) -> int:
    """Height of a drawing: what molecules and texts need, and for digits all that there is."""
    room, height = most
    texts = [
        relevance_map.subject
        for relevance_map in picture.relevance_maps
        if isinstance(relevance_map.subject, Words)
    ]
    heights = [layout.height(scale) for layout in layouts if layout is not None]
    heights += [height_of(placed_words(words, room)) for words in texts]
    if len(heights) == len(picture.relevance_maps):
        height = max(min(LOWEST, height), *heights)
    return height + 2 * AIR


def _lines(cell: Cell, own_scale: bool, room: float) -> list[str]:
    """The words below a title, and the scale if each picture has its own."""
    lines = [line for phrase in _phrases(cell.words, room) for line in _wrapped(phrase, room)]
    if own_scale and cell.relevance_map is not None:
        lines += wrap(cell.relevance_map.ramp(PLAIN).words, room)
    return lines


def _wrapped(text: str, room: float) -> list[str]:
    return wrap(text, room, most=MOST_LINES)


def _phrases(text: str, room: float) -> list[str]:
    """The words as they are if they fit; else broken at their dots, as few times as they need."""
    first, *others = printable(text).split(" · ")
    phrases = [first]
    for phrase in others:
        longer = f"{phrases[-1]} · {phrase}"
        if len(_wrapped(longer, room)) == 1:
            phrases[-1] = longer
        else:
            phrases.append(phrase)
    return phrases


def _layout(cell: Cell, look: Look) -> Layout | None:
    if cell.relevance_map is None or not isinstance(cell.relevance_map.subject, Molecule):
        return None
    return lay_out(cell.relevance_map.subject.mol, look)


def unit_of(picture: GridPicture, signed: bool = True) -> str:
    """What stands over the bar of methods with a sign, or of those without one."""
    if picture.scale != "own":
        return picture.relevance_maps[0].unit
    is_told_apart = len(picture.kinds) > 1 and not signed
    return "no sign" if is_told_apart else "own scale"
