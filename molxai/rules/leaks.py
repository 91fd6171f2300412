"""Where a sum that does not come out is lost: relevance into each function call, less that out.

No list of functions is needed for that. Each call is measured: Σ output × gradient against
Σ input × gradient, over copies of the inputs, so that a tensor used twice is told apart. A function
that is linear in what is recorded loses nothing, nor do ReLU and max. A square, a product of two
activations or a number from nowhere does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from molxai.rules.factors import FACTORS, SUMS
from molxai.rules.ledger import Accounting
from molxai.rules.meetings import graph_nodes
from molxai.rules.rule import Function, in_place, names

End = tuple[Any, Tensor]
"""A place in the graph, and the value that passed there."""


@dataclass(frozen=True)
class _Call:
    """A function call, and where relevance goes in and comes out of it."""

    name: str
    inputs: list[End]
    outputs: list[End]


class Tracing(Accounting):
    """The same mode, noting the inputs and outputs of each function call."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.calls: list[_Call] = []
        self.unmeasured: set[str] = set()
        """Functions called that work in place, which leave no before and after to compare."""

    def call(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The function on copies of its recorded arguments."""
        if not torch.is_grad_enabled():
            return super().call(func, args, kwargs)
        if in_place(func):
            self.unmeasured.add(names([func]))
            return super().call(func, args, kwargs)
        inputs: list[End] = []
        known: dict[int, Tensor] = {}
        copies = _copy(args, inputs, known)
        named_copies = {name: _copy(argument, inputs, known) for name, argument in kwargs.items()}
        output = super().call(func, copies, named_copies)
        members = output if isinstance(output, list | tuple) else (output,)
        outputs = [_end(member) for member in members if _is_recorded(member)]
        if inputs and outputs:
            name = names([func]) + self._reason(func, args, kwargs)
            self.calls.append(_Call(name, inputs, outputs))
        return output

    def _reason(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """Why this call may lose relevance, if the name of the function does not say it.

        Two signals in a product, something frozen that should be a signal, or a constant.
        """
        tensors = [
            argument for argument in (*args, *kwargs.values()) if isinstance(argument, Tensor)
        ]
        signals = [tensor for tensor in tensors if self._comes_from_x(tensor)]
        if func in FACTORS and len(signals) > 1:
            return " of two things that both come from x"
        for tensor in tensors:
            if id(tensor) in self.frozen:
                _, origin = self.frozen[id(tensor)]
                return f" with what {origin} gave, where no gradient passes"
        constants = [tensor for tensor in tensors if not tensor.requires_grad]
        if func in SUMS and any(constant.is_floating_point() for constant in constants):
            return " of a constant made on the way (pass it as an input, or keep it in a buffer)"
        return ""

    def losses(self, total: Tensor) -> dict[str, float]:
        """Relevance that each function lost, or gained if negative; the largest first."""
        edges = []
        for call in self.calls:
            edges += [edge for edge, _ in call.inputs]
            edges += [edge for edge, _ in call.outputs]
        if not edges:
            return {}
        grads = iter(torch.autograd.grad(total, edges, allow_unused=True))
        losses: dict[str, float] = {}
        for call in self.calls:
            into = _relevance(call.inputs, grads)
            out_of = _relevance(call.outputs, grads)
            before = losses.get(call.name, 0.0)
            losses[call.name] = before + out_of - into
        ranked = sorted(losses.items(), key=lambda item: -abs(item[1]))
        return dict(ranked)


def kernels(output: Tensor) -> list[str]:
    """The `autograd.Function`s of the model, which no rule sees, by name."""
    found = set()
    for node in graph_nodes(output):
        kernel = getattr(type(node), "_forward_cls", None)
        if kernel is not None and not kernel.__module__.startswith("molxai."):
            found.add(kernel.__name__)
    return sorted(found)


def _copy(argument: Any, inputs: list[End], known: dict[int, Tensor]) -> Any:
    """The argument with its recorded tensors copied, each once; the copies are noted as inputs.

    A copy is a view, which the search for a gate's mark knows from a signal.
    """
    if _is_recorded(argument):
        if id(argument) not in known:
            copy = argument.view_as(argument)
            inputs.append(_end(copy))
            known[id(argument)] = copy
        return known[id(argument)]
    if type(argument) in (list, tuple):
        return type(argument)(_copy(member, inputs, known) for member in argument)
    return argument


def _is_recorded(argument: Any) -> bool:
    return isinstance(argument, Tensor) and argument.requires_grad


def _end(tensor: Tensor) -> End:
    return torch.autograd.graph.get_gradient_edge(tensor), tensor.detach().clone()


def _relevance(ends: list[End], grads: Iterator[Tensor | None]) -> float:
    """Σ value × gradient over places in the graph, whose gradients come next."""
    return sum(_dot(value, next(grads)) for _, value in ends)


def _dot(value: Tensor, grad: Tensor | None) -> float:
    """Σ value × gradient; an infinite value through which nothing passes has no part."""
    if grad is None:
        return 0.0
    products = torch.where(grad == 0, 0.0, value * grad)
    return float(products.sum(dtype=torch.float64))
