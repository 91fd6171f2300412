"""The attribution tasks whose truth is known: data, model, scores, baselines, literature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem

from graphormer.graphs.molecules import Molecule
from graphormer.names import unknown
from graphormer.network.model import Config
from graphormer.training.recipe import Recipe
from molxai.benchmarks.bias import with_bias
from molxai.benchmarks.truth import (
    NCI,
    Example,
    Fields,
    Reading,
    column,
    with_crippen,
    with_labels,
    with_patterns,
    with_tpsa,
)
from molxai.metrics import METRICS
from molxai.metrics.plausibility import average_precision, subset_auroc

Paint = Callable[[Molecule], Float[ndarray, " nodes"]]
"""Relevance that a molecule's structure alone gives."""

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
    """Ids of `METRICS`, the main one first."""
    scores: Callable[[Float[ndarray, " nodes"], Example], dict[str, float]]
    """NaN if a score is not defined for the molecule."""


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
    """Ids of `BASELINES`."""
    classes: tuple[str, ...] = ()
    is_standardised: bool = False
    """Whether values are learnt in standard deviations from their mean, which is then the base."""
    data: Path | None = None
    """File of molecules that is taken if none is named."""
    published: tuple[Published, ...] = ()

    @property
    def binary(self) -> bool:
        return self.config.task == "binary"

    def judges(self, molecule: Example) -> bool:
        """Whether there is a truth to find: the molecule is in the class, and not all of it."""
        if self.binary and not molecule.label:
            return False
        scores = self.comparison.scores(np.zeros(len(molecule.truth)), molecule)
        return not all(isnan(score) for score in scores.values())


def _match_scores(relevance: Float[ndarray, " nodes"], molecule: Example) -> dict[str, float]:
    """Scores of finding the matches, any of which suffices, or without matches the marked atoms."""
    mask = molecule.truth > 0
    matches = molecule.matches or (frozenset(np.flatnonzero(mask).tolist()),)
    return {
        "auroc": subset_auroc(relevance, matches),
        "average_precision": average_precision(relevance, mask),
    }


def _truth_comparison(*metrics: str) -> Comparison:
    """A comparison by measures that take the truth as it is."""

    def scores(relevance: Float[ndarray, " nodes"], molecule: Example) -> dict[str, float]:
        return {name: METRICS[name].function(relevance, molecule.truth) for name in metrics}

    return Comparison(metrics, scores)


MATCHES = Comparison(("auroc", "average_precision"), _match_scores)
"""For a truth of reasons, each of which suffices for the label."""

SIGNED = _truth_comparison("auc_plus", "auc_minus", "top_n_plus", "top_n_minus", "rmse")
"""For a truth of atoms that speak for the label or against it."""

OVERLAP = _truth_comparison("cosine", "rmse")
"""For a truth of contributions of any size."""


def _atom_paint(score: Callable[[Chem.Atom], float]) -> Paint:
    """A score for every atom, whatever the model."""
    return lambda molecule: np.array([float(score(atom)) for atom in molecule.mol.GetAtoms()])


def _random_paint(molecule: Molecule) -> Float[ndarray, " nodes"]:
    """Normal scores, the same whenever the same SMILES is asked."""
    seed = list(molecule.smiles.encode())
    return np.random.default_rng(seed).standard_normal(molecule.graph.nodes)


BASELINES: dict[str, Paint] = {
    "aromatic carbons": _atom_paint(lambda atom: atom.GetIsAromatic() and atom.GetSymbol() == "C"),
    "heteroatoms": _atom_paint(lambda atom: atom.GetSymbol() != "C"),
    "heteroatoms, negative": _atom_paint(lambda atom: -(atom.GetSymbol() != "C")),
    "N +1, O −1": _atom_paint(lambda atom: {"N": 1, "O": -1}.get(atom.GetSymbol(), 0)),
    "degree": _atom_paint(lambda atom: atom.GetDegree()),
    "every atom 1": _atom_paint(lambda atom: 1),
    "every atom 0": _atom_paint(lambda atom: 0),
    "random": _random_paint,
}
"""Relevance without a model: what any method must beat before its score says anything."""

_GOOGLE = (
    "Sanchez-Lengeling et al. 2020, NeurIPS 33, {} over trained models "
    "(F3_hparams_summary.csv of the paper's repository)"
)
_MEDIAN = _GOOGLE.format("median")
_LARGEST = _GOOGLE.format("largest")
_CRIPPEN = "Rasmussen et al. 2023, SciPost Chem. 2, 002, average over molecules"

_GNNS = ("GCN", "MPNN", "GraphNets", "GAT")
"""The networks of Sanchez-Lengeling et al., in the order of the medians below."""


def _medians(method: str, values: Sequence[float]) -> list[Published]:
    return [
        Published(f"{method}, {network}", {"auroc": value}, _MEDIAN)
        for network, value in zip(_GNNS, values, strict=True)
    ]


_CLASSIFIER = Config("binary", outputs=1, width=64, heads=4, layers=4, feedforward=128)
_REGRESSION = replace(_CLASSIFIER, task="regression", output_bias=True)

_SHORT = Recipe(epochs=10, batch_size=64, learning_rate=1e-3, structure_rate=20.0)
"""Chosen on a tenth of the training sets of `benzene` and `n-minus-o`: there it gave a ROC-AUC of
1.000 and an RMSE of 0.085."""

_LONG = replace(_SHORT, epochs=20)
"""For tables of any kind."""


def _read_benzene(path: Path, fields: Fields) -> Reading:
    """The table of the task `benzene`, whose own labels must agree with the pattern."""
    reading = with_patterns(path, replace(fields, smarts=(BENZENE,)))
    labels = column(path, "y")
    if not labels or not all(molecule.part for molecule in reading.molecules):
        raise ValueError(
            f"{path} lacks the columns y and split: "
            "the task 'benzene' needs smiles, y and split; see the task 'smarts'"
        )
    for molecule in reading.molecules:
        text = labels[molecule.row]
        if text.strip() not in (f"{molecule.label:.0f}", f"{molecule.label:.1f}"):
            raise ValueError(
                f"{path}, row {molecule.row}: y is {text!r}, "
                f"but the pattern {BENZENE} says {molecule.label:.0f}"
            )
    return reading


_ROWS = (
    Task(
        name="benzene",
        about="whether a benzene ring is there; the truth is the ring's atoms, "
        "any ring or rings where there are several",
        config=_CLASSIFIER,
        recipe=_SHORT,
        read=_read_benzene,
        comparison=MATCHES,
        baselines=("aromatic carbons", "heteroatoms, negative", "degree", "random"),
        classes=("no benzene ring", "benzene ring"),
        published=(
            *_medians("integrated gradients", (0.98, 0.90, 0.97, 0.95)),
            *_medians("CAM", (0.99, 0.96, 0.76, 0.99)),
            *_medians("gradient × input", (0.73, 0.53, 0.54, 0.56)),
            Published("attention weights, GAT", {"auroc": 0.51}, _MEDIAN),
            Published("random", {"auroc": 0.61}, _MEDIAN),
            Published("best single run: CAM, MPNN", {"auroc": 0.996}, _LARGEST),
        ),
    ),
    Task(
        name="n-minus-o",
        about="the number of nitrogens less the number of oxygens; "
        "the truth is +1 for each N and −1 for each O",
        config=_REGRESSION,
        recipe=_SHORT,
        read=with_labels,
        comparison=SIGNED,
        baselines=("N +1, O −1", "heteroatoms", "degree", "every atom 0", "random"),
    ),
    Task(
        name="smarts",
        about="whether any of the patterns matches; the truth is the matched atoms, "
        "any match or matches where there are several",
        config=_CLASSIFIER,
        recipe=_LONG,
        read=with_patterns,
        comparison=MATCHES,
        baselines=(
            "aromatic carbons",
            "heteroatoms",
            "heteroatoms, negative",
            "degree",
            "random",
        ),
        classes=("no match", "match"),
    ),
    Task(
        name="labels",
        about="the file's own labels of molecules and of atoms",
        config=_REGRESSION,
        recipe=_LONG,
        read=with_labels,
        comparison=SIGNED,
        baselines=("heteroatoms", "heteroatoms, negative", "degree", "every atom 0", "random"),
    ),
    Task(
        name="crippen",
        about="Wildman and Crippen's logP; the truth is each atom's contribution "
        "with its hydrogens",
        config=_REGRESSION,
        recipe=_LONG,
        read=with_crippen,
        is_standardised=True,
        data=NCI,
        comparison=OVERLAP,
        baselines=("heteroatoms, negative", "every atom 1", "every atom 0", "degree", "random"),
        published=(
            Published(
                "atom attribution from fingerprints, random forest (best)",
                {"cosine": 0.54},
                _CRIPPEN,
            ),
            Published("atom removal, graph convolutional network", {"cosine": 0.47}, _CRIPPEN),
        ),
    ),
    Task(
        name="bias",
        about="whether an amide is there, from a training set in which a CF3 group comes with each "
        "amide and with nothing else. No test molecule is an amide, and half of them have the "
        "group, whose atoms are the truth. The labels of the test part are the group's, so the "
        "model is misled as far as it is right about them",
        config=_CLASSIFIER,
        recipe=_LONG,
        read=with_bias,
        comparison=MATCHES,
        baselines=("heteroatoms", "aromatic carbons", "degree", "random"),
        classes=("no amide", "amide"),
        data=NCI,
    ),
    Task(
        name="tpsa",
        about="the polar surface in Å²; the truth is what each nitrogen and oxygen adds to it",
        config=_REGRESSION,
        recipe=_LONG,
        read=with_tpsa,
        is_standardised=True,
        data=NCI,
        comparison=OVERLAP,
        baselines=("heteroatoms", "every atom 1", "every atom 0", "degree", "random"),
    ),
)

TASKS: dict[str, Task] = {task.name: task for task in _ROWS}
"""Every task by its id."""


def task_named(name: str) -> Task:
    """The task of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in TASKS:
        raise ValueError(unknown("task named", name, TASKS))
    return TASKS[name]


def adapt(task: Task, classes: bool, molecules: Sequence[Example]) -> Task:
    """The task `labels` made to fit its file; other tasks stay as they are.

    Labels may be classes instead of values. If no atom speaks against the label, the truth is a
    mask instead of signs.
    """
    if task.name != "labels":
        return task
    if classes:
        task = replace(task, config=_CLASSIFIER, classes=("0", "1"))
    if any((molecule.truth < 0).any() for molecule in molecules):
        return task
    return replace(task, comparison=MATCHES)
