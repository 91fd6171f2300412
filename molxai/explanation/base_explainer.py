"""What every explainer is: a model and a method. Commands and measures ask for no more."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from graphormer.graphs.graph import size_batches
from molxai.explanation.about import About
from molxai.explanation.classes import Class, Classes, endpoint_column
from molxai.explanation.collection import explain_collection
from molxai.explanation.explanation import Explanation
from molxai.explanation.explanations import Explanations
from molxai.explanation.method import Method
from molxai.explanation.methods import EXPLAINERS, check_size
from molxai.explanation.methods import method as method_of
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.methods.layers import LayerGradientInput, LeGrad
from molxai.explanation.methods.strengths import TUNED
from molxai.explanation.network import Layered, components_of, placed
from molxai.explanation.target import Target

ERRORS = ("raise", "record")
"""What happens to inputs that cannot be explained."""


@runtime_checkable
class Batches(Protocol):
    """Subjects from which batches can be made."""

    @property
    def sizes(self) -> list[int]:
        """How large each is."""

    def batch(self, rows: Sequence[int]) -> Any:
        """Some of them as one padded batch, in the given order."""


Self = TypeVar("Self", bound="BaseExplainer")


class BaseExplainer(ABC):
    """A model and a method, ready to explain."""

    PASS_COST: ClassVar[int] = 1
    """What a pass of the model costs, in passes of a usual graph."""

    method: Method
    network: Any
    """The model, as `molxai.explanation.network` describes it."""
    card: About
    batch_size: int
    """Inputs explained at once."""
    column: int = 0
    """Output column of the endpoint that is explained."""
    structure: str = "halves"
    """Where the relevance of structure goes."""
    base: str = "apart"
    """Where the base value goes."""

    @property
    @abstractmethod
    def reads(self) -> str:
        """What the model takes: molecules, digits or texts."""

    @abstractmethod
    def subject(self, source: Any, id: str = "") -> Any:
        """What the model reads of one input.

        Raises:
            ValueError: it cannot be read, or is not what the model takes.
        """

    @abstractmethod
    def batches(self, subjects: Sequence[Any]) -> Batches:
        """What batches of the subjects are made from, in their order."""

    @abstractmethod
    def completed(self, explanation: Explanation, subject: Any) -> Explanation:
        """The explanation with what only the card, the method and the subject know."""

    @abstractmethod
    def logits(self, subjects: Sequence[Any]) -> Float[Tensor, "components subjects outputs"]:
        """Logits or values from every component of an ensemble; a single model is its only one."""

    @property
    def methods(self) -> list[str]:
        """Ids of the methods that the model can be asked for, in the order of `EXPLAINERS`."""
        is_layered = isinstance(components_of(self.network)[0], Layered)
        ids = []
        for id, method in EXPLAINERS.items():
            lacks_layers = isinstance(method, LayerGradientInput | LeGrad) and not is_layered
            lacks_strengths = id == TUNED and not self.card.tuning
            if not lacks_layers and not lacks_strengths:
                ids.append(id)
        return ids

    @property
    def known(self) -> UInt8[np.ndarray, "molecules bytes"] | None:
        """Fingerprints of the training molecules, if there are any."""
        return None

    def with_method(
        self: Self, method: str | Method, endpoint: str | None = None, structure: str | None = None
    ) -> Self:
        """The same model, which stays in memory once, explained by another method.

        Args:
            method: an id of `EXPLAINERS`, or a method with a name.
            endpoint: which target to explain; None: the same.
            structure: where the relevance of distances, bonds and offsets goes; None: the same.

        Raises:
            ValueError: there is no such method, endpoint or place for structure.
        """
        explainer = copy(self)
        explainer.structure = structure or self.structure
        explainer.method = method_of(method, explainer.structure, self.card, self.base)
        if endpoint is not None:
            explainer.column = endpoint_column(self.card, endpoint)
        return explainer

    def target(self, name: Class, contrast: Class | None = None) -> Target | None:
        """The target of that name.

        None is `pred` of the first endpoint without contrast: each input's prediction decides it.

        Raises:
            ValueError: there is no such class, or `pred` is to be contrasted.
        """
        return self.class_names.target(name, contrast)

    @property
    def endpoint(self) -> str:
        """Name of the target that is explained, if the model has several."""
        return self.class_names.endpoint

    def class_in_table(self, label: str) -> int:
        """The class that a cell of a table names.

        By name in any case, by number, or by 0 and 1 for the two of a binary model.

        Raises:
            ValueError: it names none, or the model is a regression.
        """
        return self.class_names.in_table(label)

    def class_number(self, name: str | int) -> int:
        """The class of that name or number; 0 of a regression is its value.

        Raises:
            ValueError: there is none.
        """
        return self.class_names.number(name)

    @property
    def class_names(self) -> Classes:
        """The classes of the endpoint that is explained."""
        return Classes(self.card, self.column)

    def explain_sources(
        self, sources: Sequence[tuple[Any, str]], target: Target | None, errors: str
    ) -> Explanations:
        """The explanations of inputs with their ids.

        Args:
            sources: inputs with their ids.
            target: of all.
            errors: `raise` stops at inputs that cannot be explained; `record` puts a `Refused` in
                the place of each.

        Raises:
            ValueError: an input cannot be explained, and errors are to be raised.
        """

        def read(source: Any, id: str) -> Any:
            subject = self.subject(source, id)
            check_size(self.method, subject.nodes)
            return subject

        def explain(subjects: Sequence[Any]) -> list[Explanation]:
            return self.explain(subjects, [target] * len(subjects))

        return explain_collection(sources, read, explain, errors)

    def explain(
        self, subjects: Sequence[Any], targets: Sequence[Target | None]
    ) -> list[Explanation]:
        """Explanations in the order of the subjects; a target of None is the prediction.

        Raises:
            ValueError: a subject is larger than the method takes.
        """
        check_size(self.method, max((subject.nodes for subject in subjects), default=0))
        batches = self.batches(subjects)
        explanations: dict[int, Explanation] = {}
        for rows in size_batches(batches.sizes, self.batch_size):
            batch = placed(self.network, batches.batch(rows))
            results = explain_batch(
                self.method, self.network, batch, [targets[row] for row in rows]
            )
            for row, explanation in zip(rows, results, strict=True):
                explanations[row] = self.completed(explanation, subjects[row])
        return [explanations[row] for row in range(len(subjects))]
