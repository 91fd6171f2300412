"""Attribution against a known truth: train a model on a task with known atoms, explain it, compare.

Design constraints:
- The model's own quality and what can be had without any model stand beside every score: a method
  cannot find in a model what the model has not learnt, and a score that painting atoms reaches says
  nothing.
- Nothing is chosen on the test set. The recipes of the tasks were chosen on a piece of their
  training sets.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from rich.console import Console
from rich.progress import track

from graphormer.evaluation.measures import evaluate
from graphormer.graphs.graph import collate
from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from graphormer.network.checkpoint import versions
from graphormer.network.ensemble import Model
from graphormer.network.model import Graphormer
from graphormer.training.recipe import Recipe
from molxai.benchmarks.study import Study, study, study_model
from molxai.benchmarks.tasks import BASELINES, Task, task_named
from molxai.benchmarks.truth import Example, Fields
from molxai.explanation.explainer import Explainer, chosen_device
from molxai.explanation.methods import EXPLAINERS, check_size, method
from molxai.explanation.methods.strengths import TUNED
from molxai.explanation.target import Target
from molxai.metrics.bootstrap import interval
from molxai.metrics.plausibility import MOST_MATCHES, stands_out

REFERENCE = "lrp"
"""The method that the others are compared with, molecule by molecule."""

LEFT_OUT = frozenset({"attention-flow", "oracle", "random", TUNED})
"""Methods that run only if asked for.

Two cost seconds a molecule, one is a baseline, and one needs a model with strengths of its own.
"""

CHUNK = 128
"""Molecules explained between two steps of the progress bar."""

NULL = "null_share"
"""Id of the measure of molecules in which there is nothing to find."""

Row = dict[str, Any]
"""A method, a baseline or a published figure, with its scores."""

Scores = list[dict[str, float]]
"""The scores of each molecule, by metric."""


def groundtruth(
    task: str,
    data: Path | None,
    folder: Path,
    methods: Sequence[str] = (),
    *,
    test_data: Path | None = None,
    smarts: Sequence[str] | None = None,
    smiles_column: str = "",
    label: str = "activity",
    truth: str = "lbls",
    classes: bool = False,
    seed: int = 0,
    epochs: int | None = None,
    sample: int | None = None,
    base: str = "apart",
    device: str = "auto",
    progress: bool = True,
) -> dict[str, Any]:
    """Train the task's model into `folder`, unless it is there, and judge methods on the test set.

    Args:
        task: an id of `TASKS`.
        data: table of SMILES, or SDF (also zipped) with properties for each molecule and atom;
            None: the task's own, if it has one.
        folder: for the model and the checkpoint of every epoch; an interrupted training goes on.
        methods: ids of `EXPLAINERS`; none: all that take a bearable time.
        test_data: a file of its own for the test set.
        smarts: patterns of the task `smarts`; None: none.
        smiles_column: of a table; empty: it is found by its name.
        label: SDF property with a molecule's label.
        truth: SDF property with its atoms' contributions.
        classes: the labels of the task `labels` are two classes, not values.
        seed: of the random split, the training and the sample.
        epochs: other than the task's.
        sample: so many test molecules are explained, drawn at random; None: all.
        base: `spread` shares a regression's base value out over the atoms before they are
            compared with a truth that sums to the value.
        device: auto, cpu or cuda.
        progress: whether to draw bars.

    Returns:
        What was done and `rows`, one for each method, baseline and published figure: for `markdown`
        and `write`.

    Raises:
        ValueError: no such task, method or device, data that do not fit, or a folder that holds
            another model.
        OSError: a file is missing.
    """
    names = _method_names(methods)
    recipe = _recipe(task_named(task), epochs, seed)
    _check(names, folder, sample, device, base)
    fields = Fields(smiles_column, label, truth, tuple(smarts or ()))
    file = data or task_named(task).data
    if file is None:
        raise ValueError(f"the task {task!r} has no molecules of its own: name a file of them")
    study_data = study(task, file, test_data, fields, classes, seed)
    molecules = study_data.judged(sample, seed)
    nulls = study_data.nulls(sample, seed)
    adapted_task = study_data.task
    _check_sizes([*molecules, *nulls], names)
    _rehearse(adapted_task, molecules, names)
    network, card = study_model(study_data, recipe, folder, device, progress)
    network.to(chosen_device(device))
    rows = []
    for name in names:
        explainer = Explainer.from_network(network, card, name, base=base)
        relevance = _relevance(explainer, adapted_task, [*molecules, *nulls], progress)
        row = _row(name, "method", adapted_task, molecules, nulls, relevance)
        rows.append(row | {"signed": method(name).signed})
    for name in adapted_task.baselines:
        paint = BASELINES[name]
        relevance = [paint(example.molecule) for example in [*molecules, *nulls]]
        rows.append(_row(name, "no model", adapted_task, molecules, nulls, relevance))
    summary = _summary_rows(rows, adapted_task.comparison.metrics[0])
    published = [vars(figure) | {"kind": "published"} for figure in adapted_task.published]
    description = _description(study_data, molecules, network, card)
    description |= {"base": base, "nulls": len(nulls)}
    if nulls:
        description["metrics"].append(NULL)
    return description | {"rows": summary + published}


def _check_sizes(molecules: Sequence[Example], methods: Sequence[str]) -> None:
    """Refuse molecules that are too large for a method."""
    largest = max(example.molecule.graph.nodes for example in molecules)
    for name in methods:
        check_size(method(name), largest)


def _method_names(methods: Sequence[str]) -> list[str]:
    """Those that are asked for, each once, else all that take a bearable time."""
    if methods:
        return list(dict.fromkeys(methods))
    return [name for name in EXPLAINERS if name not in LEFT_OUT]


def _recipe(task: Task, epochs: int | None, seed: int) -> Recipe:
    recipe = replace(task.recipe, seed=seed)
    return recipe if epochs is None else replace(recipe, epochs=epochs)


def _check(
    methods: Sequence[str], folder: Path, sample: int | None, device: str, base: str
) -> None:
    """Refuse what cannot be done before any work.

    Raises:
        ValueError: no such method, device or place for the base; a method that no new model has,
            an empty sample, or a folder that is a file.
    """
    for name in methods:
        method(name, base=base)
    if TUNED in methods:
        raise ValueError(
            f"{TUNED} needs a model whose strengths were chosen, and a new one is trained here: "
            "choose lrp-routing"
        )
    chosen_device(device)
    if sample is not None and sample < 1:
        raise ValueError(f"a sample of {sample} molecules: at least one is needed")
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            f"{folder} is a file: a folder is needed for the model and its checkpoints"
        )


def _target(task: Task) -> Target:
    """The second class, or the value."""
    return Target(1 if task.binary else 0)


def _rehearse(task: Task, molecules: Sequence[Example], methods: Sequence[str]) -> None:
    """Run each method once, on an untrained model and the smallest molecule.

    A method that cannot serve says so before hours of training.
    """
    torch.manual_seed(0)
    network = Graphormer(task.config, MOLECULES).eval()
    graphs = [example.molecule.graph for example in molecules]
    batch = collate([min(graphs, key=lambda graph: graph.nodes)])
    for name in methods:
        method(name)(network, batch, [_target(task)])


def _chunks(
    molecules: Sequence[Example], title: str, progress: bool
) -> Iterator[Sequence[Example]]:
    """The molecules in chunks, with a progress bar on a terminal."""
    starts = range(0, len(molecules), CHUNK)
    hidden = not (progress and sys.stderr.isatty())
    for start in track(starts, title, console=Console(stderr=True), disable=hidden):
        yield molecules[start : start + CHUNK]


def _relevance(
    explainer: Explainer, task: Task, molecules: Sequence[Example], progress: bool
) -> list[Float[ndarray, " _"]]:
    """What the method says of each molecule."""
    relevance = []
    for chunk in _chunks(molecules, explainer.method.name, progress):
        subjects = [example.molecule for example in chunk]
        explanations = explainer.explain(subjects, [_target(task)] * len(chunk))
        relevance += [explanation.relevance.double().numpy() for explanation in explanations]
    return relevance


def _row(
    name: str,
    kind: str,
    task: Task,
    molecules: Sequence[Example],
    nulls: Sequence[Example],
    relevance: Sequence[Float[ndarray, " _"]],
) -> Row:
    """The scores of each molecule, and whether something stands out in each null one.

    `relevance` is that of the molecules, then that of the null ones.
    """
    count = len(molecules)
    each = [
        task.comparison.scores(scores, example)
        for scores, example in zip(relevance[:count], molecules, strict=True)
    ]
    row: Row = {"name": name, "kind": kind, "each": each}
    if nulls:
        largest = np.array([scores.max() for scores in relevance])
        row[NULL] = stands_out(largest[:count], largest[count:])
    return row


def _summary_rows(rows: Sequence[Row], main_metric: str) -> list[Row]:
    """The rows with means and intervals in place of single molecules.

    Each also gets its main score less the reference method's.
    """
    reference = None
    for row in rows:
        if _is_reference(row):
            reference = _column(row["each"], main_metric)
    summaries = []
    for row in rows:
        scores: Scores = row["each"]
        summary = {key: value for key, value in row.items() if key not in ("each", NULL)}
        summary["scores"] = {name: _mean(_column(scores, name)) for name in scores[0]}
        if NULL in row:
            summary["scores"][NULL] = _mean(row[NULL])
        if reference is not None and not _is_reference(row):
            summary["difference"] = _mean(_column(scores, main_metric) - reference)
        summaries.append(summary)
    return summaries


def _is_reference(row: Row) -> bool:
    return (row["name"], row["kind"]) == (REFERENCE, "method")


def _column(scores: Scores, name: str) -> Float[ndarray, " molecules"]:
    return np.array([by_metric[name] for by_metric in scores])


def _mean(values: Float[ndarray, " molecules"]) -> dict[str, float | None]:
    """Mean over the molecules for which the score is defined, and its 95 % bootstrap interval."""
    defined = values[~np.isnan(values)]
    if not len(defined):
        return {"mean": None, "low": None, "high": None, "molecules": 0}
    mean, low, high = interval(defined)
    return {"mean": mean, "low": low, "high": high, "molecules": len(defined)}


def _description(
    study_data: Study, molecules: Sequence[Example], network: Model, card: Card
) -> dict[str, Any]:
    """What was done, on what, and how good the model is."""
    task = study_data.task
    quality = evaluate(network, study_data.labelled("test"))
    return {
        "task": task.name,
        "about": task.about,
        "explained": task.classes[1] if task.binary else "the value",
        "metrics": list(task.comparison.metrics),
        "split": study_data.split,
        "files": study_data.files,
        "train": len(study_data.train),
        "test": len(study_data.test),
        "judged": len(molecules),
        "without_truth": study_data.without_truth,
        "skipped": study_data.skipped,
        "many_matches": sum(len(example.matches) > MOST_MATCHES for example in molecules),
        "model": {"config": task.config.to_dict(), "training": card.training, "quality": quality},
        "versions": versions(),
    }
