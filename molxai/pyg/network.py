"""The model as torch-geometric calls one: `model(x, edge_index, …)`, for graphs and batches."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch_geometric.data import Data

from graphormer.graphs.graph import Graph, GraphBatch, collate
from graphormer.graphs.pyg import describes_nodes, from_pyg
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.model import Graphormer


@dataclass(frozen=True)
class _Structure:
    """What edges and positions say of a batch.

    The last one is kept, for algorithms that ask a hundred times.
    """

    key: tuple[Tensor | None, ...]
    """Copies of the tensors that it was made of."""
    nodes: int
    batch: GraphBatch
    """Without codes: hops, patterns and padding alone."""
    graph: Int[Tensor, " all_nodes"]
    """Graph of each node."""
    position: Int[Tensor, " all_nodes"]
    """Number of each node in its graph."""

    def describes(self, nodes: int, key: tuple[Tensor | None, ...]) -> bool:
        if self.nodes != nodes:
            return False
        pairs = zip(self.key, key, strict=True)
        return all(_are_equal(a, b) for a, b in pairs)


def _are_equal(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None:
        return a is b
    if a.device != b.device or a.dtype != b.dtype:
        return False
    return torch.equal(a, b)


class PyGGraphormer(nn.Module):
    """A `Graphormer` with the signature of a torch-geometric model.

    Example:
        >>> from graphormer.graphs.molecules import molecule
        >>> from graphormer.graphs.pyg import to_pyg
        >>> from graphormer.network.checkpoint import load
        >>> model, card = load("bace")
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
        self.model = model
        self.column = column
        self.training = model.training
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
            x: whole numbers `[nodes, slots]`: codes, as `to_pyg` writes them. Or a float
                `[nodes, entries]`: the weight of every entry of the vocabulary, as `dense` gives
                them; gradients flow through it.
            edge_index: both directions of every edge.
            edge_attr: the edges' types, `[edges]` or `[edges, 1]`; by default the first type.
            batch: the graph of each node, counted from 0; by default there is one graph.
            pos: row and column of each node, if the vocabulary has offsets.
            x_weight: weights of the codes, by default ones; gradients flow through it. None with a
                float `x`.

        Raises:
            ValueError: `x`, `edge_attr`, `pos` or `batch` is not of this kind, or an edge joins two
                graphs.
        """
        embeddings = self._embed(x, x_weight)  # (all nodes, width)
        structure = self._structure_of(len(x), edge_index, edge_attr, batch, pos)
        tokens = self.model.embed(structure.batch)  # (graphs, tokens, width)
        nodes = embeddings.new_zeros(tokens[:, 1:].shape)  # (graphs, nodes, width)
        nodes = nodes.index_put((structure.graph, structure.position), embeddings)
        tokens = torch.cat([tokens[:, :1], nodes], 1)
        logits = self.model.predict(tokens, structure.batch)
        return logits if self.column is None else logits[:, [self.column]]

    def dense(self, data: Data | Graph) -> Float[Tensor, "all_nodes entries"]:
        """The float form of a graph's nodes: the weight of every entry of the vocabulary."""
        if isinstance(data, Graph):
            codes, weights = data.codes, data.weights
        else:
            codes, weights = data.x, data.get("x_weight")
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
        _check_codes(codes, self.model.vocabulary)
        if weights is None:
            return torch.ones_like(codes, dtype=self.model.entries.dtype)
        if weights.shape != codes.shape:
            raise ValueError(
                f"x_weight of shape {list(weights.shape)} for x of shape {list(codes.shape)}: "
                "a weight for each code is needed"
            )
        return weights.to(self.model.entries)

    def _embed(self, x: Tensor, weights: Tensor | None) -> Float[Tensor, "all_nodes width"]:
        entries = self.model.entries  # (entries, width)
        if not x.is_floating_point():
            return F.embedding_bag(
                x, entries, per_sample_weights=self.weights_of(x, weights), mode="sum"
            )
        if x.ndim != 2 or x.shape[1] != len(entries):
            name = self.model.vocabulary.name
            raise ValueError(
                f"a float x of shape {list(x.shape)}: [nodes, {len(entries)}], the weight of each "
                f"entry of '{name}', is needed; `dense` gives it, `graph_of` reads other graphs"
            )
        if weights is not None:
            raise ValueError(
                "x_weight with a float x: weights belong to integer codes, leave them out"
            )
        return x.to(entries.dtype) @ entries

    def _structure_of(
        self,
        nodes: int,
        edges: Tensor,
        types: Tensor | None,
        batch: Tensor | None,
        pos: Tensor | None,
    ) -> _Structure:
        """What edges and positions say of the batch, if they are not those of the last call."""
        # The last of the key is empty: it stands for the model's type and device.
        key = (edges, types, batch, pos, self.model.entries[:0])
        structure = self._structure
        if structure is None or not structure.describes(nodes, key):
            with torch.inference_mode(False):  # it may be needed for gradients later
                copies = tuple(map(_copy, key))
                on_cpu = [None if copy is None else copy.cpu() for copy in copies[1:4]]
                parts = self._collate(nodes, edges.clone().cpu(), *on_cpu)
                structure = _Structure(copies, nodes, *parts)
            self._structure = structure
        return structure

    def _collate(
        self,
        nodes: int,
        edges: Tensor,
        types: Tensor | None,
        batch: Tensor | None,
        pos: Tensor | None,
    ) -> tuple[GraphBatch, Int[Tensor, " all_nodes"], Int[Tensor, " all_nodes"]]:
        """The batch without codes, and of each node its graph and its number in it."""
        batch = torch.zeros(nodes, dtype=torch.long) if batch is None else batch.long()
        _check_batch(nodes, edges, types, batch)
        position = torch.empty(nodes, dtype=torch.long)
        graphs = []
        for number in range(int(batch.max()) + 1 if nodes else 1):
            members = (batch == number).nonzero().flatten()  # (nodes of the graph)
            position[members] = torch.arange(len(members))
            is_inside = batch[edges[0]] == number  # (edges)
            inner = position[edges[:, is_inside]]  # (2, edges of the graph)
            data = self._without_codes(len(members), inner)
            data.edge_attr = None if types is None else types[is_inside]
            data.pos = None if pos is None else pos[members]
            graphs.append(from_pyg(data, self.model.vocabulary))
        entries = self.model.entries
        collated = collate(graphs).to(entries.dtype)
        device = entries.device
        return collated.to(device), batch.to(device), position.to(device)

    def _without_codes(self, nodes: int, edges: Tensor) -> Data:
        """A graph of torch-geometric whose nodes say nothing of themselves."""
        slots = 1 + len(self.model.vocabulary.environments)
        codes = torch.zeros(nodes, slots, dtype=torch.long)
        return Data(codes, edges, x_weight=codes.float())


def _copy(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach().clone()


def _check_codes(codes: Tensor, vocabulary: Vocabulary) -> None:
    """Refuse what are no codes of the vocabulary."""
    if codes.ndim != 2 or codes.is_floating_point():
        raise ValueError(
            f"x of type {codes.dtype} and shape {list(codes.shape)}: "
            f"integer codes [nodes, slots] of '{vocabulary.name}' are needed"
        )
    if describes_nodes(codes, vocabulary):
        return
    codes_are = "no codes"
    if codes.numel():
        columns = codes.shape[1]
        lowest, highest = int(codes.min()), int(codes.max())
        codes_are = f"codes {lowest} … {highest} in {columns} columns"
    raise ValueError(
        f"{codes_are}: for every node an entry of each of the {len(vocabulary.node_features)} "
        f"features of '{vocabulary.name}' is needed, 0 … {vocabulary.node_entries - 1}; "
        "`graph_of` reads other graphs"
    )


def _check_batch(nodes: int, edges: Tensor, types: Tensor | None, batch: Tensor) -> None:
    """Refuse graphs of a batch that do not fit together."""
    if len(batch) != nodes or (nodes and int(batch.min()) < 0):
        raise ValueError(
            f"batch of {len(batch)} entries for {nodes} nodes: the graph of each node, "
            "counted from 0, is needed"
        )
    if edges.numel():
        lowest, highest = int(edges.min()), int(edges.max())
        if not 0 <= lowest <= highest < nodes:
            raise ValueError(f"edges name nodes {lowest} … {highest}, but there are {nodes} nodes")
    if types is not None and len(types) != edges.shape[1]:
        raise ValueError(f"{edges.shape[1]} edges but {len(types)} rows of edge_attr")
    begin, end = batch[edges]  # graph of both ends: (edges), (edges)
    crossing = int((begin != end).sum())
    if crossing:
        raise ValueError(
            f"{crossing} edges join two graphs of the batch: edges within graphs are needed, "
            "as torch-geometric batches them"
        )
