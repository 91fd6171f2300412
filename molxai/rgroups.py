"""Cores and R groups: a series of molecules taken apart around what they have in common, down to the user's atoms."""

import math
from collections import defaultdict
from collections.abc import Sequence

from rdkit import Chem, rdBase
from rdkit.Chem import rdFMCS, rdRGroupDecomposition

from graphormer.molecules import Molecule, shortened
from molxai.alignment import SENSIBLE
from molxai.explanation import Explanation
from molxai.fragments import PLACE, Fragment, attached_smiles
from molxai.grouping import pieces
from molxai.series import Named, Row, Table, check_one_target

SHARE = 0.8
"""Of the molecules that have a core that is found: a stray one must not decide what the others have in common."""

LEAST_CORE = 3
"""Atoms of a core that is found."""

CORE_SECONDS, GROUP_SECONDS = 20, 120
"""After which the search for a core takes the best so far, and a decomposition is given up."""


def core_of(mols: Sequence[Chem.Mol]) -> tuple[str, bool]:
    """The largest substructure that most of the molecules have, as SMARTS, and whether the search for it came to its end.

    Raises:
        ValueError: fewer than two molecules, or nothing worth the name is common to them.
    """
    if len(mols) < 2:
        raise ValueError("a common core needs two molecules or more: name the core with --core SMARTS")
    with rdBase.BlockLogs():
        found = rdFMCS.FindMCS(mols, threshold=SHARE, timeout=CORE_SECONDS, **SENSIBLE)
    if found.numAtoms < LEAST_CORE:
        raise ValueError(f"{len(mols)} molecules have no core in common: name one with --core SMARTS, or give a closer series")
    return found.smartsString, not found.canceled


def core_table(series: Sequence[Named], core: str = "") -> Table:
    """The molecules around a core, which is given as SMARTS or else found.

    Raises:
        ValueError: the SMARTS cannot be read, no molecule has it, nothing is common, or other things than molecules were explained
            or for different targets.
    """
    check_one_target([explanation for _, explanation in series])
    mols = [_traced(explanation) for _, explanation in series]
    smarts, whole = (core, True) if core else core_of(mols)
    with rdBase.BlockLogs():  # the one-line error says it
        query = Chem.MolFromSmarts(smarts)
    if query is None or not query.GetNumAtoms():
        raise ValueError(f"RDKit cannot read the core {shortened(smarts)!r}: a SMARTS is needed, like c1ccccc1C(=O)N")
    matching = [place for place, mol in enumerate(mols) if mol.HasSubstructMatch(query)]
    if not matching:
        raise ValueError(f"none of the {len(mols)} molecules has the core {shortened(smarts)!r}")
    rows = _rows(series, mols, query, matching)
    without = tuple(name for place, (name, _) in enumerate(series) if place not in rows)
    note = "" if whole else f"the search stopped after {CORE_SECONDS} s: a larger core may exist"
    return Table(smarts, not core, tuple(rows.values()), without, note)


def _traced(explanation: Explanation) -> Chem.Mol:
    if not isinstance(explanation.subject, Molecule):
        raise ValueError("a core and R groups are parts of molecules: a digit or a bare graph has none")
    mol = Chem.Mol(explanation.subject.mol)
    for atom in mol.GetAtoms():
        atom.SetIntProp(PLACE, atom.GetIdx())
    return mol


def _rows(series: Sequence[Named], mols: Sequence[Chem.Mol], core: Chem.Mol, matching: Sequence[int]) -> dict[int, Row]:
    """Of each molecule that has the core, by its place in the series."""
    options = rdRGroupDecomposition.RGroupDecompositionParameters()
    options.timeout = GROUP_SECONDS
    try:
        with rdBase.BlockLogs():
            chosen = [mols[place] for place in matching]
            found, failed = rdRGroupDecomposition.RGroupDecompose([core], chosen, asSmiles=False, options=options)
    except RuntimeError as error:  # RDKit has no other name for the end of the time that it was given
        said = f"{len(matching)} molecules around the core {shortened(Chem.MolToSmarts(core), 80)}: no R groups after {GROUP_SECONDS} s"
        raise ValueError(f"{said}; name a larger core with --core SMARTS, or give a closer series") from error
    done = [place for number, place in enumerate(matching) if number not in set(failed)]
    return {place: _row(*series[place], mols[place], one) for place, one in zip(done, found, strict=True)}


def _row(name: str, explanation: Explanation, mol: Chem.Mol, found: dict[str, Chem.Mol]) -> Row:
    """The molecule around the core that RDKit chose, with RDKit's labels on what is attached there."""
    traced = {label: {atom.GetIntProp(PLACE) for atom in piece.GetAtoms() if atom.HasProp(PLACE)} for label, piece in found.items()}
    core = frozenset(traced.pop("Core"))
    groups: dict[str, set[int]] = defaultdict(set)
    for piece in pieces(mol, frozenset(range(mol.GetNumAtoms())) - core):
        groups["+".join(label for label, atoms in traced.items() if atoms & piece) or "rest"] |= piece
    each = {"core": core, **groups}
    relevance = explanation.relevance.tolist()
    texts = attached_smiles(mol, [sorted(atoms) for atoms in each.values()])
    made = {
        label: Fragment(label, text, tuple(sorted(atoms)), math.fsum(relevance[i] for i in atoms))
        for (label, atoms), text in zip(each.items(), texts, strict=True)
    }
    core_part, rest = made.pop("core"), made.pop("rest", None)
    return Row(name, explanation, core_part, made, rest)
