"""Which atoms, which superpixels does a prediction rest on? Relevances that add up to it."""

from importlib import import_module
from typing import TYPE_CHECKING

from graphormer import __version__

if TYPE_CHECKING:
    from molxai.batch.frame import explain_frame
    from molxai.batch.question import Question
    from molxai.batch.worker import Worker
    from molxai.chemistry.changes import matched_pairs
    from molxai.chemistry.fragments import fragments
    from molxai.chemistry.pair import matched_pair
    from molxai.chemistry.rgroups import core_table
    from molxai.chemistry.schemes import SCHEMES
    from molxai.chemistry.series import carriers
    from molxai.explanation.explainer import Explainer
    from molxai.explanation.explanation import Explanation
    from molxai.explanation.explanations import Explanations
    from molxai.explanation.grid import grid
    from molxai.explanation.inputs import read_inputs
    from molxai.explanation.methods import EXPLAINERS
    from molxai.explanation.refused import Refused
    from molxai.explanation.target import Target
    from molxai.metrics import METRICS
    from molxai.metrics.comparison import compare
    from molxai.metrics.metric import Metric
    from molxai.rules.conserve import attribute, conserve

__all__ = [
    "EXPLAINERS",
    "METRICS",
    "SCHEMES",
    "Explainer",
    "Explanation",
    "Explanations",
    "Metric",
    "Question",
    "Refused",
    "Target",
    "Worker",
    "__version__",
    "attribute",
    "carriers",
    "compare",
    "conserve",
    "core_table",
    "explain_frame",
    "fragments",
    "grid",
    "matched_pair",
    "matched_pairs",
    "read_inputs",
]

MODULES = {
    "EXPLAINERS": "molxai.explanation.methods",
    "Explainer": "molxai.explanation.explainer",
    "Explanation": "molxai.explanation.explanation",
    "Explanations": "molxai.explanation.explanations",
    "METRICS": "molxai.metrics",
    "Metric": "molxai.metrics.metric",
    "Question": "molxai.batch.question",
    "Refused": "molxai.explanation.refused",
    "SCHEMES": "molxai.chemistry.schemes",
    "Target": "molxai.explanation.target",
    "Worker": "molxai.batch.worker",
    "attribute": "molxai.rules.conserve",
    "carriers": "molxai.chemistry.series",
    "compare": "molxai.metrics.comparison",
    "conserve": "molxai.rules.conserve",
    "core_table": "molxai.chemistry.rgroups",
    "explain_frame": "molxai.batch.frame",
    "fragments": "molxai.chemistry.fragments",
    "grid": "molxai.explanation.grid",
    "matched_pair": "molxai.chemistry.pair",
    "matched_pairs": "molxai.chemistry.changes",
    "read_inputs": "molxai.explanation.inputs",
}
"""Module of each name: imported on first use, because `molxai --help` must not wait for torch."""

if not TYPE_CHECKING:  # for type checkers every other name is a mistake

    def __getattr__(name):
        """The lazy name's value, from its module."""
        if name in MODULES:
            return getattr(import_module(MODULES[name]), name)
        raise AttributeError(f"module 'molxai' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
