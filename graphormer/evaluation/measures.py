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
"""Samples that a bootstrap interval is made from."""

COVERED = (0.025, 0.975)
"""Quantiles of the samples between which an interval of 95 % lies."""

BINS = 10
"""Bins of the calibration error."""

LARGEST_LOGIT = 500.0
"""Logit beyond which a probability is 0 or 1 and its exponential would overflow."""

DIVERGED = (
    "its training diverged; "
    "bring the values to learn to a smaller range, and train into another folder"
)
"""What to do about a model whose numbers are not finite."""

WITH_UNIT = ("rmse", "mae")
"""Measures in the unit of their target."""

Measures = dict[str, float]
"""Value of each measure, by its name."""

Interval = tuple[float, float, float]
"""Value, low, high."""


def evaluate(model: Model, data: LabelledGraphs) -> Measures:
    """Measures of the model's task on labelled graphs: see `quality`."""
    outputs = predict(model, data.graphs) / model.config.temperature  # (graphs, outputs)
    return quality(model.config.task, outputs, data.labels)


def quality(
    task: Task, outputs: Float[Tensor, "graphs outputs"], labels: Shaped[Tensor, " graphs *outputs"]
) -> Measures:
    """The measures of a task, as means over the targets if there are several.

    A measure is NaN if labels of one class do not define it.

    - Binary: ROC-AUC, PR-AUC (average precision), accuracy, MCC, Brier score, ECE.
    - Multiclass: accuracy, MCC, cross entropy, ECE.
    - Regression: RMSE and MAE in the target's unit, R², Spearman's ρ.

    Raises:
        ValueError: outputs are not finite numbers.

    Example:
        >>> logits = torch.tensor([[2.0], [1.0], [-1.0]])
        >>> labels = torch.tensor([[1.0], [0.0], [0.0]])
        >>> measures = quality("binary", logits, labels)
        >>> measures["roc_auc"], round(measures["accuracy"], 3)
        (1.0, 0.667)
    """
    return _mean(quality_by_target(task, outputs, labels))


def quality_by_target(
    task: Task, outputs: Float[Tensor, "graphs outputs"], labels: Shaped[Tensor, " graphs *outputs"]
) -> list[Measures]:
    """The measures of each target, empty for one without labels; several classes are one target.

    Raises:
        ValueError: outputs are not finite numbers.
    """
    bad_graphs = int((~outputs.isfinite()).any(1).sum())
    if bad_graphs:
        raise ValueError(
            f"the model's outputs for {bad_graphs} of {len(outputs)} graphs are not finite: "
            f"{DIVERGED}"
        )
    if task == "multiclass":
        return [_multiclass(outputs, labels)]
    measure = _binary if task == "binary" else _regression
    measures: list[Measures] = []
    for column in range(outputs.shape[1]):
        is_labelled = ~labels[:, column].isnan()  # (graphs,)
        if not is_labelled.any():
            measures.append({})
            continue
        column_labels = labels[is_labelled, column].double().numpy()  # (labelled graphs,)
        column_outputs = outputs[is_labelled, column].double().numpy()  # (labelled graphs,)
        measures.append(measure(column_labels, column_outputs))
    return measures


def _mean(by_target: Sequence[Measures]) -> Measures:
    """Means over the targets; NaN is left out."""
    labelled_targets = [measures for measures in by_target if measures]
    if not labelled_targets:
        return {}
    means: Measures = {}
    with warnings.catch_warnings():
        # The mean of nothing is NaN, as it should be.
        warnings.simplefilter("ignore", RuntimeWarning)
        for name in labelled_targets[0]:
            values = [measures[name] for measures in labelled_targets]
            means[name] = float(np.nanmean(values))
    return means


def intervals(
    task: Task,
    outputs: Float[Tensor, "graphs outputs"],
    labels: Shaped[Tensor, " graphs *outputs"],
    seed: int = 0,
) -> tuple[dict[str, Interval], list[dict[str, Interval]]]:
    """Each measure of all targets together and of each target, with 95 % intervals.

    They are percentile bootstrap intervals over graphs (Efron & Tibshirani 1993, section 13.3).
    With one target there is no second list. With several there is no common RMSE or MAE: it would
    add litres to degrees.
    """
    by_target = quality_by_target(task, outputs, labels)
    random = np.random.default_rng(seed)
    samples = []
    for _ in range(RESAMPLES):
        drawn = torch.from_numpy(random.integers(0, len(outputs), len(outputs)))
        samples.append(quality_by_target(task, outputs[drawn], labels[drawn]))
    together = _intervals(_mean(by_target), [_mean(sample) for sample in samples])
    if len(by_target) == 1:
        return together, []
    unitless = {name: values for name, values in together.items() if name not in WITH_UNIT}
    each_target = [
        _intervals(measures, [sample[target] for sample in samples])
        for target, measures in enumerate(by_target)
    ]
    return unitless, each_target


def _intervals(measures: Measures, samples: Sequence[Measures]) -> dict[str, Interval]:
    """Value of each measure, and the ends of the interval that holds 95 % of the samples."""
    measure_intervals: dict[str, Interval] = {}
    for name, value in measures.items():
        draws = np.array([sample.get(name, math.nan) for sample in samples])
        low, high = _ends(draws)
        measure_intervals[name] = (value, low, high)
    return measure_intervals


def _ends(draws: Float[ndarray, " samples"]) -> tuple[float, float]:
    """Ends of the interval, NaN if no draw is finite."""
    values = draws[np.isfinite(draws)]
    if not len(values):
        return math.nan, math.nan
    low, high = np.quantile(values, COVERED)
    return float(low), float(high)


def _binary(labels: Float[ndarray, " graphs"], logits: Float[ndarray, " graphs"]) -> Measures:
    from sklearn import metrics

    probability = 1 / (1 + np.exp(-np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)))
    roc_auc = math.nan
    pr_auc = math.nan
    if 0 < labels.sum() < len(labels):
        roc_auc = float(metrics.roc_auc_score(labels, logits))
        pr_auc = float(metrics.average_precision_score(labels, logits))
    return {
        "roc_auc": roc_auc,
        "pr_auc": pr_auc,
        "accuracy": float(((logits > 0) == (labels > 0.5)).mean()),
        "mcc": _matthews(labels, (logits > 0).astype(float)),
        "brier": float(((probability - labels) ** 2).mean()),
        "ece": calibration_error(probability, labels),
    }


def _multiclass(
    outputs: Float[Tensor, "graphs outputs"], labels: Shaped[Tensor, " graphs"]
) -> Measures:
    from sklearn import metrics

    predicted = outputs.argmax(1)  # (graphs,)
    confidence = outputs.double().softmax(1).max(1).values.numpy()  # (graphs,)
    correct = (predicted == labels).double().numpy()
    matthews = 0.0
    if len(labels.unique()) > 1 and len(predicted.unique()) > 1:
        matthews = float(metrics.matthews_corrcoef(labels.numpy(), predicted.numpy()))
    return {
        "accuracy": float(correct.mean()),
        "mcc": matthews,
        "cross_entropy": float(F.cross_entropy(outputs, labels)),
        "ece": calibration_error(confidence, correct),
    }


def _regression(labels: Float[ndarray, " graphs"], values: Float[ndarray, " graphs"]) -> Measures:
    from scipy.stats import spearmanr

    error = values - labels
    variation = ((labels - labels.mean()) ** 2).sum()
    r2 = math.nan
    if variation > 0:
        r2 = float(1 - (error**2).sum() / variation)
    spearman = math.nan
    if len(labels) > 1 and variation > 0 and np.ptp(values) > 0:
        spearman = float(spearmanr(labels, values).statistic)
    return {
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": float(np.abs(error).mean()),
        "r2": r2,
        "spearman": spearman,
    }


def _matthews(labels: Float[ndarray, " graphs"], predicted: Float[ndarray, " graphs"]) -> float:
    """Correlation of two series of zeros and ones (Matthews 1975); 0 if one is constant."""
    if not (0 < labels.sum() < len(labels) and 0 < predicted.sum() < len(predicted)):
        return 0.0
    return float(np.corrcoef(labels, predicted)[0, 1])


def calibration_error(
    probability: Float[ndarray, " graphs"], outcome: Float[ndarray, " graphs"]
) -> float:
    """Expected calibration error in ten bins of equal width.

    In each bin, the share of graphs for which the event came differs from its mean probability.
    The error is the mean difference, each bin weighted by its share of the graphs.

    Source:
        Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 3.

    Example:
        Half of the graphs are off by 0.3, the other half by 0.4:

        >>> calibration_error(np.array([0.2, 0.2, 0.6, 0.6]), np.array([0.0, 1.0, 1.0, 1.0]))
        0.35
    """
    bin_of = np.minimum((probability * BINS).astype(int), BINS - 1)  # (graphs,)
    error = 0.0
    for number in range(BINS):
        members = bin_of == number  # (graphs,)
        if members.any():
            gap = abs(outcome[members].mean() - probability[members].mean())
            error += gap * members.mean()
    return float(error)
