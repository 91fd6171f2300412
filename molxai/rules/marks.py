"""Marks in the graph: which tensors are an activation's output, and what an activation is made of.

A node of the graph has a number that grows with time (`_sequence_nr`), so a search for a node goes
back no further than to nodes as old as it.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary


class Activated(torch.autograd.Function):
    """A mark in the graph: what comes from here is the output of an activation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0]


MARK = "ActivatedBackward"
"""Name of the mark's node."""


def _nodes(*names: str) -> frozenset[str]:
    return frozenset(f"{name}Backward0" for name in names)


SHAPED = _nodes(
    "Add",
    "Sub",
    "Rsub",
    "Mul",
    "Div",
    "Neg",
    "View",
    "UnsafeView",
    "ReshapeAlias",
    "Alias",
    "Unsqueeze",
    "Squeeze",
    "Expand",
    "Transpose",
    "T",
    "Permute",
    "ToCopy",
    "Clone",
) | {"SqueezeBackward1", "SqueezeBackward2"}
"""Nodes that scale a tensor or shift it by constants, or give it another shape."""

PASSED = SHAPED | _nodes(
    "AsStrided",
    "Repeat",
    "Slice",
    "Select",
    "Index",
    "IndexSelect",
    "Gather",
    "Split",
    "SplitWithSizes",
    "UnsafeSplit",
    "Unbind",
    "Unfold",
    "Flip",
    "Roll",
    "ConstantPadNd",
)
"""Nodes behind which an activation is still the same gate: these, and those that pick from it."""

Edge = tuple[Any, int]
"""A place in the graph: a node, and which of its outputs."""

LEAF = "torch::autograd::AccumulateGrad"
"""Name of the node of a leaf, such as a parameter: a constant to a gate."""

SIZE_LIMIT = 100
"""Largest number of nodes between an activation's gate and its signal; GELU's tanh form has 20."""

_ARGUMENTS = WeakTensorKeyDictionary()
"""For each gate that is not recorded: the node of what it is a function of."""


def is_recorded(argument: Any) -> bool:
    """Whether the argument is a tensor with a place in the graph."""
    return isinstance(argument, Tensor) and argument.requires_grad


def note_argument(gate: Tensor, x: Tensor) -> None:
    """Remember what a gate that is not recorded was made from."""
    if x.grad_fn is not None:
        _ARGUMENTS[gate] = x.grad_fn, x.output_nr


def argument_of(gate: Any) -> Edge | None:
    """The place of what a gate that is not recorded was made from; None for anything else."""
    return _ARGUMENTS.get(gate) if isinstance(gate, Tensor) else None


def is_gate(x: Any) -> bool:
    """Whether the tensor is an activation's output, up to scale, shift and shape.

    Example:
        SwiGLU is silu(a) · b. Scaled and in another shape, silu(a) is still the gate; the product
        with b is a signal again.

        >>> from molxai.rules.gates import GATES
        >>> from molxai.rules.mode import Rules
        >>> x = torch.ones(2, 3, requires_grad=True).clone()
        >>> b = torch.relu(x).sum(0)
        >>> with Rules((GATES,)):
        ...     gate = 0.5 * torch.tanh(x).view(6)
        ...     product = (x.sum() + torch.ones(6)) * gate
        >>> is_gate(gate), is_gate(x), is_gate(product)
        (True, False, False)
    """
    return mark_of(x) is not None


def mark_of(x: Any) -> Any:
    """The mark's node, if the tensor is an activation's output up to scale, shift and shape.

    The graph is followed back as long as only one thing beside constants goes in. Where two do, as
    in a product of an activation and a signal, the result is no gate any more.
    """
    if not is_recorded(x):
        return None
    node, _ = _line(x, PASSED)[-1]
    return node if node is not None and node.name() == MARK else None


def _line(x: Tensor, passed: frozenset[str]) -> list[Edge]:
    """The places from the tensor's own back, as long as one thing goes into a node that passes."""
    place: Edge = (x.grad_fn, x.output_nr)
    places = [place]
    while place[0] is not None and place[0].name() in passed:
        inputs = _inputs(place[0])
        if len(inputs) != 1:
            break
        (place,) = inputs
        places.append(place)
    return places


def _inputs(node: Any) -> list[Edge]:
    """Where the node's inputs come from, constants left out."""
    return [edge for edge in node.next_functions if not _is_constant(edge[0])]


def _is_constant(node: Any) -> bool:
    """Whether a node is nothing, or a leaf, perhaps copied as a view."""
    while node is not None and node.name() == "ViewBackward0":
        ((node, _),) = node.next_functions
    return node is None or node.name() == LEAF


def comes_from(x: Tensor, source: Any) -> bool:
    """Whether the tensor depends on a node of the graph."""
    oldest = source._sequence_nr()
    stack: list[Any] = [x.grad_fn]
    seen = set(stack)
    while stack:
        node = stack.pop()
        if node is source:
            return True
        for before, _ in node.next_functions:
            is_new = before is not None and before not in seen and before.name() != LEAF
            if is_new and before._sequence_nr() >= oldest:
                seen.add(before)
                stack.append(before)
    return False


def turns_on(gate: Edge, signal: Tensor) -> bool:
    """Whether a gate is made of the signal, constants, and nothing else.

    Then gate · signal is an activation of the signal: x · sigmoid(x), or x · (1 + tanh(…x…)).
    """
    ends = set(_line(signal, SHAPED))
    stack = [gate]
    seen = {gate}
    has_signal = False
    while stack:
        place = stack.pop()
        if place in ends:
            has_signal = True
            continue
        inputs = _inputs(place[0])
        if not inputs or len(seen) > SIZE_LIMIT:
            return False
        fresh = [before for before in inputs if before not in seen]
        seen.update(fresh)
        stack.extend(fresh)
    return has_signal
