import math

import numpy as np
import pytest

from molxai.metrics.plausibility import (
    MOST_MATCHES,
    cosine,
    plausibility,
    rmse,
    signed_auroc,
    subset_auroc,
    top_n_hits,
)


def values(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=np.float64)


def mask(*atoms: int) -> np.ndarray:
    return np.array(atoms, dtype=bool)


def test_areas_of_a_mask():
    relevance = values(4, 3, 2, 1)
    assert plausibility(relevance, mask(1, 1, 0, 0)) == {"auroc": 1.0, "average_precision": 1.0}
    assert plausibility(relevance, mask(1, 0, 1, 0)) == pytest.approx(
        {"auroc": 3 / 4, "average_precision": (1 + 2 / 3) / 2}
    )
    assert plausibility(relevance, mask(0, 0, 0, 1))["auroc"] == 0.0
    assert plausibility(values(1, 1, 1), mask(1, 0, 0))["auroc"] == 0.5
    assert all(map(math.isnan, plausibility(relevance, mask(0, 0, 0, 0)).values()))
    assert all(map(math.isnan, plausibility(relevance, mask(1, 1, 1, 1)).values()))


def test_area_against_scikit_learn():
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(0)
    for _ in range(20):
        relevance, inside = random.integers(0, 5, 12).astype(float), random.permutation(12) < 4
        assert plausibility(relevance, inside)["auroc"] == pytest.approx(
            roc_auc_score(inside, relevance)
        )


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
    assert (
        subset_auroc(relevance, many)
        == pytest.approx(plausibility(relevance, union)["auroc"])
        != 1.0
    )


def test_signs_are_told_apart():
    truth = values(1, 0, -1, 0)
    assert signed_auroc(values(2, 0, -2, 0), truth) == {"auc_plus": 1.0, "auc_minus": 1.0}
    assert signed_auroc(values(-2, 0, 2, 0), truth) == {"auc_plus": 0.0, "auc_minus": 0.0}
    one_sided = signed_auroc(values(2, 0, 2, 0), truth)
    assert one_sided == pytest.approx({"auc_plus": 2.5 / 3, "auc_minus": 0.5 / 3})
    assert math.isnan(signed_auroc(values(1, 2), values(1, 0))["auc_minus"])


def test_hits_share_tied_places():
    truth = values(1, 1, 0, 0, -1)
    assert top_n_hits(values(5, 4, 3, 2, 1), truth) == {"top_n_plus": 1.0, "top_n_minus": 1.0}
    assert top_n_hits(values(5, 1, 4, 2, 3), truth) == {"top_n_plus": 0.5, "top_n_minus": 0.0}
    tied = top_n_hits(values(1, 1, 1, 1, 1), truth)
    assert tied == pytest.approx({"top_n_plus": 2 / 5, "top_n_minus": 1 / 5})
    assert math.isnan(top_n_hits(values(1, 2), values(0, 1))["top_n_minus"])


def test_overlap_and_error():
    assert cosine(values(2, -4), values(1, -2)) == pytest.approx(1)
    assert cosine(values(-1, 2), values(1, -2)) == pytest.approx(-1)
    assert cosine(values(0, 3), values(3, 0)) == cosine(values(0, 0), values(3, 0)) == 0
    assert math.isnan(cosine(values(1, 2), values(0, 0)))
    assert rmse(values(1, 1), values(1, -1)) == pytest.approx(2**0.5)
