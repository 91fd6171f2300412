"""A model on disk: `<name>.safetensors`, its weights, beside `<name>.json`, its card.

Nothing here is unpickled. Loading checks the card against this version of the program and the
weights against the card. An error names what does not fit.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as load_weights
from safetensors.torch import save as save_weights
from torch import Tensor

from graphormer.files import write_file
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.names import unknown
from graphormer.network.card import Card
from graphormer.network.ensemble import Ensemble, Model, kernel_of
from graphormer.network.kernel import Kernel
from graphormer.network.model import Config, Graphormer

FORMAT = "molxai-model-1"
"""Format of the card; it changes if an older program could not read a newer card."""

PRETRAINED = Path(__file__).parent.parent / "pretrained"
"""The shipped models."""

LIBRARIES = ("torch", "rdkit", "scikit-image", "numpy")
"""Libraries whose versions the card notes: they decide features, segments and numbers."""

MOST_OCCURRENCES = 100_000
"""More often than any entry occurs in a graph."""

ITEMS = "kernel.entries"
"""The weights that say how many items a kernel machine has."""

LISTS = ("targets", "classes", "mean", "scale")
"""Fields of a card that are tuples here and lists in JSON."""


def versions() -> dict[str, str]:
    """Installed versions of the libraries that a model's numbers depend on."""
    return {name: metadata.version(name) for name in LIBRARIES}


def shipped() -> dict[str, Path]:
    """The models that come with the program, by name."""
    return {path.stem: path for path in sorted(PRETRAINED.glob("*.safetensors"))}


def locate(model: str | Path) -> Path:
    """The weights file of a model.

    Args:
        model: a shipped model's name, a folder that holds one model, or the weights file itself.

    Raises:
        FileNotFoundError: there is no such model.
        ValueError: the folder holds no model or several.
    """
    pretrained = shipped()
    if str(model) in pretrained:
        return pretrained[str(model)]
    path = Path(model)
    if path.is_dir():
        weights = sorted(path.glob("*.safetensors"))
        if len(weights) != 1:
            raise ValueError(
                f"{path} holds {len(weights)} .safetensors files: "
                "exactly one is needed, or name the file itself"
            )
        return weights[0]
    if not path.exists():
        remedy = "or give a folder with a model, or a .safetensors file"
        raise FileNotFoundError(unknown("model", str(model), pretrained, remedy))
    return path


def save(model: Model, card: Card, folder: Path) -> Path:
    """Write `<name>.safetensors` and `<name>.json` into the folder, each at once or not at all.

    Returns:
        The path of the weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = save_weights(
        {name: value.contiguous() for name, value in model.state_dict().items()},
        metadata={"config": _identity(card)},
    )
    weights = folder / f"{card.name}.safetensors"
    write_file(weights, content)
    save_card(replace(card, weights_sha256=hashlib.sha256(content).hexdigest()), weights)
    return weights


def save_card(card: Card, weights: Path) -> None:
    """Write the card beside its weights file, at once or not at all."""
    fields = asdict(card)
    fields["format"] = FORMAT
    write_file(weights.with_suffix(".json"), json.dumps(fields, indent=1) + "\n")


def _identity(card: Card) -> str:
    """The architecture and features as text.

    It is kept inside the weights file, so that another card cannot reinterpret it.
    """
    architecture = card.config.to_dict()
    del architecture["temperature"]  # it can be fitted anew, and no weight depends on it
    parts: list[object] = [architecture, card.vocabulary]
    if card.members > 1 or card.kernel:
        parts.append(card.members)
    if card.kernel:
        parts.append({"kernel": card.kernel})
    return json.dumps(parts, sort_keys=True)


def load(model: str | Path) -> tuple[Model, Card]:
    """The model in evaluation mode, and its card.

    Raises:
        FileNotFoundError: there is no such model.
        ValueError: card and weights do not fit each other or this program; the message says what
            does not, and how.
    """
    path = locate(model)
    card = read_card(path)
    weights = _read_weights(path, card)
    network = _empty_network(path, card, weights)
    _check_weights(network, weights, path)
    with safe_open(path, "pt") as file:
        identity = (file.metadata() or {}).get("config")
    if identity != _identity(card):
        raise ValueError(
            f"{path} was saved with another configuration than its card has: "
            "put the matching pair together"
        )
    network.load_state_dict(weights, assign=True)
    _check_kernel(network, path)
    return network.eval(), card


def read_card(weights: Path) -> Card:
    """The card beside a weights file.

    Raises:
        ValueError: it is missing, not JSON, of another format, or its fields are not those that
            this program knows.
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
    card_format = content.pop("format", None) if isinstance(content, dict) else None
    if card_format != FORMAT:
        raise ValueError(
            f"{path} has the format {card_format!r}: {FORMAT!r} is needed; "
            "train again, or use the version of molxai that wrote it"
        )
    try:
        return _card(content)
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path} does not describe a model of this version: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _card(content: dict[str, Any]) -> Card:
    """The card with these fields; it raises what is wrong with them."""
    fields = dict(content)
    fields["config"] = Config(**content["config"])
    for name in LISTS:
        value = content.get(name)
        fields[name] = tuple(value) if isinstance(value, list) else ()
    return Card(**fields)


def _read_weights(path: Path, card: Card) -> dict[str, Tensor]:
    """The weights by name, from the file that the card describes."""
    content = path.read_bytes()
    try:
        weights = load_weights(content)
    except SafetensorError as error:
        raise ValueError(
            f"{path} is no complete safetensors file ({error}): copy or train the model again"
        ) from error
    if hashlib.sha256(content).hexdigest() != card.weights_sha256:
        card_name = path.with_suffix(".json").name
        raise ValueError(
            f"{path} is not the file that {card_name} describes (another sha256): "
            "put the matching pair together"
        )
    return weights


def _empty_network(path: Path, card: Card, weights: Mapping[str, Tensor]) -> Model:
    """The network of the card, with shapes and without numbers.

    A card must not make us allocate what the weights do not fill.
    """
    with torch.device("meta"):
        vocabulary = _vocabulary(card.vocabulary, path)
        members = [Graphormer(card.config, vocabulary) for _ in range(card.members)]
        if not card.kernel:
            return Ensemble(members) if card.members > 1 else members[0]
        items = weights.get(ITEMS, torch.zeros(0)).numel()  # the card does not know their number
        return Ensemble(members, Kernel(card.config, vocabulary, card.kernel, items))


def _vocabulary(name: str, path: Path) -> Vocabulary:
    """The vocabulary of that name; RDKit is imported only for molecules."""
    if name.startswith("molecule-"):
        from graphormer.graphs.molecules import MOLECULES

        current = MOLECULES
    elif name.startswith("superpixel-"):
        from graphormer.graphs.superpixels import SUPERPIXELS

        current = SUPERPIXELS
    else:
        raise ValueError(
            f"{path} reads graphs of the unknown kind {name!r}: "
            "molecule-… or superpixel-… is needed"
        )
    if current.name != name:
        raise ValueError(
            f"{path} was trained on the features {name!r}, this version makes {current.name!r}: "
            "train again, or use the version of molxai that wrote it"
        )
    return current


def _check_weights(network: Model, weights: dict[str, Tensor], path: Path) -> None:
    """Refuse weights whose names, shapes or values are not those of the network."""
    expected = network.state_dict()
    if missing := expected.keys() - weights.keys():
        raise ValueError(
            f"{path} lacks the weights {_first_names(missing)} that its card's configuration needs"
        )
    if foreign := weights.keys() - expected.keys():
        raise ValueError(
            f"{path} holds the weights {_first_names(foreign)} "
            "that its card's configuration does not know"
        )
    for name, value in weights.items():
        needed = tuple(expected[name].shape)
        if value.shape != needed:
            raise ValueError(
                f"{path}: {name} has the shape {tuple(value.shape)}, "
                f"its card's configuration needs {needed}"
            )
        if not value.isfinite().all():
            raise ValueError(f"{path}: {name} holds numbers that are not finite")


def _check_kernel(network: Model, path: Path) -> None:
    """Refuse a kernel machine whose bags hold what does not exist, or without a share."""
    kernel = kernel_of(network)
    if kernel is None:
        return
    are_bags = (
        0 < kernel.share < 1
        and ((kernel.graphs >= 0) & (kernel.graphs < len(kernel.coefficients))).all()
        and ((kernel.entries >= 0) & (kernel.entries < network.vocabulary.node_entries)).all()
        and ((kernel.amounts > 0) & (kernel.amounts <= MOST_OCCURRENCES)).all()
    )
    if not are_bags:
        raise ValueError(
            f"{path}: its kernel machine names graphs or entries that do not exist, or its share "
            f"is {float(kernel.share):g}: train the model again"
        )


def _first_names(names: Iterable[str]) -> str:
    """The first three names, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - 3} more" if len(ordered) > 3 else ""
    return ", ".join(ordered[:3]) + more
