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
from graphormer.files import digest, real_path, write_table
from graphormer.network.card import Card
from graphormer.network.model import Config, Task
from graphormer.pretraining.distillation import REPEATS
from graphormer.readers.tables import AS_FOUND, Layout
from graphormer.training.history import HISTORY
from graphormer.training.machine import MACHINE, Machine
from graphormer.training.presets import MOLECULE, PRESETS
from graphormer.training.recipe import Recipe
from graphormer.training.run import PREDICTIONS, SPLIT, Origin, Problem, train, trunk

logger = logging.getLogger(__name__)

WORK = {"binary": 20_000, "multiclass": 20_000, "regression": 90_000}
"""Graphs that a training sees, over all epochs. Classes are soon learnt by heart: on folds of BACE 15 epochs were better
than 8 and than 30 (docs/models.md), on HIV the valid ROC-AUC is best after 5 epochs of 4000 graphs. Values are not: ESOL's
valid error falls for 20 epochs and stays."""

FEWEST_EPOCHS, MOST_EPOCHS = 5, 60

TAUGHT = PRESETS["bace"].recipe.recombined
"""Recombined molecules for each one of the train part, where a forest teaches."""

LEFT_OUT = "skipped.csv"
"""In a model's folder: the rows that were not used, and why."""

WRITTEN = (SPLIT, PREDICTIONS, HISTORY, LEFT_OUT)
"""Tables in a model's folder."""


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
    """A model whose weights, but for the head, training begins with."""
    teacher: bool = False
    """Whether a forest on fingerprints teaches: see `graphormer.pretraining.distillation`."""
    ensemble: int = 1
    epochs: int | None = None
    seed: int = 0
    strict: bool = False


def train_own(
    request: Request, folder: Path, command: str, machine: Machine = MACHINE
) -> tuple[Path, Card]:
    """Train on a table of molecules or an .npz of pictures; returns the weights file and its card.

    Nothing is written before the data have been read and found fit.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the data do not fit the request; they would be overwritten; or the folder holds an unfinished run
            with other settings.
    """
    _spare([request.source], folder)
    pictures = request.source.suffix.lower() == ".npz"
    if pictures and (request.layout != AS_FOUND or request.target_columns or request.split_column):
        raise ValueError(
            f"{request.source} has no columns: leave -s, the targets and --split-column out"
        )
    if pictures:
        found = collect_pictures(request.source, request.task, request.strict)
    else:
        names = (
            request.layout,
            request.target_columns,
            request.task,
            request.split_column,
            request.strict,
        )
        found = collect(request.source, *names)
    facts = _facts(found, request.unit)
    for line in facts:
        logger.info("%s", line)
    parts = {
        name: part
        for name, part in found.split(request.split, request.seed, request.split_sizes).items()
        if len(part)
    }
    logger.info("split %s", ", ".join(f"{name} {len(part)}" for name, part in parts.items()))
    goals = found.targets
    unit = (
        "logit"
        if goals.classes
        else request.unit or (goals.names[0] if len(goals.names) == 1 else "target units")
    )
    source = str(real_path(request.source)) if pictures else ""
    problem = Problem(
        _name(request.source), goals.names, goals.classes, parts, unit, tuple(facts), source
    )
    config = own_config(found, pictures)
    recipe = own_recipe(len(parts["train"]), config.task, pictures, request)
    start = trunk(request.init, config) if request.init else None
    weights, card = train(
        problem,
        config,
        recipe,
        folder,
        Origin(command, request.init),
        request.ensemble,
        machine,
        start,
    )
    if found.skipped:
        write_table(
            folder / LEFT_OUT,
            ["row", "input", "reason"],
            [(one.row, one.text, one.reason) for one in found.skipped],
        )
    return weights, card


def _facts(found: Collection, unit: str) -> list[str]:
    """What was found, with the unit of a regression's values."""
    task, *others = found.summary
    values = f" (values in {unit})" if unit and not found.targets.classes else ""
    return [f"{task}{values}", *others]


def own_config(found: Collection, pictures: bool) -> Config:
    """The shipped models' architecture for the task, with an output bias: the value of a graph of which nothing is known."""
    like = PRESETS["mnist"].config if pictures else MOLECULE
    return replace(like, task=found.targets.task, outputs=found.targets.outputs, output_bias=True)


def own_recipe(graphs: int, task: Task, pictures: bool, request: Request) -> Recipe:
    """The shipped models' recipe with as many epochs as make `WORK` graphs, within bounds; fixed, as `fit` explains."""
    like = PRESETS["mnist" if pictures else "bace"].recipe
    work = WORK["regression" if pictures or request.teacher else task]
    each, fewest, most = (
        (REPEATS + TAUGHT, 3, 8) if request.teacher else (1, FEWEST_EPOCHS, MOST_EPOCHS)
    )
    epochs = request.epochs or max(fewest, min(most, round(work / (each * graphs))))
    return replace(
        like, epochs=epochs, seed=request.seed, recombined=TAUGHT if request.teacher else 0.0
    )


def _name(path: Path) -> str:
    """A model's name from a file's: letters, digits, '.', '_' and '-'; its card must not be `run.json`, which is the training's."""
    name = re.sub(r"[^\w.-]+", "-", path.stem).strip("-.") or "model"
    return f"{name}-model" if name.lower() == "run" else name


def _spare(sources: Sequence[Path], folder: Path) -> None:
    """Refuse to write a table of the model over one that it is to learn from."""
    for source in sources:
        if source.name.lower() in WRITTEN and real_path(source).parent == real_path(folder):
            raise ValueError(
                f"{source} would be overwritten by the model's own {source.name.lower()}: choose another folder, or rename it"
            )


TRUNK = Recipe(
    epochs=12,
    batch_size=64,
    learning_rate=2e-3,
    structure_rate=20.0,
    environment_drop=0.3,
    averaging=0.999,
)
"""How the shipped trunk is pretrained."""

HELD_OUT = 50
"""One molecule in so many is kept out of pretraining, to see how well descriptors are learnt."""


def pretrain(
    sources: Sequence[Path],
    exclude: Sequence[Path],
    folder: Path,
    command: str,
    epochs: int | None = None,
    seed: int = 0,
    machine: Machine = MACHINE,
) -> tuple[Path, Card]:
    """Train a trunk on the descriptors of the molecules in some tables, but for those that tables of `exclude` hold.

    Raises:
        FileNotFoundError: a table is missing.
        ValueError: a table cannot be read or would be overwritten, or nothing is left.
    """
    from graphormer.pretraining.corpus import descriptor_graphs, skeletons

    _spare([*sources, *exclude], folder)
    data, census = descriptor_graphs(sources, skeletons(exclude))
    logger.info("%s", census)
    rows = range(len(data))
    parts: dict[str, LabelledGraphs] = {
        "train": data.part([row for row in rows if (row + 1) % HELD_OUT], "train"),
        "valid": data.part([row for row in rows if not (row + 1) % HELD_OUT], "valid"),
    }
    facts = f"{census.rows} rows; {census.unreadable} unreadable or too large, {census.repeated} repeated, {census.excluded} excluded"
    kept_out = (f"no molecule of {one.name}, sha256 {digest(one)}" for one in exclude)
    problem = Problem(
        "descriptor-pretrained", census.names, (), parts, "standard deviations", (facts, *kept_out)
    )
    config = replace(MOLECULE, task="regression", outputs=len(census.names), dropout=0.0)
    recipe = replace(TRUNK, epochs=epochs or TRUNK.epochs, seed=seed)
    return train(problem, config, recipe, folder, Origin(command), machine=machine)
