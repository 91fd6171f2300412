"""Drop of the output when nodes are removed (removal mode `attn`: dropped from every attention)."""

from dataclasses import dataclass

from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.network import Batch, Network
from molxai.explanation.passes import forward_pass, target_weights
from molxai.explanation.removal import batch_logits


@dataclass(frozen=True)
class Occlusion(Method):
    """Drop of the explained logit when a node and all within `hops` edges of it are removed.

    With `hops` = 0 this is leave-one-out (Zeiler & Fergus 2014, section 4.2, on graphs).
    """

    hops: int = 0

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + nodes, 0

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        window = batch.near(self.hops)
        outcomes = forward_pass(model, batch, targets)
        # One copy of a graph for each of its nodes; all copies run in few bounded batches.
        row, node = batch.mask.nonzero(as_tuple=True)  # (copies), (copies)
        remaining = batch.mask[row] & ~window[row, node]  # (copies, nodes)
        logits = batch_logits(model, batch, row, remaining)
        targets_of_graphs = [outcome.target for outcome in outcomes]
        weights = target_weights(model, targets_of_graphs, logits)
        whole = logits.new_tensor([outcome.logit for outcome in outcomes])
        explained = (logits * weights[row]).sum(1)  # (copies)
        relevance = logits.new_zeros(batch.mask.shape)
        relevance[row, node] = whole[row] - explained
        return node_explanations(self.name, batch, outcomes, relevance)
