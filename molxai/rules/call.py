"""One call of a model, and where in it x comes in: as an argument, or out of one of its modules."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from molxai.rules.copies import copied
from molxai.rules.outputs import select
from molxai.rules.readiness import check_model, check_x


@dataclass(frozen=True)
class Call:
    """How a model is called, and which of its outputs are explained."""

    model: Any
    """An eager module in evaluation mode."""
    x: Any
    """What is passed first or by `argument`; None: nothing."""
    inputs: Mapping[str, Any]
    """What else is passed, by name."""
    target: Any = None
    at: Any = None
    """The module whose output relevance is wanted for; None: for x itself."""
    argument: str | None = None
    call: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        check_model(self.model)
        if self.call is not None and self.argument is not None:
            raise ValueError(
                "call= and argument= together: leave out argument=, call passes x itself"
            )
        if self.at is None:
            check_x(self.x)
        elif not isinstance(self.at, nn.Module):
            raise ValueError(
                f"at is a {type(self.at).__name__}: one of the model's modules is needed, "
                "such as model.get_input_embeddings()"
            )
        if self.x is None and self.argument is not None:
            raise ValueError(
                f"argument={self.argument!r} without x: leave it out, or pass what it names second"
            )

    def plain(self) -> tuple[Float[Tensor, " examples"], Tensor]:
        """The outputs to explain without rules, and what relevance is wanted for.

        Raises:
            ValueError: `at` is not called, or gives no floats.
        """
        inputs = {name: copied(name, value) for name, value in self.inputs.items()}
        if self.at is None:
            return self._outputs(copied("x", self.x), inputs), self.x
        entrance = _Entrance(None)
        with _hook(self.at, entrance):
            outputs = self._outputs(copied("x", self.x), inputs)
        x = entrance.first
        if x is None:
            raise ValueError(self._silence())
        check_x(x)
        return outputs, x

    def from_source(self, source: Tensor, inputs: Mapping[str, Any]) -> Float[Tensor, " examples"]:
        """The outputs to explain, made from `source` in the place of what relevance is wanted for.

        Args:
            source: it comes in as `x` does, or in the place of what `at` gives.
            inputs: copies of what else is passed.
        """
        if self.at is None:
            return self._outputs(source, inputs)
        with _hook(self.at, _Entrance(source)):
            return self._outputs(copied("x", self.x), inputs)

    def with_ids(self, ids: Int[Tensor, "..."]) -> Float[Tensor, " examples"]:
        """The outputs to explain of a call with ids in the place of x."""
        inputs = {name: copied(name, value) for name, value in self.inputs.items()}
        return select(self.model(input_ids=ids, **inputs), self.target)

    def _outputs(self, x: Any, inputs: Mapping[str, Any]) -> Float[Tensor, " examples"]:
        if self.argument is not None:
            output = self.model(**{self.argument: x}, **inputs)
        else:
            first = () if x is None else (x,)
            function = self.model if self.call is None else self._own_call
            output = function(*first, **inputs)
        return select(output, self.target)

    def _own_call(self, *first: Any, **inputs: Any) -> Any:
        assert self.call is not None
        return self.call(self.model, *first, **inputs)

    def _silence(self) -> str:
        """What is wrong if `at` was not called."""
        twins = ", ".join(_twins(self.model, self.at))
        kind = type(self.model).__name__
        needed = f"pass a module that {kind} calls"
        if twins:
            needed = f"{twins} hold the same weight, pass one of them"
        return f"at, a {type(self.at).__name__}, is not called: {needed}"


@dataclass
class _Entrance:
    """A module's forward hook, through which x comes in.

    The module's first output is x. Its later outputs are x if they are equal to that, as those of a
    model that embeds its ids twice. Others are left alone: what they add is the model's.
    """

    source: Tensor | None
    """What stands in the place of x; None: x is only looked at."""
    first: Tensor | None = field(default=None, init=False)
    """The module's first output."""
    thread: int = field(default_factory=get_ident, init=False)
    """Other threads may call the same module meanwhile, with inputs of their own."""

    def __call__(self, module: nn.Module, args: Any, output: Any) -> Tensor | None:
        if get_ident() != self.thread:
            return None
        if not isinstance(output, Tensor):
            raise ValueError(
                f"at, a {type(module).__name__}, gives a {type(output).__name__}: "
                "a module that gives one tensor is needed"
            )
        if self.first is None:
            self.first = output.detach().clone()
        elif not torch.equal(output, self.first):
            return None
        # A copy each time, because the model may change it in place.
        return None if self.source is None else self.source.clone()


@contextmanager
def _hook(module: nn.Module, hook: _Entrance) -> Iterator[None]:
    """The hook, on the module as long as the block runs."""
    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _twins(model: nn.Module, at: nn.Module | None) -> list[str]:
    """Other modules of the same class that hold the same weights, as the user writes them."""
    if at is None:
        return []
    weights = {id(weight) for weight in at.parameters()}
    twins = []
    for name, module in model.named_modules():
        own = {id(weight) for weight in module.parameters(recurse=False)}
        if module is not at and own and own <= weights and isinstance(module, type(at)):
            twins.append(f"model.{name}")
    return twins
