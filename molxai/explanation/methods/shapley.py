"""Shapley values of the nodes, from few orders of insertion."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.random import graph_seed
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.network import Batch, Network, dtype_of
from molxai.explanation.outcome import Outcome
from molxai.explanation.passes import forward_pass, target_weights
from molxai.explanation.removal import batch_logits

BINS_PER_OCTAVE = 2
"""Positions in an order whose effect is one number: half an octave of them, 1, 2, 3, 4–5, 6–7, …

The first nodes of an empty graph move the output most, so early positions have narrow bins.
"""

FEWEST_PAIRS = 2
"""Pairs of orders without which there is no spread, and no other pair to learn from."""


@dataclass(frozen=True)
class Shapley(Method):
    """Shapley values by sampling orders of insertion (Strumbelj & Kononenko 2010).

    Orders come in pairs, one the reverse of the other (Mitchell et al. 2022, "Sampling Permutations
    for Shapley Value Estimation"). What a node adds depends on its position in an order, whichever
    node it is. This effect is taken out, see `estimates`. Both reduce the noise and leave the
    expected value as it is.

    `relevance_error` is the standard error of each node's value, from the spread between pairs.
    `delta` is Σ relevance − (logit of the graph − logit of the graph without nodes): zero for whole
    orders.
    """

    pairs: int = 5
    """Pairs of an order and its reverse: each takes 2 (n − 1) evaluations of n nodes."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pairs < FEWEST_PAIRS:
            raise ValueError(
                f"{self.pairs} pairs of orders: at least {FEWEST_PAIRS} are needed for an error"
            )

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + 1 + 2 * self.pairs * (nodes - 1), 0

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        outcomes = forward_pass(model, batch, targets)
        relevance = torch.zeros(batch.mask.shape, dtype=dtype_of(model))
        error = torch.zeros_like(relevance)
        deltas = []
        for row, outcome in enumerate(outcomes):
            nodes = batch.sizes[row]
            seed = self.seed * 2**32 + graph_seed(batch, row)
            position = paired_positions(nodes, self.pairs, seed)
            logits = _logits(model, batch, row, outcome, position)  # (pairs, 2, nodes + 1)
            of_pairs = estimates(_rises(logits, position), position)  # (pairs, nodes)
            relevance[row, :nodes] = of_pairs.mean(0)
            error[row, :nodes] = of_pairs.std(0) / self.pairs**0.5
            rise = float(logits[0, 0, -1] - logits[0, 0, 0])
            deltas.append(float(relevance[row].double().sum()) - rise)
        return node_explanations(self.name, batch, outcomes, relevance, deltas, error)


def paired_positions(nodes: int, pairs: int, seed: int) -> Int[Tensor, "pairs 2 nodes"]:
    """The position of each node in random orders and in their reverses.

    They are drawn from a generator of their own. Other threads draw from the process's one.

    Example:
        >>> paired_positions(3, 5, seed=0).sum(1).unique()
        tensor([2])
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randperm(nodes, generator=generator) for _ in range(pairs)]
    position = torch.stack(drawn)  # (pairs, nodes)
    reverse = nodes - 1 - position
    return torch.stack([position, reverse], 1)  # (pairs, 2, nodes)


def _logits(
    model: Network,
    batch: Batch,
    row: int,
    outcome: Outcome,
    position: Int[Tensor, "pairs 2 nodes"],
) -> Float[Tensor, "pairs 2 steps"]:
    """The explained logit with the first 0, 1 … n nodes of each order; all orders run together.

    The empty graph is evaluated once for all orders, and the whole graph has been already.
    """
    pairs, _, nodes = position.shape
    step = torch.arange(1, nodes)
    presence = position.unsqueeze(2) < step[:, None]  # (pairs, 2, nodes - 1, nodes)
    presence = torch.cat([torch.zeros(1, nodes, dtype=torch.bool), presence.flatten(0, 2)])
    device = batch.mask.device
    remaining = torch.zeros(len(presence), batch.mask.shape[1], dtype=torch.bool, device=device)
    remaining[:, :nodes] = presence.to(device)
    rows = torch.full((len(presence),), row, device=device)
    outputs = batch_logits(model, batch, rows, remaining)  # (copies, outputs)
    weights = target_weights(model, [outcome.target], outputs)[0]  # (outputs)
    explained = (outputs @ weights).cpu().double()  # (copies)
    nothing = explained[0].expand(pairs, 2, 1)
    between = explained[1:].view(pairs, 2, nodes - 1)
    whole = torch.full_like(nothing, outcome.logit)
    return torch.cat([nothing, between, whole], 2)  # (pairs, 2, nodes + 1)


def _rises(
    logits: Float[Tensor, "pairs 2 steps"], position: Int[Tensor, "pairs 2 nodes"]
) -> Float[Tensor, "pairs 2 nodes"]:
    """How much the logit rises when each node comes to those before it."""
    return logits.diff(dim=2).gather(2, position)


def estimates(
    rises: Float[Tensor, "pairs 2 nodes"], position: Int[Tensor, "pairs 2 nodes"]
) -> Float[Tensor, "pairs nodes"]:
    """A value of each node from each pair of orders, without the effect of positions.

    A node's rise is its value, plus the effect of its position, plus noise. The effect that is
    taken from a pair is estimated from the other pairs, so it does not depend on the orders that it
    corrects. Its sum over the positions is zero. Both together leave the expected value of each
    node as it is, and the values of each pair sum to the logit's rise from the empty graph.
    """
    bins = position_bins(position.shape[2])[position]  # (pairs, 2, nodes)
    others = ~torch.eye(len(rises), dtype=torch.bool)
    effects = [position_effect(rises[other], bins[other]) for other in others]
    taken = [effect[of_pair] for effect, of_pair in zip(effects, bins, strict=True)]
    return (rises - torch.stack(taken)).mean(1)  # (pairs, nodes)


def position_bins(nodes: int) -> Int[Tensor, " nodes"]:
    """The bin of each position in an order, numbered from 0 without gaps.

    Example:
        >>> position_bins(10)
        tensor([0, 1, 2, 3, 3, 4, 4, 5, 5, 5])
    """
    place = torch.arange(1, nodes + 1, dtype=torch.float64)
    octaves = (BINS_PER_OCTAVE * place.log2()).floor()
    return octaves.unique(return_inverse=True)[1]


def position_effect(
    rises: Float[Tensor, "pairs 2 nodes"], bins: Int[Tensor, "pairs 2 nodes"]
) -> Float[Tensor, " bins"]:
    """How much more than on average any node adds in each bin of positions.

    It is the mean over all nodes that came there. Fitting a value of each node beside it (least
    squares in rounds) is as good with ten orders and far worse with four.
    """
    count = bins.flatten().bincount()  # (bins)
    total = bins.flatten().bincount(rises.flatten())  # (bins)
    return total / count - rises.mean()
