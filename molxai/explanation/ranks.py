"""How alike two explanations rank what they explain."""

import warnings

from jaxtyping import Float
from torch import Tensor


def spearman(a: Float[Tensor, " nodes"], b: Float[Tensor, " nodes"]) -> float:
    """Rank correlation of two methods on one graph; NaN if one of them is constant.

    Example:
        >>> import torch
        >>> spearman(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 20.0, 30.0]))
        1.0
    """
    from scipy.stats import spearmanr  # takes half a second to import

    if len(a) < 2:
        return float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy warns of constant inputs; NaN says the same
        return float(spearmanr(a.numpy(), b.numpy()).statistic)
