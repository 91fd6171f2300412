"""A model on disk: `<name>.safetensors` weights beside `<name>.json`, the card that says what they are.

Nothing here is unpickled. Loading checks the card against this version of the program and the weights against the
card, and refuses what does not fit by name.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as load_weights
from safetensors.torch import save as save_weights

from graphormer.files import write_file
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.names import unknown
from graphormer.network.card import Card
from graphormer.network.ensemble import Ensemble, Model
from graphormer.network.model import Config, Graphormer

FORMAT = "molxai-model-1"
"""Of the card; raised when an older program could not read a newer card."""


PRETRAINED = Path(__file__).parent.parent / "pretrained"
"""The shipped models."""

LIBRARIES = ("torch", "rdkit", "scikit-image", "numpy")
"""Whose versions the card notes: they decide features, segments and numbers."""


def versions() -> dict[str, str]:
    """Installed versions of the libraries that a model's numbers depend on."""
    return {name: metadata.version(name) for name in LIBRARIES}


def _identity(card: Card) -> str:
    """The architecture and features as text, kept inside the weights file so that another card cannot reinterpret it."""
    several = [card.members] if card.members > 1 else []
    return json.dumps([card.config.to_dict(), card.vocabulary, *several], sort_keys=True)


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
