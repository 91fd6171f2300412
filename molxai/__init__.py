"""Which atoms, which superpixels made the model say so? Relevances that add up to the prediction."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from molxai.batch.frame import explain_frame
    from molxai.chemistry.pair import matched_pair
    from molxai.explanation.explainer import Explainer
    from molxai.explanation.explanation import Explanation
    from molxai.explanation.explanations import Explanations
    from molxai.explanation.grid import grid
    from molxai.explanation.inputs import read_inputs
    from molxai.explanation.refused import Refused
    from molxai.metrics.comparison import compare
    from molxai.rules.conserve import conserve

__all__ = [
    "Explainer",
    "Explanation",
    "Explanations",
    "Refused",
    "__version__",
    "compare",
    "conserve",
    "explain_frame",
    "grid",
    "matched_pair",
    "read_inputs",
]

__version__ = "0.1.0"
"""Version of this tree: the package's metadata is built from it, so it holds without an installation as well."""

MODULES = {
    "Explainer": "molxai.explanation.explainer",
    "Explanation": "molxai.explanation.explanation",
    "Explanations": "molxai.explanation.explanations",
    "Refused": "molxai.explanation.refused",
    "compare": "molxai.metrics.comparison",
    "conserve": "molxai.rules.conserve",
    "explain_frame": "molxai.batch.frame",
    "grid": "molxai.explanation.grid",
    "matched_pair": "molxai.chemistry.pair",
    "read_inputs": "molxai.explanation.inputs",
}
"""Module of each lazy name: imported on first use, because `molxai --help` must not wait for torch."""

if (
    not TYPE_CHECKING
):  # for type checkers every other name is a mistake, not something that may be there

    def __getattr__(name):
        """The lazy name's value, from its module."""
        if name in MODULES:
            return getattr(import_module(MODULES[name]), name)
        raise AttributeError(f"module 'molxai' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
