"""Whether relevances add up to the prediction."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from molxai.explanation.explanation import Explanation

SMALLEST_LOGIT = 1e-3
"""Gaps are measured against the logit, but never against less than this."""


def gap_share(explanation: Explanation) -> float:
    """|gap| / max(|logit|, 1e-3): 0 if relevances sum to the logit."""
    return abs(explanation.gap) / max(abs(explanation.logit), SMALLEST_LOGIT)


def gap_max(explanations: Sequence[Explanation]) -> float:
    """The largest gap share.

    Raises:
        ValueError: no explanations.
    """
    return float(_gap_shares(explanations).max())


def gap_median(explanations: Sequence[Explanation]) -> float:
    """The median gap share.

    Raises:
        ValueError: no explanations.
    """
    return float(np.median(_gap_shares(explanations)))


def check_any(explanations: Sequence[Explanation]) -> None:
    """A measure of no explanations is not defined.

    Raises:
        ValueError: there are none.
    """
    if not explanations:
        raise ValueError("no explanations to judge: at least one is needed")


def _gap_shares(explanations: Sequence[Explanation]) -> Float[ndarray, " explanations"]:
    check_any(explanations)
    return np.array([gap_share(explanation) for explanation in explanations])
