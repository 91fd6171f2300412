"""Pair flow: how much relevance attention carried between every two tokens.

With a_ij the probability with which query i attends to key j, v_j the value vector of j, and g_i
the gradient of the explained logit at the head's output for i under the rules AH, LN and
activation,

    F_ij = a_ij · v_j·g_i

is the relevance that i passes back to j. Σ_j F_ij is the relevance of what i heard, and Σ_ij F_ij
that of the layer's attention output, exactly (Ali et al. 2022, section 4.1: under AH that output is
linear in the values).
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from graphormer.graphs.graph import Graph, collate
from graphormer.network.ensemble import Ensemble
from graphormer.network.model import Graphormer
from molxai.explanation.account import Account
from molxai.explanation.flow import Flow
from molxai.explanation.passes import gradient_pass
from molxai.explanation.sentence import Sentence
from molxai.explanation.target import Target
from molxai.rules import ACTIVATION, LN, Function, Rule
from molxai.rules.tables import frozen_output

METHOD = "lrp"
"""The method whose rules the flow is made with: no other's explanations have one."""

SAME_LOGIT = 1e-3
"""Largest difference between an explanation's logit and its network's now, by 1 + |logit|.

Batches differ by 1e-6.
"""


@dataclass(frozen=True, repr=False)
class PairFlow(Flow):
    """Relevance that attention carried from query i back to key j, with its picture."""

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
    """The flow of one graph for a target, by default the predicted class.

    It takes one forward and one backward pass. Under AH the probabilities a_ij are constants, which
    makes them leaves: ∂f̃/∂a_ij = v_j·g_i, and the flow is a ⊙ ∂f̃/∂a. It is kept in float64 whatever
    the model's type.

    Args:
        model: in evaluation mode.
        graph: of the model's vocabulary.
        target: what is explained.
        tables: the rules besides AH.

    Raises:
        ValueError: the model is in training mode, compiled or scripted, or a rule never fired.
    """
    weight = next(model.parameters())
    batch = collate([graph]).to(weight.device).to(weight.dtype)
    layers: list[Tensor] = []
    result = gradient_pass(model, batch, [target], (recording(layers), *tables), layers)
    flows = [
        probabilities.detach().double() * gradient.double()
        for probabilities, gradient in zip(layers, result.recorded_gradients, strict=True)
    ]
    flow = torch.cat(flows).cpu()  # (layers, heads, tokens, tokens): the batch is one graph
    return PairFlow(flow, graph, float(result.explained))


def recording(layers: list[Tensor]) -> Rule:
    """The AH rule that appends each layer's attention probabilities to a list.

    They are leaves, which take a gradient.
    """

    def record(func: Function, *args: Any, **kwargs: Any) -> Tensor:
        leaf = frozen_output(func, *args, **kwargs).requires_grad_()
        layers.append(leaf)
        return leaf

    return Rule("AH", {F.softmax: record, torch.softmax: record, Tensor.softmax: record})


def flow_of(explanation: Account) -> PairFlow:
    """The flow behind an explanation of the method lrp: same network, graph and target.

    Raises:
        ValueError: another method, no network or subject, or the network no longer says what was
            explained.
    """
    if explanation.method != METHOD:
        raise ValueError(
            f"no pair flow for the method {explanation.method!r}: it follows the rules of "
            f"{METHOD!r}, explain with that"
        )
    if explanation.network is None or explanation.subject is None:
        missing = "subject" if explanation.network else "network"
        raise ValueError(
            f"the explanation holds no {missing} to follow the flow in: "
            "explain again with an Explainer, or call pair_flow"
        )
    if isinstance(explanation.network, Ensemble):
        raise ValueError(
            "an ensemble has no pair flow: each member attends in its own way, explain one of them"
        )
    network = explanation.network
    if isinstance(explanation.subject, Sentence) or not isinstance(network, Graphormer):
        raise ValueError("a pair flow is of a model of molecules or digits: this is another one")
    flow = pair_flow(network, explanation.subject.graph, explanation.target)
    if abs(flow.logit - explanation.logit) > SAME_LOGIT * (1 + abs(explanation.logit)):
        raise ValueError(
            f"the network now says {flow.logit:.4g}, the explanation is of "
            f"{explanation.logit:.4g}: explain again"
        )
    return replace(flow, explanation=explanation)
