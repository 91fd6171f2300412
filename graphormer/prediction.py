"""What a model says of graphs, and how well: logits and quality measures."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from graphormer.data import LabelledGraphs
from graphormer.graph import Graph, GraphBatch, collate, size_batches
from graphormer.model import Config, Graphormer


def batch_for(model: Graphormer, graphs: Sequence[Graph]) -> GraphBatch:
    """The graphs as one batch, on the model's device and in its float type."""
    parameter = next(model.parameters())
    return collate(graphs).to(parameter.device).to(parameter.dtype)


@torch.no_grad()
def predict(model: Graphormer, graphs: list[Graph], batch_size: int = 64) -> Float[Tensor, "graphs outputs"]:
    """Logits or values of the graphs, in their order."""
    logits = torch.empty(len(graphs), model.config.outputs)
    for rows in size_batches([g.nodes for g in graphs], batch_size):
        logits[rows] = model(batch_for(model, [graphs[row] for row in rows])).cpu()
    return logits


def evaluate(model: Graphormer, data: LabelledGraphs) -> dict[str, float]:
    """Quality measures of the model's task on labelled graphs, averaged over targets where there are several.

    Raises:
        ValueError: a binary target has only one class among the labels, so that no ranking can be judged.
    """
    return measures(model.config, predict(model, data.graphs), data.labels)


def measures(config: Config, logits: Float[Tensor, "graphs outputs"], labels: Tensor) -> dict[str, float]:
    """ROC-AUC, PR-AUC and accuracy; or accuracy and cross entropy; or RMSE, MAE and R²."""
    from sklearn import metrics

    if config.task == "multiclass":
        return {
            "accuracy": float((logits.argmax(1) == labels).double().mean()),
            "cross_entropy": float(F.cross_entropy(logits, labels)),
        }
    columns = []
    for column in range(config.outputs):
        known = ~labels[:, column].isnan()
        y, score = labels[known, column].numpy(), logits[known, column].numpy()
        if config.task == "binary":
            if len(set(y.tolist())) < 2:
                raise ValueError(f"target {column} has labels of one class only: both are needed to judge a ranking")
            columns.append(
                {
                    "roc_auc": metrics.roc_auc_score(y, score),
                    "pr_auc": metrics.average_precision_score(y, score),
                    "accuracy": metrics.accuracy_score(y, score > 0),
                }
            )
        else:
            columns.append(
                {
                    "rmse": metrics.root_mean_squared_error(y, score),
                    "mae": metrics.mean_absolute_error(y, score),
                    "r2": metrics.r2_score(y, score),
                }
            )
    return {name: float(np.mean([column[name] for column in columns])) for name in columns[0]}
