"""`molxai benchmark faithfulness`: models and subjects in, tables and figures out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from graphormer.files import write_file
from graphormer.network.checkpoint import versions
from graphormer.training.machine import Machine
from graphormer.training.presets import PRESETS, train_preset
from molxai.benchmarks.faithfulness import (
    SUBSAMPLE,
    Arrays,
    Plan,
    Report,
    cells,
    check_plan,
    estimate,
)
from molxai.benchmarks.subjects import Subjects
from molxai.benchmarks.summary import agreement, as_csv, faithfulness_rows, markdown, quality_rows
from molxai.explanation.explainer import Explainer
from molxai.metrics.curves import FRACTIONS
from molxai.rendering.curves import draw_curves

Cells = dict[str, Arrays]


def seeded(
    explainer: Explainer,
    seeds: Sequence[int],
    folder: Path,
    home: str | Path | None,
    epochs: int | None,
    report: Report,
) -> dict[str, Explainer]:
    """The model and others of its recipe from other seeds, trained into `folder/seed-N` where they are not there yet.

    Raises:
        ValueError: other seeds are asked for of a model that no preset describes.
    """
    recipe = explainer.card.training.get("recipe", {})
    own = recipe.get("seed")
    models = {}
    for seed in seeds or (own,):
        if seed == own and epochs in (None, recipe.get("epochs")):
            models[f"{explainer.card.name}, seed {seed}"] = explainer
            continue
        name = explainer.card.training.get("preset", explainer.card.training.get("data"))
        if name not in PRESETS:
            raise ValueError(
                f"{explainer.card.name} is no preset's model: seeds other than its own {own} cannot be trained; leave --seeds out"
            )
        place = folder / f"seed-{seed}"
        if not (place / f"{name}.safetensors").exists():
            report(f"training {name} from seed {seed} into {place}")
            train_preset(name, place, home, epochs, seed, Machine(progress=False))
        made = Explainer(
            place, "lrp", explainer.batch_size, str(next(explainer.network.parameters()).device)
        )
        models[f"{name}, seed {seed}, {made.card.training['recipe']['epochs']} epochs"] = made
    return models


def announced(
    models: Mapping[str, Explainer], plan: Plan, subjects: Subjects, report: Report
) -> None:
    """Say what will be measured and how long that takes, by method."""
    first = next(iter(models.values()))
    seconds = estimate(first, plan, subjects)
    slowest = sorted(seconds.items(), key=lambda pair: -pair[1])[:4]
    named = ", ".join(f"{name} {_time(value * len(models))}" for name, value in slowest)
    total = _time(sum(seconds.values()) * len(models))
    report(
        f"{len(subjects.graphs)} graphs, {len(plan.methods)} methods, {len(models)} models: about {total}"
    )
    report(f"of that {named}; what was measured before is kept")


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def compare(
    models: Mapping[str, Explainer],
    plan: Plan,
    subjects: Subjects,
    folder: Path,
    command: str,
    report: Report,
) -> dict[str, Any]:
    """Measure every method on every model, and write `faithfulness.md`, `.csv`, `.json` and the curves into the folder.

    Raises:
        ValueError: a method or measure does not fit the model or the graphs; nothing has been done then.
    """
    for explainer in models.values():
        check_plan(explainer, plan, subjects)
    announced(models, plan, subjects, report)
    measured: list[Cells] = [
        dict(cells(explainer, plan, subjects, folder, report)) for explainer in models.values()
    ]
    result = summarised(models, plan, subjects, measured) | {"command": command}
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / "faithfulness.json", json.dumps(result, indent=1) + "\n")
    write_file(folder / "faithfulness.csv", as_csv(result["faithfulness"]))
    write_file(folder / "qualities.csv", as_csv(result["qualities"]))
    write_file(folder / "faithfulness.md", markdown(result))
    for removal in plan.removals:
        for target in result["targets"]:
            _draw(measured, target, removal, result, folder)
    return result


def summarised(
    models: Mapping[str, Explainer], plan: Plan, subjects: Subjects, measured: Sequence[Cells]
) -> dict[str, Any]:
    """All tables, and what they were measured on."""
    targets = ["predicted", *([] if subjects.labels is None else ["true"])]
    first = next(iter(models.values()))
    return {
        "model": first.card.name,
        "models": list(models),
        "data": subjects.about,
        "graphs": len(subjects.graphs),
        "rows": subjects.rows,
        "subsamples": {
            name: len(plan.graphs(name, subjects)) for name in plan.methods if name in SUBSAMPLE
        },
        "removals": list(plan.removals),
        "targets": targets,
        "minutes": sum(float(one["measuring"]) for made in measured for one in made.values()) / 60,
        "machine": {"threads": torch.get_num_threads()} | versions(),
        "faithfulness": faithfulness_rows(measured, plan.removals, targets),
        "qualities": quality_rows(measured),
        "agreement": agreement(measured[0]),
    }


def _draw(
    measured: Sequence[Cells], target: str, removal: str, result: Mapping[str, Any], folder: Path
) -> None:
    """Curves of the methods that were run on all graphs."""
    full = [name for name, one in measured[0].items() if len(one["nodes"]) == result["graphs"]]
    mean = {
        kind: {
            name: np.mean(
                [cell[name][f"{target}/{removal}/{kind}"].mean(0) for cell in measured], 0
            )
            for name in full
        }
        for kind in ("activation", "pruning")
    }
    title = f"{result['model']}, {result['graphs']} graphs, {target} class, removal “{removal}”"
    for ending in (".png", ".svg"):
        path = folder / f"curves-{target}-{removal}{ending}"
        draw_curves(mean["activation"], mean["pruning"], np.array(FRACTIONS), title, path)
