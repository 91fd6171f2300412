"""Means and errors with their resamples, so that differences, ratios and pools have intervals too.

Samples are an array whose entry 0 is the value on the data as they are. The others are values on
data drawn with replacement. The same seed and size give the same draws, so what is measured on the
same data is paired.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from graphormer.evaluation.measures import COVERED
from molxai.metrics.bootstrap import Interval

RESAMPLES = 2000
"""Draws for one interval."""

Samples = Float[ndarray, " draws"]
"""A value, and the same on each draw."""


def draws(size: int, seed: int) -> Float[ndarray, "draws items"]:
    """How often each item counts: once in the data, and as it is drawn in the resamples."""
    random = np.random.default_rng((seed, size))
    drawn = random.multinomial(size, np.full(size, 1 / size), RESAMPLES)  # (resamples, items)
    return np.vstack([np.ones((1, size)), drawn])  # (draws, items)


def pair_draws(ends: Int[ndarray, "pairs 2"], seed: int) -> Float[ndarray, "draws pairs"]:
    """How often each pair counts if molecules are drawn: as often as the product of its two.

    Pairs that share a molecule are not independent, so molecules are drawn and not pairs.

    Source:
        Snijders & Borgatti 1999, "Non-parametric standard errors and tests for network statistics".
    """
    molecules, places = np.unique(ends, return_inverse=True)
    places = places.reshape(ends.shape)  # (pairs, 2)
    drawn = draws(len(molecules), seed)  # (draws, molecules)
    return drawn[:, places[:, 0]] * drawn[:, places[:, 1]]


def root_mean_square(
    errors: Float[ndarray, "seeds molecules"], drawn: Float[ndarray, "draws molecules"]
) -> Samples:
    """Root mean squared error over the molecules, as its mean over the seeds."""
    squares = drawn @ (errors**2).T / errors.shape[1]  # (draws, seeds)
    return np.sqrt(squares).mean(1)


def quotient(above: Samples, below: Samples) -> Samples:
    """One sum divided by another; NaN for a draw in which the other is zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)


def mean(samples: Sequence[Samples]) -> Samples:
    """Mean of what was measured on several tables, which are drawn independently."""
    return np.mean(samples, 0)


def interval(samples: Samples) -> Interval:
    """The value with its 95 % percentile interval; draws without a value are left out.

    Example:
        >>> interval(np.array([0.5, 0.4, 0.6, np.nan]))
        (0.5, 0.405, 0.595)
    """
    drawn = samples[1:][~np.isnan(samples[1:])]
    if not len(drawn):
        return float(samples[0]), float("nan"), float("nan")
    low, high = np.quantile(drawn, COVERED)
    return float(samples[0]), float(low), float(high)
