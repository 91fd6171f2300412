"""Methods for models of other families: which rules each applies, adding up or not.

They are what the ids of the same name are for the models of this library. `attnlrp` halves the
products of attention; the gates of activations are held in all but `gradient-input`.

Source: Achtibat et al. 2024, "AttnLRP: Attention-Aware Layer-Wise Relevance Propagation for
Transformers", section 3.3 (`attnlrp`); Bach et al. 2015 (`lrp-epsilon`); Montavon et al. 2019
(`lrp-gamma`); see `molxai.rules.linear`.
"""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from molxai.rules.gates import GATES
from molxai.rules.linear import PRODUCT, epsilon, gamma, halved_product, residual
from molxai.rules.norms import NORMS
from molxai.rules.recipes import EVERY, PRECISION, SCALE
from molxai.rules.rule import Function, Rule
from molxai.rules.tables import LN

EPSILON = 0.05
"""ε of `lrp-epsilon`, in units of a linear layer's outputs."""

GAMMA = 0.25
"""γ of `lrp-gamma` and `lrp-res`; 1/4 is the usual choice (Montavon et al. 2019, section 10.3)."""


def halved_attention(
    func: Function,
    query: Float[Tensor, "... queries width"],
    key: Float[Tensor, "... keys width"],
    value: Float[Tensor, "... keys values"],
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Float[Tensor, "... queries values"]:
    """Attention written out, with AttnLRP's rule in both of its products."""
    if enable_gqa:
        groups = query.shape[-3] // key.shape[-3]
        key = key.repeat_interleave(groups, -3)
        value = value.repeat_interleave(groups, -3)
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1])
    scores = halved_product(torch.matmul, query, key.transpose(-2, -1)) * scale
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None:
        scores = _masked(scores, attn_mask)
    return halved_product(torch.matmul, F.softmax(scores, -1), value)


def _masked(
    scores: Float[Tensor, "..."], mask: Bool[Tensor, "..."] | Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    if mask.dtype == torch.bool:
        return scores.masked_fill(~mask, -math.inf)
    return scores + mask


ATTENTION_PRODUCTS = Rule(
    "attention products",
    {**PRODUCT.rows, F.scaled_dot_product_attention: halved_attention},
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
