"""Graphs with labels, as training and evaluation take them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jaxtyping import Float, Int
from torch import Tensor

from graphormer.graphs.graph import Graph
from graphormer.graphs.vocabulary import Vocabulary


@dataclass(frozen=True)
class LabelledGraphs:
    """Graphs with what a model should predict for them."""

    name: str
    vocabulary: Vocabulary
    graphs: list[Graph]
    labels: Float[Tensor, "graphs outputs"] | Int[Tensor, " graphs"]
    """Binary and regression: a column per target, NaN if missing. Multiclass: class numbers."""
    rows: list[int]
    """Row of each graph in the source, counted from 0."""
    split: str
    """Name of the split protocol and part."""
    sha256: dict[str, str]
    """Hash of each of the source's files, by name."""
    texts: list[str] = field(default_factory=list)
    """SMILES of each graph; none for pictures."""

    def __len__(self) -> int:
        return len(self.graphs)

    def part(self, rows: Sequence[int], split: str) -> "LabelledGraphs":
        """The graphs at these positions."""
        positions = list(rows)
        return LabelledGraphs(
            self.name,
            self.vocabulary,
            [self.graphs[i] for i in positions],
            self.labels[positions],
            [self.rows[i] for i in positions],
            split,
            self.sha256,
            [self.texts[i] for i in positions] if self.texts else [],
        )
