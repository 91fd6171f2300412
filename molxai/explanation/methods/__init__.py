"""Every explanation method, by the id under which it appears in files, tables and on the command line."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from graphormer.graphs.graph import GraphBatch
from graphormer.names import unknown
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods.attention import (
    Attention,
    GradientAttention,
    Rollout,
    attention_flow,
    generic_attention,
    last_layer,
    mean_product,
)
from molxai.explanation.methods.gnn import GNNExplainer
from molxai.explanation.methods.gradient import Saliency
from molxai.explanation.methods.integrated import IntegratedGradients
from molxai.explanation.methods.lrp import GradientInput
from molxai.explanation.methods.perturbation import Occlusion, Oracle, Shapley
from molxai.explanation.methods.random import Random
from molxai.explanation.target import Target
from molxai.rules import ACTIVATION, AH, LN, PRODUCT, epsilon, gamma, residual


@runtime_checkable
class Method(Protocol):
    """A callable value with what it promises."""

    @property
    def name(self) -> str: ...
    @property
    def conserves(self) -> bool:
        """Node, token and bias relevances sum to the logit."""

    @property
    def signed(self) -> bool:
        """Negative relevance speaks against the target."""

    @property
    def by_target(self) -> bool:
        """Another target gives another relevance."""

    @property
    def largest(self) -> int | None:
        """Nodes of the largest graph that it takes; None: any."""

    def passes(self, nodes: int) -> tuple[int, int]:
        """Forward and backward passes of the model for one graph of that many nodes."""

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]: ...


CONSERVATIVE = (AH, LN, ACTIVATION)
"""The rules of Ali et al. 2022, with the activation rule that models other than ReLU ones need."""

EPSILON, GAMMA, RESIDUAL = 0.05, 0.25, 0.25
"""Of the linear and the residual rule; γ = 1/4 is the usual choice (Montavon et al. 2019, section 10.3)."""

_METHODS: tuple[Method, ...] = (
    GradientInput("lrp", CONSERVATIVE, conserves=True),
    GradientInput("lrp-shared", CONSERVATIVE, conserves=True, shared=True),
    GradientInput("lrp-ah", (AH,)),
    GradientInput("lrp-ln", (LN,)),
    GradientInput("lrp-epsilon", (*CONSERVATIVE, epsilon(EPSILON))),
    GradientInput("lrp-gamma", (*CONSERVATIVE, gamma(GAMMA)), conserves=True),
    GradientInput("lrp-res", (*CONSERVATIVE, residual(RESIDUAL)), conserves=True),
    GradientInput("attnlrp", (LN, ACTIVATION, PRODUCT)),
    GradientInput("gradient-input"),
    Saliency(),
    IntegratedGradients(),
    Shapley(),
    Occlusion("leave-one-out"),
    Occlusion("occlusion", hops=1),
    GNNExplainer(),
    Attention("attention-last", last_layer),
    Attention("attention-flow", attention_flow, largest=200),
    Attention("rollout", Rollout()),
    GradientAttention("grad-attention", mean_product),
    GradientAttention("gae", generic_attention, signed=False),
    Random(),
    Oracle(),
)

EXPLAINERS: dict[str, Method] = {
    "lrp": _METHODS[0],
    "lrp-shared": _METHODS[1],
    "lrp-ah": _METHODS[2],
    "lrp-ln": _METHODS[3],
    "lrp-epsilon": _METHODS[4],
    "lrp-gamma": _METHODS[5],
    "lrp-res": _METHODS[6],
    "attnlrp": _METHODS[7],
    "gradient-input": _METHODS[8],
    "saliency": _METHODS[9],
    "integrated-gradients": _METHODS[10],
    "shap": _METHODS[11],
    "leave-one-out": _METHODS[12],
    "occlusion": _METHODS[13],
    "gnn-explainer": _METHODS[14],
    "attention-last": _METHODS[15],
    "attention-flow": _METHODS[16],
    "rollout": _METHODS[17],
    "grad-attention": _METHODS[18],
    "gae": _METHODS[19],
    "random": _METHODS[20],
    "oracle": _METHODS[21],
}
"""The default, `lrp`, comes first."""


def method(name: str) -> Method:
    """The method of that id.

    Raises:
        ValueError: there is none.
    """
    if name not in EXPLAINERS:
        raise ValueError(
            unknown("method named", name, EXPLAINERS, "'molxai methods' says what each is")
        )
    return EXPLAINERS[name]


def check_size(chosen: Method, nodes: int) -> None:
    """Refuse a graph on which the method would take hours.

    Raises:
        ValueError: it is larger than the method takes.
    """
    if chosen.largest is not None and nodes > chosen.largest:
        raise ValueError(
            f"{chosen.name} takes graphs of at most {chosen.largest} nodes, this one has {nodes}: choose other methods"
        )
