"""What is asked of every row: one value that the command line, the API and pages fill in.

Checks that need no model are made when a `Question` is made. `Question.check` makes those that need
one. Classes and contrasts are checked by `molxai.explanation.classes`.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from graphormer.graphs.molecules import MAX_ATOMS
from graphormer.network.checkpoint import locate, read_card
from molxai.batch.rows import NO_TRUE_CLASS
from molxai.chemistry.schemes import Scheme, scheme_of
from molxai.chemistry.series import default_target
from molxai.explanation.about import About
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.classes import check_contrast
from molxai.explanation.explainer import BATCH_SIZE, Explainer, chosen_device
from molxai.explanation.kinds import is_language_model
from molxai.explanation.methods import method as method_named
from molxai.explanation.methods.base_value import check_base
from molxai.explanation.methods.options import BEGIN

USUAL_MODELS = {"molecules": "bace", "digits": "mnist"}
"""The shipped model that explains what a user gives without naming a model."""


@dataclass(frozen=True)
class Question:
    """Which model and methods explain which target, and what records hold beside the relevances.

    Example:
        >>> question = Question(methods=("lrp", "gae"), target="active")
        >>> question.contrast is None, question.batch_size
        (True, 32)
    """

    model: str = ""
    """Shipped model's name, folder or .safetensors file; empty: the usual one for the inputs."""
    methods: tuple[str, ...] = ("lrp",)
    """Ids of `EXPLAINERS`; records hold what the first one says."""
    target: str = ""
    """`pred`, `true` (the row's own label), or a class by name or number.

    Empty: the usual one for the inputs.
    """
    contrast: str | None = None
    """Class whose logit is subtracted."""
    endpoint: str = ""
    """Target column, of a model that has several; empty: the first."""
    relevances: bool = True
    """Whether rows are explained; otherwise they are only predicted."""
    features: bool = False
    """Whether records hold each node's split over its input features, and that of structure."""
    structure: str = "halves"
    """Where the relevance of distances, bonds and offsets goes: one of `STRUCTURES`."""
    base: str = "apart"
    """Where the base value of a regression goes: one of `BASES`."""
    fragments: str | tuple[str, ...] = ""
    """Fragments whose relevance is added: the id of a scheme, or lines of a name and a SMARTS each.

    Empty: none.
    """
    max_atoms: int = MAX_ATOMS
    """Heavy atoms of the largest molecule that is read."""
    batch_size: int = BATCH_SIZE
    """Graphs explained at once; results do not depend on it."""
    device: str = "auto"
    """auto, cpu or cuda."""

    def __post_init__(self) -> None:
        if not self.methods:
            raise ValueError("no method is named: at least one is needed, such as lrp")
        for name in self.methods:
            method_named(name, self.structure, base=self.base)
        chosen_device(self.device)
        check_contrast(self.target, self.contrast)
        if self.target == "true" and not self.relevances:
            raise ValueError(
                "a prediction needs no true class: name the class, or pred for each input's own"
            )
        _ = self.scheme  # reads the user's patterns

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def scheme(self) -> Scheme | None:
        """How molecules are split into fragments, if at all."""
        return scheme_of(self.fragments) if self.fragments else None

    def explainers(self) -> tuple[BaseExplainer, ...]:
        """The model, read once, with each of the methods.

        Raises:
            FileNotFoundError: there is no such model.
            ValueError: the model does not load, or has no such endpoint.
        """
        first = explainer_of(
            self.model or USUAL_MODELS["molecules"],
            self.methods[0],
            self.batch_size,
            self.device,
            self.endpoint,
            self.structure,
            self.base,
        )
        return (first, *(first.with_method(name) for name in self.methods[1:]))

    def complete(self, card: About, several: bool, has_labels: bool) -> "Question":
        """The same question, with the usual target if none is named.

        Args:
            card: of the model.
            several: whether the rows are a table or a list, and not a single input.
            has_labels: whether the rows may hold their true class.

        Raises:
            ValueError: the target is the true class, and rows have none; or a contrast has no named
                target.
        """
        if self.target == "true" and not has_labels:
            raise ValueError(NO_TRUE_CLASS)
        return replace(self, target=self.target or default_target(card, several))

    def check(self, explainer: BaseExplainer) -> None:
        """Refuse what cannot be asked of this model, before any work.

        Raises:
            ValueError: it has no such class, cannot be asked for a method, or reads what has no
                fragments or no features.
        """
        if self.fragments:
            check_has_fragments(explainer)
        if self.features and explainer.reads == "texts":
            raise ValueError(
                f"a token is one entry of a vocabulary, and the model {explainer.card.name!r} "
                "reads texts: there is no split over input features"
            )
        for name in self.methods:
            check_method(explainer, name)
        if self.target != "true":
            explainer.target(self.target, self.contrast)


def explainer_of(
    model: str,
    method: str = "lrp",
    batch_size: int = BATCH_SIZE,
    device: str = "auto",
    endpoint: str = "",
    structure: str = "halves",
    base: str = "apart",
) -> BaseExplainer:
    """A model with a method, whatever the model reads.

    Raises:
        FileNotFoundError: there is no such model.
        ValueError: the model does not load, or has no such endpoint.
    """
    if not is_language_model(model):
        return Explainer(model, method, batch_size, device, endpoint, structure, base)
    from molxai.text import TextExplainer

    check_base(base, card_of(model))
    return TextExplainer(model, None, method, batch_size, device, endpoint)


def card_of(model: str) -> About:
    """The card of a model, whatever it reads.

    Raises:
        FileNotFoundError: there is no such model.
        ValueError: its card cannot be read.
    """
    if not is_language_model(model):
        return read_card(locate(model))
    from molxai.text.loading import card_in

    return card_in(Path(model))


def usual_model(name: str, reads: str) -> str:
    """The named model; without a name the shipped one that reads molecules or digits."""
    return name or USUAL_MODELS[reads]


def check_method(explainer: BaseExplainer, name: str) -> None:
    """Refuse a method that the model cannot be asked for.

    Raises:
        ValueError: it cannot.
    """
    id, *_ = name.split(BEGIN)
    if id not in explainer.methods:
        raise ValueError(
            f"the model {explainer.card.name!r} cannot be explained by {id}: "
            f"choose from {', '.join(explainer.methods)}"
        )


def check_has_fragments(explainer: BaseExplainer) -> None:
    """Refuse fragments of what is no molecule.

    Raises:
        ValueError: the model reads digits or texts.
    """
    if explainer.reads != "molecules":
        raise ValueError(
            f"fragments are parts of molecules, and the model {explainer.card.name!r} reads "
            f"{explainer.reads}"
        )


def check_reads(explainer: BaseExplainer, kind: str) -> None:
    """Refuse inputs that the model does not read.

    Args:
        explainer: with the model.
        kind: molecules, digits or texts.

    Raises:
        ValueError: the model reads the other kind.
    """
    if explainer.reads != kind:
        raise ValueError(
            f"the model {explainer.card.name!r} reads {explainer.reads}, and these are {kind}: "
            "choose another model"
        )
