"""What a model says of graphs."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import Graph, GraphBatch, collate, size_batches
from graphormer.network.ensemble import Model, networks


def batch_for(model: Model, graphs: Sequence[Graph]) -> GraphBatch:
    """The graphs as one batch, on the model's device and in its float type."""
    parameter = next(model.parameters())
    return collate(graphs).to(parameter.device).to(parameter.dtype)


def predict(
    model: Model, graphs: Sequence[Graph], batch_size: int = 64
) -> Float[Tensor, "graphs outputs"]:
    """Logits or values of the graphs, in their order; an ensemble's are the mean over its members."""
    return predict_each(model, graphs, batch_size).mean(0)


@torch.no_grad()
def predict_each(
    model: Model, graphs: Sequence[Graph], batch_size: int = 64
) -> Float[Tensor, "members graphs outputs"]:
    """The same of every member of an ensemble; of a single model, one row."""
    members = networks(model)
    said = torch.empty(len(members), len(graphs), model.config.outputs)
    for rows in size_batches([g.nodes for g in graphs], batch_size):
        batch = batch_for(model, [graphs[row] for row in rows])
        for place, member in enumerate(members):
            said[place, rows] = member(batch).float().cpu()
    return said
