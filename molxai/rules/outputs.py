"""Which numbers of a model's output are explained."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

Target: TypeAlias = int | Sequence[int] | Tensor | Callable[[Any], Tensor] | None
"""A class, one class for each example, or a function of the model's output.

None if the output holds one number for each example.
"""


def select(output: Any, target: Any) -> Float[Tensor, " examples"]:
    """The outputs to explain, one for each example.

    Example:
        >>> select(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), [1, 0])
        tensor([2., 3.])

    Raises:
        ValueError: the output holds no logits, or the target is not one of them.
    """
    if callable(target):
        return _one_number(target(output))
    logits = output if isinstance(output, Tensor) else getattr(output, "logits", None)
    if not isinstance(logits, Tensor):
        raise ValueError(
            f"the model gave a {type(output).__name__} without logits: "
            "pass target= a function of it that gives one number"
        )
    examples = len(logits) if logits.ndim else 1
    if target is None and logits.numel() == examples:
        return logits.reshape(-1)
    labels = _labels(target, logits)
    if labels is None or not _fits(labels, logits):
        raise ValueError(
            f"target {target!r} for an output of shape {tuple(logits.shape)}: a class, one class "
            "for each row, or a function of the output that gives one number is needed"
        )
    rows = torch.arange(len(logits), device=logits.device)
    return logits[rows, labels]  # (examples)


def _one_number(value: Any) -> Float[Tensor, " 1"]:
    if not isinstance(value, Tensor):
        gave = f"a {type(value).__name__}"
    elif value.numel() != 1:
        gave = f"a tensor of shape {tuple(value.shape)}"
    else:
        return value.reshape(1)
    raise ValueError(f"the target function gave {gave}: a tensor of one number is needed")


def _labels(target: Any, logits: Tensor) -> Tensor | None:
    """The class of each example; None if the target holds no whole numbers."""
    try:
        labels = torch.as_tensor(-1 if target is None else target, device=logits.device)
    except (TypeError, ValueError, RuntimeError):  # texts, ragged lists
        return None
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        return None
    if labels.ndim or not logits.ndim:
        return labels
    return labels.expand(len(logits))  # (examples)


def _fits(labels: Tensor, logits: Tensor) -> bool:
    """Whether the labels are one class of a row of logits each."""
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        return False
    classes = logits.shape[1]
    is_class = (labels >= 0) & (labels < classes)
    return bool(is_class.all())
