"""The inside of `nn.MultiheadAttention`, written out, so that a rule can say what is recorded.

It is what `torch.nn.functional.multi_head_attention_forward` computes without dropout. Weights are
constants. Biases are recorded where what they are added to is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Attend = Callable[..., tuple[Tensor, Tensor | None]]
"""From queries, keys, values, mask and whether weights are needed: the output, and the weights.

Each is (batch · heads, length, width of a head), the mask (batch · heads or 1, queries or 1, keys).
"""


@dataclass(frozen=True)
class Projections:
    """Weights and biases by which queries, keys and values are made."""

    weights: tuple[Tensor, Tensor, Tensor]
    biases: tuple[Tensor, Tensor, Tensor] | tuple[None, None, None]


def multi_head(
    attend: Attend,
    query: Float[Tensor, "..."],
    key: Float[Tensor, "..."],
    value: Float[Tensor, "..."],
    width: int,
    heads: int,
    in_weight: Tensor | None,
    in_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero: bool,
    dropout: float,
    out_weight: Tensor,
    out_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """The output, and the weights of attention if they are needed.

    The first argument is attention over heads, under a rule. The others are those of
    `torch.nn.functional.multi_head_attention_forward`: queries are (queries, batch, width), or
    without the batch, `width` is that of all heads together, and `is_causal` says something of
    `attn_mask`, which has it already.

    Raises:
        ValueError: there is dropout, which is a chance.
    """
    if training and dropout:
        raise ValueError(f"attention with dropout {dropout:g}: put the model in evaluation mode")
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    projections = _projections(in_weight, separate, in_bias)
    is_batched = query.ndim == 3
    if not is_batched:
        query = query.unsqueeze(1)
        key = key.unsqueeze(1)
        value = value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    batch = query.shape[1]
    q, k, v = (
        F.linear(x, weight.detach(), bias)
        for x, weight, bias in zip(
            (query, key, value), projections.weights, projections.biases, strict=True
        )
    )
    if bias_k is not None and bias_v is not None:
        k = torch.cat([k, bias_k.expand(1, batch, -1)])  # (keys + 1, batch, width)
        v = torch.cat([v, bias_v.expand(1, batch, -1)])
    q = _by_head(q, heads)
    k = _by_head(k, heads) if static_k is None else static_k
    v = _by_head(v, heads) if static_v is None else static_v
    if add_zero:
        k = F.pad(k, (0, 0, 0, 1))
        v = F.pad(v, (0, 0, 0, 1))
    mask = _mask(attn_mask, key_padding_mask, heads, k)
    y, a = attend(q, k, v, mask, need_weights)
    joined = y.transpose(0, 1).reshape(-1, batch, width)  # (queries, batch, width)
    output = F.linear(joined, out_weight.detach(), out_bias)
    weights = _weights(a, heads, average_attn_weights) if need_weights else None
    if is_batched:
        return output, weights
    return output.squeeze(1), None if weights is None else weights.squeeze(0)


def _projections(
    in_weight: Tensor | None, separate: tuple[Any, ...] | None, in_bias: Tensor | None
) -> Projections:
    """The weights, in one matrix or in three, and the biases, in one vector."""
    weights = in_weight.chunk(3) if separate is None and in_weight is not None else separate
    biases = (None, None, None) if in_bias is None else in_bias.chunk(3)
    return Projections(tuple(weights or ()), tuple(biases))  # type: ignore[arg-type]


def _by_head(x: Float[Tensor, "length batch width"], heads: int) -> Tensor:
    length, batch, width = x.shape
    parts = x.reshape(length, batch * heads, width // heads)
    return parts.transpose(0, 1)  # (batch · heads, length, width of a head)


def _mask(
    attention: Tensor | None,
    padding: Tensor | None,
    heads: int,
    k: Float[Tensor, "rows keys width"],
) -> Tensor | None:
    """Both masks as one that is added; keys that were put in after are not masked."""
    keys = k.shape[1]
    mask = None
    if attention is not None:
        mask = _added(attention, k, keys)
        mask = mask.unsqueeze(0) if mask.ndim == 2 else mask
    if padding is not None:
        of_rows = _added(padding, k, keys).repeat_interleave(heads, 0)  # (batch · heads, keys)
        of_rows = of_rows.unsqueeze(1)
        mask = of_rows if mask is None else mask + of_rows
    return mask


def _added(mask: Tensor, like: Tensor, keys: int) -> Tensor:
    """A mask as numbers to add, of as many keys as there are."""
    if mask.dtype == torch.bool:
        mask = torch.zeros_like(mask, dtype=like.dtype).masked_fill(mask, float("-inf"))
    missing = keys - mask.shape[-1]
    return F.pad(mask, (0, missing)) if missing else mask


def _weights(a: Tensor | None, heads: int, is_averaged: bool) -> Tensor | None:
    if a is None:
        return None
    by_head = a.unflatten(0, (-1, heads))  # (batch, heads, queries, keys)
    return by_head.mean(1) if is_averaged else by_head


def frozen_heads(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, need_weights: bool
) -> tuple[Tensor, Tensor | None]:
    """The AH rule: attention is a constant."""
    q, k = q.detach(), k.detach()
    mask = None if mask is None else mask.detach()
    if not need_weights:
        by_head = None if mask is None else mask.unsqueeze(1)
        y = F.scaled_dot_product_attention(
            q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1), by_head
        )  # (batch · heads, 1, queries, width of a head)
        return y.squeeze(1), None
    scores = torch.bmm(q, k.transpose(1, 2)) * q.shape[-1] ** -0.5
    a = (scores if mask is None else scores + mask).softmax(-1)
    return torch.bmm(a, v), a
