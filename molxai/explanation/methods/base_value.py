"""The base value in even shares among the nodes, for a truth that sums to the value itself.

A regression's relevances explain how the prediction differs from its base value, which is the mean
of the training set's values. A truth such as Crippen's logP is a sum over all atoms that begins at
0. Relevance can be held against it only after the base has been shared out, and nothing says to
which atoms it belongs: even shares are a convention, and every explanation says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from graphormer.graphs.vocabulary import Vocabulary
from graphormer.names import unknown
from molxai.explanation.about import About
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.lrp import GradientInput
from molxai.explanation.network import Based, Network

BASES = ("apart", "spread")
"""Where the base value goes: in the ledger's sum of biases, or in even shares to the nodes."""

FEATURE = "base value"
"""What nodes have of the base value, beside their features."""


@dataclass(frozen=True)
class BaseSpread(Method):
    """Another method, after which every node takes an even share of the model's base value."""

    method: Method = field(kw_only=True)

    def passes(self, nodes: int) -> tuple[int, int]:
        return self.method.passes(nodes)

    def features(self, vocabulary: Vocabulary) -> tuple[str, ...]:
        features = self.method.features(vocabulary)
        return (*features, FEATURE) if features else ()

    @property
    def has_structure(self) -> bool:
        return self.method.has_structure

    @property
    def is_of_layers(self) -> bool:
        return self.method.is_of_layers

    def __call__(self, model: Network, batch: Any, targets: Targets = None) -> list[Explanation]:
        """As the method itself, with the shares added."""
        assert isinstance(model, Based)  # `check_base` has refused other models
        base_values = model.base_values.double().cpu()  # (outputs,)
        has_ledger = isinstance(self.method, GradientInput)  # the others leave biases in the gap
        explanations = []
        for explanation in self.method(model, batch, targets):
            weights = torch.tensor(explanation.target.weights(model.config), dtype=torch.float64)
            base = float(base_values @ weights)
            explanations.append(_spread(explanation, base, has_ledger))
        return explanations


def _spread(explanation: Explanation, base: float, has_ledger: bool) -> Explanation:
    share = base / len(explanation.relevance)
    split = explanation.feature_relevance
    features: Sequence[str] = explanation.features
    if split is not None:
        shares = split.new_full((len(split), 1), share)  # (nodes, 1)
        split = torch.cat([split, shares], 1)  # (nodes, features)
        features = (*features, FEATURE)
    return replace(
        explanation,
        relevance=explanation.relevance + share,
        feature_relevance=split,
        features=tuple(features),
        bias=explanation.bias - base if has_ledger else explanation.bias,
        base=base,
    )


def check_base(base: str, card: About | None) -> None:
    """Refuse a place that does not exist, and a model that has no base value.

    Raises:
        ValueError: one of these.
    """
    if base not in BASES:
        raise ValueError(unknown("place for the base value", base, BASES))
    if base == "apart" or card is None:
        return
    has_base = getattr(card.config, "output_bias", False) or getattr(card.config, "bias", False)
    if not has_base:
        raise ValueError(
            f"the model {card.name!r} has no base value that could be spread: "
            "its output begins at 0; leave --base out"
        )


def spread_base(method: Method) -> Method:
    """The method with the base value spread; one whose relevances only rank stays as it is."""
    if not method.in_unit:
        return method
    return BaseSpread(
        name=method.name,
        says=method.says,
        conserves=method.conserves,
        signed=method.signed,
        by_target=method.by_target,
        in_unit=method.in_unit,
        largest=method.largest,
        method=method,
    )
