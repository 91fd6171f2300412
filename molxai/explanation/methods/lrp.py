"""Gradient × input at the model's input embeddings, plain or under rules: the LRP family."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import GraphBatch, within
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.passes import Pass, gradient_pass
from molxai.rules import Rule, names
from molxai.rules.balance import LEAST, adds_up


@dataclass(frozen=True)
class GradientInput(Method):
    """Relevance x · ∂f̃/∂x, where f̃ is the model with the rules applied.

    With AH, LN and the activation rule this is the LRP of Ali et al. 2022 (section 4: each rule is
    a place to stop the gradient) with the plain linear rule LRP-0, whose relevance is gradient ×
    input.
    """

    tables: tuple[Rule, ...] = ()
    """The rules to apply."""
    shared: bool = False
    """Whether the relevance of a circular environment goes to all its nodes in equal parts.

    Otherwise it goes to its centre.
    """

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 1

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Targets = None
    ) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class.

        Raises:
            ValueError: the model is in training mode, compiled or scripted; a rule never fired; or
                a conserving method left a gap.
        """
        result = gradient_pass(model, batch, targets, self.tables)
        relevance = (result.tokens * result.gradient).sum(2)  # (batch, tokens)
        if self.conserves:
            _check_balance(self.name, result, relevance)
        nodes = relevance[:, 1:]
        split = feature_split(model, batch, result.gradient[:, 1:])
        if self.shared and batch.vocabulary.environments:
            at_centres = split
            split = shared_environments(batch, split)
            nodes = nodes + (split - at_centres).sum(2)
        tokens = relevance[:, 0].tolist()
        return self._explanations(batch, result, nodes.cpu(), tokens, split.cpu())

    def _explanations(
        self,
        batch: GraphBatch,
        result: Pass,
        nodes: Float[Tensor, "batch nodes"],
        tokens: list[float],
        split: Float[Tensor, "batch nodes features"],
    ) -> list[Explanation]:
        """An explanation of each graph, without its padding."""
        biases = result.bias.tolist()
        features = batch.vocabulary.feature_names
        return [
            Explanation(
                method=self.name,
                relevance=nodes[row, :count],
                feature_relevance=split[row, :count],
                features=features,
                token=tokens[row],
                bias=biases[row],
                **vars(result.outcome[row]),
            )
            for row, count in enumerate(batch.sizes)
        ]


def feature_split(
    model: Graphormer, batch: GraphBatch, gradient: Float[Tensor, "batch nodes width"]
) -> Float[Tensor, "batch nodes features"]:
    """Each input feature's exact share in gradient × input.

    Embeddings are sums over features, and the product is linear.
    """
    vocabulary = batch.vocabulary
    codes = batch.codes.long()  # (batch, nodes, slots)
    entries = model.entries.detach()  # (entries, width)
    stated = codes.shape[2] - len(vocabulary.environments)
    # The table of stated entries is short: all products cost less than looking up rows.
    products = gradient @ entries[: vocabulary.stated_entries].T  # (batch, nodes, entries)
    shares = products.gather(2, codes[:, :, :stated])  # (batch, nodes, stated slots)
    if vocabulary.environments:
        rows = F.embedding(codes[:, :, stated:], entries)  # (batch, nodes, environments, width)
        around = (rows @ gradient.unsqueeze(3)).squeeze(3)  # (batch, nodes, environments)
        shares = torch.cat([shares, around], 2)  # (batch, nodes, slots)
    feature = vocabulary.feature_of_entry.to(codes.device)[codes]  # (batch, nodes, slots)
    split = shares.new_zeros(*codes.shape[:2], len(vocabulary.feature_names))
    return split.scatter_add_(2, feature, shares * batch.weights)  # (batch, nodes, features)


def shared_environments(
    batch: GraphBatch, split: Float[Tensor, "batch nodes features"]
) -> Float[Tensor, "batch nodes features"]:
    """The split with each environment's relevance in equal parts at all nodes that it speaks of.

    Sums over nodes stay as they are.
    """
    stated = batch.vocabulary.stated
    shares = []
    for feature, radius in enumerate(batch.vocabulary.environments, stated):
        around = within(batch, radius).to(split.dtype)  # (batch, centres, nodes)
        count = around.sum(2).clamp_min(1)
        part = split[:, :, feature] / count  # (batch, centres)
        share = around.transpose(1, 2) @ part.unsqueeze(2)  # (batch, nodes, 1)
        shares.append(share.squeeze(2))
    unshared = split[:, :, :stated]
    return torch.cat([unshared, torch.stack(shares, 2)], 2)  # (batch, nodes, features)


def _check_balance(method: str, result: Pass, relevance: Float[Tensor, "batch tokens"]) -> None:
    """Refuse relevance of a method that promises conservation and does not add up.

    Raises:
        ValueError: it names the graph with the largest gap, and functions without a rule.
    """
    parts = relevance.double().sum(1) + result.bias.double()
    gap = (result.explained.double() - parts).abs()  # (batch)
    size = result.explained.abs() + relevance.abs().sum(1)  # (batch)
    if adds_up(gap, size).all():
        return
    worst = int(torch.argmax(gap / (size + LEAST)))
    logit = float(result.explained[worst])
    functions = names(result.mode.without_rule) or "none"
    raise ValueError(
        f"{method} left a gap of {float(gap[worst]):.3g} on a logit of {logit:.3g}; "
        f"non-linear functions without a rule: {functions}"
    )
