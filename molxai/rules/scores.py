"""Fused attention in its steps, for rules in which scores take relevance.

Source: what `torch.nn.functional.scaled_dot_product_attention` and `multi_head_attention_forward`
are documented to compute.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from molxai.rules.linear import halved_product
from molxai.rules.multi_head import multi_head
from molxai.rules.rule import Function

Weigh = Callable[[Tensor, Tensor], Tensor]
"""From scores (…, queries, keys) and values (…, keys, width): what the queries hear."""


def attention(
    weigh: Weigh,
    query: Float[Tensor, "... queries width"],
    key: Float[Tensor, "... keys width"],
    value: Float[Tensor, "... keys value_width"],
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    product: Callable[[Function, Tensor, Tensor], Tensor] = halved_product,
) -> Float[Tensor, "... queries value_width"]:
    """The arguments of fused attention, by default with half of Q·Kᵀ's relevance for either factor.

    Raises:
        ValueError: there is dropout, which is a chance.
    """
    if dropout_p:
        raise ValueError(f"attention with dropout {dropout_p:g}: put the model in evaluation mode")
    if enable_gqa:
        groups = query.shape[-3] // key.shape[-3]
        key = key.repeat_interleave(groups, -3)
        value = value.repeat_interleave(groups, -3)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = product(torch.matmul, query * scale, key.transpose(-1, -2))
    if is_causal:
        attn_mask = torch.ones_like(scores, dtype=torch.bool).tril()
    scores = scores if attn_mask is None else _masked(scores, attn_mask)
    # A query all of whose keys are masked attends to nothing, as in the fused form.
    has_keys = (scores > -math.inf).any(-1, keepdim=True)
    heard = weigh(torch.where(has_keys, scores, 0.0), value)
    return torch.where(has_keys, heard, 0.0)


def _masked(
    scores: Float[Tensor, "..."], mask: Bool[Tensor, "..."] | Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    if mask.dtype == torch.bool:
        return scores.masked_fill(~mask, -math.inf)
    return scores + mask


def attention_in_heads(weigh: Weigh, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
    """The inside of `nn.MultiheadAttention`, whose queries' and keys' biases have parts as well."""

    def attend(
        q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, need_weights: bool
    ) -> tuple[Tensor, Tensor | None]:
        y = attention(weigh, q, k, v, mask)
        if not need_weights:
            return y, None
        with torch.no_grad():
            scores = torch.bmm(q, k.transpose(1, 2)) * q.shape[-1] ** -0.5
            return y, (scores if mask is None else scores + mask).softmax(-1)

    return multi_head(attend, *args, **kwargs)
