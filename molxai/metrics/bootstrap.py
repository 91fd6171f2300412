"""Intervals on means by resampling graphs: without one a difference is not a result."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

RESAMPLES = 10_000

Interval = tuple[float, float, float]
"""A mean with the ends of its interval: mean, low, high."""


def interval(values: Float[ndarray, " graphs"], seed: int = 0, share: float = 0.95) -> Interval:
    """Mean and percentile bootstrap interval (Efron & Tibshirani 1993, section 13.3); NaN where there are no values.

    The same seed and number of values give the same resamples, so intervals of several methods on the same graphs are paired.
    """
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    random = np.random.default_rng((seed, len(values)))
    means = np.concatenate([_means(random, values, RESAMPLES // 10) for _ in range(10)])
    low, high = np.quantile(means, [(1 - share) / 2, (1 + share) / 2])
    return float(values.mean()), float(low), float(high)


def _means(random: np.random.Generator, values: ndarray, resamples: int) -> ndarray:
    counts = random.multinomial(len(values), np.full(len(values), 1 / len(values)), size=resamples)
    return counts @ values / len(values)


def paired(values: Float[ndarray, " graphs"], others: Float[ndarray, " graphs"], seed: int = 0) -> Interval:
    """Mean difference of two methods on the same graphs, with its interval."""
    return interval(values - others, seed)
