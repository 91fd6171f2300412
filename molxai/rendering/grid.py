"""Many explanations in one figure: the same bond length, the same colour for the same number, and one bar.

>>> molxai.grid(explain(smiles), columns=3).draw("series.svg")
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graphormer.files import write_file
from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.explanation.captions import colour_line, printable, spread_line
from molxai.explanation.explanation import Explanation
from molxai.explanation.refused import Refused
from molxai.explanation.words import FIRST, NAME, listed, quoted
from molxai.rendering.bar import colour_map, draw_bar
from molxai.rendering.digit import draw_relevance
from molxai.rendering.layout import Layout
from molxai.rendering.lettering import fitted
from molxai.rendering.look import PLAIN, Look, Scale, common_limit, look_of, scale_of
from molxai.rendering.molecule import Kind, draw_layout, laid_out
from molxai.rendering.picture import (
    DPI,
    MARGIN,
    Placed,
    axes_at,
    blank,
    kind_of,
    merged,
    quiet_settings,
    write,
)

CELL, LOWEST = (280, 210), 90
"""Width and height of a drawing, and its height at least, in pixels."""

AIR, LINE, BETWEEN, FOOT = 8, 16, 22, 52
"""Pixels left free around a drawing, for a line of words below it, between rows, and for the words below all."""

BAR, SHORTEST_BAR, LONGEST_BAR, ABOVE_BAR = 112, 120, 320, 76
"""Width of the colour bar's column, length of the bar at least and at most, and room for words over it."""

LETTER = 9
"""Points of the words below a drawing."""


@dataclass(frozen=True, repr=False)
class Grid:
    """A figure of explanations, which shows itself in a notebook."""

    cells: tuple[Explanation | Refused, ...]
    """A `Refused` has a cell with its reason and no drawing."""
    columns: int = 4
    scale: Scale = "common"
    look: Look = PLAIN
    legends: tuple[str, ...] = ()
    """What stands below each drawing in place of its name; empty: the names."""

    def __post_init__(self) -> None:
        if not self.explanations:
            raise ValueError("a grid of nothing: at least one explanation is needed")
        if self.legends and len(self.legends) != len(self.cells):
            raise ValueError(
                f"{len(self.legends)} legends for {len(self.cells)} pictures: one for each is needed"
            )
        if self.columns < 1:
            raise ValueError(f"{self.columns} columns: at least 1 is needed")
        if any(one.subject is None for one in self.explanations):
            raise ValueError(
                "an explanation of a bare graph has no picture: explain molecules or digits"
            )
        units = {one.relevance_unit for one in self.explanations}
        if scale_of(self.scale) == "common" and len(units) > 1:
            raise ValueError(
                f"relevances in {' and in '.join(sorted(units))} have no common scale: give scale='own'"
            )

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """Those that are drawn."""
        return tuple(one for one in self.cells if isinstance(one, Explanation))

    def __repr__(self) -> str:
        return listed("Grid", self.cells, [quoted(one.name, NAME) for one in self.cells[:FIRST]])

    def draw(self, path: str | Path | None = None) -> str | bytes:
        """The figure as SVG text, or as PNG bytes where `path` ends in .png; written to `path` where one is given.

        Raises:
            ValueError: the file name ends otherwise, or a relevance is not finite.
        """
        kind = kind_of(path)
        with quiet_settings():
            content = _figure(self, kind)
        if path:
            write_file(Path(path), content)
        return content

    def _repr_svg_(self) -> str:
        svg = self.draw()
        assert isinstance(svg, str)
        return svg[svg.index("<svg") :]


def grid(
    explanations: Explanation | Sequence[Explanation | Refused],
    columns: int = 4,
    scale: Scale = "common",
    path: str | Path | None = None,
    legends: Sequence[str] | None = None,
    **look: Any,
) -> Grid:
    """A figure of explanations, in rows; all molecules have the same bond length.

    Args:
        explanations: of molecules or digits, such as an `Explainer` gives for a list; a `Refused` keeps its place.
        columns: pictures in a row.
        scale: what full colour is: `common` (the largest relevance of all), `own` (each picture's largest) or a number.
        path: .svg or .png to write.
        legends: what stands below each drawing, instead of its id or SMILES.
        look: choices named as on the command line, like `cmap="orange-purple"`, `dpi=300` or `style="contour"`.

    Raises:
        ValueError: there is nothing to draw, or a choice is not known.
    """
    cells = (explanations,) if isinstance(explanations, Explanation) else tuple(explanations)
    legends = () if legends is None else tuple(map(str, legends))
    made = Grid(cells, columns, scale, look_of(look), legends)
    if path:
        made.draw(path)
    return made


def _figure(one: Grid, kind: Kind) -> str | bytes:
    relevances = [explanation.relevance.tolist() for explanation in one.explanations]
    limit = common_limit(one.scale, relevances, one.explanations[0].in_unit)
    look = one.look.at(limit)
    plan = _plan(one, look)
    figure = blank((plan.columns * CELL[0] + BAR, plan.tall + FOOT), look, kind)
    drawings: list[Placed] = []
    for place, (cell, laid) in enumerate(zip(one.cells, plan.layouts, strict=True)):
        left, top = place % plan.columns * CELL[0], MARGIN + place // plan.columns * plan.step
        below = plan.tall + FOOT - top - plan.height
        if laid and isinstance(cell, Explanation):
            own = cell.relevance.tolist()
            size = (CELL[0], plan.height)
            drawing = draw_layout(
                laid,
                own,
                look.limit_for(own, cell.in_unit),
                size,
                kind,
                look,
                cell.uncertain,
                plan.scale,
            )
            drawings.append((drawing, (left, top)))
        elif isinstance(cell, Explanation):
            side = plan.height - 2 * AIR
            _digit(
                axes_at(figure, left + (CELL[0] - side) / 2, below + AIR, side, side), cell, look
            )
        for row, (text, weight) in enumerate(
            _words(cell, limit, one.legends[place] if one.legends else "")
        ):
            text = fitted(printable(text), (CELL[0] - AIR) / (LETTER * DPI / 72), weight == "bold")
            write(
                figure,
                left + CELL[0] / 2,
                below - LINE * (row + 1),
                text,
                fontsize=LETTER,
                fontweight=weight,
                ha="center",
            )
    _bar(figure, one, limit, [value for own in relevances for value in own])
    _foot(figure, one, look)
    return merged(figure, drawings, (CELL[0], plan.height), kind)


@dataclass(frozen=True)
class _Plan:
    """What goes where, in pixels."""

    layouts: tuple[Layout | None, ...]
    """Of the molecules; None for digits and for what is not drawn."""
    scale: float
    """Pixels per Å, the same for all."""
    height: int
    """Of a drawing."""
    step: int
    """From one row to the next."""
    columns: int
    tall: int
    """Height of all rows."""


def _plan(one: Grid, look: Look) -> _Plan:
    """The largest scale at which every molecule fits, and rows no higher than they need."""
    subjects = [cell.subject if isinstance(cell, Explanation) else None for cell in one.cells]
    layouts = tuple(
        laid_out(subject.mol, look) if isinstance(subject, Molecule) else None
        for subject in subjects
    )
    molecules = [laid for laid in layouts if laid]
    scale = min(
        (laid.fit((CELL[0] - 2 * AIR, CELL[1] - 2 * AIR)) for laid in molecules), default=1.0
    )
    height = CELL[1]
    if len(molecules) == len(one.explanations):
        height = max(LOWEST, *(laid.height(scale) + 2 * AIR for laid in molecules))
    columns, rows = min(one.columns, len(layouts)), -(-len(layouts) // one.columns)
    step = height + LINE * (2 + (one.scale == "own")) + BETWEEN
    return _Plan(
        layouts, scale, height, step, columns, MARGIN + max(rows * step, SHORTEST_BAR + ABOVE_BAR)
    )


def _digit(axes: Axes, explanation: Explanation, look: Look) -> None:
    assert isinstance(explanation.subject, Digit)
    relevance = explanation.relevance.numpy()
    limit = look.limit_for(relevance.tolist(), explanation.in_unit)
    draw_relevance(
        axes,
        explanation.subject,
        relevance,
        limit,
        colour_map(look.colours),
        np.array(explanation.uncertain),
    )
    axes.set_xticks([])
    axes.set_yticks([])


def _words(cell: Explanation | Refused, limit: float | None, legend: str) -> list[tuple[str, str]]:
    """Name, what is explained, and where each picture has its own scale that scale, with their weights."""
    if isinstance(cell, Refused):
        return [(legend or cell.name, "bold"), (cell.error, "normal")]
    explanation = cell
    name = legend or (
        explanation.name
        if explanation.name != "digit"
        else f"digit, predicted {explanation.prediction_name}"
    )
    said = f"{explanation.endpoint} {explanation.value:.3g} {explanation.unit}".lstrip()
    if explanation.probability is not None:
        said = f"{explanation.full_target_name}, p {explanation.probability:.2f} · logit {explanation.logit:+.2f}"
    own = (
        []
        if limit
        else [
            (
                f"full colour ±{PLAIN.limit_for(explanation.relevance.tolist(), explanation.in_unit):.2g}",
                "normal",
            )
        ]
    )
    return [(name, "bold"), (said, "normal"), *own]


def _foot(figure: Figure, one: Grid, look: Look) -> None:
    """How to read the colours and the hatching."""
    first, targets = (
        one.explanations[0],
        {explanation.full_target_name for explanation in one.explanations},
    )
    said = [
        colour_line(first, look.colours, "" if len(targets) == 1 else "the class that is named")
    ]
    said += [line for line in map(spread_line, one.explanations) if line][:1]
    for row, text in enumerate(said):
        write(figure, MARGIN, FOOT - 20 * (row + 1), text, fontsize=LETTER)


def _bar(figure: Figure, one: Grid, limit: float | None, relevance: Sequence[float]) -> None:
    """The bar at the right of the first rows; without a common scale its ends are each picture's own."""
    width, height = figure.get_size_inches() * DPI
    length = min(height - FOOT - ABOVE_BAR, LONGEST_BAR)
    axes = axes_at(figure, width - BAR + 8, height - ABOVE_BAR - length, 14, length)
    if limit is None:
        draw_bar(axes, 1.0, [], "own scale", one.look.colours, ("− full", "", "0", "", "+ full"))
    else:
        draw_bar(axes, limit, relevance, one.explanations[0].relevance_unit, one.look.colours)
