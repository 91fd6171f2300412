"""`molxai report`: one page of what was explained."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from molxai.cli.completion import METHODS as KNOWN_METHODS
from molxai.cli.completion import PALETTES, one_of, several_of
from molxai.cli.options import (
    MAX_ATOMS,
    BatchSize,
    Device,
    EncodingName,
    Endpoint,
    IdColumn,
    Inputs,
    Model,
    Quiet,
    Separator,
    SmilesColumn,
    layout_of,
    listed,
    say_how_read,
    separated,
    shipped_for,
    usage,
    written_to,
)
from molxai.cli.printable import printable
from molxai.cli.scale import MaxAtoms

METHODS = "lrp,lrp-gamma,gradient-input,gae"
"""As `molxai.pages.report.METHODS`, which would import torch; a test compares them."""

COLUMNS = "Columns of the table to show on the page, with commas between them."
DIRECTION = "Class to explain in all rows: a name or number, pred, or true. [default: the second of two classes, else pred]"
SCALE = "To begin with: own (of each picture), common (of all), or the relevance in full colour."


def report(
    inputs: Inputs,
    model: Model = "",
    output: Annotated[Path, typer.Option("-o", "--output", help="The page to write, .html")] = Path(
        "report.html"
    ),
    methods: Annotated[
        str,
        typer.Option(
            help="Ids with commas between them; the first is shown first.",
            autocompletion=several_of(KNOWN_METHODS),
        ),
    ] = METHODS,
    target: Annotated[str, typer.Option(help=DIRECTION, show_default=False)] = "",
    contrast: Annotated[
        str | None, typer.Option(help="Class whose logit is subtracted.", show_default=False)
    ] = None,
    smiles_column: SmilesColumn = "",
    id_column: IdColumn = "",
    separator: Separator = "",
    encoding: EncodingName = "",
    target_columns: Annotated[
        str,
        typer.Option(
            help="Column of the measured class or value, shown beside.", show_default=False
        ),
    ] = "",
    columns: Annotated[str, typer.Option(help=COLUMNS, show_default=False)] = "",
    title: Annotated[str, typer.Option(help="Title of the page.", show_default=False)] = "",
    cmap: Annotated[
        str,
        typer.Option(
            "--cmap",
            "--palette",
            help="Palette to begin with; the page has them all.",
            autocompletion=one_of(PALETTES),
        ),
    ] = "red-blue",
    scale: Annotated[str, typer.Option(help=SCALE)] = "own",
    endpoint: Endpoint = "",
    batch_size: BatchSize = 32,
    device: Device = "auto",
    max_atoms: MaxAtoms = MAX_ATOMS,
    quiet: Quiet = False,
) -> None:
    """One self-contained page of all inputs: table, pictures to point at, methods side by side, fragments, and how to read it.

    It needs no network and no program beside a browser. All rows are explained for the same class unless --target says otherwise.
    """
    from molxai.batch.run import Library
    from molxai.cli.outputs import check_ending
    from molxai.cli.terminal import progress
    from molxai.explanation.explainer import Explainer, chosen_device
    from molxai.explanation.inputs import entries
    from molxai.explanation.methods import EXPLAINERS
    from molxai.pages.report import Report, write_report
    from molxai.rendering.colour import palette
    from molxai.rendering.look import scale_of

    names = listed(methods, list(EXPLAINERS), "method")
    chosen = Report(
        names,
        target,
        contrast,
        separated(columns),
        title,
        usage(palette, cmap).name,
        usage(scale_of, scale),
    )
    usage(check_ending, output, (".html", ".htm"))
    usage(chosen_device, device)
    if target == "true" and not target_columns:
        raise typer.BadParameter(
            "no true class is known: --target true needs a table with --target-columns"
        )
    explainer = Explainer(shipped_for(inputs, model), names[0], batch_size, device, endpoint)
    layout = layout_of(smiles_column, id_column, separator, encoding)
    say_how_read(inputs, layout, quiet)
    expected = Library(tuple(inputs), layout, target_columns).expected()
    rows = progress(entries(inputs, layout, target_columns), expected, "explaining", quiet)
    place = written_to(output, output.is_file())
    count, errors = write_report(explainer, rows, output, chosen, max_atoms)
    if not quiet:
        failed = f", {errors} with errors" if errors else ""
        print(
            printable(f"{count - errors} of {count} inputs done{failed} → {place}"), file=sys.stderr
        )
