"""Cores and R groups: a series of molecules taken apart around what they have in common."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from rdkit import Chem, rdBase

from graphormer.graphs.molecules import Molecule, shortened
from molxai.chemistry.fragments import Fragment, relevance_sum
from molxai.chemistry.grouping import Atoms, pieces
from molxai.chemistry.schemes import PLACE, attached_smiles
from molxai.chemistry.series import HYDROGEN, Named, Row, Table, check_one_target
from molxai.explanation.cores import CORE_SECONDS, core_of, core_query
from molxai.explanation.explanation import Explanation

# RDKit's stub of this module is no valid Python, and `core_table` is public: imported in the usual
# way, it would break the type checks of whoever imports molxai.
DECOMPOSITION: Any = import_module("rdkit.Chem.rdRGroupDecomposition")

GROUP_SECONDS = 120
"""After which a decomposition is given up."""


def core_table(
    series: Sequence[Named], core: str = "", columns: Sequence[Mapping[str, str]] = ()
) -> Table:
    """The molecules around a core, which is given as SMARTS or SMILES, or else found.

    Args:
        series: explanations for one target.
        core: as `core_query` reads it; a label, like `[*:1]`, may stand for hydrogen, too. Empty:
            it is found.
        columns: of the user's table, of each molecule of the series, that the rows carry.

    Raises:
        ValueError: the core cannot be read, no molecule has it, nothing is common, or other things
            than molecules were explained or for different targets.
    """
    check_one_target([explanation for _, explanation in series])
    mols = [_numbered_mol(explanation) for _, explanation in series]
    smarts, is_complete = (core, True) if core else core_of(mols)
    query, note = core_query(smarts)
    if not is_complete:
        note = f"the search stopped after {CORE_SECONDS} s: a larger core may exist"
    decomposition = _decompose(mols, query)
    if not decomposition:
        raise ValueError(f"none of the {len(mols)} molecules has the core {shortened(smarts)!r}")
    rows = []
    for place, members in decomposition.items():
        name, explanation = series[place]
        row = _row(name, explanation, mols[place], members)
        rows.append(replace(row, columns=dict(columns[place])) if columns else row)
    names = [name for name, _ in series]
    without = tuple(name for place, name in enumerate(names) if place not in decomposition)
    return Table(smarts, not core, tuple(rows), without, note)


def _numbered_mol(explanation: Explanation) -> Chem.Mol:
    """The explained molecule, whose atoms carry their numbers."""
    if not isinstance(explanation.subject, Molecule):
        raise ValueError(
            "a core and R groups are parts of molecules: a digit or a bare graph has none"
        )
    mol = Chem.Mol(explanation.subject.mol)
    for atom in mol.GetAtoms():
        atom.SetIntProp(PLACE, atom.GetIdx())
    return mol


def _decompose(mols: Sequence[Chem.Mol], core: Chem.Mol) -> dict[int, dict[str, Chem.Mol]]:
    """Core and R groups of each molecule that has the core, by its place in the series.

    RDKit decides who has it: a label of the core matches hydrogen, which a search for the
    substructure does not.
    """
    options = DECOMPOSITION.RGroupDecompositionParameters()
    options.timeout = GROUP_SECONDS
    try:
        with rdBase.BlockLogs():
            members, failures = DECOMPOSITION.RGroupDecompose(
                [core], list(mols), asSmiles=False, options=options
            )
    except RuntimeError as error:  # RDKit's only name for the end of its time
        smarts = shortened(Chem.MolToSmarts(core), 80)
        raise ValueError(
            f"{len(mols)} molecules around the core {smarts}: "
            f"no R groups after {GROUP_SECONDS} s; "
            "name a larger core with --core SMARTS, or give a closer series"
        ) from error
    without = set(failures)
    places = [place for place in range(len(mols)) if place not in without]
    return dict(zip(places, members, strict=True))


def _row(
    name: str, explanation: Explanation, mol: Chem.Mol, members: Mapping[str, Chem.Mol]
) -> Row:
    """The molecule around the core that RDKit chose, with RDKit's labels on what is attached."""
    numbers = {label: _numbers(member) for label, member in members.items()}
    core = numbers.pop("Core")
    atoms = {"core": core, **_attached_atoms(mol, core, numbers)}
    texts = attached_smiles(mol, [sorted(group) for group in atoms.values()])
    relevance = explanation.relevance.tolist()
    parts = {
        label: Fragment(label, smiles, tuple(sorted(group)), relevance_sum(relevance, group))
        for (label, group), smiles in zip(atoms.items(), texts, strict=True)
    }
    for label in numbers:
        if _is_hydrogen(members[label]):
            parts[label] = Fragment(label, HYDROGEN, (), 0.0)
    core_part = parts.pop("core")
    rest = parts.pop("rest", None)
    return Row(name, explanation, core_part, parts, rest)


def _numbers(member: Chem.Mol) -> Atoms:
    """The numbers, in the user's molecule, of the atoms of a core or of an R group."""
    return frozenset(atom.GetIntProp(PLACE) for atom in member.GetAtoms() if atom.HasProp(PLACE))


def _attached_atoms(
    mol: Chem.Mol, core: Atoms, numbers: Mapping[str, Atoms]
) -> dict[str, set[int]]:
    """What is not the core, by the labels of its ends: `R1`, `R1+R2` for a ring, else `rest`."""
    atoms: dict[str, set[int]] = defaultdict(set)
    for piece in pieces(mol, frozenset(range(mol.GetNumAtoms())) - core):
        labels = [label for label, group in numbers.items() if group & piece]
        atoms["+".join(labels) or "rest"] |= piece
    return atoms


def _is_hydrogen(group: Chem.Mol) -> bool:
    """Whether RDKit has put a hydrogen, which the molecule has no atom for, at a free place."""
    atoms = [atom for atom in group.GetAtoms() if atom.GetAtomicNum()]
    return bool(atoms) and all(
        atom.GetAtomicNum() == 1 and not atom.HasProp(PLACE) for atom in atoms
    )
