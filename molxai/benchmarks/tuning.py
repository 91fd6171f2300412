"""Strengths of the rules of `lrp-tuned`, chosen for a model on graphs that it was trained on.

Each strength in turn is set to whatever scores best, the others held, until nothing changes. Every
setting that was tried is kept with its measures. The idea of choosing an explanation's settings by
its faithfulness is that of Pahde et al. 2023, "Optimizing Explanations by Network Canonization and
Hyperparameter Search".
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from graphormer.graphs.graph import Graph
from graphormer.network.checkpoint import save_card
from molxai.benchmarks.evaluation import own_part
from molxai.benchmarks.faithfulness import explain_all
from molxai.benchmarks.subjects import sample_of
from molxai.explanation.explainer import Explainer
from molxai.explanation.method import Method
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.methods.strengths import Strengths
from molxai.metrics import METRICS
from molxai.metrics.curves import curves

REFERENCE = "lrp"
"""The method that settings are compared with."""

CHOICES: Mapping[str, tuple[float, ...]] = {
    "alpha": (0.0, 0.25, 0.5, 0.75),
    "presence": (0.0, 0.25, 0.5, 1.0),
    "gamma": (0.0, 0.1, 0.25),
    "residual": (0.0, 0.25, 0.5),
}
"""What each strength may be."""

SAMPLE = 100
"""Graphs of the training set on which settings are scored."""

DIGITS = 4
"""Digits of the measures that are kept."""

SCORE = (
    "mean over the measures of the gain on lrp, relative to lrp's own (AUAC: to 1 − lrp's), "
    "plus the smallest gain if it is negative; removal attn, predicted class"
)
"""How a setting is scored, in words."""

Measures = Mapping[str, float]
"""Means over the graphs, by the measure's id."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """A setting with what it measured and its score."""

    strengths: Strengths
    measures: Measures
    score: float

    def to_dict(self) -> dict[str, float]:
        measures = {name: round(value, DIGITS) for name, value in self.measures.items()}
        return {**self.strengths.to_dict(), **measures, "score": round(self.score, DIGITS)}


@dataclass(frozen=True)
class Tuning:
    """The best setting, and all that were tried."""

    best: Trial
    trials: Sequence[Trial]
    reference: Measures
    """What `lrp` measured on the same graphs."""
    about: str
    """Which graphs."""

    def to_dict(self) -> dict[str, Any]:
        """What a card holds of it."""
        return {
            "strengths": self.best.strengths.to_dict(),
            "graphs": self.about,
            "score": SCORE,
            REFERENCE: {name: round(value, DIGITS) for name, value in self.reference.items()},
            "tried": [trial.to_dict() for trial in self.trials],
        }


def tune_card(
    explainer: Explainer, sample: int, home: str | Path | None, report: Report
) -> tuple[Tuning, Path]:
    """Choose the strengths for a model that lies in a file, and write them into its card.

    Args:
        explainer: of the model.
        sample: graphs of its training set on which settings are scored.
        home: folder of the public data sets.
        report: is told of each setting.

    Returns:
        What was chosen, and the path of the card.

    Raises:
        ValueError: the model's training set is not known, or cannot be read.
        OSError: the data are not there, or the card cannot be written.
    """
    assert explainer.weights is not None, "the model must lie in a file"
    data = own_part(explainer, "train", home)
    rows = sample_of(len(data), sample)
    about = f"{len(rows)} graphs of {data.name} {data.split}"
    tuning = tune(explainer, [data.graphs[row] for row in rows], about, report)
    save_card(replace(explainer.card, tuning=tuning.to_dict()), explainer.weights)
    return tuning, explainer.weights.with_suffix(".json")


def tune(explainer: Explainer, graphs: Sequence[Graph], about: str, report: Report) -> Tuning:
    """Choose the strengths for a model.

    Args:
        explainer: with the model.
        graphs: that it was trained on.
        about: which they are, in a few words.
        report: is told of each setting.
    """
    reference = measures_of(explainer, EXPLAINERS[REFERENCE], graphs)
    trials: dict[Strengths, Trial] = {}

    def trial(strengths: Strengths) -> Trial:
        if strengths not in trials:
            measures = measures_of(explainer, strengths.method(), graphs)
            trials[strengths] = Trial(strengths, measures, score(measures, reference))
            setting = ", ".join(f"{name} {value:g}" for name, value in vars(strengths).items())
            report(f"{setting}: score {trials[strengths].score:+.4f}")
        return trials[strengths]

    best = trial(Strengths())
    before = None
    while before != best:
        before = best
        for name in CHOICES:
            best = max([best, *map(trial, _neighbours(best.strengths, name))], key=_score_of)
    return Tuning(best, list(trials.values()), reference, about)


def _neighbours(strengths: Strengths, name: str) -> Iterator[Strengths]:
    """The same strengths with each choice of one of them."""
    for value in CHOICES[name]:
        yield replace(strengths, **{name: value})


def _score_of(trial: Trial) -> float:
    return trial.score


def measures_of(explainer: Explainer, method: Method, graphs: Sequence[Graph]) -> Measures:
    """Mean AUAC, AU-MSE and SRG; no AUAC of a regression, which has no probability.

    Raises:
        ValueError: one of them is not finite.
    """
    explanations = explain_all(explainer, method, graphs, [None] * len(graphs))
    answers = curves(explainer.network, graphs, explanations)
    is_regression = explainer.card.config.task == "regression"
    names = ("au_mse", "srg") if is_regression else ("auac", "au_mse", "srg")
    measures = {name: float(np.mean(METRICS[name].function(answers))) for name in names}
    if not all(map(math.isfinite, measures.values())):
        raise ValueError(
            f"{method.name} measures {measures} on {explainer.card.name}: "
            "finite outputs are needed, look at the model first"
        )
    return measures


def score(measures: Measures, reference: Measures) -> float:
    """How far a setting is ahead of the reference; `SCORE` says it in words.

    Example:
        >>> score({"auac": 0.9, "au_mse": 3.0}, {"auac": 0.8, "au_mse": 4.0})  # 0.1 / 0.2, 1 / 4
        0.375
    """
    gains = [_gain(name, value, reference[name]) for name, value in measures.items()]
    return round(sum(gains) / len(gains) + min(0.0, *gains), 10)


def _gain(name: str, value: float, reference: float) -> float:
    """The gain of a measure on the reference's, relative to it; of AUAC to what is left to gain."""
    gain = reference - value if METRICS[name].direction == "lower" else value - reference
    left = 1 - reference if name == "auac" else abs(reference)
    return gain / left if left else 0.0
