"""How far methods agree on the same graphs."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.stats import spearmanr
from torch import Tensor

Relevances = Sequence[Tensor]
"""Of the same graphs, by one method: `[nodes]` each."""


def spearman(a: Float[Tensor, " nodes"], b: Float[Tensor, " nodes"]) -> float:
    """Rank correlation; NaN where one of the two is constant."""
    if len(a) < 2:
        return float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns of constant inputs; NaN says the same
        return float(spearmanr(a.numpy(), b.numpy()).statistic)


def spearman_matrix(methods: Mapping[str, Relevances]) -> Float[ndarray, "methods methods"]:
    """Mean over graphs of the rank correlation of every two methods; graphs on which one is constant are left out."""
    matrix = np.eye(len(methods))
    rows = list(methods.values())
    for i in range(len(rows)):
        for j in range(i):
            each = np.array([spearman(a, b) for a, b in zip(rows[i], rows[j], strict=True)])
            known = each[np.isfinite(each)]
            matrix[i, j] = matrix[j, i] = known.mean() if len(known) else np.nan
    return matrix


def top_overlap(a: Relevances, b: Relevances, top: int = 5) -> float:
    """Mean share of the `top` nodes of one method that are also the other's; of all nodes where there are fewer."""
    shares = []
    for x, y in zip(a, b, strict=True):
        k = min(top, len(x))
        best = [set(torch.argsort(-one, stable=True)[:k].tolist()) for one in (x, y)]
        shares.append(len(best[0] & best[1]) / k)
    return float(np.mean(shares))
