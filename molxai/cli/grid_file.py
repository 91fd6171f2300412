"""Several inputs in one figure, as the output of a run."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from molxai.batch.question import Question
from molxai.batch.rows import ExplainedRow
from molxai.batch.sinks import TooManyRowsError
from molxai.chemistry.fragments import named_parts
from molxai.cli.printable import printable
from molxai.cli.screens import Explanations
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.explanation import Explanation
from molxai.explanation.inputs import Inputs
from molxai.explanation.orientation import Orientation, orientation_in
from molxai.explanation.refused import Refused
from molxai.rendering.look import Look, Scale

MOST = 400
"""Inputs of a figure at most: more fill no page, and take minutes to draw."""


@dataclass(frozen=True)
class GridFile(Explanations):
    """A figure of all inputs, in rows."""

    output: Path
    columns: int
    rows_wanted: int | None
    """None: as many as are needed."""
    scale: Scale
    look: Look
    letters: bool
    align: str = ""
    """Core on which molecules are drawn, as SMARTS, SMILES or `mcs`; empty: each as it is."""
    orientation: Orientation | None = None
    """How they lie on it, when that is known."""

    @property
    def path(self) -> Path:
        """The figure."""
        return self.output

    @property
    def resumable(self) -> bool:
        """A figure is made in one piece."""
        return False

    @property
    def keeps_errors(self) -> bool:
        """A figure of errors alone is not drawn."""
        return False

    @property
    def most(self) -> int:
        """As many as the figure has places."""
        return min(MOST, self.columns * (self.rows_wanted or MOST))

    def prepare(self, inputs: Inputs, question: Question) -> "GridFile":
        """The figure on the common core of the inputs, if there is to be one.

        Raises:
            ValueError: there is no such core.
            FileNotFoundError: a named file does not exist.
        """
        if not self.align:
            return self
        orientation = orientation_in(inputs, self.align, question.max_atoms)
        return replace(self, orientation=orientation)

    def check_count(self, rows: int) -> None:
        """Refuse more inputs than there are places.

        Raises:
            TooManyRowsError: there are more.
        """
        if rows > self.most:
            size = f"{self.columns} x {self.rows_wanted}" if self.rows_wanted else "the largest"
            raise TooManyRowsError(
                f"more inputs than places: a grid of {size} has {self.most}; give a larger --grid, "
                f"fewer inputs, or a folder of pictures (-o maps)"
            )

    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> None:
        """Draw them; one that could not be explained has its reason in its place, and on stderr."""
        from molxai.explanation.grid import Grid  # loads matplotlib

        cells = [_cell(row, self.orientation) for row in self.rows(tables, explainer)]
        for cell in cells:
            if isinstance(cell, Refused):
                print(printable(f"row {cell.row} ({cell.name}): {cell.error}"), file=sys.stderr)
        explanations = [cell for cell in cells if isinstance(cell, Explanation)]
        if explanations:
            named = tuple(map(named_parts, explanations))
            figure = Grid(
                tuple(cells), self.columns, self.scale, self.look, (), self.letters, named
            )
            figure.draw(self.output)


def _cell(row: ExplainedRow, orientation: Orientation | None) -> Explanation | Refused:
    """The explanation, laid out as it is wished, or why there is none."""
    entry, explanation = row
    if explanation is not None:
        return orientation.explanation(explanation) if orientation else explanation
    return Refused(entry.row, entry.text, entry.error or "", entry.id)
