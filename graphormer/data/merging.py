"""One graph for each molecule: what becomes of rows without labels, in two parts, or repeated."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data.collection import FEWEST, PARTS, Collection
from graphormer.data.examples import UNLABELLED, LeftOut


def drop_unlabelled(collection: Collection) -> Collection:
    """The collection without the rows none of whose labels is known."""
    labels = collection.targets.labels
    is_unlabelled = labels.isnan().all(1).tolist()  # (graphs,)
    positions = [i for i, unlabelled in enumerate(is_unlabelled) if not unlabelled]
    left_out = [
        LeftOut(collection.rows[i], collection.texts[i], UNLABELLED)
        for i, unlabelled in enumerate(is_unlabelled)
        if unlabelled
    ]
    return _select(collection, positions, labels[positions], left_out)


def keep_last_part(collection: Collection) -> Collection:
    """The collection with each molecule in the last part that its split column names for it.

    A model must not learn a molecule on which it is judged later: of the rows `CCO,train` and
    `OCC,test` only the second is left.
    """
    if not collection.parts:
        return collection
    last_part: dict[str, int] = {}
    for text, part in zip(collection.texts, collection.parts, strict=True):
        last_part[text] = max(last_part.get(text, 0), PARTS.index(part))
    positions = []
    left_out = []
    for position, (text, part) in enumerate(zip(collection.texts, collection.parts, strict=True)):
        last = PARTS[last_part[text]]
        if part == last:
            positions.append(position)
        else:
            reason = f"its molecule stands in {last}, too: left out of {part}"
            left_out.append(LeftOut(collection.rows[position], text, reason))
    labels = collection.targets.labels[positions]
    selection = _select(collection, positions, labels, left_out)
    return replace(selection, crossing=len(left_out))


def merge_repeats(collection: Collection) -> Collection:
    """The collection with one graph for each distinct SMILES, so that no molecule is in two parts.

    The first row of a molecule stays and takes the labels of all its rows: the mean of values, or
    the class on which all agree. A label on which they do not agree is dropped, and with its last
    label the molecule. `OCC` and `CCO` are one molecule, whose SMILES is `CCO`:

        values             after                classes            after
        0  CCO  1.0   →    0  CCO  2.0          0  CCO  no    →    left out: different classes
        1  C    5.0        1  C    5.0          1  C    yes        1  C    yes
        2  CCO  3.0                             2  CCO  yes

    The values' spread is 2.0. On the right one label is lost in a conflict, and row 0 is left out.
    """
    groups: dict[str, list[int]] = {}
    for position, text in enumerate(collection.texts):
        groups.setdefault(text, []).append(position)
    repeats = len(collection.texts) - len(groups)
    if not repeats:
        return collection
    is_regression = collection.targets.task == "regression"
    combine = _mean if is_regression else _agreement
    labels_of = [collection.targets.labels[positions] for positions in groups.values()]
    labels = torch.stack([combine(rows) for rows in labels_of])  # (molecules, targets)
    before = sum(int((~rows.isnan()).any(0).sum()) for rows in labels_of)
    conflicts = before - int((~labels.isnan()).sum())
    spread: tuple[float, ...] = ()
    if is_regression:
        spreads = torch.stack([_spread(rows) for rows in labels_of])  # (molecules, targets)
        spread = tuple(spreads.amax(0).tolist())
    molecules = _select_labelled(collection, [group[0] for group in groups.values()], labels)
    return replace(molecules, merged=repeats, conflicts=conflicts, spread=spread)


def require_enough(path: Path, collection: Collection) -> Collection:
    """The collection, if there is enough of it.

    Raises:
        ValueError: fewer than `FEWEST` labelled graphs.
    """
    if len(collection.graphs) >= FEWEST:
        return collection
    first = ""
    if collection.skipped:
        left_out = collection.skipped[0]
        first = f"; row {left_out.row}: {left_out.reason}"
    raise ValueError(
        f"{path} has {len(collection.graphs)} usable labelled rows of {collection.count}: "
        f"at least {FEWEST} are needed{first}"
    )


def _select(
    collection: Collection,
    positions: Sequence[int],
    labels: Float[Tensor, "rows targets"],
    left_out: Sequence[LeftOut],
) -> Collection:
    """The graphs at these positions, with these labels, and more rows that are left out."""
    return replace(
        collection,
        graphs=[collection.graphs[i] for i in positions],
        texts=[collection.texts[i] for i in positions],
        rows=[collection.rows[i] for i in positions],
        targets=replace(collection.targets, labels=labels),
        parts=[collection.parts[i] for i in positions] if collection.parts else [],
        skipped=sorted([*collection.skipped, *left_out], key=lambda row: row.row),
    )


def _select_labelled(
    collection: Collection,
    firsts: Sequence[int],
    labels: Float[Tensor, "molecules targets"],
) -> Collection:
    """The molecules that have a label left after merging, each at its first row."""
    has_label = (~labels.isnan().all(1)).tolist()  # (molecules,)
    molecules = [i for i, any_label in enumerate(has_label) if any_label]
    left_out = [
        LeftOut(
            collection.rows[first],
            collection.texts[first],
            "rows of this molecule name different classes",
        )
        for first, any_label in zip(firsts, has_label, strict=True)
        if not any_label
    ]
    return _select(collection, [firsts[i] for i in molecules], labels[molecules], left_out)


def _mean(labels: Float[Tensor, "rows targets"]) -> Float[Tensor, " targets"]:
    return labels.nanmean(0)  # (targets,)


def _spread(labels: Float[Tensor, "rows targets"]) -> Float[Tensor, " targets"]:
    """Largest less smallest known label; 0 if none is known."""
    largest = labels.nan_to_num(-math.inf).amax(0)  # (targets,)
    smallest = labels.nan_to_num(math.inf).amin(0)  # (targets,)
    return (largest - smallest).clamp(min=0)


def _agreement(labels: Float[Tensor, "rows targets"]) -> Float[Tensor, " targets"]:
    """The class that all known labels name; NaN if they name several."""
    mean = labels.nanmean(0)  # (targets,)
    agree = ((labels == mean) | labels.isnan()).all(0)  # (targets,)
    return torch.where(agree, mean, math.nan)
