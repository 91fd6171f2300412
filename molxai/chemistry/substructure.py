"""Which molecules have a substructure, given as SMARTS or as SMILES."""

from collections.abc import Sequence
from functools import lru_cache

from rdkit import Chem, rdBase

from graphormer.graphs.molecules import shortened

LONGEST = 1000
"""Characters of a pattern at most."""


@lru_cache(maxsize=256)
def query(pattern: str) -> Chem.Mol:
    """The pattern as RDKit's query.

    It is read as SMARTS, except a SMILES with an aromatic ring of written double bonds: no molecule
    has such bonds after RDKit read it.

    Raises:
        ValueError: it is neither, or too long.

    Example:
        >>> benzoate = Chem.MolFromSmiles("OC(=O)c1ccccc1")
        >>> benzoate.HasSubstructMatch(query("C1=CC=CC=C1"))
        True
    """
    text = pattern.strip()
    if not text:
        raise ValueError("the pattern is empty: a SMARTS or a SMILES is needed")
    if len(text) > LONGEST:
        raise ValueError(f"a pattern of {len(text)} characters: at most {LONGEST} are read")
    with rdBase.BlockLogs():  # the one-line error says it
        smarts = Chem.MolFromSmarts(text)
        molecule = Chem.MolFromSmiles(text)
    if smarts is None:
        raise ValueError(
            f"RDKit cannot read the pattern {shortened(text)!r} as SMARTS: check brackets, ring "
            "closures and commas"
        )
    if molecule is not None and _is_kekule(smarts, molecule):
        return Chem.MolFromSmarts(Chem.MolToSmiles(molecule))
    return smarts


def _is_kekule(smarts: Chem.Mol, molecule: Chem.Mol) -> bool:
    """Whether RDKit finds aromatic atoms in a SMILES that writes none."""
    is_written = any(atom.GetIsAromatic() for atom in smarts.GetAtoms())
    return not is_written and any(atom.GetIsAromatic() for atom in molecule.GetAtoms())


def rows_with(pattern: str, molecules: Sequence[str | None]) -> list[int]:
    """Places of the molecules that have the substructure.

    Args:
        pattern: SMARTS or SMILES.
        molecules: SMILES of each; None has no substructure.

    Raises:
        ValueError: the pattern cannot be read.

    Example:
        >>> rows_with("[OX2H]", ["CCO", None, "CCOC", "Oc1ccccc1"])
        [0, 3]
    """
    wanted = query(pattern)
    places = []
    for place, smiles in enumerate(molecules):
        molecule = None if smiles is None else Chem.MolFromSmiles(smiles)
        if molecule is not None and molecule.HasSubstructMatch(wanted):
            places.append(place)
    return places


def places_of(patterns: Sequence[str], molecule: Chem.Mol) -> list[int]:
    """Places of the patterns that the molecule has.

    Raises:
        ValueError: a pattern cannot be read.

    Example:
        >>> places_of(["[OX2H]", "c1ccccc1", "N"], Chem.MolFromSmiles("Oc1ccccc1"))
        [0, 1]
    """
    queries = [query(pattern) for pattern in patterns]
    return [place for place, wanted in enumerate(queries) if molecule.HasSubstructMatch(wanted)]
