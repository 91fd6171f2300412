"""Many explanations in one figure: one bond length, one colour for one number, and one bar.

>>> from molxai import Explainer
>>> grid(Explainer("bace")(["CCO", "CCN"]), columns=2)
Grid(2: 'CCO', 'CCN')
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from molxai.explanation.account import Account
from molxai.explanation.alternative import NamedPart, about_several
from molxai.explanation.captions import colour_line, spread_line
from molxai.explanation.orientation import on_core
from molxai.explanation.refused import Refused
from molxai.explanation.relevance_maps import relevance_map
from molxai.explanation.words import FIRST, NAME, listed, quoted
from molxai.rendering import KINDS
from molxai.rendering.arrangement import Cell, GridPicture, columns_for
from molxai.rendering.choices import check_types, refuse_ignored
from molxai.rendering.figure import format_of
from molxai.rendering.grid import draw_grid
from molxai.rendering.look import PLAIN, Look, Scale, look_of, scale_of
from molxai.rendering.wording import three_digits, true_minus


@dataclass(frozen=True, repr=False)
class Grid:
    """A figure of explanations, which shows itself in a notebook."""

    cells: tuple[Account | Refused, ...]
    """A `Refused` has a cell with its reason and no drawing."""
    columns: int = 4
    scale: Scale = "common"
    look: Look = PLAIN
    legends: tuple[str, ...] = ()
    """What stands below each drawing in place of its name; empty: the names."""
    letters: bool = False
    """Whether each drawing has a letter: a, b, c and so on."""
    named: tuple[Sequence[NamedPart], ...] = ()
    """Parts of each explanation, of which the text alternative names the largest; empty: atoms."""

    def __post_init__(self) -> None:
        if not self.explanations:
            raise ValueError("a grid of nothing: at least one explanation is needed")
        if self.legends and len(self.legends) != len(self.cells):
            raise ValueError(
                f"{len(self.legends)} legends for {len(self.cells)} pictures: "
                "one for each is needed"
            )
        if self.columns < 1:
            raise ValueError(f"{self.columns} columns: at least 1 is needed")
        if any(explanation.subject is None for explanation in self.explanations):
            raise ValueError(
                "an explanation of a bare graph has no picture: explain molecules, digits or texts"
            )
        units = sorted({explanation.relevance_unit for explanation in self.explanations})
        has_own_scales = scale_of(self.scale) == "own"
        if not has_own_scales and len(units) > 1:
            raise ValueError(
                f"relevances in {' and in '.join(units)} have no common scale: give scale='own'"
            )
        if not has_own_scales and self._has_both_kinds:
            raise ValueError(
                "methods with and without a sign have no common scale: give scale='own'"
            )

    @property
    def _has_both_kinds(self) -> bool:
        """Whether some methods have a sign and some have none."""
        return len({explanation.signed for explanation in self.explanations}) > 1

    @property
    def _differing(self) -> list[str]:
        """What of model and method is not the same in all drawings, so that each must say it."""
        names = ("model", "method")
        return [
            name for name in names if len({getattr(cell, name) for cell in self.explanations}) > 1
        ]

    @property
    def explanations(self) -> tuple[Account, ...]:
        """The cells that have a drawing."""
        return tuple(cell for cell in self.cells if isinstance(cell, Account))

    def __repr__(self) -> str:
        names = [quoted(cell.name, NAME) for cell in self.cells[:FIRST]]
        return listed("Grid", self.cells, names)

    def draw(self, path: str | Path | None = None) -> str | bytes:
        """The figure in the format of the file's ending, or as SVG text; written to `path`.

        Raises:
            ValueError: the file name ends otherwise, a relevance is not finite, or the figure
                cannot be as wide as is asked for.
        """
        cells = [_cell(cell, self._differing) for cell in self.cells]
        if self.legends:
            cells = [
                replace(cell, title=legend or cell.title)
                for cell, legend in zip(cells, self.legends, strict=True)
            ]
        if self.letters:
            cells = [replace(cell, letter=letter(number)) for number, cell in enumerate(cells)]
        picture = GridPicture(
            cells=tuple(cells),
            reading=self._reading(),
            columns=self.columns,
            scale=self.scale,
            about=about_several(self.explanations, self.named),
        )
        return draw_grid(picture, path, self.look)

    def _reading(self) -> tuple[str, ...]:
        """How to read the colours and the hatching, by which model and which method."""
        if self.look.own_caption is not None:
            return (self.look.own_caption,) if self.look.own_caption else ()
        by_sign = {explanation.signed: explanation for explanation in reversed(self.explanations)}
        targets = {explanation.full_target_name for explanation in self.explanations}
        target = "" if len(targets) == 1 else "the class that is named"
        colours = [
            colour_line(by_sign[is_signed], self.look.colours, target)
            for is_signed in sorted(by_sign, reverse=True)
        ]
        names = {f"{one.model} · {one.method}": None for one in self.explanations}
        hatching = dict.fromkeys(map(spread_line, self.explanations))
        lines = (*colours, *hatching, ", ".join(names))
        return tuple(line for line in lines if line)

    def _repr_svg_(self) -> str:
        svg = self.draw()
        assert isinstance(svg, str)
        return svg[svg.index("<svg") :]


def grid(
    explanations: Account | Sequence[Account | Refused],
    columns: int = 4,
    scale: Scale = "common",
    path: str | Path | None = None,
    legends: Sequence[str] | None = None,
    align: str = "",
    letters: bool = False,
    **look: Any,
) -> Grid:
    """A figure of explanations, in rows; all molecules have the same bond length.

    Args:
        explanations: such as an `Explainer` gives for a list, none of a bare graph; a `Refused`
            keeps its place.
        columns: pictures in a row.
        scale: what full colour is: `common` (the largest relevance of all), `own` (each picture's
            largest) or a number.
        path: of the file to write, which ends as a picture's name: .svg, .pdf, .png and so on.
        legends: what stands below each drawing, instead of its id or SMILES.
        align: draw molecules on a common core, given as SMARTS or SMILES, or `mcs` for the largest
            one that most of them share. [default: each as it is]
        letters: whether each drawing has a letter: a, b, c and so on.
        look: choices named as on the command line, like `cmap="orange-purple"`, `dpi=300`,
            `style="contour"` or `width="3.25in"`.

    Raises:
        ValueError: there is nothing to draw, or a choice is not known.
    """
    cells = (explanations,) if isinstance(explanations, Account) else tuple(explanations)
    _check_arguments(cells, columns, align, letters)
    if align:
        cells = align_cells(cells, align)
    texts = () if legends is None else tuple(map(str, legends))
    check_types({"scale": scale})
    chosen = look_of(look)
    kinds = sorted({cell.kind for cell in cells if isinstance(cell, Account)})
    refuse_ignored(look, path or "x.png", kinds, without=("panel",))
    figure = Grid(cells, columns, scale, chosen, texts, letters)
    if path:
        figure.draw(path)
    return figure


def _check_arguments(cells: Sequence[Any], columns: Any, align: Any, letters: Any) -> None:
    """Refuse what is of another kind than it must be.

    Raises:
        ValueError: it names the argument, what it is and what is needed.
    """
    for position, cell in enumerate(cells):
        if not isinstance(cell, Account | Refused):
            raise ValueError(
                f"explanations[{position}]={cell!r}: an explanation is needed, "
                "such as Explainer('bace')('CCO') gives"
            )
    for name, value, kind, needed in (
        ("columns", columns, int, "a whole number"),
        ("align", align, str, "a core as SMARTS or SMILES, or 'mcs',"),
        ("letters", letters, bool, "True or False"),
    ):
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ValueError(f"{name}={value!r}: {needed} is needed")


def pair_grid(
    a: Account, b: Account, path: str | Path | None, look: Mapping[str, Any]
) -> str | bytes:
    """A and B side by side on one scale, or A over B if the width that is asked for is small.

    Raises:
        ValueError: as `Grid.draw`, or a choice is not known.
    """
    kind = KINDS[format_of(path)]
    columns = columns_for(2, look_of(look), kind)
    return grid([a, b], columns, legends=["A", "B"], **look).draw(path)


def align_cells(cells: Sequence[Account | Refused], core: str) -> tuple[Account | Refused, ...]:
    """The cells with their molecules on the common core, which is named or is `mcs`.

    Raises:
        ValueError: there is no such core.
    """
    laid_out = iter(on_core([cell for cell in cells if isinstance(cell, Account)], core))
    return tuple(next(laid_out) if isinstance(cell, Account) else cell for cell in cells)


def letter(number: int) -> str:
    """The letter of a panel, counted from 0; after z comes aa.

    Example:
        >>> letter(0), letter(25), letter(26)
        ('a', 'z', 'aa')
    """
    before, last = divmod(number, len(ascii_lowercase))
    return (letter(before - 1) if before else "") + ascii_lowercase[last]


def _cell(cell: Account | Refused, differing: Sequence[str]) -> Cell:
    """The drawing with its name and what is explained, or the name and the reason why not."""
    if isinstance(cell, Refused):
        return Cell(cell.name, cell.error)
    name = cell.name
    if name == "digit":
        name = f"digit, predicted {cell.prediction_name}"
    words = [true_minus(_outcome(cell)), *(getattr(cell, name) for name in differing)]
    return Cell(name, " · ".join(words), relevance_map(cell))


def _outcome(explanation: Account) -> str:
    """What is explained, in a few words."""
    if explanation.probability is None:
        value = three_digits(explanation.value)
        return f"{explanation.endpoint} {value} {explanation.unit}".lstrip()
    probability = f"p({explanation.full_target_name}) {explanation.probability:.2f}"
    return f"{probability} · logit {explanation.logit:+.2f}"
