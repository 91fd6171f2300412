"""Cores and R groups: a series of molecules taken apart around what they have in common, down to the user's atoms."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rdkit import Chem, rdBase
from rdkit.Chem import rdFMCS, rdRGroupDecomposition

from graphormer.graphs.molecules import Molecule, shortened
from molxai.chemistry.alignment import SENSIBLE
from molxai.chemistry.cores import core_query
from molxai.chemistry.fragments import PLACE, Fragment, attached_smiles
from molxai.chemistry.grouping import pieces
from molxai.chemistry.series import HYDROGEN, Named, Row, Table, check_one_target
from molxai.explanation.explanation import Explanation

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
        raise ValueError(
            "a common core needs two molecules or more: name the core with --core SMARTS"
        )
    with rdBase.BlockLogs():
        found = rdFMCS.FindMCS(mols, threshold=SHARE, timeout=CORE_SECONDS, **SENSIBLE)
    if found.numAtoms < LEAST_CORE:
        raise ValueError(
            f"{len(mols)} molecules have no core in common: name one with --core SMARTS, or give a closer series"
        )
    return found.smartsString, not found.canceled


def core_table(
    series: Sequence[Named], core: str = "", columns: Sequence[Mapping[str, str]] = ()
) -> Table:
    """The molecules around a core, which is given as SMARTS or SMILES, or else found.

    Args:
        series: of one target.
        core: as `core_query` reads it; a label, like `[*:1]`, may stand for hydrogen, too. Empty: it is found.
        columns: of the user's table, of each molecule of the series, that the rows carry.

    Raises:
        ValueError: the core cannot be read, no molecule has it, nothing is common, or other things than molecules were explained
            or for different targets.
    """
    check_one_target([explanation for _, explanation in series])
    mols = [_traced(explanation) for _, explanation in series]
    smarts, whole = (core, True) if core else core_of(mols)
    query, note = core_query(smarts)
    found = _decomposed(mols, query)
    if not found:
        raise ValueError(f"none of the {len(mols)} molecules has the core {shortened(smarts)!r}")
    rows = []
    for place, pieces_of in found.items():
        row = _row(*series[place], mols[place], pieces_of)
        rows.append(replace(row, columns=dict(columns[place])) if columns else row)
    without = tuple(name for place, (name, _) in enumerate(series) if place not in found)
    note = note if whole else f"the search stopped after {CORE_SECONDS} s: a larger core may exist"
    return Table(smarts, not core, tuple(rows), without, note)


def _traced(explanation: Explanation) -> Chem.Mol:
    if not isinstance(explanation.subject, Molecule):
        raise ValueError(
            "a core and R groups are parts of molecules: a digit or a bare graph has none"
        )
    mol = Chem.Mol(explanation.subject.mol)
    for atom in mol.GetAtoms():
        atom.SetIntProp(PLACE, atom.GetIdx())
    return mol


def _decomposed(mols: Sequence[Chem.Mol], core: Chem.Mol) -> dict[int, dict[str, Chem.Mol]]:
    """Core and R groups of each molecule that has the core, by its place in the series.

    RDKit decides who has it: a label of the core matches hydrogen, which a search for the substructure does not.
    """
    options = rdRGroupDecomposition.RGroupDecompositionParameters()
    options.timeout = GROUP_SECONDS
    try:
        with rdBase.BlockLogs():
            found, failed = rdRGroupDecomposition.RGroupDecompose(
                [core], list(mols), asSmiles=False, options=options
            )
    except (
        RuntimeError
    ) as error:  # RDKit has no other name for the end of the time that it was given
        said = f"{len(mols)} molecules around the core {shortened(Chem.MolToSmarts(core), 80)}: no R groups after {GROUP_SECONDS} s"
        raise ValueError(
            f"{said}; name a larger core with --core SMARTS, or give a closer series"
        ) from error
    lacking = set(failed)
    having = [place for place in range(len(mols)) if place not in lacking]
    return dict(zip(having, found, strict=True))


def _row(name: str, explanation: Explanation, mol: Chem.Mol, found: dict[str, Chem.Mol]) -> Row:
    """The molecule around the core that RDKit chose, with RDKit's labels on what is attached there."""
    traced = {
        label: {atom.GetIntProp(PLACE) for atom in piece.GetAtoms() if atom.HasProp(PLACE)}
        for label, piece in found.items()
    }
    core = frozenset(traced.pop("Core"))
    groups: dict[str, set[int]] = defaultdict(set)
    for piece in pieces(mol, frozenset(range(mol.GetNumAtoms())) - core):
        groups["+".join(label for label, atoms in traced.items() if atoms & piece) or "rest"] |= (
            piece
        )
    each = {"core": core, **groups}
    relevance = explanation.relevance.tolist()
    texts = attached_smiles(mol, [sorted(atoms) for atoms in each.values()])
    made = {
        label: Fragment(label, text, tuple(sorted(atoms)), math.fsum(relevance[i] for i in atoms))
        for (label, atoms), text in zip(each.items(), texts, strict=True)
    }
    bare = [label for label in traced if _is_hydrogen(found[label])]
    made |= {label: Fragment(label, HYDROGEN, (), 0.0) for label in bare}
    core_part, rest = made.pop("core"), made.pop("rest", None)
    return Row(name, explanation, core_part, made, rest)


def _is_hydrogen(group: Chem.Mol) -> bool:
    """Whether RDKit has put a hydrogen, which the molecule has no atom for, where nothing is attached."""
    atoms = [atom for atom in group.GetAtoms() if atom.GetAtomicNum()]
    return bool(atoms) and all(
        atom.GetAtomicNum() == 1 and not atom.HasProp(PLACE) for atom in atoms
    )
