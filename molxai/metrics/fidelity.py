"""Fidelity± as PyTorch Geometric defines it, for signed relevance.

PyG's masks are numbers from 0 to 1 that multiply node features. A signed relevance becomes a mask
by m = max(R, 0) / max R: what speaks for the target is kept in proportion, the rest is removed.
Here the mask multiplies a node's input embedding.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from graphormer.graphs.graph import size_batches
from graphormer.network.ensemble import mean, shares
from molxai.explanation.explanation import Explanation
from molxai.explanation.network import (
    Batch,
    Predictor,
    at_nodes,
    batch_of,
    components_of,
    with_nodes,
)

INPUTS = 64
"""Inputs in one forward pass."""


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
    model: Predictor, inputs: Sequence[Any], explanations: Sequence[Explanation]
) -> Bool[Tensor, "inputs 2"]:
    """Whether each input's predicted class changes without the explanation, and with it alone.

    The first column is fidelity+, the second fidelity−. Means over them are PyG's `fidelity` for
    explanations of the model. High + and low − are better.

    Raises:
        ValueError: a regression, whose predictions are no classes.

    Source:
        Amara et al. 2022, "GraphFramEx", section 3.2.
    """
    if model.config.task == "regression":
        reason = "fidelity counts changes of class, and a regression has none"
        raise ValueError(f"{reason}: a classifier is needed")
    differs = torch.zeros(len(inputs), 2, dtype=torch.bool)
    for rows in size_batches([one.nodes for one in inputs], INPUTS):
        batch = batch_of(model, [inputs[row] for row in rows])
        mask = _masks(batch, [explanations[row] for row in rows])
        whole = _classes(model, batch, torch.ones_like(mask))  # (batch,)
        without = _classes(model, batch, 1 - mask)
        alone = _classes(model, batch, mask)
        differs[rows, 0] = (without != whole).cpu()
        differs[rows, 1] = (alone != whole).cpu()
    return differs


def fidelity_plus(
    model: Predictor, inputs: Sequence[Any], explanations: Sequence[Explanation]
) -> Bool[Tensor, " inputs"]:
    """Whether each input's predicted class changes without the explanation: first column."""
    return fidelity(model, inputs, explanations)[:, 0]


def fidelity_minus(
    model: Predictor, inputs: Sequence[Any], explanations: Sequence[Explanation]
) -> Bool[Tensor, " inputs"]:
    """Whether each input's predicted class changes with the explanation alone: second column."""
    return fidelity(model, inputs, explanations)[:, 1]


def _masks(batch: Batch, explanations: Sequence[Explanation]) -> Float[Tensor, "batch nodes"]:
    mask = torch.zeros_like(batch.mask, dtype=torch.float32)
    for row, nodes in enumerate(batch.sizes):
        mask[row, :nodes] = unit_mask(explanations[row].relevance)
    return mask


def _classes(
    model: Predictor, batch: Batch, share: Float[Tensor, "batch nodes"]
) -> Int[Tensor, " batch"]:
    """The predicted classes if each node's input embedding is multiplied by its share."""
    by_component = []
    for component in components_of(model):
        tokens = component.embed(batch)
        nodes = at_nodes(batch, tokens) * share[:, :, None].to(tokens)
        by_component.append(component.predict(with_nodes(batch, tokens, nodes), batch))
    logits = mean(torch.stack(by_component), shares(model))  # (batch, outputs)
    if model.config.task == "multiclass":
        return logits.argmax(1)
    return (logits[:, 0] > 0).long()
