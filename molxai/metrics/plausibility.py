"""How well relevance agrees with what is known of the atoms: a mask, a sign or a contribution each.

Design constraints:
- Only the order of relevances counts for the areas and the hits, their size only for the error.
  Ties are shared evenly, so a method gains nothing from the order in which atoms are written.
- A score that is not defined (nothing to find, or nothing else to find it among) is NaN, never 0
  or 1.
"""

import math
from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

MOST_MATCHES = 10
"""`subset_auroc` tries every subset of so many matches, 1023 at most; of more matches it takes the
union alone."""


def auroc(relevance: Float[ndarray, " nodes"], mask: Bool[ndarray, " nodes"]) -> float:
    """ROC-AUC of finding the atoms of the mask by highest relevance; NaN if it is empty or full.

    Example:
        >>> auroc(np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, False, True, False]))
        0.75
    """
    (area,) = _areas(relevance, mask[None])  # masks: (1, nodes)
    return float(area)


def average_precision(relevance: Float[ndarray, " nodes"], mask: Bool[ndarray, " nodes"]) -> float:
    """Average precision of finding the atoms of the mask; NaN if it is empty or full."""
    from sklearn.metrics import average_precision_score

    if not 0 < mask.sum() < len(mask):
        return math.nan
    return float(average_precision_score(mask, relevance))


def subset_auroc(relevance: Float[ndarray, " nodes"], matches: Sequence[Collection[int]]) -> float:
    """Largest ROC-AUC over the unions of all non-empty subsets of the matches.

    A molecule with two benzene rings is as well explained by one as by both: either suffices for
    the label. NaN if there is no match, or if every union is the whole molecule.

    Source:
        Sanchez-Lengeling et al. 2020, "Evaluating Attribution for Graph Neural Networks", section
        4: a graph may have several valid attributions, the best agreement counts.
    """
    if not matches:
        return math.nan
    members = np.zeros((len(matches), len(relevance)), dtype=bool)  # (matches, nodes)
    for row, match in enumerate(matches):
        members[row, list(match)] = True
    areas = _areas(relevance, _unions(members))
    if np.isnan(areas).all():
        return math.nan
    return float(np.nanmax(areas))


def _unions(members: Bool[ndarray, "matches nodes"]) -> Bool[ndarray, "subsets nodes"]:
    """The atoms of each non-empty subset of the matches; of many matches, of all together alone.

    A subset is a number whose binary digits say which matches are in it; -1 has all digits set.

    Example:
        >>> _unions(np.array([[True, False, False], [False, True, False]])).astype(int)
        array([[1, 0, 0],
               [0, 1, 0],
               [1, 1, 0]])
    """
    count = len(members)
    subsets = np.arange(1, 2**count) if count <= MOST_MATCHES else np.array([-1])
    is_in = subsets[:, None] >> np.arange(count) & 1  # (subsets, matches)
    return is_in @ members > 0  # (subsets, nodes)


def auc_plus(relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]) -> float:
    """ROC-AUC of finding the positive atoms by highest relevance.

    Source:
        Matveieva and Polishchuk 2021, "Benchmarks for interpretation of QSAR models",
        J. Cheminform. 13, 41.
    """
    return auroc(relevance, truth > 0)


def auc_minus(relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]) -> float:
    """ROC-AUC of finding the negative atoms by lowest relevance.

    Source:
        As `auc_plus`.
    """
    return auroc(-relevance, truth < 0)


def top_n_plus(relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]) -> float:
    """Share of the positive atoms among the n of highest relevance, n being their number.

    If several atoms share the last ranks, each counts for its share of them.

    Source:
        As `auc_plus`; the paper adds hits up over molecules, here each molecule has its own share.
    """
    return _hits(relevance, truth > 0)


def top_n_minus(relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]) -> float:
    """Share of the negative atoms among the n of lowest relevance, n being their number.

    Source:
        As `top_n_plus`.
    """
    return _hits(-relevance, truth < 0)


def cosine(relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]) -> float:
    """Cosine of the angle between relevance and contributions.

    1 if they are proportional, 0 for no relevance at all, NaN for no contributions.

    Source:
        Rasmussen, Christensen and Jensen 2023, "Do machines dream of atoms? Crippen's logP as a
        quantitative molecular benchmark for explainable AI heatmaps", SciPost Chem. 2, 002: the
        overlap of two heat maps.
    """
    if not truth.any():
        return math.nan
    lengths = float(np.linalg.norm(relevance) * np.linalg.norm(truth))
    if not lengths:
        return 0.0
    return float(relevance @ truth) / lengths


def rmse(relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]) -> float:
    """Root mean squared error of the relevances as contributions, in the target's unit."""
    errors = relevance - truth
    return float(np.sqrt(np.mean(errors**2)))


RECALL = 0.95
"""Share of the graphs with something to find in which something must stand out."""


def stands_out(
    largest: Float[ndarray, " graphs"], null_largest: Float[ndarray, " nulls"]
) -> Float[ndarray, " nulls"]:
    """Whether something stands out (1 or 0) in each graph with nothing to find.

    Something does if the largest relevance is at least as large as in 95 % of the graphs with
    something to find. The mean is the false positive rate at a recall of 95 %.

    Source:
        Hendrycks and Gimpel 2017, "A Baseline for Detecting Misclassified and Out-of-Distribution
        Examples in Neural Networks", whose detectors are compared by this rate (FPR95) in later
        work; here an explanation is taken for the detector.

    Example:
        >>> stands_out(np.array([2.0, 3.0, 4.0]), np.array([1.0, 2.5]))
        array([0., 1.])
    """
    if not len(largest):
        return np.full(len(null_largest), math.nan)
    threshold = np.quantile(largest, 1 - RECALL, method="lower")
    return (null_largest >= threshold).astype(float)


def _areas(
    relevance: Float[ndarray, " nodes"], masks: Bool[ndarray, "masks nodes"]
) -> Float[ndarray, " masks"]:
    """ROC-AUC of each mask from the ranks of its atoms (Mann and Whitney's U).

    NaN if a mask is empty or full.
    """
    from scipy.stats import rankdata

    inside = masks.sum(1)  # (masks,)
    outside = masks.shape[1] - inside
    pairs = (inside * outside).astype(np.float64)
    rank_sums = masks @ rankdata(relevance)  # (masks,)
    smallest_sums = inside * (inside + 1) / 2
    won = rank_sums - smallest_sums
    areas = np.full(len(masks), np.nan)
    return np.divide(won, pairs, out=areas, where=pairs > 0)


def _hits(relevance: Float[ndarray, " nodes"], mask: Bool[ndarray, " nodes"]) -> float:
    n = int(mask.sum())
    if not 0 < n < len(mask):
        return math.nan
    last = np.sort(relevance)[-n]
    is_above = relevance > last
    is_last = relevance == last
    ranks_left = n - is_above.sum()
    hits_above = (mask & is_above).sum()
    hits_last = (mask & is_last).sum()
    shared_hits = ranks_left * hits_last / is_last.sum()
    return float(hits_above + shared_hits) / n
