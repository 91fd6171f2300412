"""Every explanation method, by the id under which it appears in files, tables and on the command line."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from graphormer.graph import GraphBatch
from graphormer.model import Graphormer
from molxai.explainers.lrp import GradientInput
from molxai.explainers.random import Random
from molxai.explanation import Explanation, Target
from molxai.rules import ACTIVATION, AH, LN


@runtime_checkable
class Method(Protocol):
    """A callable value with what it promises."""

    @property
    def name(self) -> str: ...
    @property
    def conserves(self) -> bool:
        """Node, token and bias relevances sum to the logit."""

    @property
    def signed(self) -> bool:
        """Negative relevance speaks against the target."""

    def __call__(self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None) -> list[Explanation]: ...


_METHODS: tuple[Method, ...] = (
    GradientInput("lrp", (AH, LN, ACTIVATION), conserves=True),
    GradientInput("lrp-ah", (AH,)),
    GradientInput("lrp-ln", (LN,)),
    GradientInput("gradient-input"),
    Random("random"),
)

EXPLAINERS: dict[str, Method] = {method.name: method for method in _METHODS}
"""The default, `lrp`, comes first."""


def method(name: str) -> Method:
    """The method of that id.

    Raises:
        ValueError: there is none.
    """
    if name not in EXPLAINERS:
        raise ValueError(f"no method named {name!r}: there are {', '.join(EXPLAINERS)}")
    return EXPLAINERS[name]
