"""Drop of the output when nodes are removed."""

from dataclasses import dataclass

from graphormer.names import unknown
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.network import REMOVALS, Batch, Network, Removal
from molxai.explanation.passes import forward_pass, target_weights
from molxai.explanation.removal import batch_logits


@dataclass(frozen=True)
class Occlusion(Method):
    """Drop of the explained logit when a node and all within `hops` edges of it are removed.

    With `hops` = 0 this is leave-one-out (Zeiler & Fergus 2014, section 4.2, on graphs).
    """

    hops: int = 0
    removal: Removal = "attn"
    """One of `REMOVALS`: what it means that nodes are removed. Only texts can be read anew without
    them (`drop`)."""

    def __post_init__(self) -> None:
        if self.removal not in REMOVALS:
            raise ValueError(unknown("removal mode", self.removal, REMOVALS))
        if self.hops < 0:
            raise ValueError(f"{self.hops} hops: at least 0 are needed")

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + nodes, 0

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        window = batch.near(self.hops)
        outcomes = forward_pass(model, batch, targets)
        # One copy of a graph for each of its nodes; all copies run in few bounded batches.
        row, node = batch.mask.nonzero(as_tuple=True)  # (copies), (copies)
        remaining = batch.mask[row] & ~window[row, node]  # (copies, nodes)
        logits = batch_logits(model, batch, row, remaining, self.removal)
        targets_of_graphs = [outcome.target for outcome in outcomes]
        weights = target_weights(model, targets_of_graphs, logits)
        whole = logits.new_tensor([outcome.logit for outcome in outcomes])
        explained = (logits * weights[row]).sum(1)  # (copies)
        relevance = logits.new_zeros(batch.mask.shape)
        relevance[row, node] = whole[row] - explained
        return node_explanations(self.name, batch, outcomes, relevance)
