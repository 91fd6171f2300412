"""The mode for any eager model: it keeps everything that the model adds as a named part of the sum.

A network under the rules is a sum of paths. Along each path one thing is the signal, and all else
is its coefficients. So the mode leaves one factor of every product recorded:

- Parameters, buffers and further inputs enter as recorded copies of the mode's own. The model's
  stay untouched.
- In a product of something that comes from x with something that does not, the latter is a weight,
  and a constant. This holds also where a rule has frozen the former: a sigmoid's output never makes
  a weight the signal. (Attention may, see AH.)
- What is added instead (biases, position embeddings, class tokens) stays recorded: value × gradient
  is its part.
- A product of two things that both come from x is left alone. It counts twice, unless a rule says
  which one is a gate.
- A constant is computed as the model computes it, casts to float32 included. Where it meets a
  float64 signal it has its float64 form, of the same value, because a gradient that is rounded to
  float32 adds up only to 1e-7.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from molxai.rules.factors import ADDED, FACTORS, SUMS, UNRECORDED, Factors
from molxai.rules.mode import Rules
from molxai.rules.recipes import CASTS, NARROW, ROUTING
from molxai.rules.routing import is_attention
from molxai.rules.rule import Function, Rule, in_place, names
from molxai.rules.tables import AH, frozen_output


class Accounting(Rules):
    """Rules for one call of `model` on `x`, with what is added to the signal recorded by name.

    Example:
        A layer computes x · weight + bias. The signal is x, so the weight takes no gradient. The
        bias is added, so it has a part.

        >>> layer = nn.Linear(2, 1)
        >>> x = torch.ones(3, 2, requires_grad=True).clone()
        >>> with Accounting((), layer, x, {}) as mode:
        ...     output = layer(x).sum()
        >>> torch.autograd.grad(output, list(mode.parts.values()), allow_unused=True)
        (None, tensor([3.]))
    """

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
        self.constants: dict[int, tuple[str, Tensor]] = {}
        """The parameters and buffers with their names, by id."""
        for name, constant in _constants(model):
            self.constants[id(constant)] = name, constant
        self.parts: dict[str, Tensor] = {}
        """The recorded copy of each parameter, buffer and input that was met."""
        self.numbers: list[Tensor] = []
        """Plain numbers that were added."""
        self.from_x: dict[Any, bool] = {x.grad_fn: True}
        """For each node of the graph so far: does it depend on x?"""
        self.frozen: dict[int, tuple[Tensor, str]] = {}
        """By id: what comes from x and is not recorded, and the function that it was frozen in."""
        self.unseen: list[str] = []
        """Functions that took what comes from x where the model had turned gradients off."""
        self.of_signal: set[Function] = set()
        for rule in tables:
            if rule.of_signal:
                self.of_signal |= rule.rows.keys()
        self.casts: dict[int, tuple[Tensor, int, Tensor]] = {}
        """By id: a cast to fewer digits of what does not come from x.

        The cast itself, its version when it was made, and its float64 form.
        """
        self.made: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}
        """By id and version: what the model made on the way and added, and its recorded copy."""
        self.has_scores = any(rule.of_scores for rule in tables)
        """Whether attention's scores take relevance, and so what is added to them."""
        self.dtype = x.dtype
        self.routing: set[Function] = set()
        """Functions whose frozen output may make a weight the signal: the attention."""
        for rule in tables:
            if rule in (AH, ROUTING) or rule.of_scores:
                self.routing |= _frozen_functions(rule)
        self.inputs: dict[str, Any] = {}
        """The further inputs, of which the floating tensors are recorded."""
        for name, argument in inputs.items():
            self.inputs[name] = self._input(name, argument)

    def _input(self, name: str, argument: Any) -> Any:
        if not _is_floating(argument):
            return argument
        return self._record(f"{name} (input)", argument).clone()

    def __torch_function__(
        self,
        func: Function,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        args = tuple(map(self._own, args))
        kwargs = kwargs or {}
        kwargs = {name: self._own(argument) for name, argument in kwargs.items()}
        if self.has_scores and func in ADDED:
            args, kwargs = self._record_added(func, args, kwargs)
        if self.of_signal:
            args, kwargs = self._widen_beside_signal(func, args, kwargs)
        factors = FACTORS.get(func)
        if factors:
            args, kwargs = self._keep_signal(factors, args, kwargs)
        elif func in SUMS and _adds_number(args):
            tensor, value = args
            args = (tensor, self._number(value, tensor))
        output = self.call(func, args, kwargs)
        if func not in self.routing:
            arguments = (*args, *kwargs.values())
            for member in _tensors([output]):
                if not member.requires_grad:
                    self._note_frozen(func, member, arguments)
        return output

    def call(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The function, or what replaces it."""
        replacement = self.table.get(func)
        if replacement and func in self.of_signal:
            argument = args[0] if args else kwargs.get("input")
            if not self._comes_from_x(argument):
                output = func(*args, **kwargs)
                if func in CASTS:
                    self._note_cast(args[0], output)
                return output
        if replacement:
            self.fired[func] += 1
            return replacement(func, *args, **kwargs)
        constants = UNRECORDED.get(func)
        if constants:
            args = tuple(
                _detached(argument) if position in constants else argument
                for position, argument in enumerate(args)
            )
        return func(*args, **kwargs)

    def _note_frozen(self, func: Function, output: Tensor, arguments: Iterable[Any]) -> None:
        """Remember an output that holds something of x, though it is not recorded."""
        name = getattr(func, "__name__", "")
        if name.startswith("new_") or name.endswith("_like"):
            return  # an empty tensor of x's shape holds nothing of x
        for tensor in _tensors(arguments):
            if id(tensor) in self.frozen:
                _, origin = self.frozen[id(tensor)]
            elif self._comes_from_x(tensor):
                origin = names([func])
                if not torch.is_grad_enabled() and output.is_floating_point():
                    self.unseen.append(origin)
            else:
                continue
            self.frozen[id(output)] = output, origin
            return

    def _own(self, argument: Any) -> Any:
        """The argument, with the model's parameters and buffers replaced by the mode's copies."""
        if isinstance(argument, Tensor):
            constant = self.constants.get(id(argument))
            return argument if constant is None else self._record(*constant)
        if type(argument) in (list, tuple):
            return type(argument)(self._own(member) for member in argument)
        return argument

    def _record(self, name: str, constant: Tensor) -> Tensor:
        """The recorded copy of a constant, made when it is first met."""
        if name not in self.parts:
            copy = constant.detach()
            if copy.is_inference():
                copy = copy.clone()
            self.parts[name] = copy.requires_grad_()
        return self.parts[name]

    def _record_added(
        self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a sum, with a constant that the model made on the way as a part.

        The target of a function that works in place stays as it is.
        """
        if not any(tensor.requires_grad for tensor in _tensors((*args, *kwargs.values()))):
            return args, kwargs
        arguments: dict[Any, Any] = dict(enumerate(args)) | kwargs
        for position, name in ADDED[func]:
            key = position if position < len(args) else name
            is_target = position == 0 and in_place(func)
            if not is_target and self._is_made(arguments.get(key)):
                arguments[key] = self._made(arguments[key])
        positional = tuple(arguments[position] for position in range(len(args)))
        return positional, {name: arguments[name] for name in kwargs}

    def _is_made(self, argument: Any) -> bool:
        """Whether the argument is a floating constant on the way that holds nothing of x."""
        if not _is_floating(argument) or argument.requires_grad:
            return False
        return id(argument) not in self.frozen

    def _made(self, constant: Tensor) -> Tensor:
        """The recorded copy of a constant that was made on the way."""
        key = id(constant), constant._version
        if key not in self.made:
            copy = constant.detach().clone()
            if self.dtype == torch.float64:
                copy = copy.double()
            name = f"constant {len(self.made) + 1} {list(constant.shape)}"
            self.parts[name] = copy.requires_grad_()
            self.made[key] = constant, copy
        return self.made[key][1]

    def _number(self, value: float, like: Tensor) -> Tensor:
        """A plain number as a recorded tensor."""
        number = torch.tensor(value, dtype=like.dtype, device=like.device, requires_grad=True)
        self.numbers.append(number)
        return number

    def _comes_from_x(self, argument: Any) -> bool:
        is_recorded = isinstance(argument, Tensor) and argument.requires_grad
        return is_recorded and self.depends(argument)

    def _widen_beside_signal(
        self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments, all in float64 if one of them is a float64 signal.

        The target of a function that works in place stays as it is.
        """
        if not any(self._is_wide_signal(argument) for argument in (*args, *kwargs.values())):
            return args, kwargs
        if in_place(func) and args[0].dtype in NARROW:
            # The model has cast the signal to the target's type, and functions need one type.
            narrowed = [self._narrow(argument, args[0].dtype) for argument in args[1:]]
            return (args[0], *narrowed), kwargs
        first = 1 if in_place(func) else 0
        others = map(self._widen, args[first:])
        kwargs = {name: self._widen(argument) for name, argument in kwargs.items()}
        return (*args[:first], *others), kwargs

    def _narrow(self, argument: Any, dtype: torch.dtype) -> Any:
        """The argument, with float64 tensors in the type of what they are written to."""
        is_wide = isinstance(argument, Tensor) and argument.dtype == torch.float64
        return argument.to(dtype) if is_wide else argument

    def _is_wide_signal(self, argument: Any) -> bool:
        """Whether the argument is float64, or a list that holds float64, and comes from x."""
        if isinstance(argument, Tensor):
            return argument.dtype == torch.float64 and self._comes_from_x(argument)
        if type(argument) in (list, tuple):
            return any(self._is_wide_signal(member) for member in argument)
        return False

    def _note_cast(self, constant: Tensor, output: Any) -> None:
        """Remember the cast of a recorded constant, and the same values in float64.

        These are constant × (rounded / exact), so that a gradient goes back to the constant.
        """
        if not isinstance(output, Tensor) or not output.requires_grad:
            return
        if constant.dtype != torch.float64 or output.dtype not in NARROW:
            return
        with torch.no_grad():
            rounded = output.to(constant)
            ratio = torch.where(rounded == constant, 1.0, rounded / constant)
        wide = constant * ratio
        self.casts[id(output)] = output, output._version, wide

    def _widen(self, argument: Any) -> Any:
        """The argument, with constants of fewer digits in float64.

        Functions need all their arguments so, because casts of the signal are left out.
        """
        if isinstance(argument, Tensor):
            if argument.dtype not in NARROW:
                return argument
            if id(argument) in self.casts:
                _, version, wide = self.casts[id(argument)]
                # A cast that the model has changed in place since is no longer what was noted.
                if version == argument._version:
                    return wide
            return argument.double()
        if type(argument) in (list, tuple):
            return type(argument)(self._widen(member) for member in argument)
        return argument

    def _keep_signal(
        self, factors: Factors, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a product, with all recorded factors detached except the signal.

        The signal is what comes from x. If nothing does, it is the first factor: the mode then sees
        how something is made that will be added, such as a position embedding through a layer. If
        what comes from x is frozen, there is none. Attention whose scores take relevance leaves a
        part of its own to what it weighs.
        """
        # A factor stands at its position or under its name: F.linear(x, weight=w).
        arguments: dict[Any, Any] = dict(enumerate(args)) | kwargs
        variables: list[int | str] = []
        has_frozen = False
        for position, name in factors:
            key = position if position < len(args) else name
            factor = arguments.get(key)
            if isinstance(factor, Tensor):
                has_frozen |= id(factor) in self.frozen
                if factor.requires_grad:
                    variables.append(key)
        if len(variables) + has_frozen <= 1:
            return args, kwargs
        if any(is_attention(arguments[key]) for key in variables):
            return args, kwargs
        signals = [key for key in variables if self.depends(arguments[key])]
        if not signals and not has_frozen:
            # A weight is rather a parameter than something that was computed.
            computed = [key for key in variables if arguments[key].grad_fn is not None]
            signals = (computed or variables)[:1]
        for key in variables:
            if key not in signals:
                arguments[key] = arguments[key].detach()
        positional = tuple(arguments[position] for position in range(len(args)))
        return positional, {name: arguments[name] for name in kwargs}

    def depends(self, tensor: Tensor) -> bool:
        """Whether the recorded tensor comes from x.

        The graph is walked back depth first, with a stack of its own: it may be deeper than
        Python's. A node is decided after all its inputs, and each node once.
        """
        root = tensor.grad_fn
        if root is None:
            return False
        stack: list[Any] = [root]
        while stack:
            node = stack[-1]
            if node in self.from_x:
                stack.pop()
                continue
            inputs = [before for before, _ in node.next_functions if before is not None]
            undecided = [before for before in inputs if before not in self.from_x]
            if undecided:
                stack.extend(undecided)
            else:
                stack.pop()
                answers = [self.from_x[before] for before in inputs]
                self.from_x[node] = any(answers)
        return self.from_x[root]


def _frozen_functions(rule: Rule) -> set[Function]:
    """The functions of attention that a rule may freeze."""
    if rule.of_scores:
        rule = AH
    return {func for func, row in rule.rows.items() if row is frozen_output}


def _constants(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Parameters and floating buffers, by name."""
    yield from model.named_parameters()
    for name, buffer in model.named_buffers():
        if _is_floating(buffer):
            yield name, buffer


def _tensors(arguments: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among the arguments, and in lists and tuples among them."""
    for argument in arguments:
        members = argument if isinstance(argument, list | tuple) else (argument,)
        yield from (member for member in members if isinstance(member, Tensor))


def _adds_number(args: tuple[Any, ...]) -> bool:
    """Whether these arguments of a sum are a recorded tensor and a plain number other than zero."""
    if len(args) != 2 or not isinstance(args[1], int | float):
        return False
    return bool(args[1]) and args[0].requires_grad


def _detached(argument: Any) -> Any:
    return argument.detach() if isinstance(argument, Tensor) else argument


def _is_floating(argument: Any) -> bool:
    return isinstance(argument, Tensor) and argument.is_floating_point()
