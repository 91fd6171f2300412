"""A series of molecules: which fragments carry relevance across it, and what R groups add.

All molecules are explained for the same target, else their numbers could not be compared.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, NamedTuple

from graphormer.graphs.molecules import Molecule
from molxai.chemistry.fragments import Fragment, fragments
from molxai.chemistry.own_schemes import Lost
from molxai.chemistry.schemes import Scheme, lost
from molxai.explanation.about import About
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.captions import BASE, biases_of
from molxai.explanation.explanation import Explanation

Named = tuple[str, Explanation]
"""Id of a molecule, and its explanation."""


class Occurrence(NamedTuple):
    """A fragment of one molecule of the series."""

    place: int
    """The molecule's place in the series."""
    molecule: str
    """The molecule's id."""
    relevance: float
    atoms: Sequence[int]
    smiles: str = ""
    """The SMILES of the fragment."""


@dataclass(frozen=True)
class Carrier:
    """A fragment of several molecules, and what it contributes to them."""

    name: str
    molecules: int
    """Molecules that have it."""
    occurrences: int
    mean: float
    """Mean relevance of an occurrence."""
    sd: float | None
    """Standard deviation over the occurrences; None for a single one."""
    smallest: float
    largest: float
    example: str
    """Id of the molecule with the occurrence that is nearest to the mean."""
    smiles: str
    """SMILES of that molecule."""
    atoms: tuple[int, ...]
    """Atoms of that occurrence."""

    @property
    def total(self) -> float:
        """Sum of the relevance of all occurrences."""
        return self.mean * self.occurrences

    def to_dict(self) -> dict[str, Any]:
        """In plain Python types."""
        return vars(self) | {"atoms": list(self.atoms)}


def carriers(
    series: Iterable[Named], scheme: str | Scheme = "functional-groups", by_structure: bool = False
) -> list[Carrier]:
    """The fragments of the molecules by name, those with the largest |sum| over the series first.

    Args:
        series: explanations for one target.
        scheme: how molecules are taken apart.
        by_structure: tell fragments of one name and different structures apart.

    Raises:
        ValueError: there is no such scheme, something else than molecules was explained, or for
            different targets.
    """
    rows = list(series)
    check_one_target([explanation for _, explanation in rows])
    by_name: dict[tuple[str, str], list[Occurrence]] = defaultdict(list)
    for place, (molecule, explanation) in enumerate(rows):
        for fragment in fragments(explanation, scheme):
            structure = fragment.smiles if by_structure else ""
            occurrence = Occurrence(
                place, molecule, fragment.relevance, fragment.atoms, fragment.smiles
            )
            by_name[fragment.name, structure].append(occurrence)
    unordered = [
        summarise_occurrences(name, occurrences) for (name, _), occurrences in by_name.items()
    ]
    return sorted(
        unordered, key=lambda carrier: (-abs(carrier.total), carrier.name, carrier.smiles)
    )


def lost_lines(series: Iterable[Named], scheme: Scheme) -> list[str]:
    """A line for each pattern of a user's own scheme that lost atoms to earlier ones.

    It says in how many molecules, and in which first.
    """
    by_pattern: dict[str, list[tuple[str, Lost]]] = defaultdict(list)
    for name, explanation in series:
        if isinstance(explanation.subject, Molecule):
            for loss in lost(explanation.subject.mol, scheme):
                by_pattern[loss.name].append((name, loss))
    lines = []
    for losses in by_pattern.values():
        first, loss = losses[0]
        count = f"{len(losses)} molecules" if len(losses) > 1 else "1 molecule"
        remedy = "put its line first, or make the other pattern smaller"
        lines.append(f"{loss}, in {count}, first in {first!r}; {remedy}")
    return lines


def summarise_occurrences(name: str, occurrences: Sequence[Occurrence]) -> Carrier:
    """What a fragment contributes over all of its occurrences."""
    values = [occurrence.relevance for occurrence in occurrences]
    mean = fmean(values)
    distances = [abs(value - mean) for value in values]
    typical = occurrences[distances.index(min(distances))]
    return Carrier(
        name=name,
        molecules=len({occurrence.place for occurrence in occurrences}),
        occurrences=len(values),
        mean=mean,
        sd=_spread(distances),
        smallest=min(values),
        largest=max(values),
        example=typical.molecule,
        smiles=typical.smiles,
        atoms=tuple(typical.atoms),
    )


def _spread(distances: Sequence[float]) -> float | None:
    """Standard deviation of values so far from their mean; None of a single one."""
    if len(distances) == 1:
        return None
    squares = math.fsum(distance * distance for distance in distances)
    return math.sqrt(squares / (len(distances) - 1))


def check_one_target(explanations: Sequence[Explanation]) -> None:
    """Numbers for different classes cannot be compared.

    Raises:
        ValueError: the explanations are of more than one target.
    """
    targets = {
        (explanation.model, explanation.method, explanation.endpoint, explanation.target)
        for explanation in explanations
    }
    if len(targets) > 1:
        raise ValueError(
            f"explanations for {len(targets)} targets, models or methods: "
            "a series needs one, so name the class"
        )


def common_target(card: About) -> str:
    """What all rows of a table are explained for, so that their numbers and colours compare."""
    return card.classes[1] if len(card.classes) == 2 else "pred"


def default_target(card: About, table: bool) -> str:
    """What is explained if nothing is said.

    The common target of a table's rows, or the prediction of a single input.
    """
    return common_target(card) if table else "pred"


def series_target(explainer: BaseExplainer, name: str = "") -> str:
    """The one target of a series: the named class, else the second class of a binary model.

    A regression has its value.

    Raises:
        ValueError: there is no such class, or a model of several classes and none is named.
    """
    card = explainer.card
    if card.classes and name in ("pred", "true"):
        raise ValueError(
            f"target {name!r} differs from molecule to molecule: "
            f"a series needs one class, {' or '.join(card.classes)}"
        )
    if card.config.task == "multiclass" and not name:
        raise ValueError(
            f"the model {card.name!r} has {len(card.classes)} classes: "
            f"name one with --target, {', '.join(card.classes)}"
        )
    target = name or common_target(card)
    explainer.target(target)
    return target


HYDROGEN = "*[H]"
"""SMILES of an R group that is no more than a hydrogen.

It has no atom and no relevance of its own: the model reads hydrogens as a property of their heavy
atom, so what they contribute is part of the core's relevance."""


@dataclass(frozen=True)
class Row:
    """A molecule as its core and what is attached to it.

    `logit = core + Σ groups + rest + token + bias`, up to the method's gap.
    """

    id: str
    explanation: Explanation
    core: Fragment
    groups: Mapping[str, Fragment]
    """By label, R1 and so on; a group that closes a ring onto the core has two labels, R1+R2.

    One that is hydrogen has no atoms and no relevance: see `HYDROGEN`.
    """
    rest: Fragment | None
    """What is not attached to the core: counterions, solvent."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Cells of the user's table, as text."""

    @property
    def parts(self) -> dict[str, Fragment]:
        """All that the molecule consists of, by label."""
        parts = {"core": self.core, **self.groups}
        if self.rest:
            parts["rest"] = self.rest
        return parts

    @property
    def ledger(self) -> dict[str, float]:
        """What no atom accounts for, by name, and at last what is missing."""
        has_base = biases_of(self.explanation) == BASE
        apart = self.explanation.structure_relevance
        return {
            "token": self.explanation.token,
            BASE if has_base else "bias": self.explanation.bias,
            **({"structure": apart} if self.explanation.is_apart else {}),
            "gap": self.unaccounted,
        }

    @property
    def unaccounted(self) -> float:
        """Logit less all parts and what no atom has: zero for a method that conserves."""
        explanation = self.explanation
        terms = [part.relevance for part in self.parts.values()]
        terms += [explanation.token, explanation.bias, explanation.structure_relevance]
        return explanation.logit - math.fsum(terms)

    def to_dict(self) -> dict[str, Any]:
        """In plain Python types."""
        record: dict[str, Any] = {"id": self.id, "logit": self.explanation.logit}
        if self.columns:
            record["columns"] = dict(self.columns)
        record |= {label: part.to_dict() for label, part in self.parts.items()}
        return record | {
            "token_relevance": self.explanation.token,
            "bias_relevance": self.explanation.bias,
            "structure_relevance": self.explanation.structure_relevance,
            "gap": self.explanation.gap,
        }


def position_order(label: str) -> list[int]:
    """The place of the label of an R group among others.

    Example:
        >>> sorted(["R10", "R2", "R1+R2", "R1"], key=position_order)
        ['R1', 'R1+R2', 'R2', 'R10']
    """
    return [int(part[1:]) for part in label.split("+")]


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
        """The labels of the R groups, in order: R2 before R10, and R1+R2 after R1."""
        return sorted({label for row in self.rows for label in row.groups}, key=position_order)

    @property
    def has_rest(self) -> bool:
        """Whether any molecule has something that is not attached to the core."""
        return any(row.rest for row in self.rows)

    @property
    def total(self) -> str:
        """What the explained quantity is called: the value of a regression, else a logit."""
        return "value" if self.rows[0].explanation.probability is None else "logit"

    def to_dict(self) -> dict[str, Any]:
        """In plain Python types."""
        return {
            "core": self.core,
            "origin": "maximum common substructure" if self.found else "given",
            "note": self.note,
            "labels": self.labels,
            "molecules": len(self.rows),
            "rows": [row.to_dict() for row in self.rows],
            "without_core": list(self.without),
        }
