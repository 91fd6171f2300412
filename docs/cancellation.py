"""Does plain LRP lose to others of its family where positive and negative relevance cancel?

Growth is Σ|R| / |logit| at the worst layer, 1 where nothing cancels. Graphs of a model's train part
are cut into two
halves by the growth that `lrp` has on them, and each variant's AUAC is compared with that of `lrp`
in either half.

    python docs/cancellation.py bace 4 1210 [DATA]
    python docs/cancellation.py mnist 1 200 [DATA]

Model, every which graph of its train part, out of how many, and the folder of the data sets.
"""

import sys

import numpy as np

from graphormer.data.public import bace, mnist
from graphormer.graphs.graph import Graph
from graphormer.network.prediction import batch_for
from molxai import Explainer
from molxai.benchmarks.faithfulness import explain_all
from molxai.explanation.method import Method
from molxai.explanation.methods import CONSERVATIVE, EXPLAINERS
from molxai.explanation.methods.lrp import GradientInput
from molxai.metrics.bootstrap import paired
from molxai.metrics.curves import curves
from molxai.metrics.growth import growth
from molxai.rules import epsilon, gamma, residual

STRENGTHS = (0.02, 0.1, 0.25, 1.0)

VARIANTS: dict[str, Method] = {
    "lrp": EXPLAINERS["lrp"],
    **{
        f"γ = {value}": GradientInput("gamma", (*CONSERVATIVE, gamma(value)), conserves=True)
        for value in STRENGTHS
    },
    **{
        f"residual γ = {value}": GradientInput(
            "residual", (*CONSERVATIVE, residual(value)), conserves=True
        )
        for value in STRENGTHS
    },
    **{
        f"ε = {value}": GradientInput("epsilon", (*CONSERVATIVE, epsilon(value)))
        for value in (0.05, 0.2)
    },
    **{name: EXPLAINERS[name] for name in ("lrp-ln", "attnlrp", "leave-one-out", "gae", "rollout")},
}


def train_graphs(model: str, step: int, most: int, home: str | None) -> list[Graph]:
    """Every `step`-th of the first `most` graphs of the train part."""
    if model == "mnist":
        return mnist(home, "train", range(0, most, step)).graphs
    return bace(home, "scaffold", "train").graphs[:most:step]


def largest_growth(explainer: Explainer, method: GradientInput, graphs: list[Graph]) -> np.ndarray:
    """The growth of each graph at the layer where it is largest."""
    batches = [batch_for(explainer.network, graphs[i : i + 16]) for i in range(0, len(graphs), 16)]
    return np.concatenate(
        [
            growth(explainer.network, batch, method).max(1).values.double().numpy()
            for batch in batches
        ]
    )


def main(model: str, step: str, most: str, home: str | None = None) -> None:
    """Print the table."""
    explainer, graphs = Explainer(model), train_graphs(model, int(step), int(most), home)
    areas, sizes = {}, {}
    for name, method in VARIANTS.items():
        explanations = explain_all(explainer, method, graphs, [None] * len(graphs))
        areas[name] = curves(explainer.network, graphs, explanations).auac
        if isinstance(method, GradientInput):
            sizes[name] = largest_growth(explainer, method, graphs)
    high = sizes["lrp"] > np.median(sizes["lrp"])
    print(
        f"{len(graphs)} train graphs, predicted class, removal attn; "
        f"growth of lrp: median {np.median(sizes['lrp']):.1f}\n"
    )
    print(
        "| variant | growth, median | AUAC | Δ to lrp, low-growth half "
        "| Δ to lrp, high-growth half |\n|---|---|---|---|---|"
    )
    for name, area in areas.items():
        halves = (paired(area[chosen], areas["lrp"][chosen]) for chosen in (~high, high))
        shown = " | ".join(
            "" if name == "lrp" else f"{mean:+.3f} ({low:+.3f} … {top:+.3f})"
            for mean, low, top in halves
        )
        growth = f"{np.median(sizes[name]):.1f}" if name in sizes else ""
        print(
            f"| {name} | {growth} | {area.mean():.3f} | {shown} |",
            flush=True,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
