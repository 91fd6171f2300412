"""Presence: what it does that a node is there at all, beside what it says.

Every key j of attention gets a factor m_j = 1 on its weight, before the weights are normalised:

    a_k(m) = m_k a_k / Σ_j m_j a_j

Multiplying all of m by a number changes nothing, so f̃ is homogeneous of degree 0 in m. By Euler's
theorem Σ_j m_j · ∂f̃/∂m_j = 0: the derivatives are relevance that moves between keys and changes no
sum. With r_k = ∂f̃/∂a_k the derivative is Σ a_k · (r_k − Σ_j a_j r_j) over heads and queries.

The rule is this project's own.
"""

from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from molxai.rules.rule import Function, Rule
from molxai.rules.tables import SOFTMAXES


class _Present(torch.autograd.Function):
    """Attention that is weighted by presences of one, of the same value."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, presence: Tensor) -> Tensor:
        ctx.save_for_backward(a)
        return a.view_as(a)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        (a,) = ctx.saved_tensors  # (batch, heads, queries, keys)
        # a_k (r_k − Σ a r) is what a softmax of that value passes on.
        passed = torch.ops.aten._softmax_backward_data(grads[0], a, -1, a.dtype)
        # A constant that is added to r changes neither this nor what the softmax passes on, so the
        # attention itself gets r as it is.
        return grads[0], passed.sum((1, 2))  # (batch, keys)


def present_softmax(
    func: Function, scores: Tensor, *args: Any, row: Function, presence: Tensor, **kwargs: Any
) -> Tensor:
    """What another rule's row makes of the softmax, with a factor for each key's presence."""
    a = row(func, scores, *args, **kwargs)
    return _Present.apply(a, presence)


def presence(present: Float[Tensor, "batch keys"], attention: Rule) -> Rule:
    """A rule for attention, with the presence of keys as something that takes relevance.

    Args:
        present: ones, a leaf of the graph. Its gradient is the relevance that moves.
        attention: the rule for all else, AH or `routing(alpha)`.
    """
    rows = dict(attention.rows)
    for func in SOFTMAXES:
        rows[func] = partial(present_softmax, row=attention.rows[func], presence=present)
    return Rule(f"{attention.name}, presence", rows, needs=attention.needs)
