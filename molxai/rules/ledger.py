"""The mode for any eager model: rules applied, and everything that the model adds kept as a named part of the sum.

A network under the rules is a sum of paths, and along each path one thing is the signal and all else its coefficients.
So for every product the mode leaves one factor recorded:

- parameters, buffers and further inputs enter as recorded copies of the mode's own; the model's stay untouched;
- in a product of something that comes from x with something that does not, the latter is a weight, and a constant,
  also where a rule has frozen the former: a sigmoid's output never makes a weight the signal (attention may, see AH);
- what is added instead (biases, position embeddings, class tokens) stays recorded: value × gradient is its part;
- a product of two things that both come from x is left alone: it counts twice, unless a rule says which one is a gate;
- a constant is computed as the model computes it, casts to float32 included; where it meets a float64 signal it has its
  float64 form, of the same value, because a rounded gradient adds up to 1e-7 only.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from molxai.rules.mode import Rules
from molxai.rules.recipes import CASTS, NARROW, ROUTING
from molxai.rules.rule import Function, Rule, in_place, names
from molxai.rules.tables import AH, frozen_output

FACTORS: Mapping[Function, tuple[tuple[int, str], ...]] = {
    **dict.fromkeys(
        (F.linear, torch.conv1d, torch.conv2d, torch.conv3d), ((0, "input"), (1, "weight"))
    ),
    **dict.fromkeys(
        (torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d),
        ((0, "input"), (1, "weight")),
    ),
    **dict.fromkeys(
        (F.layer_norm, torch.layer_norm, F.rms_norm, torch.rms_norm, F.group_norm),
        ((0, "input"), (2, "weight")),
    ),
    **dict.fromkeys(
        (F.batch_norm, F.instance_norm), ((0, "input"), (2, "running_var"), (3, "weight"))
    ),
    **dict.fromkeys((F.prelu, torch.prelu), ((0, "input"), (1, "weight"))),
    **dict.fromkeys(
        (torch.mul, torch.multiply, torch.div, torch.divide, torch.true_divide),
        ((0, "input"), (1, "other")),
    ),
    **dict.fromkeys(
        (Tensor.mul, Tensor.multiply, Tensor.mul_, Tensor.div, Tensor.div_),
        ((0, "input"), (1, "other")),
    ),
    **dict.fromkeys(
        (Tensor.divide, Tensor.true_divide, Tensor.__rdiv__), ((0, "input"), (1, "other"))
    ),
    **dict.fromkeys(
        (torch.matmul, Tensor.matmul, Tensor.__rmatmul__), ((0, "input"), (1, "other"))
    ),
    **dict.fromkeys((torch.mm, Tensor.mm, torch.bmm, Tensor.bmm), ((0, "input"), (1, "mat2"))),
    **dict.fromkeys((torch.mv, Tensor.mv, torch.outer, Tensor.outer), ((0, "input"), (1, "vec"))),
    **dict.fromkeys(
        (torch.dot, Tensor.dot, torch.inner, torch.tensordot, torch.kron),
        ((0, "input"), (1, "other")),
    ),
    **dict.fromkeys((torch.addmm, Tensor.addmm), ((1, "mat1"), (2, "mat2"))),
    **dict.fromkeys((torch.baddbmm, Tensor.baddbmm), ((1, "batch1"), (2, "batch2"))),
    **dict.fromkeys((torch.addcmul, Tensor.addcmul), ((1, "tensor1"), (2, "tensor2"))),
    F.bilinear: ((0, "input1"), (1, "input2"), (2, "weight")),
    torch.functional.einsum: tuple((i, "") for i in range(1, 7)),
}
"""Functions that multiply their arguments, and where these stand: the signal first, where the function knows one."""

SUMS = frozenset(
    (
        torch.add,
        torch.sub,
        torch.rsub,
        Tensor.add,
        Tensor.sub,
        Tensor.add_,
        Tensor.sub_,
        Tensor.__rsub__,
    )
)
"""Functions that may add a plain number, which then has a part in the sum like any bias."""

UNRECORDED = {F.batch_norm: (1, 2), torch.batch_norm: (3, 4), F.instance_norm: (1, 2)}
"""Positions of running statistics, which PyTorch's own functions take as constants only."""


class Accounting(Rules):
    """Rules for one call of `model` on `x`, with what is added to the signal recorded by name."""

    def __init__(
        self, tables: tuple[Rule, ...], model: nn.Module, x: Tensor, inputs: Mapping[str, Any]
    ) -> None:
        """Note what may be added; nothing of the model or the inputs is changed.

        Args:
            tables: the rules; of two rows for a function the later counts.
            model: the model that is going to be called.
            x: the recorded input, what the model is called with; it may be no leaf.
            inputs: further inputs by name; the floating tensors in `self.inputs` take relevance.
        """
        super().__init__(tables)
        self.model = model
        self.named = {id(one): (name, one) for name, one in _constants(model)}
        self.parts: dict[str, Tensor] = {}
        """The recorded copy of each parameter, buffer and input that was met."""
        self.numbers: list[Tensor] = []
        """Plain numbers that were added."""
        self.from_x: dict[Any, bool] = {x.grad_fn: True}
        """For each node of the graph so far: does it depend on x?"""
        self.frozen: dict[int, tuple[Tensor, str]] = {}
        """What comes from x and is not recorded, by id, with the name of the function that it was frozen in."""
        self.of_signal = {func for rule in tables if rule.of_signal for func in rule.rows}
        self.casts: dict[int, tuple[Tensor, int, Tensor]] = {}
        """By id: what the model cast to fewer digits and does not come from x, its version then, and its float64 form."""
        self.routing = {
            func
            for rule in tables
            if rule in (AH, ROUTING)
            for func, row in rule.rows.items()
            if row is frozen_output
        }
        self.inputs = {
            name: self._recorded(f"{name} (input)", one).clone() if _floating(one) else one
            for name, one in inputs.items()
        }

    def __torch_function__(
        self,
        func: Function,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        args = tuple(self._own(one) for one in args)
        kwargs = {name: self._own(one) for name, one in (kwargs or {}).items()}
        if self.of_signal and any(self._is_wide_signal(one) for one in (*args, *kwargs.values())):
            target, rest = (args[:1], args[1:]) if in_place(func) else ((), args)
            args = (*target, *(self._widened(one) for one in rest))
            kwargs = {name: self._widened(one) for name, one in kwargs.items()}
        if places := FACTORS.get(func):
            args, kwargs = self._one_signal(places, args, kwargs)
        elif (
            func in SUMS
            and len(args) == 2
            and isinstance(args[1], int | float)
            and args[1]
            and args[0].requires_grad
        ):
            args = (args[0], self._number(args[1], args[0]))
        out = self.call(func, args, kwargs)
        if isinstance(out, Tensor) and not out.requires_grad and func not in self.routing:
            self._trace(func, out, (*args, *kwargs.values()))
        return out

    def call(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The function, or what replaces it."""
        replacement = self.table.get(func)
        if (
            replacement
            and func in self.of_signal
            and not self._comes_from_x(args[0] if args else kwargs.get("input"))
        ):
            out = func(*args, **kwargs)
            if func in CASTS:
                self._note_cast(args[0], out)
            return out
        if replacement:
            self.fired[func] += 1
            return replacement(func, *args, **kwargs)
        if places := UNRECORDED.get(func):
            args = tuple(
                one.detach() if i in places and isinstance(one, Tensor) else one
                for i, one in enumerate(args)
            )
        return func(*args, **kwargs)

    def _trace(self, func: Function, out: Tensor, given: Iterable[Any]) -> None:
        """Remember what of x, though not recorded, is in the output; an empty tensor of x's shape holds nothing of it."""
        name = getattr(func, "__name__", "")
        if name.startswith("new_") or name.endswith("_like"):
            return
        for one in given:
            for tensor in one if isinstance(one, list | tuple) else (one,):
                if isinstance(tensor, Tensor) and (
                    id(tensor) in self.frozen or (tensor.requires_grad and self.depends(tensor))
                ):
                    self.frozen[id(out)] = (
                        out,
                        self.frozen[id(tensor)][1] if id(tensor) in self.frozen else names([func]),
                    )
                    return

    def _own(self, given: Any) -> Any:
        """The argument, with the model's parameters and buffers replaced by the mode's copies."""
        if isinstance(given, Tensor):
            named = self.named.get(id(given))
            return given if named is None else self._recorded(*named)
        if type(given) in (list, tuple):
            return type(given)(self._own(one) for one in given)
        return given

    def _recorded(self, name: str, constant: Tensor) -> Tensor:
        if name not in self.parts:
            own = constant.detach()
            self.parts[name] = (own.clone() if own.is_inference() else own).requires_grad_()
        return self.parts[name]

    def _number(self, value: float, like: Tensor) -> Tensor:
        self.numbers.append(
            torch.tensor(value, dtype=like.dtype, device=like.device, requires_grad=True)
        )
        return self.numbers[-1]

    def _comes_from_x(self, given: Any) -> bool:
        return isinstance(given, Tensor) and given.requires_grad and self.depends(given)

    def _is_wide_signal(self, given: Any) -> bool:
        """Whether the argument is float64, or a list that holds float64, and comes from x."""
        if isinstance(given, Tensor):
            return given.dtype == torch.float64 and self._comes_from_x(given)
        return type(given) in (list, tuple) and any(self._is_wide_signal(one) for one in given)

    def _note_cast(self, constant: Tensor, out: Any) -> None:
        """Remember the cast of a recorded constant, and the same values in float64: constant × (rounded / exact)."""
        if not (
            isinstance(out, Tensor)
            and out.requires_grad
            and constant.dtype == torch.float64
            and out.dtype in NARROW
        ):
            return
        with torch.no_grad():
            rounded = out.to(constant)
            ratio = torch.where(rounded == constant, 1.0, rounded / constant)
        self.casts[id(out)] = out, out._version, constant * ratio

    def _widened(self, given: Any) -> Any:
        """The argument, with constants of fewer digits in float64: where casts are left out, functions need them so."""
        if isinstance(given, Tensor):
            if given.dtype not in NARROW:
                return given
            if known := self.casts.get(id(given)):
                _, version, wide = known
                # A cast that the model has changed in place since is no longer what was noted.
                if version == given._version:
                    return wide
            return given.double()
        if type(given) in (list, tuple):
            return type(given)(self._widened(one) for one in given)
        return given

    def _one_signal(
        self, places: tuple[tuple[int, str], ...], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a product, with all recorded factors but the signal detached."""
        given: dict[Any, Any] = dict(enumerate(args)) | kwargs
        keys = [position if position < len(args) else name for position, name in places]
        operands = [key for key in keys if isinstance(given.get(key), Tensor)]
        factors = [key for key in operands if given[key].requires_grad]
        held = any(id(given[key]) in self.frozen for key in operands)
        if len(factors) + held > 1:
            signals = [key for key in factors if self.depends(given[key])] or (
                [] if held else factors[:1]
            )
            given |= {key: given[key].detach() for key in factors if key not in signals}
        return tuple(given[i] for i in range(len(args))), {name: given[name] for name in kwargs}

    def depends(self, tensor: Tensor) -> bool:
        """Whether the recorded tensor comes from x."""
        known, stack = self.from_x, [tensor.grad_fn]
        while stack:
            node = stack[-1]
            parents = (
                []
                if node is None or node in known
                else [parent for parent, _ in node.next_functions if parent is not None]
            )
            unknown = [parent for parent in parents if parent not in known]
            if not unknown:
                stack.pop()
                if node is not None and node not in known:
                    known[node] = any(known[parent] for parent in parents)
            stack.extend(unknown)
        return tensor.grad_fn is not None and known[tensor.grad_fn]


def _constants(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from model.named_parameters()
    yield from ((name, buffer) for name, buffer in model.named_buffers() if _floating(buffer))


def _floating(given: Any) -> bool:
    return isinstance(given, Tensor) and given.is_floating_point()
