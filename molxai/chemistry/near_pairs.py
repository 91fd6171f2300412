"""Near-identical molecules: which pairs of a table are alike, and in which atoms they differ.

Which atoms correspond is found without any relevance, so that all methods are judged on the same
atoms. If symmetry leaves several ways, the one counts that changes fewest degrees, hydrogens and
charges.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from rdkit import Chem

from graphormer.evaluation.fingerprints import ecfp_bits
from molxai.chemistry.alignment import Alignment, alignment

SIMILAR = 0.6
"""Tanimoto similarity of ECFP4 from which two molecules are near."""

COMMON = 0.75
"""Share of the larger molecule's atoms that must correspond."""

FAR = 1.0
"""Difference of two values from which they are far apart: tenfold in log10 units."""

ROUNDING = 1e-9
"""Tenfold is tenfold, however the logarithm was rounded."""

SECONDS = 2
"""After which a search takes the best so far.

Of 28 pairs of a table, half of which took longer, 27 had the same atoms after 10 s."""


class Difference(NamedTuple):
    """The atoms in which two molecules differ."""

    atoms_a: tuple[int, ...]
    """Atoms of the first that correspond to none of the second; none if it only lost hydrogens."""
    atoms_b: tuple[int, ...]
    common: float
    """Share of the larger molecule's atoms that correspond."""
    is_complete: bool
    """Whether the search for the common substructure came to its end."""

    @property
    def is_near(self) -> bool:
        """Whether the two are near-identical."""
        return self.common >= COMMON

    @property
    def has_atoms(self) -> bool:
        """Whether any atom differs, and not stereo, charges or hydrogens alone."""
        return bool(self.atoms_a or self.atoms_b)


def distant_neighbours(
    mols: Sequence[Chem.Mol], values: Float[ndarray, " molecules"], counts: Bool[ndarray, " mols"]
) -> list[tuple[int, int]]:
    """Pairs of similar molecules whose values are far apart, in the order of the molecules.

    Args:
        mols: the molecules.
        values: of each, in log10 units.
        counts: which molecules make a pair count: at least one of its two must be among them.
    """
    bits = np.unpackbits(ecfp_bits(mols), axis=1).astype(np.float32)  # (molecules, places)
    sizes = bits.sum(1)  # (molecules,)
    pairs = []
    for a in range(len(mols) - 1):
        common = bits[a + 1 :] @ bits[a]  # (later molecules,)
        either = np.maximum(sizes[a + 1 :] + sizes[a] - common, 1)
        is_near = common / either >= SIMILAR
        is_far = np.abs(values[a + 1 :] - values[a]) >= FAR - ROUNDING
        is_wanted = counts[a + 1 :] | counts[a]
        later = np.flatnonzero(is_near & is_far & is_wanted) + a + 1
        pairs += [(a, b) for b in later.tolist()]
    return pairs


def difference(a: Chem.Mol, b: Chem.Mol) -> Difference | None:
    """The atoms in which two molecules differ; None if they are not near-identical.

    Example:
        >>> phenol = Chem.MolFromSmiles("Oc1ccccc1C")
        >>> difference(phenol, Chem.MolFromSmiles("Nc1ccccc1C"))
        Difference(atoms_a=(0,), atoms_b=(0,), common=0.875, is_complete=True)
        >>> difference(phenol, Chem.MolFromSmiles("c1ccccc1C")).atoms_b
        ()
    """
    if _most_common(a, b) < COMMON:
        return None
    correspondence = alignment(a, b, [0.0] * a.GetNumAtoms(), [0.0] * b.GetNumAtoms(), SECONDS)
    result = _difference(a, b, correspondence)
    return result if result.is_near else None


def _difference(a: Chem.Mol, b: Chem.Mol, correspondence: Alignment) -> Difference:
    common_a = {i for i, _ in correspondence.pairs}
    common_b = {j for _, j in correspondence.pairs}
    return Difference(
        tuple(sorted(set(range(a.GetNumAtoms())) - common_a)),
        tuple(sorted(set(range(b.GetNumAtoms())) - common_b)),
        len(correspondence.pairs) / max(a.GetNumAtoms(), b.GetNumAtoms()),
        not correspondence.note,
    )


def _most_common(a: Chem.Mol, b: Chem.Mol) -> float:
    """Share of the larger molecule's atoms that can correspond at most, by their elements."""
    elements_a = Counter(atom.GetAtomicNum() for atom in a.GetAtoms())
    elements_b = Counter(atom.GetAtomicNum() for atom in b.GetAtoms())
    return (elements_a & elements_b).total() / max(a.GetNumAtoms(), b.GetNumAtoms())
