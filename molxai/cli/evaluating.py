"""`molxai evaluate`."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphormer.names import unknown
from molxai.cli.completion import one_of
from molxai.cli.options import (
    BATCH_SIZE,
    BatchSize,
    Data,
    Device,
    EncodingName,
    Method,
    Model,
    Output,
    Separator,
    SmilesColumn,
    layout_of,
    usage,
)
from molxai.cli.parameters import command
from molxai.cli.printable import printable

if TYPE_CHECKING:
    from graphormer.data.labelled import LabelledGraphs
    from molxai.explanation.explainer import Explainer

PARTS = ("test", "train", "valid")
"""Parts of a model's own data."""

PART = "Part of the model's own data: test, train, or valid if its split has one."
LABELLED_TABLE = "Table with labels. [default: the model's own test set]"
LABELS = (
    "Columns of its labels, in the order of the model's targets. [default: by the targets' names]"
)


@dataclass(frozen=True)
class TableReading:
    """How the table is laid out, as far as the user says so."""

    smiles_column: SmilesColumn = ""
    separator: Separator = ""
    encoding: EncodingName = ""


@command
def evaluate(
    reading: TableReading,
    table: Annotated[
        Path | None, typer.Argument(metavar="[TABLE]", help=LABELLED_TABLE, show_default=False)
    ] = None,
    model: Model = "bace",
    target_columns: Annotated[
        list[str] | None, typer.Option("--target-columns", help=LABELS, show_default=False)
    ] = None,
    baseline: Annotated[
        bool,
        typer.Option(
            "--baseline",
            help="Compare with a random forest on count ECFP4, fitted to the same training set.",
        ),
    ] = False,
    method: Method = "lrp",
    data: Data = None,
    part: Annotated[
        str, typer.Option(metavar="PART", help=PART, autocompletion=one_of(PARTS))
    ] = "test",
    output: Output = None,
    batch_size: BatchSize = BATCH_SIZE,
    device: Device = "auto",
) -> None:
    """Quality of a model on its own test set or on a table, and whether its explanations add up."""
    from graphormer.files import write_file
    from molxai.benchmarks.evaluation import evaluate_model, own_part
    from molxai.cli.model_tables import show_evaluation
    from molxai.cli.terminal import console

    _check(part, output)
    explainer = _explainer(model, method, batch_size, device)
    graphs = _labelled_graphs(explainer, table, reading, target_columns or [], part, data)
    train = own_part(explainer, "train", data) if baseline else None
    result = evaluate_model(explainer, graphs, train)
    if output:
        write_file(output, json.dumps(result, indent=1) + "\n")
    show_evaluation(result, console())


def _check(part: str, output: Path | None) -> None:
    """Refuse a part or an output that cannot be, before any work.

    Raises:
        typer.BadParameter: there is no such part, or the file's name ends otherwise.
    """
    from molxai.cli.outputs import check_ending

    if part not in PARTS:
        raise typer.BadParameter(unknown("part", part, PARTS))
    usage(check_ending, output, (".json",))


def _explainer(model: str, method: str, batch_size: int, device: str) -> "Explainer":
    from molxai.batch.question import Question
    from molxai.explanation.explainer import Explainer

    usage(Question, model, (method,), batch_size=batch_size, device=device)
    return Explainer(model, method, batch_size, device)


def _labelled_graphs(
    explainer: "Explainer",
    table: Path | None,
    reading: TableReading,
    targets: list[str],
    part: str,
    data: Path | None,
) -> "LabelledGraphs":
    """The labelled rows of the table, or a part of the model's own data.

    Rows of the table that are left out are named on stderr.
    """
    from molxai.benchmarks.evaluation import evaluate_table, own_part

    if table is None:
        return own_part(explainer, part, data)
    layout = layout_of(
        reading.smiles_column, separator=reading.separator, encoding=reading.encoding
    )
    graphs, messages = evaluate_table(explainer, table, layout, targets)
    for message in messages:
        print(printable(message), file=sys.stderr)
    return graphs
