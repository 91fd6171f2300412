"""The front door: a model and a method, ready to explain SMILES, molecules and digits."""

import math
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import torch
from jaxtyping import UInt8
from rdkit import Chem

from graphormer.data.targets import known_label
from graphormer.evaluation.fingerprints import bits_beside, read_bits
from graphormer.graphs.graph import Graph, size_batches
from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from graphormer.names import unknown
from graphormer.network.card import Card
from graphormer.network.checkpoint import load, locate
from graphormer.network.ensemble import Model
from graphormer.network.prediction import batch_for
from molxai.explanation.explanation import Explanation
from molxai.explanation.explanations import Explanations, Refused, refuse
from molxai.explanation.inputs import Input
from molxai.explanation.methods import check_size
from molxai.explanation.methods import method as method_of
from molxai.explanation.methods.about import ABOUT
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.sources import Linked, is_numbers, lacking, several, text_of
from molxai.explanation.subjects import Subject, read_by, subject_of
from molxai.explanation.subjects import graph_in as graph_in
from molxai.explanation.target import PREDICTED, Target

Source: TypeAlias = Any
"""One input: a SMILES, an RDKit `Mol`, a picture as numbers or by its path, a PyG `Data`, or what was made of one of these."""

Single: TypeAlias = str | Path | Molecule | Digit | Graph | Input | Linked
"""Types of which a value is one input, whatever it holds."""

Class: TypeAlias = str | int | np.integer
"""A class by name or number, or `pred`."""

ERRORS = ("raise", "record")
"""What happens to inputs that cannot be explained."""

FAULTS = (ValueError, OSError, RuntimeError, MemoryError)
"""What one input may fail with; RDKit and torch have no other name for what they did not foresee and memory they lack."""

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
        method: str = "lrp",
        batch_size: int = BATCH_SIZE,
        device: str = "auto",
        endpoint: str = "",
    ) -> None:
        """Load a model.

        Args:
            model: a shipped model's name, a folder with one model, or a .safetensors file.
            method: an id of `EXPLAINERS`.
            batch_size: graphs explained at once; results do not depend on it.
            device: auto, cpu or cuda.
            endpoint: which target to explain, of a model that has several. [default: the first]

        Raises:
            FileNotFoundError: there is no such model.
            ValueError: the model does not load, or there is no such method, device or endpoint.
        """
        if batch_size < 1:
            raise ValueError(f"batch size {batch_size}: at least 1 is needed")
        self.method = method_of(method)
        self.weights: Path | None = locate(model)
        self.network, self.card = load(model)
        self.network.to(chosen_device(device))
        self.batch_size = batch_size
        self.column = self._column(endpoint)

    @classmethod
    def from_network(
        cls, network: Model, card: Card, method: str = "lrp", batch_size: int = BATCH_SIZE
    ) -> "Explainer":
        """An explainer of a model that is already in memory, where it is."""
        made = cls.__new__(cls)
        made.method, made.network, made.card, made.batch_size = (
            method_of(method),
            network,
            card,
            batch_size,
        )
        made.weights, made.column = None, 0
        return made

    def with_method(self, method: str, endpoint: str | None = None) -> "Explainer":
        """The same model, which stays in memory once, explained by another method; None: for the same endpoint.

        Raises:
            ValueError: there is no such method or endpoint.
        """
        made = copy(self)
        made.method = method_of(method)
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
        return read_by(self.card)

    def __repr__(self) -> str:
        """Which model, how and where."""
        named = f", endpoint={self.endpoint!r}" if self.endpoint else ""
        device = next(self.network.parameters()).device
        return f"Explainer({self.card.name!r}, method={self.method.name!r}{named}, device={str(device)!r})"

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

        One input is a SMILES, an RDKit `Mol`, a `Molecule` or `Digit`, a picture's path, a PyG `Data`, an array `[rows,
        columns]` of grey values (0 to 1, or bytes), or a tensor `[1, rows, columns]`. Anything else that one can go
        through is many: a list, a tuple, a generator, `df.smiles`, an array of strings, an array or tensor
        `[n, 28, 28]` or `[n, 1, 28, 28]`, `read_inputs(["drugs.csv"])`. A Series whose index holds texts gives them as ids.

        All inputs are read before any is explained.

        Args:
            source: one input, or many.
            target: `pred` for the predicted class, or a class's name or number.
            contrast: explain how much the target's logit exceeds this class's.
            errors: `raise` stops at inputs that cannot be explained and names their positions; `record` puts a `Refused`,
                with the reason, in the place of each.

        Raises:
            ValueError: an input cannot be read, is of the other kind, or there is no such class.

        Example:
            >>> [bool(one) for one in Explainer("bace")(["CCO", "C1CC"], errors="record")]
            [True, False]
        """
        if errors not in ERRORS:
            raise ValueError(unknown("choice of errors", str(errors), ERRORS))
        wanted = self.target(target, contrast)
        if self.reads == "molecules" and is_numbers(source):
            raise ValueError(
                f"the model {self.card.name!r} reads molecules: {lacking('molecules', source)}"
            )
        given = several(source)
        if given is not None:
            return self._many(given, wanted, errors)
        if errors == "record":
            return self._many([(source, "")], wanted, errors)[0]
        return self.explain([self.subject(source)], [wanted])[0]

    def _many(
        self, given: Sequence[tuple[Source, str]], target: Target | None, errors: str
    ) -> Explanations:
        """The explanations of inputs with their ids; of all, or as many as there can be."""
        read = [self._read(row, source, id) for row, (source, id) in enumerate(given)]
        if errors == "raise":
            refuse([one for one in read if isinstance(one, Refused)], len(given))
        subjects = [one for one in read if not isinstance(one, Refused)]
        made = iter(self._each(subjects, target))
        found = [
            one if isinstance(one, Refused) else _placed(next(made), one, row)
            for row, one in enumerate(read)
        ]
        if errors == "raise":
            refuse([one for one in found if isinstance(one, Refused)], len(given))
        return Explanations(found)

    def _read(self, row: int, source: Source, id: str) -> Subject | Refused:
        """The molecule or digit of an input, or why there is none."""
        if isinstance(source, Input) and source.error:
            return Refused(row, source.text, source.error, source.id)
        try:
            subject = self.subject(source, id)
            check_size(self.method, graph_in(subject).nodes)
        except FAULTS as error:
            text = source.text if isinstance(source, Input) else text_of(source, row)
            return Refused(row, text, str(error) or type(error).__name__, id)
        return subject

    def _each(self, subjects: Sequence[Subject], target: Target | None) -> list[Explanation | str]:
        """The explanation of each, or why there is none: what fails together is tried in halves, down to single ones."""
        if not subjects:
            return []
        try:
            return list(self.explain(subjects, [target] * len(subjects)))
        except FAULTS as error:
            if len(subjects) == 1:
                return [str(error) or type(error).__name__]
        half = len(subjects) // 2
        return self._each(subjects[:half], target) + self._each(subjects[half:], target)

    def subject(self, source: Source, id: str = "") -> Subject:
        """The molecule or digit of one input.

        Raises:
            ValueError: it cannot be read, or is not what the model takes.
            FileNotFoundError: there is no such picture.
        """
        return subject_of(source, id, self.card, self.network.vocabulary)

    def target(self, name: Class, contrast: Class | None = None) -> Target | None:
        """The target of that name; None for `pred` of the first endpoint without contrast, which each graph's prediction decides.

        Raises:
            ValueError: there is no such class, or `pred` is to be contrasted.
        """
        wanted = _plain(name)
        if isinstance(wanted, str) and wanted == "pred":
            if contrast is not None:
                raise ValueError(
                    "a contrast needs a named target: give --target CLASS as well, not pred"
                )
            return Target(PREDICTED, column=self.column) if self.column else None
        other = None if contrast is None else self.class_number(_plain(contrast))
        made = Target(self.class_number(wanted), other, self.column)
        made.weights(self.card.config)
        return made

    def _column(self, endpoint: str) -> int:
        targets = self.card.targets
        if not endpoint:
            return 0
        if endpoint not in targets:
            raise ValueError(
                unknown("endpoint", endpoint, targets, where=f"in the model {self.card.name!r}")
            )
        return 0 if self.card.config.task == "multiclass" else targets.index(endpoint)

    @property
    def endpoint(self) -> str:
        """Name of the target that is explained, where the model has several."""
        return self.card.endpoints[self.column] if self.card.endpoints else ""

    def class_in_table(self, label: str) -> int:
        """The class that a cell of a table names: by name in any case, by number, or by 0 and 1 for the two of a binary model.

        Raises:
            ValueError: it names none, or the model is a regression.
        """
        if not self.card.classes:
            return self.class_number(label)
        name = self.endpoint or self.card.targets[0]
        try:
            number = known_label(name, label, self.card.config.task, self.card.classes)
        except ValueError:
            return self.class_number(label)  # says which classes there are
        if math.isnan(number):
            raise ValueError(
                f"the cell {label!r} names no class: {' or '.join(self.card.classes)} is needed"
            )
        return int(number)

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
        raise ValueError(
            unknown("class", str(name), classes, remedy, f"in the model {self.card.name!r}")
        )

    def explain(
        self, subjects: Sequence[Subject], targets: Sequence[Target | None]
    ) -> list[Explanation]:
        """Explanations in the order of the subjects; a target of None is the prediction.

        Raises:
            ValueError: a graph is larger than the method takes.
        """
        made: list[Explanation | None] = [None] * len(subjects)
        graphs = [graph_in(one) for one in subjects]
        check_size(self.method, max((graph.nodes for graph in graphs), default=0))
        for rows in size_batches([graph.nodes for graph in graphs], self.batch_size):
            batch = batch_for(self.network, [graphs[row] for row in rows])
            for row, explanation in zip(
                rows,
                explain_batch(self.method, self.network, batch, [targets[row] for row in rows]),
                strict=True,
            ):
                made[row] = self._completed(explanation, subjects[row])
        return made  # type: ignore[return-value]

    def _completed(self, explanation: Explanation, subject: Subject) -> Explanation:
        """The explanation with what only the card and the subject know."""
        drawn = None if isinstance(subject, Graph) else subject
        card = self.card
        endpoint = card.endpoints[explanation.target.column] if card.endpoints else ""
        named = replace(
            explanation, classes=card.classes, unit=card.unit, endpoint=endpoint, model=card.name
        )
        return replace(
            named, in_unit=ABOUT[self.method.name].in_unit, subject=drawn, network=self.network
        )


def _plain(name: Any) -> Any:
    """A class as it was named; the number in a value of NumPy or torch."""
    return (
        name.item()
        if isinstance(name, np.generic | np.ndarray | torch.Tensor) and not name.ndim
        else name
    )


def _placed(made: Explanation | str, subject: Subject, row: int) -> Explanation | Refused:
    """The explanation, or in its place why there is none."""
    return (
        made
        if isinstance(made, Explanation)
        else Refused(row, text_of(subject, row), made, getattr(subject, "id", ""))
    )


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
