"""Faithfulness: what the model says as nodes are added or removed in the order of their relevance.

Sources: Ali et al. 2022, section 5 (activation and pruning tasks, AUAC and AU-MSE); DeYoung et al. 2020, "ERASER",
section 4 (comprehensiveness, sufficiency); Petsiuk et al. 2018, "RISE" (deletion; insertion is the activation curve).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from graphormer.graphs.graph import Graph, size_batches
from graphormer.network.ensemble import Model
from molxai.explanation.explanation import Explanation
from molxai.explanation.removal import Removal, kept_logits

FRACTIONS = tuple(k / 10 for k in range(11))
"""Of the nodes that are added or removed: n = ceil(fraction · nodes)."""

TOP = (1, 3, 5)
"""Nodes that are taken alone, or away, for sufficiency and comprehensiveness."""

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
    sufficiency: Float[ndarray, "graphs top"]
    """(p − p with the top nodes only) / p: low where they suffice."""
    comprehensiveness: Float[ndarray, "graphs top"]
    """(p − p without the top nodes) / p: high where they are needed."""

    @property
    def auac(self) -> Float[ndarray, " graphs"]:
        """Area under the activation curve; its mean over graphs is the area under the mean curve. Higher is better."""
        return np.trapezoid(self.activation, dx=0.1, axis=1)

    @property
    def au_mse(self) -> Float[ndarray, " graphs"]:
        """Area under the pruning curve. Lower is better."""
        return np.trapezoid(self.pruning, dx=0.1, axis=1)

    @property
    def deletion_area(self) -> Float[ndarray, " graphs"]:
        """Area under the deletion curve. Lower is better."""
        return np.trapezoid(self.deletion, dx=0.1, axis=1)


def curves(
    model: Model,
    graphs: Sequence[Graph],
    explanations: Sequence[Explanation],
    mode: Removal = "attn",
) -> Curves:
    """All curves of the graphs, each for its explanation's target.

    Raises:
        ValueError: a regression, which has no class probability; or another number of relevances than nodes.
    """
    if model.config.task == "regression":
        raise ValueError(
            "activation curves follow a class's probability, and a regression has none: a classifier is needed"
        )
    parts: list[tuple[list[int], Curves]] = []
    for rows in size_batches([g.nodes for g in graphs], TOGETHER, budget=10**9):
        parts.append(
            (
                rows,
                _curves(
                    model, [graphs[row] for row in rows], [explanations[row] for row in rows], mode
                ),
            )
        )
    order = np.argsort([row for rows, _ in parts for row in rows])
    return Curves(
        *(
            np.concatenate([getattr(part, name) for _, part in parts])[order]
            for name in Curves.__annotations__
        )
    )


def _curves(
    model: Model, graphs: Sequence[Graph], explanations: Sequence[Explanation], mode: Removal
) -> Curves:
    widest = max(g.nodes for g in graphs)
    kept = torch.stack(
        [
            _copies(one.relevance, g.nodes, widest)
            for g, one in zip(graphs, explanations, strict=True)
        ]
    )
    count = kept.shape[1]
    rows = torch.arange(len(graphs)).repeat_interleave(count)
    logits = (
        kept_logits(model, graphs, rows, kept.flatten(0, 1), mode)
        .double()
        .cpu()
        .unflatten(0, (len(graphs), count))
    )
    full = logits[:, len(FRACTIONS) - 1 : len(FRACTIONS)]
    chance = torch.stack(
        [_probability(model, one, row) for one, row in zip(explanations, logits, strict=True)]
    ).numpy()
    error = ((logits - full) ** 2).sum(2).numpy()
    n = len(FRACTIONS)
    whole = np.maximum(chance[:, n - 1 : n], np.finfo(float).tiny)
    sufficiency, comprehensiveness = (
        1 - chance[:, a : a + len(TOP)] / whole for a in (3 * n, 3 * n + len(TOP))
    )
    return Curves(
        chance[:, :n], error[:, n : 2 * n], chance[:, 2 * n : 3 * n], sufficiency, comprehensiveness
    )


def _copies(
    relevance: Float[Tensor, " nodes"], nodes: int, widest: int
) -> Bool[Tensor, "copies widest"]:
    """Which nodes are left in each copy: activation, pruning, deletion, the top alone, without the top."""
    if len(relevance) != nodes:
        raise ValueError(f"{len(relevance)} relevances but {nodes} nodes")
    rank, rank_of_size = _rank(-relevance), _rank(relevance.abs())
    taken = torch.tensor([math.ceil(round(fraction * nodes, 9)) for fraction in FRACTIONS])[:, None]
    top = torch.tensor(TOP)[:, None]
    kept = torch.cat([rank < taken, rank_of_size >= taken, rank >= taken, rank < top, rank >= top])
    return torch.nn.functional.pad(kept, (0, widest - nodes))


def _rank(values: Float[Tensor, " nodes"]) -> Tensor:
    """Place of each node in ascending order; ties in a random order, for the order of the atoms must not decide."""
    shuffled = torch.randperm(len(values), generator=torch.Generator().manual_seed(len(values)))
    return torch.argsort(shuffled[torch.argsort(values[shuffled], stable=True)])


def _probability(
    model: Model, explanation: Explanation, logits: Float[Tensor, "copies outputs"]
) -> Float[Tensor, " copies"]:
    """Of the explained class."""
    target = explanation.target
    if model.config.task == "multiclass":
        return logits.softmax(1)[:, target.label]
    return torch.sigmoid(logits[:, target.column] * (1 if target.label else -1))
