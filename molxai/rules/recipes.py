"""Rules for models of other families: more rows, and which of the tables each family needs.

A row sees a function, not a module: GPT-2's GELU is a `tanh`, Llama's norm an `rsqrt`, the softmax
of PyTorch Geometric an `exp`. `FAMILIES` names what each family was found to need; `EVERY` is all
of it, and what `conserve` applies.

Source: Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative
Propagation", section 4 (attention and norms as frozen weights).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.gates import GATES
from molxai.rules.marks import is_gate
from molxai.rules.norms import NORMS
from molxai.rules.rule import Function, Rule
from molxai.rules.tables import ACTIVATION, AH, LN, frozen_output


def frozen_denominator(func: Function, x: Tensor, y: Any, **kwargs: Any) -> Tensor:
    """A denominator is a constant scale, whatever it was made from."""
    denominator = y.detach() if isinstance(y, Tensor) else y
    return func(x, denominator, **kwargs)


def frozen_inverse_power(func: Function, x: Any, exponent: Any, **kwargs: Any) -> Tensor:
    """A negative power is a constant scale, because it divides; an activation's square is a gate.

    Other powers are left alone.
    """
    if isinstance(exponent, int | float) and exponent < 0:
        return frozen_output(func, x, exponent, **kwargs)
    if isinstance(exponent, int | float) and exponent == 2 and is_gate(x):
        return x * x.detach()
    return func(x, exponent, **kwargs)


def whole_lookup(
    func: Function,
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """A lookup whose gradient is that of its value.

    PyTorch's leaves out the row of padding, and may divide rows by how often they were met.
    """
    return func(input, weight, None, max_norm, norm_type)


NARROW = (torch.float32, torch.float16, torch.bfloat16)
"""Floating types with fewer digits than float64."""


def kept_in_float64(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """A cast of float64 activations to fewer digits is left out.

    Rounding is a step function that no gradient sees.
    """
    output = func(x, *args, **kwargs)
    if not isinstance(output, Tensor):  # x.type() is a name
        return output
    is_narrower = x.dtype == torch.float64 and output.dtype in NARROW
    if not is_narrower or not output.requires_grad:
        return output
    # A cast is a tensor of its own, which the model may change in place.
    return x.to(output.device, copy=True)


def _rows(row: Function, functions: Iterable[Function]) -> dict[Function, Function]:
    return dict.fromkeys(functions, row)


DIVISIONS = (
    torch.div,
    torch.divide,
    torch.true_divide,
    Tensor.div,
    Tensor.divide,
    Tensor.true_divide,
)
"""Functions of a numerator and a denominator."""

INVERSES = (
    torch.rsqrt,
    Tensor.rsqrt,
    torch.reciprocal,
    Tensor.reciprocal,
    Tensor.__rdiv__,
)
"""Functions of a denominator alone."""

LENGTHS = (
    torch.norm,
    torch.linalg.norm,
    torch.linalg.vector_norm,
    torch.linalg.matrix_norm,
    Tensor.norm,
)
"""Functions that give the length of something, which is of use as a scale alone."""

SCALE = Rule(
    "scale",
    {
        **_rows(frozen_output, LENGTHS),
        **_rows(frozen_denominator, DIVISIONS),
        **_rows(frozen_output, INVERSES),
        **_rows(frozen_inverse_power, (torch.pow, Tensor.pow, Tensor.__pow__)),
    },
)
"""The LN rule in norms that are written out.

Such are Llama's RMSNorm, PyTorch Geometric's LayerNorm and GraphNorm, and ConvNeXt V2's global
response norm, h · ‖h‖ / mean ‖h‖.
"""

ROUTING = Rule("routing", _rows(frozen_output, (torch.exp, Tensor.exp)))
"""The AH rule in a softmax that is written out.

Such is PyTorch Geometric's, over the edges of each node.
"""

CASTS = (Tensor.to, Tensor.float, Tensor.half, Tensor.bfloat16, Tensor.type, Tensor.type_as)
"""Functions that may change the type of a tensor and nothing else."""

PRECISION = Rule("float64", _rows(kept_in_float64, CASTS), of_signal=True)
"""Float64 stays float64 in models that cast to float32 inside, such as Llama's RMSNorm.

Models in float32 are untouched. Casts of the model's own constants are made as the model makes
them: Llama's rotary angles are position × frequency in float32, and 8 000 times a frequency's
rounding is another angle.
"""

LOOKUP = Rule("lookup", {F.embedding: whole_lookup})
"""Embeddings that a model looks up itself, that of padding too, with which Marian starts."""

EVERY: tuple[Rule, ...] = (AH, LN, NORMS, SCALE, ROUTING, GATES, LOOKUP, PRECISION)
"""All rules; of two rows for a function the later counts."""

FAMILIES: Mapping[str, tuple[Rule, ...]] = {
    "nn.TransformerEncoder": (AH, LN, ACTIVATION),
    "BERT": (AH, LN, ACTIVATION),
    "ViT": (AH, LN, ACTIVATION),
    "GPT-2": (AH, LN, GATES),
    "Llama": (AH, SCALE, GATES, PRECISION),
    "TransformerConv": (ROUTING,),
    "TransformerConv, gated": (ROUTING, GATES),
    "GATv2Conv": (ROUTING,),
    "GPSConv": (AH, SCALE, ACTIVATION),
    "GPSConv, batch norm": (AH, NORMS, ACTIVATION),
}
"""The rules that each family needs, and no more."""
