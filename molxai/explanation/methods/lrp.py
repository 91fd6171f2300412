"""Gradient × input at the model's input embeddings, plain or under rules: the LRP family."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.by_hand import is_usual
from graphormer.network.kernel import Kernel
from molxai.explanation.by_hand import lrp_pass
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.weighting import Weighting
from molxai.explanation.network import Batch, Network, OfGraphs, at_nodes, beside_nodes
from molxai.explanation.passes import Pass, gradient_pass
from molxai.explanation.structure import Structure, halves, structures
from molxai.rules import ACTIVATION, CONSERVATIVE, LN, Rule, names
from molxai.rules.balance import LEAST, adds_up

ROUTED = (LN, ACTIVATION)
"""The rules of `lrp` but for attention, for which routing stands."""

STRUCTURE = "structure"
"""What nodes have of the relevance of distances, bonds and offsets, beside their features."""

PRESENCE = "presence"
"""What nodes have for being there, beside their features."""


@dataclass(frozen=True)
class GradientInput(Method):
    """Relevance x · ∂f̃/∂x, where f̃ is the model with the rules applied.

    With AH, LN and the activation rule this is the LRP of Ali et al. 2022 (section 4: each rule is
    a place to stop the gradient) with the plain linear rule LRP-0, whose relevance is gradient ×
    input. With `alpha` the routing rule takes the place of AH.
    """

    tables: tuple[Rule, ...] = ()
    """The rules to apply."""
    weighting: Weighting | None = None
    """How linear layers or residual sums share out relevance; None: plainly."""
    shared: bool = False
    """Whether the relevance of a circular environment goes to all its nodes in equal parts.

    Otherwise it goes to its centre.
    """
    alpha: float | None = None
    """Share of routing: how much of what attention adds over uniform attention goes to its scores.

    None: `tables` say what attention does.
    """
    presence: float = 0.0
    """Share of each node's presence that is added to its relevance. It needs `alpha`."""
    split: bool = True
    """Whether each node's relevance is split over its features, which takes a tenth of the time."""
    apart: bool = False
    """Whether the relevance of structure stays apart. Otherwise it goes to the nodes in halves."""

    def __post_init__(self) -> None:
        if self.presence and self.alpha is None:
            raise ValueError(f"presence={self.presence:g} without routing: it needs alpha as well")

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, that of the weighting last."""
        return self.tables if self.weighting is None else (*self.tables, self.weighting.rule)

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 1

    def features(self, vocabulary: Vocabulary) -> tuple[str, ...]:
        return (*vocabulary.feature_names, *self._beyond_features)

    @property
    def has_structure(self) -> bool:
        return bool(self.alpha)

    @property
    def _beyond_features(self) -> tuple[str, ...]:
        """What a node's relevance holds beside that of its input features."""
        names = {STRUCTURE: self.has_structure and not self.apart, PRESENCE: bool(self.presence)}
        return tuple(name for name, is_there in names.items() if is_there)

    def __call__(self, model: Network, batch: Any, targets: Targets = None) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class.

        Raises:
            ValueError: the model is in training mode, compiled or scripted; a rule never fired; or
                a conserving method left a gap.
        """
        result = self._pass(model, batch, targets)
        # In float64, because the products of a token cancel.
        products = result.tokens.double() * result.gradient  # (batch, tokens, width)
        relevance = products.sum(2).to(result.tokens.dtype)  # (batch, tokens)
        split = None
        if isinstance(model, OfGraphs | Kernel) and (self.split or self.shared):
            split = feature_split(model, batch, at_nodes(batch, result.gradient))
            if self.shared and model.vocabulary.environments:
                at_centres = split
                split = shared_environments(batch, split)
                relevance[:, 1:] += (split - at_centres).sum(2)
        shares = list(self._shares(result))
        relevance = sum(shares, start=relevance)
        if split is not None:
            columns = [at_nodes(batch, share)[:, :, None] for share in shares]
            split = torch.cat([split, *columns], 2).cpu()  # (batch, nodes, features)
        if self.conserves:
            apart = torch.zeros_like(result.bias)
            if self.apart and result.pairs is not None:
                apart = result.pairs.sum((1, 2))
            _check_balance(self.name, result, relevance, apart)
        features: tuple[str, ...] = ()
        of_graph: Sequence[Structure | None] = [None] * len(batch)
        if isinstance(model, OfGraphs | Kernel):
            features = self.features(model.vocabulary)
            if result.structure is not None:
                assert isinstance(model, OfGraphs)
                of_graph = structures(model.structure, batch, result.structure)
        return self._explanations(batch, result, relevance.cpu(), features, split, of_graph)

    def _pass(self, model: Network, batch: Any, targets: Targets) -> Pass:
        is_plain = self.rules == (ROUTED if self.alpha else CONSERVATIVE)
        if is_plain and self.alpha != 0 and is_usual(model):
            return lrp_pass(model, batch, targets, self.alpha)
        return gradient_pass(model, batch, targets, self.rules, alpha=self.alpha)

    def _shares(self, result: Pass) -> Iterator[Float[Tensor, "batch tokens"]]:
        """What each token gets for each of `_beyond_features`, in their order."""
        if STRUCTURE in self._beyond_features and result.pairs is not None:
            yield halves(result.pairs)
        if PRESENCE in self._beyond_features and result.presence is not None:
            yield self.presence * result.presence

    def _explanations(
        self,
        batch: Batch,
        result: Pass,
        relevance: Float[Tensor, "batch tokens"],
        features: tuple[str, ...],
        split: Float[Tensor, "batch nodes features"] | None,
        of_graph: Sequence[Structure | None],
    ) -> list[Explanation]:
        """An explanation of each graph, without its padding."""
        nodes = at_nodes(batch, relevance)  # (batch, nodes)
        tokens = beside_nodes(batch, relevance).tolist()
        biases = result.bias.tolist()
        return [
            Explanation(
                method=self.name,
                relevance=nodes[row, :count],
                feature_relevance=None if split is None else split[row, :count],
                features=features,
                token=tokens[row],
                bias=biases[row],
                structure=structure,
                is_apart=self.apart,
                **vars(result.outcome[row]),
            )
            for row, (count, structure) in enumerate(zip(batch.sizes, of_graph, strict=True))
        ]


def feature_split(
    model: OfGraphs | Kernel, batch: Any, gradient: Float[Tensor, "batch nodes width"]
) -> Float[Tensor, "batch nodes features"]:
    """Each input feature's exact share in gradient × input.

    Embeddings are sums over features, and the product is linear. Those of a kernel machine are the
    features' own weights.
    """
    vocabulary = model.vocabulary
    codes = batch.codes.long()  # (batch, nodes, slots)
    shares = gradient if isinstance(model, Kernel) else _slot_products(model, codes, gradient)
    feature = vocabulary.feature_of_entry.to(codes.device)[codes]  # (batch, nodes, slots)
    split = shares.new_zeros(*codes.shape[:2], len(vocabulary.feature_names))
    return split.scatter_add_(2, feature, shares * batch.weights)  # (batch, nodes, features)


def _slot_products(
    model: OfGraphs,
    codes: Int[Tensor, "batch nodes slots"],
    gradient: Float[Tensor, "batch nodes width"],
) -> Float[Tensor, "batch nodes slots"]:
    """Gradient × the embedding of each entry of each node."""
    vocabulary = model.vocabulary
    entries = model.entries.detach()  # (entries, width)
    stated = codes.shape[2] - len(vocabulary.environments)
    # The table of stated entries is short: all products cost less than looking up rows.
    products = gradient @ entries[: vocabulary.stated_entries].T  # (batch, nodes, entries)
    shares = products.gather(2, codes[:, :, :stated])  # (batch, nodes, stated slots)
    if vocabulary.environments:
        rows = F.embedding(codes[:, :, stated:], entries)  # (batch, nodes, environments, width)
        around = (rows @ gradient.unsqueeze(3)).squeeze(3)  # (batch, nodes, environments)
        shares = torch.cat([shares, around], 2)  # (batch, nodes, slots)
    return shares


def shared_environments(
    batch: Any, split: Float[Tensor, "batch nodes features"]
) -> Float[Tensor, "batch nodes features"]:
    """The split with each environment's relevance in equal parts at all nodes that it speaks of.

    Sums over nodes stay as they are.
    """
    stated = batch.vocabulary.stated
    shares = []
    for feature, radius in enumerate(batch.vocabulary.environments, stated):
        around = batch.near(radius).to(split.dtype)  # (batch, centres, nodes)
        count = around.sum(2).clamp_min(1)
        part = split[:, :, feature] / count  # (batch, centres)
        share = around.transpose(1, 2) @ part.unsqueeze(2)  # (batch, nodes, 1)
        shares.append(share.squeeze(2))
    unshared = split[:, :, :stated]
    return torch.cat([unshared, torch.stack(shares, 2)], 2)  # (batch, nodes, features)


def _check_balance(
    method: str,
    result: Pass,
    relevance: Float[Tensor, "batch tokens"],
    apart: Float[Tensor, " batch"],
) -> None:
    """Refuse relevance of a method that promises conservation and does not add up.

    Args:
        method: its id.
        result: what it made.
        relevance: of the tokens.
        apart: relevance of structure that no token has.

    Raises:
        ValueError: it names the graph with the largest gap, and functions without a rule.
    """
    parts = relevance.double().sum(1) + result.bias.double() + apart.double()
    gap = (result.explained.double() - parts).abs()  # (batch)
    terms = relevance.abs().sum(1) + result.bias.abs() + apart.abs()  # (batch)
    size = result.explained.abs() + terms
    if adds_up(gap, size).all():
        return
    worst = int(torch.argmax(gap / (size + LEAST)))
    logit = float(result.explained[worst])
    functions = names(result.mode.without_rule) or "none"
    raise ValueError(
        f"{method} left a gap of {float(gap[worst]):.3g} on a logit of {logit:.3g}; "
        f"non-linear functions without a rule: {functions}"
    )
