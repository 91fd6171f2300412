"""Graphs with labels, as training and evaluation take them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jaxtyping import Float, Int
from torch import Tensor

from graphormer.graphs.graph import Graph
from graphormer.graphs.vocabulary import Vocabulary


@dataclass(frozen=True)
class LabelledGraphs:
    """Graphs with what a model should say of them."""

    name: str
    vocabulary: Vocabulary
    graphs: list[Graph]
    labels: Float[Tensor, "graphs outputs"] | Int[Tensor, " graphs"]
    """Binary and regression: one column per target, NaN where missing. Multiclass: class numbers."""
    rows: list[int]
    """Row of each graph in the source, counted from 0."""
    split: str
    """Name of the split protocol and part."""
    sha256: dict[str, str]
    """Of the source's files."""
    texts: list[str] = field(default_factory=list)
    """SMILES of each graph; none for pictures."""

    def __len__(self) -> int:
        return len(self.graphs)

    def part(self, rows: Sequence[int], split: str) -> "LabelledGraphs":
        """The graphs at these positions."""
        kept = list(rows)
        return LabelledGraphs(
            self.name,
            self.vocabulary,
            [self.graphs[i] for i in kept],
            self.labels[kept],
            [self.rows[i] for i in kept],
            split,
            self.sha256,
            [self.texts[i] for i in kept] if self.texts else [],
        )
