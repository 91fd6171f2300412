"""Whether what should be explained alike is: the same molecule written anew, a matched pair, a shifted digit."""

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFMCS

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.explanation.explanation import Explanation

SECONDS = 5
"""Given to the search for a common substructure."""


def rewritten_difference(one: Explanation, other: Explanation) -> float:
    """Largest difference of an atom's relevance between two ways to write a molecule, over the largest relevance: 0 is asked.

    Of several ways to lay the two on each other (symmetry), the best counts.

    Raises:
        ValueError: they are not the same molecule.
    """
    first, second = _molecule(one), _molecule(other)
    matches = second.mol.GetSubstructMatches(first.mol, uniquify=False, useChirality=True)
    if first.mol.GetNumAtoms() != second.mol.GetNumAtoms() or not matches:
        raise ValueError(f"{first.smiles} and {second.smiles} are not the same molecule")
    size = max(float(one.relevance.abs().max()), 1e-12)
    return (
        min(float((one.relevance - other.relevance[list(match)]).abs().max()) for match in matches)
        / size
    )


def matched_pair_correlation(one: Explanation, other: Explanation) -> float:
    """Pearson correlation of relevance over the atoms that two molecules have in common (maximum common substructure).

    Raises:
        ValueError: they share fewer than three atoms.
    """
    first, second = _molecule(one), _molecule(other)
    found = rdFMCS.FindMCS(
        [first.mol, second.mol], timeout=SECONDS, ringMatchesRingOnly=True, completeRingsOnly=True
    )
    if found.numAtoms < 3:
        raise ValueError(
            f"{first.smiles} and {second.smiles} share {found.numAtoms} atoms: at least three are needed"
        )
    common = Chem.MolFromSmarts(found.smartsString)
    a, b = (list(molecule.mol.GetSubstructMatch(common)) for molecule in (first, second))
    return float(np.corrcoef(one.relevance[a], other.relevance[b])[0, 1])


def shifted_digit_correlation(
    one: Explanation, other: Explanation, rows: int, columns: int
) -> float:
    """Pearson correlation of relevance per pixel between a digit and itself moved by `rows` and `columns`, moved back.

    A superpixel's relevance is spread evenly over its pixels. The ink must not leave the picture.
    """
    first, second = (_pixels(explanation) for explanation in (one, other))
    return float(
        np.corrcoef(first.ravel(), np.roll(second, (-rows, -columns), (0, 1)).ravel())[0, 1]
    )


def _molecule(explanation: Explanation) -> Molecule:
    if not isinstance(explanation.subject, Molecule):
        raise ValueError(
            "an explanation of something else than a molecule: two explained molecules are needed"
        )
    return explanation.subject


def _pixels(explanation: Explanation) -> np.ndarray:
    if not isinstance(explanation.subject, Digit):
        raise ValueError(
            "an explanation of something else than a digit: two explained digits are needed"
        )
    segments = explanation.subject.segments
    return (explanation.relevance.double().numpy() / np.bincount(segments.ravel()))[segments]
