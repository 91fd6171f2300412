"""Molecules as graphs: one node per heavy atom, in the order in which the user wrote the atoms."""

import re
from dataclasses import dataclass

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdMolHash

from graphormer.graph import Graph, graph
from graphormer.pairs import UNREACHABLE
from graphormer.vocabulary import Vocabulary

ELEMENTS = tuple("C N O F S Cl Br P I B Si Se Na K Li Ca Mg Zn Fe Cu As Sn Pt Al H".split())  # noqa: SIM905
"""Elements with an entry of their own; every other one is read as "other", and the record says so."""

HYBRIDISATIONS = (Chem.HybridizationType.S, Chem.HybridizationType.SP, Chem.HybridizationType.SP2, Chem.HybridizationType.SP3)
ATOMIC_NUMBERS = {Chem.GetPeriodicTable().GetAtomicNumber(symbol): place for place, symbol in enumerate(ELEMENTS)}
HYBRIDISATION_PLACES = {kind: place for place, kind in enumerate(HYBRIDISATIONS)}
BONDS = ("single", "single in ring", "double", "double E", "double Z", "triple", "aromatic", "other")

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
"""Degree is Graphormer's centrality encoding. Stereo holds the CIP label, which does not depend on how the SMILES is written."""

MAX_ATOMS = 600
"""Larger molecules are refused: attention needs memory in proportion to the square of the number of atoms."""

HYDROGEN = re.compile(r"\[\d*H")
"""Where a SMILES may have a hydrogen atom of its own (or mercury, helium, holmium)."""

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

    @property
    def symbols(self) -> list[str]:
        """Element of each node."""
        return [atom.GetSymbol() for atom in self.mol.GetAtoms()]


def molecule(source: str | Chem.Mol, id: str = "", max_atoms: int = MAX_ATOMS) -> Molecule:
    """The molecule of a SMILES string or an RDKit `Mol`.

    Explicit hydrogens are folded into their heavy atom (isotopes and bridging hydrogens stay); all fragments of a
    salt are kept.

    Raises:
        ValueError: the SMILES cannot be parsed, there is no atom, or there are more than `max_atoms` atoms.
    """
    written = _parsed(source) if isinstance(source, str) else source
    mol = written
    if not isinstance(source, str) or HYDROGEN.search(source):  # a SMILES without hydrogen atoms is ready as it is parsed
        with rdBase.BlockLogs():
            mol = Chem.RemoveHs(written)
            Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    if not mol.GetNumAtoms():
        raise ValueError("a molecule without atoms: at least one is needed")
    if mol.GetNumAtoms() > max_atoms:
        raise ValueError(f"{mol.GetNumAtoms()} heavy atoms: the limit is {max_atoms}, remove or split the molecule")
    notes = []
    if folded := written.GetNumAtoms() - mol.GetNumAtoms():
        notes.append(f"{folded} explicit hydrogens folded into their heavy atoms")
    made = molecule_graph(mol)
    for atom in (made.codes[:, 0] == len(ELEMENTS)).nonzero().flatten().tolist():
        notes.append(f"atom {atom} ({mol.GetAtomWithIdx(atom).GetSymbol()}) is outside the vocabulary: read as 'other'")
    return Molecule(made, mol, source if isinstance(source, str) else canonical(mol), id, tuple(notes))


def _parsed(smiles: str) -> Chem.Mol:
    if not smiles.strip():
        raise ValueError("an empty SMILES: at least one atom is needed")
    if (rest := smiles.split(maxsplit=1)[1:]) and not rest[0].startswith("|"):
        raise ValueError(f"blanks inside the SMILES {shortened(smiles)!r}: RDKit would read only what stands before them")
    options = Chem.SmilesParserParams()
    options.removeHs = False
    with rdBase.BlockLogs():  # the one-line error says what RDKit would have said
        mol = Chem.MolFromSmiles(smiles.strip(), options)
    if mol is None:
        raise ValueError(f"RDKit cannot read the SMILES {shortened(smiles)!r}: check brackets, ring closures and valences")
    return mol


def canonical(mol: Chem.Mol) -> str:
    """RDKit's canonical SMILES, stereo included: equal for two ways to write a molecule."""
    return Chem.MolToSmiles(mol)


def skeleton(mol: Chem.Mol) -> str:
    """What a molecule has in common with its salts, tautomers, charge states and stereoisomers.

    RDKit's hash of the heteroatom tautomer of the largest fragment, without its stereo and its counts of hydrogens and charges.
    """
    fragments = Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=False)
    largest = max(fragments, key=lambda one: (one.GetNumAtoms(), Chem.MolToSmiles(one)))
    Chem.RemoveStereochemistry(largest)
    with rdBase.BlockLogs():
        found: str = rdMolHash.MolHash(largest, rdMolHash.HashFunction.HetAtomTautomer)
    return found.partition("_")[0]


def mol_block(block: str) -> Chem.Mol:
    """The molecule of an SDF record, with its hydrogens as written.

    Raises:
        ValueError: RDKit cannot read it.
    """
    with rdBase.BlockLogs():
        mol = Chem.MolFromMolBlock(block, removeHs=False)
    if mol is None:
        raise ValueError("RDKit cannot read the record: check its atom block, valences and aromatic bonds")
    return mol


def shortened(text: str, length: int = 80) -> str:
    """The text, cut with an ellipsis where it is longer than `length`, for messages."""
    return text if len(text) <= length else text[: length - 1] + "…"


def molecule_graph(mol: Chem.Mol) -> Graph:
    """The graph of a sanitised molecule, all of whose atoms become nodes."""
    offsets = np.array([MOLECULES.offsets[name] for name in MOLECULES.feature_names[: MOLECULES.stated]])
    codes = np.array(_atom_codes(mol)) + offsets
    begin, end, kind = np.array(_bonds(mol), dtype=np.int64).reshape(-1, 3).T
    edges = np.stack([np.concatenate([begin, end]), np.concatenate([end, begin])])
    hops = Chem.GetDistanceMatrix(mol)
    hops = np.where(hops < len(codes), hops, UNREACHABLE).astype(np.int16)
    return graph(MOLECULES, codes, np.ones(codes.shape), edges, np.concatenate([kind, kind]), hops=hops)


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
