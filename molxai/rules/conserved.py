"""What an output is made of: the relevance of x, of everything that the model adds, and the gap."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

import torch
from jaxtyping import Float
from torch import Tensor

from molxai.rules.balance import adds_up
from molxai.rules.readiness import TOLERANCES


@dataclass(frozen=True, repr=False)
class Attributed:
    """An output, in its own unit, and what of it the input and the model's own parts have.

    It need not add up: `gap` is what is missing.
    """

    relevance: Float[Tensor, "..."]
    """The relevance of each entry of x: x × gradient under the rules."""
    parts: Mapping[str, Tensor] = field(repr=False)
    """The relevance of each added parameter, buffer or further input, by name and in its shape.

    These are biases, position and type embeddings, class tokens, edge features. Plain numbers that
    were added are one part, `numbers`.
    """
    logits: Float[Tensor, " examples"]
    """What was explained, for each example; relevances and parts are those of their sum."""
    fired: Mapping[str, int] = field(repr=False)
    """How often each function that has a rule was called."""

    def __repr__(self) -> str:
        shape = list(self.relevance.shape)
        relevance = f"x {shape} {total(self.relevance):+.4g}"
        ledger = math.fsum(self.ledger.values())
        parts = f"{len(self.parts)} parts {ledger:+.4g}"
        return (
            f"{type(self).__name__}({self.logit:+.4g} = {relevance}, {parts} | {self._gap_note()})"
        )

    def _gap_note(self) -> str:
        note = "adds up" if self.adds_up else "does not add up"
        return f"gap {self.gap:+.2g}: {note}"

    def _repr_html_(self) -> str:
        terms = {
            f"x {list(self.relevance.shape)}": total(self.relevance),
            **self.ledger,
            "gap": self.gap,
        }
        cells = [*terms.items(), ("explained", self.logit)]
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{value:+.4g}</td></tr>" for name, value in cells
        )
        return f"<table><tr><th>part</th><th>relevance</th></tr>{rows}</table>"

    @property
    def logit(self) -> float:
        """What was explained, summed over the examples."""
        return math.fsum(self.logits.tolist())

    @property
    def tokens(self) -> Float[Tensor, "..."]:
        """Relevance of each token, node or patch: summed over the last axis of x."""
        return self.relevance.sum(-1)

    @property
    def ledger(self) -> dict[str, float]:
        """The sum of each of the parts."""
        return {name: total(part) for name, part in self.parts.items()}

    @property
    def gap(self) -> float:
        """Output not accounted for: output − Σ relevance of x − Σ ledger."""
        parts = math.fsum(self.ledger.values())
        return self.logit - total(self.relevance) - parts

    @property
    def adds_up(self) -> bool:
        """Whether the gap is no more than rounding."""
        terms = [self.relevance, *self.parts.values(), self.logits]
        size = math.fsum(total(term.abs()) for term in terms)
        return bool(adds_up(self.gap, size, TOLERANCES[self.relevance.dtype]))


@dataclass(frozen=True, repr=False)
class Conserved(Attributed):
    """An output shared out, in its own unit, among the input and everything that the model adds.

    Its gap is rounding, because `conserve` raises an error for more.
    """

    def _gap_note(self) -> str:
        return f"gap {self.gap:.1g}"


def total(relevance: Tensor) -> float:
    """Σ relevance, added in float64."""
    return float(relevance.sum(dtype=torch.float64))
