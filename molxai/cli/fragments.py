"""`molxai fragments`: what the parts of a series of molecules contribute."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from molxai.cli.completion import SCHEMES, one_of
from molxai.cli.options import (
    BatchSize,
    Device,
    EncodingName,
    Endpoint,
    IdColumn,
    Inputs,
    Method,
    Model,
    Quiet,
    Separator,
    SmilesColumn,
    Strict,
    layout_of,
    prepared,
    refuse_single_error,
    say_how_read,
    separated,
    usage,
    written_to,
)
from molxai.cli.printable import printable

if TYPE_CHECKING:
    from molxai.chemistry.series import Named
    from molxai.explanation.explainer import Explainer
    from molxai.explanation.inputs import Input

SCHEME = (
    "functional-groups, brics, scaffold, rings, or your own file .smarts .txt with a name and a SMARTS on each line; "
    "an earlier line takes its atoms first."
)
CORE = (
    "Make a table of R groups: a core as SMARTS or SMILES, with labels like [*:1] where R groups may be (hydrogen, too) or "
    "without; or mcs for the largest core that most molecules have (two minutes at most)."
)
MEASURED = "Column of the measured class or value, shown beside the R groups."
COLUMNS = "Other columns to show beside the R groups, with commas between them. [default: in a file all, if they are 12 or fewer]"
TARGET = "Class to explain, the same for all molecules. [default: the second of two classes; a regression's value]"
FILE = "File to write: .csv .json .md [default: a table in the terminal]"
APART = "Tell fragments of one name but different structures apart."


def fragments(
    inputs: Inputs,
    model: Model = "",
    scheme: Annotated[
        str, typer.Option(help=SCHEME, autocompletion=one_of(SCHEMES))
    ] = "functional-groups",
    core: Annotated[str, typer.Option(help=CORE, show_default=False)] = "",
    by_structure: Annotated[bool, typer.Option("--by-structure", help=APART)] = False,
    target: Annotated[str, typer.Option(help=TARGET, show_default=False)] = "",
    method: Method = "lrp",
    endpoint: Endpoint = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help=FILE, show_default=False)
    ] = None,
    smiles_column: SmilesColumn = "",
    id_column: IdColumn = "",
    separator: Separator = "",
    encoding: EncodingName = "",
    target_columns: Annotated[str, typer.Option(help=MEASURED, show_default=False)] = "",
    columns: Annotated[str, typer.Option(help=COLUMNS, show_default=False)] = "",
    batch_size: BatchSize = 32,
    device: Device = "auto",
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Which fragments carry relevance across a series of molecules, or what each R group of a common core adds."""
    from molxai.batch.rows import cost, explained
    from molxai.chemistry.fragments import read_scheme, scheme_of
    from molxai.cli.outputs import check_ending
    from molxai.cli.series_tables import SERIES_ENDINGS
    from molxai.cli.terminal import progress, summary

    usage(check_ending, output, SERIES_ENDINGS)
    if (columns or target_columns) and not core:
        raise typer.BadParameter(
            "--columns and --target-columns go beside R groups: add --core, as SMARTS or mcs"
        )
    parts = scheme_of(usage(read_scheme, scheme) or "functional-groups")
    layout = layout_of(smiles_column, id_column, separator, encoding)
    say_how_read(inputs, layout, quiet)
    read, explainer = prepared(
        inputs, model, method, batch_size, device, layout, target_columns, strict, endpoint
    )
    chosen = usage(_target, explainer, target)
    rows = list(
        progress(
            explained(explainer, read, chosen), len(read), "explaining", quiet, cost(explainer)
        )
    )
    refuse_single_error(rows, strict)
    replaced = output is not None and output.is_file()
    series = [(one.name, explanation) for one, explanation in rows if explanation]
    if series and core:
        carried = usage(
            _carried,
            [one for one, explanation in rows if explanation],
            separated(columns),
            target_columns,
            bool(output),
        )
        _core(series, "" if core == "mcs" else core, carried, output)
    elif series:
        _carriers(series, parts, by_structure, output)
    if not summary([one for one, _ in rows], written_to(output, replaced) if output else "", quiet):
        raise typer.Exit(1)


def _target(explainer: "Explainer", name: str) -> str:
    from molxai.chemistry.series import series_target

    if explainer.reads == "digits":
        raise ValueError(
            f"fragments are parts of molecules, and the model {explainer.card.name!r} reads digits"
        )
    return series_target(explainer, name)


def _carriers(series: "list[Named]", scheme: Any, by_structure: bool, output: Path | None) -> None:
    from molxai.chemistry.series import carriers, lost_lines
    from molxai.cli.fragment_tables import show_carriers
    from molxai.cli.series_tables import carrier_rows, write_series
    from molxai.cli.terminal import console

    found, notes = carriers(series, scheme, by_structure), lost_lines(series, scheme)
    if output:
        content = {
            "molecules": len(series),
            "notes": notes,
            "fragments": [one.to_dict() for one in found],
        }
        write_series(output, content, carrier_rows(found))
    else:
        show_carriers(found, series[0][1], console())
    for note in notes:
        print(f"fragment {note}", file=sys.stderr)


MOST_CARRIED = 12
"""Columns of a table that files of R groups hold without being asked: more would bury the R groups."""


def _carried(
    read: "list[Input]", wanted: tuple[str, ...], measured: str, whole: bool
) -> list[dict[str, str]]:
    """The user's columns of each molecule: the measured one and those named, else all where they are few and a file is written.

    Raises:
        ValueError: there is no such column.
    """
    from graphormer.names import unknown
    from graphormer.readers.tables import as_text

    known = dict.fromkeys(name for one in read for name in one.extras)
    named = dict.fromkeys(name for name in (measured.strip(), *wanted) if name)
    if missing := [name for name in named if name not in known]:
        raise ValueError(
            unknown("column", missing[0], known, where="beside the structures and ids")
        )
    if whole and not wanted and len(known) <= MOST_CARRIED:
        named |= known
    elif whole and not wanted:
        print(
            f"{len(known)} other columns are left out: name those to keep with --columns",
            file=sys.stderr,
        )
    return [{name: as_text(one.extras.get(name)) for name in named} for one in read]


def _core(
    series: "list[Named]", core: str, carried: list[dict[str, str]], output: Path | None
) -> None:
    from molxai.chemistry.rgroups import core_table
    from molxai.cli.fragment_tables import core_line, show_core_table
    from molxai.cli.series_tables import core_rows, write_series
    from molxai.cli.terminal import console

    table = core_table(series, core, carried)
    if output:
        write_series(output, table.to_dict(), core_rows(table))
        print(printable(core_line(table)), file=sys.stderr)
    else:
        show_core_table(table, console())
