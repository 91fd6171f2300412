"""Attribution against a known truth: train a model on a task whose answer is known atom by atom, explain it, compare.

Design constraints:
- The model's own quality and what can be had without any model stand beside every score: a method cannot find in a
  model what the model has not learnt, and a score that painting atoms reaches says nothing.
- Nothing is chosen on the test part. The recipes of the tasks were chosen on a piece of their train parts.
"""

import json
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
from graphormer.files import write_file
from graphormer.graphs.graph import collate
from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from graphormer.network.checkpoint import versions
from graphormer.network.ensemble import Model
from graphormer.network.model import Graphormer
from molxai.benchmarks.study import Study, study, trained
from molxai.benchmarks.summary import as_csv
from molxai.benchmarks.tasks import BASELINES, LOWER_IS_BETTER, Task, task_named
from molxai.benchmarks.truth import Fields, Known
from molxai.explanation.explainer import Explainer, chosen_device
from molxai.explanation.methods import EXPLAINERS, check_size, method
from molxai.explanation.target import Target
from molxai.metrics.bootstrap import interval
from molxai.metrics.plausibility import MOST_MATCHES

REFERENCE = "lrp"
"""The method that the others are compared with, molecule by molecule."""

LEFT_OUT = frozenset({"attention-flow", "oracle", "random"})
"""Methods that run only when asked for: two cost up to seconds a molecule, the third is among the baselines."""

CHUNK = 128
"""Molecules explained between two steps of the progress bar."""

Row = dict[str, Any]


def groundtruth(
    task: str,
    data: Path,
    folder: Path,
    methods: Sequence[str] = (),
    *,
    test_data: Path | None = None,
    smarts: Sequence[str] = (),
    smiles_column: str = "",
    label: str = "activity",
    truth: str = "lbls",
    classes: bool = False,
    seed: int = 0,
    epochs: int | None = None,
    sample: int | None = None,
    device: str = "auto",
    progress: bool = True,
) -> dict[str, Any]:
    """Train the task's model into `folder`, or take the one that is there, and judge the methods on the test part.

    Args:
        task: an id of `TASKS`.
        data: table of SMILES, or SDF (also zipped) with properties for each molecule and atom.
        folder: for the model and the checkpoint of every epoch; an interrupted training goes on.
        methods: ids of `EXPLAINERS`; none: all that take a bearable time.
        test_data: a file of its own for the test part.
        smarts: patterns of the task `smarts`.
        smiles_column: of a table; empty: found by its name.
        label: SDF property with a molecule's label.
        truth: SDF property with its atoms' contributions.
        classes: the labels of the task `labels` are two classes, not values.
        seed: of the random split, the training and the sample.
        epochs: other than the task's.
        sample: so many test molecules are explained, drawn at random; None: all.
        device: auto, cpu or cuda.
        progress: whether to draw bars.

    Returns:
        What was done and `rows`, one for each method, baseline and published figure: for `markdown` and `write`.

    Raises:
        ValueError: no such task, method or device, data that do not fit, or a folder that holds another model.
        OSError: a file is missing.
    """
    wanted = list(dict.fromkeys(methods)) or [name for name in EXPLAINERS if name not in LEFT_OUT]
    recipe = replace(
        task_named(task).recipe, **({"epochs": epochs} if epochs is not None else {}), seed=seed
    )
    _check(wanted, folder, sample, device)
    prepared = study(
        task, data, test_data, Fields(smiles_column, label, truth, tuple(smarts)), classes, seed
    )
    judged = prepared.judged(sample, seed)
    for name in wanted:
        check_size(method(name), max(one.molecule.graph.nodes for one in judged))
    _rehearse(prepared.task, judged, wanted)
    network, card = trained(prepared, recipe, folder, device, progress)
    network.to(chosen_device(device))
    rows = [
        _method_row(
            name, prepared.task, judged, Explainer.from_network(network, card, name), progress
        )
        for name in wanted
    ]
    rows += [_baseline_row(name, prepared.task, judged) for name in prepared.task.baselines]
    published = [vars(one) | {"kind": "published"} for one in prepared.task.published]
    return _description(prepared, judged, network, card) | {
        "rows": _compared(rows, prepared.task.comparison.metrics[0]) + published
    }


def _check(methods: Sequence[str], folder: Path, sample: int | None, device: str) -> None:
    for name in methods:
        method(name)
    chosen_device(device)
    if sample is not None and sample < 1:
        raise ValueError(f"a sample of {sample} molecules: at least one is needed")
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            f"{folder} is a file: a folder is needed for the model and its checkpoints"
        )


def _target(task: Task) -> Target:
    return Target(1 if task.binary else 0)


def _rehearse(task: Task, judged: Sequence[Known], methods: Sequence[str]) -> None:
    """Each method once, on an untrained model and the smallest molecule: one that cannot serve says so before hours of training."""
    torch.manual_seed(0)
    network = Graphormer(task.config, MOLECULES).eval()
    batch = collate([min(judged, key=lambda one: one.molecule.graph.nodes).molecule.graph])
    for name in methods:
        method(name)(network, batch, [_target(task)])


def _chunks(judged: Sequence[Known], what: str, progress: bool) -> Iterator[Sequence[Known]]:
    starts = range(0, len(judged), CHUNK)
    hidden = not (progress and sys.stderr.isatty())
    for start in track(starts, what, console=Console(stderr=True), disable=hidden):
        yield judged[start : start + CHUNK]


def _method_row(
    name: str, task: Task, judged: Sequence[Known], explainer: Explainer, progress: bool
) -> Row:
    each = []
    for chunk in _chunks(judged, name, progress):
        made = explainer.explain([one.molecule for one in chunk], [_target(task)] * len(chunk))
        each += [
            task.comparison.scores(explanation.relevance.double().numpy(), one)
            for explanation, one in zip(made, chunk, strict=True)
        ]
    return {"name": name, "kind": "method", "signed": EXPLAINERS[name].signed, "each": each}


def _baseline_row(name: str, task: Task, judged: Sequence[Known]) -> Row:
    return {
        "name": name,
        "kind": "no model",
        "each": [task.comparison.scores(BASELINES[name](one.molecule), one) for one in judged],
    }


def _compared(rows: Sequence[Row], main: str) -> list[Row]:
    """The rows with means and intervals in place of single molecules; and each one's main score less the reference method's."""
    reference = next(
        (
            _column(row["each"], main)
            for row in rows
            if row["name"] == REFERENCE and row["kind"] == "method"
        ),
        None,
    )
    made = []
    for row in rows:
        each = row["each"]
        kept = {key: value for key, value in row.items() if key != "each"}
        kept["scores"] = {name: _mean(_column(each, name)) for name in each[0]}
        if reference is not None and (row["name"], row["kind"]) != (REFERENCE, "method"):
            kept["difference"] = _mean(_column(each, main) - reference)
        made.append(kept)
    return made


def _column(each: Sequence[dict[str, float]], name: str) -> Float[ndarray, " molecules"]:
    return np.array([scores[name] for scores in each])


def _mean(values: Float[ndarray, " molecules"]) -> dict[str, float | None]:
    """Mean over the molecules for which the score is defined, and its 95 % bootstrap interval."""
    known = values[~np.isnan(values)]
    if not len(known):
        return {"mean": None, "low": None, "high": None, "molecules": 0}
    mean, low, high = interval(known)
    return {"mean": mean, "low": low, "high": high, "molecules": len(known)}


def _description(
    prepared: Study, judged: Sequence[Known], network: Model, card: Card
) -> dict[str, Any]:
    task, quality = prepared.task, evaluate(network, prepared.labelled("test"))
    return {
        "task": task.name,
        "about": task.about,
        "explained": task.classes[1] if task.binary else "the value",
        "metrics": list(task.comparison.metrics),
        "split": prepared.split,
        "files": prepared.files,
        "train": len(prepared.train),
        "test": len(prepared.test),
        "judged": len(judged),
        "without_truth": prepared.without_truth,
        "skipped": prepared.skipped,
        "many_matches": sum(len(one.matches) > MOST_MATCHES for one in judged),
        "model": {"config": task.config.to_dict(), "training": card.training, "quality": quality},
        "versions": versions(),
    }


TITLES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "auc_plus": "AUC⁺",
    "auc_minus": "AUC⁻",
    "top_n_plus": "top-n⁺",
    "top_n_minus": "top-n⁻",
    "rmse": "RMSE",
    "cosine": "cosine",
}
"""Of the metrics, in tables."""


def markdown(result: dict[str, Any]) -> str:
    """The result of `groundtruth` as a Markdown table with what must be known to read it."""
    metrics, rows, recipe = result["metrics"], result["rows"], result["model"]["training"]["recipe"]
    arrows = [f"{TITLES[name]} {'↓' if name in LOWER_IS_BETTER else '↑'}" for name in metrics]
    compared = any("difference" in row for row in rows)
    header = ["", "", *arrows, *([f"{TITLES[metrics[0]]} less {REFERENCE}"] if compared else [])]
    quality = ", ".join(f"{name} {value:.3f}" for name, value in result["model"]["quality"].items())
    sources = list(dict.fromkeys(row["source"] for row in rows if "source" in row))
    lines = [
        f"# Attribution against a known truth: {result['task']}",
        "",
        f"The model learns {result['about']}.",
        f"{result['train']} molecules in train, {result['test']} in test ({result['split']}); "
        f"{recipe['epochs']} epochs, seed {recipe['seed']}, torch {result['versions']['torch']}.",
        f"The model on the test part: {quality}.",
        f"{result['judged']} molecules of the test part are explained for {result['explained']!r}; "
        "means over molecules, in brackets their 95 % bootstrap intervals.",
        "",
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
        *(_line(row, metrics, compared, sources) for row in rows),
        "",
        *_remarks(result, sources),
    ]
    return "\n".join(lines)


def _line(row: Row, metrics: Sequence[str], compared: bool, sources: Sequence[str]) -> str:
    kind = f"published [{sources.index(row['source']) + 1}]" if "source" in row else row["kind"]
    difference = [_cell(row.get("difference"), "+")] if compared else []
    return f"| {' | '.join([row['name'], kind, *(_cell(row['scores'].get(name)) for name in metrics), *difference])} |"


def _cell(score: dict[str, Any] | float | None, sign: str = "") -> str:
    if isinstance(score, float):
        return f"{score:.3f}".removesuffix("0")
    if not score or not score["molecules"]:
        return ""
    return f"{score['mean']:{sign}.3f} [{score['low']:{sign}.3f}, {score['high']:{sign}.3f}]"


def _remarks(result: dict[str, Any], sources: Sequence[str]) -> Iterator[str]:
    if unsigned := [row["name"] for row in result["rows"] if row.get("signed") is False]:
        yield f"- Without a sign, so that atoms against cannot be told from atoms that do not matter: {', '.join(unsigned)}."
    if "auroc" in result["metrics"]:
        yield "- AUROC is the largest over all non-empty sets of matches, as either of two would do; average precision is for all of them."
    if "rmse" in result["metrics"]:
        yield "- RMSE takes relevances as contributions in the target's unit, which attention weights, gradient norms and paint are not."
    if result["without_truth"]:
        yield f"- {result['without_truth']} molecules of the test part were left out: all of their atoms, or none, are the truth."
    if result["many_matches"]:
        yield f"- {result['many_matches']} molecules have more than {MOST_MATCHES} matches, of which the union alone was taken."
    if result["skipped"]:
        yield f"- {len(result['skipped'])} molecules could not be read and were left out, the first: {result['skipped'][0]}."
    if sources:
        yield "- Published figures are for the authors' models and runs, not for ours."
    yield from (f"- [{place}] {source}." for place, source in enumerate(sources, 1))


def write(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write `groundtruth.md`, `.csv` (a line for each row and metric) and `.json` into the folder; returns the files."""
    rows = []
    for row in result["rows"]:
        for metric, score in row["scores"].items():
            less = row.get("difference", {}) if metric == result["metrics"][0] else {}
            differences = {
                f"difference{end}": less.get(key)
                for end, key in (("", "mean"), ("_low", "low"), ("_high", "high"))
            }
            numbers = (
                score
                if isinstance(score, dict)
                else {"mean": score, "low": None, "high": None, "molecules": None}
            )
            rows.append(
                {"task": result["task"], "name": row["name"], "kind": row["kind"], "metric": metric}
                | numbers
                | differences
            )
    contents = {
        ".md": markdown(result) + "\n",
        ".csv": as_csv(rows),
        ".json": json.dumps(result, indent=1) + "\n",
    }
    files = [folder / f"groundtruth{ending}" for ending in contents]
    for file, content in zip(files, contents.values(), strict=True):
        write_file(file, content)
    return files
