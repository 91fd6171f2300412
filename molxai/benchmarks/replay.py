"""Replay: an independent check of relevances, by taking tokens away from a model that is held.

A model is called once, and what the rules call constant is written down: attention, scales of
norms, gates. It is called again with one token's embedding set to zero, and with those constants as
they were. The output then drops by the token's relevance, whatever rules, ledger and gradients are
made of. Nothing of `molxai.rules` is used here.

What is held is decided from the values that functions get and give, not from the graph: each tensor
has a *root*, the tensor that it is an elementwise function of, and a set of the activations that it
comes from. In a product of two live tensors, the activation is held unless the other factor comes
from it. A product in which nothing can be held stays as it is, and the drop shows that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils.weak import WeakTensorKeyDictionary

Function = Callable[..., Any]


@dataclass(frozen=True)
class _Origin:
    """What is known of a tensor that depends on x."""

    root: int
    """Number of the tensor that this one is an elementwise function of."""
    activation: int = 0
    """Number of the activation that it is, up to scale, shift and shape; 0 for none."""
    activations: frozenset[int] = field(default_factory=frozenset)
    """Numbers of all activations that it comes from."""


def _name(func: Function) -> str:
    """The last part of the function's name, without the mark of functions that work in place."""
    full = resolve_name(func) or getattr(func, "__name__", "")
    last = full.split(".")[-1]
    if last in ("__get__", "__set__"):
        return ".".join(full.split(".")[-2:])
    return last if last.endswith("__") else last.rstrip("_")


HELD = frozenset(
    [
        "softmax",
        "exp",
        "rsqrt",
        "reciprocal",
        "__rdiv__",
        "__rtruediv__",
        "norm",
        "vector_norm",
        "matrix_norm",
        "sigmoid",
        "hardsigmoid",
        "expit",
        "erf",
        "ndtr",
    ]
)
"""Functions whose values are constants."""

ACTIVATIONS = frozenset(
    [
        "relu",
        "relu6",
        "gelu",
        "silu",
        "tanh",
        "elu",
        "selu",
        "celu",
        "mish",
        "hardswish",
        "softsign",
        "tanhshrink",
        "hardtanh",
    ]
)
"""Functions f with f(0) = 0: their gate f(x) / x is a constant."""

PIECEWISE = frozenset(
    [
        "leaky_relu",
        "prelu",
        "abs",
        "clamp",
        "clamp_min",
        "clamp_max",
        "maximum",
        "minimum",
        "max_pool1d",
        "max_pool2d",
        "max_pool3d",
        "adaptive_max_pool1d",
        "adaptive_max_pool2d",
        "amax",
        "amin",
    ]
)
"""Functions that are linear in pieces: they stay on the piece where they were."""

PRODUCTS = frozenset(["mul", "multiply"])
QUOTIENTS = frozenset(["div", "divide", "true_divide"])
SQUARES = frozenset(["square", "pow", "__pow__"])

ELEMENTWISE = (
    HELD
    | ACTIVATIONS
    | PRODUCTS
    | QUOTIENTS
    | SQUARES
    | frozenset(
        [
            "add",
            "sub",
            "rsub",
            "__rsub__",
            "neg",
            "to",
            "float",
            "double",
            "type",
            "type_as",
            "clone",
            "contiguous",
        ]
    )
    | frozenset(
        ["view", "reshape", "unsqueeze", "squeeze", "expand", "flatten", "unflatten", "dropout"]
    )
)
"""Functions of a tensor whose values have the same root as what goes in."""

PICKS = frozenset(
    [
        "__getitem__",
        "chunk",
        "split",
        "unbind",
        "select",
        "transpose",
        "permute",
        "movedim",
        "t",
        "index_select",
        "repeat",
        "narrow",
        "gather",
        "roll",
        "flip",
        "masked_fill",
    ]
)
"""Functions that pick from a tensor: an activation is still one, of another root."""


class Held(TorchFunctionMode):
    """The first call writes down what is held; `replays` makes later calls use it."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[tuple[str, Any]] = []
        self.place = 0
        self.replays = False
        self.origins = WeakTensorKeyDictionary()
        self.count = 0

    def rewind(self) -> None:
        """The next call of the model is a replay."""
        self.place = 0
        self.replays = True

    def __torch_function__(
        self,
        func: Function,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = _name(func)
        if self.replays:
            return self._replay(name, func, args, kwargs)
        output, record = self._first(name, func, args, kwargs)
        self.records.append((name, record))
        return output

    def _replay(
        self, name: str, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if self.place >= len(self.records) or self.records[self.place][0] != name:
            raise RuntimeError(f"the model took another way at {name}: it cannot be replayed")
        _, record = self.records[self.place]
        self.place += 1
        return func(*args, **kwargs) if record is None else record(func, args, kwargs)

    def _first(
        self, name: str, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Any]:
        """The function's value, and what gives it in a replay; None for the function itself."""
        live = [tensor for tensor in _tensors((args, kwargs)) if tensor.requires_grad]
        if not live:
            return func(*args, **kwargs), None
        record = self._record(name, func, args, kwargs)
        output = func(*args, **kwargs) if record is None else record(func, args, kwargs)
        writes = name in ("__setitem__", "__set__") or output is args[0]
        if record is None and not writes and not _is_live(output):
            record = _constant(output)
            output = record(func, args, kwargs)
        self._note(name, output, (args, kwargs))
        return output, record

    def _record(
        self, name: str, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """What replays this call with its constants; None if it has none of its own."""
        if name in HELD or _is_inverse(name, args):
            with torch.no_grad():
                return _constant(func(*args, **kwargs))
        if name in ACTIVATIONS:
            return _gate(func, args, kwargs)
        if name in PIECEWISE:
            return _piece(args, kwargs)
        if name in PRODUCTS and len(args) == 2:
            return self._product(*args)
        if name in SQUARES and self._origin(args[0]).activation:
            return _factor(args[0]) if _exponent(args) == 2 else None
        if name in QUOTIENTS and isinstance(args[1], Tensor) and args[1].requires_grad:
            return _denominator(args[1])
        written = WRITTEN.get(name)
        return written(func, args, kwargs) if written else None

    def _product(self, x: Any, y: Any) -> Any:
        """A product with the activation held."""
        if not (_is_live(x) and _is_live(y)):
            return None
        if x is y and self._origin(x).activation:
            return _factor(x)
        x_holds, y_holds = self._is_gate(x, y), self._is_gate(y, x)
        if x_holds == y_holds:
            return None
        return _factor(x, 0) if x_holds else _factor(y, 1)

    def _is_gate(self, x: Tensor, y: Tensor) -> bool:
        activation = self._origin(x).activation
        return bool(activation) and activation not in self._origin(y).activations

    def _origin(self, x: Any) -> _Origin:
        known = self.origins.get(x) if isinstance(x, Tensor) else None
        return known or _Origin(0)

    def _note(self, name: str, output: Any, arguments: Any) -> None:
        """Write down what the outputs come from."""
        sources = [self.origins[t] for t in _tensors(arguments) if t in self.origins]
        activations = frozenset[int]().union(*(source.activations for source in sources))
        roots = {source.root for source in sources}
        for tensor in _tensors(output):
            self.count += 1
            root, activation = self.count, 0
            if len(roots) == 1 and name in ELEMENTWISE:
                root = next(iter(roots))
                is_new = name in ACTIVATIONS or (name in PRODUCTS and len(sources) == 2)
                activation = self.count if is_new else max(s.activation for s in sources)
            elif len(sources) == 1 and name in PICKS:
                activation = sources[0].activation
            if name in ACTIVATIONS and not activation:
                activation = self.count
            own = activations | {activation} if activation else activations
            self.origins[tensor] = _Origin(root, activation, own)

    def start(self, x: Tensor) -> None:
        """Name x as what everything comes from."""
        self.count += 1
        self.origins[x] = _Origin(self.count)


def _tensors(argument: Any) -> Iterator[Tensor]:
    if isinstance(argument, Tensor):
        yield argument
    elif isinstance(argument, list | tuple):
        for member in argument:
            yield from _tensors(member)
    elif isinstance(argument, dict):
        yield from _tensors(list(argument.values()))


def _is_live(output: Any) -> bool:
    return any(tensor.requires_grad for tensor in _tensors(output))


def _exponent(args: tuple[Any, ...]) -> Any:
    return args[1] if len(args) > 1 else 2


def _is_inverse(name: str, args: tuple[Any, ...]) -> bool:
    exponent = _exponent(args)
    is_number = isinstance(exponent, int | float)
    return name in ("pow", "__pow__") and is_number and exponent < 0


def _copied(value: Any) -> Any:
    """The value, with tensors of its own: the model may change them in place."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    if isinstance(value, tuple):  # torch's named tuples take one list
        return type(value)(list(map(_copied, value)))
    return value


def _constant(value: Any) -> Any:
    kept = _copied(value)
    return lambda func, args, kwargs: _copied(kept)


def _gate(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    x = args[0].detach()
    with torch.no_grad():
        value = func(x.clone(), *args[1:], **kwargs)
        gate = torch.where(x == 0, 0.0, value / torch.where(x == 0, 1.0, x))
    return lambda func, args, kwargs: args[0] * gate


def _factor(held: Tensor, place: int = 1) -> Any:
    """A product with the factor at this place held, in place where the function works so."""
    kept = held.detach().clone()

    def product(func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        if func in (Tensor.mul_, Tensor.multiply_):
            return args[0].mul_(kept)
        return args[1 - place] * kept

    return product


def _denominator(held: Tensor) -> Any:
    kept = held.detach().clone()
    return lambda func, args, kwargs: func(args[0], kept, **kwargs)


def _piece(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The value at the first call, and from there the derivative of that place."""
    first = _copied(args)
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
    query, key = args[0].detach(), args[1].detach()
    keys = key.shape[-2]
    unit = torch.eye(keys, dtype=key.dtype, device=key.device).expand(*key.shape[:-1], keys)
    others = {name: _copied(option) for name, option in kwargs.items() if name != "value"}
    weights = func(query, key, unit, *_copied(args[3:]), **others)
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
        return _piece(args, kwargs)
    is_ranked = _name(func) == "topk"
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
        value, width = args[2], args[3]
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


def drops(
    run: Callable[[Tensor], Tensor], x: Float[Tensor, "..."], pieces: list[Any]
) -> tuple[float, list[float]]:
    """The output, and by how much it falls if each piece of x is zero and all else is held.

    Args:
        run: the output to explain, one number, as a function of x; its weights are not recorded.
        x: the input; it is left as it was.
        pieces: indices of x, one piece each.

    Raises:
        RuntimeError: the model took another way when it was replayed.
    """
    mode = Held()
    with torch.enable_grad():
        source = x.detach().clone().requires_grad_().clone()  # no leaf: it may be changed in place
        mode.start(source)
        with mode:
            first = run(source)
        whole = float(first.detach())
        fallen = []
        for piece in pieces:
            lowered = x.detach().clone()
            lowered[piece] = 0.0
            mode.rewind()
            with torch.no_grad(), mode:
                output = run(lowered)
            fallen.append(whole - float(output))
    return whole, fallen
