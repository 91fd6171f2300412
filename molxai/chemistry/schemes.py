"""Schemes: how a molecule is split into named parts, each atom in exactly one."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import BRICS

from graphormer.graphs.molecules import Molecule
from graphormer.names import unknown
from molxai.chemistry.grouping import (
    Atoms,
    Part,
    functional_groups,
    pieces,
    ring_systems,
    ring_text,
    with_double_bonds,
)
from molxai.chemistry.own_schemes import Lost, OwnScheme, from_smarts, own_lines

Scheme = Callable[[Chem.Mol], list[Part]]
"""Takes a molecule apart: each of its atoms is in exactly one part."""


def brics(mol: Chem.Mol) -> list[Part]:
    """What is left if all bonds are cut that retrosynthesis would cut, named by its SMILES.

    Source:
        Degen et al. 2008, "On the art of compiling and using 'drug-like' chemical fragment spaces";
        RDKit's rules.
    """
    cuts = []
    for ends, _ in BRICS.FindBRICSBonds(mol):
        bond = mol.GetBondBetweenAtoms(*ends)
        cuts.append(bond.GetIdx())
    apart = Chem.FragmentOnBonds(mol, cuts, addDummies=False) if cuts else mol
    return _parts_by_smiles(mol, Chem.GetMolFrags(apart))


def scaffold(mol: Chem.Mol) -> list[Part]:
    """The Murcko scaffold (all rings and what links them) and each side chain, by its SMILES.

    An atom with a double bond to the scaffold belongs to it, as in RDKit.

    Source:
        Bemis and Murcko 1996, "The properties of known drugs. 1. Molecular frameworks".
    """
    core = _framework(mol)
    frames = [Part("scaffold", tuple(sorted(atoms))) for atoms in pieces(mol, core)]
    return _with_rest(mol, frames)


def rings(mol: Chem.Mol) -> list[Part]:
    """Each system of rings that share atoms by its name, and the rest by its SMILES.

    A ring system without a name has its SMILES, too.
    """
    ring_parts = []
    for system in ring_systems(mol, shared=1):
        atoms = with_double_bonds(mol, system)
        ring_parts.append(Part(ring_text(mol, atoms), tuple(sorted(atoms))))
    return _with_rest(mol, ring_parts)


SCHEMES: Mapping[str, Scheme] = {
    "functional-groups": functional_groups,
    "brics": brics,
    "scaffold": scaffold,
    "rings": rings,
}
"""Ways to take a molecule apart, by id."""


def scheme_of(scheme: str | Sequence[str] | Scheme) -> Scheme:
    """The scheme of an id, or of a user's own lines as `from_smarts` takes them.

    A scheme is itself.

    Raises:
        ValueError: there is no such scheme, or a line cannot be read.
    """
    if callable(scheme):
        return scheme
    if not isinstance(scheme, str):
        return from_smarts(scheme)
    if scheme not in SCHEMES:
        remedy = "or give a file of your own (.smarts, .txt)"
        raise ValueError(unknown("fragment scheme", scheme, SCHEMES, remedy))
    return SCHEMES[scheme]


OWN_ENDINGS = (".smarts", ".txt")
"""Endings of files that hold a user's own scheme."""


def read_scheme(text: str) -> str | tuple[str, ...]:
    """The id of a scheme, the lines of a file of the user's own, or empty for nothing.

    Args:
        text: as on the command line.

    Raises:
        ValueError: there is no such scheme, or the file's lines are none.
        FileNotFoundError: there is no such file.
    """
    is_file = Path(text).suffix.lower() in OWN_ENDINGS
    scheme = own_lines(Path(text)) if is_file else text
    if scheme:
        scheme_of(scheme)
    return scheme


def parts(mol: Chem.Mol, scheme: str | Scheme = "functional-groups") -> list[Part]:
    """The parts of a molecule, by their first atoms; each atom is in exactly one.

    Raises:
        ValueError: there is no such scheme.
    """
    return scheme_of(scheme)(mol)


def lost(mol: Chem.Mol, scheme: Scheme | None) -> list[Lost]:
    """Patterns of a user's own that lost their atoms to earlier ones.

    The program's own schemes lose nothing.
    """
    return scheme.lost(mol) if isinstance(scheme, OwnScheme) else []


def lost_notes(subject: object, scheme: Scheme | None) -> list[str]:
    """The same in words, for the notes of a record."""
    if not isinstance(subject, Molecule):
        return []
    return [f"fragment {loss}" for loss in lost(subject.mol, scheme)]


PLACE = "molxai_atom"
"""Property of an atom with its number in the user's molecule, by which pieces are traced."""


def attached_smiles(mol: Chem.Mol, groups: Sequence[Sequence[int]]) -> list[str]:
    """SMILES of each of the parts of a molecule, with `*` for each bond that left it.

    Args:
        mol: the molecule.
        groups: the atoms of each part; together they hold every atom once.

    Example:
        >>> attached_smiles(Chem.MolFromSmiles("CCO"), [[0], [1, 2]])
        ['*C', '*CO']
    """
    owner = [0] * mol.GetNumAtoms()
    for place, group in enumerate(groups):
        for atom in group:
            owner[atom] = place
    cuts = []
    for index in range(mol.GetNumBonds()):
        bond = mol.GetBondWithIdx(index)
        if owner[bond.GetBeginAtomIdx()] != owner[bond.GetEndAtomIdx()]:
            cuts.append(index)
    apart = Chem.Mol(mol)
    if cuts:
        apart = Chem.FragmentOnBonds(mol, cuts, dummyLabels=[(0, 0)] * len(cuts))
    apart.UpdatePropertyCache(strict=False)
    # a centre whose neighbours became alike is none any more
    Chem.AssignStereochemistry(apart, cleanIt=True, force=True)
    texts: list[list[str]] = [[] for _ in groups]
    for smiles, atom in _pieces_of(apart):
        texts[owner[atom]].append(smiles)
    return [".".join(sorted(part_texts)) for part_texts in texts]


def _pieces_of(mol: Chem.Mol) -> Iterator[tuple[str, int]]:
    """SMILES of each component, and its first atom."""
    components = {atom: atoms for atoms in Chem.GetMolFrags(mol) for atom in atoms}
    texts = Chem.MolToSmiles(mol).split(".")
    order = json.loads(mol.GetProp("_smilesAtomOutputOrder").replace(",]", "]"))
    begin = 0
    for text in texts:
        atoms = components[order[begin]]
        yield text, min(atoms)  # `*` atoms have the highest numbers
        begin += len(atoms)


def _parts_by_smiles(mol: Chem.Mol, groups: Iterable[Iterable[int]]) -> list[Part]:
    """Parts named by their SMILES."""
    ordered = sorted(tuple(sorted(group)) for group in groups)
    texts = attached_smiles(mol, ordered)
    return [Part(smiles, atoms) for smiles, atoms in zip(texts, ordered, strict=True)]


def _with_rest(mol: Chem.Mol, first_parts: Sequence[Part]) -> list[Part]:
    """The parts, and one for each connected piece of what is left."""
    names = {part.atoms: part.name for part in first_parts}
    free = set(range(mol.GetNumAtoms()))
    for part in first_parts:
        free.difference_update(part.atoms)
    rest = pieces(mol, frozenset(free))
    all_parts = []
    for part in _parts_by_smiles(mol, [*names, *rest]):
        name = names.get(part.atoms, part.name)
        all_parts.append(Part(name, part.atoms))
    return all_parts


def _framework(mol: Chem.Mol) -> Atoms:
    """Rings and the ways between them, with the double bonds from there.

    They are what is left if ends are taken away as long as there are any.
    """
    in_rings = {atom for ring in mol.GetRingInfo().AtomRings() for atom in ring}
    left = set(range(mol.GetNumAtoms()))
    degree = {index: mol.GetAtomWithIdx(index).GetDegree() for index in left}
    ends = [index for index in left - in_rings if degree[index] <= 1]
    while ends:
        end = ends.pop()
        left.discard(end)
        for neighbour in mol.GetAtomWithIdx(end).GetNeighbors():
            index = neighbour.GetIdx()
            degree[index] -= 1
            is_chain = index in left and index not in in_rings
            if is_chain and degree[index] <= 1 and index not in ends:
                ends.append(index)
    doubles = [
        {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()}
        for bond in mol.GetBonds()
        if bond.GetBondType() == Chem.BondType.DOUBLE
    ]
    attached = [atoms for atoms in doubles if not left.isdisjoint(atoms)]
    return frozenset(left.union(*attached))
