"""What models of graphs take: graphs, their batches, and graphs of which some nodes are left."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int
from torch import Tensor

from graphormer.graphs import reduced
from graphormer.graphs.graph import Graph, GraphBatch, collate


class GraphInputs:
    """The part of a model that depends on no weights."""

    @staticmethod
    def collate(graphs: Sequence[Graph]) -> GraphBatch:
        """The graphs as one padded batch."""
        return collate(graphs)

    @staticmethod
    def reduced(
        batch: GraphBatch,
        rows: Int[Tensor, " copies"],
        remaining: Bool[Tensor, "copies nodes"],
        mode: Literal["attn", "mask", "drop"],
    ) -> GraphBatch:
        """Copies of graphs without some nodes: nothing attends to them, or they say nothing.

        Raises:
            ValueError: `drop`, for which the graphs themselves are needed.
        """
        if mode == "drop":
            raise ValueError(
                "a graph in a batch cannot be read anew without some nodes: choose attn or mask"
            )
        remove = reduced.attended if mode == "attn" else reduced.zeroed
        return remove(batch, rows, remaining)

    @staticmethod
    def induced(whole: Graph, remaining: Bool[np.ndarray, " nodes"]) -> Graph:
        """The subgraph of some nodes."""
        return reduced.induced(whole, remaining)
