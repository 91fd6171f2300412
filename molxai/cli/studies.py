"""`molxai benchmark groundtruth` and `accuracy`, which take minutes or hours."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from graphormer.names import unknown
from molxai.cli.benchmark import known_device, write_json
from molxai.cli.completion import PROTOCOLS, TRUTHS, one_of
from molxai.cli.options import (
    Base,
    Data,
    Device,
    Quiet,
    SmilesColumn,
    known_methods,
    usage,
)
from molxai.cli.parameters import command

TRUTH = "Folder for the model and the tables; a model that is there is used again."
MOLECULES = (
    "Table of SMILES, or SDF, also zipped. "
    "[default for crippen, tpsa and bias: 5000 compounds that come with RDKit]"
)
MODELS = "Folder for the models and the tables; models that are there are used again."


def reporter(quiet: bool) -> Callable[[str], None]:
    """A function that prints a line of progress on stderr, unless it is to be quiet."""

    def report(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    return report


@dataclass(frozen=True)
class Truth:
    """Where the truth comes from, and how the model learns the task."""

    test_data: Annotated[
        Path | None, typer.Option(help="File of the test set.", show_default=False)
    ] = None
    smarts: Annotated[
        list[str] | None,
        typer.Option(
            help="Pattern whose atoms are the truth; may be repeated.", show_default=False
        ),
    ] = None
    smiles_column: SmilesColumn = ""
    label: Annotated[str, typer.Option(help="SDF property with a molecule's label.")] = "activity"
    truth: Annotated[str, typer.Option(help="SDF property with its atoms' contributions.")] = "lbls"
    classes: Annotated[
        bool, typer.Option("--classes", help="The SDF's labels are two classes, not values.")
    ] = False
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the split, the training and the sample.")
    ] = 0
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Epochs of training. [default: the task's own]", show_default=False
        ),
    ] = None
    sample: Annotated[
        int | None, typer.Option(min=1, help="Test molecules. [default: all]", show_default=False)
    ] = None
    base: Base = "apart"
    device: Device = "auto"


@command
def benchmark_groundtruth(
    setting: Truth,
    task: Annotated[
        str,
        typer.Option(
            metavar="TASK",
            help="benzene, n-minus-o, smarts, labels, crippen, tpsa or bias.",
            show_default=False,
            autocompletion=one_of(TRUTHS),
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help=TRUTH, show_default=False)
    ],
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=MOLECULES, show_default=False),
    ] = None,
    methods: Annotated[
        str,
        typer.Option(
            help="Ids with commas between them. [default: all but slow ones]", show_default=False
        ),
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Compare methods with a known truth: train on a task known atom by atom, and explain it.

    Trivial baselines and the model's quality are shown, too. An interrupted training continues.
    """
    from molxai.benchmarks.groundtruth import groundtruth
    from molxai.benchmarks.groundtruth_tables import markdown, write

    _check_truth(task, setting)
    names = known_methods(methods) if methods else ()
    log_training(quiet)
    result = groundtruth(task, data, output, names, progress=not quiet, **vars(setting))
    write(result, output)
    print(markdown(result))


def _check_truth(task: str, setting: Truth) -> None:
    """Refuse a task that cannot be done.

    Raises:
        typer.BadParameter: there is no such task, or it lacks its patterns.
    """
    from molxai.benchmarks.tasks import task_named

    usage(task_named, task)
    usage(known_device, setting.device)
    if task == "smarts" and not setting.smarts:
        raise typer.BadParameter(
            "no pattern is given: the task smarts needs --smarts, like --smarts 'C(=O)N'"
        )


def log_training(quiet: bool) -> None:
    """Print what training logs."""
    import logging
    import warnings

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, format="%(message)s")


def benchmark_accuracy(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help=MODELS, show_default=False)
    ],
    protocol: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Split: deterministic, chiral, balanced or random.",
            autocompletion=one_of(PROTOCOLS),
        ),
    ] = "deterministic",
    seeds: Annotated[
        int, typer.Option(min=1, help="How many seeds, of weights and of random splits.")
    ] = 5,
    ensemble: Annotated[
        int, typer.Option(min=1, help="Models for each random split, also judged as one ensemble.")
    ] = 1,
    data: Data = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Retrain the recipe of the shipped BACE model under a split protocol, beside a forest."""
    from graphormer.files import write_file
    from graphormer.training.machine import Machine
    from molxai.benchmarks.accuracy import accuracy, markdown

    if protocol not in PROTOCOLS.names():
        raise typer.BadParameter(unknown("protocol", protocol, PROTOCOLS.names()))
    machine = Machine(usage(known_device, device), progress=False)
    log_training(quiet=True)
    result = accuracy(protocol, range(seeds), ensemble, output, data, machine, reporter(quiet))
    output.mkdir(parents=True, exist_ok=True)
    write_json(output / f"accuracy-{protocol}.json", result)
    write_file(output / f"accuracy-{protocol}.md", markdown(result) + "\n")
    print(markdown(result))
