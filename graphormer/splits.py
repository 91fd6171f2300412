"""Train, valid and test rows of a table of molecules; which protocol is used moves BACE scores by five points."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

FRACTIONS = (0.8, 0.1, 0.1)
"""Shares of train, valid and test (Wu et al. 2018, "MoleculeNet", section 3.1)."""


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


def scaffold_split(smiles: Sequence[str], chirality: bool = False) -> Split:
    """Deterministic scaffold split: groups of one scaffold, largest first, fill train, then valid, then test.

    The protocol of DeepChem's `ScaffoldSplitter` (Wu et al. 2018, section 3.1); groups of equal size are taken by their
    first row, latest first. With `chirality` stereoisomers of a scaffold are groups of their own.
    """
    ordered = sorted(_scaffold_groups(smiles, chirality), key=lambda rows: (len(rows), rows[0]), reverse=True)
    return _fill(ordered, len(smiles))


def balanced_scaffold_split(smiles: Sequence[str], seed: int) -> Split:
    """Balanced scaffold split: scaffold groups in random order, those over half of a small part's size first.

    The protocol of chemprop's `scaffold_balanced` (Yang et al. 2019, "Analyzing Learned Molecular Representations for
    Property Prediction"): large groups cannot land in valid or test.
    """
    groups = _scaffold_groups(smiles, chirality=False)
    limit = len(smiles) * FRACTIONS[1] / 2
    shuffled = [groups[i] for i in np.random.default_rng(seed).permutation(len(groups))]
    return _fill(sorted(shuffled, key=lambda rows: len(rows) <= limit), len(smiles))


def random_split(rows: int, seed: int) -> Split:
    """Rows shuffled and cut into the three parts."""
    order = np.random.default_rng(seed).permutation(rows).tolist()
    first, second = int(FRACTIONS[0] * rows), int((FRACTIONS[0] + FRACTIONS[1]) * rows)
    return Split(order[:first], order[first:second], order[second:])


SPLITS: dict[str, Callable[[Sequence[str], int], Split]] = {
    "scaffold": lambda smiles, seed: scaffold_split(smiles),
    "scaffold-chiral": lambda smiles, seed: scaffold_split(smiles, chirality=True),
    "balanced-scaffold": balanced_scaffold_split,
    "random": lambda smiles, seed: random_split(len(smiles), seed),
}
"""Split protocols by name, from SMILES and seed; the scaffold protocols do not use the seed."""


def _scaffold_groups(smiles: Sequence[str], chirality: bool) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for row, one in enumerate(smiles):
        groups.setdefault(scaffold(one, chirality), []).append(row)
    return list(groups.values())


def _fill(groups: Sequence[list[int]], rows: int) -> Split:
    """Each group goes whole into the first part that still has room for it; test takes the rest."""
    split = Split([], [], [])
    for group in groups:
        if len(split.train) + len(group) <= FRACTIONS[0] * rows:
            split.train.extend(group)
        elif len(split.train) + len(split.valid) + len(group) <= (FRACTIONS[0] + FRACTIONS[1]) * rows:
            split.valid.extend(group)
        else:
            split.test.extend(group)
    return split
