"""The LN rule in the other norms that PyTorch has, by every name under which they are called.

Source: Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative
Propagation", section 4.2 (the scale is a constant, the centring is not).
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.rule import Function, Rule
from molxai.rules.tables import frozen_scale


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


def _detached(argument: Tensor | None) -> Tensor | None:
    return None if argument is None else argument.detach()


NORMS = Rule(
    "norms",
    {
        F.rms_norm: frozen_root_mean_square,
        torch.rms_norm: frozen_root_mean_square,
        torch.layer_norm: frozen_layer_scale,
        torch.native_layer_norm: frozen_native_layer_scale,
        F.group_norm: frozen_group_scale,
        torch.group_norm: frozen_group_scale,
        torch.native_group_norm: frozen_native_group_scale,
        F.instance_norm: frozen_instance_scale,
        F.batch_norm: frozen_batch_scale,
        F.normalize: frozen_length,
    },
)
"""The LN rule in the other norms that PyTorch has."""
