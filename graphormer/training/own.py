"""Training on a user's own data: from a request to a folder that every command takes as a model."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graphormer.data.collection import Collection
from graphormer.data.labelled import LabelledGraphs
from graphormer.data.labelled_pictures import collect_pictures
from graphormer.data.labelled_tables import collect
from graphormer.data.splits import FRACTIONS, Sizes
from graphormer.files import real_path
from graphormer.network.card import Card
from graphormer.network.model import Config, Task
from graphormer.pretraining.distillation import REPEATS
from graphormer.readers.tables import AS_FOUND, Layout
from graphormer.training.kernel import takes_kernel
from graphormer.training.machine import MACHINE, Machine
from graphormer.training.presets import MOLECULE, PRESETS
from graphormer.training.problem import Origin, Problem
from graphormer.training.recipe import Composition, Recipe
from graphormer.training.run import train
from graphormer.training.start import trunk
from graphormer.training.tables import LEFT_OUT, refuse_overwriting, write_left_out

logger = logging.getLogger(__name__)

WORK = {"binary": 20_000, "multiclass": 20_000, "regression": 90_000}
"""Graphs that a training sees, over all epochs.

Classes are soon learnt by heart: on folds of BACE 15 epochs were better than 8 and than 30
(docs/models.md), on HIV the valid ROC-AUC is best after 5 epochs of 4000 graphs. Values are not:
ESOL's valid error falls for 20 epochs and stays.
"""

EPOCHS = (5, 60)
"""Fewest and most epochs of a training."""

EPOCHS_WITH_TEACHER = (3, 8)
"""Fewest and most epochs of a training with a teacher, each of which repeats the molecules."""

RECOMBINED = PRESETS["bace"].recipe.recombined
"""Recombined molecules for each molecule of the training set, if a forest teaches."""

ENVIRONMENT_DROP_OF_VALUES = 0.6
"""Share of the environments dropped in each step of a training for values (docs/models.md)."""

KERNEL_FOLDS = 3
"""Folds on which the share of a kernel machine is chosen, if nobody asked for more."""

ENSEMBLE = 5
"""Most models of an ensemble whose number the user leaves open."""

ENSEMBLE_WORK = 300_000
"""Graphs that the trainings of such an ensemble see at most, so that they end in minutes."""


@dataclass(frozen=True)
class Request:
    """What the user asks for."""

    source: Path
    layout: Layout = AS_FOUND
    """How the table is laid out."""
    target_columns: Sequence[str] = ()
    task: str = "auto"
    split: str = "random"
    split_column: str = ""
    split_sizes: Sizes = FRACTIONS
    unit: str = ""
    init: str = ""
    """A model whose weights, except the head's, training begins with."""
    teacher: bool = False
    """Whether a forest on fingerprints teaches: see `graphormer.pretraining.distillation`."""
    ensemble: int | None = None
    """Networks to average; None: as many as the table needs, see `own_composition`."""
    kernel: bool | None = None
    """Whether a kernel machine stands beside the networks; None: where it can, see `own_kernel`."""
    folds: int = 0
    """Folds for a classifier's temperature: see `Recipe.folds`."""
    epochs: int | None = None
    seed: int = 0
    strict: bool = False

    @property
    def is_pictures(self) -> bool:
        """Whether the source holds pictures, not molecules."""
        return self.source.suffix.lower() == ".npz"


def train_own(
    request: Request, folder: Path, command: str, machine: Machine = MACHINE
) -> tuple[Path, Card]:
    """Train on a table of molecules or an .npz of pictures; returns the weights file and its card.

    Nothing is written before the data have been read and checked.

    Args:
        request: what to learn, from what and how.
        folder: for the model; an interrupted run there goes on.
        command: that repeats the training, for the card.
        machine: where to train.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the data do not fit the request; they would be overwritten; or the folder holds
            an unfinished run with other settings.
    """
    refuse_overwriting([request.source], folder)
    collection = _collection(request)
    facts = _facts(collection, request.unit)
    for fact in facts:
        logger.info("%s", fact)
    parts = _parts(collection, request)
    problem = _problem(collection, request, parts, facts)
    config = own_config(collection, request.is_pictures)
    if request.folds and config.task == "regression":
        raise ValueError("a temperature is for classes, and values have none: leave it out")
    recipe = own_recipe(len(problem.train), config.task, request)
    composition = own_composition(len(problem.train), config.task, recipe, request)
    start = trunk(request.init, config) if request.init else None
    origin = Origin(command, request.init)
    weights, card = train(problem, config, recipe, folder, origin, composition, machine, start)
    if collection.skipped:
        write_left_out(collection.skipped, folder / LEFT_OUT)
    return weights, card


def _collection(request: Request) -> Collection:
    """The source's labelled graphs."""
    if not request.is_pictures:
        return collect(
            request.source,
            request.layout,
            request.target_columns,
            request.task,
            request.split_column,
            request.strict,
        )
    if request.layout != AS_FOUND or request.target_columns or request.split_column:
        raise ValueError(
            f"{request.source} has no columns: leave -s, the targets and --split-column out"
        )
    return collect_pictures(request.source, request.task, request.strict)


def _facts(collection: Collection, unit: str) -> list[str]:
    """What the source holds, with the unit of a regression's values."""
    task, *facts = collection.summary
    if unit and not collection.targets.classes:
        task = f"{task} (values in {unit})"
    return [task, *facts]


def _parts(collection: Collection, request: Request) -> dict[str, LabelledGraphs]:
    """The parts that hold graphs."""
    split = collection.split(request.split, request.seed, request.split_sizes)
    parts = {name: part for name, part in split.items() if len(part)}
    logger.info("split %s", ", ".join(f"{name} {len(part)}" for name, part in parts.items()))
    return parts


def _problem(
    collection: Collection,
    request: Request,
    parts: dict[str, LabelledGraphs],
    facts: Sequence[str],
) -> Problem:
    targets = collection.targets
    return Problem(
        model_name(request.source),
        targets.names,
        targets.classes,
        parts,
        _unit(collection, request.unit),
        tuple(facts),
        str(real_path(request.source)) if request.is_pictures else "",
    )


def _unit(collection: Collection, unit: str) -> str:
    """The unit of what the model predicts; a value without one is in units of its target."""
    if collection.targets.classes:
        return "logit"
    if unit:
        return unit
    names = collection.targets.names
    return names[0] if len(names) == 1 else "target units"


def own_config(collection: Collection, is_pictures: bool) -> Config:
    """The shipped models' architecture for the task.

    It has an output bias: the prediction for a graph of which nothing is known.
    """
    config = PRESETS["mnist"].config if is_pictures else MOLECULE
    targets = collection.targets
    return replace(config, task=targets.task, outputs=targets.outputs, output_bias=True)


def own_recipe(graphs: int, task: Task, request: Request) -> Recipe:
    """The shipped models' recipe with as many epochs as make `WORK` graphs, within bounds.

    The number is fixed before training, as `fit` explains. Values are learnt with more of the
    environments dropped than classes. A kernel machine needs folds, on which its share is chosen.
    """
    preset = PRESETS["mnist" if request.is_pictures else "bace"]
    learns_values = request.is_pictures or request.teacher or task == "regression"
    work = WORK["regression" if learns_values else task]  # a teacher's votes are values
    fewest, most = EPOCHS_WITH_TEACHER if request.teacher else EPOCHS
    epochs = max(fewest, min(most, round(work / (_repeats(request) * graphs))))
    recipe = replace(
        preset.recipe,
        epochs=request.epochs or epochs,
        seed=request.seed,
        recombined=RECOMBINED if request.teacher else 0.0,
        folds=request.folds or KERNEL_FOLDS * own_kernel(graphs, task, request),
    )
    if task == "regression" and not request.is_pictures:
        recipe = replace(recipe, environment_drop=ENVIRONMENT_DROP_OF_VALUES)
    return recipe


def own_composition(graphs: int, task: Task, recipe: Recipe, request: Request) -> Composition:
    """Of what the model consists: as many networks as were asked for.

    Otherwise one of pictures, and one beside a kernel machine, which gains nearly as much as four
    more networks do (docs/models.md). Without one up to `ENSEMBLE` of molecules, as many as see
    `ENSEMBLE_WORK` graphs together.
    """
    graphs_of_one = recipe.epochs * _repeats(request) * graphs
    alone = max(1, min(ENSEMBLE, int(ENSEMBLE_WORK / graphs_of_one)))
    if request.is_pictures:
        alone = 1
    kernel = own_kernel(graphs, task, request)
    chosen = request.ensemble
    return Composition(chosen or (1 if kernel else alone), kernel, chosen or alone)


def own_kernel(graphs: int, task: Task, request: Request) -> bool:
    """Whether a kernel machine stands beside the networks: as was asked, or where it can."""
    if request.kernel is not None:
        return request.kernel
    return not request.is_pictures and takes_kernel(task, graphs)


def _repeats(request: Request) -> float:
    """Graphs of an epoch for each graph of the training set."""
    return REPEATS + RECOMBINED if request.teacher else 1.0


def model_name(path: Path) -> str:
    """A model's name from a file's: letters, digits, '.', '_' and '-'.

    Its card must not be `run.json`, which is the training's.
    """
    name = re.sub(r"[^\w.-]+", "-", path.stem).strip("-.") or "model"
    if name.lower() == "run":
        return f"{name}-model"
    return name
