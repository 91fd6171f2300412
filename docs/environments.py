"""Whose is an environment's relevance? Its centre's or its atoms', with and without routing.

`python docs/environments.py [DATA]`: the table of docs/models.md, on BACE's validation molecules.
"""

import sys
from dataclasses import replace

from graphormer.files import markdown_table
from graphormer.training.presets import preset_of
from molxai import Explainer
from molxai.benchmarks.faithfulness import explain_all
from molxai.explanation.methods import EXPLAINERS
from molxai.metrics.bootstrap import paired
from molxai.metrics.curves import curves

explainer = Explainer("bace")
home = sys.argv[1] if len(sys.argv) > 1 else None
graphs = preset_of(explainer.card).load(home, "valid").graphs
rows = []
for name in ("lrp", "lrp-routing"):
    at_centre = EXPLAINERS[name]
    shared = replace(at_centre, name=f"{name}, shared", shared=True)
    explanations = [
        explain_all(explainer, method, graphs, [None] * len(graphs))
        for method in (at_centre, shared)
    ]
    for removal in ("attn", "drop"):
        centre, atoms = (
            curves(explainer.network, graphs, of_method, removal) for of_method in explanations
        )
        for measure in ("auac", "symmetric_gain"):
            before = getattr(centre, measure)
            after = getattr(atoms, measure)
            change, low, high = paired(after, before)
            rows.append(
                [
                    f"`{name}`",
                    f"`{removal}`",
                    "AUAC" if measure == "auac" else "SRG",
                    f"{before.mean():.3f}",
                    f"{after.mean():.3f}",
                    f"{change:+.3f} ({low:+.3f} … {high:+.3f})",
                ]
            )
print(markdown_table(["method", "removal", "measure", "centre", "all atoms", "Δ"], rows))
