import math

import numpy as np
import pytest

from molxai.metrics.plausibility import (
    MOST_MATCHES,
    auc_minus,
    auc_plus,
    auroc,
    average_precision,
    cosine,
    rmse,
    subset_auroc,
    top_n_minus,
    top_n_plus,
)


def values(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=np.float64)


def mask(*atoms: int) -> np.ndarray:
    return np.array(atoms, dtype=bool)


def test_areas_of_a_mask():
    relevance = values(4, 3, 2, 1)
    assert auroc(relevance, mask(1, 1, 0, 0)) == 1.0
    assert average_precision(relevance, mask(1, 1, 0, 0)) == 1.0
    assert auroc(relevance, mask(1, 0, 1, 0)) == pytest.approx(3 / 4)
    assert average_precision(relevance, mask(1, 0, 1, 0)) == pytest.approx((1 + 2 / 3) / 2)
    assert auroc(relevance, mask(0, 0, 0, 1)) == 0.0
    assert auroc(values(1, 1, 1), mask(1, 0, 0)) == 0.5
    for undefined in (mask(0, 0, 0, 0), mask(1, 1, 1, 1)):
        assert math.isnan(auroc(relevance, undefined))
        assert math.isnan(average_precision(relevance, undefined))


def test_area_against_scikit_learn():
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(0)
    for _ in range(20):
        relevance, inside = random.integers(0, 5, 12).astype(float), random.permutation(12) < 4
        assert auroc(relevance, inside) == pytest.approx(roc_auc_score(inside, relevance))


def test_one_of_two_rings_is_as_good_as_both():
    relevance = values(9, 8, 1, 2, 3, 0)
    first, second = frozenset({0, 1}), frozenset({2, 3})
    assert subset_auroc(relevance, [second]) == pytest.approx(2 / 8)
    assert subset_auroc(relevance, [first, second]) == 1.0
    both = values(5, 2, 6, 3, 1, 1)
    assert [
        subset_auroc(both, rings) for rings in ([first], [second], [first, second])
    ] == pytest.approx([5 / 8, 7 / 8, 1])
    assert math.isnan(subset_auroc(relevance, []))
    assert math.isnan(subset_auroc(relevance, [frozenset(range(6))]))


def test_the_union_alone_is_taken_of_many_matches():
    nodes = 3 * (MOST_MATCHES + 1)
    relevance = -np.arange(nodes, dtype=np.float64)
    few, many = (
        [frozenset({3 * i}) for i in range(count)] for count in (MOST_MATCHES, MOST_MATCHES + 1)
    )
    assert subset_auroc(relevance, few) == 1.0
    union = np.arange(nodes) % 3 == 0
    assert subset_auroc(relevance, many) == pytest.approx(auroc(relevance, union)) != 1.0


def signed_areas(relevance: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    return auc_plus(relevance, truth), auc_minus(relevance, truth)


def test_signs_are_told_apart():
    truth = values(1, 0, -1, 0)
    assert signed_areas(values(2, 0, -2, 0), truth) == (1.0, 1.0)
    assert signed_areas(values(-2, 0, 2, 0), truth) == (0.0, 0.0)
    assert signed_areas(values(2, 0, 2, 0), truth) == pytest.approx((2.5 / 3, 0.5 / 3))
    assert math.isnan(auc_minus(values(1, 2), values(1, 0)))


def hits(relevance: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    return top_n_plus(relevance, truth), top_n_minus(relevance, truth)


def test_hits_share_tied_places():
    truth = values(1, 1, 0, 0, -1)
    assert hits(values(5, 4, 3, 2, 1), truth) == (1.0, 1.0)
    assert hits(values(5, 1, 4, 2, 3), truth) == (0.5, 0.0)
    assert hits(values(1, 1, 1, 1, 1), truth) == pytest.approx((2 / 5, 1 / 5))
    assert math.isnan(top_n_minus(values(1, 2), values(0, 1)))


def test_overlap_and_error():
    assert cosine(values(2, -4), values(1, -2)) == pytest.approx(1)
    assert cosine(values(-1, 2), values(1, -2)) == pytest.approx(-1)
    assert cosine(values(0, 3), values(3, 0)) == cosine(values(0, 0), values(3, 0)) == 0
    assert math.isnan(cosine(values(1, 2), values(0, 0)))
    assert rmse(values(1, 1), values(1, -1)) == pytest.approx(2**0.5)
