"""One input explained by several methods, side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.names import unknown
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.explainer import Class, Source
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method
from molxai.explanation.methods import check_size
from molxai.explanation.words import in_a_line
from molxai.metrics.agreement import spearman_matrix
from molxai.rendering.choices import refuse_ignored
from molxai.rendering.look import look_of

METHODS = (
    "lrp",
    "lrp-res",
    "gradient-input",
    "integrated-gradients",
    "leave-one-out",
    "gae",
    "rollout",
    "random",
)
"""The methods that are compared if none are named."""

OF_FIGURES = ("transparent",)
"""Choices that a page does not have."""

TOP = 5
"""Nodes that are named for each method."""


VALUE_SCALES = ("signed", "min-max")
"""How the values of methods that differ in unit and size are made comparable."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Explanations of one input for one target, by method."""

    explanations: tuple[Explanation, ...]

    def __repr__(self) -> str:
        first = self.explanations[0]
        methods = f"{len(self.methods)} methods: {', '.join(self.methods)}"
        return in_a_line("Comparison", first.name, first.said, methods)

    @property
    def methods(self) -> list[str]:
        return [explanation.method for explanation in self.explanations]

    @property
    def spearman(self) -> list[list[float]]:
        """Rank correlation of every two methods over the nodes; NaN if one is constant."""
        relevances = {
            explanation.method: [explanation.relevance] for explanation in self.explanations
        }
        return spearman_matrix(relevances).tolist()

    def top(self, explanation: Explanation) -> list[tuple[str, float]]:
        """The nodes of the largest magnitude of a method by name, with their relevance."""
        nodes = zip(explanation.node_names(), explanation.relevance.tolist(), strict=True)
        ranked = sorted(nodes, key=lambda node: -abs(node[1]))
        return ranked[:TOP]

    def scaled(self, scale: str) -> dict[str, list[float]]:
        """What each method says of the nodes, on one scale for all methods.

        Args:
            scale: `signed` divides by the largest magnitude, so that values lie in −1 … 1;
                `min-max` makes the smallest 0 and the largest 1.

        Raises:
            ValueError: there is no such scale.
        """
        if scale not in VALUE_SCALES:
            raise ValueError(unknown("scale of values", scale, VALUE_SCALES))
        resize = _signed if scale == "signed" else _min_max
        return {
            explanation.method: resize(explanation.relevance.double()).tolist()
            for explanation in self.explanations
        }

    def to_dict(self) -> dict[str, Any]:
        """Records, rank correlations and the nodes of the largest magnitude, in plain types."""
        matrix = [[None if math.isnan(value) else value for value in row] for row in self.spearman]
        names = {
            explanation.method: [name for name, _ in self.top(explanation)]
            for explanation in self.explanations
        }
        return {
            "records": [explanation.to_dict() for explanation in self.explanations],
            "spearman": {"methods": self.methods, "matrix": matrix},
            "top": names,
        }

    def draw(self, path: str | Path, **look: Any) -> None:
        """Write the pictures side by side, with rank correlations and top nodes.

        Args:
            path: ends so.
            look: choices named as on the command line, like `cmap="orange-purple"` or `dpi=200`.

        Raises:
            ValueError: the file name has another ending, or a choice is not known.
        """
        from molxai.explanation.comparison_page import draw_comparison

        chosen = look_of(look)
        is_page = Path(path).suffix.lower() == ".html"
        kinds = [self.explanations[0].kind]
        refuse_ignored(look, path, kinds, without=("panel", "caption", *OF_FIGURES * is_page))
        draw_comparison(self.explanations, self.spearman, self.tops, Path(path), chosen)

    @property
    def tops(self) -> list[list[tuple[str, float]]]:
        """The nodes of the largest magnitude of each method."""
        return [self.top(explanation) for explanation in self.explanations]

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import comparison_html

        return comparison_html(self.explanations, self.spearman, self.tops)


def _signed(relevance: Float[Tensor, " nodes"]) -> Float[Tensor, " nodes"]:
    largest = relevance.abs().max()
    return relevance / largest if largest else relevance


def _min_max(relevance: Float[Tensor, " nodes"]) -> Float[Tensor, " nodes"]:
    least = relevance.min()
    spread = relevance.max() - least
    return (relevance - least) / spread if spread else torch.zeros_like(relevance)


def compare(
    explainer: BaseExplainer,
    source: Source,
    methods: Sequence[str | Method] = METHODS,
    target: Class = "pred",
    contrast: Class | None = None,
) -> Comparison:
    """Explain one input by each of the methods, ids or methods with a name, for the same target.

    Raises:
        ValueError: no such method, an input that cannot be read, or a graph too large for a method.
    """
    explainers = [explainer.with_method(name) for name in methods]
    subject = explainer.subject(source)
    nodes = subject.nodes
    for method_explainer in explainers:
        check_size(method_explainer.method, nodes)
    targets = [explainer.target(target, contrast)]
    explanations = []
    for method_explainer in explainers:
        explanations += method_explainer.explain([subject], targets)
    return Comparison(tuple(explanations))
