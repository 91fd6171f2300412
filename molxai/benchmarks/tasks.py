"""The attribution tasks whose truth is known, as a table: data, model, scores, trivial baselines and published figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from graphormer.graphs.molecules import Molecule
from graphormer.names import unknown
from graphormer.network.model import Config
from graphormer.training.recipe import Recipe
from molxai.benchmarks.truth import (
    Fields,
    Known,
    Reading,
    column,
    with_crippen,
    with_labels,
    with_patterns,
)
from molxai.metrics.plausibility import (
    cosine,
    plausibility,
    rmse,
    signed_auroc,
    subset_auroc,
    top_n_hits,
)

Paint = Callable[[Molecule], Float[ndarray, " nodes"]]

BENZENE = "c1ccccc1"
"""The pattern of the task of that name."""


@dataclass(frozen=True)
class Published:
    """A figure from the literature, for other models than ours."""

    name: str
    scores: dict[str, float]
    source: str


@dataclass(frozen=True)
class Comparison:
    """How relevance is compared with the truth of one molecule."""

    metrics: tuple[str, ...]
    """Names of the scores, the main one first."""
    scores: Callable[[Float[ndarray, " nodes"], Known], dict[str, float]]
    """NaN where a score is not defined for the molecule."""


@dataclass(frozen=True)
class Task:
    """A question whose answer is known atom by atom."""

    name: str
    about: str
    config: Config
    recipe: Recipe
    read: Callable[[Path, Fields], Reading]
    comparison: Comparison
    baselines: tuple[str, ...]
    """Of `BASELINES`."""
    classes: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()

    @property
    def binary(self) -> bool:
        return self.config.task == "binary"

    def judges(self, one: Known) -> bool:
        """Whether there is a truth to find: of a class the molecule is in, and not in every atom."""
        if self.binary and not one.label:
            return False
        return not all(
            isnan(score) for score in self.comparison.scores(np.zeros(len(one.truth)), one).values()
        )


def _matches(relevance: Float[ndarray, " nodes"], one: Known) -> dict[str, float]:
    matches = one.matches or (frozenset(np.flatnonzero(one.truth > 0).tolist()),)
    precision = plausibility(relevance, one.truth > 0)["average_precision"]
    return {"auroc": subset_auroc(relevance, matches), "average_precision": precision}


def _signed(relevance: Float[ndarray, " nodes"], one: Known) -> dict[str, float]:
    return (
        signed_auroc(relevance, one.truth)
        | top_n_hits(relevance, one.truth)
        | {"rmse": rmse(relevance, one.truth)}
    )


def _overlap(relevance: Float[ndarray, " nodes"], one: Known) -> dict[str, float]:
    return {"cosine": cosine(relevance, one.truth), "rmse": rmse(relevance, one.truth)}


MATCHES = Comparison(("auroc", "average_precision"), _matches)
SIGNED = Comparison(("auc_plus", "auc_minus", "top_n_plus", "top_n_minus", "rmse"), _signed)
OVERLAP = Comparison(("cosine", "rmse"), _overlap)

LOWER_IS_BETTER = frozenset({"rmse"})


def _each(score: Callable[..., float]) -> Paint:
    """A score for every atom, whatever the model."""
    return lambda one: np.array([float(score(atom)) for atom in one.mol.GetAtoms()])


def _random(one: Molecule) -> Float[ndarray, " nodes"]:
    return np.random.default_rng(list(one.smiles.encode())).standard_normal(one.graph.nodes)


BASELINES: dict[str, Paint] = {
    "aromatic carbons": _each(lambda atom: atom.GetIsAromatic() and atom.GetSymbol() == "C"),
    "heteroatoms": _each(lambda atom: atom.GetSymbol() != "C"),
    "heteroatoms, negative": _each(lambda atom: -(atom.GetSymbol() != "C")),
    "N +1, O −1": _each(lambda atom: {"N": 1, "O": -1}.get(atom.GetSymbol(), 0)),
    "degree": _each(lambda atom: atom.GetDegree()),
    "every atom 1": _each(lambda atom: 1),
    "every atom 0": _each(lambda atom: 0),
    "random": _random,
}
"""Relevance without a model: what any method must beat before its score says anything."""

GOOGLE = "Sanchez-Lengeling et al. 2020, NeurIPS 33, median over trained models (F3_hparams_summary.csv of the paper's repository)"
CRIPPEN = "Rasmussen et al. 2023, SciPost Chem. 2, 002, average over molecules"

_GNNS = ("GCN", "MPNN", "GraphNets", "GAT")


def _medians(method: str, values: Sequence[float]) -> list[Published]:
    return [
        Published(f"{method}, {network}", {"auroc": value}, GOOGLE)
        for network, value in zip(_GNNS, values, strict=True)
    ]


_WIDTH = Config("binary", outputs=1, width=64, heads=4, layers=4, feedforward=128)
_SHORT = Recipe(epochs=10, batch_size=64, learning_rate=1e-3, structure_rate=20.0)
"""Chosen on a tenth of the train parts of `benzene` and `n-minus-o`: ROC-AUC 1.000 and RMSE 0.085 there."""

_REGRESSION = replace(_WIDTH, task="regression", output_bias=True)

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            "benzene",
            "whether a benzene ring is there; the truth is the ring's atoms, any ring or rings where there are several",
            _WIDTH,
            _SHORT,
            lambda path, fields: _labels_agree(
                path, with_patterns(path, replace(fields, smarts=(BENZENE,)))
            ),
            MATCHES,
            ("aromatic carbons", "heteroatoms, negative", "degree", "random"),
            ("no benzene ring", "benzene ring"),
            (
                *_medians("integrated gradients", (0.98, 0.90, 0.97, 0.95)),
                *_medians("CAM", (0.99, 0.96, 0.76, 0.99)),
                *_medians("gradient × input", (0.73, 0.53, 0.54, 0.56)),
                Published("attention weights, GAT", {"auroc": 0.51}, GOOGLE),
                Published("random", {"auroc": 0.61}, GOOGLE),
                Published(
                    "best single run: CAM, MPNN",
                    {"auroc": 0.996},
                    GOOGLE.replace("median", "largest"),
                ),
            ),
        ),
        Task(
            "n-minus-o",
            "the number of nitrogens less the number of oxygens; the truth is +1 for each N and −1 for each O",
            _REGRESSION,
            _SHORT,
            with_labels,
            SIGNED,
            ("N +1, O −1", "heteroatoms", "degree", "every atom 0", "random"),
        ),
        Task(
            "smarts",
            "whether any of the patterns matches; the truth is the matched atoms, any match or matches where there are several",
            _WIDTH,
            replace(_SHORT, epochs=20),
            with_patterns,
            MATCHES,
            ("aromatic carbons", "heteroatoms", "heteroatoms, negative", "degree", "random"),
            ("no match", "match"),
        ),
        Task(
            "labels",
            "the file's own labels of molecules and of atoms",
            _REGRESSION,
            replace(_SHORT, epochs=20),
            with_labels,
            SIGNED,
            ("heteroatoms", "heteroatoms, negative", "degree", "every atom 0", "random"),
        ),
        Task(
            "crippen",
            "Wildman and Crippen's logP; the truth is each atom's contribution with its hydrogens",
            _REGRESSION,
            replace(_SHORT, epochs=20),
            with_crippen,
            OVERLAP,
            ("heteroatoms, negative", "every atom 1", "every atom 0", "degree", "random"),
            (),
            (
                Published(
                    "atom attribution from fingerprints, random forest (best)",
                    {"cosine": 0.54},
                    CRIPPEN,
                ),
                Published("atom removal, graph convolutional network", {"cosine": 0.47}, CRIPPEN),
            ),
        ),
    )
}


def task_named(name: str) -> Task:
    """The task of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in TASKS:
        raise ValueError(unknown("task named", name, TASKS))
    return TASKS[name]


def adapted(task: Task, classes: bool, known: Sequence[Known]) -> Task:
    """The task `labels` made to fit: a class instead of a value, and a mask instead of signs where no atom speaks against."""
    if task.name != "labels":
        return task
    if classes:
        task = replace(task, config=_WIDTH, classes=("0", "1"))
    signed = any((one.truth < 0).any() for one in known)
    return task if signed else replace(task, comparison=MATCHES)


def _labels_agree(path: Path, reading: Reading) -> Reading:
    labels = column(path, "y")
    if not labels or not all(one.part for one in reading.molecules):
        raise ValueError(
            f"{path} lacks the columns y and split: the task 'benzene' needs smiles, y and split; see the task 'smarts'"
        )
    for one in reading.molecules:
        if labels[one.row].strip() not in (f"{one.label:.0f}", f"{one.label:.1f}"):
            raise ValueError(
                f"{path}, row {one.row}: y is {labels[one.row]!r}, but the pattern {BENZENE} says {one.label:.0f}"
            )
    return reading
