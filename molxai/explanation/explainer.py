"""The front door: a model and a method, ready to explain SMILES, molecules and digits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import torch
from jaxtyping import Float, UInt8
from rdkit import Chem
from torch import Tensor

from graphormer.evaluation.fingerprints import bits_beside, read_bits
from graphormer.graphs.block import Batches
from graphormer.graphs.graph import Graph
from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from graphormer.names import unknown
from graphormer.network.card import Card
from graphormer.network.checkpoint import load, locate
from graphormer.network.ensemble import Model
from graphormer.network.prediction import predict_each
from molxai.explanation.base_explainer import ERRORS, BaseExplainer
from molxai.explanation.classes import Class as Class
from molxai.explanation.classes import endpoint_column
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.explanations import Explanations
from molxai.explanation.kinds import refuse_language_model
from molxai.explanation.method import Method
from molxai.explanation.methods import method as method_of
from molxai.explanation.refused import Refused
from molxai.explanation.sources import Linked, is_numbers, lacking, several
from molxai.explanation.subjects import Subject, batches_of, read_by, subject_of
from molxai.explanation.subjects import graph_in as graph_in

Source: TypeAlias = Any
"""One input: a SMILES, an RDKit `Mol`, a picture as numbers or by its path, a PyG `Data`.

Or what was made of one of these.
"""

Single: TypeAlias = str | Path | Molecule | Digit | Graph | Input | Linked
"""Types of which a value is one input, whatever it holds."""

BATCH_SIZE = 32
"""Graphs explained at once."""


class Explainer(BaseExplainer):
    """Explains what a model says.

    Example:
        >>> explanation = Explainer("bace")("CC(C)Cc1ccc(cc1)C(C)C(=O)O")
        >>> len(explanation.relevance), explanation.adds_up
        (15, True)
    """

    network: Model
    card: Card

    def __init__(
        self,
        model: str | Path = "bace",
        method: str | Method = "lrp",
        batch_size: int = BATCH_SIZE,
        device: str = "auto",
        endpoint: str = "",
        structure: str = "halves",
        base: str = "apart",
    ) -> None:
        """Load a model.

        Args:
            model: a shipped model's name, a folder with one model, or a .safetensors file.
            method: an id of `EXPLAINERS`; or a method with options of its own and a name, such as
                `IntegratedGradients("ig-200", steps=200)`.
            batch_size: graphs explained at once; results do not depend on it.
            device: auto, cpu or cuda.
            endpoint: which target to explain, of a model that has several. [default: the first]
            structure: where the relevance of distances, bonds and offsets goes, if the method gives
                them any: in `halves` to the two nodes, or `apart`, in a sum of its own.
            base: where the base value of a regression goes: `apart`, in the sum of the biases, or
                `spread`, in even shares to the nodes, which then sum to the value itself.

        Raises:
            FileNotFoundError: there is no such model.
            ValueError: the model does not load, there is no such method, device, endpoint or
                place for structure or base, or the model has no base to spread.
        """
        if batch_size < 1:
            raise ValueError(f"batch size {batch_size}: at least 1 is needed")
        refuse_language_model(str(model))
        method_of(method, structure, base=base)  # an unknown one is refused before a model is read
        self.weights: Path | None = locate(model)
        self.network, self.card = load(model)
        self.method = method_of(method, structure, self.card, base)
        self.structure = structure
        self.base = base
        self.network.to(chosen_device(device))
        self.batch_size = batch_size
        self.column = endpoint_column(self.card, endpoint)

    @classmethod
    def from_network(
        cls,
        network: Model,
        card: Card,
        method: str | Method = "lrp",
        batch_size: int = BATCH_SIZE,
        base: str = "apart",
    ) -> "Explainer":
        """An explainer of a model that is already in memory, where it is."""
        explainer = cls.__new__(cls)
        explainer.method = method_of(method, card=card, base=base)
        explainer.base = base
        explainer.structure = "halves"
        explainer.network = network
        explainer.card = card
        explainer.batch_size = batch_size
        explainer.weights = None
        explainer.column = 0
        return explainer

    @cached_property
    def known(self) -> UInt8[np.ndarray, "molecules bytes"] | None:
        """Fingerprints of the training molecules, if they lie beside the model.

        Raises:
            ValueError: what lies there is no such file.
        """
        if self.weights is None:
            return None
        path = bits_beside(self.weights)
        return read_bits(path) if path.exists() else None

    @property
    def reads(self) -> str:
        """What the model takes: molecules or digits."""
        return read_by(self.card)

    def __repr__(self) -> str:
        """Which model, how and where."""
        device = str(next(self.network.parameters()).device)
        endpoint = f", endpoint={self.endpoint!r}" if self.endpoint else ""
        method = f"method={self.method.name!r}{endpoint}"
        return f"Explainer({self.card.name!r}, {method}, device={device!r})"

    @overload
    def __call__(
        self,
        source: Single,
        target: Class = ...,
        contrast: Class | None = ...,
        *,
        errors: Literal["raise"] = ...,
    ) -> Explanation: ...
    @overload
    def __call__(
        self,
        source: Single,
        target: Class = ...,
        contrast: Class | None = ...,
        *,
        errors: Literal["record"],
    ) -> Explanation | Refused: ...
    @overload
    def __call__(
        self,
        source: np.ndarray | torch.Tensor,
        target: Class = ...,
        contrast: Class | None = ...,
        *,
        errors: str = ...,
    ) -> Any: ...
    @overload
    def __call__(  # type: ignore[overload-overlap]
        self,
        source: Iterable[Any],
        target: Class = ...,
        contrast: Class | None = ...,
        *,
        errors: Literal["raise"] = ...,
    ) -> Explanations[Explanation]: ...
    @overload
    def __call__(
        self,
        source: Iterable[Any],
        target: Class = ...,
        contrast: Class | None = ...,
        *,
        errors: Literal["record"],
    ) -> Explanations[Explanation | Refused]: ...
    @overload
    def __call__(
        self,
        source: Chem.Mol,
        target: Class = ...,
        contrast: Class | None = ...,
        *,
        errors: str = ...,
    ) -> Explanation: ...
    def __call__(
        self,
        source: Any,
        target: Class = "pred",
        contrast: Class | None = None,
        *,
        errors: str = "raise",
    ) -> Any:
        """The `Explanation` of one input, or the `Explanations` of many, in order.

        One input is a SMILES, an RDKit `Mol`, a `Molecule` or `Digit`, a picture's path, a PyG
        `Data`, an array `[rows, columns]` of grey values (0 to 1, or bytes), or a tensor
        `[1, rows, columns]`. Anything else that one can go through is many: a list, a tuple, a
        generator, `df.smiles`, an array of strings, an array or tensor `[n, 28, 28]` or
        `[n, 1, 28, 28]`, `read_inputs(["drugs.csv"])`. A Series whose index holds texts gives them
        as ids.

        All inputs are read before any is explained.

        Args:
            source: one input, or many.
            target: `pred` for the predicted class, or a class's name or number.
            contrast: explain how much the target's logit exceeds this class's.
            errors: `raise` stops at inputs that cannot be explained and names their positions;
                `record` puts a `Refused`, with the reason, in the place of each.

        Raises:
            ValueError: an input cannot be read, is of the other kind, or there is no such class.

        Example:
            >>> explanations = Explainer("bace")(["CCO", "C1CC"], errors="record")
            >>> [bool(item) for item in explanations]
            [True, False]
        """
        if errors not in ERRORS:
            raise ValueError(unknown("choice of errors", str(errors), ERRORS))
        chosen = self.target(target, contrast)
        if self.reads == "molecules" and is_numbers(source):
            raise ValueError(
                f"the model {self.card.name!r} reads molecules: {lacking('molecules', source)}"
            )
        sources = several(source)
        if sources is not None:
            return self.explain_sources(sources, chosen, errors)
        if errors == "record":
            return self.explain_sources([(source, "")], chosen, errors)[0]
        return self.explain([self.subject(source)], [chosen])[0]

    def subject(self, source: Source, id: str = "") -> Subject:
        """The molecule or digit of one input.

        Raises:
            ValueError: it cannot be read, or is not what the model takes.
            FileNotFoundError: there is no such picture.
        """
        return subject_of(source, id, self.card, self.network.vocabulary)

    def batches(self, subjects: Sequence[Subject]) -> Batches:
        return batches_of(subjects)

    def logits(self, subjects: Sequence[Subject]) -> Float[Tensor, "components subjects outputs"]:
        """Logits or values from every component of an ensemble; a single model is its only one."""
        return predict_each(self.network, batches_of(subjects), self.batch_size)

    def completed(self, explanation: Explanation, subject: Subject) -> Explanation:
        """The explanation with what only the card, the method and the subject know."""
        card = self.card
        return replace(
            explanation,
            classes=card.classes,
            unit=card.unit,
            in_unit=self.method.in_unit,
            signed=self.method.signed,
            endpoint=card.endpoints[explanation.target.column] if card.endpoints else "",
            model=card.name,
            subject=None if isinstance(subject, Graph) else subject,
            network=self.network,
        )


DEVICES = ("auto", "cpu", "cuda")
"""Where a model may run; auto takes a GPU if there is one."""


def chosen_device(name: str) -> torch.device:
    """The device of that name; auto takes a GPU if there is one.

    Raises:
        ValueError: an unknown name, or cuda without a GPU.
    """
    if name not in DEVICES:
        raise ValueError(unknown("device", name, DEVICES))
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise ValueError("device cuda: this machine has no usable GPU; use --device cpu")
    return torch.device("cuda" if name != "cpu" and has_gpu else "cpu")
