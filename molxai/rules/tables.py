"""The three rules of conservative propagation, and the functions that break it where no rule is applied.

Sources: Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative Propagation" (AH rule,
section 4.1; LN rule, section 4.2); Achtibat et al. 2024, "AttnLRP" (activations as gates).
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

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
    return func(
        query.detach(),
        key.detach(),
        value,
        None if attn_mask is None else attn_mask.detach(),
        *args,
        **kwargs,
    )


def frozen_multi_head(
    func: Function,
    query: Tensor,
    key: Tensor,
    value: Tensor,
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
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """AH rule inside `nn.MultiheadAttention`: the values' projection and the output's are all that is recorded."""
    if in_bias is not None:
        in_bias = torch.cat([in_bias[: 2 * width].detach(), in_bias[2 * width :]])
    frozen = {
        name: given.detach() if isinstance(given, Tensor) and name != "static_v" else given
        for name, given in kwargs.items()
    }
    weights = [
        None if weight is None else weight.detach() for weight in (in_weight, bias_k, out_weight)
    ]
    rest = (add_zero, dropout, weights[2], out_bias)
    return func(
        query.detach(),
        key.detach(),
        value,
        width,
        heads,
        weights[0],
        in_bias,
        weights[1],
        bias_v,
        *rest,
        **frozen,
    )


class _FrozenScale(torch.autograd.Function):
    """Layer norm without its bias; the backward pass centres and scales, and takes 1/√(Var + ε) as a constant."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, shape: list[int], weight: Tensor | None, eps: float) -> Tensor:
        y, _, scale = torch.native_layer_norm(x, shape, weight, None, eps)
        ctx.save_for_backward(scale, weight)
        ctx.shape = shape
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, None, None, None]:
        scale, weight = ctx.saved_tensors
        # Layer norm's own kernel, told that x was zero: then what flows through the scale, x̂ · mean(gradient · x̂), is zero too.
        zero, mean = torch.zeros_like(grads[0]), torch.zeros_like(scale)
        only_x = [True, False, False]
        return (
            torch.ops.aten.native_layer_norm_backward(
                grads[0], zero, ctx.shape, mean, scale, weight, None, only_x
            )[0],
            None,
            None,
            None,
        )


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
        gate = func(x, *args, **kwargs) / torch.where(x == 0, torch.ones_like(x), x)
    return x * gate


def unchanged(func: Function, *args: Any, **kwargs: Any) -> Tensor:
    """ReLU is its own gate: x · [x > 0]. The row is there so that the rule is known to have been met."""
    return func(*args, **kwargs)


AH = Rule(
    "AH",
    {
        F.softmax: frozen_output,
        torch.softmax: frozen_output,
        Tensor.softmax: frozen_output,
        F.scaled_dot_product_attention: frozen_routing,
        F.multi_head_attention_forward: frozen_multi_head,
    },
)
"""Attention heads: the probabilities, and with them queries, keys and structural biases, are constants."""

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

NONLINEAR = frozenset(
    (
        *(
            torch.exp,
            torch.sigmoid,
            torch.rsqrt,
            torch.sqrt,
            torch.pow,
            torch.log,
            torch.std,
            torch.var,
            torch.reciprocal,
        ),
        *(
            Tensor.exp,
            Tensor.sigmoid,
            Tensor.rsqrt,
            Tensor.sqrt,
            Tensor.pow,
            Tensor.log,
            Tensor.std,
            Tensor.var,
            Tensor.reciprocal,
        ),
        *(
            F.elu,
            F.selu,
            F.celu,
            F.softplus,
            F.mish,
            F.hardswish,
            F.leaky_relu,
            F.prelu,
            F.log_softmax,
            F.sigmoid,
        ),
        *(F.batch_norm, F.group_norm, F.instance_norm, F.rms_norm),
        *(
            row
            for rule in (AH, LN, ACTIVATION)
            for row, replacement in rule.rows.items()
            if replacement is not unchanged
        ),
    )
)
"""Functions that break conservation where no rule is applied to them; named when a sum does not come out."""
