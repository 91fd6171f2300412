"""Methods for models of other families: which rules each applies, adding up or not.

They are what the ids of the same name are for the models of this library. `attnlrp` halves the
products of attention; the gates of activations are held in all but `gradient-input`.

Source: Achtibat et al. 2024, "AttnLRP: Attention-Aware Layer-Wise Relevance Propagation for
Transformers", section 3.3 (`attnlrp`); Bach et al. 2015 (`lrp-epsilon`); Montavon et al. 2019
(`lrp-gamma`); see `molxai.rules.linear`.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.gates import GATES
from molxai.rules.linear import (
    EPSILON,
    GAMMA,
    PRODUCT,
    epsilon,
    gamma,
    halved_product,
    residual,
)
from molxai.rules.norms import NORMS
from molxai.rules.recipes import EVERY, PRECISION, SCALE
from molxai.rules.rule import Function, Rule
from molxai.rules.scores import attention, attention_in_heads
from molxai.rules.tables import LN


def halved_attention(func: Function, *args: Any, **kwargs: Any) -> Tensor:
    """Attention written out, with AttnLRP's rule in both of its products."""
    return attention(_weigh, *args, **kwargs)


def halved_multi_head(func: Function, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
    """The same inside `nn.MultiheadAttention`."""
    return attention_in_heads(_weigh, *args, **kwargs)


def _weigh(scores: Tensor, value: Tensor) -> Tensor:
    return halved_product(torch.matmul, scores.softmax(-1), value)


ATTENTION_PRODUCTS = Rule(
    "attention products",
    {
        **PRODUCT.rows,
        F.scaled_dot_product_attention: halved_attention,
        F.multi_head_attention_forward: halved_multi_head,
    },
)
"""AttnLRP's rule for Q·Kᵀ and A·V, written out or in one function."""

METHODS: Mapping[str, tuple[Rule, ...]] = {
    "gradient-input": (PRECISION,),
    "attnlrp": (LN, NORMS, SCALE, GATES, PRECISION, ATTENTION_PRODUCTS),
    "lrp": EVERY,
    "lrp-epsilon": (*EVERY, epsilon(EPSILON)),
    "lrp-gamma": (*EVERY, gamma(GAMMA)),
    "lrp-res": (*EVERY, residual(GAMMA)),
}
"""The rules of each method of `attribute`."""
