"""`molxai benchmark cliffs`: models and their maps where one change moves a value tenfold.

Design constraints:
- The forest and the support vector machine stand beside the model, on the same molecules, and the
  model's own direction accuracy beside the methods': a map can hardly tell what its model does not.
- Which atoms differ is found without relevance, and before anything is trained.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from graphormer.names import listing
from graphormer.network.checkpoint import locate
from molxai.benchmarks.cliff_data import (
    CliffPair,
    CliffTable,
    Columns,
    Report,
    cliff_pairs,
    read_cliffs,
)
from molxai.benchmarks.cliff_models import (
    Learning,
    Values,
    explainer_for,
    forest_values,
    map_differences,
    model_values,
    svm_values,
    tuned,
)
from molxai.explanation.explainer import Explainer, chosen_device
from molxai.explanation.methods import check_size
from molxai.explanation.methods import method as method_of
from molxai.explanation.methods.strengths import TUNED

MODEL = "model"
"""The trained model."""

FOREST = "random forest"
"""On count ECFP4."""

SVM = "SVM"
"""On ECFP4."""

PREDICTORS = (MODEL, FOREST, SVM)
"""What predicts values."""

ATOMS = "every atom 1 (no model)"
"""A map that says of any two molecules that the larger one has the larger value."""

METHODS = (
    "lrp",
    "lrp-routing",
    "lrp-tuned",
    "lrp-gamma",
    "lrp-res",
    "lrp-shared",
    "leave-one-out",
    "gradient-input",
    "integrated-gradients",
    "gae",
    "random",
)
"""Methods that are compared if none is named."""


@dataclass(frozen=True)
class Outcome:
    """What was measured on one table."""

    table: CliffTable
    seeds: tuple[int, ...]
    pairs: list[CliffPair]
    """Near-identical pairs in which an atom differs."""
    without_atoms: int
    """Pairs in which only stereo, charges or hydrogens differ, of which no atom can tell."""
    values: dict[str, Float[ndarray, "seeds molecules"]]
    """What each predictor says of every molecule of the table."""
    differences: dict[str, Float[ndarray, "seeds pairs"]]
    """What each predictor and method says of each pair: A's less B's; empty if none was asked."""

    @property
    def measured(self) -> Float[ndarray, " pairs"]:
        """The measured difference of each pair: A's value less B's."""
        return self.table.values[self.ends[:, 0]] - self.table.values[self.ends[:, 1]]

    @property
    def ends(self) -> Int[ndarray, "pairs 2"]:
        """Places of the two molecules of each pair."""
        return _ends(self.pairs)

    def hits(self, judge: str) -> Bool[ndarray, "seeds pairs"]:
        """Whether a difference has the sign of the measured one; zero has neither sign."""
        return np.sign(self.differences[judge]) == np.sign(self.measured)

    def as_ensemble(self) -> "Outcome":
        """What the models of all seeds say as one ensemble.

        An ensemble predicts the mean of its members, and its maps are the means of theirs. The
        forest stays as it is: it is an ensemble by itself.
        """
        values = self.values | {MODEL: self.values[MODEL].mean(0, keepdims=True)}
        differences = {
            name: said if name == FOREST else said.mean(0, keepdims=True)
            for name, said in self.differences.items()
        }
        return replace(self, values=values, differences=differences)

    def errors(self, predictor: str, on_cliffs: bool) -> Float[ndarray, "seeds molecules"]:
        """Errors on the test molecules, or on those of them that are part of a cliff."""
        places = np.array(self.table.places("test"))
        if on_cliffs:
            places = places[self.table.is_cliff[places]]
        return self.values[predictor][:, places] - self.table.values[places]


def cliffs(
    paths: Sequence[Path],
    folder: Path,
    methods: Sequence[str] | None,
    seeds: Sequence[int],
    columns: Columns,
    learning: Learning,
    device: str,
    report: Report,
) -> list[Outcome]:
    """Train models on tables of activity cliffs, and judge them and their maps.

    Args:
        paths: tables, each with a split and marks of cliffs.
        folder: for models and all that takes long; an interrupted run there goes on.
        methods: ids of `EXPLAINERS`; None for errors alone, without any pair.
        seeds: of the trainings, and of the forests.
        columns: of the tables.
        learning: how models are trained.
        device: auto, cpu or cuda.
        report: is told what is done.

    Raises:
        ValueError: a table, a method or the folder does not fit; nothing has been trained then,
            unless it is a model in the folder that does not fit.
        OSError: a file is missing, or the model to begin with.
    """
    chosen_device(device)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: a folder is needed for the models and the tables")
    if learning.init:
        locate(learning.init)
    tables = [read_cliffs(path, columns) for path in paths]
    _check_names(tables)
    all_pairs: list[list[CliffPair]] = [[] for _ in tables]
    if methods is not None:
        all_pairs = [cliff_pairs(table, folder / table.name, report) for table in tables]
        for table, pairs in zip(tables, all_pairs, strict=True):
            _check_sizes(table, pairs, methods)
    outcomes = []
    for table, pairs in zip(tables, all_pairs, strict=True):
        place = folder / table.name
        explainers = [
            explainer_for(table, learning, seed, place / f"seed-{seed}", device, report)
            for seed in seeds
        ]
        outcome = _errors(table, place, explainers, seeds, report)
        if methods is not None:
            outcome = _with_directions(outcome, pairs, methods, explainers, report)
        outcomes.append(outcome)
    return outcomes


def _check_names(tables: Sequence[CliffTable]) -> None:
    """Refuse two tables whose models would lie in one folder."""
    names = [table.name for table in tables]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"several files are called {listing(repeated)}: rename them")


def _check_sizes(table: CliffTable, pairs: Sequence[CliffPair], methods: Sequence[str]) -> None:
    """Refuse pairs of molecules that are too large for a method."""
    ends = [end for pair in pairs for end in (pair.a, pair.b)]
    largest = max(table.molecules[end].graph.nodes for end in ends)
    for name in methods:
        check_size(method_of(name), largest)


def _errors(
    table: CliffTable,
    folder: Path,
    explainers: Sequence[Explainer],
    seeds: Sequence[int],
    report: Report,
) -> Outcome:
    """What the predictors say of the molecules of one table, and nothing yet of pairs."""
    report(f"{table.name}: random forest and SVM")
    values = {
        MODEL: np.stack([model_values(explainer, table) for explainer in explainers]),
        FOREST: np.stack([forest_values(table, seed, folder / f"seed-{seed}") for seed in seeds]),
        SVM: svm_values(table, folder)[None],
    }
    return Outcome(table, tuple(seeds), [], 0, values, {})


def _with_directions(
    outcome: Outcome,
    pairs: Sequence[CliffPair],
    methods: Sequence[str],
    explainers: Sequence[Explainer],
    report: Report,
) -> Outcome:
    """The same with what the predictors and the methods say of the pairs."""
    with_atoms = [pair for pair in pairs if pair.difference.has_atoms]
    a, b = _ends(with_atoms).T  # (pairs,) each
    differences = {name: said[:, a] - said[:, b] for name, said in outcome.values.items()}
    for method in methods:
        differences[method] = _map_differences(
            method, explainers, outcome.table, with_atoms, report
        )
    sizes = [len(pair.difference.atoms_a) - len(pair.difference.atoms_b) for pair in with_atoms]
    differences[ATOMS] = np.array([sizes], dtype=float)
    without_atoms = len(pairs) - len(with_atoms)
    return replace(outcome, pairs=with_atoms, without_atoms=without_atoms, differences=differences)


def _ends(pairs: Sequence[CliffPair]) -> Int[ndarray, "pairs 2"]:
    """Places of the two molecules of each pair."""
    return np.array([(pair.a, pair.b) for pair in pairs])


def _map_differences(
    method: str,
    explainers: Sequence[Explainer],
    table: CliffTable,
    pairs: Sequence[CliffPair],
    report: Report,
) -> Float[ndarray, "seeds pairs"]:
    """What a method says of each pair, on the model of each seed."""
    rows: list[Values] = []
    for explainer in explainers:
        if method == TUNED:
            explainer = tuned(explainer, explainers[0], report)
        assert explainer.weights is not None, "the model lies in a file"
        folder = explainer.weights.parent
        rows.append(map_differences(explainer, method, table, pairs, folder, report))
    return np.stack(rows)
