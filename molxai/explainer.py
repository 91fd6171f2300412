"""The front door: a model and a method, ready to explain SMILES, molecules and digits."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import UInt8
from rdkit import Chem

from graphormer.checkpoint import Card, load, locate
from graphormer.ensemble import Model
from graphormer.fingerprints import bits_beside, read_bits
from graphormer.graph import Graph, size_batches
from graphormer.molecules import Molecule, molecule
from graphormer.names import unknown
from graphormer.pictures import picture, read_picture
from graphormer.prediction import batch_for
from graphormer.superpixels import Digit, digit
from molxai.explainers import check_size, method
from molxai.explainers.about import ABOUT
from molxai.explainers.ensemble import explained
from molxai.explanation import PREDICTED, Explanation, Explanations, Target

Subject: TypeAlias = Molecule | Digit | Graph
"""What is explained; a bare graph has no picture."""

Source: TypeAlias = Any
"""A SMILES, an RDKit `Mol`, an array of grey values, the `Path` of a picture, a PyG `Data`, a `Molecule` or a `Digit`."""

BATCH_SIZE = 32
"""Graphs explained at once."""


class Explainer:
    """Explains what a model says.

    Example:
        >>> explanation = Explainer("bace")("CC(C)Cc1ccc(cc1)C(C)C(=O)O")
        >>> len(explanation.relevance), abs(explanation.gap) < 1e-4
        (15, True)
    """

    def __init__(
        self,
        model: str | Path = "bace",
        method_name: str = "lrp",
        batch_size: int = BATCH_SIZE,
        device: str = "auto",
        endpoint: str = "",
    ) -> None:
        """Load a model.

        Args:
            model: a shipped model's name, a folder with one model, or a .safetensors file.
            method_name: an id of `EXPLAINERS`.
            batch_size: graphs explained at once; results do not depend on it.
            device: auto, cpu or cuda.
            endpoint: which target to explain, of a model that has several. [default: the first]

        Raises:
            FileNotFoundError: there is no such model.
            ValueError: the model does not load, or there is no such method, device or endpoint.
        """
        if batch_size < 1:
            raise ValueError(f"batch size {batch_size}: at least 1 is needed")
        self.method = method(method_name)
        self.weights: Path | None = locate(model)
        self.network, self.card = load(model)
        self.network.to(chosen_device(device))
        self.batch_size = batch_size
        self.column = self._column(endpoint)

    @classmethod
    def of(cls, network: Model, card: Card, method_name: str = "lrp", batch_size: int = BATCH_SIZE) -> "Explainer":
        """An explainer of a model that is already in memory, where it is."""
        made = cls.__new__(cls)
        made.method, made.network, made.card, made.batch_size = method(method_name), network, card, batch_size
        made.weights, made.column = None, 0
        return made

    def by(self, method_name: str, endpoint: str | None = None) -> "Explainer":
        """The same model, which stays in memory once, explained by another method; None: for the same endpoint.

        Raises:
            ValueError: there is no such method or endpoint.
        """
        made = copy(self)
        made.method = method(method_name)
        made.column = self.column if endpoint is None else self._column(endpoint)
        return made

    @cached_property
    def known(self) -> UInt8[np.ndarray, "molecules bytes"] | None:
        """Fingerprints of the molecules that the model learnt from, where they lie beside it.

        Raises:
            ValueError: what lies there is no such file.
        """
        beside = bits_beside(self.weights) if self.weights else None
        return read_bits(beside) if beside and beside.exists() else None

    @property
    def reads(self) -> str:
        """What the model takes: molecules or digits."""
        return "molecules" if self.card.vocabulary.startswith("molecule") else "digits"

    def __call__(self, source: Source, target: str | int = "pred", contrast: str | int | None = None) -> Any:
        """The `Explanation` of one input, or the list of them for a list of inputs, in order.

        Args:
            source: for molecules a SMILES, an RDKit `Mol` or a `Molecule`; for digits an array of grey values (0 to 1, or
                bytes), the `Path` of a picture or a `Digit`; for either a PyG `Data`; or a list of those.
            target: `pred` for the predicted class, or a class's name or number.
            contrast: explain how much the target's logit exceeds this class's.

        Raises:
            ValueError: an input cannot be read, is of the other kind, or there is no such class.
        """
        if isinstance(source, list | tuple):
            return Explanations(self.explain([self.subject(one) for one in source], [self.target(target, contrast)] * len(source)))
        return self.explain([self.subject(source)], [self.target(target, contrast)])[0]

    def subject(self, source: Source, id: str = "") -> Subject:
        """The molecule or digit of an input.

        Raises:
            ValueError: it cannot be read, or is not what the model takes.
        """
        if hasattr(source, "edge_index"):
            return self._from_pyg(source)
        if self.reads == "digits":
            if isinstance(source, Digit):
                return source
            if isinstance(source, Path):
                image, notes = read_picture(source)
            elif isinstance(source, np.ndarray):
                image, notes = picture(source)
            elif isinstance(source, Molecule | Chem.Mol):
                raise ValueError(f"the model {self.card.name!r} reads digits, this is a molecule: choose another model with -m")
            else:
                needed = "an array of grey values or the Path of a picture"
                raise ValueError(f"the model {self.card.name!r} reads digits: {needed} is needed, not {type(source).__name__}")
            return digit(image, id, notes)
        if isinstance(source, Molecule):
            return source
        if isinstance(source, Digit):
            raise ValueError(f"the model {self.card.name!r} reads molecules, this is a digit: choose another model with -m")
        if not isinstance(source, str | Chem.Mol):
            raise ValueError(f"the model {self.card.name!r} reads molecules: a SMILES or a Mol is needed, not {type(source).__name__}")
        return molecule(source, id)

    def _from_pyg(self, data: Any) -> Subject:
        from molxai.pyg import graph_of, molecule_of

        coded = data.x is not None and data.x.shape[1] == len(self.network.vocabulary.node_features)
        if self.reads == "molecules" and isinstance(data.get("smiles"), str) and not coded:
            return molecule_of(data)  # what can be drawn
        return graph_of(data, self.network.vocabulary)

    def target(self, name: str | int, contrast: str | int | None = None) -> Target | None:
        """The target of that name; None for `pred` of the first endpoint without contrast, which each graph's prediction decides.

        Raises:
            ValueError: there is no such class, or `pred` is to be contrasted.
        """
        if name == "pred":
            if contrast is not None:
                raise ValueError("a contrast needs a named target: give --target CLASS as well, not pred")
            return Target(PREDICTED, column=self.column) if self.column else None
        made = Target(self.class_number(name), None if contrast is None else self.class_number(contrast), self.column)
        made.weights(self.card.config)
        return made

    def _column(self, endpoint: str) -> int:
        targets = self.card.targets
        if not endpoint:
            return 0
        if endpoint not in targets:
            raise ValueError(unknown("endpoint", endpoint, targets, where=f"in the model {self.card.name!r}"))
        return 0 if self.card.config.task == "multiclass" else targets.index(endpoint)

    @property
    def endpoint(self) -> str:
        """Name of the target that is explained, where the model has several."""
        return self.card.endpoints[self.column] if self.card.endpoints else ""

    def class_number(self, name: str | int) -> int:
        """The class of that name or number; 0 of a regression is its value.

        Raises:
            ValueError: there is none.
        """
        classes = self.card.classes
        if str(name) in classes:
            return classes.index(str(name))
        if str(name).isdecimal() and int(name) < max(len(classes), 1):
            return int(name)
        remedy = "" if classes else "a regression has no classes"
        raise ValueError(unknown("class", str(name), classes, remedy, f"in the model {self.card.name!r}"))

    def explain(self, subjects: Sequence[Subject], targets: Sequence[Target | None]) -> list[Explanation]:
        """Explanations in the order of the subjects; a target of None is the prediction.

        Raises:
            ValueError: a graph is larger than the method takes.
        """
        made: list[Explanation | None] = [None] * len(subjects)
        graphs = [graph_in(one) for one in subjects]
        check_size(self.method, max((graph.nodes for graph in graphs), default=0))
        for rows in size_batches([graph.nodes for graph in graphs], self.batch_size):
            batch = batch_for(self.network, [graphs[row] for row in rows])
            for row, explanation in zip(rows, explained(self.method, self.network, batch, [targets[row] for row in rows]), strict=True):
                made[row] = self._completed(explanation, subjects[row])
        return made  # type: ignore[return-value]

    def _completed(self, explanation: Explanation, subject: Subject) -> Explanation:
        """The explanation with what only the card and the subject know."""
        drawn = None if isinstance(subject, Graph) else subject
        card = self.card
        endpoint = card.endpoints[explanation.target.column] if card.endpoints else ""
        named = replace(explanation, classes=card.classes, unit=card.unit, endpoint=endpoint, model=card.name)
        return replace(named, in_unit=ABOUT[self.method.name].in_unit, subject=drawn, network=self.network)


def graph_in(subject: Subject) -> Graph:
    """The graph of a molecule or a digit, or itself."""
    return subject if isinstance(subject, Graph) else subject.graph


DEVICES = ("auto", "cpu", "cuda")
"""Where a model may run; auto takes a GPU if there is one."""


def chosen_device(name: str) -> torch.device:
    """The device of that name; auto takes a GPU where there is one.

    Raises:
        ValueError: an unknown name, or cuda where there is none.
    """
    if name not in DEVICES:
        raise ValueError(unknown("device", name, DEVICES))
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device cuda: this machine has no usable GPU; use --device cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
