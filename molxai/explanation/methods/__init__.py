"""Every explanation method: one row each, with what it is, what it promises and how it is made."""

from dataclasses import replace

from graphormer.names import unknown
from molxai.explanation.about import About
from molxai.explanation.method import Method
from molxai.explanation.methods.attention import (
    Attention,
    GenericAttention,
    GradientAttention,
    MeanProduct,
    RawAttention,
    Rollout,
    attention_flow,
)
from molxai.explanation.methods.base_value import check_base, spread_base
from molxai.explanation.methods.gnn import GNNExplainer
from molxai.explanation.methods.gradient import Saliency
from molxai.explanation.methods.integrated import IntegratedGradients
from molxai.explanation.methods.layers import LayerGradientInput, LeGrad
from molxai.explanation.methods.lrp import GradientInput
from molxai.explanation.methods.occlusion import Occlusion
from molxai.explanation.methods.options import BEGIN, with_options
from molxai.explanation.methods.oracle import Oracle
from molxai.explanation.methods.random import Random
from molxai.explanation.methods.shapley import Shapley
from molxai.explanation.methods.strengths import TUNED, Strengths, strengths_of
from molxai.explanation.methods.weighting import Epsilon, Gamma, Residual
from molxai.rules import ACTIVATION, AH, CONSERVATIVE, LN, PRODUCT

ROUTING = 0.5
"""α of `lrp-routing`: half of what attention adds over uniform attention goes to its scores."""

PRESENCE = 0.5
"""λ of `lrp-routing`."""

STRONG_RESIDUAL = 1.0
"""γ of `attnlrp-res`, as in ResLRP."""

MOST_NODES = 200
"""Largest graph of methods whose cost grows with the square of its nodes, or faster."""

_METHODS: tuple[Method, ...] = (
    GradientInput(
        "lrp",
        CONSERVATIVE,
        says="gradient × input with attention and layer-norm scales held (Ali et al. 2022)",
        conserves=True,
    ),
    GradientInput(
        "lrp-routing",
        (LN, ACTIVATION),
        alpha=ROUTING,
        presence=PRESENCE,
        says="lrp in which attention's scores, and with them bonds and distances, take relevance",
        conserves=True,
    ),
    Strengths().method("lrp-tuned"),
    GradientInput(
        "lrp-shared",
        CONSERVATIVE,
        shared=True,
        says="lrp, the relevance of a circular environment shared among its atoms",
        conserves=True,
    ),
    GradientInput(
        "lrp-ah",
        (AH,),
        says="gradient × input with attention held: one rule of lrp alone",
    ),
    GradientInput(
        "lrp-ln",
        (LN,),
        says="gradient × input with layer-norm scales held: the other rule of lrp alone",
    ),
    GradientInput(
        "lrp-epsilon",
        CONSERVATIVE,
        Epsilon(),
        says="lrp with the sums of linear layers stabilised, which keeps some relevance",
    ),
    GradientInput(
        "lrp-gamma",
        CONSERVATIVE,
        Gamma(),
        says="lrp that counts contributions of each sum's own sign more",
        conserves=True,
    ),
    GradientInput(
        "lrp-res",
        CONSERVATIVE,
        Residual(),
        says="lrp that counts the residual branch of each sum's own sign more",
        conserves=True,
    ),
    GradientInput(
        "attnlrp",
        (LN, ACTIVATION, PRODUCT),
        says=(
            "half of each product's relevance to either factor, through the softmax "
            "(Achtibat et al. 2024)"
        ),
    ),
    GradientInput(
        "attnlrp-res",
        (LN, ACTIVATION, PRODUCT),
        Residual(STRONG_RESIDUAL),
        says="attnlrp that counts the residual branch of each sum's own sign twice (ResLRP, 2026)",
    ),
    GradientInput(
        "gradient-input",
        says="gradient × input, no rules",
    ),
    LayerGradientInput(
        "layer-gradient-input",
        tables=CONSERVATIVE,
        says="gradient × input under the rules of lrp, summed over the tokens of all layers",
    ),
    Saliency(
        "saliency",
        says="size of the gradient at the input, no sign",
        signed=False,
        in_unit=False,
    ),
    IntegratedGradients(
        "integrated-gradients",
        says="gradient × input averaged on the way from an empty input",
    ),
    Shapley(
        "shap",
        says="Shapley values by sampling orders of the nodes",
        largest=MOST_NODES,
    ),
    Occlusion(
        "leave-one-out",
        says="drop of the output when a node is taken away",
    ),
    Occlusion(
        "occlusion",
        hops=1,
        says="drop of the output when a node and its neighbours are taken away",
    ),
    GNNExplainer(
        "gnn-explainer",
        says="a soft mask of the nodes, learnt to keep the output",
        signed=False,
        in_unit=False,
    ),
    Attention(
        "attention-last",
        RawAttention(),
        says="the read-out's attention in the last layer",
        signed=False,
        by_target=False,
        in_unit=False,
    ),
    Attention(
        "attention-flow",
        attention_flow,
        says="maximum flow through the attentions",
        signed=False,
        by_target=False,
        in_unit=False,
        largest=MOST_NODES,
    ),
    Attention(
        "rollout",
        Rollout(),
        says="attentions multiplied through the layers",
        signed=False,
        by_target=False,
        in_unit=False,
    ),
    GradientAttention(
        "grad-attention",
        MeanProduct(),
        says="attention × its gradient",
        in_unit=False,
    ),
    GradientAttention(
        "gae",
        GenericAttention(),
        says="attention × its gradient, accumulated over layers (Chefer et al. 2021)",
        signed=False,
        in_unit=False,
    ),
    LeGrad(
        "legrad",
        says="gradient of each layer's own read-out at its attention (Bousselham et al. 2025)",
        signed=False,
        in_unit=False,
    ),
    Random(
        "random",
        says="random numbers: the floor of every comparison",
        by_target=False,
        in_unit=False,
    ),
    Oracle(
        "oracle",
        says="nodes in the order that raises the output fastest: a ceiling, no explanation",
        signed=False,
        in_unit=False,
        largest=MOST_NODES,
    ),
)

EXPLAINERS: dict[str, Method] = {method.name: method for method in _METHODS}
"""The methods by id; the default, `lrp`, comes first."""


STRUCTURES = ("halves", "apart")
"""Where the relevance of structure goes: in halves to a pair's nodes, or in a sum of its own."""


def method(
    name: str | Method,
    structure: str = "halves",
    card: About | None = None,
    base: str = "apart",
) -> Method:
    """The method of that id; a method itself is taken as it is, for options that no id has.

    Example:
        >>> method("rollout").name, method("integrated-gradients:steps=200").passes(15)
        ('rollout', (203, 200))
        >>> method(IntegratedGradients("ig-200", steps=200)).passes(15)
        (203, 200)

    Args:
        name: the id, perhaps with options like `rollout:head_fusion=max:discard_ratio=0.9`; or a
            method.
        structure: one of `STRUCTURES`. It changes nothing if the method gives structure none.
        card: of the model, which holds the strengths of `lrp-tuned`. Without one this is
            `lrp-routing` under another name.
        base: one of `BASES`. It changes nothing if relevances only rank.

    Raises:
        ValueError: there is none of that id, or no such place; the method has no name, or that of
            another one; the card holds no strengths; or the model has no base value to spread.
    """
    if structure not in STRUCTURES:
        raise ValueError(unknown("place for structure", str(structure), STRUCTURES))
    chosen = _own(name) if isinstance(name, Method) else _of_id(name, card)
    if structure == "apart" and isinstance(chosen, GradientInput) and chosen.has_structure:
        chosen = replace(chosen, apart=True)
    check_base(base, card)
    return chosen if base == "apart" else spread_base(chosen)


def _of_id(name: str, card: About | None) -> Method:
    id, *options = name.split(BEGIN)
    if options:
        return with_options(_of_id(id, card), name)
    if name not in EXPLAINERS:
        raise ValueError(
            unknown("method named", name, EXPLAINERS, "'molxai methods' says what each is")
        )
    if name == TUNED and card is not None:
        return strengths_of(card).method()
    return EXPLAINERS[name]


def _own(own: Method) -> Method:
    """The method, whose name records carry: it must say which method made them."""
    kind = type(own).__name__
    if not own.name:
        raise ValueError(f'a {kind} without a name: records carry one, such as {kind}("my-id")')
    if EXPLAINERS.get(own.name, own) != own:
        raise ValueError(
            f"a {kind} named {own.name!r}, which is the id of another method: "
            "records carry the name, choose another"
        )
    return own


def check_size(method: Method, nodes: int) -> None:
    """Refuse a graph on which the method would take hours.

    Raises:
        ValueError: it is larger than the method takes.
    """
    if method.largest is not None and nodes > method.largest:
        raise ValueError(
            f"{method.name} takes graphs of at most {method.largest} nodes, "
            f"this one has {nodes}: choose other methods"
        )
