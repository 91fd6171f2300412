"""Inputs for one call of a model: copies, because a call may change them.

A cache grows, a mask is filled in place. The model is called two or three times, and each call
gets what the caller gave.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


class _Copying(TorchFunctionMode):
    """In a deep copy, each tensor's copy is what `copy_of` says."""

    def __init__(self, copy_of: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.copy_of = copy_of

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is not Tensor.__deepcopy__:
            return func(*args, **(kwargs or {}))
        tensor, memo = args
        memo[id(tensor)] = self.copy_of(tensor)
        return memo[id(tensor)]


def copied(name: str, value: Any, copy_of: Callable[[Tensor], Tensor] | None = None) -> Any:
    """A deep copy of an input; of a module, itself.

    Args:
        name: of the input, for messages.
        value: the input.
        copy_of: what to put in the place of each tensor in it; by default a copy without history.

    Raises:
        ValueError: it cannot be copied, as a generator cannot.
    """
    if isinstance(value, nn.Module):
        return value
    try:
        with _Copying(copy_of or _bare_copy):
            return copy.deepcopy(value)
    except TypeError as error:
        raise ValueError(
            f"the input {name} is a {type(value).__name__}, which cannot be copied ({error}): "
            "the model is called more than once, so pass what can be read again, such as a list"
        ) from error


def _bare_copy(tensor: Tensor) -> Tensor:
    return tensor.detach().clone()


def flattened(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Copies of the inputs, and beside them each floating tensor that they hold inside.

    Those of a list, a dictionary or a cache named NAME are called NAME[0], NAME[1] and so on.

    Example:
        >>> import torch
        >>> list(flattened({"mask": None, "layers": [torch.ones(2), torch.zeros(3)]}))
        ['mask', 'layers', 'layers[0]', 'layers[1]']
    """
    flat = {name: copied(name, value) for name, value in inputs.items()}
    for name, value in inputs.items():
        if isinstance(value, Tensor):
            continue

        def note(tensor: Tensor, name: str = name, start: int = len(flat)) -> Tensor:
            if tensor.is_floating_point():
                flat[f"{name}[{len(flat) - start}]"] = tensor
            return tensor

        copied(name, value, note)
    return flat


def refilled(inputs: Mapping[str, Any], flat: Mapping[str, Any]) -> dict[str, Any]:
    """Copies of the inputs that hold the tensors of `flat`, which was made of them.

    Example:
        >>> import torch
        >>> inputs = {"layers": [torch.ones(2), torch.tensor(3)]}
        >>> refilled(inputs, {"layers": None, "layers[0]": torch.zeros(2)})
        {'layers': [tensor([0., 0.]), tensor(3)]}
    """
    full = {}
    for name, value in inputs.items():
        if isinstance(value, Tensor):
            full[name] = flat[name]
            continue
        count = 0

        def fill(tensor: Tensor, name: str = name) -> Tensor:
            nonlocal count
            if not tensor.is_floating_point():
                return _bare_copy(tensor)
            count += 1
            replacement: Tensor = flat[f"{name}[{count - 1}]"]
            return replacement

        full[name] = copied(name, value, fill)
    return full
