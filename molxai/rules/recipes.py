"""Rules for models of other families: more rows, and which of the tables each family needs.

A row sees a function, not a module: GPT-2's GELU is a `tanh`, Llama's norm an `rsqrt`, the softmax of PyTorch Geometric
an `exp`. `FAMILIES` names what each family was found to need; `EVERY` is all of it, and what `conserve` applies.

Sources: Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative Propagation", section 4
(attention and norms as frozen weights); Arras et al. 2017, "Explaining Recurrent Neural Network Predictions in Sentiment
Analysis", the rule for multiplicative connections (the gate takes no relevance, the signal all).
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
    dims = tuple(range(-len(normalized_shape), 0))
    scale = (
        x.detach().pow(2).mean(dims, keepdim=True)
        + (torch.finfo(x.dtype).eps if eps is None else eps)
    ).rsqrt()
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
    groups = x.reshape(len(x), num_groups, -1)
    y = frozen_scale(func, groups, groups.shape[2:], eps=eps).view_as(x)
    y = y if weight is None else y * _by_channel(weight, x)
    return y if bias is None else y + _by_channel(bias, x)


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
    """Batch norm in evaluation is linear; written out, the running mean is something added, and takes its part."""
    if training or mean is None or variance is None:
        return func(x, mean, variance, weight, bias, training, momentum, eps)
    y = (x - _by_channel(mean, x)) * _by_channel((variance.detach() + eps).rsqrt(), x)
    y = y if weight is None else y * _by_channel(weight, x)
    return y if bias is None else y + _by_channel(bias, x)


def _by_channel(value: Tensor, like: Tensor) -> Tensor:
    return value.view(-1, *(1,) * (like.ndim - 2))


def frozen_length(
    func: Function,
    x: Tensor,
    p: float = 2.0,
    dim: int | tuple[int, ...] = 1,
    eps: float = 1e-12,
    out: None = None,
) -> Tensor:
    """`F.normalize` divides by a constant length."""
    return x / x.detach().norm(p, dim, keepdim=True).clamp_min(eps)


def frozen_denominator(func: Function, x: Tensor, y: Any, **kwargs: Any) -> Tensor:
    """What is divided by is a scale, whatever it was made from."""
    return func(x, y.detach() if isinstance(y, Tensor) else y, **kwargs)


def frozen_inverse_power(func: Function, x: Any, exponent: Any, **kwargs: Any) -> Tensor:
    """A negative power is what one multiplies by instead of dividing; other powers are left alone."""
    inverse = isinstance(exponent, int | float) and exponent < 0
    return frozen_output(func, x, exponent, **kwargs) if inverse else func(x, exponent, **kwargs)


class _Activated(torch.autograd.Function):
    """Nothing but a mark in the graph: what comes from here was put through an activation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0]


def marked(func: Function, *args: Any, row: Function, **kwargs: Any) -> Tensor:
    """An activation's row, and the mark that a product needs to know its gate."""
    return _Activated.apply(row(func, *args, **kwargs))


def gate_of_copy(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The activation rule for functions that may work in place."""
    return frozen_gate(lambda detached: func(detached.clone(), *args, **kwargs), x)


def shifted_gate(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """A sigmoid or the like, of use as a factor alone: same value, no gradient."""
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
"""Nodes through which an activation is still the same gate: scaled and shifted by constants, in another shape."""


def is_gate(x: Tensor) -> bool:
    """Whether the tensor is an activation's output, up to scale, shift and shape."""
    node: Any = x.grad_fn
    while node is not None and node.name() in PASSED:
        parents = [
            parent
            for parent, _ in node.next_functions
            if parent is not None and parent.name() != "torch::autograd::AccumulateGrad"
        ]
        node = parents[0] if len(parents) == 1 else None
    return node is not None and node.name() == "_ActivatedBackward"


def gated(func: Function, x: Any, y: Any, *args: Any, **kwargs: Any) -> Tensor:
    """A product of a signal and an activation's output: the activation is a constant gate."""
    if (
        isinstance(x, Tensor)
        and isinstance(y, Tensor)
        and x.requires_grad
        and y.requires_grad
        and is_gate(x) != is_gate(y)
    ):
        x, y = (x.detach(), y) if is_gate(x) else (x, y.detach())
    return func(x, y, *args, **kwargs)


NARROW = (torch.float32, torch.float16, torch.bfloat16)
"""Floating types with fewer digits than float64."""


def kept_in_float64(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """A cast of float64 activations to fewer digits is left out: rounding is a step function that no gradient sees."""
    out = func(x, *args, **kwargs)
    if not isinstance(out, Tensor):  # x.type() is a name
        return out
    narrowed = out.requires_grad and x.dtype == torch.float64 and out.dtype in NARROW
    # A cast is a tensor of its own, which the model may change in place.
    return x.to(out.device, copy=True) if narrowed else out


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

SCALE = Rule(
    "scale",
    {
        **_rows(
            frozen_denominator,
            (
                torch.div,
                torch.divide,
                torch.true_divide,
                Tensor.div,
                Tensor.divide,
                Tensor.true_divide,
            ),
        ),
        **_rows(
            frozen_output,
            (torch.rsqrt, Tensor.rsqrt, torch.reciprocal, Tensor.reciprocal, Tensor.__rdiv__),
        ),
        **_rows(frozen_inverse_power, (torch.pow, Tensor.pow, Tensor.__pow__)),
    },
)
"""The LN rule in norms that are written out: Llama's RMSNorm, PyTorch Geometric's LayerNorm and GraphNorm."""

ROUTING = Rule("routing", _rows(frozen_output, (torch.exp, Tensor.exp)))
"""The AH rule in a softmax that is written out, such as PyTorch Geometric's over the edges of each node."""

GATES = Rule(
    "gates",
    {
        **{func: partial(marked, row=row) for func, row in ACTIVATION.rows.items()},
        **_rows(
            partial(marked, row=gate_of_copy),
            (F.elu, F.selu, F.celu, F.mish, F.hardswish, F.softsign, F.tanhshrink),
        ),
        **_rows(shifted_gate, (torch.sigmoid, Tensor.sigmoid, F.hardsigmoid, torch.special.expit)),
        **_rows(shifted_gate, (torch.erf, Tensor.erf, torch.special.erf, torch.special.ndtr)),
        **_rows(gated, (torch.mul, torch.multiply, Tensor.mul, Tensor.multiply)),
    },
)
"""The activation rule, and activations as factors: SwiGLU, GELUs that are written out, sigmoid gates."""

CASTS = (Tensor.to, Tensor.float, Tensor.half, Tensor.bfloat16, Tensor.type, Tensor.type_as)
"""Functions that may change the type of a tensor and nothing else."""

PRECISION = Rule("float64", _rows(kept_in_float64, CASTS), of_signal=True)
"""Float64 stays float64 in models that cast to float32 inside, such as Llama's RMSNorm; float32 models are untouched.

Casts of the model's own constants are made as the model makes them: Llama's rotary angles are position × frequency in
float32, and 8 000 times a frequency's rounding is another angle.
"""

EVERY: tuple[Rule, ...] = (AH, LN, NORMS, SCALE, ROUTING, GATES, PRECISION)

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
