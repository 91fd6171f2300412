"""A training run from labelled parts to a folder with a model: standardise, fit each member, fold back, judge, write down."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.evaluation.fingerprints import bits_beside, ecfp_bits, write_bits
from graphormer.evaluation.measures import DIVERGED, Interval, intervals
from graphormer.files import write_table
from graphormer.network.card import Card, row_ranges
from graphormer.network.checkpoint import load, save, versions
from graphormer.network.ensemble import Ensemble, Model, networks
from graphormer.network.model import Config, Graphormer, Task
from graphormer.network.prediction import predict
from graphormer.pretraining.distillation import distil
from graphormer.training.fit import fit
from graphormer.training.history import Course
from graphormer.training.machine import MACHINE, Machine
from graphormer.training.recipe import Recipe

logger = logging.getLogger(__name__)

SPLIT = "split.csv"
"""In a model's folder: every molecule that was used, or the row of every picture, its labels and its part."""

PREDICTIONS = "predictions.csv"
"""In a model's folder: what it says of the valid and test parts."""


@dataclass(frozen=True)
class Problem:
    """What is to be learnt, and from what."""

    name: str
    targets: tuple[str, ...]
    classes: tuple[str, ...]
    parts: Mapping[str, LabelledGraphs]
    """train, and valid and test where there are any."""
    unit: str = "logit"
    notes: tuple[str, ...] = ()
    """What became of the rows, for the card."""
    source: str = ""
    """Place of a file of pictures: a molecule is its SMILES, but pictures must be found again."""


@dataclass(frozen=True)
class Origin:
    """Where a model comes from, for its card."""

    command: str
    """That repeats the training."""
    init: str = ""
    """Model whose weights, but for the head, training began with."""
    preset: str = ""
    """Whose recipe it is."""


def train(
    problem: Problem,
    config: Config,
    recipe: Recipe,
    folder: Path,
    origin: Origin,
    members: int = 1,
    machine: Machine = MACHINE,
    start: Mapping[str, Tensor] | None = None,
) -> tuple[Path, Card]:
    """Train into `folder`, going on from an interrupted run there; returns the weights file and its card.

    Args:
        problem: labelled parts.
        config: architecture.
        recipe: how; member k of an ensemble has the seed `recipe.seed + k`.
        folder: for the model and for the checkpoint of every epoch.
        origin: for the card.
        members: of the ensemble; 1 is a single model.
        machine: where.
        start: weights to begin with, by name.

    Raises:
        ValueError: the train part has labels of one class only, the folder holds an unfinished run with other settings,
            or the training diverged: nothing is saved.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            f"{folder} is a file: a folder is needed for the model and its checkpoints"
        )
    _check_folder(folder, members)
    _check_labels(problem, config)
    model, scaling = _members(problem, config, recipe, folder, members, machine, start or {})
    if wild := [name for name, value in model.state_dict().items() if not value.isfinite().all()]:
        raise ValueError(
            f"{len(wild)} of the model's weights, like {wild[0]}, are not finite: {DIVERGED}"
        )
    kept = {name: part for name, part in problem.parts.items() if name != "train" and len(part)}
    said = {name: predict(model, part.graphs) for name, part in kept.items()}
    metrics = {
        name: judged(config.task, said[name], part, problem.targets) for name, part in kept.items()
    }
    card = _card(problem, config, recipe, members, origin, scaling, metrics)
    weights = save(model, card, folder)
    write_predictions(card, kept, said, folder / PREDICTIONS)
    texts = problem.parts["train"].texts
    if texts or problem.source:
        write_split(problem, folder / SPLIT)
    if texts:
        write_bits(ecfp_bits(texts), bits_beside(weights))
    return weights, card


Scaling = tuple[Float[Tensor, " outputs"], Float[Tensor, " outputs"]]
"""Mean and standard deviation of the targets."""


def _members(
    problem: Problem,
    config: Config,
    recipe: Recipe,
    folder: Path,
    members: int,
    machine: Machine,
    start: Mapping[str, Tensor],
) -> tuple[Model, Scaling]:
    """The model, or the ensemble, with its head in the targets' own unit."""
    data, valid = problem.parts["train"], problem.parts.get("valid")
    scaling = moments(config, data.labels)
    begun = dict(start) | base_value(config, data.labels)
    made = []
    for member in range(members):
        place = folder if members == 1 else folder / f"member-{member}"
        if members > 1:
            logger.info("member %d of %d", member + 1, members)
        own = replace(recipe, seed=recipe.seed + member)
        lesson = standardised(data, *scaling)
        if own.recombined:
            lesson = distil(config, lesson, own.recombined, own.seed)
        followed = standardised(valid, *scaling) if valid and len(valid) else None
        course = _course(problem, config, scaling, own.epochs * (members - member - 1))
        made.append(
            rescaled(fit(config, own, lesson, place, machine, begun, followed, course), *scaling)
        )
    return (Ensemble(made) if members > 1 else made[0]), scaling


def _course(problem: Problem, config: Config, scaling: Scaling, later: int) -> Course:
    """In what unit errors are told, and how many epochs follow."""
    if config.task != "regression":
        return Course(later=later)
    unit = f"units of {problem.unit}" if problem.unit in problem.targets else problem.unit
    return Course(tuple(scaling[1].tolist()), " ".join(unit.split()), later)


def _card(
    problem: Problem,
    config: Config,
    recipe: Recipe,
    members: int,
    origin: Origin,
    scaling: Scaling,
    metrics: dict[str, Any],
) -> Card:
    data, regression = problem.parts["train"], config.task == "regression"
    mean, scale = (tuple(one.tolist()) if regression else () for one in scaling)
    training: dict[str, Any] = {
        "preset": origin.preset,
        "data": data.name,
        "sha256": data.sha256,
        **({"source": problem.source} if problem.source else {}),
        "split": data.split,
        "rows": row_ranges(data.rows),
        "graphs": len(data),
        "recipe": recipe.to_dict(),
        "threads": torch.get_num_threads(),  # sums are taken in another order on another number of them
        "init": origin.init,
        "notes": list(problem.notes),
        "command": origin.command,
    }
    return Card(
        problem.name,
        config,
        data.vocabulary.name,
        problem.targets,
        problem.classes,
        unit=problem.unit,
        mean=mean,
        scale=scale,
        members=members,
        training=training,
        metrics=metrics,
        date=date.today().isoformat(),
        versions=versions(),
    )


def judged(
    task: Task,
    outputs: Float[Tensor, "graphs outputs"],
    part: LabelledGraphs,
    targets: Sequence[str],
) -> dict[str, object]:
    """Measures with intervals on a part, for the card: value, low, high; under `targets` those of each where there are several."""
    together, each = intervals(task, outputs, part.labels)
    own = {"targets": dict(zip(targets, map(_rounded, each), strict=True))} if each else {}
    return {"data": f"{part.name} {part.split}", "graphs": len(part), **_rounded(together), **own}


def _rounded(measures: Mapping[str, Interval]) -> dict[str, list[float | None]]:
    return {
        name: [None if math.isnan(x) else round(x, 5) for x in values]
        for name, values in measures.items()
    }


def moments(
    config: Config, labels: Tensor
) -> tuple[Float[Tensor, " outputs"], Float[Tensor, " outputs"]]:
    """Mean and standard deviation of a regression's targets; 0 and 1 for other tasks."""
    if config.task != "regression":
        return torch.zeros(config.outputs), torch.ones(config.outputs)
    values = labels.double().numpy()
    mean = (
        np.nanmean(values, 0) if config.output_bias else np.zeros(config.outputs)
    )  # without a bias there is no base value
    return torch.tensor(mean, dtype=torch.float32), torch.tensor(
        np.nanstd(values, 0), dtype=torch.float32
    )


def standardised(
    part: LabelledGraphs, mean: Float[Tensor, " outputs"], scale: Float[Tensor, " outputs"]
) -> LabelledGraphs:
    """The part with a regression's labels in standard deviations from their mean."""
    return replace(part, labels=(part.labels - mean) / scale) if part.labels.ndim == 2 else part


def rescaled(
    model: Graphormer, mean: Float[Tensor, " outputs"], scale: Float[Tensor, " outputs"]
) -> Graphormer:
    """The model with its head in the target's own unit: w → w · scale, b → b · scale + mean."""
    with torch.no_grad():
        model.head.weight *= scale[:, None]
        if model.head.bias is not None:
            model.head.bias.copy_(model.head.bias * scale + mean)
    return model


def base_value(config: Config, labels: Tensor) -> dict[str, Tensor]:
    """The output bias to begin with, where the head has one: what to say of a graph before seeing it.

    A class's log-odds among the labels, so that rare classes need no weights and probabilities stay calibrated.
    """
    if not (config.output_bias or config.bias) or config.task == "regression":
        return {}
    if config.task == "multiclass":
        share = torch.bincount(labels, minlength=config.outputs).float() + 1.0
        return {"head.bias": (share / share.sum()).log()}
    known = ~labels.isnan()
    positive = (labels.nan_to_num() * known).sum(0)
    return {"head.bias": ((positive + 1) / (known.sum(0) - positive + 1)).log().float()}


def trunk(model: str | Path, config: Config) -> dict[str, Tensor]:
    """The weights of a model but for its head, to begin another one with.

    Raises:
        ValueError: it is an ensemble, or of another architecture.
    """
    network, card = load(model)
    sizes = ("width", "heads", "layers", "feedforward", "activation", "norm", "bias")
    differing = [name for name in sizes if getattr(card.config, name) != getattr(config, name)]
    if differing or len(networks(network)) > 1:
        what = f"another {', '.join(differing)}" if differing else "several members"
        raise ValueError(
            f"the model {card.name!r} has {what}: one model of the same architecture is needed to begin with"
        )
    return {
        name: value for name, value in network.state_dict().items() if not name.startswith("head.")
    }


def _check_folder(folder: Path, members: int) -> None:
    """A single model's files and an ensemble's, or those of more members, would be taken for one run."""
    single, several = (folder / "run.json").exists(), len(list(folder.glob("member-*/run.json")))
    if (single and members > 1) or several > (members if members > 1 else 0):
        found = f"an ensemble of {several}" if several else "a single model"
        wanted = f"{members} members" if members > 1 else "one model"
        raise ValueError(
            f"{folder} holds a run of {found}, {wanted} are asked for: repeat that run's command, or choose another folder"
        )


def _check_labels(problem: Problem, config: Config) -> None:
    labels = problem.parts["train"].labels
    if config.task == "multiclass":
        missing = [
            problem.classes[i] for i in range(config.outputs) if not int((labels == i).sum())
        ]
        if len(missing) == config.outputs - 1 or not len(labels):
            raise ValueError("the train part has one class only: choose another split or seed")
        return
    for name, column in zip(problem.targets, labels.T, strict=True):
        if len(column[~column.isnan()].unique()) < 2:
            raise ValueError(
                f"the train part has one value of {name!r} only: choose another split or seed"
            )


def write_split(problem: Problem, path: Path) -> None:
    """Every molecule that was used, with its labels and its part: what `--split-column split` reads again; of pictures the rows."""
    rows = [
        [
            *data.texts[place : place + 1],
            *(_cell(problem, float(x)) for x in data.labels[place].reshape(-1)),
            part,
            row,
        ]
        for part, data in problem.parts.items()
        for place, row in enumerate(data.rows)
    ]
    molecules = ["smiles"] if problem.parts["train"].texts else []
    write_table(path, [*molecules, *problem.targets, "split", "row"], rows)


def write_predictions(
    card: Card,
    parts: Mapping[str, LabelledGraphs],
    said: Mapping[str, Float[Tensor, "graphs outputs"]],
    path: Path,
) -> None:
    """A line for each labelled target of each graph: label, prediction, and a classifier's probability.

    The probability is the second class's where there are two, the predicted one's where there are more.
    """
    lines = []
    for part, data in parts.items():
        labels = data.labels if data.labels.ndim == 2 else data.labels[:, None]
        for row, outputs, known in zip(data.rows, said[part], labels.tolist(), strict=True):
            for column, (name, label) in enumerate(zip(card.targets, known, strict=True)):
                if not math.isnan(label):
                    lines.append([part, row, name, *_predicted(card, outputs, column, label)])
    write_table(path, ["split", "row", "target", "label", "predicted", "probability"], lines)


def _predicted(
    card: Card, outputs: Float[Tensor, " outputs"], column: int, label: float
) -> tuple[str, str, str]:
    """Label, prediction and probability as text."""
    if card.config.task == "regression":
        return f"{label:.7g}", f"{float(outputs[column]):.7g}", ""
    if card.config.task == "binary":
        share = float(outputs[column].double().sigmoid())
        return card.classes[int(label)], card.classes[int(share > 0.5)], f"{share:.6f}"
    shares = outputs.double().softmax(0)
    best = int(shares.argmax())
    return card.classes[int(label)], card.classes[best], f"{float(shares[best]):.6f}"


def _cell(problem: Problem, label: float) -> str:
    if math.isnan(label):
        return ""
    return problem.classes[int(label)] if problem.classes else f"{label:.7g}"
