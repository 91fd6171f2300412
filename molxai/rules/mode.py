"""The mode that applies tables of rules to any eager PyTorch model, and accounts for its biases."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from molxai.rules.rule import Function, Rule, names
from molxai.rules.tables import NONLINEAR

AFFINE = {F.linear: (1, 2), F.layer_norm: (2, 3)}
"""Functions of a weight and a bias, and the positions of these two arguments.

The plain linear rule (LRP-0) holds in all of them: the weight is a constant, so that nothing is kept or computed for its
gradient; the bias is set apart, so that what ends in it is accounted for.
"""


class Rules(TorchFunctionMode):
    """The active tables: replaces, counts what fired, and sets biases apart so that they can be accounted for."""

    def __init__(self, tables: tuple[Rule, ...]) -> None:
        super().__init__()
        self.tables = tables
        self.table = {
            func: replacement for rule in tables for func, replacement in rule.rows.items()
        }
        self.fired: dict[Function, int] = dict.fromkeys(self.table, 0)
        self.without_rule: dict[Function, int] = {}
        self.biases: list[Float[Tensor, "batch ..."]] = []
        """A copy for each graph of the batch of every bias that was added: gradient × bias is that graph's share."""

    def __torch_function__(
        self,
        func: Function,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        replacement, bias = self.table.get(func), None
        if positions := AFFINE.get(func):
            args, kwargs, bias = self._affine(positions, args, kwargs, replacement is not None)
        if replacement:
            self.fired[func] += 1
            return replacement(func, *args, **kwargs)
        if func in NONLINEAR:
            self.without_rule[func] = self.without_rule.get(func, 0) + 1
        out = func(*args, **kwargs)
        return out if bias is None else out.add_(bias)

    def _affine(
        self,
        positions: tuple[int, int],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        replaced: bool,
    ) -> tuple[tuple[Any, ...], dict[str, Any], Tensor | None]:
        """The arguments with the weight detached and the bias set apart; a replacement is handed it, other functions are not."""
        at, of = positions
        if (
            not kwargs and len(args) > of and args[of] is None and args[at] is not None
        ):  # the usual call of a layer without bias
            return (*args[:at], args[at].detach(), *args[at + 1 :]), kwargs, None
        given = dict(enumerate(args)) | kwargs
        weight, bias = (
            position if len(args) > position else name
            for position, name in zip(positions, ("weight", "bias"), strict=True)
        )
        if given.get(weight) is not None:
            given[weight] = given[weight].detach()
        taken = given.get(bias)
        if taken is not None:
            taken = self._set_apart(taken, given[0] if args else given["input"])
            given[bias] = taken if replaced else None
        return (
            tuple(given[i] for i in range(len(args))),
            {name: given[name] for name in kwargs},
            taken,
        )

    def _set_apart(self, bias: Tensor, x: Tensor) -> Float[Tensor, "batch ..."]:
        batch, inner = x.shape[0], (1,) * (x.ndim - 1 - bias.ndim)
        leaf = bias.detach().expand(batch, *inner, *bias.shape).clone().requires_grad_()
        self.biases.append(leaf)
        return leaf

    @property
    def silent(self) -> list[Rule]:
        """The rules none of whose functions was called."""
        return [rule for rule in self.tables if not any(self.fired[func] for func in rule.rows)]


@contextmanager
def rules(*tables: Rule) -> Iterator[Rules]:
    """Apply the rules to every torch function called inside the block.

    Raises:
        ValueError: at the end of a block that ran through, if a rule never met a function that it is for: the
            relevance would not be what the method promises.
    """
    with Rules(tables) as applied:
        yield applied
    if applied.silent:
        silent, known = (
            ", ".join(rule.name for rule in applied.silent),
            ", ".join(names(rule.rows) for rule in applied.silent),
        )
        raise ValueError(
            f"the rules {silent} never fired: the model calls none of {known}; "
            "leave the rule out, or add the model's own function to its rows"
        )


QUANTISED = (
    *(
        f"torch.ao.nn.{part}."
        for part in ("quantized", "intrinsic.quantized", "sparse.quantized", "qat", "intrinsic.qat")
    ),
    *(
        "torchao.",
        "bitsandbytes.",
        "optimum.quanto.",
        "quanto.",
        "hqq.",
        "awq.",
        "auto_gptq.",
        "gptqmodel.",
        "aqlm.",
        "eetq.",
    ),
    *(
        f"transformers.integrations.{part}."
        for part in ("bitnet", "eetq", "fbgemm_fp8", "finegrained_fp8", "gemma_quant")
    ),
    *(f"transformers.integrations.{part}." for part in ("higgs", "mxfp4", "nvfp4")),
    "compressed_tensors.",
)
"""Where the classes of quantised modules and parameters live: packed integers, with kernels of their own."""


@cache
def is_quantised(kind: type) -> bool:
    """Whether a module's or a parameter's class comes from a library of quantised ones."""
    return f"{kind.__module__}.".startswith(QUANTISED)


def refuse_opaque(model: nn.Module) -> None:
    """Compiled and scripted modules run outside Python, where rules cannot see them, and quantised ones in integers.

    Raises:
        ValueError: the model is or contains one.
    """
    for name, module in model.named_modules():
        kind = type(module)
        if isinstance(module, torch.jit.ScriptModule) or kind.__name__ == "OptimizedModule":
            raise ValueError(
                f"{name or 'the model'} is a {kind.__name__}: rules need the eager module, before torch.compile or torch.jit"
            )
        if module._compiled_call_impl is not None:
            raise ValueError(
                f"{name or 'the model'} is compiled: rules need the eager module, before module.compile()"
            )
        for owner in (kind, *map(type, module._parameters.values())):
            if is_quantised(owner):
                where = f"{owner.__module__}.{owner.__name__}"
                raise ValueError(
                    f"{name or 'the model'} is quantised ({where}): rules need the float module, before quantisation"
                )
