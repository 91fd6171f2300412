"""`molxai benchmark cliffs`: models and maps on activity cliffs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from molxai.cli.benchmark import known_device
from molxai.cli.completion import METHODS, several_of
from molxai.cli.options import Device, Quiet, SmilesColumn, known_methods, usage
from molxai.cli.parameters import command
from molxai.cli.studies import log_training, reporter
from molxai.cli.training import TEACHER, Epochs, Init

if TYPE_CHECKING:
    from molxai.benchmarks.cliff_data import Columns
    from molxai.benchmarks.cliff_models import Learning

FILES = "Tables of molecules with values in log10 units, a split, and marks of cliffs."
FOLDER = "Folder for models and tables; an interrupted run there is continued."
TARGET = "Column of the values, in log10 units."
SPLIT = "Column that says train or test."
MEMBERS = "Train this many networks for each seed and average them."
KERNEL = "Whether a kernel machine stands beside the networks, as 'molxai train' has it."
MAPS = "Whether maps are judged, on pairs of molecules whose search takes long."
CLIFF = "Column that says 1 for a molecule that is part of an activity cliff."


@dataclass(frozen=True)
class Cliffs:
    """The columns of the tables, and how models learn them."""

    smiles_column: SmilesColumn = ""
    target_columns: Annotated[str, typer.Option(help=TARGET)] = "y"
    split_column: Annotated[str, typer.Option(help=SPLIT)] = "split"
    cliff_column: Annotated[str, typer.Option(help=CLIFF)] = "cliff_mol"
    init: Init = ""
    teacher: Annotated[bool, typer.Option("--teacher", help=TEACHER)] = False
    ensemble: Annotated[int, typer.Option(min=1, max=100, help=MEMBERS)] = 1
    kernel: Annotated[bool, typer.Option(help=KERNEL)] = True
    epochs: Epochs = None

    def columns(self) -> "Columns":
        """The columns of the tables."""
        from molxai.benchmarks.cliff_data import Columns

        return Columns(
            self.smiles_column, self.target_columns, self.split_column, self.cliff_column
        )

    def learning(self) -> "Learning":
        """How models learn."""
        from molxai.benchmarks.cliff_models import Learning

        return Learning(self.epochs, self.init, self.teacher, self.ensemble, self.kernel)


@command
def benchmark_cliffs(
    setting: Cliffs,
    files: Annotated[list[Path], typer.Argument(metavar="TABLE…", help=FILES, show_default=False)],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help=FOLDER, show_default=False)
    ],
    methods: Annotated[
        str,
        typer.Option(
            help="Ids with commas between them. [default: lrp and its peers, without slow ones]",
            show_default=False,
            autocompletion=several_of(METHODS),
        ),
    ] = "",
    maps: Annotated[bool, typer.Option(help=MAPS)] = True,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 5,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Judge models and maps on activity cliffs, where one change moves a value tenfold.

    Writes errors on all test molecules and on cliffs beside a random forest and an SVM, and how
    often each method's map has the right direction. An interrupted run continues.
    """
    from molxai.benchmarks import cliffs
    from molxai.benchmarks.cliff_tables import write

    names = _names(methods, maps)
    learning = setting.learning()
    numbers = range(0, seeds * learning.ensemble, learning.ensemble)  # ensembles share no member
    usage(known_device, device)
    log_training(quiet=True)
    report = reporter(quiet)
    columns = setting.columns()
    outcomes = cliffs.cliffs(files, output, names, numbers, columns, learning, device, report)
    print(write(outcomes, output))


def _names(methods: str, maps: bool) -> Sequence[str] | None:
    """The methods whose maps are judged; None if none are.

    Raises:
        typer.BadParameter: methods are named, and no map is judged.
    """
    from molxai.benchmarks.cliffs import METHODS as USUAL

    if methods and not maps:
        raise typer.BadParameter("--no-maps judges no map: leave --methods out")
    if not maps:
        return None
    return known_methods(methods) if methods else USUAL
