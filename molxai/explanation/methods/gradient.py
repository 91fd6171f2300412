"""One forward and one backward pass, plain or under rules, and the methods that read relevance off its gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.outcome import Outcome
from molxai.explanation.passes import gradient_pass
from molxai.explanation.target import Target


@dataclass(frozen=True)
class Saliency:
    """Σ |∂f/∂x| over the width of each node's input embedding (Simonyan et al. 2014, section 3)."""

    name: str = "saliency"
    conserves: bool = False
    signed: bool = False
    by_target: bool = True
    largest: int | None = None

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 1

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class."""
        made = gradient_pass(model, batch, targets)
        size = made.gradient.abs().sum(2)
        return node_explanations(self.name, batch, made.outcome, size[:, 1:])


def node_explanations(
    name: str,
    batch: GraphBatch,
    outcome: Sequence[Outcome],
    relevance: Float[Tensor, "batch nodes"],
    delta: Sequence[float | None] = (),
) -> list[Explanation]:
    """Explanations of a method that gives nodes a relevance and keeps no ledger."""
    nodes = relevance.detach().cpu()
    deltas = delta or [None] * len(outcome)
    return [
        Explanation(name, nodes[i, :n], None, (), 0.0, 0.0, delta=deltas[i], **vars(outcome[i]))
        for i, n in enumerate(batch.sizes)
    ]
