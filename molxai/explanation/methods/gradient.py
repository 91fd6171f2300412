"""The size of the gradient at the input."""

from dataclasses import dataclass

from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.network import Batch, Network, at_nodes
from molxai.explanation.passes import gradient_pass


@dataclass(frozen=True)
class Saliency(Method):
    """Σ |∂f/∂x| over the width of each node's input embedding (Simonyan et al. 2014, section 3)."""

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 1

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        result = gradient_pass(model, batch, targets)
        size = result.gradient.abs().sum(2)  # (batch, tokens)
        return node_explanations(self.name, batch, result.outcome, at_nodes(batch, size))
