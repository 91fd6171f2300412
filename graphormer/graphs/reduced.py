"""Graphs of which only some nodes are left. The graph token never goes.

- `attended`: a removed node is dropped from every attention. Distances, paths and degrees of the
  others stay as they were.
- `zeroed`: its input embedding is zero, and it stays there to be attended to.
- `induced`: the subgraph of the others, with degrees, environments, distances and paths of its own.
"""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from graphormer.graphs.graph import PADDING, Graph, GraphBatch, graph


def attended(
    batch: GraphBatch, rows: Int[Tensor, " copies"], remaining: Bool[Tensor, "copies nodes"]
) -> GraphBatch:
    """Copies whose removed nodes no attention reaches.

    A node to which none attends has no influence, so it is left out of the arrays, which costs less
    than masking it.
    """
    count = remaining.sum(1)  # (copies)
    most = max(int(count.max()), 1)
    # The nodes that are left come first, in their order.
    is_removed = (~remaining).int()
    order = torch.argsort(is_removed, dim=1, stable=True)[:, :most]  # (copies, nodes left)
    mask = torch.arange(most, device=remaining.device) < count[:, None]  # (copies, nodes left)
    return _reorder(batch, rows, order, mask)


def zeroed(
    batch: GraphBatch, rows: Int[Tensor, " copies"], remaining: Bool[Tensor, "copies nodes"]
) -> GraphBatch:
    """Copies whose removed nodes have a zero input embedding and are attended to as before."""
    mask = batch.mask[rows]  # (copies, nodes)
    most = int(mask.sum(1).max())
    order = torch.arange(most, device=remaining.device)  # (nodes)
    order = order.expand(len(rows), -1)  # (copies, nodes)
    copies = _reorder(batch, rows, order, mask[:, :most])
    return replace(copies, weights=copies.weights * remaining[:, :most, None])


def _reorder(
    batch: GraphBatch,
    rows: Int[Tensor, " copies"],
    order: Int[Tensor, "copies nodes"],
    mask: Bool[Tensor, "copies nodes"],
) -> GraphBatch:
    """Copies of rows with their nodes in another order; what is not in the mask is padding."""
    token = torch.zeros_like(order[:, :1])
    tokens = torch.cat([token, order + 1], 1)  # (copies, tokens)
    relation = batch.relation[
        rows[:, None, None], tokens[:, :, None], tokens[:, None, :]
    ]  # (copies, tokens, tokens)
    is_padding = ~mask[:, None, :]  # (copies, 1, nodes)
    relation[:, :, 1:].masked_fill_(is_padding, PADDING)
    copy = rows[:, None]  # (copies, 1)
    return replace(
        batch,
        codes=batch.codes[copy, order],  # (copies, nodes, slots)
        weights=batch.weights[copy, order],  # (copies, nodes, slots)
        mask=mask,
        relation=relation,
    )


def induced(whole: Graph, remaining: Bool[np.ndarray, " nodes"]) -> Graph:
    """The subgraph of some nodes, with degrees, environments, distances and paths of its own.

    What a node says of itself (element, charge, hydrogens, ring, intensity, place) stays.

    Raises:
        ValueError: no node remains.
    """
    vocabulary = whole.vocabulary
    stated = whole.codes.shape[1] - len(vocabulary.environments)
    codes = whole.codes.numpy()[remaining, :stated]  # (nodes left, slots)
    weights = whole.weights.numpy()[remaining, :stated]
    edges = whole.edges.numpy()  # (2, edges)
    is_inside = remaining[edges].all(0)  # (edges)
    new_number = np.cumsum(remaining) - 1  # (nodes)
    inner_edges = new_number[edges[:, is_inside]]  # (2, edges left)
    positions = None if whole.positions is None else whole.positions.numpy()[remaining]
    return graph(
        vocabulary,
        _with_degrees(codes, inner_edges, whole),
        weights,
        inner_edges,
        whole.edge_types.numpy()[is_inside],
        positions,
    )


def _with_degrees(
    codes: Int[np.ndarray, "nodes slots"], edges: Int[np.ndarray, "2 edges"], whole: Graph
) -> Int[np.ndarray, "nodes slots"]:
    """The codes of nodes with the degrees that these edges give them."""
    vocabulary = whole.vocabulary
    first = vocabulary.offsets["degree"]
    entries = dict(vocabulary.node_features)["degree"]
    count = np.bincount(edges[0], minlength=len(codes))  # (nodes)
    degree = np.minimum(count, entries - 1)
    is_degree = (first <= codes) & (codes < first + entries)
    return np.where(is_degree, first + degree[:, None], codes)  # (nodes, slots)
