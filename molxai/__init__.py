"""Which atoms, which superpixels made the model say so? Relevances that add up to the prediction."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from molxai.explainer import Explainer
    from molxai.explanation import Explanation
    from molxai.foreign import conserve

__all__ = ["Explainer", "Explanation", "conserve"]


def __getattr__(name: str) -> Any:
    """Import on first use: `molxai --help` must not wait for torch."""
    if name == "Explainer":
        from molxai.explainer import Explainer

        return Explainer
    if name == "Explanation":
        from molxai.explanation import Explanation

        return Explanation
    if name == "conserve":
        from molxai.foreign import conserve

        return conserve
    raise AttributeError(f"module 'molxai' has no attribute {name!r}")
