"""Activations as gates, also where they are a factor: SwiGLU, written-out GELUs, sigmoid gates.

Source: Arras et al. 2017, "Explaining Recurrent Neural Network Predictions in Sentiment Analysis",
the rule for multiplicative connections (the gate takes no relevance, the signal all).
"""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.rule import Function, Rule
from molxai.rules.tables import ACTIVATION, frozen_gate, frozen_output


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
        inputs = []
        for before, _ in node.next_functions:
            if before is not None and before.name() != LEAF:
                inputs.append(before)
        if len(inputs) != 1:
            return False
        node = inputs[0]
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

PRODUCTS = (torch.mul, torch.multiply, Tensor.mul, Tensor.multiply)
"""Functions of two factors, of which one may be a gate."""

GATES = Rule(
    "gates",
    {
        **{func: partial(marked, row=row) for func, row in ACTIVATION.rows.items()},
        **dict.fromkeys(ZERO_AT_ZERO, partial(marked, row=gate_of_copy)),
        **dict.fromkeys(SHIFTED, shifted_gate),
        **dict.fromkeys(PRODUCTS, gated),
    },
)
"""The activation rule, and activations as factors: SwiGLU, written-out GELUs, sigmoid gates."""
