"""How linear layers or residual sums share out relevance, if not plainly: ε and γ as options."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from molxai.rules import Rule, epsilon, gamma, residual
from molxai.rules.linear import EPSILON, GAMMA


@runtime_checkable
class Weighting(Protocol):
    """A rule with its strength."""

    @property
    def rule(self) -> Rule:
        """The rule of that strength."""


@dataclass(frozen=True)
class Epsilon:
    """Sums of linear layers are stabilised."""

    epsilon: float = EPSILON
    """In units of a linear layer's outputs."""

    def __post_init__(self) -> None:
        _check("epsilon", self.epsilon)

    @property
    def rule(self) -> Rule:
        """LRP-ε."""
        return epsilon(self.epsilon)


@dataclass(frozen=True)
class Gamma:
    """Contributions of a linear layer's sum's own sign count 1 + γ."""

    gamma: float = GAMMA

    def __post_init__(self) -> None:
        _check("gamma", self.gamma)

    @property
    def rule(self) -> Rule:
        """Sign-aware LRP-γ."""
        return gamma(self.gamma)


@dataclass(frozen=True)
class Residual:
    """The residual branch of a sum's own sign counts 1 + γ."""

    gamma: float = GAMMA

    def __post_init__(self) -> None:
        _check("gamma", self.gamma)

    @property
    def rule(self) -> Rule:
        """The residual rule."""
        return residual(self.gamma)


def _check(name: str, value: float) -> None:
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name}={value:g}: a finite number, at least 0, is needed")
