"""What the shell offers for a value after TAB."""

from collections.abc import Callable, Iterator, Sequence

from molxai.cli.literals import Literal

METHODS = Literal("molxai.explanation.methods", "_METHODS")
STRUCTURES = Literal("molxai.explanation.methods", "STRUCTURES")
BASES = Literal("molxai.explanation.methods.base_value", "BASES")
VALUE_SCALES = Literal("molxai.metrics.comparison", "VALUE_SCALES")
SCHEMES = Literal("molxai.chemistry.schemes", "SCHEMES")
PALETTES = Literal("molxai.rendering.colour", "PALETTES")
STYLES = Literal("molxai.rendering", "STYLES")
SCALES = Literal("molxai.rendering.look", "SCALES")
DEVICES = Literal("molxai.explanation.explainer", "DEVICES")
TASKS = Literal("graphormer.data.targets", "KINDS")
SPLITS = Literal("graphormer.data.splits", "SPLITS")
PRESETS = Literal("graphormer.training.presets", "PRESETS")
DATA_SETS = Literal("graphormer.data.sources", "SOURCES")
TRUTHS = Literal("molxai.benchmarks.tasks", "_ROWS")
PROTOCOLS = Literal("molxai.benchmarks.accuracy", "PROTOCOLS")
REMOVALS = Literal("molxai.explanation.network", "Removal")
ENGINES = Literal("molxai.batch.plan", "ENGINES")
FORMATS = Literal("molxai.rendering", "FOLDER_FORMATS")
PANELS = Literal("molxai.rendering", "PANELS")
FOREGROUNDS = Literal("molxai.rendering", "FOREGROUNDS")
TARGETS = ("pred", "true")

Names = Literal | Sequence[str]


def one_of(names: Names) -> Callable[[str], Iterator[str]]:
    """Complete to one of these names."""

    def complete(incomplete: str) -> Iterator[str]:
        return (name for name in _choices(names) if name.startswith(incomplete))

    return complete


def several_of(names: Names) -> Callable[[str], Iterator[str]]:
    """Complete the last name of a list with commas between them."""

    def complete(incomplete: str) -> Iterator[str]:
        before, comma, last = incomplete.rpartition(",")
        names_before = before.split(",")
        for name in _choices(names):
            if name.startswith(last) and name not in names_before:
                yield f"{before}{comma}{name}"

    return complete


def models(incomplete: str) -> list[str]:
    """Complete to a shipped model; the shell itself offers files and folders if none fits."""
    from importlib.util import find_spec
    from pathlib import Path

    package = find_spec("graphormer")
    places = (package.submodule_search_locations if package else None) or ()
    files = [path for place in places for path in Path(place, "pretrained").glob("*.safetensors")]
    return sorted(path.stem for path in files if path.stem.startswith(incomplete))


def _choices(names: Names) -> Sequence[str]:
    return names.names() if isinstance(names, Literal) else names
