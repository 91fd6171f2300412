"""`molxai benchmark accuracy`: the shipped recipe trained anew under a named split protocol.

A forest is trained on the same rows and judged beside.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.public import bace
from graphormer.data.splits import SPLITS
from graphormer.evaluation.forest import forest_outputs
from graphormer.evaluation.measures import quality
from graphormer.files import markdown_table
from graphormer.names import unknown
from graphormer.network.checkpoint import versions
from graphormer.network.ensemble import mean, shares
from graphormer.network.model import Config
from graphormer.network.prediction import predict_each
from graphormer.training.machine import Machine
from graphormer.training.presets import PRESETS
from graphormer.training.problem import Origin, Problem
from graphormer.training.recipe import Composition
from graphormer.training.run import train
from graphormer.training.start import trunk
from molxai.benchmarks.models import load_or_train

PROTOCOLS = {
    "deterministic": "scaffold",
    "chiral": "scaffold-chiral",
    "balanced": "balanced-scaffold",
    "random": "random",
}
"""The split of each protocol."""

RANDOM_PROTOCOLS = ("balanced", "random")
"""Protocols whose split a seed draws. Of all protocols, a seed draws the weights."""

OURS = "one network"
"""The kind of a row for one network of the recipe."""

TOGETHER = "its seeds together"
"""The kind of a row for the mean of several networks' logits."""

BESIDE = {
    OURS: "one network and the kernel machine",
    TOGETHER: "its seeds together and the kernel machine",
}
"""The kinds of rows for networks with the kernel machine of the same training set beside them.

Each has half of the output: no fold chooses a share here."""

FOREST = "random forest on count ECFP4"
"""The kind of a row for a forest."""

MEASURES = ("roc_auc", "pr_auc", "accuracy", "mcc", "brier")
"""The columns of the Markdown table."""

Report = Callable[[str], None]
Row = dict[str, Any]
Sets = dict[str, LabelledGraphs]
"""Training, validation and test set of one split: `train`, `valid`, `test`."""


class Outputs(NamedTuple):
    """What is said of a test set."""

    network: Float[Tensor, "test outputs"]
    """By a network alone."""
    both: Float[Tensor, "test outputs"]
    """By the network and the kernel machine beside it, half each."""


@dataclass(frozen=True)
class Trainer:
    """Where and how the models of a protocol are trained."""

    protocol: str
    folder: Path
    machine: Machine
    report: Report

    def outputs(self, sets: Sets, split: int, seed: int) -> Outputs:
        """What the network of that seed says of the test set, alone and with a kernel machine.

        It is trained unless it is there.

        Raises:
            ValueError: the folder holds a model of another recipe.
        """
        preset = PRESETS["bace"]
        recipe = replace(preset.recipe, seed=seed)
        place = self.folder / f"{self.protocol}-{split}" / f"seed-{seed}"

        def train_model() -> None:
            self.report(f"training into {place}")
            problem = Problem("bace", preset.targets, preset.classes, sets)
            start = _trunk(preset.init, preset.config) if preset.init else None
            origin = Origin("molxai benchmark accuracy", preset.init)
            train(
                problem,
                preset.config,
                recipe,
                place,
                origin,
                Composition(kernel=True),
                self.machine,
                start,
            )

        expected = {"recipe": recipe.to_dict()}
        weights = place / "bace.safetensors"
        network, card = load_or_train(weights, train_model, expected, preset.config)
        if not card.kernel:
            raise ValueError(
                f"{place} holds a model without a kernel machine, as molxai made it before: "
                "choose another folder"
            )
        by_component = predict_each(network, sets["test"].graphs)  # (components, test, outputs)
        return Outputs(by_component[0], mean(by_component, shares(network)))


def accuracy(
    protocol: str,
    seeds: Sequence[int],
    members: int,
    folder: Path,
    home: Path | None,
    machine: Machine,
    report: Report,
) -> dict[str, Any]:
    """Test measures of each seed's models, of the seeds' ensembles, and of forests.

    Args:
        protocol: an id of `PROTOCOLS`.
        seeds: of the random splits; and of the weights.
        members: models trained on each random split; on other splits there is one for each seed.
        folder: for the models; those that are there are used again.
        home: folder of the data sets.
        machine: where.
        report: told what is done.

    Raises:
        ValueError: no such protocol.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(unknown("protocol", protocol, PROTOCOLS))
    is_random = protocol in RANDOM_PROTOCOLS
    trainer = Trainer(protocol, folder, machine, report)
    rows: list[Row] = []
    for split in seeds if is_random else (0,):
        sets = _sets(home, PROTOCOLS[protocol], split, f", seed {split}" if is_random else "")
        weights = range(split, split + members) if is_random else seeds
        trees = (split,) if is_random else seeds
        split_rows = list(_rows(trainer, sets, split, weights, trees))
        rows += split_rows
        areas = ", ".join(f"{row['kind']} {row['roc_auc']:.3f}" for row in split_rows)
        report(f"{protocol}, split {split}: {areas}")
    return {
        "protocol": protocol,
        "seeds": list(seeds),
        "members": members,
        "rows": rows,
        "summary": _summary(rows),
        "versions": versions(),
    }


def _rows(
    trainer: Trainer, sets: Sets, split: int, weights: Sequence[int], trees: Sequence[int]
) -> Iterator[Row]:
    """The measures of the models, of their ensemble and of the forests on one split."""
    task = PRESETS["bace"].config.task
    labels = sets["test"].labels
    outputs = []
    for seed in weights:
        outputs.append(trainer.outputs(sets, split, seed))
        yield from _judged(OURS, split, seed, outputs[-1], labels)
    if len(outputs) > 1:
        together = Outputs(*(torch.stack(kind).mean(0) for kind in zip(*outputs, strict=True)))
        yield from _judged(TOGETHER, split, None, together, labels)
    for seed in trees:
        forest = _forest_outputs(sets, seed)
        yield _row(FOREST, split, seed) | quality(task, forest, labels)


def _judged(
    kind: str, split: int, seed: int | None, outputs: Outputs, labels: Float[Tensor, "test outputs"]
) -> Iterator[Row]:
    """The measures of networks alone, and with the kernel machine beside them."""
    task = PRESETS["bace"].config.task
    yield _row(kind, split, seed) | quality(task, outputs.network, labels)
    yield _row(BESIDE[kind], split, seed) | quality(task, outputs.both, labels)


def _row(kind: str, split: int, seed: int | None) -> Row:
    return {"kind": kind, "split": split, "seed": seed}


def _forest_outputs(sets: Sets, seed: int) -> Float[Tensor, "test outputs"]:
    train_set = sets["train"]
    config = PRESETS["bace"].config
    return forest_outputs(config, train_set.texts, train_set.labels, sets["test"].texts, seed)


@cache
def _trunk(init: str, config: Config) -> dict[str, Tensor]:
    return trunk(init, config)


def _sets(home: Path | None, split: str, seed: int, suffix: str) -> Sets:
    whole = bace(home, split, "all")  # its rows are counted from 0, as the split's are
    rows = SPLITS[split](whole.texts, seed)
    return {
        name: whole.part(getattr(rows, name), f"{split} {name}{suffix}")
        for name in ("train", "valid", "test")
    }


def _summary(rows: Sequence[Row]) -> dict[str, dict[str, tuple[float, float, int]]]:
    """Mean, standard deviation and count of each measure, for each kind of model."""
    measures = [name for name in rows[0] if name not in ("kind", "split", "seed")]
    kinds = dict.fromkeys(row["kind"] for row in rows)
    summary = {}
    for kind in kinds:
        of_kind = [row for row in rows if row["kind"] == kind]
        summary[kind] = {name: _spread([row[name] for row in of_kind]) for name in measures}
    return summary


def _spread(numbers: Sequence[float]) -> tuple[float, float, int]:
    """Mean, standard deviation and count."""
    values = np.array(numbers)
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return float(values.mean()), deviation, len(values)


def markdown(result: dict[str, Any]) -> str:
    """The summary as a table: mean ± standard deviation."""
    protocol = result["protocol"]
    about = f"BACE, {protocol} ({PROTOCOLS[protocol]}), test part; mean ± standard deviation"
    rows = []
    for kind, values in result["summary"].items():
        runs = values["roc_auc"][2]
        rows.append([kind, str(runs), *(_cell(*values[name]) for name in MEASURES)])
    return "\n".join([about, "", markdown_table(["model", "runs", *MEASURES], rows)])


def _cell(mean: float, deviation: float, count: int) -> str:
    return f"{mean:.3f} ± {deviation:.3f}" if count > 1 else f"{mean:.3f}"
