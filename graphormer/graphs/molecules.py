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
"""Elements with an entry of their own. Every other one is read as "other", and the record says
so."""

OTHER_ELEMENT = len(ELEMENTS)
"""Entry of every element that has none of its own."""

HYBRIDISATIONS = (
    Chem.HybridizationType.S,
    Chem.HybridizationType.SP,
    Chem.HybridizationType.SP2,
    Chem.HybridizationType.SP3,
)
"""Hybridisations with an entry of their own. The last entry is "other"."""

RING_SIZES = (0, 3, 4, 5, 6, 7)
"""Size of an atom's smallest ring, 0 for a chain. The last entry holds larger rings."""

LARGEST_DEGREE = 6
LARGEST_CHARGE = 2
"""In either direction."""

MOST_HYDROGENS = 4
"""As with the two above, more than that is read as that many."""

STEREO = {"R": 1, "S": 2}
"""Entry of each CIP label; 0 is for atoms without one."""

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
"""Edge types."""

BUCKETS = 2048
"""How many there are for the environments of each radius."""

MOLECULES = Vocabulary(
    name="molecule-2",
    node_features=(
        ("element", len(ELEMENTS) + 1),
        ("degree", LARGEST_DEGREE + 1),
        ("charge", 2 * LARGEST_CHARGE + 1),
        ("hydrogens", MOST_HYDROGENS + 1),
        ("hybridisation", len(HYBRIDISATIONS) + 1),
        ("aromatic", 2),
        ("ring size", len(RING_SIZES) + 1),
        ("stereo", len(STEREO) + 1),
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

PERIODIC_TABLE = Chem.GetPeriodicTable()
ELEMENT_ENTRIES = {
    PERIODIC_TABLE.GetAtomicNumber(symbol): entry for entry, symbol in enumerate(ELEMENTS)
}
"""Entry of each element by its atomic number."""

HYBRIDISATION_ENTRIES = {kind: entry for entry, kind in enumerate(HYBRIDISATIONS)}
RING_ENTRIES = {size: entry for entry, size in enumerate(RING_SIZES)}
FEATURE_OFFSETS = np.array(
    [MOLECULES.offsets[name] for name in MOLECULES.feature_names[: MOLECULES.stated]]
)
"""First entry of each feature but the environments, in the order of `_atom_codes`."""

HYDROGEN = re.compile(r"\[\d*H")
"""What a SMILES holds if it has a hydrogen atom of its own (or mercury, helium, holmium)."""

MARKED = re.compile(r"[~$*]|->|<-")
"""What a SMILES holds if it has an atom of no element, or a bond outside the vocabulary."""


@dataclass(frozen=True)
class Molecule:
    """A molecule with its graph and what is needed to draw it."""

    graph: Graph
    mol: Chem.Mol
    """Heavy atoms in the user's order."""
    smiles: str
    """As the user wrote it, or RDKit's if the input was no SMILES."""
    id: str = ""
    notes: tuple[str, ...] = ()
    """What was changed or approximated on reading."""
    atoms: tuple[int, ...] | None = None
    """The index of each node in the input, counted from 0. None if it is the node's own, as no
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

    Explicit hydrogens, deuterium and tritium are folded into their heavy atom, except bridging
    hydrogens. All fragments of a salt are kept.

    Raises:
        ValueError: the text cannot be read, there is no atom, or there are more than `max_atoms`
            atoms.
    """
    is_text = isinstance(source, str)
    read = read_structure(source, max_atoms) if isinstance(source, str) else Read(source)
    mol, atoms, folding_notes = _fold(read)
    if not mol.GetNumAtoms():
        raise ValueError("a molecule without atoms: at least one is needed")
    check_atoms(mol.GetNumAtoms(), max_atoms)
    graph = molecule_graph(mol)
    notes = [
        *read.notes,
        *folding_notes,
        *_element_notes(mol, graph),
        *_marks(read, mol, atoms),
    ]
    is_smiles = is_text and read.smiles
    is_inchi = is_text and not read.smiles
    return Molecule(
        graph=graph,
        mol=mol,
        smiles=source if is_smiles else canonical(mol),
        id=id,
        notes=tuple(notes),
        atoms=None if is_inchi else atoms,  # an InChI has no order of its own
        own_text="" if atoms or read.block else read.smiles,
    )


def _fold(read: Read) -> tuple[Chem.Mol, tuple[int, ...] | None, list[str]]:
    """The molecule without explicit hydrogens, as `fold_hydrogens` returns it."""
    if read.smiles and not HYDROGEN.search(read.smiles):
        return read.mol, None, []  # RDKit's parser has done all that folding would do
    return fold_hydrogens(read.mol)


def _marks(read: Read, mol: Chem.Mol, atoms: Sequence[int] | None) -> list[str]:
    """Notes on marks, looked for only if the text can hold any: most molecules have none."""
    if not read.smiles or read.block or MARKED.search(read.smiles):
        return mark_notes(read.mol, atoms)
    if "[" in read.smiles:
        return radical_notes(mol)
    return []


def _element_notes(mol: Chem.Mol, graph: Graph) -> list[str]:
    """A note for each element that has no entry of its own."""
    is_other = graph.codes[:, 0] == OTHER_ELEMENT  # (nodes,)
    atoms_of: dict[str, list[int]] = {}
    for atom in is_other.nonzero().flatten().tolist():
        atoms_of.setdefault(mol.GetAtomWithIdx(atom).GetSymbol(), []).append(atom)
    notes = []
    for symbol, atoms in atoms_of.items():
        noun, verb = ("atom", "is") if len(atoms) == 1 else ("atoms", "are")
        notes.append(
            f"{noun} {listed(atoms)} ({symbol}) {verb} outside the vocabulary: read as 'other'"
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
    largest = max(fragments, key=lambda part: (part.GetNumAtoms(), Chem.MolToSmiles(part)))
    Chem.RemoveStereochemistry(largest)
    with rdBase.BlockLogs():
        tautomer: str = rdMolHash.MolHash(largest, rdMolHash.HashFunction.HetAtomTautomer)
    return tautomer.partition("_")[0]


def molecule_graph(mol: Chem.Mol) -> Graph:
    """The graph of a sanitised molecule, all of whose atoms become nodes."""
    codes = np.array(_atom_codes(mol)) + FEATURE_OFFSETS  # (nodes, features)
    start, end, bond_type = np.array(_bonds(mol), dtype=np.int64).reshape(-1, 3).T  # (bonds,) each
    both_ways = np.stack([np.concatenate([start, end]), np.concatenate([end, start])])
    distances = Chem.GetDistanceMatrix(mol)  # (nodes, nodes), 1e8 between fragments
    hops = np.where(distances < len(codes), distances, UNREACHABLE).astype(np.int16)
    return graph(
        MOLECULES,
        codes,
        weights=np.ones(codes.shape),
        edges=both_ways,
        edge_types=np.concatenate([bond_type, bond_type]),
        hops=hops,
    )


def _atom_codes(mol: Chem.Mol) -> list[tuple[int, ...]]:
    """Entry of each node feature, counted within the feature, for each atom."""
    codes: list[tuple[int, ...]] = []
    for index, ring_size in enumerate(_ring_sizes(mol)):
        atom = mol.GetAtomWithIdx(index)  # RDKit's iterator over atoms takes twice as long
        charge = max(-LARGEST_CHARGE, min(atom.GetFormalCharge(), LARGEST_CHARGE))
        stereo = STEREO.get(atom.GetProp("_CIPCode"), 0) if atom.HasProp("_CIPCode") else 0
        codes.append(
            (
                ELEMENT_ENTRIES.get(atom.GetAtomicNum(), OTHER_ELEMENT),
                min(atom.GetDegree(), LARGEST_DEGREE),
                charge + LARGEST_CHARGE,
                min(atom.GetTotalNumHs(), MOST_HYDROGENS),
                HYBRIDISATION_ENTRIES.get(atom.GetHybridization(), len(HYBRIDISATIONS)),
                int(atom.GetIsAromatic()),
                RING_ENTRIES.get(ring_size, len(RING_SIZES)),
                stereo,
            )
        )
    return codes


def _ring_sizes(mol: Chem.Mol) -> list[int]:
    """Size of the smallest ring of each atom, 0 if it is in none."""
    sizes = [0] * mol.GetNumAtoms()
    rings = mol.GetRingInfo().AtomRings()
    for ring in sorted(rings, key=len, reverse=True):  # smaller rings overwrite larger ones
        for atom in ring:
            sizes[atom] = len(ring)
    return sizes


def _bonds(mol: Chem.Mol) -> list[tuple[int, int, int]]:
    """Both atoms and the type of each bond."""
    bonds = [mol.GetBondWithIdx(index) for index in range(mol.GetNumBonds())]
    return [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), _bond_type(bond)) for bond in bonds]


AROMATIC = BONDS.index("aromatic")
SINGLE = BONDS.index("single")
SINGLE_IN_RING = BONDS.index("single in ring")
DOUBLE = BONDS.index("double")
DOUBLE_STEREO = {
    Chem.BondStereo.STEREOE: BONDS.index("double E"),
    Chem.BondStereo.STEREOZ: BONDS.index("double Z"),
}
TRIPLE = BONDS.index("triple")
OTHER_BOND = BONDS.index("other")


def _bond_type(bond: Chem.Bond) -> int:
    """Index into `BONDS`."""
    if bond.GetIsAromatic():
        return AROMATIC
    kind = bond.GetBondType()
    if kind == Chem.BondType.SINGLE:
        return SINGLE_IN_RING if bond.IsInRing() else SINGLE
    if kind == Chem.BondType.DOUBLE:
        return DOUBLE_STEREO.get(bond.GetStereo(), DOUBLE)
    return TRIPLE if kind == Chem.BondType.TRIPLE else OTHER_BOND
