"""One input explained by several methods, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from molxai.explanation.explainer import Class, Explainer, Source, graph_in
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods import check_size
from molxai.explanation.target import Target
from molxai.explanation.words import in_a_line
from molxai.metrics.agreement import spearman_matrix
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
"""Compared where none are named."""

TOP = 5
"""Nodes that are named for each method."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Explanations of one input for one target, by method."""

    explanations: tuple[Explanation, ...]

    def __repr__(self) -> str:
        first = self.explanations[0]
        return in_a_line(
            "Comparison",
            first.name,
            first.said,
            f"{len(self.methods)} methods: {', '.join(self.methods)}",
        )

    @property
    def methods(self) -> list[str]:
        return [one.method for one in self.explanations]

    @property
    def spearman(self) -> list[list[float]]:
        """Rank correlation of every two methods over the nodes; NaN where one is constant."""
        return spearman_matrix({one.method: [one.relevance] for one in self.explanations}).tolist()

    def top(self, explanation: Explanation) -> list[tuple[str, float]]:
        """The most relevant nodes of a method by name, highest first."""
        ranked = sorted(
            zip(explanation.node_names(), explanation.relevance.tolist(), strict=True),
            key=lambda pair: -pair[1],
        )
        return ranked[:TOP]

    def to_dict(self) -> dict[str, Any]:
        """A record per method, the rank correlations, and the most relevant nodes, in plain Python types."""
        matrix = [[None if value != value else value for value in row] for row in self.spearman]
        return {
            "records": [one.to_dict() for one in self.explanations],
            "spearman": {"methods": self.methods, "matrix": matrix},
            "top": {one.method: [name for name, _ in self.top(one)] for one in self.explanations},
        }

    def draw(self, path: str | Path, **look: Any) -> None:
        """Write the pictures side by side, with their rank correlations and top nodes, as .html, .png or .svg.

        Args:
            path: ends so.
            look: choices named as on the command line, like `cmap="orange-purple"` or `dpi=200`.

        Raises:
            ValueError: the file name has another ending, or a choice is not known.
        """
        from molxai.explanation.comparison_page import draw_comparison

        draw_comparison(self.explanations, self.spearman, self.tops, Path(path), look_of(look))

    @property
    def tops(self) -> list[list[tuple[str, float]]]:
        """The most relevant nodes of each method."""
        return [self.top(one) for one in self.explanations]

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import comparison_html

        return comparison_html(self.explanations, self.spearman, self.tops)


def compare(
    explainer: Explainer,
    source: Source,
    methods: Sequence[str] = METHODS,
    target: Class = "pred",
    contrast: Class | None = None,
) -> Comparison:
    """Explain one input by each of the methods, for the same target.

    Raises:
        ValueError: no such method, an input that cannot be read, or a graph too large for a method.
    """
    several = [explainer.with_method(name) for name in methods]
    subject = explainer.subject(source)
    for one in several:
        check_size(one.method, graph_in(subject).nodes)
    wanted: Target | None = explainer.target(target, contrast)
    made = [one.explain([subject], [wanted])[0] for one in several]
    return Comparison(tuple(made))
