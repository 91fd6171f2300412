"""A model's outputs for graphs, batch by batch."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.block import Batches, Graphs
from graphormer.graphs.graph import Graph, GraphBatch, collate, size_batches
from graphormer.network.by_hand import outputs
from graphormer.network.ensemble import Model, components, mean, shares


def batch_for(model: Model, graphs: Sequence[Graph]) -> GraphBatch:
    """The graphs as one batch, on the model's device and in its float type."""
    return placed(model, collate(graphs))


def placed(model: Model, batch: GraphBatch) -> GraphBatch:
    """The batch on the model's device and in its float type."""
    parameter = next(model.parameters())
    return batch.to(parameter.device).to(parameter.dtype)


def predict(
    model: Model, graphs: Sequence[Graph], batch_size: int = 64
) -> Float[Tensor, "graphs outputs"]:
    """Logits or values of the graphs, in their order; an ensemble's are its components' mean."""
    return mean(predict_each(model, graphs, batch_size), shares(model))


@torch.no_grad()
def predict_each(
    model: Model, graphs: Sequence[Graph] | Batches, batch_size: int = 64
) -> Float[Tensor, "components graphs outputs"]:
    """Logits or values from every component of an ensemble; a single model is its only one."""
    if isinstance(graphs, Sequence):
        graphs = Graphs(graphs)
    each = components(model)
    results = torch.empty(len(each), len(graphs.sizes), model.config.outputs)
    for rows in size_batches(graphs.sizes, batch_size):
        batch = placed(model, graphs.batch(rows))
        for index, component in enumerate(each):
            results[index, rows] = outputs(component, batch).float().cpu()
    return results
