"""Molecules as graphs: one node per heavy atom, in the order in which the user wrote the atoms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdMolHash

from graphormer.graphs.graph import Graph, graph
from graphormer.graphs.pairs import UNREACHABLE
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.smiles.bounds import check_atoms
from graphormer.smiles.hydrogens import fold_hydrogens
from graphormer.smiles.marks import listed, mark_notes, radical_notes
from graphormer.smiles.notation import shortened
from graphormer.smiles.ordered_smiles import ordered_smiles
from graphormer.smiles.reading import MAX_ATOMS, Read, mol_block, read_structure, split_smiles

__all__ = [
    "BONDS",
    "ELEMENTS",
    "MAX_ATOMS",
    "MOLECULES",
    "Molecule",
    "canonical",
    "mol_block",
    "molecule",
    "molecule_graph",
    "ordered_smiles",
    "shortened",
    "skeleton",
    "split_smiles",
]

ELEMENTS = tuple("C N O F S Cl Br P I B Si Se Na K Li Ca Mg Zn Fe Cu As Sn Pt Al H".split())  # noqa: SIM905
"""Elements with an entry of their own; every other one is read as "other", and the record says
so."""

HYBRIDISATIONS = (
    Chem.HybridizationType.S,
    Chem.HybridizationType.SP,
    Chem.HybridizationType.SP2,
    Chem.HybridizationType.SP3,
)
ATOMIC_NUMBERS = {
    Chem.GetPeriodicTable().GetAtomicNumber(symbol): place for place, symbol in enumerate(ELEMENTS)
}
HYBRIDISATION_PLACES = {kind: place for place, kind in enumerate(HYBRIDISATIONS)}
BONDS = (
    "single",
    "single in ring",
    "double",
    "double E",
    "double Z",
    "triple",
    "aromatic",
    "other",
)

BUCKETS = 2048
"""Of the environments of each radius."""

MOLECULES = Vocabulary(
    name="molecule-2",
    node_features=(
        ("element", len(ELEMENTS) + 1),
        ("degree", 7),
        ("charge", 5),
        ("hydrogens", 5),
        ("hybridisation", len(HYBRIDISATIONS) + 1),
        ("aromatic", 2),
        ("ring size", 7),
        ("stereo", 3),
        ("environment 1", BUCKETS),
        ("environment 2", BUCKETS),
    ),
    edge_types=BONDS,
    max_hops=20,
    path_hops=5,
    environments=(1, 2),
)
"""Degree is Graphormer's centrality encoding. Stereo holds the CIP label, which does not depend on
how the SMILES is written."""

HYDROGEN = re.compile(r"\[\d*H")
"""Where a SMILES may have a hydrogen atom of its own (or mercury, helium, holmium)."""

MARKED = re.compile(r"[~$*]|->|<-")
"""Where a SMILES has an atom of no element, or a bond outside the vocabulary."""

RING_SIZES = (0, 3, 4, 5, 6, 7)
RING_PLACES = {size: place for place, size in enumerate(RING_SIZES)}
AROMATIC = BONDS.index("aromatic")
STEREO = {"R": 1, "S": 2}


@dataclass(frozen=True)
class Molecule:
    """A molecule with its graph and what is needed to draw it."""

    graph: Graph
    mol: Chem.Mol
    """Heavy atoms in the user's order."""
    smiles: str
    """As the user wrote it, or RDKit's where the input was no SMILES."""
    id: str = ""
    notes: tuple[str, ...] = ()
    """What was changed or approximated on reading."""
    atoms: tuple[int, ...] | None = None
    """The index of each node in the input, counted from 0; None where it is the node's own, as no
    hydrogen was folded."""
    own_text: str = ""
    """The user's SMILES, if its atoms are the nodes."""

    @property
    def symbols(self) -> list[str]:
        """Element of each node."""
        return [atom.GetSymbol() for atom in self.mol.GetAtoms()]

    @cached_property
    def explained_smiles(self) -> str:
        """A SMILES of what is explained: the i-th atom in it is node i."""
        return self.own_text or ordered_smiles(self.mol)


def molecule(source: str | Chem.Mol, id: str = "", max_atoms: int = MAX_ATOMS) -> Molecule:
    """The molecule of a SMILES (also with a CXSMILES block), an InChI or an RDKit `Mol`.

    Explicit hydrogens, deuterium and tritium are folded into their heavy atom (bridging hydrogens
    stay); all fragments of a salt are kept.

    Raises:
        ValueError: the text cannot be read, there is no atom, or there are more than `max_atoms`
        atoms.
    """
    read = read_structure(source, max_atoms) if isinstance(source, str) else Read(source)
    mol = read.mol
    atoms = None
    notes = list(read.notes)
    if not read.smiles or HYDROGEN.search(
        read.smiles
    ):  # a SMILES without hydrogen atoms is ready as it is parsed
        mol, atoms, folding = fold_hydrogens(read.mol)
        notes += folding
    if not mol.GetNumAtoms():
        raise ValueError("a molecule without atoms: at least one is needed")
    check_atoms(mol.GetNumAtoms(), max_atoms)
    made = molecule_graph(mol)
    if others := (made.codes[:, 0] == len(ELEMENTS)).nonzero().flatten().tolist():
        notes += _other_notes(mol, others)
    if not read.smiles or read.block or MARKED.search(read.smiles):
        notes += mark_notes(read.mol, atoms)
    elif "[" in read.smiles:
        notes += radical_notes(mol)
    smiles = source if isinstance(source, str) and read.smiles else canonical(mol)
    own_text = "" if atoms or read.block else read.smiles
    if isinstance(source, str) and not read.smiles:
        atoms = None  # an InChI has no order of its own
    return Molecule(made, mol, smiles, id, tuple(notes), atoms, own_text)


def _other_notes(mol: Chem.Mol, atoms: Sequence[int]) -> list[str]:
    """A note for each element that has no entry of its own."""
    places: dict[str, list[int]] = {}
    for atom in atoms:
        places.setdefault(mol.GetAtomWithIdx(atom).GetSymbol(), []).append(atom)
    notes = []
    for symbol, found in places.items():
        noun, verb = ("atom", "is") if len(found) == 1 else ("atoms", "are")
        notes.append(
            f"{noun} {listed(found)} ({symbol}) {verb} outside the vocabulary: read as 'other'"
        )
    return notes


def canonical(mol: Chem.Mol) -> str:
    """RDKit's canonical SMILES, stereo included: equal for two ways to write a molecule."""
    return Chem.MolToSmiles(mol)


def skeleton(mol: Chem.Mol) -> str:
    """What a molecule has in common with its salts, tautomers, charge states and stereoisomers.

    RDKit's hash of the heteroatom tautomer of the largest fragment, without its stereo and its
    counts of hydrogens and charges.
    """
    fragments = Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=False)
    largest = max(fragments, key=lambda one: (one.GetNumAtoms(), Chem.MolToSmiles(one)))
    Chem.RemoveStereochemistry(largest)
    with rdBase.BlockLogs():
        found: str = rdMolHash.MolHash(largest, rdMolHash.HashFunction.HetAtomTautomer)
    return found.partition("_")[0]


def molecule_graph(mol: Chem.Mol) -> Graph:
    """The graph of a sanitised molecule, all of whose atoms become nodes."""
    offsets = np.array(
        [MOLECULES.offsets[name] for name in MOLECULES.feature_names[: MOLECULES.stated]]
    )
    codes = np.array(_atom_codes(mol)) + offsets
    begin, end, kind = np.array(_bonds(mol), dtype=np.int64).reshape(-1, 3).T
    edges = np.stack([np.concatenate([begin, end]), np.concatenate([end, begin])])
    hops = Chem.GetDistanceMatrix(mol)
    hops = np.where(hops < len(codes), hops, UNREACHABLE).astype(np.int16)
    return graph(
        MOLECULES, codes, np.ones(codes.shape), edges, np.concatenate([kind, kind]), hops=hops
    )


def _atom_codes(mol: Chem.Mol) -> list[tuple[int, ...]]:
    """Entry of each node feature, counted within the feature, for each atom."""
    rings = [0] * mol.GetNumAtoms()
    for ring in sorted(mol.GetRingInfo().AtomRings(), key=len, reverse=True):
        for place in ring:
            rings[place] = len(ring)
    codes: list[tuple[int, ...]] = []
    for place, ring_size in enumerate(rings):
        atom = mol.GetAtomWithIdx(place)  # RDKit's iterator over atoms takes twice as long
        codes.append(
            (
                ATOMIC_NUMBERS.get(atom.GetAtomicNum(), len(ELEMENTS)),
                min(atom.GetDegree(), 6),
                max(-2, min(atom.GetFormalCharge(), 2)) + 2,
                min(atom.GetTotalNumHs(), 4),
                HYBRIDISATION_PLACES.get(atom.GetHybridization(), len(HYBRIDISATIONS)),
                int(atom.GetIsAromatic()),
                RING_PLACES.get(ring_size, len(RING_SIZES)),
                STEREO.get(atom.GetProp("_CIPCode"), 0) if atom.HasProp("_CIPCode") else 0,
            )
        )
    return codes


def _bonds(mol: Chem.Mol) -> list[tuple[int, int, int]]:
    """Both atoms and the type of each bond."""
    bonds = [mol.GetBondWithIdx(place) for place in range(mol.GetNumBonds())]
    return [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), _bond_type(bond)) for bond in bonds]


def _bond_type(bond: Chem.Bond) -> int:
    if bond.GetIsAromatic():
        return AROMATIC
    kind = bond.GetBondType()
    if kind == Chem.BondType.SINGLE:
        return BONDS.index("single in ring" if bond.IsInRing() else "single")
    if kind == Chem.BondType.DOUBLE:
        stereo = {Chem.BondStereo.STEREOE: "double E", Chem.BondStereo.STEREOZ: "double Z"}
        return BONDS.index(stereo.get(bond.GetStereo(), "double"))
    return BONDS.index("triple" if kind == Chem.BondType.TRIPLE else "other")
