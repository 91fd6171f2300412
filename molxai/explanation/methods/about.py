"""What each method is, in a line for pages and lists; formulas and papers are in docs/methods.md."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """A method in words."""

    says: str
    in_unit: bool = True
    """Whether its relevances have the unit of the output, so that small ones mean little."""


ABOUT: Mapping[str, About] = {
    "lrp": About("gradient × input with attention and layer-norm scales held (Ali et al. 2022)"),
    "lrp-shared": About("lrp, the relevance of a circular environment shared among its atoms"),
    "lrp-ah": About("gradient × input with attention held: one rule of lrp alone"),
    "lrp-ln": About("gradient × input with layer-norm scales held: the other rule of lrp alone"),
    "lrp-epsilon": About(
        "lrp with the sums of linear layers stabilised, which keeps some relevance"
    ),
    "lrp-gamma": About("lrp that counts contributions of each sum's own sign more"),
    "lrp-res": About("lrp that counts the residual branch of each sum's own sign more"),
    "attnlrp": About(
        "half of each product's relevance to either factor, through the softmax (Achtibat et al. 2024)"
    ),
    "gradient-input": About("gradient × input, no rules"),
    "saliency": About("size of the gradient at the input, no sign", in_unit=False),
    "integrated-gradients": About("gradient × input averaged on the way from an empty input"),
    "shap": About("Shapley values by sampling orders of the nodes"),
    "leave-one-out": About("drop of the output when a node is taken away"),
    "occlusion": About("drop of the output when a node and its neighbours are taken away"),
    "gnn-explainer": About("a soft mask of the nodes, learnt to keep the output", in_unit=False),
    "attention-last": About("the read-out's attention in the last layer", in_unit=False),
    "attention-flow": About("maximum flow through the attentions", in_unit=False),
    "rollout": About("attentions multiplied through the layers", in_unit=False),
    "grad-attention": About("attention × its gradient", in_unit=False),
    "gae": About(
        "attention × its gradient, accumulated over layers (Chefer et al. 2021)", in_unit=False
    ),
    "random": About("random numbers: the floor of every comparison", in_unit=False),
    "oracle": About(
        "nodes in the order that raises the output fastest: a ceiling, no explanation",
        in_unit=False,
    ),
}
