"""Several inputs in one figure, as the output of a run."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from molxai.batch.rows import ExplainedRow
from molxai.batch.sinks import TooManyRowsError
from molxai.cli.printable import printable
from molxai.cli.screens import Explanations
from molxai.explanation.account import Account
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.explanation import Explanation
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

    @property
    def path(self) -> Path:
        """The figure."""
        return self.output

    @property
    def resumable(self) -> bool:
        """A figure is made in one piece."""
        return False

    @property
    def most(self) -> int:
        """As many as the figure has places."""
        return min(MOST, self.columns * (self.rows_wanted or MOST))

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
        from molxai.explanation.grid import Grid, align_cells  # loads matplotlib

        cells: Sequence[Account | Refused] = [_cell(row) for row in self.rows(tables, explainer)]
        for cell in cells:
            if isinstance(cell, Refused):
                print(printable(f"row {cell.row} ({cell.name}): {cell.error}"), file=sys.stderr)
        if any(cells):
            if self.align:
                cells = align_cells(cells, self.align)
            figure = Grid(tuple(cells), self.columns, self.scale, self.look, letters=self.letters)
            figure.draw(self.output)


def _cell(row: ExplainedRow) -> Explanation | Refused:
    """The explanation, or why there is none."""
    entry, explanation = row
    if explanation is not None:
        return explanation
    return Refused(entry.row, entry.text, entry.error or "", entry.id)
