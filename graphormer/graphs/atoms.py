"""What a molecule's atoms and bonds are read as, and what RDKit says of them, as plain numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from rdkit import Chem

from graphormer.graphs.vocabulary import Vocabulary

ELEMENTS = tuple("C N O F S Cl Br P I B Si Se Na K Li Ca Mg Zn Fe Cu As Sn Pt Al H".split())  # noqa: SIM905
"""Elements with an entry of their own. Every other one is read as "other", and the record says
so."""

ATOMIC_NUMBERS = tuple(map(Chem.GetPeriodicTable().GetAtomicNumber, ELEMENTS))

OWN_ENTRY = frozenset(ATOMIC_NUMBERS)
"""Atomic numbers of these elements."""

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

ORDINARY = re.compile(r"[^~$*<>:]+")
"""A SMILES whose bonds are single, double, triple or aromatic, and whose atoms have elements.

A colon may join atoms that are not aromatic: such a bond has the order of an aromatic one."""

TYPES = {1.0: "single", 1.5: "aromatic", 2.0: "double", 3.0: "triple"}
"""Type of a bond of each order, but for rings and stereo."""

TOLD = 10
"""An order from here on is a bond type that is told, `TOLD` + its index in `BONDS`."""

DOUBLE_STEREO = {Chem.BondStereo.STEREOE: "double E", Chem.BondStereo.STEREOZ: "double Z"}

ATOM_NUMBERS = 5
"""What `Facts.atoms` has of each atom."""


@dataclass(frozen=True)
class Facts:
    """What RDKit says of a molecule: all that its graph is made of."""

    atoms: list[int]
    """Atomic number, charge, hydrogens, hybridisation, and whether it is aromatic, of each atom in
    turn."""
    stereo: dict[int, int]
    """Entry of each atom that has a CIP label."""
    start: ndarray
    """`[bonds both ways]` first atom of each, ascending."""
    end: ndarray
    """The second atom, ascending for each first one."""
    order: ndarray
    """1, 1.5, 2 or 3, or from `TOLD` on."""
    rings: tuple[tuple[int, ...], ...]
    """Atoms of each smallest ring, in order."""

    @property
    def nodes(self) -> int:
        return len(self.atoms) // ATOM_NUMBERS


def facts_of(mol: Chem.Mol, smiles: str = "") -> Facts:
    """What RDKit says of a sanitised molecule.

    Args:
        mol: all its atoms become nodes.
        smiles: the text that RDKit read it from, which spares looking for what it cannot hold;
            empty: anything may be there.
    """
    # RDKit's iterator over atoms takes twice as long.
    of_mol = [mol.GetAtomWithIdx(index) for index in range(mol.GetNumAtoms())]
    atoms: list[int] = []
    for atom in of_mol:
        atoms += (
            atom.GetAtomicNum(),
            atom.GetFormalCharge(),
            atom.GetTotalNumHs(),
            atom.GetHybridization(),
            atom.GetIsAromatic(),
        )
    stereo = _cip_labels(of_mol) if not smiles or "@" in smiles else {}
    order = Chem.GetAdjacencyMatrix(mol, useBO=True)  # (atoms, atoms)
    # RDKit makes some bonds to metals dative, and gives these no order.
    has_all = np.count_nonzero(order) == 2 * mol.GetNumBonds()
    if not has_all or not ORDINARY.fullmatch(smiles):
        order = _told_orders(mol)
    elif "/" in smiles or "\\" in smiles:
        order = _with_stereo(mol, order)
    start, end = np.nonzero(order)
    rings = mol.GetRingInfo().AtomRings()
    return Facts(atoms, stereo, start, end, order[start, end], rings)


def _cip_labels(atoms: Sequence[Chem.Atom]) -> dict[int, int]:
    labels = {}
    for index, atom in enumerate(atoms):
        if atom.HasProp("_CIPCode") and atom.GetProp("_CIPCode") in STEREO:
            labels[index] = STEREO[atom.GetProp("_CIPCode")]
    return labels


def _told_orders(mol: Chem.Mol) -> ndarray:
    """`[atoms, atoms]` the order of each bond, as its type is told by RDKit bond by bond."""
    order = np.zeros((mol.GetNumAtoms(), mol.GetNumAtoms()))
    for bond in mol.GetBonds():
        pair = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        order[pair] = order[pair[::-1]] = TOLD + BONDS.index(_bond_type(bond))
    return order


def _with_stereo(mol: Chem.Mol, order: ndarray) -> ndarray:
    """The orders, with the types of double bonds that are E or Z told."""
    order = order.copy()
    for bond in mol.GetBonds():
        name = DOUBLE_STEREO.get(bond.GetStereo())
        if name and bond.GetBondType() == Chem.BondType.DOUBLE and not bond.GetIsAromatic():
            pair = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            order[pair] = order[pair[::-1]] = TOLD + BONDS.index(name)
    return order


def _bond_type(bond: Chem.Bond) -> str:
    if bond.GetIsAromatic():
        return "aromatic"
    kind = bond.GetBondType()
    if kind == Chem.BondType.SINGLE:
        return "single in ring" if bond.IsInRing() else "single"
    if kind == Chem.BondType.DOUBLE:
        return DOUBLE_STEREO.get(bond.GetStereo(), "double")
    return "triple" if kind == Chem.BondType.TRIPLE else "other"
