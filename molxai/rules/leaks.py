"""Where a sum that does not come out is lost: the relevance that goes into each function call, less what comes out.

No list of functions is needed for that. Each call is measured: Σ output × gradient against Σ input × gradient, over the
inputs' own copies, so that a tensor used twice is told apart. A function that is linear in what is recorded, and
ReLU or max, loses nothing; a square, a product of two activations or a number from nowhere does.
"""

from typing import Any

import torch
from torch import Tensor

from molxai.rules.ledger import FACTORS, SUMS, Accounting
from molxai.rules.rule import Function, in_place, names

Ends = list[tuple[Any, Tensor]]
"""Places in the graph, with the values that passed there."""


class Tracing(Accounting):
    """The same mode, noting what each function call takes and gives."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.calls: list[tuple[str, Ends, Ends]] = []
        self.unmeasured: set[str] = set()
        """Functions called that work in place, where there is no before and after."""

    def call(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The function on copies of its recorded arguments."""
        if not torch.is_grad_enabled():
            return super().call(func, args, kwargs)
        if in_place(func):
            self.unmeasured.add(names([func]))
            return super().call(func, args, kwargs)
        taken: Ends = []
        out = super().call(
            func, _copied(args, taken), {name: _copied(one, taken) for name, one in kwargs.items()}
        )
        given: Ends = []
        for one in out if isinstance(out, list | tuple) else (out,):
            if isinstance(one, Tensor) and one.requires_grad:
                given.append(_end(one))
        if taken and given:
            self.calls.append((names([func]) + self._reason(func, args, kwargs), taken, given))
        return out

    def _reason(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """What a name alone does not say: two signals in a product, or something frozen where a signal is needed."""
        tensors = [one for one in (*args, *kwargs.values()) if isinstance(one, Tensor)]
        if func in FACTORS and sum(one.requires_grad and self.depends(one) for one in tensors) > 1:
            return " of two things that both come from x"
        if held := [self.frozen[id(one)][1] for one in tensors if id(one) in self.frozen]:
            return f" with what {held[0]} gave, where no gradient passes"
        constant = any(one.is_floating_point() and not one.requires_grad for one in tensors)
        return (
            " of a constant made on the way (pass it as an input, or keep it in a buffer)"
            if constant and func in SUMS
            else ""
        )

    def losses(self, explained: Tensor) -> dict[str, float]:
        """Relevance lost (or gained: negative) in each function, largest first; those that keep it are left out."""
        ends = [end for _, taken, given in self.calls for end, _ in (*taken, *given)]
        if not ends:
            return {}
        grads = iter(torch.autograd.grad(explained, ends, allow_unused=True))
        lost: dict[str, float] = {}
        for name, taken, given in self.calls:
            inside, outside = (
                sum(_dot(value, next(grads)) for _, value in part) for part in (taken, given)
            )
            lost[name] = lost.get(name, 0.0) + outside - inside
        return dict(sorted(lost.items(), key=lambda item: -abs(item[1])))


def _copied(given: Any, taken: Ends) -> Any:
    if isinstance(given, Tensor):
        if not given.requires_grad:
            return given
        copy = given.view_as(given)
        taken.append(_end(copy))
        return copy
    return (
        type(given)(_copied(one, taken) for one in given) if type(given) in (list, tuple) else given
    )


def _end(tensor: Tensor) -> tuple[Any, Tensor]:
    return torch.autograd.graph.get_gradient_edge(tensor), tensor.detach().clone()


def _dot(value: Tensor, grad: Tensor | None) -> float:
    """Σ value × gradient; where nothing is passed on, an infinite value has no part."""
    return (
        0.0
        if grad is None
        else float(torch.where(grad == 0, 0.0, value * grad).sum(dtype=torch.float64))
    )
