"""On how few nodes the relevance lies."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from molxai.explanation.explanation import Explanation
from molxai.metrics.conservation import check_any

TOP_SHARE = 0.1
"""The share of the nodes whose part of Σ|relevance| is reported."""


def gini(size: Float[ndarray, " nodes"]) -> float:
    """Gini index of magnitudes: 0 if all are equal, 1 − 1/n if one node has everything.

    Example:
        >>> gini(np.array([0.0, 0.0, 0.0, 2.0]))
        0.75

    Source:
        Hurley & Rickard 2009.
    """
    ascending = np.sort(size)
    total = ascending.sum()
    if not total:
        return 0.0
    n = len(ascending)
    ranks = np.arange(1, n + 1)
    weights = 2 * ranks - n - 1
    return float((weights * ascending).sum() / (n * total))


def entropy(size: Float[ndarray, " nodes"]) -> float:
    """Entropy of the shares of Σ|relevance| over its maximum, log n.

    1 if all nodes have the same, 0 if one has everything.

    Example:
        >>> entropy(np.array([2.0, 2.0]))
        1.0
    """
    total = size.sum()
    if len(size) < 2 or not total:
        return 0.0
    share = size[size > 0] / total
    nats = -(share * np.log(share)).sum()
    return float(nats / np.log(len(size)))


def top_share(size: Float[ndarray, " nodes"]) -> float:
    """Share of Σ|relevance| on the largest tenth of the nodes (at least one)."""
    total = size.sum()
    if not total:
        return 0.0
    count = max(1, round(TOP_SHARE * len(size)))
    return float(np.sort(size)[-count:].sum() / total)


def mean_gini(explanations: Sequence[Explanation]) -> float:
    """Mean of `gini` over explanations.

    Raises:
        ValueError: no explanations.
    """
    return _mean(gini, explanations)


def mean_entropy(explanations: Sequence[Explanation]) -> float:
    """Mean of `entropy` over explanations.

    Raises:
        ValueError: no explanations.
    """
    return _mean(entropy, explanations)


def mean_top_share(explanations: Sequence[Explanation]) -> float:
    """Mean of `top_share` over explanations.

    Raises:
        ValueError: no explanations.
    """
    return _mean(top_share, explanations)


def _mean(measure: Callable[[ndarray], float], explanations: Sequence[Explanation]) -> float:
    check_any(explanations)
    values = []
    for explanation in explanations:
        size = explanation.relevance.double().abs().numpy()
        values.append(measure(size))
    return float(np.mean(values))
