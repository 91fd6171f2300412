"""Rules for models of other families: more rows, and which of the tables each family needs.

A row sees a function, not a module: GPT-2's GELU is a `tanh`, Llama's norm an `rsqrt`, the softmax
of PyTorch Geometric an `exp`. `FAMILIES` names what each family was found to need; `EVERY` is all
of it, and what `conserve` applies.

Source: Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative
Propagation", section 4 (attention and norms as frozen weights).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.gates import GATES
from molxai.rules.marks import is_gate
from molxai.rules.rule import Function, Rule
from molxai.rules.tables import ACTIVATION, AH, LN, frozen_output, frozen_scale


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
    y = x * scale
    return y if weight is None else y * weight


def frozen_layer_scale(
    func: Function,
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    *rest: Any,
    **options: Any,
) -> Tensor:
    """`torch.layer_norm`, which `F.layer_norm` calls."""
    return frozen_scale(func, x, normalized_shape, weight, bias, eps)


def frozen_native_layer_scale(
    func: Function,
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Layer norm with its mean and scale, as generated code calls it; these two are constants."""
    _, mean, scale = func(input.detach(), normalized_shape, _detached(weight), None, eps)
    return frozen_scale(func, input, normalized_shape, weight, bias, eps), mean, scale


def frozen_group_scale(
    func: Function,
    x: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    *rest: Any,
    **options: Any,
) -> Tensor:
    """Group norm is layer norm over each group of channels."""
    groups = x.reshape(len(x), num_groups, -1)  # (batch, groups, channels of a group · …)
    y = frozen_scale(func, groups, groups.shape[2:], eps=eps)
    return _affine_by_channel(y.view_as(x), weight, bias)


def frozen_native_group_scale(
    func: Function,
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    batch: int,
    channels: int,
    size: int,
    group: int,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Group norm with its means and scales, as generated code calls it; these two are constants."""
    _, mean, scale = func(
        input.detach(), _detached(weight), None, batch, channels, size, group, eps
    )
    return frozen_group_scale(func, input, group, weight, bias, eps), mean, scale


def frozen_instance_scale(
    func: Function,
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Instance norm is group norm of single channels, or batch norm with kept statistics."""
    if use_input_stats:
        return frozen_group_scale(func, input, input.shape[1], weight, bias, eps)
    mean, variance = running_mean, running_var
    return frozen_batch_scale(F.batch_norm, input, mean, variance, weight, bias, False, 0.0, eps)


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
    centred = x - _by_channel(mean, x)
    y = centred * _by_channel(scale, x)
    return _affine_by_channel(y, weight, bias)


def _affine_by_channel(y: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is not None:
        y = y * _by_channel(weight, y)
    if bias is not None:
        y = y + _by_channel(bias, y)
    return y


def _by_channel(value: Tensor, like: Tensor) -> Tensor:
    inner = (1,) * (like.ndim - 2)
    return value.view(-1, *inner)  # (channels, 1 …)


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
    """A negative power is a constant scale, because it divides; an activation's square is a gate.

    Other powers are left alone.
    """
    if isinstance(exponent, int | float) and exponent < 0:
        return frozen_output(func, x, exponent, **kwargs)
    if isinstance(exponent, int | float) and exponent == 2 and is_gate(x):
        return x * x.detach()
    return func(x, exponent, **kwargs)


def whole_lookup(
    func: Function,
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """A lookup whose gradient is that of its value.

    PyTorch's leaves out the row of padding, and may divide rows by how often they were met.
    """
    return func(input, weight, None, max_norm, norm_type)


def _detached(argument: Tensor | None) -> Tensor | None:
    return None if argument is None else argument.detach()


NARROW = (torch.float32, torch.float16, torch.bfloat16)
"""Floating types with fewer digits than float64."""


def kept_in_float64(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """A cast of float64 activations to fewer digits is left out.

    Rounding is a step function that no gradient sees.
    """
    output = func(x, *args, **kwargs)
    if not isinstance(output, Tensor):  # x.type() is a name
        return output
    is_narrower = x.dtype == torch.float64 and output.dtype in NARROW
    if not is_narrower or not output.requires_grad:
        return output
    # A cast is a tensor of its own, which the model may change in place.
    return x.to(output.device, copy=True)


def _rows(row: Function, functions: Iterable[Function]) -> dict[Function, Function]:
    return dict.fromkeys(functions, row)


NORMS = Rule(
    "norms",
    {
        **_rows(frozen_root_mean_square, (F.rms_norm, torch.rms_norm)),
        torch.layer_norm: frozen_layer_scale,
        torch.native_layer_norm: frozen_native_layer_scale,
        **_rows(frozen_group_scale, (F.group_norm, torch.group_norm)),
        torch.native_group_norm: frozen_native_group_scale,
        F.instance_norm: frozen_instance_scale,
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

LENGTHS = (
    torch.norm,
    torch.linalg.norm,
    torch.linalg.vector_norm,
    torch.linalg.matrix_norm,
    Tensor.norm,
)
"""Functions that give the length of something, which is of use as a scale alone."""

SCALE = Rule(
    "scale",
    {
        **_rows(frozen_output, LENGTHS),
        **_rows(frozen_denominator, DIVISIONS),
        **_rows(frozen_output, INVERSES),
        **_rows(frozen_inverse_power, (torch.pow, Tensor.pow, Tensor.__pow__)),
    },
)
"""The LN rule in norms that are written out.

Such are Llama's RMSNorm, PyTorch Geometric's LayerNorm and GraphNorm, and ConvNeXt V2's global
response norm, h · ‖h‖ / mean ‖h‖.
"""

ROUTING = Rule("routing", _rows(frozen_output, (torch.exp, Tensor.exp)))
"""The AH rule in a softmax that is written out.

Such is PyTorch Geometric's, over the edges of each node.
"""

CASTS = (Tensor.to, Tensor.float, Tensor.half, Tensor.bfloat16, Tensor.type, Tensor.type_as)
"""Functions that may change the type of a tensor and nothing else."""

PRECISION = Rule("float64", _rows(kept_in_float64, CASTS), of_signal=True)
"""Float64 stays float64 in models that cast to float32 inside, such as Llama's RMSNorm.

Models in float32 are untouched. Casts of the model's own constants are made as the model makes
them: Llama's rotary angles are position × frequency in float32, and 8 000 times a frequency's
rounding is another angle.
"""

LOOKUP = Rule("lookup", {F.embedding: whole_lookup})
"""Embeddings that a model looks up itself, that of padding too, with which Marian starts."""

EVERY: tuple[Rule, ...] = (AH, LN, NORMS, SCALE, ROUTING, GATES, LOOKUP, PRECISION)
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
