"""How good predictions are: the usual measures of each task, with intervals."""

import math
import warnings
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from numpy import ndarray
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.network.ensemble import Model
from graphormer.network.model import Task
from graphormer.network.prediction import predict

RESAMPLES = 500
BINS = 10

DIVERGED = "its training diverged; bring the values to learn to a smaller range, and train into another folder"
"""What to make of a model whose numbers are not finite."""

WITH_UNIT = ("rmse", "mae")
"""Measures in the unit of their target."""

Measures = dict[str, float]
Interval = tuple[float, float, float]
"""Value, low, high."""


def evaluate(model: Model, data: LabelledGraphs) -> Measures:
    """Measures of the model's task on labelled graphs: see `quality`."""
    return quality(model.config.task, predict(model, data.graphs), data.labels)


def quality(
    task: Task, outputs: Float[Tensor, "graphs outputs"], labels: Shaped[Tensor, " graphs *outputs"]
) -> Measures:
    """The task's measures; averaged over targets where there are several. NaN where labels of one class allow none.

    Binary: ROC-AUC, PR-AUC (average precision), accuracy, MCC, Brier score, ECE. Multiclass: accuracy, MCC, cross entropy,
    ECE. Regression: RMSE, MAE, R², Spearman's ρ, in the target's unit where they have one.

    Raises:
        ValueError: outputs are not finite numbers.
    """
    return _mean(qualities(task, outputs, labels))


def qualities(
    task: Task, outputs: Float[Tensor, "graphs outputs"], labels: Shaped[Tensor, " graphs *outputs"]
) -> list[Measures]:
    """The measures of each target, empty for one without labels; of several classes there is one target.

    Raises:
        ValueError: outputs are not finite numbers.
    """
    if wild := int((~outputs.isfinite()).any(1).sum()):
        raise ValueError(
            f"of {wild} of {len(outputs)} graphs the model says no finite number: {DIVERGED}"
        )
    if task == "multiclass":
        return [_several(outputs, labels)]
    judge = _binary if task == "binary" else _values
    made: list[Measures] = []
    for column in range(outputs.shape[1]):
        known = ~labels[:, column].isnan()
        some = bool(known.any())
        made.append(
            judge(labels[known, column].double().numpy(), outputs[known, column].double().numpy())
            if some
            else {}
        )
    return made


def _mean(columns: Sequence[Measures]) -> Measures:
    """Over targets, NaN left out."""
    known = [column for column in columns if column]
    names = known[0] if known else {}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # a mean of nothing is NaN, and is meant to be
        return {name: float(np.nanmean([column[name] for column in known])) for name in names}


Quality = tuple[dict[str, Interval], list[dict[str, Interval]]]
"""Measures of all targets together, and those of each where there are several."""


def intervals(
    task: Task,
    outputs: Float[Tensor, "graphs outputs"],
    labels: Shaped[Tensor, " graphs *outputs"],
    seed: int = 0,
) -> Quality:
    """Each measure with its 95 % percentile bootstrap interval over graphs (Efron & Tibshirani 1993, section 13.3).

    Several targets have means of the measures that have no unit; those of RMSE and MAE would add litres to degrees.
    """
    whole = qualities(task, outputs, labels)
    random = np.random.default_rng(seed)
    draws = []
    for _ in range(RESAMPLES):
        chosen = torch.from_numpy(random.integers(0, len(outputs), len(outputs)))
        draws.append(qualities(task, outputs[chosen], labels[chosen]))
    together = _bands(_mean(whole), [_mean(draw) for draw in draws])
    if len(whole) == 1:
        return together, []
    free = {name: values for name, values in together.items() if name not in WITH_UNIT}
    return free, [_bands(one, [draw[place] for draw in draws]) for place, one in enumerate(whole)]


def _bands(whole: Measures, draws: Sequence[Measures]) -> dict[str, Interval]:
    """Value, and the ends of the interval that holds 95 % of the draws."""
    made: dict[str, Interval] = {}
    for name, value in whole.items():
        drawn = np.array([draw.get(name, math.nan) for draw in draws])
        drawn = drawn[np.isfinite(drawn)]
        low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (math.nan, math.nan)
        made[name] = (value, float(low), float(high))
    return made


def _binary(y: Float[ndarray, " graphs"], logit: Float[ndarray, " graphs"]) -> Measures:
    from sklearn import metrics

    probability = 1 / (1 + np.exp(-np.clip(logit, -500, 500)))
    both = 0 < y.sum() < len(y)
    return {
        "roc_auc": float(metrics.roc_auc_score(y, logit)) if both else math.nan,
        "pr_auc": float(metrics.average_precision_score(y, logit)) if both else math.nan,
        "accuracy": float(((logit > 0) == (y > 0.5)).mean()),
        "mcc": _matthews(y, (logit > 0).astype(float)),
        "brier": float(((probability - y) ** 2).mean()),
        "ece": calibration_error(probability, y),
    }


def _several(
    outputs: Float[Tensor, "graphs outputs"], labels: Shaped[Tensor, " graphs"]
) -> Measures:
    from sklearn import metrics

    best = outputs.argmax(1)
    confidence = outputs.double().softmax(1).max(1).values.numpy()
    hit = (best == labels).double().numpy()
    varied = len(labels.unique()) > 1 and len(best.unique()) > 1
    return {
        "accuracy": float(hit.mean()),
        "mcc": float(metrics.matthews_corrcoef(labels.numpy(), best.numpy())) if varied else 0.0,
        "cross_entropy": float(F.cross_entropy(outputs, labels)),
        "ece": calibration_error(confidence, hit),
    }


def _values(y: Float[ndarray, " graphs"], value: Float[ndarray, " graphs"]) -> Measures:
    from scipy.stats import spearmanr

    error = value - y
    spread = ((y - y.mean()) ** 2).sum()
    varied = len(y) > 1 and spread > 0 and np.ptp(value) > 0
    return {
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": float(np.abs(error).mean()),
        "r2": float(1 - (error**2).sum() / spread) if spread > 0 else math.nan,
        "spearman": float(spearmanr(y, value).statistic) if varied else math.nan,
    }


def _matthews(y: Float[ndarray, " graphs"], said: Float[ndarray, " graphs"]) -> float:
    """Correlation of two zero-one series (Matthews 1975); 0 where one of them is constant."""
    varied = 0 < y.sum() < len(y) and 0 < said.sum() < len(said)
    return float(np.corrcoef(y, said)[0, 1]) if varied else 0.0


def calibration_error(
    probability: Float[ndarray, " graphs"], came: Float[ndarray, " graphs"]
) -> float:
    """Expected calibration error in ten bins of equal width (Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 3)."""
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    gaps = [
        abs(came[place == b].mean() - probability[place == b].mean()) * (place == b).mean()
        for b in range(BINS)
        if (place == b).any()
    ]
    return float(sum(gaps))
