"""`molxai benchmark faithfulness`: models and subjects in, tables and figures out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from molxai.benchmarks.models import load_or_train
from molxai.benchmarks.subjects import Subjects
from molxai.benchmarks.summary import (
    agreement,
    faithfulness_rows,
    markdown,
    quality_rows,
)
from molxai.benchmarks.tables import as_csv
from molxai.benchmarks.word_tables import word_results
from molxai.benchmarks.word_truth import Lexicon
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.explainer import Explainer
from molxai.metrics.curves import FRACTIONS
from molxai.rendering.curves import draw_curves

Cells = dict[str, Arrays]
"""The cells of one model, by method."""

SLOWEST = 4
"""Methods whose times are announced."""


def seeded(
    explainer: BaseExplainer,
    seeds: Sequence[int],
    folder: Path,
    home: str | Path | None,
    epochs: int | None,
    report: Report,
) -> dict[str, BaseExplainer]:
    """The model and others of its recipe from other seeds.

    They are trained into `folder/seed-N` unless they are there already.

    Raises:
        ValueError: other seeds are asked for of a model that no preset describes.
    """
    training = explainer.card.training
    recipe = training.get("recipe", {})
    own_seed = recipe.get("seed")
    models: dict[str, BaseExplainer] = {}
    for seed in seeds or (own_seed,):
        if seed == own_seed and epochs in (None, recipe.get("epochs")):
            name = explainer.card.name
            models[name if seed is None else f"{name}, seed {seed}"] = explainer
            continue
        name = training.get("preset", training.get("data"))
        if name not in PRESETS:
            raise ValueError(
                f"{explainer.card.name} is no preset's model: seeds other than its own "
                f"{own_seed} cannot be trained; leave --seeds out"
            )
        model = _seed_explainer(
            explainer, name, seed, folder / f"seed-{seed}", home, epochs, report
        )
        count = model.card.training["recipe"]["epochs"]
        models[f"{name}, seed {seed}, {count} epochs"] = model
    return models


def _seed_explainer(
    explainer: BaseExplainer,
    preset: str,
    seed: int,
    folder: Path,
    home: str | Path | None,
    epochs: int | None,
    report: Report,
) -> Explainer:
    def train() -> None:
        report(f"training {preset} from seed {seed} into {folder}")
        train_preset(preset, folder, home, epochs, seed, Machine(progress=False))

    load_or_train(folder / f"{preset}.safetensors", train, {})
    device = next(explainer.network.parameters()).device
    other = Explainer(folder, "lrp", explainer.batch_size, str(device))
    # Strengths belong to a recipe: they were chosen once, on its first seed.
    other.card = replace(other.card, tuning=dict(explainer.card.tuning))
    return other


def announce(
    models: Mapping[str, BaseExplainer], plan: Plan, subjects: Subjects, report: Report
) -> None:
    """Say what will be measured and how long that takes, by method."""
    first = next(iter(models.values()))
    one_model = estimate(first, plan, subjects)
    seconds = {name: value * len(models) for name, value in one_model.items()}
    slowest = sorted(seconds, key=lambda name: -seconds[name])[:SLOWEST]
    times = ", ".join(f"{name} {_time(seconds[name])}" for name in slowest)
    total = _time(sum(seconds.values()))
    counts = (
        f"{len(subjects.inputs)} {subjects.what}, {len(plan.methods)} methods, {len(models)} models"
    )
    report(f"{counts}: about {total}")
    report(f"the slowest: {times}; what was measured before is used again")


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def compare(
    models: Mapping[str, BaseExplainer],
    plan: Plan,
    subjects: Subjects,
    folder: Path,
    command: str,
    report: Report,
    lexicon: Lexicon | None = None,
) -> dict[str, Any]:
    """Measure every method on every model, and write the tables and curves into the folder.

    The files are `faithfulness.md`, `.csv`, `.json`, `qualities.csv` and the curves.

    Raises:
        ValueError: a method or measure does not fit the model or the graphs; nothing has been done.
    """
    for explainer in models.values():
        check_plan(explainer, plan, subjects)
    announce(models, plan, subjects, report)
    measurements: list[Cells] = [
        dict(cells(explainer, plan, subjects, folder, report)) for explainer in models.values()
    ]
    result = summary(models, plan, subjects, measurements) | {"command": command}
    result |= word_results(measurements[0], subjects, lexicon)
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / "faithfulness.json", json.dumps(result, indent=1) + "\n")
    write_file(folder / "faithfulness.csv", as_csv(result["faithfulness"]))
    write_file(folder / "qualities.csv", as_csv(result["qualities"]))
    write_file(folder / "faithfulness.md", markdown(result))
    for removal in plan.removals:
        for target in result["targets"]:
            _draw(measurements, target, removal, result, folder)
    return result


def summary(
    models: Mapping[str, BaseExplainer],
    plan: Plan,
    subjects: Subjects,
    measurements: Sequence[Cells],
) -> dict[str, Any]:
    """All tables, and what they were measured on."""
    targets = ["predicted"] if subjects.labels is None else ["predicted", "true"]
    first = next(iter(models.values()))
    seconds = [
        float(arrays["measuring"]) for by_method in measurements for arrays in by_method.values()
    ]
    subsamples = {
        name: len(plan.graphs(name, subjects)) for name in plan.methods if name in SUBSAMPLE
    }
    return {
        "model": first.card.name,
        "models": list(models),
        "data": subjects.about,
        "graphs": len(subjects.inputs),
        "what": subjects.what,
        "rows": subjects.rows,
        "subsamples": subsamples,
        "removals": list(plan.removals),
        "targets": targets,
        "minutes": sum(seconds) / 60,
        "machine": {"threads": torch.get_num_threads()} | versions(),
        "faithfulness": faithfulness_rows(measurements, plan.removals, targets),
        "qualities": quality_rows(measurements),
        "agreement": agreement(measurements[0]),
    }


def _draw(
    measurements: Sequence[Cells],
    target: str,
    removal: str,
    result: Mapping[str, Any],
    folder: Path,
) -> None:
    """Curves of the methods that were run on all graphs, as PNG and SVG."""
    count = result["graphs"]
    methods = [name for name, arrays in measurements[0].items() if len(arrays["nodes"]) == count]

    def mean_curve(method: str, kind: str) -> np.ndarray:
        """Mean over graphs, then over models."""
        key = f"{target}/{removal}/{kind}"
        return np.mean([by_method[method][key].mean(0) for by_method in measurements], 0)

    activation = {name: mean_curve(name, "activation") for name in methods}
    pruning = {name: mean_curve(name, "pruning") for name in methods}
    title = f"{result['model']}, {count} {result['what']}, {target} class, removal “{removal}”"
    for ending in (".png", ".svg"):
        path = folder / f"curves-{target}-{removal}{ending}"
        draw_curves(activation, pruning, np.array(FRACTIONS), title, path)
