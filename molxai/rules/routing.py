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

import math
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from molxai.rules.gates import gated_sum
from molxai.rules.linear import halved, halved_product
from molxai.rules.marks import is_gate, is_recorded
from molxai.rules.rule import Function, Rule
from molxai.rules.scores import attention, attention_in_heads
from molxai.rules.tables import AH, SOFTMAXES, frozen_output

MASKED = 5000.0
"""A key is masked if its score is so far below the others. Models mask with −10 000 or less. What
ALiBi adds for far keys, or Swin's −100, is a bias."""

LOG2_E = math.log2(math.e)


def log_mean(log_ratio: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """The logarithmic mean of a and u in units of u, (a / u − 1) / ln (a / u), from ln (a / u).

    It is 1 where a is u, and 0 where a is 0.

    Example:
        >>> logarithms = torch.tensor([0.25, 1.0, 4.0, 0.0]).log()
        >>> [round(mean, 4) for mean in log_mean(logarithms).tolist()]
        [0.541, 1.0, 2.164, 0.0]
    """
    log_ratio = log_ratio + torch.finfo(log_ratio.dtype).tiny  # 0 over 0 becomes 1
    return log_ratio.expm1().div_(log_ratio)


def _there(logs: Float[Tensor, "... keys"]) -> Float[Tensor, "... keys"]:
    """1 for each key and 0 for masked ones, from the logarithms of attention.

    Not from attention itself: there −100, as Swin's masks have it, is 0 in float32.
    """
    return (logs + MASKED).clamp_min_(0).sign_()


def _kept(
    a: Float[Tensor, "... keys"], alpha: float, count: Float[Tensor, "... 1"] | None = None
) -> Float[Tensor, "... keys"]:
    """Under what the values take their relevance: a − α (a − u).

    Args:
        a: attention; 0 for masked keys.
        alpha: the share of routing.
        count: how many keys there were, if some have been cut off.
    """
    is_there = a.sign()
    if count is None:
        count = is_there.sum(-1, keepdim=True)
    return is_there.mul_(alpha / count).add_(a, alpha=1 - alpha)


def _is_read(scores: Float[Tensor, "... keys"]) -> Float[Tensor, "... 1"]:
    """1 for each query that has a key, and 0 where the least number of the type masks them all.

    Such a query attends to all keys evenly, and the scores have no part in that.
    """
    least = torch.finfo(scores.dtype).min / 2
    is_read = scores[..., :1] > least
    if not is_read.all():  # the first key is masked, but another may be there
        is_read = scores.amax(-1, keepdim=True) > least
    return is_read.to(scores.dtype)


class _RoutedSoftmax(torch.autograd.Function):
    """Softmax over the last axis, of which the share α goes back by the logarithmic mean."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, alpha: float) -> Tensor:
        logs = scores.log_softmax(-1)
        is_there = _there(logs)
        ctx.save_for_backward(logs, _is_read(scores))
        ctx.alpha = alpha
        a = torch.exp2(logs * LOG2_E)  # torch's exp takes three times as long
        # What is too small for the type stays above 0, so that it does not count as masked.
        return a.clamp_min_(torch.finfo(a.dtype).tiny).mul_(is_there)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        logs, is_read = ctx.saved_tensors
        is_there = _there(logs)
        count = is_there.sum(-1, keepdim=True)
        weight = log_mean(logs + count.log()).mul_(is_there)  # L in units of u
        total = weight.sum(-1, keepdim=True)
        # L / ΣL is a distribution, and g is what a softmax of that value passes on, times ΣL.
        share = weight.div_(total)
        passed = torch.ops.aten._softmax_backward_data(grads[0], share, -1, logs.dtype)
        return passed.mul_(ctx.alpha * is_read * total / count), None


class _RoutedProduct(torch.autograd.Function):
    """a · v, whose values take their relevance under a − α (a − u)."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, v: Tensor, alpha: float, count: Tensor | None) -> Tensor:
        ctx.save_for_backward(a, v, count)
        ctx.alpha = alpha
        return a @ v

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        a, v, count = ctx.saved_tensors
        kept = _kept(a, ctx.alpha, count)
        to_a = grads[0] @ v.transpose(-1, -2)
        to_v = kept.transpose(-1, -2) @ grads[0]
        # Leading axes may have been broadcast.
        return to_a.sum_to_size(a.shape), to_v.sum_to_size(v.shape), None, None


SHAPED = frozenset(
    f"{name}Backward0"
    for name in ("View", "UnsafeView", "Expand", "Clone", "ToCopy", "Alias", "Slice")
) | {"_PresentBackward"}
"""Nodes of the graph behind which attention is still the same attention, in another shape."""

SCALED = SHAPED | {f"{name}Backward0" for name in ("Mul", "Div", "Add", "Topk", "Gather", "T")}
"""Nodes behind which what a linear layer gives is still that, in other units."""

LINEAR = frozenset(f"{name}Backward0" for name in ("Mm", "Addmm", "Linear"))
"""Nodes of a linear layer. A product of two things that come from x has its halves behind it."""


def _behind(x: Any, passed: frozenset[str]) -> Any:
    """The node of the graph from which x comes, but for nodes of these names."""
    node: Any = x.grad_fn if isinstance(x, Tensor) else None
    while node is not None and node.name() in passed and node.next_functions:
        node = node.next_functions[0][0]  # of its first argument
    return node


def is_attention(x: Any) -> bool:
    """Whether the tensor is what a routed softmax gave: all of it, or some queries or keys."""
    node = _behind(x, SHAPED)
    if node is None or node.name() != "_RoutedSoftmaxBackward":
        return False
    (*queries, keys) = node.saved_tensors[0].shape
    return x.shape[-1] == keys or list(x.shape[:-1]) == queries


def _whole_count(a: Tensor) -> Float[Tensor, "... 1"] | None:
    """How many keys each query of attention had before some were cut off; None if none were.

    GPT-OSS cuts off its sink, a key without a value.
    """
    logs = _behind(a, SHAPED).saved_tensors[0]
    if a.shape[-1] == logs.shape[-1]:
        return None
    return _there(logs).sum(-1, keepdim=True)


def is_gate_of(scores: Tensor) -> bool:
    """Whether scores are what a linear layer gives: its softmax chooses experts, or weighs tokens.

    Attention's scores are products of two things that come from x.
    """
    node = _behind(scores, SCALED)
    return node is not None and node.name() in LINEAR


def routed_softmax(
    func: Function, scores: Tensor, *args: Any, alpha: float, **kwargs: Any
) -> Tensor:
    """The softmax of attention, over its last axis. Over another axis and of gates AH holds.

    Float64 stays float64: a sum of relevances is no more exact than its numbers.
    """
    axis = kwargs.get("dim", args[0] if args else None)
    is_last = axis in (-1, scores.ndim - 1)
    if not is_last or not scores.requires_grad or is_gate_of(scores):
        return frozen_output(func, scores, *args, **kwargs)
    for option in (*args, *kwargs.values()):
        if isinstance(option, torch.dtype) and scores.dtype != torch.float64:
            scores = scores.to(option)
    return _RoutedSoftmax.apply(scores, alpha)


def routed_product(func: Function, x: Tensor, y: Tensor, *, alpha: float) -> Tensor:
    """Attention times values, or queries times keys, which have halves."""
    if is_attention(x):
        return _RoutedProduct.apply(x, y, alpha, _whole_count(x))
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
        kept = _kept(a.detach(), alpha, _whole_count(a))
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


def routed_attention(func: Function, *args: Any, alpha: float, **kwargs: Any) -> Tensor:
    """Fused attention, written out."""
    return attention(partial(_weigh, alpha=alpha), *args, **kwargs)


def routed_multi_head(
    func: Function, *args: Any, alpha: float, **kwargs: Any
) -> tuple[Tensor, Tensor | None]:
    """The inside of `nn.MultiheadAttention`."""
    return attention_in_heads(partial(_weigh, alpha=alpha), *args, **kwargs)


def _weigh(scores: Tensor, value: Tensor, alpha: float) -> Tensor:
    """The values under the softmax of scores, both routed, if scores can take relevance."""
    if not scores.requires_grad:
        return scores.softmax(-1) @ value
    return _RoutedProduct.apply(_RoutedSoftmax.apply(scores, alpha), value, alpha, None)


ATTENTION = frozenset(AH.rows)
"""The functions of attention, of which a model must call one."""

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
        needs=ATTENTION,
        of_scores=True,
    )
