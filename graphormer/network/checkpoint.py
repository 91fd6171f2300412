"""A model on disk: `<name>.safetensors` weights beside `<name>.json`, the card that says what they are.

Nothing here is unpickled. Loading checks the card against this version of the program and the weights against the
card, and refuses what does not fit by name.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as load_weights
from safetensors.torch import save as save_weights

from graphormer.files import write_file
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.names import unknown
from graphormer.network.ensemble import Ensemble, Model
from graphormer.network.model import Config, Graphormer

FORMAT = "molxai-model-1"
"""Of the card; raised when an older program could not read a newer card."""

MOST_MEMBERS = 100
"""Of an ensemble."""

PRETRAINED = Path(__file__).parent.parent / "pretrained"
"""The shipped models."""

LIBRARIES = ("torch", "rdkit", "scikit-image", "numpy")
"""Whose versions the card notes: they decide features, segments and numbers."""


@dataclass(frozen=True)
class Card:
    """What a model is, what it was trained on, and how well it does."""

    name: str
    config: Config
    vocabulary: str
    """Name of the feature vocabulary; its version is part of the name."""
    targets: tuple[str, ...]
    """Name of each output column (binary, regression) or of the one quantity that is classified (multiclass)."""
    classes: tuple[str, ...]
    """Name of each class; empty for a regression."""
    unit: str = "logit"
    """Of the outputs: logits (log-odds), or the regression's unit."""
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    """Of a regression's targets: mean and standard deviation that training used; already folded into the weights."""
    members: int = 1
    """Models of an ensemble, all of one configuration."""
    training: dict[str, Any] = field(default_factory=dict)
    """Data set with sha256, split and rows, recipe, command, and the CPU threads, on whose number the weights' last digits depend."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Measured quality, each with its data and the command that repeats it."""
    date: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    weights_sha256: str = ""

    def __post_init__(self) -> None:
        if not (
            isinstance(self.name, str)
            and isinstance(self.vocabulary, str)
            and re.fullmatch(r"[\w.-]+", self.name)
        ):
            raise ValueError(
                f"a card with name {self.name!r} and vocabulary {self.vocabulary!r}: letters, digits, '.', '_' and '-' are needed"
            )
        if not (isinstance(self.training, dict) and isinstance(self.metrics, dict)):
            raise ValueError("a card whose training or metrics is no table of names and values")
        if not (isinstance(self.members, int) and 1 <= self.members <= MOST_MEMBERS):
            raise ValueError(
                f"a card with {self.members!r} members: a whole number from 1 to {MOST_MEMBERS} is needed"
            )
        needed = {"binary": 2, "multiclass": self.config.outputs, "regression": 0}[self.config.task]
        if len(self.classes) != needed:
            raise ValueError(
                f"a card with {len(self.classes)} class names: its {self.config.task} model needs {needed}"
            )

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The targets, where there are several of which one is explained at a time."""
        return self.targets if self.config.task != "multiclass" and len(self.targets) > 1 else ()


def versions() -> dict[str, str]:
    """Installed versions of the libraries that a model's numbers depend on."""
    return {name: metadata.version(name) for name in LIBRARIES}


def _identity(card: Card) -> str:
    """The architecture and features as text, kept inside the weights file so that another card cannot reinterpret it."""
    several = [card.members] if card.members > 1 else []
    return json.dumps([card.config.to_dict(), card.vocabulary, *several], sort_keys=True)


def row_ranges(rows: Iterable[int]) -> str:
    """Row numbers as text: `0-3,5,7-9`."""
    ranges: list[list[int]] = []
    for row in sorted(rows):
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def save(model: Model, card: Card, folder: Path) -> Path:
    """Write `<name>.safetensors` and `<name>.json` into the folder, each at once or not at all; returns the former."""
    folder.mkdir(parents=True, exist_ok=True)
    content = save_weights(
        {name: value.contiguous() for name, value in model.state_dict().items()},
        metadata={"config": _identity(card)},
    )
    written = asdict(card) | {
        "format": FORMAT,
        "weights_sha256": hashlib.sha256(content).hexdigest(),
    }
    weights = folder / f"{card.name}.safetensors"
    write_file(weights, content)
    write_file(weights.with_suffix(".json"), json.dumps(written, indent=1) + "\n")
    return weights


def shipped() -> dict[str, Path]:
    """The models that come with the program, by name."""
    return {path.stem: path for path in sorted(PRETRAINED.glob("*.safetensors"))}


def locate(model: str | Path) -> Path:
    """The weights file of a shipped model's name, of a folder that holds one model, or of a path to the file itself.

    Raises:
        FileNotFoundError: there is no such model.
        ValueError: the folder holds no model or several.
    """
    known, path = shipped(), Path(model)
    if str(model) in known:
        return known[str(model)]
    if path.is_dir():
        inside = sorted(path.glob("*.safetensors"))
        if len(inside) != 1:
            raise ValueError(
                f"{path} holds {len(inside)} .safetensors files: exactly one is needed, or name the file itself"
            )
        return inside[0]
    if not path.exists():
        remedy = "or give a folder with a model, or a .safetensors file"
        raise FileNotFoundError(unknown("model", str(model), known, remedy))
    return path


def read_card(weights: Path) -> Card:
    """The card beside a weights file.

    Raises:
        ValueError: it is missing, not JSON, of another format, or lacks or holds fields that this program does not know.
    """
    path = weights.with_suffix(".json")
    if not path.exists():
        raise ValueError(
            f"{weights} has no card: {path.name} is needed beside it ('molxai train' writes both)"
        )
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}): the model's card is needed") from error
    found = content.pop("format", None) if isinstance(content, dict) else None
    if found != FORMAT:
        raise ValueError(
            f"{path} has the format {found!r}: {FORMAT!r} is needed; train again, or use the version of molxai that wrote it"
        )
    try:
        content["config"] = Config(**content["config"])
        for listed in ("targets", "classes", "mean", "scale"):
            content[listed] = (
                tuple(content.get(listed) or ()) if isinstance(content.get(listed), list) else ()
            )
        return Card(**content)
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path} does not describe a model of this version: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def load(model: str | Path) -> tuple[Model, Card]:
    """The model in evaluation mode, and its card.

    Raises:
        FileNotFoundError: there is no such model.
        ValueError: card and weights do not fit each other or this program; the message says what and how.
    """
    path = locate(model)
    card = read_card(path)
    content = path.read_bytes()
    try:
        weights = load_weights(content)
    except SafetensorError as error:
        raise ValueError(
            f"{path} is no complete safetensors file ({error}): copy or train the model again"
        ) from error
    if hashlib.sha256(content).hexdigest() != card.weights_sha256:
        beside = path.with_suffix(".json").name
        raise ValueError(
            f"{path} is not the file that {beside} describes (another sha256): put the matching pair together"
        )
    with torch.device(
        "meta"
    ):  # shapes only: a card must not make us allocate what the weights do not fill
        vocabulary = _vocabulary(card.vocabulary, path)
        members = [Graphormer(card.config, vocabulary) for _ in range(card.members)]
        network: Model = Ensemble(members) if card.members > 1 else members[0]
    _check(network, weights, path)
    with safe_open(path, "pt") as file:
        if (file.metadata() or {}).get("config") != _identity(card):
            raise ValueError(
                f"{path} was saved with another configuration than its card has: put the matching pair together"
            )
    network.load_state_dict(weights, assign=True)
    return network.eval(), card


def _vocabulary(name: str, path: Path) -> Vocabulary:
    """The vocabulary of that name; importing one loads RDKit or nothing."""
    if name.startswith("molecule-"):
        from graphormer.graphs import molecules

        known = molecules.MOLECULES
    elif name.startswith("superpixel-"):
        from graphormer.graphs import superpixels

        known = superpixels.SUPERPIXELS
    else:
        raise ValueError(
            f"{path} reads graphs of the unknown kind {name!r}: molecule-… or superpixel-… is needed"
        )
    if known.name != name:
        remedy = "train again, or use the version of molxai that wrote it"
        raise ValueError(
            f"{path} was trained on the features {name!r}, this version makes {known.name!r}: {remedy}"
        )
    return known


def _check(network: Model, weights: dict[str, torch.Tensor], path: Path) -> None:
    expected = network.state_dict()
    if missing := expected.keys() - weights.keys():
        raise ValueError(
            f"{path} lacks the weights {_some(missing)} that its card's configuration needs"
        )
    if foreign := weights.keys() - expected.keys():
        raise ValueError(
            f"{path} holds the weights {_some(foreign)} that its card's configuration does not know"
        )
    for name, value in weights.items():
        if value.shape != expected[name].shape:
            needed = tuple(expected[name].shape)
            raise ValueError(
                f"{path}: {name} has the shape {tuple(value.shape)}, its card's configuration needs {needed}"
            )
        if not value.isfinite().all():
            raise ValueError(f"{path}: {name} holds numbers that are not finite")


def _some(names: Iterable[str]) -> str:
    """The first three names, and how many more there are."""
    ordered = sorted(names)
    return ", ".join(ordered[:3]) + (f" and {len(ordered) - 3} more" if len(ordered) > 3 else "")
