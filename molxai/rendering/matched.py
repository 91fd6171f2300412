"""Two molecules side by side in one orientation and on one scale, with what differs outlined."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rdkit import Chem

from graphormer.graphs.molecules import Molecule
from molxai.rendering import Kind
from molxai.rendering.about import NOTHING, About
from molxai.rendering.bar import draw_bar, tick_names
from molxai.rendering.core_layout import layout_on
from molxai.rendering.depiction import flat_copy
from molxai.rendering.figure import (
    BAR_WIDTH,
    BEFORE_BAR,
    MARGIN,
    PlacedDrawing,
    Sheet,
    axes_at,
    bar_column,
    blank,
    draw_to,
    merge,
    write,
)
from molxai.rendering.frame import FLAT_BAR, NARROW, draw_bar_below
from molxai.rendering.layout import Layout
from molxai.rendering.lettering import wrap
from molxai.rendering.look import PLAIN, POINTS_PER_INCH, RESOLUTION, Look
from molxai.rendering.molecule import draw_layout, lay_out
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import RelevanceMap
from molxai.rendering.wording import printable

WIDTH = 440
"""Width of one molecule's drawing in pixels, unless the picture is to have another width."""

NARROWEST = 130
"""Width of one molecule's drawing in pixels at least, or A stands over B."""

LOWEST = 200
"""Height of a drawing in pixels at least."""

SHORTEST = 160
"""The same if A stands over B."""

HIGHEST = 400
"""Height of a drawing in pixels at most."""

AIR = 10
"""Pixels left free around a drawing."""

HEADER = 22
"""Pixels left free around the words above."""

HEADER_LINE = 22
"""Height in pixels of one line of those."""

LINE = 20
"""Height in pixels of a line below."""

BELOW_BAR = 0.08
"""Share of the drawings' height that is left free below the bar."""

BAR_SHARE = 0.72
"""Length of the bar, as a share of the drawings' height."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two molecules."""

    relevance_map: RelevanceMap
    title: str
    prediction: str
    changed: tuple[int, ...] = ()
    """Atoms that are outlined."""

    @property
    def mol(self) -> Chem.Mol:
        assert isinstance(self.relevance_map.subject, Molecule)
        return self.relevance_map.subject.mol


@dataclass(frozen=True, eq=False)
class MatchedPicture:
    """What the picture of two molecules shows."""

    a: Side
    b: Side
    anchor: tuple[tuple[int, int], ...]
    """Pairs of atoms, of A and of B, that lie in the same places."""
    total: str
    """The difference and its parts, below the drawings."""
    reading: tuple[str, ...]
    """Below that: how to read the drawings, each in as many lines as it needs."""
    about: About = NOTHING
    """What the file says of the picture to those who do not see it."""

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both molecules."""
        return self.a, self.b

    @property
    def values(self) -> list[float]:
        """Relevances of both."""
        return [*self.a.relevance_map.values, *self.b.relevance_map.values]


def draw_matched(
    picture: MatchedPicture, path: str | Path | None = None, look: Look = PLAIN
) -> str | bytes:
    """The picture in the format of the file's ending, or as SVG text; written to `path`.

    Raises:
        ValueError: the file name ends otherwise, or the picture cannot be as wide as is asked for.
    """
    return draw_to(path, partial(_draw, picture, look))


def _draw(picture: MatchedPicture, look: Look, kind: Kind) -> str | bytes:
    first = picture.a.relevance_map
    ramp = look.ramp_for(picture.values, first.in_unit, first.signed)
    bar = bar_column(first.unit, tick_names(ramp, picture.values))
    columns = 2 if look.room(2 * WIDTH + bar, kind) - bar >= 2 * NARROWEST else 1
    whole_width, zoom = look.fit(2 * WIDTH + bar, kind)
    is_flat = whole_width < NARROW
    width = int(whole_width - (0 if is_flat else bar)) // columns
    plan = _plan(picture, look, columns, width, whole_width)
    foot = _foot(picture, whole_width)
    lines = 16 + LINE * len(foot)
    legend = lines + (FLAT_BAR if is_flat else 0)
    whole = (2 // columns) * plan.step + legend
    figure = blank((whole_width, whole), look, kind, zoom, picture.about)
    drawings: list[PlacedDrawing] = []
    for position, side in enumerate(picture.sides):
        row, column = divmod(position, columns)
        left = column * plan.width
        drawing = draw_layout(
            plan.layouts[position],
            side.relevance_map.values,
            ramp.limit,
            (plan.width, plan.height),
            kind,
            look,
            side.relevance_map.uncertain,
            plan.scale,
            low=ramp.low,
            factor=look.factor(kind, zoom),
        )
        drawings.append((drawing, (left, row * plan.step + plan.header)))
        top = (MARGIN + left, whole - row * plan.step - 2)
        _write_lines(figure, plan.heads[position], top, HEADER_LINE)
    _write_lines(figure, foot, (MARGIN, lines), LINE)
    corner = (columns * plan.width, whole - plan.step)
    if is_flat:
        draw_bar_below(figure, lines, ramp, picture.values, first.unit)
    else:
        _draw_bar(figure, picture, ramp, corner, plan.height)
    return merge(figure, drawings, (plan.width, plan.height), kind)


@dataclass(frozen=True)
class _Plan:
    """Both molecules, side by side or A over B, in pixels."""

    layouts: tuple[Layout, Layout]
    heads: tuple[list["Line"], list["Line"]]
    scale: float
    """Pixels per Å."""
    width: int
    height: int
    """Of a drawing."""
    header: int
    """Height of the words above a drawing."""

    @property
    def step(self) -> int:
        """Height of a drawing with its words."""
        return self.header + self.height


def _plan(
    picture: MatchedPicture, look: Look, columns: int, width: int, whole_width: float
) -> _Plan:
    """Both molecules in drawings of that width, on one scale."""
    layouts = _layouts(picture, look)
    room = (width - 2 * AIR, HIGHEST - 2 * AIR)
    scale = min(side_layout.fit(room) for side_layout in layouts)
    heights = [side_layout.height(scale) + 2 * AIR for side_layout in layouts]
    lowest = LOWEST if columns == 2 else (0 if whole_width < NARROW else SHORTEST)
    # a molecule that stands alone in its row has the words over the bar's column as well
    room_of_words = width if columns == 2 else whole_width
    first, second = (_head(side, room_of_words) for side in picture.sides)
    header = HEADER + HEADER_LINE * max(len(first), len(second))
    return _Plan(layouts, (first, second), scale, width, max(lowest, *heights), header)


Line = tuple[str, float, str]
"""Words, the size of their font in points, and its weight."""


def _write_lines(figure: Sheet, lines: Sequence[Line], top: tuple[float, float], step: int) -> None:
    """Write the lines one below the other, from the left end of the edge above them."""
    left, y = top
    for text, size, weight in lines:
        y -= step
        write(figure, left, y, text, fontsize=size, fontweight=weight)


def _head(side: Side, width: float) -> list[Line]:
    """Title and prediction above a molecule."""
    return [*_wrapped(side.title, 10, "bold", width, 1), *_wrapped(side.prediction, 10, "", width)]


def _foot(picture: MatchedPicture, width: float) -> list[Line]:
    """What stands below both molecules."""
    lines = _wrapped(picture.total, 11, "bold", width)
    for text in picture.reading:
        lines += _wrapped(text, 9, "", width)
    return lines


def _wrapped(
    text: str, size: float, weight: str, width: float, most: int | None = None
) -> list[Line]:
    """The words in as many lines as they need."""
    room = (width - 2 * MARGIN) / (size * RESOLUTION / POINTS_PER_INCH)
    lines = wrap(printable(text), room, weight == "bold", most)
    return [(line, size, weight or "normal") for line in lines]


def _layouts(picture: MatchedPicture, look: Look) -> tuple[Layout, Layout]:
    """Both layouts; the common part lies in the second as in the first."""
    first = flat_copy(picture.a.mol)
    second = layout_on(picture.b.mol, first, picture.anchor)
    layout_of_a = _outline(lay_out(first, look), picture.a.changed)
    layout_of_b = _outline(lay_out(second, look), picture.b.changed)
    return layout_of_a, layout_of_b


def _outline(layout: Layout, atoms: Sequence[int]) -> Layout:
    """The layout with these atoms outlined together."""
    if not atoms:
        return layout
    return replace(layout, parts=(tuple(atoms),))


def _draw_bar(
    figure: Sheet,
    picture: MatchedPicture,
    ramp: Ramp,
    corner: tuple[float, float],
    height: int,
) -> None:
    """Draw the bar beside a drawing of this height, whose lower right corner is there."""
    left, below = corner
    axes = axes_at(
        figure,
        left + BEFORE_BAR,
        below + BELOW_BAR * height,
        BAR_WIDTH,
        BAR_SHARE * height,
    )
    unit = picture.a.relevance_map.unit
    draw_bar(axes, ramp, picture.values, unit)
