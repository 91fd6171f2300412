"""`molxai fragments`: what the parts of a series of molecules contribute."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from molxai.cli.completion import SCHEMES, one_of
from molxai.cli.options import (
    BatchSize,
    Device,
    Endpoint,
    Inputs,
    Method,
    Model,
    Quiet,
    SmilesColumn,
    Strict,
    prepared,
    refuse_single_error,
    usage,
    written_to,
)

if TYPE_CHECKING:
    from molxai.explainer import Explainer
    from molxai.series import Named

SCHEME = "functional-groups, brics, scaffold, rings, or your own file .smarts .txt with a name and a SMARTS on each line."
CORE = "Make a table of R groups: a core as SMARTS, or mcs for the largest core that most molecules have (two minutes at most)."
TARGET = "Class to explain, the same for all molecules. [default: the second of two classes; a regression's value]"
FILE = "File to write: .csv .json .md [default: a table in the terminal]"
APART = "Tell fragments of one name but different structures apart."


def fragments(
    inputs: Inputs,
    model: Model = "",
    scheme: Annotated[str, typer.Option(help=SCHEME, autocompletion=one_of(SCHEMES))] = "functional-groups",
    core: Annotated[str, typer.Option(help=CORE, show_default=False)] = "",
    by_structure: Annotated[bool, typer.Option("--by-structure", help=APART)] = False,
    target: Annotated[str, typer.Option(help=TARGET, show_default=False)] = "",
    method: Method = "lrp",
    endpoint: Endpoint = "",
    output: Annotated[Path | None, typer.Option("-o", "--output", help=FILE, show_default=False)] = None,
    smiles_column: SmilesColumn = "",
    batch_size: BatchSize = 32,
    device: Device = "auto",
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Which fragments carry relevance across a series of molecules, or what each R group of a common core adds."""
    from molxai.batch import cost, explained
    from molxai.fragments import read_scheme, scheme_of
    from molxai.outputs import check_ending
    from molxai.series_tables import SERIES_ENDINGS
    from molxai.terminal import progress, summary

    usage(check_ending, output, SERIES_ENDINGS)
    parts = scheme_of(usage(read_scheme, scheme) or "functional-groups")
    read, explainer = prepared(inputs, model, method, batch_size, device, smiles_column, "", strict, endpoint)
    chosen = usage(_target, explainer, target)
    rows = list(progress(explained(explainer, read, chosen), len(read), "explaining", quiet, cost(explainer)))
    refuse_single_error(rows, strict)
    replaced = output is not None and output.is_file()
    series = [(one.id or one.text, explanation) for one, explanation in rows if explanation]
    if series:
        _core(series, "" if core == "mcs" else core, output) if core else _carriers(series, parts, by_structure, output)
    if not summary([one for one, _ in rows], written_to(output, replaced) if output else "", quiet):
        raise typer.Exit(1)


def _target(explainer: "Explainer", name: str) -> str:
    from molxai.series import series_target

    if explainer.reads == "digits":
        raise ValueError(f"fragments are parts of molecules, and the model {explainer.card.name!r} reads digits")
    return series_target(explainer, name)


def _carriers(series: "list[Named]", scheme: Any, by_structure: bool, output: Path | None) -> None:
    from molxai.fragment_tables import show_carriers
    from molxai.series import carriers
    from molxai.series_tables import carrier_rows, write_series
    from molxai.terminal import console

    found = carriers(series, scheme, by_structure)
    if output:
        write_series(output, {"molecules": len(series), "fragments": [one.to_dict() for one in found]}, carrier_rows(found))
    else:
        show_carriers(found, series[0][1], console())


def _core(series: "list[Named]", core: str, output: Path | None) -> None:
    from molxai.fragment_tables import core_line, show_core_table
    from molxai.rgroups import core_table
    from molxai.series_tables import core_rows, write_series
    from molxai.terminal import console

    table = core_table(series, core)
    if output:
        write_series(output, table.to_dict(), core_rows(table))
        print(core_line(table), file=sys.stderr)
    else:
        show_core_table(table, console())
