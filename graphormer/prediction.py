"""What a model says of graphs, and how well."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data import LabelledGraphs
from graphormer.ensemble import Model, networks
from graphormer.graph import Graph, GraphBatch, collate, size_batches
from graphormer.quality import quality


def batch_for(model: Model, graphs: Sequence[Graph]) -> GraphBatch:
    """The graphs as one batch, on the model's device and in its float type."""
    parameter = next(model.parameters())
    return collate(graphs).to(parameter.device).to(parameter.dtype)


def predict(model: Model, graphs: Sequence[Graph], batch_size: int = 64) -> Float[Tensor, "graphs outputs"]:
    """Logits or values of the graphs, in their order; an ensemble's are the mean over its members."""
    return predict_each(model, graphs, batch_size).mean(0)


@torch.no_grad()
def predict_each(model: Model, graphs: Sequence[Graph], batch_size: int = 64) -> Float[Tensor, "members graphs outputs"]:
    """The same of every member of an ensemble; of a single model, one row."""
    members = networks(model)
    said = torch.empty(len(members), len(graphs), model.config.outputs)
    for rows in size_batches([g.nodes for g in graphs], batch_size):
        batch = batch_for(model, [graphs[row] for row in rows])
        for place, member in enumerate(members):
            said[place, rows] = member(batch).float().cpu()
    return said


def evaluate(model: Model, data: LabelledGraphs) -> dict[str, float]:
    """Measures of the model's task on labelled graphs: see `graphormer.quality`."""
    return quality(model.config.task, predict(model, data.graphs), data.labels)
