"""Sinks that sum a series up: its fragments, or the R groups of a common core."""

import sys
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import typer

from graphormer.names import split_names, unknown
from graphormer.readers.tables import as_text
from molxai.batch.question import check_has_fragments
from molxai.chemistry.rgroups import core_table
from molxai.chemistry.schemes import read_scheme, scheme_of
from molxai.chemistry.series import Named, carriers, lost_lines, series_target
from molxai.cli.fragment_tables import core_line, show_carriers, show_core_table
from molxai.cli.options import usage
from molxai.cli.outputs import check_ending
from molxai.cli.printable import printable
from molxai.cli.screens import Explanations
from molxai.cli.series_tables import SERIES_ENDINGS, carrier_rows, core_rows, write_series
from molxai.cli.terminal import console
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.entry import Input

MOST_COLUMNS = 12
"""Columns of a table that files of R groups hold by default: more would hide the R groups."""


def check_series(
    output: Path | None, core: str, columns: str, label_column: str, pairs: bool = False
) -> None:
    """Refuse what could not be written, before any work.

    Raises:
        typer.BadParameter: the file's name ends otherwise, or columns are named without R groups to
            stand beside.
        FileNotFoundError: the file's folder does not exist.
    """
    usage(check_ending, output, SERIES_ENDINGS)
    if core and pairs:
        raise typer.BadParameter("--core and --matched-pairs are two tables: leave out one of them")
    if columns and pairs:
        raise typer.BadParameter("--columns: matched pairs have no columns of the table")
    if (columns or label_column) and not core and not pairs:
        raise typer.BadParameter(
            "--columns and --target-columns go beside R groups: add --core, as SMARTS or mcs; "
            "--target-columns beside --matched-pairs, too"
        )


@dataclass(frozen=True)
class SeriesTable(Explanations):
    """A table about a whole series; it needs all explanations, so its run cannot be resumed."""

    output: Path | None
    """File to write; None: the terminal."""
    target: str
    """Class to explain, as it was typed; empty: the usual one."""

    @property
    def path(self) -> Path | None:
        """The file."""
        return self.output

    @property
    def resumable(self) -> bool:
        """Explanations are not kept in files."""
        return False

    def check(self, explainer: BaseExplainer) -> None:
        """Refuse digits, and rows of different targets.

        Raises:
            ValueError: the model reads digits, or the target is none of a series.
        """
        check_has_fragments(explainer)
        series_target(explainer, self.target)

    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> None:
        """Sum the rows up; nothing if none could be explained."""
        rows = [row for row in self.rows(tables, explainer) if row[1] is not None]
        series = [(row.name, explanation) for row, explanation in rows if explanation]
        if series:
            self.sum_up(series, [row for row, _ in rows])

    @abstractmethod
    def sum_up(self, series: Sequence[Named], inputs: Sequence[Input]) -> None:
        """Write or print the table of explained molecules."""


@dataclass(frozen=True)
class CarrierTable(SeriesTable):
    """Which fragments carry relevance across the series."""

    fragments: str | tuple[str, ...]
    by_structure: bool

    def sum_up(self, series: Sequence[Named], inputs: Sequence[Input]) -> None:
        """A row for each fragment, and notes on patterns that lost atoms to others."""
        scheme = scheme_of(self.fragments)
        rows = carriers(series, scheme, self.by_structure)
        notes = lost_lines(series, scheme)
        if self.output is None:
            show_carriers(rows, series[0][1], console())
        else:
            content = {
                "molecules": len(series),
                "notes": notes,
                "fragments": [carrier.to_dict() for carrier in rows],
            }
            write_series(self.output, content, carrier_rows(rows))
        for note in notes:
            print(f"fragment {note}", file=sys.stderr)


@dataclass(frozen=True)
class Columns:
    """Which columns of the user's table stand beside R groups."""

    names: tuple[str, ...]
    label_column: str
    """Column of the measured class or value; empty: none."""

    def of(self, inputs: Sequence[Input], in_file: bool) -> list[dict[str, str]]:
        """The cells of each molecule in the named columns.

        In a file, by default, all columns count as named if they are few.

        Raises:
            ValueError: there is no such column.
        """
        columns = dict.fromkeys(name for row in inputs for name in row.extras)
        names = dict.fromkeys(name for name in (self.label_column, *self.names) if name)
        for name in names:
            if name not in columns:
                where = "beside the structures and ids"
                raise ValueError(unknown("column", name, columns, where=where))
        if in_file and not self.names:
            if len(columns) <= MOST_COLUMNS:
                names |= columns
            else:
                print(
                    f"{len(columns)} other columns are left out: name those to keep with --columns",
                    file=sys.stderr,
                )
        return [{name: as_text(row.extras.get(name)) for name in names} for row in inputs]


@dataclass(frozen=True)
class CoreTable(SeriesTable):
    """What each R group of a common core adds."""

    core: str
    """SMARTS or SMILES; empty: the largest core that most molecules have."""
    columns: Columns

    def sum_up(self, series: Sequence[Named], inputs: Sequence[Input]) -> None:
        """A row for each molecule."""
        beside = usage(self.columns.of, inputs, self.output is not None)
        table = core_table(series, self.core, beside)
        if self.output is None:
            show_core_table(table, console())
        else:
            write_series(self.output, table.to_dict(), core_rows(table))
            print(printable(core_line(table)), file=sys.stderr)


def carrier_sink(output: Path | None, target: str, scheme: str, by_structure: bool) -> SeriesTable:
    """The table of a scheme as it was typed.

    Raises:
        typer.BadParameter: there is no such scheme.
    """
    fragments = usage(read_scheme, scheme) or "functional-groups"
    return CarrierTable(output, target, fragments, by_structure)


def core_sink(
    output: Path | None, target: str, core: str, columns: str, label_column: str
) -> SeriesTable:
    """The table of a core as it was typed; `mcs` is the largest one that most molecules have."""
    beside = Columns(split_names(columns), label_column.strip())
    return CoreTable(output, target, "" if core == "mcs" else core, beside)
