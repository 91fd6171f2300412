"""Fidelity± as PyTorch Geometric defines it, for signed relevance.

PyG's masks are numbers from 0 to 1 that multiply node features. A signed relevance becomes one by
m = max(R, 0) / max R: what speaks for the target is kept in proportion, what speaks against it is not kept.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from graphormer.graphs.graph import Graph, size_batches
from graphormer.network.ensemble import Model
from graphormer.network.prediction import batch_for
from molxai.explanation.explanation import Explanation


def unit_mask(relevance: Float[Tensor, " nodes"]) -> Float[Tensor, " nodes"]:
    """The mask of a signed relevance: 0 … 1; all zero where nothing speaks for the target."""
    positive = relevance.clamp_min(0)
    return positive / positive.max() if positive.max() > 0 else positive


@torch.no_grad()
def fidelity(
    model: Model, graphs: Sequence[Graph], explanations: Sequence[Explanation]
) -> Bool[Tensor, "graphs 2"]:
    """Of each graph, whether the predicted class changes without the explanation (fidelity+) and with it alone (fidelity−).

    Means over graphs are PyG's `fidelity` for explanations of the model. High + and low − are better.

    Raises:
        ValueError: a regression, whose predictions are no classes.

    Source: Amara et al. 2022, "GraphFramEx", section 3.2.
    """
    if model.config.task == "regression":
        raise ValueError(
            "fidelity counts changes of class, and a regression has none: a classifier is needed"
        )
    changed = torch.zeros(len(graphs), 2, dtype=torch.bool)
    for rows in size_batches([g.nodes for g in graphs], 64):
        batch = batch_for(model, [graphs[row] for row in rows])
        mask = torch.zeros_like(batch.weights[:, :, 0])
        for i, row in enumerate(rows):
            mask[i, : graphs[row].nodes] = unit_mask(explanations[row].relevance.to(mask))
        whole = _classes(model, model(batch))
        for column, share in enumerate((1 - mask, mask)):
            scaled = replace(
                batch, weights=batch.weights * share[:, :, None]
            )  # scales each node's embedding
            changed[rows, column] = (_classes(model, model(scaled)) != whole).cpu()
    return changed


def _classes(model: Model, logits: Float[Tensor, "batch outputs"]) -> Tensor:
    return logits.argmax(1) if model.config.task == "multiclass" else (logits[:, 0] > 0).long()
