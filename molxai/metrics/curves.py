"""Faithfulness: what the model says as nodes are added or removed in the order of their relevance.

Sources: Ali et al. 2022, section 5 (activation and pruning tasks, AUAC and AU-MSE); DeYoung et al.
2020, "ERASER", section 4 (comprehensiveness, sufficiency); Petsiuk et al. 2018, "RISE" (deletion;
insertion is the activation curve); Blücher et al. 2024, "Decoupling Pixel Flipping and Occlusion
Strategy for Consistent XAI Benchmarks" (symmetric relevance gain).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from graphormer.graphs.graph import size_batches
from molxai.explanation.explanation import Explanation
from molxai.explanation.network import Predictor, Removal
from molxai.explanation.passes import target_weights
from molxai.explanation.removal import kept_logits

FRACTIONS = tuple(k / 10 for k in range(11))
"""Fractions of the nodes that are added or removed: n = ceil(fraction · nodes)."""

STEP = 0.1
"""Distance of two fractions."""

TOP = (1, 3, 5)
"""Numbers of top nodes that are left or removed, for sufficiency and comprehensiveness."""

TOGETHER = 16
"""Graphs whose copies are made together."""


@dataclass(frozen=True)
class Curves:
    """One row per graph. Probabilities are of the explained class."""

    activation: Float[ndarray, "graphs fractions"]
    """Probability with the most relevant fraction of the nodes only; by signed relevance."""
    pruning: Float[ndarray, "graphs fractions"]
    """Σ over logits of (logit − full logit)² without the fraction of smallest |relevance|."""
    deletion: Float[ndarray, "graphs fractions"]
    """Probability without the most relevant fraction; by signed relevance."""
    kept_logit: Float[ndarray, "graphs fractions"]
    """The explained logit where `activation` has its probability."""
    removed_logit: Float[ndarray, "graphs fractions"]
    """The explained logit where `deletion` has its probability."""
    sufficiency: Float[ndarray, "graphs top"]
    """(p − p with the top nodes only) / p: low if they suffice."""
    comprehensiveness: Float[ndarray, "graphs top"]
    """(p − p without the top nodes) / p: high if they are needed."""

    @property
    def auac(self) -> Float[ndarray, " graphs"]:
        """Area under the activation curve. Higher is better.

        Its mean over graphs is the area under the mean curve.
        """
        return np.trapezoid(self.activation, dx=STEP, axis=1)

    @property
    def au_mse(self) -> Float[ndarray, " graphs"]:
        """Area under the pruning curve. Lower is better."""
        return np.trapezoid(self.pruning, dx=STEP, axis=1)

    @property
    def deletion_area(self) -> Float[ndarray, " graphs"]:
        """Area under the deletion curve. Lower is better."""
        return np.trapezoid(self.deletion, dx=STEP, axis=1)

    @property
    def symmetric_gain(self) -> Float[ndarray, " graphs"]:
        """Area between the logit's curves as nodes are removed, from either end. Higher is better.

        If the least relevant are removed first, the most relevant are left: the activation curve,
        read backwards, has the same area. Random order has 0 on average.
        """
        return np.trapezoid(self.kept_logit - self.removed_logit, dx=STEP, axis=1)


CURVES = tuple(field.name for field in fields(Curves))
"""The names of the arrays of `Curves`, under which they are stored."""


def sufficiency(top: int) -> Callable[[Curves], Float[ndarray, " graphs"]]:
    """The measure that reads sufficiency at that number of nodes, one of `TOP`, from `Curves`."""
    return lambda curves: curves.sufficiency[:, TOP.index(top)]


def comprehensiveness(top: int) -> Callable[[Curves], Float[ndarray, " graphs"]]:
    """The measure that reads comprehensiveness at that number of nodes from `Curves`."""
    return lambda curves: curves.comprehensiveness[:, TOP.index(top)]


def share_of_oracle(
    auac: Float[ndarray, " graphs"],
    random: Float[ndarray, " graphs"],
    oracle: Float[ndarray, " graphs"],
) -> float:
    """How far the mean AUAC of a method is on the way from random order to the oracle's.

    0 for random order, 1 for the oracle, the greedy insertion by the model's own output.

    Example:
        >>> share_of_oracle(np.array([0.75]), random=np.array([0.5]), oracle=np.array([1.0]))
        0.5
    """
    floor = random.mean()
    return float((auac.mean() - floor) / (oracle.mean() - floor))


def curves(
    model: Predictor,
    graphs: Sequence[Any],
    explanations: Sequence[Explanation],
    mode: Removal = "attn",
) -> Curves:
    """All curves of the graphs, each for its explanation's target.

    A regression has no class probability: its curves of probabilities are NaN.

    Raises:
        ValueError: another number of relevances than nodes.
    """
    batches: list[Curves] = []
    order: list[int] = []
    for rows in size_batches([graph.nodes for graph in graphs], TOGETHER, budget=10**9):
        some_graphs = [graphs[row] for row in rows]
        some_explanations = [explanations[row] for row in rows]
        batches.append(_batch_curves(model, some_graphs, some_explanations, mode))
        order += rows
    back = np.argsort(order)
    arrays = {}
    for name in CURVES:
        blocks = [getattr(batch, name) for batch in batches]
        arrays[name] = np.concatenate(blocks)[back]
    return Curves(**arrays)


def _batch_curves(
    model: Predictor, graphs: Sequence[Any], explanations: Sequence[Explanation], mode: Removal
) -> Curves:
    logits = _copy_logits(model, graphs, explanations, mode)
    pairs = zip(explanations, logits, strict=True)
    chances = [_probability(model, explanation, row) for explanation, row in pairs]
    chance = torch.stack(chances).numpy()  # (graphs, copies); NaN of a regression
    targets = [explanation.target for explanation in explanations]
    weights = target_weights(model, targets, logits)  # (graphs, outputs)
    explained = (logits * weights[:, None]).sum(2).numpy()  # (graphs, copies)
    # `_copies` lists three curves of `steps` copies, then two of `len(TOP)`
    steps = len(FRACTIONS)
    full = slice(steps - 1, steps)  # the last copy of the activation curve has all nodes
    difference = logits - logits[:, full]  # (graphs, copies, outputs)
    error = (difference**2).sum(2).numpy()  # (graphs, copies)
    smallest = np.finfo(float).tiny
    whole = np.maximum(chance[:, full], smallest)  # (graphs, 1)
    top_start = 3 * steps
    top_end = top_start + len(TOP)
    top_alone = chance[:, top_start:top_end]  # (graphs, top)
    top_removed = chance[:, top_end:]
    return Curves(
        activation=chance[:, :steps],
        pruning=error[:, steps : 2 * steps],
        deletion=chance[:, 2 * steps : 3 * steps],
        kept_logit=explained[:, :steps],
        removed_logit=explained[:, 2 * steps : 3 * steps],
        sufficiency=1 - top_alone / whole,
        comprehensiveness=1 - top_removed / whole,
    )


def _copy_logits(
    model: Predictor, graphs: Sequence[Any], explanations: Sequence[Explanation], mode: Removal
) -> Float[Tensor, "graphs copies outputs"]:
    """The model's outputs for the copies of each graph in which only some nodes are left."""
    widest = max(graph.nodes for graph in graphs)
    pairs = zip(graphs, explanations, strict=True)
    copies = [_copies(explanation.relevance, graph.nodes, widest) for graph, explanation in pairs]
    nodes_left = torch.stack(copies)  # (graphs, copies, widest)
    count = nodes_left.shape[1]
    rows = torch.arange(len(graphs)).repeat_interleave(count)  # (graphs * copies,)
    flat = nodes_left.flatten(0, 1)  # (graphs * copies, widest)
    logits = kept_logits(model, graphs, rows, flat, mode).double().cpu()
    return logits.unflatten(0, (len(graphs), count))  # (graphs, copies, outputs)


def _copies(
    relevance: Float[Tensor, " nodes"], nodes: int, widest: int
) -> Bool[Tensor, "copies widest"]:
    """Which nodes are left in each copy of a graph.

    First the copies of the activation curve, then of the pruning and of the deletion curve, then
    those with the top nodes alone, then those without them.
    """
    if len(relevance) != nodes:
        raise ValueError(f"{len(relevance)} relevances but {nodes} nodes")
    rank = _rank(-relevance)  # (nodes,)
    rank_of_size = _rank(relevance.abs())  # (nodes,)
    counts = []
    for fraction in FRACTIONS:
        # rounded, so that an error in the last digit of the product cannot add a node
        exact = round(fraction * nodes, 9)
        counts.append(math.ceil(exact))
    taken = torch.tensor(counts)[:, None]  # (fractions, 1)
    top = torch.tensor(TOP)[:, None]  # (top, 1)
    activation = rank < taken  # (fractions, nodes)
    pruning = rank_of_size >= taken
    deletion = rank >= taken
    top_alone = rank < top  # (top, nodes)
    top_removed = rank >= top
    copies = torch.cat([activation, pruning, deletion, top_alone, top_removed])
    return torch.nn.functional.pad(copies, (0, widest - nodes))  # (copies, widest)


def _rank(values: Float[Tensor, " nodes"]) -> Int[Tensor, " nodes"]:
    """Place of each node in ascending order.

    Ties are in a random order, always the same: the order of the atoms must not decide.
    """
    generator = torch.Generator().manual_seed(len(values))
    shuffle = torch.randperm(len(values), generator=generator)
    order = torch.argsort(values[shuffle], stable=True)
    return torch.argsort(shuffle[order])


def _probability(
    model: Predictor, explanation: Explanation, logits: Float[Tensor, "copies outputs"]
) -> Float[Tensor, " copies"]:
    """The probability of the explained class in each copy; NaN of a regression, which has none."""
    target = explanation.target
    if model.config.task == "regression":
        return torch.full_like(logits[:, 0], torch.nan)
    if model.config.task == "multiclass":
        return logits.softmax(1)[:, target.label]
    sign = 1 if target.label else -1
    return torch.sigmoid(logits[:, target.column] * sign)
