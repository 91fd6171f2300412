"""Train, valid and test rows of a table of molecules; which protocol is used moves BACE scores by five points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol as TypingProtocol
from typing import TypeAlias

import numpy as np

Sizes: TypeAlias = tuple[float, float, float]
"""Shares of train, valid and test; their sum is 1."""

FRACTIONS: Sizes = (0.8, 0.1, 0.1)
"""The usual ones (Wu et al. 2018, "MoleculeNet", section 3.1)."""


def sizes_of(text: str) -> Sizes:
    """Shares as they are typed, with commas between them; whatever their sum is, it counts as all.

    Raises:
        ValueError: they are not three numbers, one is negative, or nothing is left to train on.

    Example:
        >>> sizes_of("70,15,15")
        (0.7, 0.15, 0.15)
    """
    try:
        train, valid, test = (float(part) for part in text.split(","))
    except ValueError:
        train, valid, test = math.nan, math.nan, math.nan
    whole = train + valid + test
    if not (0 < train < math.inf and 0 <= valid < math.inf and 0 <= test < math.inf):
        raise ValueError(
            f"split sizes {text!r}: three shares, of train, valid and test, are needed, like 0.8,0.1,0.1"
        )
    return train / whole, valid / whole, test / whole


@dataclass(frozen=True)
class Split:
    """Row numbers, counted from 0, of the three parts."""

    train: list[int]
    valid: list[int]
    test: list[int]


def scaffold(smiles: str, chirality: bool = False) -> str:
    """Bemis–Murcko scaffold as canonical SMILES; empty for a molecule without rings.

    Raises:
        ValueError: the SMILES cannot be parsed.
    """
    from rdkit.Chem.Scaffolds.MurckoScaffold import MurckoScaffoldSmiles

    return MurckoScaffoldSmiles(smiles, includeChirality=chirality)


def scaffold_split(
    smiles: Sequence[str], chirality: bool = False, sizes: Sizes = FRACTIONS
) -> Split:
    """Deterministic scaffold split: groups of one scaffold, largest first, fill train, then valid, then test.

    The protocol of DeepChem's `ScaffoldSplitter` (Wu et al. 2018, section 3.1); groups of equal size are taken by their
    first row, latest first. With `chirality` stereoisomers of a scaffold are groups of their own.
    """
    ordered = sorted(
        _scaffold_groups(smiles, chirality), key=lambda rows: (len(rows), rows[0]), reverse=True
    )
    return _fill(ordered, len(smiles), sizes)


def balanced_scaffold_split(smiles: Sequence[str], seed: int, sizes: Sizes = FRACTIONS) -> Split:
    """Balanced scaffold split: scaffold groups in random order, those over half of a small part's size first.

    The protocol of chemprop's `scaffold_balanced` (Yang et al. 2019, "Analyzing Learned Molecular Representations for
    Property Prediction"): large groups cannot land in valid or test.
    """
    groups = _scaffold_groups(smiles, chirality=False)
    limit = len(smiles) * (sizes[1] or sizes[2]) / 2
    shuffled = [groups[i] for i in np.random.default_rng(seed).permutation(len(groups))]
    return _fill(sorted(shuffled, key=lambda rows: len(rows) <= limit), len(smiles), sizes)


def random_split(rows: int, seed: int, sizes: Sizes = FRACTIONS) -> Split:
    """Rows shuffled and cut into the three parts."""
    order = np.random.default_rng(seed).permutation(rows).tolist()
    first, second = int(sizes[0] * rows), int((sizes[0] + sizes[1]) * rows)
    return Split(order[:first], order[first:second], order[second:])


class Protocol(TypingProtocol):
    """A way to split."""

    def __call__(self, smiles: Sequence[str], seed: int, sizes: Sizes = FRACTIONS) -> Split: ...


SPLITS: dict[str, Protocol] = {
    "scaffold": lambda smiles, seed, sizes=FRACTIONS: scaffold_split(smiles, sizes=sizes),
    "scaffold-chiral": lambda smiles, seed, sizes=FRACTIONS: scaffold_split(smiles, True, sizes),
    "balanced-scaffold": balanced_scaffold_split,
    "random": lambda smiles, seed, sizes=FRACTIONS: random_split(len(smiles), seed, sizes),
}
"""Split protocols by name, from SMILES, seed and sizes; the scaffold protocols do not use the seed."""


def _scaffold_groups(smiles: Sequence[str], chirality: bool) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for row, one in enumerate(smiles):
        groups.setdefault(scaffold(one, chirality), []).append(row)
    return list(groups.values())


def _fill(groups: Sequence[list[int]], rows: int, sizes: Sizes) -> Split:
    """Each group goes whole into the first part that still has room for it; test takes the rest."""
    split = Split([], [], [])
    for group in groups:
        if len(split.train) + len(group) <= sizes[0] * rows:
            split.train.extend(group)
        elif len(split.train) + len(split.valid) + len(group) <= (sizes[0] + sizes[1]) * rows:
            split.valid.extend(group)
        else:
            split.test.extend(group)
    return split
