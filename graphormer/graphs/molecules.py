"""Molecules as graphs: one node per heavy atom, in the order in which the user wrote the atoms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rdkit import Chem, rdBase
from rdkit.Chem import rdMolHash

from graphormer.graphs.atoms import (
    ATOM_NUMBERS,
    BONDS,
    ELEMENTS,
    MOLECULES,
    OWN_ENTRY,
    Facts,
    facts_of,
)
from graphormer.graphs.graph import Graph
from graphormer.graphs.molecule_block import molecule_graph
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
    "ordered_smiles",
    "shortened",
    "skeleton",
    "split_smiles",
]

HYDROGEN = re.compile(r"\[\d*H")
"""What a SMILES holds if it has a hydrogen atom of its own (or mercury, helium, holmium)."""

MARKED = re.compile(r"[~$*]|->|<-")
"""What a SMILES holds if it has an atom of no element, or a bond outside the vocabulary."""


@dataclass(frozen=True, repr=False, eq=False)
class Molecule:
    """A molecule with its graph and what is needed to draw it."""

    facts: Facts
    """What RDKit says of it."""
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
    kept: Chem.Mol | None = None
    """RDKit's molecule. None: it was let go, and is read again from `own_text` if it is asked
    for."""

    def __repr__(self) -> str:
        notes = f", notes={self.notes!r}" if self.notes else ""
        return f"Molecule({self.smiles!r}, id={self.id!r}, {self.nodes} atoms{notes})"

    @cached_property
    def mol(self) -> Chem.Mol:
        """Heavy atoms in the user's order."""
        if self.kept is not None:
            return self.kept
        return molecule(self.own_text, max_atoms=max(MAX_ATOMS, self.nodes)).mol

    @cached_property
    def graph(self) -> Graph:
        """Node i is atom i."""
        return molecule_graph(self.facts)

    @property
    def nodes(self) -> int:
        return self.facts.nodes

    @property
    def symbols(self) -> list[str]:
        """Element of each node."""
        return [atom.GetSymbol() for atom in self.mol.GetAtoms()]

    @cached_property
    def explained_smiles(self) -> str:
        """A SMILES of what is explained: the i-th atom in it is node i."""
        return self.own_text or ordered_smiles(self.mol)


def molecule(
    source: str | Chem.Mol, id: str = "", max_atoms: int = MAX_ATOMS, keep: bool = True
) -> Molecule:
    """The molecule of a SMILES (also with a CXSMILES block), an InChI or an RDKit `Mol`.

    Explicit hydrogens, deuterium and tritium are folded into their heavy atom, except bridging
    hydrogens. All fragments of a salt are kept.

    Args:
        source: what is read.
        id: what it is called.
        max_atoms: larger molecules are refused.
        keep: whether RDKit's molecule is kept. In a long list it is better let go while it is at
            hand: to free it later takes as long as half of its reading.

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
    facts = facts_of(mol, "" if read.block else read.smiles)
    notes = [
        *read.notes,
        *folding_notes,
        *_element_notes(mol, facts),
        *_marks(read, mol, atoms),
    ]
    is_smiles = is_text and read.smiles
    is_inchi = is_text and not read.smiles
    own_text = "" if atoms or read.block else read.smiles
    return Molecule(
        facts=facts,
        smiles=source if is_smiles else canonical(mol),
        id=id,
        notes=tuple(notes),
        atoms=None if is_inchi else atoms,  # an InChI has no order of its own
        own_text=own_text,
        kept=mol if keep or not own_text else None,
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


def _element_notes(mol: Chem.Mol, facts: Facts) -> list[str]:
    """A note for each element that has no entry of its own."""
    numbers = facts.atoms[::ATOM_NUMBERS]
    if OWN_ENTRY.issuperset(numbers):
        return []
    atoms_of: dict[str, list[int]] = {}
    others = [atom for atom, number in enumerate(numbers) if number not in OWN_ENTRY]
    for atom in others:
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
