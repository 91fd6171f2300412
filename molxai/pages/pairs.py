"""Matched pairs among the rows of a page, and two rows compared."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from graphormer.graphs.molecules import molecule
from molxai.chemistry.alignment import Alignment, alignment
from molxai.chemistry.changes import Change, Cut, Member, changes, single_changes
from molxai.chemistry.pair import difference_words
from molxai.explanation.captions import NO_DIFFERENCE
from molxai.explanation.methods import method as method_of
from molxai.pages.aligned import molecules_of
from molxai.pages.series import MIXED, has_one_target, measured_value
from molxai.pages.view import SMALLEST_GAP, View, rounded
from molxai.rendering.colour import scale
from molxai.rendering.core_layout import layout_on
from molxai.rendering.depiction import flat_copy
from molxai.rendering.geometry import molecule_drawing

SHARE_DIGITS = 3
"""Significant digits of a share."""

NO_SHARE = (
    "Relevances of {method} do not add up to the prediction in its unit, so no share of the "
    "difference is theirs."
)
"""What is said of a method that does not conserve, or has a unit of its own."""


def pair_table(views: Sequence[View], method: str) -> dict[str, Any]:
    """The single changes between rows, those with the largest |sum| of differences first.

    Args:
        views: of any rows; those without a molecule count nothing.
        method: of the views.

    Returns:
        `rows`, a list for each change: SMILES before and after, the atom that it is attached to,
        mean difference of the output and its standard deviation, mean measured difference, mean
        difference of the relevance of the changed part and of the rest, the share of the changed
        part, and `pairs`: both rows, the changed atoms of both, and the difference; the `limit` in
        full colour; `measured`, whether there are measured differences; `says`, why rest and share
        are null if they are; a `note` if there are no rows.
    """
    if not has_one_target(views):
        return {"rows": [], "limit": 1.0, "measured": False, "says": "", "note": MIXED}
    explained = [view for view in views if "smiles" in view and method in view["methods"]]
    smiles = tuple(view["smiles"] for view in explained)
    mols = [subject.mol for subject in molecules_of(explained)]
    members = [
        Member(
            str(view["row"]),
            mol,
            view["logit"],
            view["methods"][method]["relevance"],
            measured_value(view),
        )
        for view, mol in zip(explained, mols, strict=True)
    ]
    adds_up = all(view["methods"][method]["adds_up"] for view in explained)
    has_share = adds_up and method_of(method).in_unit
    found = changes(members, _cuts_of(smiles), has_share)
    means = [change.mean for change in found]
    return {
        "rows": [_cells(change) for change in found],
        "limit": rounded(scale(means, True)),
        "measured": any(change.mean_measured is not None for change in found),
        "says": "" if has_share else NO_SHARE.format(method=method),
        "note": "" if found else _no_pairs(len(members)),
    }


def _no_pairs(count: int) -> str:
    """What is said in place of an empty table."""
    return f"No matched pairs among {count} molecule{'' if count == 1 else 's'}."


@lru_cache(maxsize=4)
def _cuts_of(smiles: tuple[str, ...]) -> list[tuple[Cut, Cut]]:
    """The single changes among molecules; they are the same for every method."""
    return single_changes([molecule(text).mol for text in smiles])


def _cells(change: Change) -> list[Any]:
    numbers = (
        change.mean,
        change.sd,
        change.mean_measured,
        change.mean_changed,
        change.mean_rest,
    )
    share = change.share
    return [
        change.before,
        change.after,
        change.attached_to,
        *(None if number is None else rounded(number) for number in numbers),
        None if share is None else rounded(share, SHARE_DIGITS),
        [
            [int(pair.a), int(pair.b), *map(list, pair.atoms), rounded(pair.delta)]
            for pair in change.pairs
        ],
    ]


def compared(a: View, b: View, method: str) -> dict[str, Any]:
    """Two rows side by side: B is drawn as A lies, and the difference is taken apart.

    The numbers are those of `molxai.chemistry.pair.MatchedPair`.

    Returns:
        `drawings` of both, the `changed` atoms of both, `delta`, its `parts`: name and value, and a
        `note` if the method has no sign, so that nothing adds up to it.

    Raises:
        ValueError: the molecules have nothing in common.
    """
    mols = [subject.mol for subject in molecules_of((a, b))]
    relevances = [view["methods"][method]["relevance"] for view in (a, b)]
    correspondence = alignment(*mols, *relevances)
    first = flat_copy(mols[0])
    second = layout_on(mols[1], first, list(correspondence.anchor))
    changed = [
        sorted(set(range(mol.GetNumAtoms())) - {pair[side] for pair in correspondence.pairs})
        for side, mol in enumerate(mols)
    ]
    is_split = a["methods"][method]["low"] is None
    split = _split(a, b, method, correspondence, changed) if is_split else {}
    return {
        "drawings": [molecule_drawing(first), molecule_drawing(second)],
        "changed": changed,
        "delta": rounded(b["logit"] - a["logit"]),
        "parts": [[name, rounded(value)] for name, value in split.items()],
        "note": "" if is_split else NO_DIFFERENCE.format(method=method, what="sign"),
    }


def _split(
    a: View, b: View, method: str, correspondence: Alignment, changed: Sequence[Sequence[int]]
) -> dict[str, float]:
    """What the difference consists of, by what it is."""
    before = a["methods"][method]["relevance"]
    after = b["methods"][method]["relevance"]
    split = {
        "common": math.fsum(after[j] - before[i] for i, j in correspondence.pairs),
        "gained": math.fsum(after[atom] for atom in changed[1]),
        "lost": -math.fsum(before[atom] for atom in changed[0]),
    }
    split["beyond"] = b["logit"] - a["logit"] - math.fsum(split.values())
    words = difference_words(split)
    if abs(split["beyond"]) >= SMALLEST_GAP:
        words["graph token, biases and remainder"] = split["beyond"]
    return words
