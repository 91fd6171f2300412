"""What a model says when nodes are removed, in one of the modes of `Removal`."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from graphormer.graphs.graph import size_batches
from molxai.explanation.network import Batch, Predictor, Removal, batch_of

COPIES = 256
"""Copies of graphs in one forward pass, at most."""


def kept_logits(
    model: Predictor,
    graphs: Sequence[Any],
    rows: Int[Tensor, " copies"],
    remaining: Bool[Tensor, "copies nodes"],
    mode: Removal = "attn",
) -> Float[Tensor, "copies outputs"]:
    """The model's outputs for copies of graphs in which only some nodes are left.

    Args:
        model: in evaluation mode.
        graphs: the whole graphs.
        rows: the graph that each copy is of.
        remaining: True for the nodes of it that are left; beyond its nodes, False.
        mode: what removal means.
    """
    if mode == "drop":
        return _induced_logits(model, graphs, rows, remaining)
    batch = batch_of(model, graphs)
    device = batch.mask.device
    return batch_logits(model, batch, rows.to(device), remaining.to(device), mode)


def _induced_logits(
    model: Predictor,
    graphs: Sequence[Any],
    rows: Int[Tensor, " copies"],
    remaining: Bool[Tensor, "copies nodes"],
) -> Float[Tensor, "copies outputs"]:
    """Outputs for subgraphs with distances of their own."""
    empty = _empty_logits(model, graphs[0])  # (1, outputs)
    logits = empty.expand(len(rows), -1).clone()  # (copies, outputs)
    not_empty = remaining.any(1).nonzero().squeeze(1).tolist()
    subgraphs = []
    for copy in not_empty:
        whole = graphs[int(rows[copy])]
        left = remaining[copy, : whole.nodes]  # (nodes)
        subgraphs.append(model.induced(whole, left.numpy()))
    for positions in size_batches([subgraph.nodes for subgraph in subgraphs], COPIES):
        batch = batch_of(model, [subgraphs[position] for position in positions])
        with torch.no_grad():
            outputs = model(batch)
        logits[[not_empty[position] for position in positions]] = outputs
    return logits


def _empty_logits(model: Predictor, whole: Any) -> Float[Tensor, "1 outputs"]:
    """Outputs for the graph without nodes, which is the same for all graphs."""
    batch = batch_of(model, [whole])
    row = torch.zeros(1, dtype=torch.long, device=batch.mask.device)
    nothing = torch.zeros_like(batch.mask)
    return batch_logits(model, batch, row, nothing)


@torch.no_grad()
def batch_logits(
    model: Predictor,
    batch: Batch,
    rows: Int[Tensor, " copies"],
    remaining: Bool[Tensor, "copies nodes"],
    mode: Removal = "attn",
) -> Float[Tensor, "copies outputs"]:
    """The same for graphs that are in a batch already, in few bounded forward passes.

    Raises:
        ValueError: `drop`, and the inputs cannot be read anew from their batch.
    """
    sizes = batch.mask.sum(1)[rows] if mode == "mask" else remaining.sum(1)  # (copies,)
    logits = next(model.parameters()).new_empty(len(rows), model.config.outputs)
    for copies in size_batches(sizes.tolist(), COPIES):
        reduced = model.reduced(batch, rows[copies], remaining[copies], mode)
        logits[copies] = model(reduced)
    return logits
