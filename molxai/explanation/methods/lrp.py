"""Gradient × input at the model's input embeddings, plain or under propagation rules: the LRP family."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import GraphBatch, within
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.passes import Pass, gradient_pass
from molxai.explanation.target import Target
from molxai.rules import Rule, names

TOLERANCE = 1e-4
"""Largest gap of a method that promises conservation, as a share of |logit| + Σ|relevance| (float32 leaves about 1e-6)."""


@dataclass(frozen=True)
class GradientInput:
    """Relevance x · ∂f̃/∂x, where f̃ is the model with the rules applied; one forward and one backward pass.

    With AH, LN and the activation rule this is the LRP of Ali et al. 2022 (section 4: each rule is a place to stop the
    gradient) with the plain linear rule LRP-0, whose relevance is gradient × input.
    """

    name: str
    tables: tuple[Rule, ...] = ()
    conserves: bool = False
    """Whether node, token and bias relevances are promised to sum to the logit."""
    shared: bool = False
    """Whether the relevance of a circular environment goes to all its nodes in equal parts, instead of to its centre."""
    signed: bool = True
    by_target: bool = True
    largest: int | None = None

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 1

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class.

        Raises:
            ValueError: the model is in training mode, compiled or scripted; a rule never fired; or a conserving
                method left a gap.
        """
        made = gradient_pass(model, batch, targets, self.tables)
        relevance = (made.tokens * made.gradient).sum(2)
        if self.conserves:
            _check(self.name, made, relevance)
        split = feature_split(model, batch, made.gradient[:, 1:])
        nodes = relevance[:, 1:]
        if self.shared and batch.vocabulary.environments:
            own, split = split, shared_environments(batch, split)
            nodes = nodes + (split - own).sum(2)
        nodes, split, token, biases = (
            nodes.cpu(),
            split.cpu(),
            relevance[:, 0].tolist(),
            made.bias.tolist(),
        )
        features = batch.vocabulary.feature_names
        return [
            Explanation(
                self.name,
                nodes[i, :n],
                split[i, :n],
                features,
                token[i],
                biases[i],
                **vars(made.outcome[i]),
            )
            for i, n in enumerate(batch.sizes)
        ]


def feature_split(
    model: Graphormer, batch: GraphBatch, gradient: Float[Tensor, "batch nodes width"]
) -> Float[Tensor, "batch nodes features"]:
    """Each input feature's exact share in gradient × input: embeddings are sums over features, the product is linear."""
    vocabulary, codes = batch.vocabulary, batch.codes.long()
    slots, entries = codes.shape[2] - len(vocabulary.environments), model.entries.detach()
    few = entries[: vocabulary.stated_entries]
    each = (gradient @ few.T).gather(
        2, codes[:, :, :slots]
    )  # the table is short: all products cost less than looking up rows
    if vocabulary.environments:
        looked_up = F.embedding(codes[:, :, slots:], entries) @ gradient.unsqueeze(3)
        each = torch.cat([each, looked_up.squeeze(3)], 2)
    feature = vocabulary.feature_of_entry.to(codes.device)[codes]
    split = each.new_zeros(*codes.shape[:2], len(vocabulary.feature_names))
    return split.scatter_add_(2, feature, each * batch.weights)


def shared_environments(
    batch: GraphBatch, split: Float[Tensor, "batch nodes features"]
) -> Float[Tensor, "batch nodes features"]:
    """The split with each environment's relevance in equal parts at all nodes that it speaks of; sums stay as they are."""
    shares = []
    for place, radius in enumerate(batch.vocabulary.environments, batch.vocabulary.stated):
        around = within(batch, radius).to(split.dtype)
        each = split[:, :, place] / around.sum(2).clamp_min(1)
        shares.append((around.transpose(1, 2) @ each.unsqueeze(2)).squeeze(2))
    return torch.cat([split[:, :, : batch.vocabulary.stated], torch.stack(shares, 2)], 2)


def _check(method: str, made: Pass, relevance: Float[Tensor, "batch tokens"]) -> None:
    gap = (made.explained.double() - relevance.double().sum(1) - made.bias.double()).abs()
    size = made.explained.abs() + relevance.abs().sum(1)
    if (share := gap / size.clamp_min(1e-6)).max() > TOLERANCE or not share.isfinite().all():
        worst = int(torch.argmax(share))
        seen = names(made.applied.without_rule) or "none"
        missing = f"{method} left a gap of {float(gap[worst]):.3g} on a logit of {float(made.explained[worst]):.3g}"
        raise ValueError(f"{missing}; non-linear functions without a rule: {seen}")
