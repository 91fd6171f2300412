"""Cores and R groups of the rows of a page: what each group brings, and how two of them combine."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import Any

from molxai.chemistry.rgroups import USUAL_SECONDS, Decomposition, Seconds, take_apart
from molxai.chemistry.series import HYDROGEN, position_order
from molxai.explanation.methods import method as method_of
from molxai.explanation.orientation import MCS
from molxai.explanation.words import decimals
from molxai.pages.aligned import molecules_of
from molxai.pages.series import MIXED, has_one_target, measured_value
from molxai.pages.view import View, rounded
from molxai.rendering.colour import scale
from molxai.rendering.ramp import low_of

MOST_POSITIONS = 8
"""Positions whose pairs are shown: those with most different groups."""

APART = ("core", "rest")
"""Parts that are no R groups."""


@dataclass(frozen=True)
class Member:
    """A row with the core."""

    view: View
    parts: Mapping[str, Any]
    """By label; see `Decomposition`."""

    @property
    def output(self) -> float:
        """What the relevances add up to: the value, or the logit of the class."""
        return self.view["logit"]

    def relevance(self, method: str, labels: Sequence[str]) -> float:
        """The relevance of the groups at these positions together."""
        values = self.view["methods"][method]["relevance"]
        return sum(values[atom] for label in labels for atom in self.parts[label].atoms)


def rgroup_table(
    views: Sequence[View],
    core: str,
    methods: Mapping[str, bool],
    pairs: Sequence[tuple[str, str]] | None = None,
    seconds: Seconds = USUAL_SECONDS,
) -> dict[str, Any]:
    """The R groups by position, and maps of two positions.

    Args:
        views: of any rows; those without a molecule count nothing.
        core: SMARTS or SMILES, or `mcs` (also if empty) for the largest one that most have.
        methods: of the views, each with whether its relevances have the unit of the output.
        pairs: positions of the maps. [default: every two of those with most groups]
        seconds: that a search may take.

    Returns:
        `says`, a line about the core, and an `example` of it (row and atoms); `total`, what the
        predictions are, and whether they are `signed`; `measured`, whether there are measured
        values; `positions`, and `usual`, the two with most groups: of each its `label` and its
        `groups`, each with `smiles`, `rows`, the `example`, and means of `prediction`, `measured`,
        `error` and of `relevance` by method; `maps` of two positions `x` and `y`, with `cells`:
        places of both groups, number of rows, mean prediction, and mean relevance of both groups
        together by method; `centre`, the prediction that has no colour; `limits` in full colour,
        of relevances by method and of predictions; by method `lows`, in no colour, null if it has
        a sign, and the `decimals` of its means; a `note` in place of all if rows are explained
        for different classes.

    Raises:
        ValueError: as `take_apart`, or there is no such position.
    """
    if not has_one_target(views):
        return {"note": MIXED}
    explained = [view for view in views if "smiles" in view]
    mols = [subject.mol for subject in molecules_of(explained)]
    apart = take_apart(mols, "" if core == MCS else core, seconds)
    members = [Member(explained[place], parts) for place, parts in apart.members.items()]
    groups = _groups(members)
    usual = sorted(groups, key=lambda label: -len(groups[label]))[:MOST_POSITIONS]
    usual.sort(key=position_order)
    if pairs is None:
        pairs = list(combinations(usual, 2))
    _check_positions(pairs, list(groups))
    positions = [
        {"label": label, "groups": [_group(rows, label, methods) for rows in by_smiles.values()]}
        for label, by_smiles in groups.items()
    ]
    maps = [_map(groups, pair, methods) for pair in pairs]
    centre = fmean(member.output for member in members) if _is_value(members) else 0.0
    return {
        "says": _core_line(apart, len(explained)),
        "example": [members[0].view["row"], list(members[0].parts["core"].atoms)],
        "total": _total(members[0].view),
        "signed": not _is_value(members),
        "measured": any(measured_value(member.view) is not None for member in members),
        "positions": positions,
        "usual": usual[:2],
        "maps": maps,
        "centre": rounded(centre),
        **_scales(positions, maps, centre, methods),
        "note": "",
    }


def _is_value(members: Sequence[Member]) -> bool:
    """Whether a value is predicted, and no class."""
    return members[0].view["probability"] is None


def _total(view: View) -> str:
    """What the predictions are."""
    if view["probability"] is not None:
        return f"logit of {view['target']}"
    name = view["endpoint"] or "prediction"
    return f"{name} ({view['unit']})" if view["unit"] else name


Groups = dict[str, dict[str, list[Member]]]
"""By position and SMILES, the rows that have the group; the most frequent groups first."""


def _groups(members: Sequence[Member]) -> Groups:
    groups: dict[str, dict[str, list[Member]]] = defaultdict(lambda: defaultdict(list))
    for member in members:
        for label, part in member.parts.items():
            if label not in APART:
                groups[label][part.smiles].append(member)
    ordered = {}
    for label in sorted(groups, key=position_order):
        frequent = sorted(groups[label].items(), key=lambda item: (-len(item[1]), item[0]))
        ordered[label] = dict(frequent)
    return ordered


def _group(rows: Sequence[Member], label: str, methods: Mapping[str, bool]) -> dict[str, Any]:
    """What a group at a position brings, in the mean over its rows."""
    first = rows[0]
    part = first.parts[label]
    values = [(row, measured_value(row.view)) for row in rows]
    known = [value for _, value in values if value is not None]
    errors = [row.output - value for row, value in values if value is not None]
    is_value = _is_value(rows)
    return {
        "smiles": "H" if part.smiles == HYDROGEN else part.smiles,
        "rows": [row.view["row"] for row in rows],
        "example": [first.view["row"], list(part.atoms)],
        "prediction": rounded(fmean(row.output for row in rows)),
        "measured": rounded(fmean(known)) if known else None,
        "error": rounded(fmean(errors)) if errors and is_value else None,
        "relevance": _relevance(rows, methods, [label]),
    }


def _relevance(
    rows: Sequence[Member], methods: Mapping[str, bool], labels: Sequence[str]
) -> dict[str, float]:
    """The mean relevance of the groups at these positions together, by method."""
    means = {}
    for method in methods:
        values = [row.relevance(method, labels) for row in rows if method in row.view["methods"]]
        if values:
            means[method] = rounded(fmean(values))
    return means


def _map(groups: Groups, pair: tuple[str, str], methods: Mapping[str, bool]) -> dict[str, Any]:
    """How the groups at two positions combine."""
    x, y = pair
    places = {label: list(groups[label]) for label in pair}
    cells = []
    for across, rows in enumerate(groups[x].values()):
        by_group = defaultdict(list)
        for row in rows:
            if y in row.parts:
                by_group[row.parts[y].smiles].append(row)
        for smiles, both in by_group.items():
            mean = rounded(fmean(row.output for row in both))
            relevance = _relevance(both, methods, pair)
            cells.append((across, places[y].index(smiles), len(both), mean, relevance))
    return {"x": x, "y": y, "cells": cells}


def _scales(
    positions: Sequence[Mapping[str, Any]],
    maps: Sequence[Mapping[str, Any]],
    centre: float,
    methods: Mapping[str, bool],
) -> dict[str, Any]:
    """What is in full colour and what in none, and the digits that are shown."""
    groups = [group for position in positions for group in position["groups"]]
    cells = [cell for each in maps for cell in each["cells"]]
    predictions = [group["prediction"] for group in groups] + [cell[3] for cell in cells]
    by_method = [group["relevance"] for group in groups] + [cell[4] for cell in cells]
    means = {name: [each[name] for each in by_method if name in each] for name in methods}
    limits = {name: scale(means[name], in_unit) for name, in_unit in methods.items()}
    farthest = max((abs(value - centre) for value in predictions), default=0) or 1
    return {
        "limits": {
            "prediction": rounded(farthest),
            "relevance": {name: rounded(limit) for name, limit in limits.items()},
        },
        "lows": {
            name: None if method_of(name).signed else rounded(low_of(means[name], limit))
            for name, limit in limits.items()
        },
        "decimals": {name: decimals(limit) for name, limit in limits.items()},
    }


def _check_positions(pairs: Sequence[tuple[str, str]], labels: Sequence[str]) -> None:
    """Refuse positions that no molecule has.

    Raises:
        ValueError: one is.
    """
    for label in (label for pair in pairs for label in pair):
        if label not in labels:
            raise ValueError(f"no position {label!r}: there are {', '.join(labels) or 'none'}")


def _core_line(apart: Decomposition, count: int) -> str:
    """Which core it is, where it comes from, and how many molecules have it."""
    origin = "found as the largest that most molecules have" if apart.found else "given"
    note = f" ({apart.note})" if apart.note else ""
    having = len(apart.members)
    return f"Core {apart.core}, {origin}{note}: {having} of {count} molecules have it."
