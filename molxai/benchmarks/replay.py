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

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from molxai.benchmarks.held import (
    WRITTEN,
    Function,
    called_name,
    constant,
    exponent,
    held_denominator,
    held_factor,
    held_gate,
    held_piece,
    is_inverse,
)


@dataclass(frozen=True)
class _Origin:
    """What is known of a tensor that depends on x."""

    root: int
    """Number of the tensor that this one is an elementwise function of."""
    activation: int = 0
    """Number of the activation that it is, up to scale, shift and shape; 0 for none."""
    activations: frozenset[int] = field(default_factory=frozenset)
    """Numbers of all activations that it comes from."""


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
        name = called_name(func)
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
            record = constant(output)
            output = record(func, args, kwargs)
        self._note(name, output, (args, kwargs))
        return output, record

    def _record(
        self, name: str, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """What replays this call with its constants; None if it has none of its own."""
        if name in HELD or is_inverse(name, args):
            with torch.no_grad():
                return constant(func(*args, **kwargs))
        if name in ACTIVATIONS:
            return held_gate(func, args, kwargs)
        if name in PIECEWISE:
            return held_piece(args, kwargs)
        if name in PRODUCTS and len(args) == 2:
            return self._product(*args)
        if name in SQUARES and self._origin(args[0]).activation:
            return held_factor(args[0]) if exponent(args) == 2 else None
        if name in QUOTIENTS and isinstance(args[1], Tensor) and args[1].requires_grad:
            return held_denominator(args[1])
        written = WRITTEN.get(name)
        return written(func, args, kwargs) if written else None

    def _product(self, x: Any, y: Any) -> Any:
        """A product with the activation held."""
        if not (_is_live(x) and _is_live(y)):
            return None
        if x is y and self._origin(x).activation:
            return held_factor(x)
        x_holds = self._is_gate(x, y)
        y_holds = self._is_gate(y, x)
        if x_holds == y_holds:
            return None
        return held_factor(x, 0) if x_holds else held_factor(y, 1)

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
            root = self.count
            activation = 0
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
