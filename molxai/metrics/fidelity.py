"""Fidelity± as PyTorch Geometric defines it, for signed relevance.

PyG's masks are numbers from 0 to 1 that multiply node features. A signed relevance becomes a mask
by m = max(R, 0) / max R: what speaks for the target is kept in proportion, the rest is removed.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from graphormer.graphs.graph import Graph, GraphBatch, size_batches
from graphormer.network.ensemble import Model
from graphormer.network.prediction import batch_for
from molxai.explanation.explanation import Explanation

GRAPHS = 64
"""Graphs in one forward pass."""


def unit_mask(relevance: Float[Tensor, " nodes"]) -> Float[Tensor, " nodes"]:
    """The mask of a signed relevance: 0 … 1; all zero if nothing speaks for the target.

    Example:
        >>> unit_mask(torch.tensor([2.0, -1.0, 1.0]))
        tensor([1.0000, 0.0000, 0.5000])
    """
    positive = relevance.clamp_min(0)
    largest = positive.max()
    return positive / largest if largest > 0 else positive


@torch.no_grad()
def fidelity(
    model: Model, graphs: Sequence[Graph], explanations: Sequence[Explanation]
) -> Bool[Tensor, "graphs 2"]:
    """Whether each graph's predicted class changes without the explanation, and with it alone.

    The first column is fidelity+, the second fidelity−. Means over graphs are PyG's `fidelity` for
    explanations of the model. High + and low − are better.

    Raises:
        ValueError: a regression, whose predictions are no classes.

    Source:
        Amara et al. 2022, "GraphFramEx", section 3.2.
    """
    if model.config.task == "regression":
        reason = "fidelity counts changes of class, and a regression has none"
        raise ValueError(f"{reason}: a classifier is needed")
    differs = torch.zeros(len(graphs), 2, dtype=torch.bool)
    for rows in size_batches([graph.nodes for graph in graphs], GRAPHS):
        batch = batch_for(model, [graphs[row] for row in rows])
        mask = _masks(batch, [explanations[row] for row in rows])
        whole = _classes(model, batch)  # (batch,)
        without = _classes(model, _scale(batch, 1 - mask))
        alone = _classes(model, _scale(batch, mask))
        differs[rows, 0] = (without != whole).cpu()
        differs[rows, 1] = (alone != whole).cpu()
    return differs


def fidelity_plus(
    model: Model, graphs: Sequence[Graph], explanations: Sequence[Explanation]
) -> Bool[Tensor, " graphs"]:
    """Whether each graph's predicted class changes without the explanation: first column."""
    return fidelity(model, graphs, explanations)[:, 0]


def fidelity_minus(
    model: Model, graphs: Sequence[Graph], explanations: Sequence[Explanation]
) -> Bool[Tensor, " graphs"]:
    """Whether each graph's predicted class changes with the explanation alone: second column."""
    return fidelity(model, graphs, explanations)[:, 1]


def _masks(batch: GraphBatch, explanations: Sequence[Explanation]) -> Float[Tensor, "batch nodes"]:
    mask = torch.zeros_like(batch.weights[:, :, 0])  # (batch, nodes)
    for row, nodes in enumerate(batch.sizes):
        relevance = explanations[row].relevance.to(mask)
        mask[row, :nodes] = unit_mask(relevance)
    return mask


def _scale(batch: GraphBatch, share: Float[Tensor, "batch nodes"]) -> GraphBatch:
    """The batch with each node's input embedding multiplied by its share."""
    weights = batch.weights * share[:, :, None]  # (batch, nodes, slots)
    return replace(batch, weights=weights)


def _classes(model: Model, batch: GraphBatch) -> Tensor:
    logits = model(batch)
    if model.config.task == "multiclass":
        return logits.argmax(1)
    return (logits[:, 0] > 0).long()
