"""Models and inputs of which relevance can be taken."""

from typing import Any

import torch
from torch import Tensor, nn

from molxai.rules.opaque import refuse_opaque

TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-5}
"""Largest gap, as a share of |output| + Σ|relevance|, by the input's type.

Rounding leaves at most 1.1e-6 of the terms in float32, measured in 106 families of models with
random weights. The smallest true loss that was met there, by an ε inside a norm or an activation
without a row, was 8.9e-5 of them.
"""


def check_model(model: Any) -> None:
    """Refuse models of which no relevance can be taken."""
    if not isinstance(model, nn.Module):
        raise ValueError(
            f"the model is a {type(model).__name__}: a torch.nn.Module is needed; "
            "wrap other functions in one"
        )
    refuse_opaque(model)
    training = [name for name, module in model.named_modules() if module.training]
    if training:
        raise ValueError(
            f"{training[0] or 'the model'} is in training mode, its dropout would make relevance "
            "random: call model.eval() first"
        )


def check_x(x: Any) -> None:
    """Refuse inputs of which no relevance can be taken: no tensors, no floats, too coarse ones."""
    if x is None:
        raise ValueError(
            "there is no x: pass it second, or at= the module of the model whose output it is"
        )
    if not isinstance(x, Tensor):
        raise ValueError(
            f"x is a {type(x).__name__}: a torch tensor of floats is needed, "
            "such as torch.as_tensor(x)"
        )
    _check_precision(x)


def _check_precision(x: Tensor) -> None:
    """Refuse numbers that are too coarse to add up."""
    if not x.is_floating_point():
        raise ValueError(
            f"x holds {x.dtype}: floats are needed, as ids and codes have no gradient; name the "
            "module that embeds them, conserve(model, at=model.get_input_embeddings(), "
            "input_ids=ids)"
        )
    if x.dtype not in TOLERANCES:
        raise ValueError(
            f"x holds {x.dtype}, too coarse for sums: float32 or float64 is needed, "
            "so call model.float() and x.float()"
        )
    if torch.is_autocast_enabled(x.device.type):
        raise ValueError(
            "autocast is on, and rounds inside the model: call conserve outside of torch.autocast"
        )
