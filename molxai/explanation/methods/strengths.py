"""How strongly the rules of `lrp-tuned` act: numbers that are chosen once for each model."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from molxai.explanation.about import About
from molxai.explanation.methods.lrp import GradientInput
from molxai.rules import ACTIVATION, LN, Rule, gamma, residual

TUNED = "lrp-tuned"
"""The id of the method whose strengths a model's card holds."""


@dataclass(frozen=True)
class Strengths:
    """Strengths of the rules beside LN and activation; each rule at 0 is left out.

    Example:
        >>> Strengths(alpha=0.5, presence=0.0, gamma=0.1)
        Strengths(alpha=0.5, presence=0.0, gamma=0.1, residual=0.0)
    """

    alpha: float = 0.5
    """Share of routing."""
    presence: float = 0.5
    """Share of presence."""
    gamma: float = 0.0
    """γ of linear layers."""
    residual: float = 0.0
    """γ of residual sums."""

    @property
    def tables(self) -> tuple[Rule, ...]:
        """The rules beside that for attention."""
        tables: list[Rule] = [LN, ACTIVATION]
        if self.gamma:
            tables.append(gamma(self.gamma))
        if self.residual:
            tables.append(residual(self.residual))
        return tuple(tables)

    def method(self, name: str = TUNED) -> GradientInput:
        """The method with these strengths."""
        return GradientInput(
            name,
            self.tables,
            alpha=self.alpha,
            presence=self.presence,
            says="lrp-routing with strengths chosen for the model on its training graphs",
            conserves=True,
        )

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def strengths_of(card: About) -> Strengths:
    """The strengths that a model's card holds.

    Raises:
        ValueError: it holds none, or what it holds are no strengths.
    """
    values = card.tuning.get("strengths")
    if values is None:
        raise ValueError(
            f"the model {card.name!r} has no strengths for {TUNED}: "
            "run 'molxai tune -m MODEL', or choose lrp-routing"
        )
    if not _are_strengths(values):
        raise ValueError(
            f"the card of {card.name!r} has the strengths {values!r}: numbers by the names "
            f"{', '.join(field.name for field in fields(Strengths))} are needed, run 'molxai tune'"
        )
    return Strengths(**values)


def _are_strengths(values: Any) -> bool:
    names = {field.name for field in fields(Strengths)}
    if not isinstance(values, Mapping) or set(values) != names:
        return False
    return values["alpha"] <= 1 and all(map(_is_strength, values.values()))


def _is_strength(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < math.inf
