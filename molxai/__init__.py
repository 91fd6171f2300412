"""Which atoms, which superpixels made the model say so? Relevances that add up to the prediction."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from molxai.explainer import Explainer
    from molxai.explanation import Explanation
    from molxai.foreign import conserve
    from molxai.frame import explain_frame
    from molxai.rendering.grid import grid

__all__ = ["Explainer", "Explanation", "conserve", "explain_frame", "grid"]

PLACES = {
    "Explainer": "molxai.explainer",
    "Explanation": "molxai.explanation",
    "conserve": "molxai.foreign",
    "explain_frame": "molxai.frame",
    "grid": "molxai.rendering.grid",
}
"""Module of each name: imported on first use, for `molxai --help` must not wait for torch."""


def __getattr__(name: str) -> Any:
    if name in PLACES:
        return getattr(import_module(PLACES[name]), name)
    raise AttributeError(f"module 'molxai' has no attribute {name!r}")
