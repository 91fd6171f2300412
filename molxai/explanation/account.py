"""What a prediction is made of: relevance with its ledger, and what it is the relevance of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.explanation.network import Predictor
from molxai.explanation.optional import needed
from molxai.explanation.sentence import Sentence
from molxai.explanation.structure import Structure
from molxai.explanation.target import Target
from molxai.explanation.words import in_a_line, signed, spread
from molxai.rules.balance import adds_up

if TYPE_CHECKING:
    import pandas


NODE_WORDS = {"molecules": "atom", "digits": "superpixel", "texts": "token", "": "node"}
"""What a node is of each kind of input."""


@dataclass(frozen=True, repr=False)
class Account:
    """Relevance of the nodes of one graph for one target, in numbers and words.

    If the method conserves, `logit = Σ relevance + token + bias + structure_relevance` up to
    rounding; `gap` is what is missing. An `Explanation` is an account that can draw itself.
    """

    method: str
    relevance: Float[Tensor, " nodes"]
    """In logit units (a regression: in the target's unit), positive for what speaks for the target.
    """
    feature_relevance: Float[Tensor, "nodes features"] | None = field(repr=False)
    """The same, split exactly over the named input features; None if the method has no such split.
    """
    features: tuple[str, ...]
    token: float
    """Relevance that ended in the graph token's own embedding."""
    bias: float
    """Relevance that ended in the model's biases."""
    logit: float
    """The explained quantity: the target's logit, a difference of two, or a value."""
    probability: float | None
    """Probability of the target's class; None for regressions."""
    target: Target
    prediction: int
    """The most probable class; 0 for regressions."""
    value: float
    """Regression: the predicted value. Otherwise the predicted class's logit."""
    classes: Sequence[str] = ()
    """Names of the classes; empty: their numbers."""
    unit: str = "logit"
    in_unit: bool = True
    """Whether relevances have the unit of the output; those of attention have none and only rank.
    """
    signed: bool = True
    """Whether negative relevance speaks against the target; without a sign it says how much, alone.
    """
    endpoint: str = ""
    """Name of the explained target, if the model has several."""
    model: str = ""
    relevance_sd: Float[Tensor, " nodes"] | None = field(default=None, repr=False)
    """Ensembles: standard deviation of the relevance over the members."""
    relevance_error: Float[Tensor, " nodes"] | None = field(default=None, repr=False)
    """Shapley values: standard error of the relevance, from the spread between orders."""
    logit_sd: float | None = None
    """Ensembles: of the explained quantity over the members."""
    delta: float | None = None
    """Integrated gradients and Shapley values: Σ relevance less the logit's rise from the baseline.

    It is 0 if they converged.
    """
    base: float | None = None
    """Base value that the nodes have in even shares; None: they have none of it."""
    structure: Structure | None = field(default=None, repr=False)
    """Relevance of distances, bonds and offsets; None if the method gives them none.

    Nodes have it in halves, as their feature `structure`, unless it is kept apart.
    """
    is_apart: bool = False
    """Whether the relevance of structure is kept apart, so that no node has it."""
    subject: Molecule | Digit | Sentence | None = field(default=None, repr=False)
    """What was explained, with what is needed to draw it."""
    network: Predictor | None = field(default=None, repr=False, compare=False)
    """The model that was asked, for `pair_flow`; pickles and copies leave it out."""

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "network": None}

    @property
    def name(self) -> str:
        """What was explained: its id, else a SMILES, a text, or `digit`; empty for a graph."""
        if self.subject is None:
            return ""
        if isinstance(self.subject, Sentence):
            return self.subject.name
        return self.subject.id or getattr(self.subject, "smiles", "digit")

    def __repr__(self) -> str:
        return in_a_line(type(self).__name__, self.name, self.said, self.made)

    @property
    def said(self) -> str:
        """What is explained and how much it is, in a few words."""
        sd = spread(self.logit_sd)
        if self.probability is None:
            value = f"{self.endpoint or 'value'} {signed(self.value)}{sd}"
            return f"{value} {self.unit}".rstrip()
        quantity = "logit" if self.target.contrast is None else "difference of logits"
        logit = f"{quantity} {signed(self.logit)}{sd}"
        return f"{self.full_target_name}: {logit}, p {self.probability:.3f}"

    @property
    def made(self) -> str:
        """The method, how many nodes there are, and the gap, in a few words."""
        count = len(self.relevance)
        plural = "s" if count > 1 else ""
        gap = f", gap {self.gap:.1g}" if self.in_unit else ""
        return f"{self.method}, {count} {self.node_word}{plural}{gap}"

    @property
    def node_word(self) -> str:
        """What a node is: an atom, a superpixel, a token, or a node of a bare graph."""
        return NODE_WORDS[self.kind]

    @property
    def kind(self) -> str:
        """What kind of input was explained: molecules, digits or texts; empty: a bare graph."""
        if self.subject is None:
            return ""
        if isinstance(self.subject, Sentence):
            return "texts"
        return "molecules" if isinstance(self.subject, Molecule) else "digits"

    @property
    def gap(self) -> float:
        """Logit not accounted for: zero, up to rounding, for a conservative method."""
        nodes = math.fsum(self.relevance.tolist())
        return self.logit - nodes - self.token - self.bias - self.structure_relevance

    @property
    def adds_up(self) -> bool:
        """Whether the gap is no more than rounding: nodes, token and biases sum to the logit."""
        beside = (self.token, self.bias, self.structure_relevance)
        size = abs(self.logit) + float(self.relevance.abs().sum()) + sum(map(abs, beside))
        return bool(adds_up(self.gap, size))

    @property
    def is_split(self) -> bool:
        """Whether relevances are shares of the output: they have its unit, and a sign."""
        return self.signed and self.in_unit

    @property
    def target_name(self) -> str:
        """The explained class by name, `a − b` for a contrast."""
        name = self.class_name(self.target.label)
        if self.target.contrast is None:
            return name
        return f"{name} − {self.class_name(self.target.contrast)}"

    @property
    def full_target_name(self) -> str:
        """The same, after the name of the endpoint if the model has several."""
        return f"{self.endpoint}: {self.target_name}" if self.endpoint else self.target_name

    @property
    def relevance_unit(self) -> str:
        """What relevances are counted in."""
        return self.unit if self.in_unit else "the method's own unit"

    @property
    def prediction_name(self) -> str:
        return self.class_name(self.prediction)

    def class_name(self, label: int) -> str:
        return self.classes[label] if self.classes else str(label)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was changed or approximated when the input was read, and what was added."""
        notes = self.subject.notes if self.subject else ()
        if self.base is None:
            return tuple(notes)
        return (*notes, f"{signed(self.base)} of base value, in even shares to all nodes")

    def node_names(self) -> list[str]:
        """Element and number of each atom, the number of each segment, or each piece of a text."""
        if isinstance(self.subject, Sentence):
            return list(self.subject.pieces)
        without = [""] * len(self.relevance)
        symbols: Sequence[str] = getattr(self.subject, "symbols", without)
        return [f"{symbol}{number}" for number, symbol in enumerate(symbols)]

    def by_word(self) -> list[tuple[str, float]]:
        """Each word of a text with the relevance of its tokens; of other subjects each node."""
        relevance = self.relevance.tolist()
        if isinstance(self.subject, Sentence):
            return list(zip(self.subject.words, self.subject.of_words(relevance), strict=True))
        return list(zip(self.node_names(), relevance, strict=True))

    @property
    def structure_relevance(self) -> float:
        """Relevance of structure that no node has: all of it if it is kept apart, else 0."""
        return self.structure.total if self.structure is not None and self.is_apart else 0.0

    @property
    def bonds(self) -> dict[tuple[int, int], float]:
        """Relevance of each bond or edge, by its two nodes; empty if the method gives them none.

        See `Structure.bonds`. It is part of the relevance of structure, and not added to it.
        """
        return self.structure.bonds if self.structure else {}

    @property
    def uncertain(self) -> list[bool]:
        """Whether each node's relevance is smaller than its spread over an ensemble."""
        if self.relevance_sd is None:
            return [False] * len(self.relevance)
        return (self.relevance.abs() < self.relevance_sd).tolist()

    def to_dict(self, features: bool = False) -> dict[str, Any]:
        """The explanation's part of a record, in plain Python types.

        Args:
            features: add `features`, the relevance of each named input feature for each node, and
                if structure has relevance `structure`, its sums by kind and entry, and `bonds`.
        """
        molecule = self.subject if isinstance(self.subject, Molecule) else None
        is_regression = self.probability is None
        record: dict[str, Any] = {
            "smiles": molecule.explained_smiles if molecule else None,
            "atoms": molecule.atoms if molecule else None,
            "model": self.model,
            "method": self.method,
            "endpoint": self.endpoint or None,
            "target": None if is_regression else self.target_name,
            "prediction": self.value if is_regression else self.prediction_name,
            "probability": self.probability,
            "logit": self.logit,
            "unit": self.unit,
            "logit_sd": self.logit_sd,
            "relevance": self.relevance.tolist(),
            "relevance_sd": _numbers(self.relevance_sd),
            "relevance_error": _numbers(self.relevance_error),
            "token_relevance": self.token,
            "bias_relevance": self.bias,
            "structure_relevance": self.structure_relevance,
            "gap": self.gap,
            "convergence_delta": self.delta,
            "notes": list(self.notes),
        }
        if isinstance(self.subject, Sentence):
            relevances = record["relevance"]
            record["tokens"] = list(self.subject.pieces)
            record["words"] = self.subject.words
            record["word_relevance"] = self.subject.of_words(relevances)
        if features and self.feature_relevance is not None:
            record["features"] = self._by_feature(self.feature_relevance)
        if features and self.structure is not None:
            record["structure"] = self.structure.to_dict()
            record["bonds"] = [
                {"nodes": list(nodes), "relevance": relevance}
                for nodes, relevance in self.bonds.items()
            ]
        return record

    def _by_feature(self, split: Float[Tensor, "nodes features"]) -> dict[str, list[float]]:
        columns = split.T.tolist()  # (features, nodes)
        return dict(zip(self.features, columns, strict=True))

    def rows(self) -> list[dict[str, Any]]:
        """One row per node, in plain Python types.

        Its keys are `node`, `relevance`, of ensembles `relevance_sd`, of Shapley values
        `relevance_error`, and each input feature.

        Example:
            >>> from molxai import Explainer
            >>> [row["node"] for row in Explainer("bace")("CCO").rows()]
            ['C0', 'C1', 'O2']
        """
        columns = self._columns()
        rows = zip(*columns.values(), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def to_frame(self) -> "pandas.DataFrame":
        """The same as a frame. Needs pandas.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        pandas = needed("pandas", "to_frame()", "rows()")
        return pandas.DataFrame(self._columns())

    def _columns(self) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {
            "node": self.node_names(),
            "relevance": self.relevance.tolist(),
        }
        if self.relevance_sd is not None:
            columns["relevance_sd"] = self.relevance_sd.tolist()
        if self.relevance_error is not None:
            columns["relevance_error"] = self.relevance_error.tolist()
        if self.feature_relevance is not None:
            columns |= self._by_feature(self.feature_relevance)
        return columns


def _numbers(values: Float[Tensor, " nodes"] | None) -> list[float] | None:
    return None if values is None else values.tolist()
