"""`molxai benchmark accuracy`: the shipped recipe trained anew under a named split protocol, a forest on the same rows beside it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.public import bace
from graphormer.data.splits import SPLITS
from graphormer.evaluation.forest import forest_outputs
from graphormer.evaluation.measures import quality
from graphormer.names import unknown
from graphormer.network.checkpoint import load, versions
from graphormer.network.model import Config
from graphormer.network.prediction import predict
from graphormer.training.machine import Machine
from graphormer.training.presets import PRESETS
from graphormer.training.run import Origin, Problem, train, trunk

PROTOCOLS = {
    "deterministic": "scaffold",
    "chiral": "scaffold-chiral",
    "balanced": "balanced-scaffold",
    "random": "random",
}
"""Names of the protocols, and of their splits. Seeds draw the split where it is one by chance, and always the weights."""

OURS, TOGETHER, FOREST = (
    "this recipe, one model",
    "this recipe, its seeds together",
    "random forest on count ECFP4",
)

Report = Callable[[str], None]


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
        protocol: of `PROTOCOLS`.
        seeds: of the splits drawn by chance; and of the weights.
        members: models trained on each split that is drawn by chance; on the others there is one for each seed.
        folder: for the models; those that are there are used again.
        home: folder of the data sets.
        machine: where.
        report: told what is done.

    Raises:
        ValueError: no such protocol.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(unknown("protocol", protocol, PROTOCOLS))
    drawn = protocol in ("balanced", "random")
    config, rows = PRESETS["bace"].config, []
    for seed in seeds if drawn else (0,):
        parts = _parts(home, PROTOCOLS[protocol], seed, f", seed {seed}" if drawn else "")
        train_part, test = parts["train"], parts["test"]
        outputs = []
        for weights in range(seed, seed + members) if drawn else seeds:
            place = folder / f"{protocol}-{seed}" / f"seed-{weights}"
            outputs.append(_outputs(parts, weights, place, machine, report))
            rows.append(
                {"kind": OURS, "split": seed, "seed": weights}
                | quality(config.task, outputs[-1], test.labels)
            )
        if len(outputs) > 1:
            rows.append(
                {"kind": TOGETHER, "split": seed, "seed": None}
                | quality(config.task, torch.stack(outputs).mean(0), test.labels)
            )
        for tree in (seed,) if drawn else seeds:
            forest = forest_outputs(config, train_part.texts, train_part.labels, test.texts, tree)
            rows.append(
                {"kind": FOREST, "split": seed, "seed": tree}
                | quality(config.task, forest, test.labels)
            )
        report(
            f"{protocol}, split {seed}: "
            + ", ".join(
                f"{one['kind']} {one['roc_auc']:.3f}" for one in rows if one["split"] == seed
            )
        )
    return {
        "protocol": protocol,
        "seeds": list(seeds),
        "members": members,
        "rows": rows,
        "summary": _summary(rows),
        "versions": versions(),
    }


@cache
def _trunk(init: str, config: Config) -> dict[str, Tensor]:
    return trunk(init, config)


def _parts(home: Path | None, split: str, seed: int, drawn: str) -> dict[str, LabelledGraphs]:
    whole = bace(home, split, "all")  # whose rows are counted from 0, as the split's are
    rows = SPLITS[split](whole.texts, seed)
    return {
        name: whole.part(getattr(rows, name), f"{split} {name}{drawn}")
        for name in ("train", "valid", "test")
    }


def _outputs(
    parts: dict[str, LabelledGraphs], seed: int, place: Path, machine: Machine, report: Report
) -> Float[Tensor, "test outputs"]:
    """What the model of that seed says of the test part, trained unless it is there already."""
    preset = PRESETS["bace"]
    if not (place / "bace.safetensors").exists():
        report(f"training into {place}")
        problem = Problem("bace", preset.targets, preset.classes, parts)
        start = _trunk(preset.init, preset.config) if preset.init else None
        recipe = replace(preset.recipe, seed=seed)
        train(
            problem,
            preset.config,
            recipe,
            place,
            Origin("molxai benchmark accuracy", preset.init),
            machine=machine,
            start=start,
        )
    network, card = load(place)
    if (
        card.training["recipe"] != replace(preset.recipe, seed=seed).to_dict()
        or card.config != preset.config
    ):
        raise ValueError(
            f"{place} holds a model of another recipe: choose another folder, or delete it"
        )
    return predict(network, parts["test"].graphs)


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, tuple[float, float, int]]]:
    """Mean, standard deviation and count of each measure, for each kind of model."""
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    names = [name for name in rows[0] if name not in ("kind", "split", "seed")]
    made = {}
    for kind in kinds:
        values = {
            name: np.array([row[name] for row in rows if row["kind"] == kind]) for name in names
        }
        made[kind] = {
            name: (float(v.mean()), float(v.std(ddof=1)) if len(v) > 1 else 0.0, len(v))
            for name, v in values.items()
        }
    return made


def markdown(result: dict[str, Any]) -> str:
    """The summary as a table: mean ± standard deviation."""
    measures = ("roc_auc", "pr_auc", "accuracy", "mcc", "brier")
    lines = [
        f"BACE, {result['protocol']} ({PROTOCOLS[result['protocol']]}), test part; mean ± standard deviation",
        "",
        "| model | runs | " + " | ".join(measures) + " |",
        "|---|---|" + "---|" * len(measures),
    ]
    for kind, values in result["summary"].items():
        cells = [
            f"{mean:.3f}" + (f" ± {deviation:.3f}" if count > 1 else "")
            for mean, deviation, count in (values[m] for m in measures)
        ]
        lines.append(f"| {kind} | {values['roc_auc'][2]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
