"""Explanations of methods that give each node a score and keep no ledger."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from molxai.explanation.explanation import Explanation
from molxai.explanation.network import Batch
from molxai.explanation.outcome import Outcome


def node_explanations(
    name: str,
    batch: Batch,
    outcomes: Sequence[Outcome],
    relevance: Float[Tensor, "batch nodes"],
    deltas: Sequence[float | None] = (),
    errors: Float[Tensor, "batch nodes"] | None = None,
) -> list[Explanation]:
    """An explanation of each graph from the relevance of its nodes alone.

    Args:
        name: of the method.
        batch: graphs.
        outcomes: what the model says of each.
        relevance: of each node.
        deltas: what the relevances of each graph miss of their sum, by methods that converge.
        errors: standard error of each node's relevance, by methods that sample.
    """
    relevance = relevance.detach().cpu()
    deltas = deltas or [None] * len(outcomes)
    return [
        Explanation(
            method=name,
            relevance=relevance[row, :nodes],
            feature_relevance=None,
            features=(),
            token=0.0,
            bias=0.0,
            delta=deltas[row],
            relevance_error=None if errors is None else errors[row, :nodes],
            **vars(outcomes[row]),
        )
        for row, nodes in enumerate(batch.sizes)
    ]
