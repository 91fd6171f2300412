"""What a model says when nodes are removed. The graph token never is.

Three modes, because "removed" is not one thing:
- `attn`: the node is dropped from every attention; distances, paths and degrees of the others stay as they were.
- `mask`: its input embedding is zeroed; it stays there to be attended to.
- `drop`: the subgraph induced by the others, with degrees, environments, distances and paths worked out anew.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from graphormer.graphs.graph import PADDING, Graph, GraphBatch, graph, size_batches
from graphormer.network.ensemble import Model
from graphormer.network.prediction import batch_for

Removal = Literal["attn", "mask", "drop"]

REMOVALS: tuple[Removal, ...] = get_args(Removal)

COPIES = 256
"""Copies of graphs in one forward pass, at most."""


def kept_logits(
    model: Model,
    graphs: Sequence[Graph],
    rows: Int[Tensor, " copies"],
    kept: Bool[Tensor, "copies nodes"],
    mode: Removal = "attn",
) -> Float[Tensor, "copies outputs"]:
    """The model's outputs for copies of graphs in which only some nodes are left.

    Args:
        model: in evaluation mode.
        graphs: the whole graphs.
        rows: the graph that each copy is of.
        kept: True for the nodes of it that are left; beyond its nodes, False.
        mode: what removal means.
    """
    if mode != "drop":
        batch = batch_for(model, graphs)
        return batch_logits(
            model, batch, rows.to(batch.mask.device), kept.to(batch.mask.device), mode
        )
    logits = batch_logits(
        model, batch_for(model, graphs[:1]), rows[:1] * 0, kept[:1, : graphs[0].nodes] & False
    )
    logits = logits.expand(len(rows), -1).clone()  # of the empty graph, which all have in common
    left = kept.any(1).nonzero().squeeze(1).tolist()
    copies = [
        induced(graphs[int(rows[i])], kept[i, : graphs[int(rows[i])].nodes].numpy()) for i in left
    ]
    for chosen in size_batches([one.nodes for one in copies], COPIES):
        with torch.no_grad():
            made = model(batch_for(model, [copies[i] for i in chosen]))
        logits[[left[i] for i in chosen]] = made
    return logits


@torch.no_grad()
def batch_logits(
    model: Model,
    batch: GraphBatch,
    rows: Int[Tensor, " copies"],
    kept: Bool[Tensor, "copies nodes"],
    mode: Literal["attn", "mask"] = "attn",
) -> Float[Tensor, "copies outputs"]:
    """The same for graphs that are in a batch already, in few bounded forward passes."""
    sizes = (kept.sum(1) if mode == "attn" else batch.mask.sum(1)[rows]).tolist()
    logits = next(model.parameters()).new_empty(len(rows), model.config.outputs)
    take = attended if mode == "attn" else zeroed
    for chosen in size_batches(sizes, COPIES):
        logits[chosen] = model(take(batch, rows[chosen], kept[chosen]))
    return logits


def attended(
    batch: GraphBatch, rows: Int[Tensor, " copies"], kept: Bool[Tensor, "copies nodes"]
) -> GraphBatch:
    """Copies whose removed nodes no attention reaches.

    A node that none attends to has no influence, so it is left out of the arrays, which costs less than masking it.
    """
    count = kept.sum(1)
    most = max(int(count.max()), 1)
    order = torch.argsort((~kept).int(), dim=1, stable=True)[:, :most]
    mask = torch.arange(most, device=kept.device) < count[:, None]
    return _taken(batch, rows, order, mask)


def zeroed(
    batch: GraphBatch, rows: Int[Tensor, " copies"], kept: Bool[Tensor, "copies nodes"]
) -> GraphBatch:
    """Copies whose removed nodes have an input embedding of zero and are attended to as before."""
    mask = batch.mask[rows]
    most = int(mask.sum(1).max())
    order = torch.arange(most, device=kept.device).expand(len(rows), -1)
    copies = _taken(batch, rows, order, mask[:, :most])
    return replace(copies, weights=copies.weights * kept[:, :most, None])


def _taken(
    batch: GraphBatch,
    rows: Int[Tensor, " copies"],
    order: Int[Tensor, "copies nodes"],
    mask: Bool[Tensor, "copies nodes"],
) -> GraphBatch:
    """Copies of rows with their nodes in another order; what is not in the mask is padding."""
    places = torch.cat([torch.zeros_like(order[:, :1]), order + 1], 1)
    relation = batch.relation[rows[:, None, None], places[:, :, None], places[:, None, :]]
    relation[:, :, 1:].masked_fill_(~mask[:, None, :], PADDING)
    picked = (rows[:, None], order)
    return replace(
        batch,
        codes=batch.codes[picked],
        weights=batch.weights[picked],
        mask=mask,
        relation=relation,
    )


def induced(whole: Graph, kept: Bool[np.ndarray, " nodes"]) -> Graph:
    """The subgraph of some nodes, with degrees, environments, distances and paths of its own.

    What a node says of itself (element, charge, hydrogens, ring, intensity, place) stays.

    Raises:
        ValueError: no node is kept.
    """
    vocabulary, edges = whole.vocabulary, whole.edges.numpy()
    stated = whole.codes.shape[1] - len(vocabulary.environments)
    codes, weights = whole.codes.numpy()[kept, :stated], whole.weights.numpy()[kept, :stated]
    inside = kept[edges].all(0)
    place = np.cumsum(kept) - 1
    remaining = place[edges[:, inside]]
    first, size = vocabulary.offsets["degree"], dict(vocabulary.node_features)["degree"]
    degree = np.minimum(np.bincount(remaining[0], minlength=len(codes)), size - 1)
    codes = np.where((first <= codes) & (codes < first + size), first + degree[:, None], codes)
    positions = None if whole.positions is None else whole.positions.numpy()[kept]
    return graph(vocabulary, codes, weights, remaining, whole.edge_types.numpy()[inside], positions)
