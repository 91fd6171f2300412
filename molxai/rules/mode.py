"""The mode that applies tables of rules to any eager PyTorch model, and accounts for its biases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

from molxai.rules.rule import Function, Rule, names
from molxai.rules.tables import NONLINEAR

AFFINE = {F.linear: (1, 2), F.layer_norm: (2, 3)}
"""Functions of a weight and a bias, and the positions of these two arguments.

The plain linear rule (LRP-0) holds in all of them. The weight is a constant, so nothing is kept or
computed for its gradient. The bias is set apart, so that the relevance that ends in it is known.
"""


class Rules(TorchFunctionMode):
    """The active tables: replaces functions, counts what fired, and sets biases apart."""

    def __init__(self, tables: tuple[Rule, ...]) -> None:
        super().__init__()
        self.tables = tables
        self.table = {
            func: replacement for rule in tables for func, replacement in rule.rows.items()
        }
        self.fired: dict[Function, int] = dict.fromkeys(self.table, 0)
        self.without_rule: dict[Function, int] = {}
        self.biases: list[Float[Tensor, "batch ..."]] = []
        """A copy for each graph of every bias that was added.

        Gradient × copy is the graph's relevance that ended in the bias.
        """

    def __torch_function__(
        self,
        func: Function,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        replacement = self.table.get(func)
        positions = AFFINE.get(func)
        bias = None
        if positions:
            takes_bias = replacement is not None
            args, kwargs, bias = self._affine(positions, args, kwargs, takes_bias)
        if replacement:
            self.fired[func] += 1
            return replacement(func, *args, **kwargs)
        if func in NONLINEAR:
            self.without_rule[func] = self.without_rule.get(func, 0) + 1
        output = func(*args, **kwargs)
        return output if bias is None else output.add_(bias)

    def _affine(
        self,
        positions: tuple[int, int],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        takes_bias: bool,
    ) -> tuple[tuple[Any, ...], dict[str, Any], Tensor | None]:
        """The arguments with the weight detached, and the bias set apart.

        A replacement is called with the bias; other functions are called without it.
        """
        weight_at, bias_at = positions
        if not kwargs and len(args) > bias_at:
            weight, bias = args[weight_at], args[bias_at]
            if bias is None and weight is not None:
                # The usual call of a layer without bias, made quick: it is most calls of a model.
                before = args[:weight_at]
                after = args[weight_at + 1 :]
                return (*before, weight.detach(), *after), kwargs, None
        # An argument stands at its position or under its name.
        arguments: dict[Any, Any] = dict(enumerate(args)) | kwargs
        weight_key = weight_at if len(args) > weight_at else "weight"
        bias_key = bias_at if len(args) > bias_at else "bias"
        if arguments.get(weight_key) is not None:
            arguments[weight_key] = arguments[weight_key].detach()
        bias = arguments.get(bias_key)
        if bias is not None:
            x = arguments[0] if args else arguments["input"]
            bias = self._set_apart(bias, x)
            arguments[bias_key] = bias if takes_bias else None
        positional = tuple(arguments[position] for position in range(len(args)))
        return positional, {name: arguments[name] for name in kwargs}, bias

    def _set_apart(self, bias: Tensor, x: Tensor) -> Float[Tensor, "batch ..."]:
        inner = (1,) * (x.ndim - 1 - bias.ndim)
        shape = (x.shape[0], *inner, *bias.shape)  # (batch, 1 …, width)
        copies = bias.detach().expand(shape)
        leaf = copies.clone().requires_grad_()
        self.biases.append(leaf)
        return leaf

    @property
    def silent(self) -> list[Rule]:
        """The rules none of whose functions was called."""
        silent = []
        for rule in self.tables:
            if not any(self.fired[func] for func in rule.needs or rule.rows):
                silent.append(rule)
        return silent


@contextmanager
def rules(*tables: Rule) -> Iterator[Rules]:
    """Apply the rules to every torch function called inside the block.

    Raises:
        ValueError: at the end of a block that ran through, if a rule never met a function that it
            is for. The relevance would not be what the method promises.
    """
    with Rules(tables) as mode:
        yield mode
    if mode.silent:
        silent = ", ".join(rule.name for rule in mode.silent)
        functions = ", ".join(names(rule.needs or rule.rows) for rule in mode.silent)
        raise ValueError(
            f"the rules {silent} never fired: the model calls none of {functions}; "
            "leave the rule out, or add the model's own function to its rows"
        )
