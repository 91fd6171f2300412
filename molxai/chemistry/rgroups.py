"""Cores and R groups: a series of molecules taken apart around what they have in common."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from statistics import fmean
from typing import Any, NamedTuple

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

MOST_LABEL = 999
"""The largest number of a label that RDKit takes."""

GROUP_SECONDS = 120
"""After which a decomposition is given up."""

MOST_WAYS = 1000
"""Further ways in which a core may fit the molecules, all together, until they are too many for
RDKit to compare in chunks, which takes four to six times as long as molecule by molecule."""

MOST_MATCHES = 100
"""Ways in which the core fits a molecule that are counted."""


class Seconds(NamedTuple):
    """How long a core may be looked for, and molecules be taken apart."""

    core: float = CORE_SECONDS
    groups: float = GROUP_SECONDS


USUAL_SECONDS = Seconds()
"""Of a command. Whoever waits for a page has less patience."""


class Part(NamedTuple):
    """The core of a molecule, an R group, or what is not attached to the core."""

    smiles: str
    """With `*` where it was attached."""
    atoms: tuple[int, ...]


@dataclass(frozen=True)
class Decomposition:
    """Molecules taken apart around a core."""

    core: str
    """SMARTS."""
    found: bool
    """Whether the core is the molecules' own common substructure; else it was given."""
    note: str
    members: Mapping[int, Mapping[str, Part]]
    """The parts by label (`core`, R1 and so on, and `rest`) of each molecule that has the core, by
    its place."""


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
    apart = take_apart([_mol(explanation) for _, explanation in series], core)
    rows = []
    for place, members in apart.members.items():
        name, explanation = series[place]
        row = _row(name, explanation, members)
        rows.append(replace(row, columns=dict(columns[place])) if columns else row)
    names = [name for name, _ in series]
    without = tuple(name for place, name in enumerate(names) if place not in apart.members)
    return Table(apart.core, apart.found, tuple(rows), without, apart.note)


def _mol(explanation: Explanation) -> Chem.Mol:
    if not isinstance(explanation.subject, Molecule):
        raise ValueError(
            "a core and R groups are parts of molecules: a digit or a bare graph has none"
        )
    return explanation.subject.mol


def _row(name: str, explanation: Explanation, members: Mapping[str, Part]) -> Row:
    """The molecule with the relevance of its parts."""
    relevance = explanation.relevance.tolist()
    parts = {
        label: Fragment(label, part.smiles, part.atoms, relevance_sum(relevance, part.atoms))
        for label, part in members.items()
    }
    core = parts.pop("core")
    rest = parts.pop("rest", None)
    return Row(name, explanation, core, parts, rest)


def take_apart(
    mols: Sequence[Chem.Mol], core: str = "", seconds: Seconds = USUAL_SECONDS
) -> Decomposition:
    """The parts of the molecules that have a core, which is given or else found.

    Raises:
        ValueError: the core cannot be read, no molecule has it, nothing is common, or it takes
            longer.
    """
    smarts, is_complete = (core, True) if core else core_of(mols, seconds=seconds.core)
    query, note = core_query(smarts)
    _check_labels(query, smarts)
    if not is_complete:
        note = f"the search stopped after {seconds.core} s: a larger core may exist"
    numbered = [_numbered(mol) for mol in mols]
    decomposition = _decompose(numbered, query, seconds.groups)
    if not decomposition:
        raise ValueError(f"none of the {len(mols)} molecules has the core {shortened(smarts)!r}")
    members = {place: _parts(numbered[place], parts) for place, parts in decomposition.items()}
    return Decomposition(smarts, not core, note, members)


def _check_labels(query: Chem.Mol, core: str) -> None:
    """Refuse a label to which RDKit attaches no group.

    Raises:
        ValueError: one is not the end of a bond, or has too large a number.
    """
    for atom in query.GetAtoms():
        label = atom.GetAtomMapNum() or atom.GetIsotope()
        if label > MOST_LABEL:
            raise ValueError(
                f"the core {shortened(core)!r} has the label {label}: number labels from 1 to "
                f"{MOST_LABEL}"
            )
        if label and not atom.GetAtomicNum() and atom.GetDegree() != 1:
            raise ValueError(
                f"the core {shortened(core)!r} has a label {atom.GetSmarts()} with "
                f"{atom.GetDegree()} bonds: a label of an R group ends one bond, like "
                "c1ccccc1[*:1]"
            )


def _numbered(mol: Chem.Mol) -> Chem.Mol:
    """The molecule, whose atoms carry their numbers."""
    copy = Chem.Mol(mol)
    for atom in copy.GetAtoms():
        atom.SetIntProp(PLACE, atom.GetIdx())
    return copy


def _decompose(
    mols: Sequence[Chem.Mol], core: Chem.Mol, seconds: float
) -> dict[int, dict[str, Chem.Mol]]:
    """Core and R groups of each molecule that has the core, by its place in the series.

    RDKit decides who has it: a label of the core matches hydrogen, which a search for the
    substructure does not.
    """
    options = DECOMPOSITION.RGroupDecompositionParameters()
    options.timeout = seconds
    ways = _ways(mols, core)
    if sum(ways) - len(ways) > MOST_WAYS:
        options.matchingStrategy = DECOMPOSITION.RGroupMatching.Greedy
    try:
        with rdBase.BlockLogs():
            members, failures = DECOMPOSITION.RGroupDecompose(
                [core], list(mols), asSmiles=False, options=options
            )
    except RuntimeError as error:  # RDKit's only name for the end of its time
        smarts = shortened(Chem.MolToSmarts(core), 80)
        reason = f", for it fits a molecule in {fmean(ways):.0f} ways" if max(ways) > 1 else ""
        raise ValueError(
            f"{len(mols)} molecules around the core {smarts}: "
            f"no R groups after {seconds} s{reason}; "
            "name a larger core as SMARTS or SMILES, or give a closer series"
        ) from error
    without = set(failures)
    places = [place for place in range(len(mols)) if place not in without]
    return dict(zip(places, members, strict=True))


def _ways(mols: Sequence[Chem.Mol], core: Chem.Mol) -> list[int]:
    """In how many ways the core fits each molecule that has it, without its labels."""
    bare = Chem.RWMol(core)
    bare.BeginBatchEdit()
    for atom in core.GetAtoms():
        if not atom.GetAtomicNum() and atom.GetDegree() == 1:
            bare.RemoveAtom(atom.GetIdx())
    bare.CommitBatchEdit()
    options = Chem.SubstructMatchParameters()
    options.uniquify = False
    options.maxMatches = MOST_MATCHES
    counts = (len(mol.GetSubstructMatches(bare, options)) for mol in mols)
    return [count for count in counts if count] or [1]


def _parts(mol: Chem.Mol, members: Mapping[str, Chem.Mol]) -> dict[str, Part]:
    """The parts around the core that RDKit chose, with RDKit's labels on what is attached."""
    numbers = {label: _numbers(member) for label, member in members.items()}
    core = numbers.pop("Core")
    atoms = {"core": core, **_attached_atoms(mol, core, numbers)}
    texts = attached_smiles(mol, [sorted(group) for group in atoms.values()])
    parts = {
        label: Part(smiles, tuple(sorted(group)))
        for (label, group), smiles in zip(atoms.items(), texts, strict=True)
    }
    for label in numbers:
        if _is_hydrogen(members[label]):
            parts[label] = Part(HYDROGEN, ())
    return parts


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
