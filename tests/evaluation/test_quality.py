"""Measures of predictions against hand counts, scikit-learn, and their own limits."""

import math
import warnings

import numpy as np
import pytest
import torch
from sklearn import metrics

from graphormer.evaluation.measures import calibration_error, intervals, quality


def test_binary_against_hand_counts():
    labels = torch.tensor([[1.0], [0.0], [1.0], [0.0]])
    measures = quality("binary", torch.tensor([[2.0], [1.0], [-1.0], [-2.0]]), labels)
    assert measures["roc_auc"] == 0.75 and measures["accuracy"] == 0.5 and measures["mcc"] == 0.0
    shares = [1 / (1 + math.exp(-x)) for x in (2, 1, -1, -2)]
    assert measures["brier"] == pytest.approx(
        sum((p - y) ** 2 for p, y in zip(shares, (1, 0, 1, 0), strict=True)) / 4
    )


def test_values_against_hand_counts():
    measures = quality(
        "regression", torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[1.0], [4.0], [3.0]])
    )
    assert measures["mae"] == pytest.approx(2 / 3) and measures["rmse"] == pytest.approx(
        (4 / 3) ** 0.5
    )
    assert measures["r2"] == pytest.approx(1 - 4 / (14 / 3)) and measures[
        "spearman"
    ] == pytest.approx(0.5)


def test_matthews_is_scikit_learns():
    random = np.random.default_rng(0)
    y, logit = random.integers(0, 2, 50), random.normal(size=50)
    measures = quality(
        "binary", torch.tensor(logit)[:, None].float(), torch.tensor(y)[:, None].float()
    )
    assert measures["mcc"] == pytest.approx(metrics.matthews_corrcoef(y, logit > 0))


@pytest.mark.parametrize(
    "labels, largest", [([2, 2, 2], [2, 2, 2]), ([0, 1, 2], [1, 1, 1]), ([1, 1, 1], [0, 1, 2])]
)
def test_a_constant_class_correlates_with_nothing(labels, largest):
    """Zero, as scikit-learn has it, without its warning that a whole training repeats."""
    outputs = torch.eye(3)[largest]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measures = quality("multiclass", outputs, torch.tensor(labels))
    assert measures["mcc"] == 0


def test_one_class_is_not_defined_and_not_hidden():
    measures = quality("binary", torch.zeros(3, 1), torch.ones(3, 1))
    assert math.isnan(measures["roc_auc"]) and measures["accuracy"] == 0.0


def test_outputs_that_are_not_finite_are_no_quality():
    with pytest.raises(ValueError, match="outputs for 1 of 2 graphs are not finite"):
        quality("regression", torch.tensor([[1.0], [math.nan]]), torch.ones(2, 1))


def test_missing_labels_are_left_out_of_means():
    labels = torch.tensor([[1.0, math.nan], [0.0, math.nan], [math.nan, 1.0], [math.nan, 0.0]])
    outputs = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    assert quality("binary", outputs, labels)["roc_auc"] == 0.5  # (1 + 0) / 2


def test_calibration_of_the_calibrated_and_of_the_certain():
    assert calibration_error(np.full(10, 0.3), np.array([1.0] * 3 + [0.0] * 7)) == pytest.approx(0)
    assert calibration_error(np.ones(4), np.zeros(4)) == 1.0
    # Two bins of two each: |0.5 − 0.2| and |1 − 0.6|, weighted by a half.
    assert calibration_error(
        np.array([0.2, 0.2, 0.6, 0.6]), np.array([0.0, 1.0, 1.0, 1.0])
    ) == pytest.approx(0.35)


def test_intervals_hold_the_value_and_narrow_with_more_graphs():
    random = np.random.default_rng(1)
    y = torch.tensor(random.normal(size=400))[:, None].float()
    outputs = y + torch.tensor(random.normal(size=400))[:, None].float()
    few, _ = intervals("regression", outputs[:40], y[:40])
    many, each_target = intervals("regression", outputs, y)
    assert each_target == []
    for measures in (few, many):
        assert all(low <= value <= high for value, low, high in measures.values())
    assert many["rmse"][2] - many["rmse"][1] < 0.6 * (few["rmse"][2] - few["rmse"][1])


def test_each_of_several_targets_is_judged_alone_and_units_are_not_added():
    y = torch.tensor([[1.0, 100.0], [2.0, 300.0], [3.0, math.nan], [5.0, 200.0]])
    together, each_target = intervals("regression", y.nan_to_num() + torch.tensor([1.0, 50.0]), y)
    first, second = each_target
    assert [first["rmse"][0], second["rmse"][0]] == pytest.approx([1, 50])
    assert not {"rmse", "mae"} & set(together)
    assert together["r2"][0] == pytest.approx((first["r2"][0] + second["r2"][0]) / 2)
    alone = intervals("regression", y[:, :1] + 1, y[:, :1])[0]
    assert alone == first  # the same graphs are drawn


def test_classes_are_judged_by_the_best():
    measures = quality("multiclass", torch.eye(3), torch.tensor([0, 1, 0]))
    assert measures["accuracy"] == pytest.approx(2 / 3)
