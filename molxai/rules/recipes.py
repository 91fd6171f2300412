"""Rules for models of other families: more rows, and which of the tables each family needs.

A row sees a function, not a module: GPT-2's GELU is a `tanh`, Llama's norm an `rsqrt`, the softmax
of PyTorch Geometric an `exp`. `FAMILIES` names what each family was found to need; `EVERY` is all
of it, and what `conserve` applies.

Sources: Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative
Propagation", section 4 (attention and norms as frozen weights); Arras et al. 2017, "Explaining
Recurrent Neural Network Predictions in Sentiment Analysis", the rule for multiplicative connections
(the gate takes no relevance, the signal all).
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.rule import Function, Rule
from molxai.rules.tables import ACTIVATION, AH, LN, frozen_gate, frozen_output, frozen_scale


def frozen_root_mean_square(
    func: Function,
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """RMSNorm without the gradient of its scale."""
    if eps is None:
        eps = torch.finfo(x.dtype).eps
    axes = tuple(range(-len(normalized_shape), 0))
    mean_square = x.detach().pow(2).mean(axes, keepdim=True)
    scale = (mean_square + eps).rsqrt()
    return x * scale if weight is None else x * scale * weight


def frozen_group_scale(
    func: Function,
    x: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Group norm is layer norm over each group of channels."""
    groups = x.reshape(len(x), num_groups, -1)  # (batch, groups, channels of a group · …)
    y = frozen_scale(func, groups, groups.shape[2:], eps=eps).view_as(x)
    return _affine_by_channel(y, weight, bias)


def frozen_batch_scale(
    func: Function,
    x: Tensor,
    mean: Tensor | None,
    variance: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Batch norm in evaluation is linear.

    It is written out, because the running mean is something added, and takes its part.
    """
    if training or mean is None or variance is None:
        return func(x, mean, variance, weight, bias, training, momentum, eps)
    scale = (variance.detach() + eps).rsqrt()
    y = (x - _by_channel(mean, x)) * _by_channel(scale, x)
    return _affine_by_channel(y, weight, bias)


def _affine_by_channel(y: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is not None:
        y = y * _by_channel(weight, y)
    if bias is not None:
        y = y + _by_channel(bias, y)
    return y


def _by_channel(value: Tensor, like: Tensor) -> Tensor:
    return value.view(-1, *(1,) * (like.ndim - 2))  # (channels, 1 …)


def frozen_length(
    func: Function,
    x: Tensor,
    p: float = 2.0,
    dim: int | tuple[int, ...] = 1,
    eps: float = 1e-12,
    out: None = None,
) -> Tensor:
    """`F.normalize` divides by a constant length."""
    length = x.detach().norm(p, dim, keepdim=True)
    return x / length.clamp_min(eps)


def frozen_denominator(func: Function, x: Tensor, y: Any, **kwargs: Any) -> Tensor:
    """A denominator is a constant scale, whatever it was made from."""
    denominator = y.detach() if isinstance(y, Tensor) else y
    return func(x, denominator, **kwargs)


def frozen_inverse_power(func: Function, x: Any, exponent: Any, **kwargs: Any) -> Tensor:
    """A negative power is a constant scale, because it divides; other powers are left alone."""
    if isinstance(exponent, int | float) and exponent < 0:
        return frozen_output(func, x, exponent, **kwargs)
    return func(x, exponent, **kwargs)


class _Activated(torch.autograd.Function):
    """A mark in the graph: what comes from here is the output of an activation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0]


def marked(func: Function, *args: Any, row: Function, **kwargs: Any) -> Tensor:
    """An activation's row, and the mark by which a product knows its gate."""
    return _Activated.apply(row(func, *args, **kwargs))


def gate_of_copy(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The activation rule for functions that may work in place."""

    def on_copy(detached: Tensor) -> Tensor:
        return func(detached.clone(), *args, **kwargs)

    return frozen_gate(on_copy, x)


def shifted_gate(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """A sigmoid or the like, of use only as a factor: same value, no gradient."""
    return frozen_output(func, x.clone(), *args, **kwargs)


PASSED = frozenset(
    f"{name}Backward0"
    for name in (
        "Add",
        "Sub",
        "Rsub",
        "Mul",
        "Div",
        "View",
        "UnsafeView",
        "Unsqueeze",
        "Expand",
        "Transpose",
        "Slice",
        "ToCopy",
        "Clone",
    )
)
"""Nodes of the graph behind which an activation is still the same gate.

They scale it or shift it by constants, or give it another shape.
"""

LEAF = "torch::autograd::AccumulateGrad"
"""Name of the node of a leaf, such as a parameter: a constant to a gate."""


def is_gate(x: Tensor) -> bool:
    """Whether the tensor is an activation's output, up to scale, shift and shape.

    The graph is followed back as long as one recorded thing goes in. Where two do, as in a product
    of an activation and a signal, the result is no gate any more.

    Example:
        SwiGLU is silu(a) · b. Scaled and in another shape, silu(a) is still the gate; the product
        with b is a signal again.

        >>> from molxai.rules.mode import Rules
        >>> x = torch.ones(2, 3, requires_grad=True).clone()
        >>> with Rules((GATES,)):
        ...     gate = 0.5 * F.silu(x).view(6)
        ...     product = x.view(6) * gate
        >>> is_gate(gate), is_gate(x), is_gate(product)
        (True, False, False)
    """
    node: Any = x.grad_fn
    while node is not None and node.name() in PASSED:
        inputs = [before for before, _ in node.next_functions]
        recorded = [before for before in inputs if before is not None and before.name() != LEAF]
        if len(recorded) != 1:
            return False
        node = recorded[0]
    return node is not None and node.name() == "_ActivatedBackward"


def gated(func: Function, x: Any, y: Any, *args: Any, **kwargs: Any) -> Tensor:
    """A product of a signal and an activation's output: the activation is a constant gate."""
    if _is_recorded(x) and _is_recorded(y):
        x_is_gate = is_gate(x)
        # Two gates, or none, are left alone: it is not known which one is the signal.
        if x_is_gate != is_gate(y):
            if x_is_gate:
                x = x.detach()
            else:
                y = y.detach()
    return func(x, y, *args, **kwargs)


def _is_recorded(argument: Any) -> bool:
    return isinstance(argument, Tensor) and argument.requires_grad


NARROW = (torch.float32, torch.float16, torch.bfloat16)
"""Floating types with fewer digits than float64."""


def kept_in_float64(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """A cast of float64 activations to fewer digits is left out.

    Rounding is a step function that no gradient sees.
    """
    output = func(x, *args, **kwargs)
    if not isinstance(output, Tensor):  # x.type() is a name
        return output
    is_narrowed = output.requires_grad and x.dtype == torch.float64 and output.dtype in NARROW
    if not is_narrowed:
        return output
    # A cast is a tensor of its own, which the model may change in place.
    return x.to(output.device, copy=True)


def _rows(row: Function, functions: Iterable[Function]) -> dict[Function, Function]:
    return dict.fromkeys(functions, row)


NORMS = Rule(
    "norms",
    {
        **_rows(frozen_root_mean_square, (F.rms_norm, torch.rms_norm)),
        F.group_norm: frozen_group_scale,
        F.batch_norm: frozen_batch_scale,
        F.normalize: frozen_length,
    },
)
"""The LN rule in the other norms that PyTorch has."""

DIVISIONS = (
    torch.div,
    torch.divide,
    torch.true_divide,
    Tensor.div,
    Tensor.divide,
    Tensor.true_divide,
)
"""Functions of a numerator and a denominator."""

INVERSES = (
    torch.rsqrt,
    Tensor.rsqrt,
    torch.reciprocal,
    Tensor.reciprocal,
    Tensor.__rdiv__,
)
"""Functions of a denominator alone."""

SCALE = Rule(
    "scale",
    {
        **_rows(frozen_denominator, DIVISIONS),
        **_rows(frozen_output, INVERSES),
        **_rows(frozen_inverse_power, (torch.pow, Tensor.pow, Tensor.__pow__)),
    },
)
"""The LN rule in norms that are written out.

Such are Llama's RMSNorm, and PyTorch Geometric's LayerNorm and GraphNorm.
"""

ROUTING = Rule("routing", _rows(frozen_output, (torch.exp, Tensor.exp)))
"""The AH rule in a softmax that is written out.

Such is PyTorch Geometric's, over the edges of each node.
"""

ZERO_AT_ZERO = (F.elu, F.selu, F.celu, F.mish, F.hardswish, F.softsign, F.tanhshrink)
"""Activations f with f(0) = 0, of which some may work in place."""

SHIFTED = (
    torch.sigmoid,
    Tensor.sigmoid,
    F.hardsigmoid,
    torch.special.expit,
    torch.erf,
    Tensor.erf,
    torch.special.erf,
    torch.special.ndtr,
)
"""Functions that models use as factors, with another value than zero at zero or before a shift."""

GATES = Rule(
    "gates",
    {
        **{func: partial(marked, row=row) for func, row in ACTIVATION.rows.items()},
        **_rows(partial(marked, row=gate_of_copy), ZERO_AT_ZERO),
        **_rows(shifted_gate, SHIFTED),
        **_rows(gated, (torch.mul, torch.multiply, Tensor.mul, Tensor.multiply)),
    },
)
"""The activation rule, and activations as factors: SwiGLU, written-out GELUs, sigmoid gates."""

CASTS = (Tensor.to, Tensor.float, Tensor.half, Tensor.bfloat16, Tensor.type, Tensor.type_as)
"""Functions that may change the type of a tensor and nothing else."""

PRECISION = Rule("float64", _rows(kept_in_float64, CASTS), of_signal=True)
"""Float64 stays float64 in models that cast to float32 inside, such as Llama's RMSNorm.

Models in float32 are untouched. Casts of the model's own constants are made as the model makes
them: Llama's rotary angles are position × frequency in float32, and 8 000 times a frequency's
rounding is another angle.
"""

EVERY: tuple[Rule, ...] = (AH, LN, NORMS, SCALE, ROUTING, GATES, PRECISION)
"""All rules; of two rows for a function the later counts."""

FAMILIES: Mapping[str, tuple[Rule, ...]] = {
    "nn.TransformerEncoder": (AH, LN, ACTIVATION),
    "BERT": (AH, LN, ACTIVATION),
    "ViT": (AH, LN, ACTIVATION),
    "GPT-2": (AH, LN, GATES),
    "Llama": (AH, SCALE, GATES, PRECISION),
    "TransformerConv": (ROUTING,),
    "TransformerConv, gated": (ROUTING, GATES),
    "GATv2Conv": (ROUTING,),
    "GPSConv": (AH, SCALE, ACTIVATION),
    "GPSConv, batch norm": (AH, NORMS, ACTIVATION),
}
"""The rules that each family needs, and no more."""
