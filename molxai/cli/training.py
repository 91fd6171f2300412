"""`molxai train` and `molxai pretrain`."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from molxai.cli.completion import PRESETS, SPLITS, TASKS, models, one_of
from molxai.cli.options import (
    FOLDER,
    Data,
    Device,
    EncodingName,
    Quiet,
    Separator,
    SmilesColumn,
    Strict,
    option_names,
    typed_options,
    usage,
)
from molxai.cli.parameters import command

if TYPE_CHECKING:
    from graphormer.network.card import Card
    from graphormer.training.machine import Machine
    from graphormer.training.own import Request

TABLE = (
    "Table of molecules with labels: .csv .tsv .xlsx .parquet .sdf; or an .npz of images and "
    "labels. Names after the table are target columns."
)
TARGETS = "Columns to learn, with commas between them, or the option several times."
KIND = "auto, classification, regression or multiclass."
PROTOCOL = "random, scaffold, scaffold-chiral or balanced-scaffold."
SIZES = "Shares of train, valid and test."
UNIT = "Unit of the values of a regression. [default: the target's name]"
SPLIT_COLUMN = "Column that says train, valid or test, instead of --split."
TEACHER = (
    "Let a random forest teach: it helped with the two classes of BACE, not with its values. "
    "Takes a minute more."
)
CALIBRATE = (
    "Folds of the training set for a classifier's temperature, by which probabilities are met. "
    "One more model is trained for each; 0: those of the kernel machine's share, if any."
)
LARGEST_SEED = 2**32 - 1
"""The largest seed that NumPy takes."""

TUNE = "Choose the strengths of lrp-tuned for the model, as 'molxai tune' does."
EPOCHS = "Passes over the training set. [default: as the recipe says]"
SEED = "Seed of the split and of all random numbers in training. [default: 0]"
MEMBERS = (
    "Train this many networks from different seeds and average them. "
    "[default: 1 beside a kernel machine and for pictures, else up to 5]"
)
KERNEL = (
    "Whether a kernel machine stands beside the networks, with a share that folds choose. "
    "[default: for at most 6000 molecules of two classes or with values]"
)
INIT = (
    "Model whose weights training begins with, like descriptor-pretrained or a folder. "
    "[default: random weights]"
)

Targets = Annotated[
    list[str] | None, typer.Option("--target-columns", help=TARGETS, show_default=False)
]
Unit = Annotated[str, typer.Option(help=UNIT, show_default=False)]
Init = Annotated[
    str, typer.Option(metavar="MODEL", help=INIT, show_default=False, autocompletion=models)
]
Ensemble = Annotated[int | None, typer.Option(min=1, max=100, help=MEMBERS, show_default=False)]
Kernel = Annotated[bool | None, typer.Option(help=KERNEL, show_default=False)]
Preset = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Recipe and data of a shipped model, instead of DATA.",
        show_default=False,
        autocompletion=one_of(PRESETS),
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        help="Arithmetic, as Lightning names it; auto: bfloat16 on a GPU, float32 on a CPU."
    ),
]
Strategy = Annotated[
    str, typer.Option(help="How several devices share the work, as Lightning names it.")
]
Epochs = Annotated[int | None, typer.Option(min=1, help=EPOCHS, show_default=False)]


@dataclass(frozen=True)
class OwnData:
    """What to learn from a user's own table; a preset decides all of it."""

    smiles_column: SmilesColumn = ""
    separator: Separator = ""
    encoding: EncodingName = ""
    target_columns: Targets = None
    task: Annotated[str, typer.Option(metavar="KIND", help=KIND, autocompletion=one_of(TASKS))] = (
        "auto"
    )
    split: Annotated[
        str, typer.Option(metavar="SPLIT", help=PROTOCOL, autocompletion=one_of(SPLITS))
    ] = "random"
    split_column: Annotated[str, typer.Option(help=SPLIT_COLUMN, show_default=False)] = ""
    split_sizes: Annotated[str, typer.Option(metavar="SHARES", help=SIZES)] = "0.8,0.1,0.1"
    unit: Unit = ""
    init: Init = ""
    teacher: Annotated[bool, typer.Option("--teacher", help=TEACHER)] = False
    ensemble: Ensemble = None
    kernel: Kernel = None
    calibrate: Annotated[int, typer.Option(min=0, metavar="FOLDS", help=CALIBRATE)] = 0
    strict: Strict = False

    def request(self, source: Sequence[str], epochs: int | None, seed: int) -> "Request":
        """What to train on the table that comes first, for the targets named after it.

        Raises:
            typer.BadParameter: options contradict each other.
        """
        from graphormer.data.splits import sizes_of
        from graphormer.training.own import ENSEMBLE, Request
        from molxai.cli.options import layout_of

        _check_seed(seed, self.ensemble or ENSEMBLE)
        if self.split_column:
            _refuse_typed(("split_sizes",), "decided by --split-column")
        return Request(
            Path(source[0]),
            layout_of(self.smiles_column, separator=self.separator, encoding=self.encoding),
            [*(self.target_columns or []), *source[1:]],
            self.task,  # type: ignore[arg-type]
            self.split,
            self.split_column,
            usage(sizes_of, self.split_sizes),
            unit=self.unit,
            init=self.init,
            teacher=self.teacher,
            ensemble=self.ensemble,
            kernel=self.kernel,
            folds=self.calibrate,
            epochs=epochs,
            seed=seed,
            strict=self.strict,
        )


@dataclass(frozen=True)
class Hardware:
    """Where training runs."""

    device: Device = "auto"
    devices: Annotated[int, typer.Option(min=1, help="Devices of each machine.")] = 1
    nodes: Annotated[int, typer.Option("--num-nodes", min=1, help="Machines to train on.")] = 1
    strategy: Strategy = "auto"
    precision: Precision = "auto"

    def machine(self, quiet: bool) -> "Machine":
        """The machine, with a progress bar on a terminal.

        Raises:
            typer.BadParameter: there is no such device.
        """
        from graphormer.training.machine import Machine
        from molxai.explanation.explainer import chosen_device

        usage(chosen_device, self.device)
        bar = not quiet and sys.stderr.isatty()
        return Machine(self.device, self.devices, self.nodes, self.strategy, self.precision, bar)


@command
def train(
    own_data: OwnData,
    hardware: Hardware,
    source: Annotated[
        list[str] | None, typer.Argument(metavar="DATA [TARGET…]", help=TABLE, show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FOLDER", help=FOLDER, show_default=False),
    ] = None,
    preset: Preset = "",
    data: Data = None,
    epochs: Epochs = None,
    seed: Annotated[int | None, typer.Option(min=0, help=SEED, show_default=False)] = None,
    with_tuning: Annotated[bool, typer.Option("--tune/--no-tune", help=TUNE)] = True,
    quiet: Quiet = False,
) -> None:
    """Train a model on your own table, or repeat a shipped model.

    Every command takes the folder as -m FOLDER. If a run was stopped, the same command continues it
    where its last epoch ended.
    """
    folder = _folder(output, preset, source)
    machine = hardware.machine(quiet)
    _show_log(quiet)
    if preset:
        weights, card = _train_preset(preset, folder, data, epochs, seed, machine)
    else:
        request = own_data.request(source or [], epochs, seed or 0)
        weights, card = _train_own(request, folder, machine)
    _report(weights, card, folder, quiet)
    _tune(weights, with_tuning, data, hardware.device, quiet)


def _tune(weights: Path, is_wanted: bool, data: Path | None, device: str, quiet: bool) -> None:
    """Choose the strengths of lrp-tuned for the model; one of several processes does it."""
    from lightning.pytorch.utilities import rank_zero_only

    from molxai.cli.tuning import TUNED_ON, tune_model

    if is_wanted and not getattr(rank_zero_only, "rank", 0):
        tune_model(weights, TUNED_ON, data, device, quiet)


def _folder(output: Path | None, preset: str, source: Sequence[str] | None) -> Path:
    """The folder for the model, after a check of what is to be trained.

    Raises:
        typer.BadParameter: neither data nor a preset is named, or both; or no folder.
    """
    if bool(preset) == bool(source):
        raise typer.BadParameter("one of DATA and --preset is needed")
    if output is None:
        raise typer.BadParameter("a folder for the model is needed: -o FOLDER")
    if preset:
        _refuse_typed([field.name for field in fields(OwnData)], "decided by --preset")
    else:
        _refuse_typed(("data",), "for --preset only")
    return output


def _train_preset(
    name: str,
    folder: Path,
    data: Path | None,
    epochs: int | None,
    seed: int | None,
    machine: "Machine",
) -> "tuple[Path, Card]":
    from graphormer.training.presets import preset, train_preset

    _check_seed(seed or 0)
    usage(preset, name)
    return train_preset(name, folder, data, epochs, seed, machine)


def _train_own(request: "Request", folder: Path, machine: "Machine") -> "tuple[Path, Card]":
    from graphormer.training.own import train_own

    return train_own(request, folder, shlex.join(["molxai", *sys.argv[1:]]), machine)


def _report(weights: Path, card: "Card", folder: Path, quiet: bool) -> None:
    """Write the page of the training, and show its measures."""
    from lightning.pytorch.utilities import rank_zero_only

    from molxai.cli.model_tables import show_training
    from molxai.cli.terminal import console
    from molxai.pages.training import write_report

    if getattr(rank_zero_only, "rank", 0):
        return  # of several processes that trained together, only the first one prints
    page = write_report(card, folder)
    show_training(card, {"model": str(weights), "report": str(page)}, console(), notes=quiet)


def _check_seed(seed: int, members: int = 1) -> None:
    """Refuse a seed that NumPy does not take.

    Raises:
        typer.BadParameter: it is larger.
    """
    if seed + members - 1 > LARGEST_SEED:
        more = f", and one more for each of {members} members" if members > 1 else ""
        raise typer.BadParameter(f"seed {seed}: a number from 0 to 2**32-1 is needed{more}")


def _refuse_typed(names: Sequence[str], why: str) -> None:
    """Refuse options that would be ignored.

    Raises:
        typer.BadParameter: one of the options was typed.
    """
    options = typed_options(names)
    if options:
        raise typer.BadParameter(f"{option_names(options)}: {why}, leave it out")


def _show_log(quiet: bool) -> None:
    """Print what training logs."""
    import logging
    import warnings

    import lightning.pytorch  # noqa: F401  (it sets the level of its log when it is imported)

    from molxai.cli.printable import Formatter

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings(
        "ignore", module="lightning"
    )  # its warnings are for authors of training loops
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, handlers=[handler])


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
    epochs: Epochs = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random numbers in training.")] = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Pretrain weights on RDKit's descriptors of molecules, for 'molxai train --init FOLDER'."""
    from graphormer.training.pretrain import pretrain as pretrain_weights
    from molxai.cli.model_tables import show_training
    from molxai.cli.terminal import console

    machine = Hardware(device).machine(quiet)
    _check_seed(seed)
    _show_log(quiet)
    command_line = shlex.join(["molxai", *sys.argv[1:]])
    weights, card = pretrain_weights(
        sources, exclude or [], output, command_line, epochs, seed, machine
    )
    show_training(card, {"model": str(weights)}, console(), notes=quiet)
