"""Activations as gates, also where they are a factor: SwiGLU, written-out GELUs, sigmoid gates.

In a product of an activation and a signal, the activation is the gate: a constant. This holds only
if the signal does not come from that same activation. In h · ‖h‖ or u · conv(u) with h, u = gelu(…)
nothing says which factor is the gate, and such a product is left alone: it counts twice, and the
ledger does not close.

Source: Arras et al. 2017, "Explaining Recurrent Neural Network Predictions in Sentiment Analysis",
the rule for multiplicative connections (the gate takes no relevance, the signal all).
"""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.marks import (
    Activated,
    Edge,
    argument_of,
    comes_from,
    is_recorded,
    mark_of,
    note_argument,
    turns_on,
)
from molxai.rules.rule import Function, Rule, in_place
from molxai.rules.tables import ACTIVATION, frozen_gate, frozen_output


def marked(func: Function, *args: Any, row: Function, **kwargs: Any) -> Tensor:
    """An activation's row, and the mark by which a product knows its gate."""
    return Activated.apply(row(func, *args, **kwargs))


def gate_of_copy(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The activation rule for functions that may work in place."""

    def on_copy(detached: Tensor) -> Tensor:
        return func(detached.clone(), *args, **kwargs)

    return frozen_gate(on_copy, x)


def bounded_gate(
    func: Function, x: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """Hardtanh as a gate; one that is not 0 at 0 is left alone."""
    if min_val <= 0 <= max_val:
        return marked(func, x, min_val, max_val, row=gate_of_copy)
    return func(x, min_val, max_val, inplace)


def shifted_gate(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """A sigmoid or the like, of use only as a factor: same value, no gradient."""
    gate = frozen_output(func, x.clone(), *args, **kwargs)
    note_argument(gate, x)
    return gate


def gated(func: Function, x: Any, y: Any, *args: Any, **kwargs: Any) -> Tensor:
    """A product of a signal and an activation's output: the activation is a constant gate.

    If the gate is an activation of the signal itself, as in h · sigmoid(h), the product is an
    activation too.
    """
    x_mark, y_mark = mark_of(x), mark_of(y)
    if x is y and x_mark is not None:
        return func(x, x.detach(), *args, **kwargs)
    if _gates(y, y_mark, x, x_mark):
        product = func(x, y.detach(), *args, **kwargs)
        return product if in_place(func) else _activated(product, x, (y_mark, 0))
    if _gates(x, x_mark, y, y_mark) and not in_place(func):
        return _activated(func(x.detach(), y, *args, **kwargs), y, (x_mark, 0))
    product = func(x, y, *args, **kwargs)
    for signal, gate in ((x, y), (y, x)):
        argument = argument_of(gate)
        if argument is not None and is_recorded(signal) and not in_place(func):
            return _activated(product, signal, argument)
    return product


def _gates(gate: Any, mark: Any, signal: Any, signal_mark: Any) -> bool:
    """Whether the first is the gate of the second: an activation, of which the second is none.

    If both are activations, or neither is, it is not known which one is the signal.
    """
    if mark is None or signal_mark is not None or not is_recorded(signal):
        return False
    return is_recorded(gate) and not comes_from(signal, mark)


def _activated(product: Tensor, signal: Tensor, gate: Edge) -> Tensor:
    """The product, with a mark if its gate is made of nothing but its signal."""
    return Activated.apply(product) if turns_on(gate, signal) else product


def gated_sum(func: Function, equation: Any, *operands: Any, **kwargs: Any) -> Tensor:
    """`einsum` of a signal and an activation's output."""
    if len(operands) != 2 or not isinstance(equation, str):
        return func(equation, *operands, **kwargs)
    x, y = operands
    x_mark, y_mark = mark_of(x), mark_of(y)
    if _gates(y, y_mark, x, x_mark):
        y = y.detach()
    elif _gates(x, x_mark, y, y_mark):
        x = x.detach()
    return func(equation, x, y, **kwargs)


def gated_half(func: Function, x: Tensor, dim: int = -1) -> Tensor:
    """GLU: the first half, times the sigmoid of the second."""
    signal, gate = x.chunk(2, dim)
    return signal * torch.sigmoid(gate.detach())


def gated_square(func: Function, x: Tensor, **kwargs: Any) -> Tensor:
    """The square of an activation is its own gate: f(x) · stop(f(x)); others are left alone."""
    return func(x, **kwargs) if mark_of(x) is None or kwargs else x * x.detach()


ZERO_AT_ZERO = (F.elu, F.selu, F.celu, F.mish, F.hardswish, F.softsign, F.tanhshrink, F.relu6)
"""Activations f with f(0) = 0, of which some may work in place."""

SHIFTED = (
    torch.sigmoid,
    Tensor.sigmoid,
    F.sigmoid,
    F.hardsigmoid,
    torch.special.expit,
    torch.erf,
    Tensor.erf,
    torch.special.erf,
    torch.special.ndtr,
)
"""Functions that models use as factors, with another value than zero at zero or before a shift."""

PRODUCTS = (torch.mul, torch.multiply, Tensor.mul, Tensor.multiply, Tensor.mul_, Tensor.multiply_)
"""Functions of two factors, of which one may be a gate."""

SQUARES = (torch.square, Tensor.square)
"""Functions of a factor that is its own gate."""

GATES = Rule(
    "gates",
    {
        **{func: partial(marked, row=row) for func, row in ACTIVATION.rows.items()},
        **dict.fromkeys(ZERO_AT_ZERO, partial(marked, row=gate_of_copy)),
        F.hardtanh: bounded_gate,
        **dict.fromkeys(SHIFTED, shifted_gate),
        **dict.fromkeys(PRODUCTS, gated),
        **dict.fromkeys(SQUARES, gated_square),
        torch.functional.einsum: gated_sum,
        F.glu: gated_half,
    },
)
"""The activation rule, and activations as factors: SwiGLU, written-out GELUs, sigmoid gates."""
