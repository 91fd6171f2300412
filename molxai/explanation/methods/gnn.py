"""GNNExplainer: a mask over the nodes, learned to keep the target's logit with few nodes."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.random import normal_scores
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.network import Batch, Network, at_nodes, with_nodes
from molxai.explanation.outcome import outcomes, resolve_targets
from molxai.explanation.passes import check_ready, target_weights
from molxai.explanation.target import Target

SPREAD = 0.1
"""Standard deviation of the masks' start, before the sigmoid, as in PyG's GNNExplainer."""


@dataclass(frozen=True)
class GNNExplainer(Method):
    """A soft mask over each graph's nodes (Ying et al. 2019, "GNNExplainer").

    The relevance of a node is its mask, 0 to 1. Masks are optimised by torch-geometric's algorithm,
    for all graphs of the batch at once, with a loss that is the sum of each graph's own. A graph's
    result does not depend on its batch. The start is random, drawn in the order of the nodes, and
    the same for the same graph and seed.
    """

    epochs: int = 100
    lr: float = 0.01
    """Learning rate of Adam."""
    seed: int = 0

    def passes(self, nodes: int) -> tuple[int, int]:
        """One forward pass says what the whole graph is; each epoch needs one of each."""
        return self.epochs + 1, self.epochs

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        # torch-geometric takes two seconds to import, for which other methods need not wait.
        from molxai.explanation.methods.masks import learned_masks

        check_ready(model)
        with torch.inference_mode(False):
            with torch.no_grad():
                tokens = model.embed(batch)
                logits = model.predict(tokens, batch)
            resolved_targets = resolve_targets(model.config, logits, targets)
            with torch.enable_grad():
                masks = learned_masks(
                    _FromNodes(model, tokens, batch),
                    at_nodes(batch, tokens),
                    batch.mask,
                    self._start(batch).to(tokens),
                    graph_losses(model, resolved_targets, logits),
                    self.epochs,
                    self.lr,
                )
        outcome = outcomes(model.config, logits, resolved_targets)
        return node_explanations(self.name, batch, outcome, masks)

    def _start(self, batch: Batch) -> Float[Tensor, "batch nodes"]:
        return SPREAD * normal_scores(batch, self.seed)


def graph_losses(
    model: Network, targets: Sequence[Target], whole: Float[Tensor, "batch outputs"]
) -> Callable[[Tensor], Tensor]:
    """How far each masked graph's outputs are from its target.

    One logit, or the difference of two: −log σ of it. A class among several: its cross entropy. A
    regression: the squared difference to the whole graph's value, in the target's unit squared.
    """
    weights = target_weights(model, targets, whole)
    if model.config.task == "regression":
        return lambda outputs: ((outputs - whole) * weights).sum(1) ** 2
    if model.config.task == "binary":
        return lambda outputs: F.softplus(-(outputs * weights).sum(1))
    labels = torch.tensor([target.label for target in targets], device=whole.device)
    has_contrast = torch.tensor(
        [target.contrast is not None for target in targets], device=whole.device
    )

    def losses(outputs: Float[Tensor, "batch outputs"]) -> Float[Tensor, " batch"]:
        of_class = F.cross_entropy(outputs, labels, reduction="none")
        of_difference = F.softplus(-(outputs * weights).sum(1))
        return torch.where(has_contrast, of_difference, of_class)

    return losses


class _FromNodes(nn.Module):
    """The model as a function of its node embeddings, with constant parameters.

    They are a copy's: other threads may explain with the same model, and must find its parameters
    in their place. None of them collects a gradient.
    """

    def __init__(
        self, model: Network, tokens: Float[Tensor, "batch tokens width"], batch: Batch
    ) -> None:
        super().__init__()
        self.model = copy.deepcopy(model)
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.tokens = tokens
        self.batch = batch

    def forward(
        self, x: Float[Tensor, "all_nodes width"], edge_index: Tensor
    ) -> Float[Tensor, "batch outputs"]:
        nodes = x.view(*self.batch.mask.shape, -1)  # (batch, nodes, width)
        tokens = with_nodes(self.batch, self.tokens, nodes)
        return self.model.predict(tokens, self.batch)
