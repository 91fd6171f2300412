"""Cores of series: the one that a user names, as SMARTS or SMILES, and the one that is common.

A core that is named may have labels where groups are attached. RDKit's decomposition takes `*`,
`[*:5]` and `[5*]` for such labels, and an unlabelled core for any place. Two things that chemists
write mean something else, or nothing, as SMARTS, and are read as they are meant:

- alternating double bonds, because no molecule has them in a ring that RDKit reads as aromatic;
- `[R1]` at the end of a bond, which as SMARTS is an atom of one ring.
"""

import math
import re
from collections.abc import Sequence
from time import monotonic
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdFMCS

from graphormer.graphs.molecules import shortened

SENSIBLE: dict[str, Any] = {
    "bondCompare": rdFMCS.BondCompare.CompareOrderExact,
    "ringMatchesRingOnly": True,
    "completeRingsOnly": True,
}
"""What substructures must share to be the same to a chemist: elements, bond orders, whole rings.

Stereo is told apart later."""

SHARES = (0.8, 0.5)
"""Share of the molecules that must have a core that is found: a stray molecule must not decide. The
next one counts if the first leaves none."""

LEAST_CORE = 3
"""Atoms of a core that is found."""

CORE_SECONDS = 20
"""After which the search for a core takes the best so far."""

LABEL = re.compile(r"\[R([1-9]\d?)\]")
"""An R group as it is written in papers."""

ISOTOPE_LABEL = re.compile(r"\[\d+\*:(\d+)\]")
"""A label as RDKit writes it into a core that it has decomposed."""

ALIPHATIC = re.compile(r"(?<![A-Za-z#])(Se|As|[BCNOPSA])(?![a-z])")
"""In the SMARTS of an atom: an element as aliphatic, or A for any of them."""

CONDITIONS = ("$", "!")
"""Marks of a SMARTS whose letters cannot be turned one by one: a surrounding, and a negation."""


def core_of(
    mols: Sequence[Chem.Mol],
    shares: Sequence[float] = SHARES,
    least: int = LEAST_CORE,
    seconds: float = CORE_SECONDS,
) -> tuple[str, bool]:
    """The largest substructure of most molecules as SMARTS, and whether the search was complete.

    Args:
        mols: the series.
        shares: of the molecules that must have it; the next one counts if nothing is found.
        least: atoms that it must have.
        seconds: after which the best so far is taken, for each share.

    Raises:
        ValueError: fewer than two molecules, or nothing worth the name is common to them.
    """
    if len(mols) < 2:
        raise ValueError(
            "a common core needs two molecules or more: name the core as SMARTS or SMILES"
        )
    for share in shares:
        result, is_complete = _largest_common(mols, share, seconds)
        if result.numAtoms >= least:
            return result.smartsString, is_complete
    raise ValueError(
        f"{len(mols)} molecules have no core in common: "
        "name one as SMARTS or SMILES, or give a closer series"
    )


def _largest_common(
    mols: Sequence[Chem.Mol], share: float, most_seconds: float
) -> tuple[rdFMCS.MCSResult, bool]:
    """The largest substructure of so many molecules, and whether the searches were complete.

    RDKit looks for substructures of the smallest molecule that has any in common with so many, be
    it a solvent. So the search is repeated without the smallest ones.
    """
    by_size = sorted(mols, key=lambda mol: mol.GetNumAtoms())
    needed = max(2, math.ceil(share * len(mols)))  # a core of one molecule is the molecule
    end = monotonic() + most_seconds
    results: list[rdFMCS.MCSResult] = []
    for dropped in _doubling(len(mols) - needed):
        seconds = round(end - monotonic())
        if seconds < 1:
            return _largest(results), False
        rest = by_size[dropped:]
        threshold = needed / len(rest)
        with rdBase.BlockLogs():
            result = rdFMCS.FindMCS(rest, threshold=threshold, timeout=seconds, **SENSIBLE)
        results.append(result)
    return _largest(results), not any(result.canceled for result in results)


def _largest(results: Sequence[rdFMCS.MCSResult]) -> rdFMCS.MCSResult:
    """The result of most atoms, the first one among equals."""
    return max(results, key=lambda result: result.numAtoms)


def _doubling(most: int) -> list[int]:
    """Numbers from 0 to `most`, with gaps that double.

    Example:
        >>> _doubling(12)
        [0, 1, 2, 4, 8, 12]
    """
    numbers = [0, *(2**power for power in range(most.bit_length()))]
    return sorted({*(number for number in numbers if number < most), most})


def core_query(text: str) -> tuple[Chem.Mol, str]:
    """The core as RDKit's decomposition takes it, and what to say of how it was read.

    Raises:
        ValueError: it cannot be read.
    """
    with rdBase.BlockLogs():  # the one-line error says it
        query = Chem.MolFromSmarts(ISOTOPE_LABEL.sub(r"[*:\1]", text))
    if query is None or not query.GetNumAtoms():
        remedy = "a SMARTS or SMILES is needed, like c1ccccc1C(=O)N"
        raise ValueError(f"RDKit cannot read the core {shortened(text)!r}: {remedy}")
    query, labels = _with_labels(query)
    note = f"{', '.join(labels)} is read as a label of R groups" if labels else ""
    return _aromatic(query), note


def _with_labels(query: Chem.Mol) -> tuple[Chem.Mol, list[str]]:
    """The core with labels that RDKit knows, and those that were written in another way."""
    core = Chem.RWMol(query)
    labels = []
    for atom in query.GetAtoms():
        label = LABEL.fullmatch(atom.GetSmarts())
        if label and atom.GetDegree() == 1:
            core.ReplaceAtom(atom.GetIdx(), Chem.AtomFromSmarts(f"[*:{label[1]}]"))
            labels.append(label[0])
    return core.GetMol(), labels


def _aromatic(query: Chem.Mol) -> Chem.Mol:
    """The core with rings of alternating double bonds as aromatic ones."""
    plain = _plain(query)
    with rdBase.BlockLogs():
        Chem.SetAromaticity(plain)
    core = Chem.RWMol(query)
    for before, after in zip(query.GetBonds(), plain.GetBonds(), strict=True):
        if after.GetIsAromatic() and not before.GetIsAromatic():
            core.ReplaceBond(before.GetIdx(), Chem.BondFromSmarts(":"))
    for before, after in zip(query.GetAtoms(), plain.GetAtoms(), strict=True):
        smarts = before.GetSmarts()
        has_condition = any(mark in smarts for mark in CONDITIONS)
        if after.GetIsAromatic() and not before.GetIsAromatic() and not has_condition:
            aromatic = ALIPHATIC.sub(lambda element: element[0].lower(), smarts)
            core.ReplaceAtom(before.GetIdx(), Chem.AtomFromSmarts(aromatic))
    return core.GetMol()


def _plain(query: Chem.Mol) -> Chem.Mol:
    """The core's elements and bonds without conditions: RDKit finds aromatic rings in these."""
    plain = Chem.RWMol()
    for atom in query.GetAtoms():
        element = ALIPHATIC.search(atom.GetSmarts())
        symbol = element[0] if element and element[0] != "A" else "*"
        copy = Chem.Atom(atom.GetAtomicNum() or symbol)
        copy.SetFormalCharge(atom.GetFormalCharge())
        copy.SetIsAromatic(atom.GetIsAromatic())
        plain.AddAtom(copy)
    for bond in query.GetBonds():
        plain.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond.GetBondType())
    plain.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(plain)
    return plain.GetMol()
