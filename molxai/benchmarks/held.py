"""What of a function call is held in a replay, written out for each function.

Each function here takes a call of the first run and gives what replays it: a function of the same
function, and of the arguments that it has then.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import resolve_name

Function = Callable[..., Any]


def called_name(func: Function) -> str:
    """The last part of the function's name, without the mark of functions that work in place."""
    full = resolve_name(func) or getattr(func, "__name__", "")
    last = full.split(".")[-1]
    if last in ("__get__", "__set__"):
        return ".".join(full.split(".")[-2:])
    return last if last.endswith("__") else last.rstrip("_")


def exponent(args: tuple[Any, ...]) -> Any:
    """The power that is taken; a function without one squares."""
    return args[1] if len(args) > 1 else 2


def is_inverse(name: str, args: tuple[Any, ...]) -> bool:
    """Whether the function is a negative power, which divides."""
    power = exponent(args)
    is_number = isinstance(power, int | float)
    return name in ("pow", "__pow__") and is_number and power < 0


def copied(value: Any) -> Any:
    """The value, with tensors of its own: the model may change them in place."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(map(copied, value))
    if isinstance(value, tuple):  # torch's named tuples take one list
        return type(value)(list(map(copied, value)))
    return value


def constant(value: Any) -> Any:
    """The same value again."""
    kept = copied(value)
    return lambda func, args, kwargs: copied(kept)


def held_gate(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An activation f with f(0) = 0, with f(x) / x held."""
    x = args[0].detach()
    with torch.no_grad():
        value = func(x.clone(), *args[1:], **kwargs)
        gate = torch.where(x == 0, 0.0, value / torch.where(x == 0, 1.0, x))
    return lambda func, args, kwargs: args[0] * gate


def held_factor(held: Tensor, place: int = 1) -> Any:
    """A product with the factor at this place held, in place where the function works so."""
    kept = held.detach().clone()

    def product(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        if func in (Tensor.mul_, Tensor.multiply_):
            return args[0].mul_(kept)
        return args[1 - place] * kept

    return product


def held_denominator(held: Tensor) -> Any:
    """A quotient with its denominator held."""
    kept = held.detach().clone()
    return lambda func, args, kwargs: func(args[0], kept, **kwargs)


def held_piece(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The value at the first call, and from there the derivative of that place."""
    first = copied(args)
    floating = [
        place
        for place, argument in enumerate(first)
        if isinstance(argument, Tensor) and argument.is_floating_point()
    ]

    def tangent(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        def at(*inputs: Tensor) -> Tensor:
            now = list(first)
            for place, value in zip(floating, inputs, strict=True):
                now[place] = value
            return func(*now, **kwargs)

        start = tuple(first[place] for place in floating)
        steps = tuple((args[place] - first[place]).detach() for place in floating)
        if not any(step.any() for step in steps):
            return func(*args, **kwargs)
        value, slope = torch.autograd.functional.jvp(at, start, steps)
        return value + slope

    return tangent


def _argument(
    args: tuple[Any, ...], kwargs: dict[str, Any], place: int, name: str, usual: Any
) -> Any:
    return args[place] if len(args) > place else kwargs.get(name, usual)


def _affine(y: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _layer_norm(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    shape = _argument(args, kwargs, 1, "normalized_shape", None)
    axes = tuple(range(-len(shape), 0))
    eps = _argument(args, kwargs, 4, "eps", 1e-5)
    scale = (args[0].detach().var(axes, unbiased=False, keepdim=True) + eps).rsqrt()

    def norm(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        centred = args[0] - args[0].mean(axes, keepdim=True)
        weight = _argument(args, kwargs, 2, "weight", None)
        return _affine(centred * scale, weight, _argument(args, kwargs, 3, "bias", None))

    return norm


def _root_mean_square(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    shape = _argument(args, kwargs, 1, "normalized_shape", None)
    axes = tuple(range(-len(shape), 0))
    eps = _argument(args, kwargs, 3, "eps", None)
    eps = torch.finfo(args[0].dtype).eps if eps is None else eps
    scale = (args[0].detach().pow(2).mean(axes, keepdim=True) + eps).rsqrt()
    return lambda func, args, kwargs: _affine(
        args[0] * scale, _argument(args, kwargs, 2, "weight", None), None
    )


def _group_norm(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    groups = _argument(args, kwargs, 1, "num_groups", 1)
    return _centred_groups(args[0], groups, _argument(args, kwargs, 4, "eps", 1e-5), 2)


def _instance_norm(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if not _argument(args, kwargs, 5, "use_input_stats", True):
        return None
    return _centred_groups(args[0], args[0].shape[1], _argument(args, kwargs, 7, "eps", 1e-5), 3)


def _centred_groups(x: Tensor, groups: int, eps: float, weight_at: int) -> Any:
    """Groups of channels less their mean, times the scale of the first call."""
    first = x.detach().reshape(len(x), groups, -1)
    scale = (first.var(-1, unbiased=False, keepdim=True) + eps).rsqrt()

    def norm(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        x = args[0]
        parts = x.reshape(len(x), groups, -1)  # (batch, groups, values)
        y = ((parts - parts.mean(-1, keepdim=True)) * scale).view_as(x)
        inner = (-1,) + (1,) * (x.ndim - 2)
        weight = _argument(args, kwargs, weight_at, "weight", None)
        bias = _argument(args, kwargs, weight_at + 1, "bias", None)
        return _affine(
            y,
            None if weight is None else weight.view(inner),
            None if bias is None else bias.view(inner),
        )

    return norm


def _unit_length(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    p = _argument(args, kwargs, 1, "p", 2.0)
    axis = _argument(args, kwargs, 2, "dim", 1)
    eps = _argument(args, kwargs, 3, "eps", 1e-12)
    length = args[0].detach().norm(p, axis, keepdim=True).clamp_min(eps)
    return lambda func, args, kwargs: args[0] / length


def _glu(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    axis = _argument(args, kwargs, 1, "dim", -1)
    gate = args[0].detach().chunk(2, axis)[1].sigmoid()
    return lambda func, args, kwargs: args[0].chunk(2, axis)[0] * gate


def _attention(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Fused attention: its weights are what it makes of the unit matrix as values."""
    query = args[0].detach()
    key = args[1].detach()
    keys = key.shape[-2]
    unit = torch.eye(keys, dtype=key.dtype, device=key.device).expand(*key.shape[:-1], keys)
    others = {name: copied(option) for name, option in kwargs.items() if name != "value"}
    weights = func(query, key, unit, *copied(args[3:]), **others)
    has_groups = bool(_argument(args, kwargs, 7, "enable_gqa", False))

    def mix(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        value = args[2]
        if has_groups:
            value = value.repeat_interleave(weights.shape[-3] // value.shape[-3], -3)
        return weights @ value

    return mix


def _choice(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The largest or smallest values along an axis: of the same places as at the first call."""
    with torch.no_grad():
        found = func(*args, **kwargs)
    if isinstance(found, Tensor):  # of all values
        return held_piece(args, kwargs)
    is_ranked = called_name(func) == "topk"
    axis = _argument(args, kwargs, 2 if is_ranked else 1, "dim", -1)
    places = found.indices.clone()
    wide = places if places.ndim == args[0].ndim else places.unsqueeze(axis)

    def pick(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        values = args[0].gather(axis, wide).view_as(places)
        return type(found)([values, places.clone()])

    return pick


def _multi_head(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`nn.MultiheadAttention`: its weights are what it says that they are."""
    options = {**kwargs, "need_weights": True, "average_attn_weights": False, "is_causal": False}
    with torch.no_grad():
        _, weights = func(*args, **options)
    if weights.shape[-1] != args[1].shape[0] or args[0].ndim != 3:
        return None

    def mix(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Any]:
        value = args[2]
        width = args[3]
        weight = kwargs.get("v_proj_weight")
        weight = args[5][2 * width :] if weight is None else weight
        bias = None if args[6] is None else args[6][2 * width :]
        projected = F.linear(value, weight, bias)
        by_head = projected.unflatten(-1, (args[4], -1))  # (keys, batch, heads, width of a head)
        mixed = torch.einsum("bhqk,kbhw->qbhw", weights, by_head).flatten(-2)
        given = weights if not kwargs.get("average_attn_weights", True) else weights.mean(1)
        needed = kwargs.get("need_weights", True)
        return F.linear(mixed, args[11], args[12]), given if needed else None

    return mix


WRITTEN: Mapping[str, Callable[..., Any]] = {
    "layer_norm": _layer_norm,
    "rms_norm": _root_mean_square,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "normalize": _unit_length,
    "glu": _glu,
    **dict.fromkeys(("topk", "max", "min"), _choice),
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head,
}
"""Functions of which a part is held, by name."""
