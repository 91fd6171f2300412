"""Pair flow: how much relevance attention carried between every two tokens, in each layer and head.

With a_ij the probability with which query i attends to key j, v_j the value vector of j, and g_i the gradient of the
explained logit at the head's output for i under the rules AH, LN and activation,

    F_ij = a_ij · v_j·g_i

is the relevance that i passes back to j. Σ_j F_ij is the relevance of what i heard, and Σ_ij F_ij that of the layer's
attention output, exactly (Ali et al. 2022, section 4.1: under AH that output is linear in the values).

- What a layer's total means: every layer adds what attention brings to what its tokens already are. In a model without
  biases the two parts' relevances sum to the logit, so a layer's total is the share of the logit that came through that
  layer's attention; the remainder stayed on the residual connection. The same relevance crosses layer after layer, so
  totals of several layers are not shares of one logit and may exceed it.
- The attention itself is taken as given. A flow says how evidence was carried, not why these tokens attended to each
  other. Structural biases and bonds have no relevance: a bucket of aromatic bonds holds what was carried between atoms
  that such a bond joins, not what the bond is worth.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from graphormer.graphs.graph import Graph, collate
from graphormer.graphs.pairs import UNREACHABLE
from graphormer.network.ensemble import Ensemble
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.optional import needed
from molxai.explanation.passes import gradient_pass
from molxai.explanation.target import Target
from molxai.explanation.words import in_a_line, signed
from molxai.rules import ACTIVATION, LN, Function, Rule
from molxai.rules.tables import frozen_output

if TYPE_CHECKING:
    import pandas

METHOD = "lrp"
"""The method whose rules the flow is made with, and the only one whose explanations have one."""

TOKEN_BUCKETS = ("to the graph token", "from the graph token", "graph token (itself)")
"""Pairs with the graph token as query, as key, as both: evidence moves from key to query."""

SAME_LOGIT = 1e-3
"""Largest difference between an explanation's logit and its network's now, as a share of 1 + |logit|; batches differ by 1e-6."""


@dataclass(frozen=True, repr=False)
class PairFlow:
    """Relevance carried by attention from query i back to key j, in each layer and head, for one graph and target."""

    flow: Float[Tensor, "layers heads tokens tokens"] = field(repr=False)
    """In logit units (a regression: in the target's unit); token 0 is the graph token, token i + 1 is node i."""
    graph: Graph = field(repr=False)
    logit: float
    """The explained quantity."""
    explanation: Explanation | None = field(default=None, repr=False)
    """Whose flow it is, with what is needed to draw it."""

    def __repr__(self) -> str:
        layers, heads = self.flow.shape[:2]
        name, said = (
            (self.explanation.name, self.explanation.said)
            if self.explanation
            else ("", f"logit {signed(self.logit)}")
        )
        return in_a_line(
            "PairFlow",
            name,
            said,
            f"{layers} layers, {heads} heads, {len(self.names)} tokens",
            f"total {signed(self.total())}",
        )

    @property
    def names(self) -> list[str]:
        """Of the tokens: the graph token, then element and number of each atom, or the number of each segment."""
        nodes = (
            self.explanation.node_names()
            if self.explanation
            else [str(i) for i in range(self.graph.nodes)]
        )
        return ["graph token", *nodes]

    @property
    def totals(self) -> Float[Tensor, "layers heads"]:
        """Relevance of each head's output: the sum over its pairs."""
        return self.flow.sum((2, 3))

    def pairs(
        self, layer: int | None = None, head: int | None = None
    ) -> Float[Tensor, "tokens tokens"]:
        """Flow of each (query, key), of one layer or head or summed over them.

        Args:
            layer: counted from 0; None for all.
            head: counted from 0; None for all.

        Raises:
            ValueError: there is no such layer or head.
        """
        layers, heads = (
            _chosen(name, i, n)
            for name, i, n in zip(
                ("layer", "head"), (layer, head), self.flow.shape[:2], strict=True
            )
        )
        return self.flow[layers, heads].sum((0, 1))

    def total(self, layer: int | None = None, head: int | None = None) -> float:
        """Sum over all pairs of `pairs(layer, head)`."""
        return float(self.pairs(layer, head).sum())

    def by_hops(self, layer: int | None = None, head: int | None = None) -> dict[str, float]:
        """Flow by hop distance: itself, 1 hop …, unreachable, and the pairs with the graph token. They sum to `total`.

        Distances are the graph's own; a model tells them apart up to its vocabulary's `max_hops`. Only buckets with
        pairs are listed.
        """
        return _summed(*hop_buckets(self.graph), self.pairs(layer, head))

    def by_edge_type(self, layer: int | None = None, head: int | None = None) -> dict[str, float]:
        """Flow between neighbours by the type of their bond or edge, then the other buckets of `by_hops`. They sum to `total`."""
        return _summed(*edge_buckets(self.graph), self.pairs(layer, head))

    def strongest(
        self, top: int, layer: int | None = None, head: int | None = None
    ) -> list[tuple[int, int, float]]:
        """The pairs of different nodes i < j with the largest |F_ij + F_ji|, as (i, j, F_ij + F_ji), largest first.

        Raises:
            ValueError: `top` is less than 1.
        """
        if top < 1:
            raise ValueError(f"the strongest {top} pairs: at least 1 is needed")
        between = self.pairs(layer, head)[1:, 1:]
        first, second = torch.triu_indices(len(between), len(between), 1)
        both = (between + between.T)[first, second]
        order = both.abs().argsort(descending=True, stable=True)[:top]
        found = zip(
            first[order].tolist(), second[order].tolist(), both[order].tolist(), strict=True
        )
        return [(i, j, value) for i, j, value in found if value]

    def to_frame(self, layer: int | None = None, head: int | None = None) -> "pandas.DataFrame":
        """One row per (query, key): their names, the bucket of `by_hops` and the flow. Needs pandas.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        pandas = needed("pandas", "to_frame()")
        (buckets, bucket), tokens = hop_buckets(self.graph), self.names
        rows = {
            "query": [name for name in tokens for _ in tokens],
            "key": tokens * len(tokens),
            "bucket": [buckets[i] for i in bucket.flatten().tolist()],
            "flow": self.pairs(layer, head).flatten().tolist(),
        }
        return pandas.DataFrame(rows)

    def draw(self, path: str | Path | None = None, top: int = 12) -> str | bytes:
        """The picture as SVG text, or as PNG bytes if `path` ends in .png; written to `path`.

        Raises:
            ValueError: there is nothing to draw on, or the file name has another ending.
        """
        from molxai.explanation.flow_picture import draw_flow

        return draw_flow(self, path, top)

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import shares_html

        shares = self.by_hops()
        if self.explanation is None or self.explanation.subject is None:
            return shares_html(shares, "distance", "all pairs", words=[repr(self)])
        return shares_html(shares, "distance", "all pairs", self.draw())


def pair_flow(
    model: Graphormer,
    graph: Graph,
    target: Target | None = None,
    tables: tuple[Rule, ...] = (LN, ACTIVATION),
) -> PairFlow:
    """The flow of one graph for a target, by default the predicted class; one forward and one backward pass.

    Under AH the probabilities a_ij are constants, which makes them leaves: ∂f̃/∂a_ij = v_j·g_i, and the flow is
    a ⊙ ∂f̃/∂a. It is kept in float64 whatever the model's type.

    Args:
        model: in evaluation mode.
        graph: of the model's vocabulary.
        target: what is explained.
        tables: the rules besides AH.

    Raises:
        ValueError: the model is in training mode, compiled or scripted, or a rule never fired.
    """
    weight, heard = next(model.parameters()), list[Tensor]()
    batch = collate([graph]).to(weight.device).to(weight.dtype)
    made = gradient_pass(model, batch, [target], (recording(heard), *tables), heard)
    flow = torch.cat(
        [
            a.detach().double() * slope.double()
            for a, slope in zip(heard, made.recorded_gradients, strict=True)
        ]
    )
    return PairFlow(flow.cpu(), graph, float(made.explained))


def recording(heard: list[Tensor]) -> Rule:
    """The AH rule with the attention probabilities of each layer appended to `heard`, as leaves that take a gradient."""

    def leaf(func: Function, *args: Any, **kwargs: Any) -> Tensor:
        heard.append(frozen_output(func, *args, **kwargs).requires_grad_())
        return heard[-1]

    return Rule("AH", {F.softmax: leaf, torch.softmax: leaf, Tensor.softmax: leaf})


def flow_of(explanation: Explanation) -> PairFlow:
    """The flow behind an explanation of the method lrp: same network, graph and target.

    Raises:
        ValueError: another method, no network or subject, or the network no longer says what was explained.
    """
    if explanation.method != METHOD:
        raise ValueError(
            f"no pair flow for the method {explanation.method!r}: it follows the rules of {METHOD!r}, explain with that"
        )
    if explanation.network is None or explanation.subject is None:
        missing = "subject" if explanation.network else "network"
        raise ValueError(
            f"the explanation holds no {missing} to follow the flow in: explain again with an Explainer, or call pair_flow"
        )
    if isinstance(explanation.network, Ensemble):
        raise ValueError(
            "an ensemble has no pair flow: each member attends in its own way, explain one of them"
        )
    made = pair_flow(explanation.network, explanation.subject.graph, explanation.target)
    if abs(made.logit - explanation.logit) > SAME_LOGIT * (1 + abs(explanation.logit)):
        raise ValueError(
            f"the network now says {made.logit:.4g}, the explanation is of {explanation.logit:.4g}: explain again"
        )
    return replace(made, explanation=explanation)


def hop_buckets(graph: Graph) -> tuple[list[str], Int[Tensor, "tokens tokens"]]:
    """Names of the buckets, and the position of its bucket for each (query, key)."""
    hops = graph.hops.long()
    longest = int(hops.max())
    names = ["0 hops (itself)", "1 hop", *(f"{length} hops" for length in range(2, longest + 1))][
        : longest + 1
    ]
    bucket = torch.full((graph.nodes + 1, graph.nodes + 1), longest + 1)
    bucket[1:, 1:] = torch.where(hops == UNREACHABLE, longest + 1, hops)
    bucket[0, :], bucket[:, 0], bucket[0, 0] = longest + 2, longest + 3, longest + 4
    return [*names, "unreachable", *TOKEN_BUCKETS], bucket


def edge_buckets(graph: Graph) -> tuple[list[str], Int[Tensor, "tokens tokens"]]:
    """As `hop_buckets`, with the pairs one hop apart told apart by edge type; these come first."""
    names, bucket = hop_buckets(graph)
    types = graph.vocabulary.edge_types
    begin, end = graph.edges.long()
    kind = torch.zeros_like(bucket)
    kind[begin + 1, end + 1] = graph.edge_types.long()
    neighbours = torch.zeros_like(bucket, dtype=torch.bool)
    neighbours[1:, 1:] = graph.hops == 1
    return [*types, *names], torch.where(neighbours, kind, bucket + len(types))


def _summed(
    names: list[str], bucket: Int[Tensor, "tokens tokens"], flow: Float[Tensor, "tokens tokens"]
) -> dict[str, float]:
    """Sum of the flow in each bucket that holds pairs."""
    sums = torch.bincount(bucket.flatten(), flow.flatten(), minlength=len(names)).tolist()
    counts = torch.bincount(bucket.flatten(), minlength=len(names)).tolist()
    return {name: value for name, value, count in zip(names, sums, counts, strict=True) if count}


def _chosen(name: str, position: int | None, count: int) -> slice:
    if position is None:
        return slice(None)
    if not 0 <= position < count:
        raise ValueError(f"{name} {position}: the flow has {name}s 0 … {count - 1}")
    return slice(position, position + 1)
