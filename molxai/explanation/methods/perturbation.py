"""Relevance from what the model says when nodes are removed (removal mode `attn`: dropped from every attention)."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from graphormer.graphs.graph import GraphBatch, within
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods.gradient import node_explanations
from molxai.explanation.outcome import Outcome, outcomes, resolved
from molxai.explanation.passes import check_ready, target_weights
from molxai.explanation.removal import batch_logits
from molxai.explanation.target import Target


def whole_outcome(
    model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None
) -> list[Outcome]:
    """What the model says of the whole graphs."""
    check_ready(model)
    with torch.no_grad():
        logits = model(batch)
    return outcomes(model.config, logits, resolved(model.config, logits, targets))


def graph_seed(batch: GraphBatch, row: int) -> int:
    """A seed that depends on the graph alone, not on the batch that it comes in."""
    nodes = batch.sizes[row]
    return zlib.crc32(batch.codes[row, :nodes].cpu().numpy().tobytes())


@dataclass(frozen=True)
class Occlusion:
    """Drop of the explained logit when a node is removed together with all within `hops` edges of it.

    With `hops` = 0 this is leave-one-out (Zeiler & Fergus 2014, section 4.2, on graphs).
    """

    name: str
    hops: int = 0
    conserves: bool = False
    signed: bool = True
    by_target: bool = True
    largest: int | None = None

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + nodes, 0

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """Explain each graph of the batch for its target; all copies of all its graphs run in few bounded batches."""
        window = self.window(batch)
        outcome = whole_outcome(model, batch, targets)
        row, node = batch.mask.nonzero(as_tuple=True)
        logits = batch_logits(model, batch, row, batch.mask[row] & ~window[row, node])
        weights = target_weights(model, [one.target for one in outcome], logits)
        whole = torch.tensor(
            [one.logit for one in outcome], dtype=logits.dtype, device=logits.device
        )
        relevance = torch.zeros(batch.mask.shape, dtype=logits.dtype, device=logits.device)
        relevance[row, node] = whole[row] - (logits * weights[row]).sum(1)
        return node_explanations(self.name, batch, outcome, relevance)

    def window(self, batch: GraphBatch) -> Bool[Tensor, "batch nodes nodes"]:
        """The nodes that go when a node does.

        Raises:
            ValueError: distances are not told apart as far as `hops`.
        """
        if self.hops >= batch.vocabulary.max_hops:
            farthest = batch.vocabulary.max_hops - 1
            raise ValueError(
                f"{self.name}: '{batch.vocabulary.name}' tells distances apart up to {farthest} hops, not {self.hops}"
            )
        return within(batch, self.hops)


@dataclass(frozen=True)
class Shapley:
    """Shapley values of the nodes by sampling orders of insertion (Strumbelj & Kononenko 2010), captum's implementation.

    `delta` is Σ relevance − (logit of the graph − logit of the graph without nodes): zero for whole orders.
    """

    name: str = "shap"
    samples: int = 10
    """Orders: each takes as many evaluations as there are nodes."""
    conserves: bool = False
    signed: bool = True
    by_target: bool = True
    largest: int | None = 200

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + 2 + self.samples * nodes, 0

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class."""
        from captum.attr import (
            ShapleyValueSampling,
        )  # here, because other methods need not wait for it

        outcome = whole_outcome(model, batch, targets)
        relevance = torch.zeros(batch.mask.shape, dtype=model.head.weight.dtype)
        deltas = []
        for row, (n, one) in enumerate(zip(batch.sizes, outcome, strict=True)):
            value = _value(model, batch, row, one.target)
            whole = torch.ones(1, n, dtype=relevance.dtype)
            sampling = ShapleyValueSampling(value)
            sampling.permutation_generator = own_orders(graph_seed(batch, row))
            sampled = sampling.attribute(whole, n_samples=self.samples, perturbations_per_eval=n)
            relevance[row, :n] = sampled[0]
            deltas.append(float(sampled.sum() - (one.logit - value(torch.zeros_like(whole)))))
        return node_explanations(self.name, batch, outcome, relevance, deltas)


def own_orders(seed: int) -> Callable[[int, int], Iterator[list[int]]]:
    """Random orders in captum's form, drawn from a generator of their own.

    Captum draws from the process's generator, which other threads draw from and seed as well.

    Example:
        >>> [sorted(order) for order in own_orders(0)(3, 2)]
        [[0, 1, 2], [0, 1, 2]]
    """

    def orders(features: int, samples: int) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(seed)
        for _ in range(samples):
            yield torch.randperm(features, generator=generator).tolist()

    return orders


def _value(
    model: Graphormer, batch: GraphBatch, row: int, target: Target
) -> Callable[[Tensor], Tensor]:
    """The explained logit as a function of which nodes are there (1) or not (0)."""
    weights = target_weights(model, [target], model.head.weight)[0]

    def value(there: Float[Tensor, "copies nodes"]) -> Float[Tensor, " copies"]:
        kept = torch.zeros(
            len(there), batch.mask.shape[1], dtype=torch.bool, device=batch.mask.device
        )
        kept[:, : there.shape[1]] = there > 0.5
        return (
            batch_logits(
                model, batch, torch.full((len(there),), row, device=kept.device), kept
            ).cpu()
            @ weights.cpu()
        )

    return value


@dataclass(frozen=True)
class Oracle:
    """Greedy insertion: from the empty graph, always the node that raises the model's output most, first in highest.

    The output is the probability of the explained class (the logit for differences and regressions). It is the ceiling of
    activation curves, found with n (n + 1) / 2 evaluations, and no explanation that one would give.
    """

    name: str = "oracle"
    conserves: bool = False
    signed: bool = True
    by_target: bool = True
    largest: int | None = 200

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + nodes * (nodes + 1) // 2, 0

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """Scores n, n − 1 … 1 in the order of insertion, all graphs of the batch side by side."""
        outcome = whole_outcome(model, batch, targets)
        relevance = torch.zeros(
            batch.mask.shape, dtype=model.head.weight.dtype, device=batch.mask.device
        )
        kept = torch.zeros_like(batch.mask)
        chosen = [one.target for one in outcome]
        for left in range(max(batch.sizes), 0, -1):
            row, node = (batch.mask & ~kept & (batch.mask.sum(1) >= left)[:, None]).nonzero(
                as_tuple=True
            )
            copies = kept[row].index_put(
                (torch.arange(len(row), device=row.device), node),
                torch.tensor(True, device=row.device),
            )
            score = self._score(model, batch_logits(model, batch, row, copies), row, chosen)
            table = torch.full(
                batch.mask.shape, float("-inf"), dtype=score.dtype, device=score.device
            )
            table[row, node] = score
            rows = row.unique()
            best = self._first_best(table[rows])
            kept[rows, best] = True
            relevance[rows, best] = float(left)
        return node_explanations(self.name, batch, outcome, relevance)

    @staticmethod
    def _first_best(scores: Float[Tensor, "graphs nodes"]) -> Int[Tensor, " graphs"]:
        """The first of the nodes that tie but for rounding, so that symmetric atoms come in the same order in any batch."""
        best = scores.max(1, keepdim=True).values
        return (scores >= best - 1e-5 * (1 + best.abs())).int().argmax(1)

    @staticmethod
    def _score(
        model: Graphormer,
        logits: Float[Tensor, "copies outputs"],
        row: Int[Tensor, " copies"],
        targets: Sequence[Target],
    ) -> Float[Tensor, " copies"]:
        """Monotone in the probability of each copy's explained class, without saturating at 1."""
        weights = target_weights(model, targets, logits)[row]
        if model.config.task == "multiclass" and all(target.contrast is None for target in targets):
            return (logits.log_softmax(1) * weights).sum(1)
        return (logits * weights).sum(1)
