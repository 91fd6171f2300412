"""Molecules as graphs: one node per heavy atom, in the order in which the user wrote the atoms."""

from dataclasses import dataclass

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdMolHash

from graphormer.graph import Graph, graph
from graphormer.vocabulary import Vocabulary

ELEMENTS = tuple("C N O F S Cl Br P I B Si Se Na K Li Ca Mg Zn Fe Cu As Sn Pt Al H".split())  # noqa: SIM905
"""Elements with an entry of their own; every other one is read as "other", and the record says so."""

HYBRIDISATIONS = (Chem.HybridizationType.S, Chem.HybridizationType.SP, Chem.HybridizationType.SP2, Chem.HybridizationType.SP3)
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

RING_SIZES = (0, 3, 4, 5, 6, 7)
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
    notes += [
        f"atom {atom.GetIdx()} ({atom.GetSymbol()}) is outside the vocabulary: read as 'other'"
        for atom in mol.GetAtoms()
        if atom.GetSymbol() not in ELEMENTS
    ]
    smiles = source if isinstance(source, str) else canonical(mol)
    return Molecule(molecule_graph(mol), mol, smiles, id, tuple(notes))


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
    rings = mol.GetRingInfo()
    offsets = np.array([MOLECULES.offsets[name] for name in MOLECULES.feature_names[: MOLECULES.stated]])
    codes = np.array([_atom_codes(atom, rings) for atom in mol.GetAtoms()]) + offsets
    bonds = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx(), _bond_type(b)) for b in mol.GetBonds()]
    begin, end, kind = np.array(bonds, dtype=np.int64).reshape(-1, 3).T
    edges = np.stack([np.concatenate([begin, end]), np.concatenate([end, begin])])
    return graph(MOLECULES, codes, np.ones(codes.shape), edges, np.concatenate([kind, kind]))


def _atom_codes(atom: Chem.Atom, rings: Chem.RingInfo) -> list[int]:
    """Entry of each node feature, counted within the feature."""
    symbol, hybridisation, ring = atom.GetSymbol(), atom.GetHybridization(), rings.MinAtomRingSize(atom.GetIdx())
    return [
        ELEMENTS.index(symbol) if symbol in ELEMENTS else len(ELEMENTS),
        min(atom.GetDegree(), 6),
        max(-2, min(atom.GetFormalCharge(), 2)) + 2,
        min(atom.GetTotalNumHs(), 4),
        HYBRIDISATIONS.index(hybridisation) if hybridisation in HYBRIDISATIONS else len(HYBRIDISATIONS),
        int(atom.GetIsAromatic()),
        RING_SIZES.index(ring) if ring in RING_SIZES else len(RING_SIZES),
        STEREO.get(atom.GetProp("_CIPCode"), 0) if atom.HasProp("_CIPCode") else 0,
    ]


def _bond_type(bond: Chem.Bond) -> int:
    kind = bond.GetBondType()
    if bond.GetIsAromatic():
        return BONDS.index("aromatic")
    if kind == Chem.BondType.SINGLE:
        return BONDS.index("single in ring" if bond.IsInRing() else "single")
    if kind == Chem.BondType.DOUBLE:
        stereo = {Chem.BondStereo.STEREOE: "double E", Chem.BondStereo.STEREOZ: "double Z"}
        return BONDS.index(stereo.get(bond.GetStereo(), "double"))
    return BONDS.index("triple" if kind == Chem.BondType.TRIPLE else "other")
