"""What models say of a table of activity cliffs, and what methods say of the models.

All that takes long is kept beside the models, with all that decides on it, so that an interrupted
run goes on and a changed setting is never mistaken for an old one.
"""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from graphormer.evaluation.forest import forest_outputs
from graphormer.evaluation.svm import GRID, svm_prediction
from graphormer.files import digest, write_file
from graphormer.network.model import Config
from graphormer.network.prediction import predict
from graphormer.readers.tables import Layout
from graphormer.training.machine import Machine
from graphormer.training.own import Request, own_recipe, train_own
from molxai.benchmarks.cliff_data import CliffPair, CliffTable, Report
from molxai.benchmarks.models import load_or_train
from molxai.benchmarks.tuning import SAMPLE, tune_card
from molxai.chemistry.fragments import relevance_sum
from molxai.explanation.explainer import Explainer
from molxai.explanation.methods.strengths import TUNED, strengths_of

CHUNK = 128
"""Molecules explained together."""

COMMAND = "molxai benchmark cliffs"
"""The command on the models' cards."""

Values = Float[ndarray, " molecules"]
"""A value for each molecule of a table."""


@dataclass(frozen=True)
class Learning:
    """How the models of a benchmark are trained: as `molxai train` would do it."""

    epochs: int | None = None
    init: str = ""
    teacher: bool = False
    ensemble: int = 1
    kernel: bool = True

    def request(self, table: CliffTable, seed: int) -> Request:
        """What to train on the table."""
        columns = table.columns
        return Request(
            table.path,
            Layout(columns.smiles),
            [columns.target],
            "regression",
            split_column=columns.split,
            init=self.init,
            teacher=self.teacher,
            ensemble=self.ensemble,
            kernel=self.kernel,
            epochs=self.epochs,
            seed=seed,
        )


def explainer_for(
    table: CliffTable, learning: Learning, seed: int, folder: Path, device: str, report: Report
) -> Explainer:
    """The table's model of that seed, which is trained into the folder unless it is there.

    Raises:
        ValueError: the folder holds a model of other data or of another recipe.
    """
    request = learning.request(table, seed)

    def train() -> None:
        report(f"{table.name}: training seed {seed} into {folder}")
        train_own(request, folder, COMMAND, Machine(device, progress=False))

    recipe = own_recipe(len(table.places("train")), "regression", request)
    expected = {"recipe": recipe.to_dict(), "sha256": table.sha256, "init": learning.init}
    weights = folder / f"{table.name}.safetensors"
    _, card = load_or_train(weights, train, expected)
    if card.members != learning.ensemble or card.targets != (table.columns.target,):
        raise ValueError(
            f"{folder} holds a model of {card.members} networks for {', '.join(card.targets)}: "
            "repeat the command it was made with, or choose another folder"
        )
    return Explainer(folder, device=device)


def model_values(explainer: Explainer, table: CliffTable) -> Values:
    """What the model predicts for every molecule of the table."""
    graphs = [each.graph for each in table.molecules]
    return predict(explainer.network, graphs)[:, 0].double().cpu().numpy()


def forest_values(table: CliffTable, seed: int, folder: Path) -> Values:
    """What a random forest on the same training set predicts for every molecule."""
    train = table.places("train")
    labels = torch.tensor(table.values[train, None], dtype=torch.float32)  # (train, 1)

    def grow() -> list[float]:
        texts = [table.texts[place] for place in train]
        outputs = forest_outputs(Config("regression", 1), texts, labels, table.texts, seed)
        return outputs[:, 0].tolist()

    return _kept(folder / "forest.json", {"sha256": table.sha256, "seed": seed}, grow)


def svm_values(table: CliffTable, folder: Path) -> Values:
    """What a support vector machine on the same training set predicts for every molecule."""
    train = table.places("train")

    def fit() -> list[float]:
        texts = [table.texts[place] for place in train]
        return svm_prediction(texts, table.values[train], table.texts).values.tolist()

    grid = {name: list(values) for name, values in GRID.items()}
    return _kept(folder / "svm.json", {"sha256": table.sha256, "grid": grid}, fit)


def map_differences(
    explainer: Explainer,
    method: str,
    table: CliffTable,
    pairs: Sequence[CliffPair],
    folder: Path,
    report: Report,
) -> Float[ndarray, " pairs"]:
    """The relevance of the atoms in which two molecules differ, A's less B's, by one method."""
    explainer = explainer.with_method(method)
    assert explainer.weights is not None, "the model lies in a file"
    strengths = strengths_of(explainer.card).to_dict() if method == TUNED else {}
    key = {
        "weights": digest(explainer.weights),
        "method": method,
        "strengths": strengths,
        "pairs": hashlib.sha256(json.dumps(pairs).encode()).hexdigest(),
    }

    def explain() -> list[float]:
        report(f"{table.name}: {method} in {folder}")
        relevance = _relevance(
            explainer, table, sorted({end for a, b, _ in pairs for end in (a, b)})
        )
        return [
            relevance_sum(relevance[a], change.atoms_a)
            - relevance_sum(relevance[b], change.atoms_b)
            for a, b, change in pairs
        ]

    name = re.sub(r"[^\w.-]", "-", method)
    return _kept(folder / f"differences-{name}.json", key, explain)


def _relevance(
    explainer: Explainer, table: CliffTable, places: Sequence[int]
) -> dict[int, list[float]]:
    """The relevance of the atoms of these molecules, by their place."""
    relevance = {}
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        subjects = [table.molecules[place] for place in chunk]
        explanations = explainer.explain(subjects, [None] * len(chunk))
        for place, explanation in zip(chunk, explanations, strict=True):
            relevance[place] = explanation.relevance.double().tolist()
    return relevance


def tuned(explainer: Explainer, first: Explainer, report: Report) -> Explainer:
    """The explainer with strengths for `lrp-tuned`, chosen once, on the first seed's model.

    Strengths belong to a recipe and a table, and choosing them takes longer than most methods.
    """
    if not first.card.tuning:
        report(f"{first.card.name}: choosing strengths of {TUNED}")
        tuning, _ = tune_card(first, SAMPLE, None, report)
        first.card = replace(first.card, tuning=tuning.to_dict())
    explainer.card = replace(explainer.card, tuning=first.card.tuning)
    return explainer


def _kept(path: Path, key: dict[str, Any], compute: Callable[[], list[float]]) -> Values:
    """What the file holds, if it was computed under the same key; else it is computed."""
    if path.exists():
        content = json.loads(path.read_text())
        if content["key"] == key:
            return np.array(content["values"])
    values = compute()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, json.dumps({"key": key, "values": values}))
    return np.array(values)
