"""Two molecules side by side in one orientation and on one scale, with what differs outlined."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure
from rdkit import Chem

from graphormer.graphs.molecules import Molecule
from molxai.rendering import Kind
from molxai.rendering.bar import draw_bar
from molxai.rendering.core_layout import layout_on
from molxai.rendering.figure import (
    BAR_WIDTH,
    MARGIN,
    PlacedDrawing,
    axes_at,
    blank,
    draw_to,
    merge,
    write,
)
from molxai.rendering.layout import Layout, flat_copy, layout
from molxai.rendering.look import PLAIN, RESOLUTION, Look
from molxai.rendering.molecule import draw_layout
from molxai.rendering.relevance_map import RelevanceMap

WIDTH = 440
"""Width of one molecule's drawing in pixels."""

LOWEST = 200
"""Height of a drawing in pixels at least."""

HIGHEST = 400
"""Height of a drawing in pixels at most."""

AIR = 10
"""Pixels left free around a drawing."""

HEADER = 66
"""Height in pixels of the words above."""

HEADER_LINE = 22
"""Height in pixels of one line of those."""

LINE = 20
"""Height in pixels of a line below."""

BAR_COLUMN = 116
"""Width in pixels of the colour bar's column."""

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
    """Lines below that: how to read the drawings."""

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
    """The picture as SVG text, or as PNG bytes if `path` ends in .png; written to `path`.

    Raises:
        ValueError: the file name ends otherwise.
    """
    return draw_to(path, partial(_draw, picture, look))


def _draw(picture: MatchedPicture, look: Look, kind: Kind) -> str | bytes:
    limit = look.limit_for(picture.values, picture.a.relevance_map.in_unit)
    layouts = _layouts(picture)
    room = (WIDTH - 2 * AIR, HIGHEST - 2 * AIR)
    scale = min(side_layout.fit(room) for side_layout in layouts)
    heights = [side_layout.height(scale) + 2 * AIR for side_layout in layouts]
    height = max(LOWEST, *heights)
    lines = 1 + len(picture.reading)
    legend = 16 + LINE * lines
    width = 2 * WIDTH + BAR_COLUMN
    figure = blank((width, HEADER + height + legend), look, kind)
    drawings: list[PlacedDrawing] = []
    for column, (side, side_layout) in enumerate(zip(picture.sides, layouts, strict=True)):
        drawing = draw_layout(
            side_layout,
            side.relevance_map.values,
            limit,
            (WIDTH, height),
            kind,
            look,
            side.relevance_map.uncertain,
            scale,
        )
        left = column * WIDTH
        top = legend + height + HEADER
        drawings.append((drawing, (left, HEADER)))
        _write_head(figure, side, MARGIN + left, top)
    _write_legend(figure, picture, legend)
    _draw_bar(figure, picture, limit, look, (legend, height))
    return merge(figure, drawings, (WIDTH, height), kind)


def _layouts(picture: MatchedPicture) -> tuple[Layout, Layout]:
    """Both layouts; the common part lies in the second as in the first."""
    first = flat_copy(picture.a.mol)
    second = layout_on(picture.b.mol, first, picture.anchor)
    layout_of_a = _outline(layout(first), picture.a.changed)
    layout_of_b = _outline(layout(second), picture.b.changed)
    return layout_of_a, layout_of_b


def _outline(layout: Layout, atoms: Sequence[int]) -> Layout:
    """The layout with these atoms outlined together."""
    if not atoms:
        return layout
    return replace(layout, parts=(tuple(atoms),))


def _write_head(figure: Figure, side: Side, left: float, top: float) -> None:
    """Write title and prediction above a molecule."""
    y = top - 24
    write(figure, left, y, side.title, fontsize=10.0, fontweight="bold")
    y -= HEADER_LINE
    write(figure, left, y, side.prediction, fontsize=10.0, fontweight="normal")


def _write_legend(figure: Figure, picture: MatchedPicture, legend: int) -> None:
    """Write the lines below both molecules."""
    y = legend - LINE
    write(figure, MARGIN, y, picture.total, fontsize=11, fontweight="bold")
    for text in picture.reading:
        y -= LINE
        write(figure, MARGIN, y, text, fontsize=9, fontweight="normal")


def _draw_bar(
    figure: Figure,
    picture: MatchedPicture,
    limit: float,
    look: Look,
    heights: tuple[int, int],
) -> None:
    """Draw the bar beside both molecules, whose `heights` are that of the legend and their own."""
    legend, height = heights
    width = figure.get_size_inches()[0] * RESOLUTION
    axes = axes_at(
        figure,
        width - BAR_COLUMN + 12,
        legend + BELOW_BAR * height,
        BAR_WIDTH,
        BAR_SHARE * height,
    )
    unit = picture.a.relevance_map.unit
    draw_bar(axes, limit, picture.values, unit, look.colours)
