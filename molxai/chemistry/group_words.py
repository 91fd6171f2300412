"""A part of a molecule in a chemist's words: its functional groups, or its formula."""

from collections import Counter
from collections.abc import Iterable

from rdkit import Chem

from molxai.chemistry.grouping import functional_groups

MOST_GROUPS = 2
"""Kinds of groups that are named: a part of more is told by its formula."""


def group_words(mol: Chem.Mol, atoms: Iterable[int]) -> str:
    """The groups that the atoms are, or their formula with hydrogens.

    Example:
        >>> mol = Chem.MolFromSmiles("O=C(c1ccccc1)N1CCCCC1")
        >>> group_words(mol, range(2, 8)), group_words(mol, range(2))
        ('phenyl', 'amide C=O')
    """
    part = set(atoms)
    groups = [group for group in functional_groups(mol) if part.issuperset(group.atoms)]
    names = Counter(group.name for group in groups)
    count = sum(len(group.atoms) for group in groups)
    if count < len(part) or len(names) > MOST_GROUPS:
        return _formula(mol, part)
    return " + ".join(f"{number} {name}" if number > 1 else name for name, number in names.items())


def _formula(mol: Chem.Mol, atoms: Iterable[int]) -> str:
    """Elements with their numbers, carbon and its hydrogens first, as in CH4 and NH."""
    counts: Counter[str] = Counter()
    for index in atoms:
        atom = mol.GetAtomWithIdx(index)
        counts[atom.GetSymbol()] += 1
        counts["H"] += atom.GetTotalNumHs()
    first = ("C", "H") if counts["C"] else ()
    last = () if counts["C"] else ("H",)
    order = sorted(counts, key=lambda symbol: (symbol not in first, symbol in last, symbol))
    return "".join(
        f"{symbol}{counts[symbol] if counts[symbol] > 1 else ''}"
        for symbol in order
        if counts[symbol]
    )
