"""What routing and presence do to values: N − O, where each atom's contribution is known.

    molxai benchmark groundtruth --task n-minus-o --data TRAIN --test-data TEST -o nmo
    python docs/presence.py nmo TRAIN TEST

It prints the error of relevances against the truth (+1 for N, −1 for O) for several strengths.
"""

import sys
from pathlib import Path

import numpy as np

from graphormer.network.checkpoint import load
from molxai.benchmarks.study import study
from molxai.benchmarks.truth import Fields
from molxai.explanation.explainer import Explainer
from molxai.explanation.methods.strengths import Strengths
from molxai.explanation.target import Target

MOLECULES = 200
"""Test molecules, the first of a random sample."""

SETTINGS = ((0.0, 0.0), (0.25, 0.0), (0.5, 0.0), (0.0, 0.5), (0.25, 0.25), (0.5, 0.5))
"""Shares of routing and of presence."""

folder, train, test = sys.argv[1:]
fields = Fields("", "activity", "lbls", ())
nitrogens = study("n-minus-o", Path(train), Path(test), fields, False, 0)
examples = nitrogens.judged(MOLECULES, 0)
network, card = load(folder)
print("| α | λ | RMSE |\n| --- | --- | --- |")
for alpha, presence in SETTINGS:
    explainer = Explainer.from_network(network, card)
    explainer.method = Strengths(alpha, presence).method("strengths")
    subjects = [example.molecule for example in examples]
    explanations = explainer.explain(subjects, [Target(0)] * len(subjects))
    errors = [
        nitrogens.task.comparison.scores(explanation.relevance.double().numpy(), example)["rmse"]
        for explanation, example in zip(explanations, examples, strict=True)
    ]
    print(f"| {alpha:g} | {presence:g} | {np.mean(errors):.3f} |")
