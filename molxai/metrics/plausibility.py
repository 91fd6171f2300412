"""How well relevance agrees with what is known of the atoms: a mask, a sign, or a contribution for each.

Design constraints:
- Only the order of relevances counts for the areas and the hits, their size only for the error; ties are shared
  evenly, so that a method gains nothing from the order in which atoms happen to be written.
- A score that is not defined (nothing to find, or nothing else to find it among) is NaN, never 0 or 1.
"""

import math
from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

MOST_MATCHES = 10
"""Matches of which `subset_auroc` tries every subset, 1023 at most; of more matches it takes the union alone."""


def plausibility(
    relevance: Float[ndarray, " nodes"], mask: Bool[ndarray, " nodes"]
) -> dict[str, float]:
    """ROC-AUC and average precision of finding the atoms of the mask by highest relevance; NaN for an empty or full mask."""
    from sklearn.metrics import average_precision_score

    if not 0 < mask.sum() < len(mask):
        return {"auroc": math.nan, "average_precision": math.nan}
    return {
        "auroc": float(_areas(relevance, mask[None])[0]),
        "average_precision": float(average_precision_score(mask, relevance)),
    }


def subset_auroc(relevance: Float[ndarray, " nodes"], matches: Sequence[Collection[int]]) -> float:
    """Largest ROC-AUC over the unions of all non-empty subsets of the matches.

    A molecule with two benzene rings is as well explained by one as by both: either suffices for the label. NaN where
    there is no match, or where every union is the whole molecule.

    Source:
        Sanchez-Lengeling et al. 2020, "Evaluating Attribution for Graph Neural Networks", section 4: a graph may have
        several valid attributions, the best agreement counts.
    """
    if not matches:
        return math.nan
    members = np.zeros((len(matches), len(relevance)), dtype=bool)
    for row, match in enumerate(matches):
        members[row, list(match)] = True
    subsets = np.arange(1, 2 ** len(matches)) if len(matches) <= MOST_MATCHES else np.array([-1])
    unions = (subsets[:, None] >> np.arange(len(matches)) & 1) @ members > 0
    areas = _areas(relevance, unions)
    return math.nan if np.isnan(areas).all() else float(np.nanmax(areas))


def signed_auroc(
    relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]
) -> dict[str, float]:
    """`auc_plus`: positive atoms found by highest relevance; `auc_minus`: negative atoms found by lowest.

    Source:
        Matveieva and Polishchuk 2021, "Benchmarks for interpretation of QSAR models", J. Cheminform. 13, 41.
    """
    return {
        "auc_plus": float(_areas(relevance, truth[None] > 0)[0]),
        "auc_minus": float(_areas(-relevance, truth[None] < 0)[0]),
    }


def top_n_hits(
    relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]
) -> dict[str, float]:
    """`top_n_plus`: share of positive atoms among the n of highest relevance, n being their number; `top_n_minus` likewise.

    Where several atoms share the last places, each is taken for its share of them.

    Source:
        As `signed_auroc`; the paper adds hits up over molecules, here each molecule has its own share.
    """
    return {"top_n_plus": _hits(relevance, truth > 0), "top_n_minus": _hits(-relevance, truth < 0)}


def cosine(relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]) -> float:
    """Cosine of the angle between relevance and contributions: 1 where they are proportional, 0 for no relevance at all.

    Source:
        Rasmussen, Christensen and Jensen 2023, "Do machines dream of atoms? Crippen's logP as a quantitative molecular
        benchmark for explainable AI heatmaps", SciPost Chem. 2, 002: the overlap of two heat maps.
    """
    if not truth.any():
        return math.nan
    lengths = float(np.linalg.norm(relevance) * np.linalg.norm(truth))
    return float(relevance @ truth) / lengths if lengths else 0.0


def rmse(relevance: Float[ndarray, " nodes"], truth: Float[ndarray, " nodes"]) -> float:
    """Root mean squared error of the relevances as contributions, in the target's unit."""
    return float(np.sqrt(np.mean((relevance - truth) ** 2)))


def _areas(
    relevance: Float[ndarray, " nodes"], masks: Bool[ndarray, "masks nodes"]
) -> Float[ndarray, " masks"]:
    """ROC-AUC of each mask from the ranks of its atoms (Mann and Whitney's U); NaN where it is empty or full."""
    from scipy.stats import rankdata

    inside = masks.sum(1)
    pairs = (inside * (masks.shape[1] - inside)).astype(np.float64)
    won = masks @ rankdata(relevance) - inside * (inside + 1) / 2
    return np.divide(won, pairs, out=np.full(len(masks), np.nan), where=pairs > 0)


def _hits(relevance: Float[ndarray, " nodes"], mask: Bool[ndarray, " nodes"]) -> float:
    n = int(mask.sum())
    if not 0 < n < len(mask):
        return math.nan
    last = np.sort(relevance)[-n]
    above, tied = relevance > last, relevance == last
    places = n - above.sum()
    return float((mask & above).sum() + places * (mask & tied).sum() / tied.sum()) / n
