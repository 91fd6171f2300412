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
from molxai.rendering.layout import Layout, layout
from molxai.rendering.lettering import printable, wrap
from molxai.rendering.look import PLAIN, POINTS_PER_INCH, RESOLUTION, SMALLEST_ZOOM, Look
from molxai.rendering.molecule import draw_layout
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import RelevanceMap

WIDTH = 440
"""Width of one molecule's drawing in pixels, unless the picture is to have another width."""

NARROWEST = 130
"""Width of one molecule's drawing in pixels at least."""

LOWEST = 200
"""Height of a drawing in pixels at least."""

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
    least = (2 * NARROWEST + bar) * SMALLEST_ZOOM / RESOLUTION
    whole_width, zoom = look.fit(2 * WIDTH + bar, kind, least)
    width = int(whole_width - bar) // 2
    layouts = _layouts(picture)
    room = (width - 2 * AIR, HIGHEST - 2 * AIR)
    scale = min(side_layout.fit(room) for side_layout in layouts)
    heights = [side_layout.height(scale) + 2 * AIR for side_layout in layouts]
    height = max(LOWEST, *heights)
    heads = [_head(side, width) for side in picture.sides]
    foot = _foot(picture, whole_width)
    header = HEADER + HEADER_LINE * max(map(len, heads))
    legend = 16 + LINE * len(foot)
    size = (whole_width, header + height + legend)
    figure = blank(size, look, kind, zoom, picture.about)
    drawings: list[PlacedDrawing] = []
    for column, (side, side_layout) in enumerate(zip(picture.sides, layouts, strict=True)):
        drawing = draw_layout(
            side_layout,
            side.relevance_map.values,
            ramp.limit,
            (width, height),
            kind,
            look,
            side.relevance_map.uncertain,
            scale,
            low=ramp.low,
            factor=look.factor(kind, zoom),
        )
        left = column * width
        drawings.append((drawing, (left, header)))
        top = (MARGIN + left, legend + height + header - 2)
        _write_lines(figure, heads[column], top, HEADER_LINE)
    _write_lines(figure, foot, (MARGIN, legend), LINE)
    _draw_bar(figure, picture, ramp, (2 * width, legend, height))
    return merge(figure, drawings, (width, height), kind)


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


def _draw_bar(
    figure: Sheet,
    picture: MatchedPicture,
    ramp: Ramp,
    place: tuple[int, int, int],
) -> None:
    """Draw the bar beside both molecules: where they end, the legend's height and their own."""
    left, legend, height = place
    axes = axes_at(
        figure,
        left + BEFORE_BAR,
        legend + BELOW_BAR * height,
        BAR_WIDTH,
        BAR_SHARE * height,
    )
    unit = picture.a.relevance_map.unit
    draw_bar(axes, ramp, picture.values, unit)
