"""The model as torch-geometric calls one: `model(x, edge_index, …)` on a graph or on a batch of graphs."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch_geometric.data import Data

from graphormer.graphs.graph import Graph, GraphBatch, collate
from graphormer.graphs.pyg import describes_nodes, from_pyg
from graphormer.network.model import Graphormer


@dataclass(frozen=True)
class _Structure:
    """What edges and positions say of a batch; the last one is kept, for algorithms that ask a hundred times."""

    key: tuple[Tensor | None, ...]
    """Copies of the tensors that it was made of."""
    nodes: int
    batch: GraphBatch
    """Without codes: hops, patterns and padding alone."""
    graph: Int[Tensor, " all_nodes"]
    place: Int[Tensor, " all_nodes"]
    """Graph of each node, and its place in that graph."""

    def describes(self, nodes: int, key: tuple[Tensor | None, ...]) -> bool:
        return self.nodes == nodes and all(
            _equal(mine, other) for mine, other in zip(self.key, key, strict=True)
        )


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.device == other.device and one.dtype == other.dtype and torch.equal(one, other)


class PyGGraphormer(nn.Module):
    """A `Graphormer` with the signature of a torch-geometric model.

    Example:
        >>> data = to_pyg(molecule("CCO").graph)
        >>> PyGGraphormer(model)(data.x, data.edge_index, data.edge_attr).shape
        torch.Size([1, 1])
    """

    def __init__(self, model: Graphormer, column: int | None = None) -> None:
        """Wrap a model, without copying it.

        Args:
            model: in evaluation mode, if its explanations are wanted.
            column: the one output to return, of a model with several targets; None for all.

        Raises:
            ValueError: the model has no such column.
        """
        super().__init__()
        if column is not None and not 0 <= column < model.config.outputs:
            raise ValueError(f"output column {column}: the model has {model.config.outputs}")
        self.model, self.column, self.training = model, column, model.training
        self._structure: _Structure | None = None

    def forward(
        self,
        x: Tensor,
        edge_index: Int[Tensor, "2 edges"],
        edge_attr: Tensor | None = None,
        batch: Int[Tensor, " all_nodes"] | None = None,
        pos: Tensor | None = None,
        x_weight: Float[Tensor, "all_nodes slots"] | None = None,
    ) -> Float[Tensor, "graphs outputs"]:
        """Logits (binary, multiclass) or values (regression) of each graph.

        Args:
            x: whole numbers `[nodes, slots]`: codes, as `to_pyg` writes them. Or a float `[nodes, entries]`: the weight
                of every entry of the vocabulary, as `dense` gives them; gradients flow through it.
            edge_index: both directions of every edge.
            edge_attr: the edges' types, `[edges]` or `[edges, 1]`; by default the first type.
            batch: the graph of each node, counted from 0; by default there is one graph.
            pos: row and column of each node, where the vocabulary has offsets.
            x_weight: weights of the codes, by default ones; gradients flow through it. None with a float `x`.

        Raises:
            ValueError: `x`, `edge_attr`, `pos` or `batch` is not of this kind, or an edge joins two graphs.
        """
        embedded = self._embedded(x, x_weight)
        structure = self._structured(len(x), edge_index, edge_attr, batch, pos)
        tokens = self.model.embed(structure.batch)
        nodes = embedded.new_zeros(tokens[:, 1:].shape).index_put(
            (structure.graph, structure.place), embedded
        )
        logits = self.model.predict(torch.cat([tokens[:, :1], nodes], 1), structure.batch)
        return logits if self.column is None else logits[:, [self.column]]

    def dense(self, data: Data | Graph) -> Float[Tensor, "all_nodes entries"]:
        """The float form of a graph's nodes: the weight of every entry of the vocabulary in each."""
        codes, weights = (
            (data.codes, data.weights)
            if isinstance(data, Graph)
            else (data.x, data.get("x_weight"))
        )
        empty = self.model.entries.new_zeros(len(codes), len(self.model.entries))
        codes = codes.to(empty.device)
        return empty.scatter_add(1, codes.long(), self.weights_of(codes, weights))

    def weights_of(
        self, codes: Int[Tensor, "all_nodes slots"], weights: Tensor | None
    ) -> Float[Tensor, "all_nodes slots"]:
        """The weights in the model's type, ones by default.

        Raises:
            ValueError: these are no codes of the vocabulary, or weights of another shape.
        """
        vocabulary = self.model.vocabulary
        if codes.ndim != 2 or codes.is_floating_point():
            found = f"x of type {codes.dtype} and shape {list(codes.shape)}"
            raise ValueError(
                f"{found}: integer codes [nodes, slots] of '{vocabulary.name}' are needed"
            )
        if not describes_nodes(codes, vocabulary):
            found = (
                f"codes {int(codes.min())} … {int(codes.max())} in {codes.shape[1]} columns"
                if codes.numel()
                else "no codes"
            )
            needed = f"for every node an entry of each of the {len(vocabulary.node_features)} features of '{vocabulary.name}'"
            raise ValueError(
                f"{found}: {needed} is needed, 0 … {vocabulary.node_entries - 1}; `graph_of` reads other graphs"
            )
        if weights is None:
            return torch.ones_like(codes, dtype=self.model.entries.dtype)
        if weights.shape != codes.shape:
            raise ValueError(
                f"x_weight of shape {list(weights.shape)} for x of shape {list(codes.shape)}: a weight for each code is needed"
            )
        return weights.to(self.model.entries)

    def _embedded(self, x: Tensor, weights: Tensor | None) -> Float[Tensor, "all_nodes width"]:
        entries = self.model.entries
        if not x.is_floating_point():
            return F.embedding_bag(
                x, entries, per_sample_weights=self.weights_of(x, weights), mode="sum"
            )
        if x.ndim != 2 or x.shape[1] != len(entries):
            needed = f"[nodes, {len(entries)}], the weight of each entry of '{self.model.vocabulary.name}', is needed"
            raise ValueError(
                f"a float x of shape {list(x.shape)}: {needed}; `dense` gives it, `graph_of` reads other graphs"
            )
        if weights is not None:
            raise ValueError(
                "x_weight with a float x: weights belong to integer codes, leave them out"
            )
        return x.to(entries.dtype) @ entries

    def _structured(
        self,
        nodes: int,
        edges: Tensor,
        types: Tensor | None,
        batch: Tensor | None,
        pos: Tensor | None,
    ) -> _Structure:
        key = (edges, types, batch, pos, self.model.entries[:0])  # the last for its type and device
        kept = self._structure
        if kept is None or not kept.describes(nodes, key):
            with torch.inference_mode(False):  # what is kept may be needed for gradients later
                copies = tuple(one if one is None else one.detach().clone() for one in key)
                here = (one if one is None else one.cpu() for one in copies[1:4])
                kept = self._structure = _Structure(
                    copies, nodes, *self._collated(nodes, edges.clone().cpu(), *here)
                )
        return kept

    def _collated(
        self,
        nodes: int,
        edges: Tensor,
        types: Tensor | None,
        batch: Tensor | None,
        pos: Tensor | None,
    ) -> tuple[GraphBatch, Int[Tensor, " all_nodes"], Int[Tensor, " all_nodes"]]:
        """The batch without codes, and the graph and place of each node."""
        batch = torch.zeros(nodes, dtype=torch.long) if batch is None else batch.long()
        _check_batch(nodes, edges, types, batch)
        place, graphs = torch.empty(nodes, dtype=torch.long), []
        for one in range(int(batch.max()) + 1 if nodes else 1):
            mine, own = (batch == one).nonzero().flatten(), batch[edges[0]] == one
            place[mine] = torch.arange(len(mine))
            unsaid = torch.zeros(
                len(mine), 1 + len(self.model.vocabulary.environments), dtype=torch.long
            )
            data = Data(unsaid, place[edges[:, own]], x_weight=unsaid.float())
            data.edge_attr, data.pos = (
                None if types is None else types[own],
                None if pos is None else pos[mine],
            )
            graphs.append(from_pyg(data, self.model.vocabulary))
        entries = self.model.entries
        return (
            collate(graphs).to(entries.dtype).to(entries.device),
            batch.to(entries.device),
            place.to(entries.device),
        )


def _check_batch(nodes: int, edges: Tensor, types: Tensor | None, batch: Tensor) -> None:
    if len(batch) != nodes or (nodes and int(batch.min()) < 0):
        raise ValueError(
            f"batch of {len(batch)} entries for {nodes} nodes: the graph of each node, counted from 0, is needed"
        )
    if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < nodes:
        raise ValueError(
            f"edges name nodes {int(edges.min())} … {int(edges.max())}, but there are {nodes} nodes"
        )
    if types is not None and len(types) != edges.shape[1]:
        raise ValueError(f"{edges.shape[1]} edges but {len(types)} rows of edge_attr")
    if crossing := int((batch[edges[0]] != batch[edges[1]]).sum()):
        raise ValueError(
            f"{crossing} edges join two graphs of the batch: edges within graphs are needed, as torch-geometric batches them"
        )
