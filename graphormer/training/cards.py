"""The card of a trained model: what it learnt, how, and how good it is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.evaluation.calibration import DIGITS, Calibration
from graphormer.evaluation.measures import Interval, intervals
from graphormer.network.card import Card, row_ranges
from graphormer.network.checkpoint import versions
from graphormer.network.ensemble import Model, kernel_of, networks
from graphormer.network.model import Config
from graphormer.training.problem import Origin, Problem
from graphormer.training.recipe import Recipe
from graphormer.training.scaling import Scaling


def trained_card(
    problem: Problem,
    config: Config,
    recipe: Recipe,
    model: Model,
    origin: Origin,
    scaling: Scaling,
    calibration: Calibration,
    metrics: dict[str, Any],
) -> Card:
    """The card of a model that was just trained.

    Args:
        problem: what it learnt.
        config: its architecture, with its temperature.
        recipe: how it was trained.
        model: that was trained.
        origin: where it comes from.
        scaling: of its targets.
        calibration: where its temperature comes from.
        metrics: its measures on each part.
    """
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    if config.task == "regression":
        mean = tuple(scaling.mean.tolist())
        deviation = tuple(scaling.deviation.tolist())
    kernel = kernel_of(model)
    return Card(
        problem.name,
        config,
        problem.train.vocabulary.name,
        problem.targets,
        problem.classes,
        unit=problem.unit,
        mean=mean,
        scale=deviation,
        members=len(networks(model)),
        kernel=0 if kernel is None else len(kernel.coefficients),
        training=_training(problem, recipe, origin, calibration),
        metrics=metrics,
        date=date.today().isoformat(),
        versions=versions(),
    )


def _training(
    problem: Problem, recipe: Recipe, origin: Origin, calibration: Calibration
) -> dict[str, Any]:
    """What repeats the training, in the order of the card."""
    data = problem.train
    source = {"source": problem.source} if problem.source else {}
    return {
        "preset": origin.preset,
        "data": data.name,
        "sha256": data.sha256,
        **source,
        "split": data.split,
        "rows": row_ranges(data.rows),
        "graphs": len(data),
        "recipe": recipe.to_dict(),
        # On another number of threads, sums are taken in another order.
        "threads": torch.get_num_threads(),
        "init": origin.init,
        "notes": list(problem.notes),
        "command": origin.command,
        "calibration": asdict(calibration),
    }


def part_measures(
    config: Config,
    outputs: Float[Tensor, "graphs outputs"],
    part: LabelledGraphs,
    targets: Sequence[str],
) -> dict[str, object]:
    """Measures on a part, each as value, low, high.

    If there are several targets, those of each target are under `targets`.
    """
    together, each_target = intervals(config.task, outputs / config.temperature, part.labels)
    measures: dict[str, object] = {
        "data": f"{part.name} {part.split}",
        "graphs": len(part),
        **_rounded(together),
    }
    if each_target:
        rounded_measures = [_rounded(target_measures) for target_measures in each_target]
        measures["targets"] = dict(zip(targets, rounded_measures, strict=True))
    return measures


def _rounded(measures: Mapping[str, Interval]) -> dict[str, list[float | None]]:
    """Measures as JSON has them: NaN is null."""
    return {
        name: [None if math.isnan(number) else round(number, DIGITS) for number in interval]
        for name, interval in measures.items()
    }
