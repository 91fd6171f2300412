"""Whether relevances add up to the prediction."""

from collections.abc import Sequence

import numpy as np

from molxai.explanation.explanation import Explanation

SMALLEST_LOGIT = 1e-3
"""Gaps are measured against the logit, but never against less than this."""


def gap_share(explanation: Explanation) -> float:
    """|gap| / max(|logit|, 1e-3): 0 where relevances sum to the logit."""
    return abs(explanation.gap) / max(abs(explanation.logit), SMALLEST_LOGIT)


def conservation(explanations: Sequence[Explanation]) -> dict[str, float]:
    """Largest and median gap share.

    Raises:
        ValueError: no explanations.
    """
    if not explanations:
        raise ValueError("no explanations to judge: at least one is needed")
    shares = np.array([gap_share(one) for one in explanations])
    return {"gap_max": float(shares.max()), "gap_median": float(np.median(shares))}
