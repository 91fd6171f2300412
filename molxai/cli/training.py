"""`molxai train`, `pretrain` and `evaluate`."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from graphormer.names import unknown
from molxai.cli.completion import PRESETS, SPLITS, TASKS, models, one_of
from molxai.cli.options import (
    FOLDER,
    BatchSize,
    Data,
    Device,
    EncodingName,
    Method,
    Model,
    Output,
    Quiet,
    Separator,
    SmilesColumn,
    Strict,
    given,
    layout_of,
    option_names,
    usage,
)
from molxai.cli.printable import printable

TABLE = "Table of molecules with labels: .csv .tsv .xlsx .parquet .sdf; or an .npz of images and labels. Names after it are targets."
TARGETS = "Columns to learn, with commas between them, or the option several times."
KIND = "auto, classification, regression or multiclass."
PROTOCOL = "random, scaffold, scaffold-chiral or balanced-scaffold."
SIZES = "Shares of train, valid and test."
OWN = "Column that says train, valid or test, instead of --split."
TEACHER = "Let a random forest teach: it helped with the two classes of BACE, not with its values. Takes a minute more."
LARGEST_SEED = 2**32 - 1
"""That NumPy takes."""

EPOCHS = "Passes over the training set. [default: as the recipe says]"
SEED = "Seed of the split and of all random numbers in training. [default: 0]"
PARTS = ("test", "train", "valid")
"""Of a model's own data."""

PART = "Part of the model's own data: test, train, or valid if its split has one."
JUDGED = "Table with labels. [default: the model's own test set]"
LABELS = (
    "Columns of its labels, in the order of the model's targets. [default: by the targets' names]"
)
NOT_OF_PRESETS = (
    *(
        "smiles_column",
        "separator",
        "encoding",
        "target_columns",
        "task",
        "split",
        "split_column",
        "split_sizes",
    ),
    *("unit", "init", "teacher", "ensemble", "strict"),
)
"""Options that a preset decides, by their parameters."""

INIT = "Model whose weights training begins with, like descriptor-pretrained or a folder. [default: random weights]"


def train(
    source: Annotated[
        list[str] | None, typer.Argument(metavar="DATA [TARGET…]", help=TABLE, show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FOLDER", help=FOLDER, show_default=False),
    ] = None,
    smiles_column: SmilesColumn = "",
    separator: Separator = "",
    encoding: EncodingName = "",
    target_columns: Annotated[
        list[str] | None, typer.Option("--target-columns", help=TARGETS, show_default=False)
    ] = None,
    task: Annotated[
        str, typer.Option(metavar="KIND", help=KIND, autocompletion=one_of(TASKS))
    ] = "auto",
    split: Annotated[
        str, typer.Option(metavar="SPLIT", help=PROTOCOL, autocompletion=one_of(SPLITS))
    ] = "random",
    split_column: Annotated[str, typer.Option(help=OWN, show_default=False)] = "",
    split_sizes: Annotated[str, typer.Option(metavar="SHARES", help=SIZES)] = "0.8,0.1,0.1",
    unit: Annotated[
        str,
        typer.Option(
            help="Unit of the values of a regression. [default: the target's name]",
            show_default=False,
        ),
    ] = "",
    init: Annotated[
        str, typer.Option(metavar="MODEL", help=INIT, show_default=False, autocompletion=models)
    ] = "",
    teacher: Annotated[bool, typer.Option("--teacher", help=TEACHER)] = False,
    ensemble: Annotated[
        int,
        typer.Option(
            min=1, max=100, help="Train this many models from different seeds and average them."
        ),
    ] = 1,
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Recipe and data of a shipped model, instead of DATA.",
            show_default=False,
            autocompletion=one_of(PRESETS),
        ),
    ] = "",
    data: Data = None,
    epochs: Annotated[int | None, typer.Option(min=1, help=EPOCHS, show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(min=0, help=SEED, show_default=False)] = None,
    device: Device = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Devices of each machine.")] = 1,
    nodes: Annotated[int, typer.Option("--num-nodes", min=1, help="Machines to train on.")] = 1,
    strategy: Annotated[
        str, typer.Option(help="How several devices share the work, as Lightning names it.")
    ] = "auto",
    precision: Annotated[
        str,
        typer.Option(
            help="Arithmetic, as Lightning names it; auto: bfloat16 on a GPU, float32 on a CPU."
        ),
    ] = "auto",
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Train a model on a table of your own, or a shipped model's recipe anew; the folder then serves as -m FOLDER.

    A run that was stopped goes on where its last epoch ended when the same command is given again.
    """
    from lightning.pytorch.utilities import rank_zero_only

    from graphormer.data.splits import sizes_of
    from graphormer.training.machine import Machine
    from graphormer.training.own import Request, train_own
    from graphormer.training.presets import preset as recipe
    from graphormer.training.presets import train_preset
    from molxai.cli.terminal import console, show_training
    from molxai.explanation.explainer import chosen_device
    from molxai.pages.training import write_report

    if bool(preset) == bool(source):
        raise typer.BadParameter("one of DATA and --preset is needed")
    if output is None:
        raise typer.BadParameter("a folder for the model is needed: -o FOLDER")
    _refuse_given(
        NOT_OF_PRESETS if preset else ("data",),
        "decided by --preset" if preset else "for --preset only",
    )
    usage(chosen_device, device)
    _check_seed(seed or 0, ensemble)
    sizes = usage(sizes_of, split_sizes)
    if split_column:
        _refuse_given(("split_sizes",), "decided by --split-column")
    _speak(quiet)
    machine = Machine(
        device, devices, nodes, strategy, precision, not quiet and sys.stderr.isatty()
    )
    if preset:
        usage(recipe, preset)
        weights, card = train_preset(preset, output, data, epochs, seed, machine)
    else:
        assert source is not None
        names = [*(target_columns or []), *source[1:]]
        how = {
            "unit": unit,
            "init": init,
            "teacher": teacher,
            "ensemble": ensemble,
            "epochs": epochs,
            "seed": seed or 0,
            "strict": strict,
        }
        layout = layout_of(smiles_column, separator=separator, encoding=encoding)
        request = Request(Path(source[0]), layout, names, task, split, split_column, sizes, **how)  # type: ignore[arg-type]
        weights, card = train_own(request, output, shlex.join(["molxai", *sys.argv[1:]]), machine)
    if getattr(
        rank_zero_only, "rank", 0
    ):  # one of several processes that trained together: the first one speaks
        return
    page = write_report(card, output)
    show_training(card, {"model": str(weights), "report": str(page)}, console(), notes=quiet)


def _check_seed(seed: int, members: int = 1) -> None:
    if seed + members - 1 > LARGEST_SEED:
        each = f", and one more for each of {members} members" if members > 1 else ""
        raise typer.BadParameter(f"seed {seed}: a number from 0 to 2**32-1 is needed{each}")


def _refuse_given(names: Sequence[str], why: str) -> None:
    """What would be ignored is bad usage."""
    if found := given(names):
        raise typer.BadParameter(f"{option_names(found)}: {why}, leave it out")


def pretrain(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="TABLE…", help="Tables of molecules; labels are not needed."),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help=FOLDER, show_default=False)
    ],
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            help="Table of molecules to leave out, because a model will be tested on them.",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help=EPOCHS, show_default=False)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random numbers in training.")] = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Train a trunk on RDKit's descriptors of many molecules, for 'molxai train --init FOLDER'."""
    from graphormer.training.machine import Machine
    from graphormer.training.own import pretrain as pretrained
    from molxai.cli.terminal import console, show_training
    from molxai.explanation.explainer import chosen_device

    usage(chosen_device, device)
    _check_seed(seed)
    _speak(quiet)
    machine = Machine(device, progress=not quiet and sys.stderr.isatty())
    command = shlex.join(["molxai", *sys.argv[1:]])
    weights, card = pretrained(sources, exclude or [], output, command, epochs, seed, machine)
    show_training(card, {"model": str(weights)}, console(), notes=quiet)


def _speak(quiet: bool) -> None:
    import logging
    import warnings

    from molxai.cli.printable import Formatter

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")  # they speak to those who write its loops
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, handlers=[handler])


def evaluate(
    table: Annotated[
        Path | None, typer.Argument(metavar="[TABLE]", help=JUDGED, show_default=False)
    ] = None,
    model: Model = "bace",
    smiles_column: SmilesColumn = "",
    separator: Separator = "",
    encoding: EncodingName = "",
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
    batch_size: BatchSize = 32,
    device: Device = "auto",
) -> None:
    """Quality of a model on its own data or on a table, and whether its explanations add up there."""
    import json

    from graphormer.files import write_file
    from molxai.benchmarks.evaluation import evaluate_model, evaluate_table, own_part
    from molxai.cli.outputs import check_ending
    from molxai.cli.terminal import console, show_evaluation
    from molxai.explanation.explainer import Explainer, chosen_device
    from molxai.explanation.methods import method as known_method

    usage(known_method, method)
    usage(chosen_device, device)
    if part not in PARTS:
        raise typer.BadParameter(unknown("part", part, PARTS))
    usage(check_ending, output, (".json",))
    explainer = Explainer(model, method, batch_size, device)
    if table:
        layout = layout_of(smiles_column, separator=separator, encoding=encoding)
        judged, gone = evaluate_table(explainer, table, layout, target_columns or [])
        for line in gone:
            print(printable(line), file=sys.stderr)
    else:
        judged = own_part(explainer, part, data)
    result = evaluate_model(
        explainer, judged, own_part(explainer, "train", data) if baseline else None
    )
    if output:
        write_file(output, json.dumps(result, indent=1) + "\n")
    show_evaluation(result, console())
