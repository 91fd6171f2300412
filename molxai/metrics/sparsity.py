"""On how few nodes the relevance lies."""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from molxai.explanation.explanation import Explanation

TOP_SHARE = 0.1
"""Of the nodes, whose share of Σ|relevance| is reported."""


def gini(size: ndarray) -> float:
    """Gini index of magnitudes: 0 where all are equal, 1 − 1/n where one has everything (Hurley & Rickard 2009)."""
    ordered = np.sort(size)
    if not (total := ordered.sum()):
        return 0.0
    n = len(ordered)
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / (n * total))


def entropy(size: ndarray) -> float:
    """Entropy of the shares of Σ|relevance| over its largest value, log n: 1 where all are equal, 0 on one node."""
    if len(size) < 2 or not size.sum():
        return 0.0
    share = size[size > 0] / size.sum()
    return float(-(share * np.log(share)).sum() / np.log(len(size)))


def top_share(size: ndarray) -> float:
    """Share of Σ|relevance| on the largest tenth of the nodes (at least one)."""
    most = max(1, round(TOP_SHARE * len(size)))
    return float(np.sort(size)[-most:].sum() / size.sum()) if size.sum() else 0.0


def sparsity(explanations: Sequence[Explanation]) -> dict[str, float]:
    """Means of the three over explanations.

    Raises:
        ValueError: no explanations.
    """
    if not explanations:
        raise ValueError("no explanations to judge: at least one is needed")
    sizes = [one.relevance.double().abs().numpy() for one in explanations]
    return {
        name.__name__: float(np.mean([name(size) for size in sizes]))
        for name in (gini, entropy, top_share)
    }
