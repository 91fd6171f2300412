"""Train, valid and test rows of a table of molecules.

The choice of the protocol moves scores on BACE by five points.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol as TypingProtocol
from typing import TypeAlias

import numpy as np

Sizes: TypeAlias = tuple[float, float, float]
"""Shares of train, valid and test; their sum is 1."""

FRACTIONS: Sizes = (0.8, 0.1, 0.1)
"""The usual shares (Wu et al. 2018, "MoleculeNet", section 3.1)."""


def sizes_of(text: str) -> Sizes:
    """Shares as they are typed, with commas between them; they are divided by their sum.

    Raises:
        ValueError: they are not three numbers, one is negative, or nothing is left to train on.

    Example:
        >>> sizes_of("70,15,15")
        (0.7, 0.15, 0.15)
    """
    try:
        train, valid, test = (float(part) for part in text.split(","))
    except ValueError:
        train = valid = test = math.nan
    if not (0 < train < math.inf and 0 <= valid < math.inf and 0 <= test < math.inf):
        raise ValueError(
            f"split sizes {text!r}: "
            "three shares, of train, valid and test, are needed, like 0.8,0.1,0.1"
        )
    whole = train + valid + test
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
    """Deterministic scaffold split: large scaffolds fill train, then valid, then test.

    The protocol of DeepChem's `ScaffoldSplitter` (Wu et al. 2018, section 3.1). Groups of one
    scaffold are taken by their size, largest first. Among groups of equal size, the group whose
    first row comes latest is taken first. With `chirality` stereoisomers of a scaffold are groups
    of their own.

    Example:
        Ten molecules, of which eight share a ring, a ninth has another, and a tenth has none:

        >>> scaffold_split([f"c1ccccc1{'C' * n}" for n in range(8)] + ["C1CC1", "CCO"])
        Split(train=[0, 1, 2, 3, 4, 5, 6, 7], valid=[9], test=[8])
    """
    groups = _scaffold_groups(smiles, chirality)
    groups.sort(key=lambda rows: (len(rows), rows[0]), reverse=True)
    return _fill(groups, len(smiles), sizes)


def balanced_scaffold_split(smiles: Sequence[str], seed: int, sizes: Sizes = FRACTIONS) -> Split:
    """Balanced scaffold split: scaffold groups in random order, but large groups first.

    The protocol of chemprop's `scaffold_balanced` (Yang et al. 2019, "Analyzing Learned Molecular
    Representations for Property Prediction"): groups larger than half of the valid part cannot land
    in valid or test.
    """
    groups = _scaffold_groups(smiles, chirality=False)
    limit = len(smiles) * (sizes[1] or sizes[2]) / 2
    order = np.random.default_rng(seed).permutation(len(groups))
    shuffled = [groups[i] for i in order]
    shuffled.sort(key=lambda rows: len(rows) <= limit)  # sorting keeps the order of equals
    return _fill(shuffled, len(smiles), sizes)


def random_split(rows: int, seed: int, sizes: Sizes = FRACTIONS) -> Split:
    """Rows shuffled and cut into the three parts."""
    order = np.random.default_rng(seed).permutation(rows).tolist()
    train_end = int(sizes[0] * rows)
    valid_end = int((sizes[0] + sizes[1]) * rows)
    return Split(order[:train_end], order[train_end:valid_end], order[valid_end:])


class Protocol(TypingProtocol):
    """A way to split."""

    def __call__(self, smiles: Sequence[str], seed: int, sizes: Sizes = FRACTIONS) -> Split: ...


SPLITS: dict[str, Protocol] = {
    "scaffold": lambda smiles, seed, sizes=FRACTIONS: scaffold_split(smiles, sizes=sizes),
    "scaffold-chiral": lambda smiles, seed, sizes=FRACTIONS: scaffold_split(smiles, True, sizes),
    "balanced-scaffold": balanced_scaffold_split,
    "random": lambda smiles, seed, sizes=FRACTIONS: random_split(len(smiles), seed, sizes),
}
"""Split protocols by name, from SMILES, seed and sizes.

The deterministic ones, `scaffold` and `scaffold-chiral`, do not use the seed.
"""


def _scaffold_groups(smiles: Sequence[str], chirality: bool) -> list[list[int]]:
    """Rows of each scaffold, in the order in which scaffolds first occur."""
    groups: dict[str, list[int]] = {}
    for row, text in enumerate(smiles):
        groups.setdefault(scaffold(text, chirality), []).append(row)
    return list(groups.values())


def _fill(groups: Sequence[list[int]], rows: int, sizes: Sizes) -> Split:
    """Each group goes whole into the first part that still has room for it; test takes the rest."""
    split = Split([], [], [])
    train_rows = sizes[0] * rows
    train_valid_rows = (sizes[0] + sizes[1]) * rows
    for group in groups:
        if len(split.train) + len(group) <= train_rows:
            split.train.extend(group)
        elif len(split.train) + len(split.valid) + len(group) <= train_valid_rows:
            split.valid.extend(group)
        else:
            split.test.extend(group)
    return split
