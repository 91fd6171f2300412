"""GNNExplainer: a mask over the nodes, learned to keep the target's logit with as few nodes as possible."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods.gradient import node_explanations
from molxai.explanation.methods.perturbation import graph_seed
from molxai.explanation.outcome import outcomes, resolved
from molxai.explanation.passes import check_ready, target_weights
from molxai.explanation.target import Target

SPREAD = 0.1
"""Standard deviation of the masks' start, before the sigmoid, as in torch-geometric's GNNExplainer."""


@dataclass(frozen=True)
class GNNExplainer:
    """A soft mask over each graph's nodes that keeps the explained logit high (Ying et al. 2019, "GNNExplainer").

    The relevance of a node is its mask, 0 to 1. Masks are optimised by torch-geometric's algorithm, for all graphs of
    the batch at once, with a loss that is the sum of each graph's own; a graph's result does not depend on its batch.
    The start is random, drawn in the order of the nodes, the same for the same graph and seed.
    """

    name: str = "gnn-explainer"
    epochs: int = 100
    lr: float = 0.01
    """Learning rate of Adam."""
    seed: int = 0
    conserves: bool = False
    signed: bool = False
    by_target: bool = True
    largest: int | None = None

    def passes(self, nodes: int) -> tuple[int, int]:
        """One forward pass says what the whole graph is; each epoch needs one of each."""
        return self.epochs + 1, self.epochs

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class.

        Raises:
            ValueError: the model is in training mode, compiled or scripted.
        """
        from molxai.explanation.methods.masks import (
            learned_masks,
        )  # here, because torch-geometric takes two seconds to import

        check_ready(model)
        with torch.inference_mode(False):
            with torch.no_grad():
                tokens = model.embed(batch)
                whole = model.predict(tokens, batch)
            chosen = resolved(model.config, whole, targets)
            masked, own = _FromNodes(model, tokens[:, :1], batch), own_loss(model, chosen, whole)
            with torch.enable_grad():
                masks = learned_masks(
                    masked,
                    tokens[:, 1:],
                    batch.mask,
                    self._start(batch).to(tokens),
                    own,
                    self.epochs,
                    self.lr,
                )
        return node_explanations(self.name, batch, outcomes(model.config, whole, chosen), masks)

    def _start(self, batch: GraphBatch) -> Float[Tensor, "batch nodes"]:
        start = torch.zeros(batch.mask.shape)
        for row, n in enumerate(batch.sizes):
            generator = torch.Generator().manual_seed(self.seed * 2**32 + graph_seed(batch, row))
            start[row, :n] = SPREAD * torch.randn(n, generator=generator)
        return start


def own_loss(
    model: Graphormer, targets: Sequence[Target], whole: Float[Tensor, "batch outputs"]
) -> Callable[[Tensor], Tensor]:
    """How far each masked graph's outputs are from its target.

    One logit, or the difference of two: −log σ of it. A class among several: its cross entropy. A regression: the
    squared difference to the whole graph's value, in the target's unit squared.
    """
    weights = target_weights(model, targets, whole)
    if model.config.task == "regression":
        return lambda outputs: ((outputs - whole) * weights).sum(1) ** 2
    if model.config.task == "binary":
        return lambda outputs: F.softplus(-(outputs * weights).sum(1))
    labels = torch.tensor([target.label for target in targets], device=whole.device)
    contrasted = torch.tensor(
        [target.contrast is not None for target in targets], device=whole.device
    )

    def loss(outputs: Float[Tensor, "batch outputs"]) -> Float[Tensor, " batch"]:
        one_class = F.cross_entropy(outputs, labels, reduction="none")
        return torch.where(contrasted, F.softplus(-(outputs * weights).sum(1)), one_class)

    return loss


class _FromNodes(nn.Module):
    """The model as a function of its node embeddings; its parameters are constants, so that none collects a gradient.

    They are a copy's: other threads may explain with the same model, and must find its parameters in their place.
    """

    def __init__(
        self, model: Graphormer, token: Float[Tensor, "batch 1 width"], batch: GraphBatch
    ) -> None:
        super().__init__()
        self.model = copy.deepcopy(model).requires_grad_(False)
        self.token, self.batch = token, batch

    def forward(
        self, x: Float[Tensor, "places width"], edge_index: Tensor
    ) -> Float[Tensor, "batch outputs"]:
        tokens = torch.cat([self.token, x.view(*self.batch.mask.shape, -1)], 1)
        return self.model.predict(tokens, self.batch)
