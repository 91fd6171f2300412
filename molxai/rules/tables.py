"""The three rules of conservative propagation, and the functions that break it without a rule.

Sources: Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative
Propagation" (AH rule, section 4.1; LN rule, section 4.2); Achtibat et al. 2024, "AttnLRP"
(activations as gates).
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.multi_head import frozen_heads, multi_head
from molxai.rules.rule import Function, Rule


def frozen_output(func: Function, *args: Any, **kwargs: Any) -> Tensor:
    """Same value, no gradient: the attention probabilities under the AH rule."""
    with torch.no_grad():
        return func(*args, **kwargs)


def frozen_routing(
    func: Function,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    *args: Any,
    **kwargs: Any,
) -> Tensor:
    """AH rule on fused attention: gradient flows through the values alone."""
    mask = _detached(attn_mask)
    return func(query.detach(), key.detach(), value, mask, *args, **kwargs)


def _detached(argument: Any) -> Any:
    return argument.detach() if isinstance(argument, Tensor) else argument


def frozen_multi_head(
    func: Function, query: Tensor, key: Tensor, *args: Any, **kwargs: Any
) -> tuple[Tensor, Tensor | None]:
    """AH rule inside `nn.MultiheadAttention`: only value and output projections are recorded."""
    return multi_head(frozen_heads, query.detach(), key.detach(), *args, **kwargs)


class _FrozenScale(torch.autograd.Function):
    """Layer norm without its bias, with 1/√(Var + ε) as a constant in the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, shape: list[int], weight: Tensor | None, eps: float) -> Tensor:
        y, _, scale = torch.native_layer_norm(x, shape, weight, None, eps)
        ctx.save_for_backward(scale, weight)
        ctx.shape = shape
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, None, None, None]:
        scale, weight = ctx.saved_tensors
        # Layer norm's own kernel, told that x was zero. What would flow through the scale,
        # x̂ · mean(gradient · x̂), is then zero too.
        zero = torch.zeros_like(grads[0])
        mean = torch.zeros_like(scale)
        only_x = [True, False, False]
        gradient, *_ = torch.ops.aten.native_layer_norm_backward(
            grads[0], zero, ctx.shape, mean, scale, weight, None, only_x
        )
        return gradient, None, None, None


def frozen_scale(
    func: Function,
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """LN rule: the centring stays linear, the scale 1/√(Var + ε) is frozen."""
    y = _FrozenScale.apply(x, list(normalized_shape), weight, eps)
    return y if bias is None else y + bias


def frozen_gelu(func: Function, x: Tensor, approximate: str = "none") -> Tensor:
    """GELU as x · stop(Φ(x)); the approximate form's gate is its value over x."""
    if approximate != "none":
        return frozen_gate(func, x, approximate=approximate)
    return x * torch.special.ndtr(x.detach())


def frozen_silu(func: Function, x: Tensor, inplace: bool = False) -> Tensor:
    """SiLU as x · stop(σ(x))."""
    return x * torch.sigmoid(x.detach())


def frozen_gate(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Any activation f with f(0) = 0 as x · stop(f(x) / x): same value, exact degree one."""
    with torch.no_grad():
        divisor = torch.where(x == 0, torch.ones_like(x), x)
        gate = func(x, *args, **kwargs) / divisor
    return x * gate


def unchanged(func: Function, *args: Any, **kwargs: Any) -> Tensor:
    """ReLU is its own gate, x · [x > 0]; its row only says that the rule was met."""
    return func(*args, **kwargs)


SOFTMAXES = (F.softmax, torch.softmax, Tensor.softmax)
"""The softmax of attention that is written out."""

AH = Rule(
    "AH",
    {
        **dict.fromkeys(SOFTMAXES, frozen_output),
        F.scaled_dot_product_attention: frozen_routing,
        F.multi_head_attention_forward: frozen_multi_head,
    },
)
"""Attention heads: the probabilities are constants, and so are queries, keys and their biases."""

LN = Rule("LN", {F.layer_norm: frozen_scale})
"""Layer norm: the scale is a constant, the centring is not."""

ACTIVATION = Rule(
    "activation",
    {
        F.gelu: frozen_gelu,
        F.silu: frozen_silu,
        F.tanh: frozen_gate,
        torch.tanh: frozen_gate,
        Tensor.tanh: frozen_gate,
        F.relu: unchanged,
        torch.relu: unchanged,
        Tensor.relu: unchanged,
    },
)
"""Activations: x times a constant gate."""

CONSERVATIVE = (AH, LN, ACTIVATION)
"""The rules of `lrp`: those of Ali et al. 2022, with the activation rule for models with others
than ReLU."""

_RULED = {
    func
    for rule in (AH, LN, ACTIVATION)
    for func, replacement in rule.rows.items()
    if replacement is not unchanged
}

NONLINEAR = frozenset(
    {
        *_RULED,
        torch.exp,
        torch.log,
        torch.pow,
        torch.reciprocal,
        torch.rsqrt,
        torch.sigmoid,
        torch.sqrt,
        torch.std,
        torch.var,
        Tensor.exp,
        Tensor.log,
        Tensor.pow,
        Tensor.reciprocal,
        Tensor.rsqrt,
        Tensor.sigmoid,
        Tensor.sqrt,
        Tensor.std,
        Tensor.var,
        F.celu,
        F.elu,
        F.hardswish,
        F.leaky_relu,
        F.log_softmax,
        F.mish,
        F.prelu,
        F.selu,
        F.sigmoid,
        F.softplus,
        F.batch_norm,
        F.group_norm,
        F.instance_norm,
        F.rms_norm,
    }
)
"""Functions that break conservation without a rule; they are named if a sum does not come out."""
