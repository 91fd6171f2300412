"""Routing: a share of what attention adds goes to the scores, and everything still adds up.

Under AH the attention is a constant, so queries, keys, distances and masks get nothing. Here what a
head adds over uniform attention is split: the share α goes to the scores, the rest to the values.
With a = softmax(s) over n keys, u = 1/n, and r_k = ∂f̃/∂a_k, the scores' relevance is α · s_k · g_k:

    L_k = (a_k − u) / (ln a_k − ln u)             the logarithmic mean of a_k and u
    g_k = L_k · (r_k − Σ_j L_j r_j / Σ_j L_j)     the softmax's Jacobian with L in place of a

    Σ_k g_k = 0                                   so a shift of all scores changes nothing
    Σ_k s_k g_k = Σ_k (a_k − u) r_k               exactly

Proof of the last: s_k = ln(a_k / u) + constant, and the constant drops out by the line before it.
ln(a_k / u) · L_k = a_k − u. Because Σ_k (a_k − u) = 0, the mean in g_k drops out as well.

The values take their relevance under a − α (a − u) in place of a. The rule is this project's own.
"""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from molxai.rules.gates import gated_sum
from molxai.rules.linear import halved, halved_product
from molxai.rules.marks import is_gate, is_recorded
from molxai.rules.multi_head import multi_head
from molxai.rules.rule import Function, Rule
from molxai.rules.tables import AH, frozen_output

NEAR = 1e-3
"""Below this difference of logarithms the mean is a series: (eˣ − 1) / x loses digits there."""


def log_mean(log_a: Float[Tensor, "..."], log_b: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """The logarithmic mean (a − b) / (ln a − ln b), from the logarithms; a where they are equal.

    Example:
        >>> a, b = torch.tensor([4.0, 3.0]), torch.tensor([1.0, 3.0])
        >>> [round(mean, 4) for mean in log_mean(a.log(), b.log()).tolist()]  # 3 / ln 4, and 3
        [2.164, 3.0]
    """
    x = log_a - log_b
    is_near = x.abs() < NEAR
    series = 1 + x / 2 + x**2 / 6 + x**3 / 24
    ratio = torch.expm1(x) / torch.where(is_near, 1.0, x)
    return log_b.exp() * torch.where(is_near, series, ratio)


def _uniform(a: Float[Tensor, "... keys"]) -> Float[Tensor, "... keys"]:
    """The same weight for every key that has any: masked keys have none."""
    is_there = a > 0
    count = is_there.sum(-1, keepdim=True).clamp_min(1)
    return is_there.to(a.dtype) / count


def _is_there(a: Tensor, scores: Tensor) -> Tensor:
    """Whether a key has attention, and its score is no mask.

    Where all keys of a query are masked by the least number of the type, they share it evenly, and
    the scores have no part in that.
    """
    return (a > 0) & (scores > torch.finfo(scores.dtype).min / 2)


class _RoutedSoftmax(torch.autograd.Function):
    """Softmax over the last axis, of which the share α goes back by the logarithmic mean."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, alpha: float) -> Tensor:
        a = scores.softmax(-1)
        ctx.save_for_backward(a, _is_there(a, scores))
        ctx.alpha = alpha
        return a

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        a, is_there = ctx.saved_tensors
        uniform = _uniform(a)
        log_a = torch.where(is_there, a, 1.0).log()
        log_uniform = torch.where(is_there, uniform, 1.0).log()
        weight = log_mean(log_a, log_uniform) * is_there
        total = weight.sum(-1, keepdim=True)
        mean = (weight * grads[0]).sum(-1, keepdim=True) / torch.where(total > 0, total, 1.0)
        return ctx.alpha * weight * (grads[0] - mean), None


class _RoutedProduct(torch.autograd.Function):
    """a · v, whose values take their relevance under a − α (a − u)."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, v: Tensor, alpha: float) -> Tensor:
        ctx.save_for_backward(a, v)
        ctx.alpha = alpha
        return a @ v

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        a, v = ctx.saved_tensors
        kept = torch.lerp(a, _uniform(a), ctx.alpha)
        to_a = grads[0] @ v.transpose(-1, -2)
        to_v = kept.transpose(-1, -2) @ grads[0]
        # Leading axes may have been broadcast.
        return to_a.sum_to_size(a.shape), to_v.sum_to_size(v.shape), None


SHAPED = frozenset(
    f"{name}Backward0" for name in ("View", "UnsafeView", "Expand", "Clone", "ToCopy", "Alias")
)
"""Nodes of the graph behind which attention is still the same attention, in another shape."""


def is_attention(x: Any) -> bool:
    """Whether the tensor is what a routed softmax gave, perhaps in another shape."""
    node: Any = x.grad_fn if isinstance(x, Tensor) else None
    while node is not None and node.name() in SHAPED:
        ((node, _),) = node.next_functions
    return node is not None and node.name() == "_RoutedSoftmaxBackward"


def routed_softmax(
    func: Function, scores: Tensor, *args: Any, alpha: float, **kwargs: Any
) -> Tensor:
    """The softmax of attention, over its last axis; over another axis AH holds.

    Float64 stays float64: a sum of relevances is no more exact than its numbers.
    """
    axis = kwargs.get("dim", args[0] if args else None)
    if axis not in (-1, scores.ndim - 1) or not scores.requires_grad:
        return frozen_output(func, scores, *args, **kwargs)
    for option in (*args, *kwargs.values()):
        if isinstance(option, torch.dtype) and scores.dtype != torch.float64:
            scores = scores.to(option)
    return _RoutedSoftmax.apply(scores, alpha)


def routed_product(func: Function, x: Tensor, y: Tensor, *, alpha: float) -> Tensor:
    """Attention times values, or queries times keys, which have halves."""
    if is_attention(x):
        return _RoutedProduct.apply(x, y, alpha)
    return halved_product(func, x, y)


def routed_sum(
    func: Function, equation: Any, *operands: Any, alpha: float, **kwargs: Any
) -> Tensor:
    """The same in `einsum`; gates are held as in GATES."""
    if len(operands) != 2 or not isinstance(equation, str):
        return gated_sum(func, equation, *operands, **kwargs)
    x, y = operands
    if is_attention(x) or is_attention(y):
        a_first = is_attention(x)
        a, v = (x, y) if a_first else (y, x)
        kept = torch.lerp(a, _uniform(a), alpha).detach()
        of_scores = func(equation, *((a, v.detach()) if a_first else (v.detach(), a)), **kwargs)
        of_values = func(equation, *((kept, v) if a_first else (v, kept)), **kwargs)
        return of_scores + (of_values - of_values.detach())
    z = gated_sum(func, equation, x, y, **kwargs)
    both = is_recorded(x) and is_recorded(y) and not is_gate(x) and not is_gate(y)
    return halved(z) if both else z


def halved_scores(
    func: Function, input: Tensor, batch1: Tensor, batch2: Tensor, **kwargs: Any
) -> Tensor:
    """Bias + x · y: the bias has all of its part, the factors have halves of theirs."""
    if batch1.requires_grad and batch2.requires_grad:
        return func(input, halved(batch1), halved(batch2), **kwargs)
    return func(input, batch1, batch2, **kwargs)


def routed_attention(
    func: Function,
    query: Float[Tensor, "... queries width"],
    key: Float[Tensor, "... keys width"],
    value: Float[Tensor, "... keys value_width"],
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    alpha: float,
) -> Float[Tensor, "... queries value_width"]:
    """Fused attention, written out as `torch.nn.functional.scaled_dot_product_attention` says.

    Raises:
        ValueError: there is dropout, which is a chance.
    """
    if dropout_p:
        raise ValueError(f"attention with dropout {dropout_p:g}: put the model in evaluation mode")
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = halved_product(torch.matmul, query * scale, key.transpose(-1, -2))
    if is_causal:
        is_later = torch.ones_like(scores, dtype=torch.bool).triu(1)
        scores = scores.masked_fill(is_later, float("-inf"))
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask
    if not scores.requires_grad:
        return func(query, key, value, attn_mask, 0.0, is_causal, scale=scale)
    # A query all of whose keys are masked attends to nothing, as in the fused form.
    has_keys = (scores > float("-inf")).any(-1, keepdim=True)
    a = _RoutedSoftmax.apply(torch.where(has_keys, scores, 0.0), alpha)
    return torch.where(has_keys, _RoutedProduct.apply(a, value, alpha), 0.0)


def routed_multi_head(
    func: Function, *args: Any, alpha: float, **kwargs: Any
) -> tuple[Tensor, Tensor | None]:
    """The inside of `nn.MultiheadAttention`, whose queries' and keys' biases have parts as well."""

    def attend(
        q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, need_weights: bool
    ) -> tuple[Tensor, Tensor | None]:
        fused = F.scaled_dot_product_attention
        y = routed_attention(fused, q, k, v, mask, alpha=alpha)
        if not need_weights:
            return y, None
        with torch.no_grad():
            scores = torch.bmm(q, k.transpose(1, 2)) * q.shape[-1] ** -0.5
            return y, (scores if mask is None else scores + mask).softmax(-1)

    return multi_head(attend, *args, **kwargs)


SOFTMAXES = (F.softmax, torch.softmax, Tensor.softmax)
PRODUCTS = (torch.matmul, Tensor.matmul, torch.bmm, Tensor.bmm)


def routing(alpha: float) -> Rule:
    """AH with a share of routing; `routing(0)` is `AH`.

    Args:
        alpha: from 0 to 1, the share of what attention adds over uniform attention that goes to the
            scores: half of a score's relevance to the query and half to the key, and all of it to
            an additive bias or mask.

    Raises:
        ValueError: it is none of these numbers.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"the share of routing is {alpha:g}: a number from 0 to 1 is needed")
    if alpha == 0:
        return AH
    return Rule(
        f"routing α = {alpha:g}",
        {
            **dict.fromkeys(SOFTMAXES, partial(routed_softmax, alpha=alpha)),
            **dict.fromkeys(PRODUCTS, partial(routed_product, alpha=alpha)),
            **dict.fromkeys((torch.baddbmm, Tensor.baddbmm), halved_scores),
            F.scaled_dot_product_attention: partial(routed_attention, alpha=alpha),
            F.multi_head_attention_forward: partial(routed_multi_head, alpha=alpha),
            torch.functional.einsum: partial(routed_sum, alpha=alpha),
        },
        of_scores=True,
    )
