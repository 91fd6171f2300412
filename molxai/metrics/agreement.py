"""How far methods agree on the same graphs."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from molxai.explanation.ranks import spearman

Relevances = Sequence[Tensor]
"""What one method says of several graphs: `[nodes]` for each."""


def spearman_matrix(methods: Mapping[str, Relevances]) -> Float[ndarray, "methods methods"]:
    """Mean over graphs of the rank correlation of every two methods.

    Graphs on which one of the two is constant are left out.
    """
    matrix = np.eye(len(methods))
    relevances = list(methods.values())
    for i in range(len(relevances)):
        for j in range(i):
            graphs = zip(relevances[i], relevances[j], strict=True)
            correlations = np.array([spearman(a, b) for a, b in graphs])
            defined = correlations[np.isfinite(correlations)]
            mean = defined.mean() if len(defined) else np.nan
            matrix[i, j] = mean
            matrix[j, i] = mean
    return matrix


def top_overlap(a: Relevances, b: Relevances, top: int = 5) -> float:
    """Mean share of one method's `top` nodes that are also the other's.

    A graph with fewer nodes is compared on all of them.
    """
    shares = []
    for first, second in zip(a, b, strict=True):
        k = min(top, len(first))
        common = _top_nodes(first, k) & _top_nodes(second, k)
        shares.append(len(common) / k)
    return float(np.mean(shares))


def _top_nodes(relevance: Float[Tensor, " nodes"], k: int) -> set[int]:
    order = torch.argsort(-relevance, stable=True)
    return set(order[:k].tolist())
