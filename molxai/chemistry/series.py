"""A series of molecules: which fragments carry relevance across it, and what each substituent of a common core adds.

All molecules are explained for the same target, else their numbers could not be compared.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any

from graphormer.graphs.molecules import Molecule
from graphormer.network.card import Card
from molxai.chemistry.fragments import Fragment, Lost, Scheme, fragments, lost
from molxai.explanation.captions import bias_word
from molxai.explanation.explainer import Explainer
from molxai.explanation.explanation import Explanation

Named = tuple[str, Explanation]
"""Id of a molecule, and its explanation."""


@dataclass(frozen=True)
class Carrier:
    """A fragment of several molecules, and what it contributes to them."""

    name: str
    molecules: int
    """That have it."""
    occurrences: int
    mean: float
    """Relevance of an occurrence."""
    sd: float | None
    """Standard deviation over the occurrences; None for a single one."""
    smallest: float
    largest: float
    example: str
    """Id of the molecule with the occurrence that is nearest to the mean."""
    smiles: str
    """Of that occurrence."""
    atoms: tuple[int, ...]
    """Of that occurrence."""

    def to_dict(self) -> dict[str, Any]:
        """In plain Python types."""
        return vars(self) | {"atoms": list(self.atoms)}


def carriers(
    series: Iterable[Named], scheme: str | Scheme = "functional-groups", by_structure: bool = False
) -> list[Carrier]:
    """The fragments of the molecules by name, those of the largest sum over the series first.

    Args:
        series: of one target.
        scheme: how molecules are taken apart.
        by_structure: tell fragments of one name and different structures apart.

    Raises:
        ValueError: there is no such scheme, something else than molecules was explained, or for different targets.
    """
    rows = list(series)
    check_one_target([explanation for _, explanation in rows])
    found: dict[tuple[str, str], list[tuple[int, str, Fragment]]] = defaultdict(list)
    for place, (name, explanation) in enumerate(rows):
        for one in fragments(explanation, scheme):
            found[one.name, one.smiles if by_structure else ""].append((place, name, one))
    made = [_carrier(name, occurrences) for (name, _), occurrences in found.items()]
    return sorted(made, key=lambda one: (-one.mean * one.occurrences, one.name, one.smiles))


def lost_lines(series: Iterable[Named], scheme: Scheme) -> list[str]:
    """Of a scheme of the user's own, a line for each pattern that lost atoms to earlier ones, in how many molecules, and where first."""
    found: dict[str, list[tuple[str, Lost]]] = defaultdict(list)
    for name, explanation in series:
        for one in (
            lost(explanation.subject.mol, scheme)
            if isinstance(explanation.subject, Molecule)
            else ()
        ):
            found[one.name].append((name, one))
    lines = []
    for places in found.values():
        first, one = places[0]
        count = f"{len(places)} molecules" if len(places) > 1 else "1 molecule"
        lines.append(
            f"{one}, in {count}, first in {first!r}; put its line first, or make the other pattern smaller"
        )
    return lines


def _carrier(name: str, occurrences: Sequence[tuple[int, str, Fragment]]) -> Carrier:
    values = [one.relevance for _, _, one in occurrences]
    mean = fmean(values)
    _, example, typical = min(occurrences, key=lambda each: abs(each[2].relevance - mean))
    return Carrier(
        name=name,
        molecules=len({place for place, _, _ in occurrences}),
        occurrences=len(values),
        mean=mean,
        sd=stdev(values) if len(values) > 1 else None,
        smallest=min(values),
        largest=max(values),
        example=example,
        smiles=typical.smiles,
        atoms=typical.atoms,
    )


def check_one_target(explanations: Sequence[Explanation]) -> None:
    """Numbers for different classes cannot be compared.

    Raises:
        ValueError: the explanations are of more than one target.
    """
    targets = {(one.model, one.method, one.endpoint, one.target) for one in explanations}
    if len(targets) > 1:
        raise ValueError(
            f"explanations for {len(targets)} targets, models or methods: a series needs one, so name the class"
        )


def common_target(card: Card) -> str:
    """What all rows of a table are explained for, so that their numbers and colours mean the same."""
    return card.classes[1] if card.config.task == "binary" else "pred"


def default_target(card: Card, table: bool) -> str:
    """What is explained where nothing is said: the common target of a table's rows, the prediction of a single input."""
    return common_target(card) if table else "pred"


def series_target(explainer: Explainer, name: str = "") -> str:
    """The one target of a series: the named class, else the second class of a binary model; a regression has its value.

    Raises:
        ValueError: there is no such class, or a model of several classes and none is named.
    """
    card = explainer.card
    if card.classes and name in ("pred", "true"):
        raise ValueError(
            f"target {name!r} differs from molecule to molecule: a series needs one class, {' or '.join(card.classes)}"
        )
    if card.config.task == "multiclass" and not name:
        raise ValueError(
            f"the model {card.name!r} has {len(card.classes)} classes: name one with --target, {', '.join(card.classes)}"
        )
    chosen = name or common_target(card)
    explainer.target(chosen)
    return chosen


HYDROGEN = "*[H]"
"""SMILES of an R group that is no more than a hydrogen. It has no atom and no relevance of its own: the model reads hydrogens as
a property of their heavy atom, so what they contribute is part of the core's relevance."""

BASE = "base value"
"""As `bias_word` calls it: what the model says before it has seen an atom, the same for every molecule."""


@dataclass(frozen=True)
class Row:
    """A molecule as its core and what is attached to it: `logit = core + Σ groups + rest + token + bias`, up to the method's gap."""

    id: str
    explanation: Explanation
    core: Fragment
    groups: Mapping[str, Fragment]
    """By label, R1 and so on; a group that closes a ring onto the core has the labels of both ends, R1+R2.

    One that is hydrogen has no atoms and no relevance: hydrogens are read as a property of their heavy atom.
    """
    rest: Fragment | None
    """What is not attached to the core: counterions, solvent."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Of the user's table, as text."""

    @property
    def parts(self) -> dict[str, Fragment]:
        """All that the molecule consists of, by label."""
        return {"core": self.core, **self.groups, **({"rest": self.rest} if self.rest else {})}

    @property
    def ledger(self) -> dict[str, float]:
        """What no atom accounts for: the graph token, the biases or the base value, and what is missing."""
        network = self.explanation.network
        based = network is not None and bias_word(network.config) == BASE
        bias = BASE if based else "bias"
        return {
            "token": self.explanation.token,
            bias: self.explanation.bias,
            "gap": self.unaccounted,
        }

    @property
    def unaccounted(self) -> float:
        """Logit less all parts, token and bias: zero for a method that conserves."""
        ledger = (self.explanation.token, self.explanation.bias)
        return self.explanation.logit - math.fsum(
            [*(one.relevance for one in self.parts.values()), *ledger]
        )

    def to_dict(self) -> dict[str, Any]:
        """In plain Python types."""
        known: dict[str, Any] = {"id": self.id, "logit": self.explanation.logit}
        if self.columns:
            known["columns"] = dict(self.columns)
        ledger = {
            "token_relevance": self.explanation.token,
            "bias_relevance": self.explanation.bias,
            "gap": self.explanation.gap,
        }
        return known | {label: part.to_dict() for label, part in self.parts.items()} | ledger


@dataclass(frozen=True)
class Table:
    """Molecules around a common core."""

    core: str
    """SMARTS."""
    found: bool
    """Whether the core is the molecules' own common substructure; else it was given."""
    rows: tuple[Row, ...]
    without: tuple[str, ...]
    """Ids of the molecules that do not have it."""
    note: str = ""

    @property
    def labels(self) -> list[str]:
        """Of the R groups, in order."""
        each = {label for row in self.rows for label in row.groups}
        return sorted(each, key=lambda label: [int(part[1:]) for part in label.split("+")])

    @property
    def total(self) -> str:
        """What the explained quantity is called: the value of a regression, else a logit."""
        return "value" if self.rows[0].explanation.probability is None else "logit"

    def to_dict(self) -> dict[str, Any]:
        """In plain Python types."""
        origin = "maximum common substructure" if self.found else "given"
        about = {
            "core": self.core,
            "origin": origin,
            "note": self.note,
            "labels": self.labels,
            "molecules": len(self.rows),
        }
        return about | {
            "rows": [row.to_dict() for row in self.rows],
            "without_core": list(self.without),
        }
