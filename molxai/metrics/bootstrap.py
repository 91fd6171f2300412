"""Intervals on means by resampling graphs: without one a difference is not a result."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

RESAMPLES = 10_000
"""Resamples of the graphs for one interval."""

BLOCKS = 10
"""Blocks in which resamples are drawn and summed: one alone would need ten times the memory."""

Interval = tuple[float, float, float]
"""A mean with the ends of its interval: mean, low, high."""


def interval(values: Float[ndarray, " graphs"], seed: int = 0, share: float = 0.95) -> Interval:
    """Mean and percentile bootstrap interval; NaN if there are no values.

    The same seed and number of values give the same resamples, so intervals of several methods on
    the same graphs are paired.

    Source:
        Efron & Tibshirani 1993, section 13.3.
    """
    graphs = len(values)
    if not graphs:
        return float("nan"), float("nan"), float("nan")
    sums = [counts @ values for counts in _resamples(seed, graphs)]  # (resamples,) each
    means = np.concatenate(sums) / graphs
    ends = [(1 - share) / 2, (1 + share) / 2]
    low, high = np.quantile(means, ends)
    mean = values.mean()
    return float(mean), float(low), float(high)


@lru_cache(maxsize=4)
def _resamples(seed: int, graphs: int) -> tuple[ndarray, ...]:
    """How often each graph is drawn: blocks of `[resamples, graphs]`.

    They are cached, because drawing takes longer than all the sums.
    """
    random = np.random.default_rng((seed, graphs))
    even = np.full(graphs, 1 / graphs)
    size = RESAMPLES // BLOCKS
    blocks = []
    for _ in range(BLOCKS):
        counts = random.multinomial(graphs, even, size=size)  # (resamples, graphs)
        blocks.append(counts.astype(np.uint16))
    return tuple(blocks)


def paired(
    values: Float[ndarray, " graphs"], reference: Float[ndarray, " graphs"], seed: int = 0
) -> Interval:
    """Mean difference of two methods on the same graphs, with its interval."""
    return interval(values - reference, seed)
