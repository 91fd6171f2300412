"""What the shell offers for a value after TAB: names only, for they must be there before a library could be imported."""

from collections.abc import Callable, Iterator, Sequence

METHODS = [
    "lrp",
    "lrp-shared",
    "lrp-ah",
    "lrp-ln",
    "lrp-epsilon",
    "lrp-gamma",
    "lrp-res",
    "attnlrp",
    "gradient-input",
    "saliency",
    "integrated-gradients",
    "shap",
    "leave-one-out",
    "occlusion",
    "gnn-explainer",
    "attention-last",
    "attention-flow",
    "rollout",
    "grad-attention",
    "gae",
    "random",
    "oracle",
]
"""As `molxai.explanation.methods.EXPLAINERS`, which would import torch; a test compares this and the tuples below with their tables."""

SCHEMES = ("functional-groups", "brics", "scaffold", "rings")
PALETTES = ("red-blue", "orange-purple", "brown-teal", "pink-green")
STYLES = ("highlight", "contour")
SCALES = ("own", "common")
FORMATS = ("svg", "png")
DEVICES = ("auto", "cpu", "cuda")
TARGETS = ("pred", "true")
TASKS = ("auto", "classification", "regression", "multiclass")
SPLITS = ("random", "scaffold", "scaffold-chiral", "balanced-scaffold")
PRESETS = ("bace", "bace-ensemble", "bace-pic50", "mnist", "mnist-plain")
DATA_SETS = ("bace", "mnist")
TRUTHS = ("benzene", "n-minus-o", "smarts", "labels", "crippen")
PROTOCOLS = ("deterministic", "chiral", "balanced", "random")
REMOVALS = ("attn", "mask", "drop")
ENGINES = ("local", "ray")


def one_of(names: Sequence[str]) -> Callable[[str], Iterator[str]]:
    """Completes to one of these names."""

    def offered(incomplete: str) -> Iterator[str]:
        return (name for name in names if name.startswith(incomplete))

    return offered


def several_of(names: Sequence[str]) -> Callable[[str], Iterator[str]]:
    """Completes the last name of a list with commas between them."""

    def offered(incomplete: str) -> Iterator[str]:
        before, comma, last = incomplete.rpartition(",")
        taken = before.split(",")
        return (
            before + comma + name for name in names if name.startswith(last) and name not in taken
        )

    return offered


def models(incomplete: str) -> list[str]:
    """Completes to a shipped model; the shell itself offers files and folders where none fits."""
    from importlib.util import find_spec
    from pathlib import Path

    package = find_spec("graphormer")
    places = package.submodule_search_locations if package else None
    files = [
        path for place in places or () for path in Path(place, "pretrained").glob("*.safetensors")
    ]
    return sorted(path.stem for path in files if path.stem.startswith(incomplete))
