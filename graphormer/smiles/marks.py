"""Marks in a structure that a graph cannot hold: a note for each kind says what was read instead.

Aliases, abbreviations, repeating units, attachment points, query atoms and bonds, bonds of other
kinds, radicals, and stereo that is marked as unknown, racemic or relative. A stereocentre without
any mark needs no note, because most tables have some.
"""

from collections.abc import Mapping, Sequence

from rdkit import Chem
from rdkit.Chem import rdqueries

from graphormer.smiles.notation import shortened

MOST_NAMED = 5
"""Atoms or bonds that a note names."""

DUMMY_LABEL = "dummyLabel"
"""Property of atoms of no element; `*` says nothing more."""

LABELS = ("molFileAlias", "atomLabel", DUMMY_LABEL)
"""Properties under which RDKit keeps the text at an atom. The first that an atom has is taken."""

LABELLED = {name: rdqueries.HasPropQueryAtom(name) for name in LABELS}
ATTACHMENT = rdqueries.HasPropQueryAtom("molAttchpt")
RADICAL = rdqueries.NumRadicalElectronsGreaterQueryAtom(0)

NONMETALS = frozenset((1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 32, 33, 34, 35, 52, 53))
"""Elements whose unpaired electrons are noted: a bare metal atom is nothing unusual."""

ORDINARY_BONDS = frozenset(
    (Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE, Chem.BondType.AROMATIC)
)

BLOCK_BONDS = {
    5: "single or double",
    6: "single or aromatic",
    7: "double or aromatic",
    8: "any",
    10: "hydrogen",
}
"""Numbers of a mol block for bonds that RDKit reads as a query."""

UNITS = frozenset(("SRU", "MON", "MER", "COP", "CRO", "MOD", "GRA", "ANY"))
"""Types of substance groups that repeat."""

STEREO_GROUPS = {
    Chem.StereoGroupType.STEREO_AND: "racemic (&)",
    Chem.StereoGroupType.STEREO_OR: "relative (o)",
}

LABEL_LETTERS = 20
"""Letters of a label or a SMARTS that a note quotes."""


def mark_notes(mol: Chem.Mol, atoms: Sequence[int] | None = None) -> list[str]:
    """Notes on the marks of a molecule; they call an atom by its node.

    Args:
        mol: as RDKit read it, hydrogens as written.
        atoms: the index in `mol` of each node; None if it is the node's own.
    """
    indices = range(mol.GetNumAtoms()) if atoms is None else atoms
    nodes = {index: node for node, index in enumerate(indices)}
    return [
        *_label_notes(mol, nodes),
        *_query_notes(mol, nodes),
        *_attachment_notes(mol, nodes),
        *_bond_notes(mol, nodes),
        *_group_notes(mol),
        *radical_notes(mol, nodes),
        *_stereo_notes(mol, nodes),
    ]


def radical_notes(mol: Chem.Mol, nodes: Mapping[int, int] | None = None) -> list[str]:
    """A note on unpaired electrons: SELFIES, SMARTS and bare brackets leave hydrogens out.

    Args:
        mol: the molecule.
        nodes: the node of each of its atoms that has one; None if it is the atom's own index.
    """
    centres = [
        atom.GetIdx()
        for atom in mol.GetAtomsMatchingQuery(RADICAL)
        if atom.GetAtomicNum() in NONMETALS
    ]
    if nodes is not None:
        centres = [nodes[index] for index in centres if index in nodes]
    if not centres:
        return []
    plural = "" if len(centres) == 1 else "s"
    return [
        f"radical centre{plural} at {_atoms(centres)}: "
        "brackets such as [C] hold no hydrogens unless these are written"
    ]


def _label_notes(mol: Chem.Mol, nodes: Mapping[int, int]) -> list[str]:
    """Aliases and labels that stand in for a group."""
    labels: dict[int, str] = {}
    for name, query in LABELLED.items():
        for atom in mol.GetAtomsMatchingQuery(query):
            if atom.GetIdx() in nodes and atom.GetProp(name) not in ("", "*"):
                labels.setdefault(atom.GetIdx(), atom.GetProp(name))
    if not labels:
        return []
    if len(labels) == 1:
        [(index, label)] = labels.items()
        noun = "alias" if mol.GetAtomWithIdx(index).GetAtomicNum() else "label"
        return [
            f"atom {nodes[index]} carries the {noun} {_quoted(label)} "
            f"and was read as {_symbol(mol, index)}"
        ]
    items = [
        f"atom {nodes[index]} {_quoted(label)} as {_symbol(mol, index)}"
        for index, label in labels.items()
    ]
    return [f"aliases were not read: {listed(items)}"]


def _query_notes(mol: Chem.Mol, nodes: Mapping[int, int]) -> list[str]:
    if not mol.HasQuery():
        return []
    items = [
        f"atom {nodes[index]} ({smarts}) as {_symbol(mol, index)}"
        for index, smarts in _query_atoms(mol).items()
        if index in nodes
    ]
    return [f"query atoms were read as one element: {listed(items)}"] if items else []


def _query_atoms(mol: Chem.Mol) -> dict[int, str]:
    """The SMARTS of each query atom; an atom of any element is none."""
    stars = {
        atom.GetIdx()
        for atom in mol.GetAtomsMatchingQuery(LABELLED[DUMMY_LABEL])
        if atom.GetProp(DUMMY_LABEL) == "*"
    }
    smarts = {atom.GetIdx(): atom.GetSmarts() for atom in mol.GetAtoms() if atom.HasQuery()}
    return {
        index: shortened(text, LABEL_LETTERS)
        for index, text in smarts.items()
        if text != "*" and index not in stars
    }


def _attachment_notes(mol: Chem.Mol, nodes: Mapping[int, int]) -> list[str]:
    indices = [atom.GetIdx() for atom in mol.GetAtomsMatchingQuery(ATTACHMENT)]
    points = [nodes[index] for index in indices if index in nodes]
    return [f"attachment points at {_atoms(points)} were read as hydrogens"] if points else []


def _bond_notes(mol: Chem.Mol, nodes: Mapping[int, int]) -> list[str]:
    """Bonds of other kinds, with several ends, or of unknown stereo."""
    other_kinds: list[str] = []
    several_ends: list[str] = []
    unknown_stereo: list[str] = []
    for bond in mol.GetBonds():
        start = nodes.get(bond.GetBeginAtomIdx())
        end = nodes.get(bond.GetEndAtomIdx())
        name = f"{start}–{end}"
        if _is_unknown(bond) and start is not None:
            is_crossed = bond.GetStereo() == Chem.BondStereo.STEREOANY
            unknown_stereo.append(f"bond {name}" if is_crossed else f"atom {start}")
        if start is None or end is None:
            continue
        if bond.GetBondType() not in ORDINARY_BONDS or bond.HasQuery():
            other_kinds.append(f"{name} ({_bond_name(bond)})")
        if bond.HasProp("_MolFileBondEndPts"):
            several_ends.append(name)
    unknown_stereo = list(dict.fromkeys(unknown_stereo))  # two wavy bonds may leave one atom
    return [
        *_note("bonds outside the vocabulary were read as 'other'", other_kinds),
        *_note("bonds with several possible ends were read as drawn", several_ends),
        *_note("stereo marked as unknown was left open", unknown_stereo),
    ]


def _note(text: str, items: Sequence[str]) -> list[str]:
    """The note with what it is about, or none if that is nothing."""
    return [f"{text}: {listed(items)}"] if items else []


def _is_unknown(bond: Chem.Bond) -> bool:
    """Whether it is wavy or crossed."""
    if bond.GetBondType() == Chem.BondType.DOUBLE:
        return bool(bond.GetStereo() == Chem.BondStereo.STEREOANY)
    return bool(bond.HasProp("_UnknownStereo") or bond.GetBondDir() == Chem.BondDir.UNKNOWN)


def _bond_name(bond: Chem.Bond) -> str:
    if bond.HasProp("_MolFileBondType"):
        number = bond.GetIntProp("_MolFileBondType")
        if number in BLOCK_BONDS:
            return BLOCK_BONDS[number]
    return "query" if bond.HasQuery() else str(bond.GetBondType()).lower()


def _group_notes(mol: Chem.Mol) -> list[str]:
    """Substance groups and link nodes."""
    abbreviations: list[str] = []
    units: list[str] = []
    multiples: list[str] = []
    for group in Chem.GetMolSubstanceGroups(mol):
        kind = group.GetProp("TYPE") if group.HasProp("TYPE") else ""
        label = _quoted(group.GetProp("LABEL")) if group.HasProp("LABEL") else "without a name"
        size = len(group.GetAtoms())
        if kind == "SUP":
            noun = "atom" if size == 1 else "atoms"
            abbreviations.append(f"{label} ({size} {noun})")
        elif kind in UNITS:
            units.append(f"{label} ({kind})")
        elif kind == "MUL":
            multiples.append(f"{size} atoms")
    notes = [
        *_note("abbreviations were read as drawn", abbreviations),
        *_note("repeating units were read once", units),
        *_note("multiple groups were read as drawn", multiples),
    ]
    if mol.HasProp("_molLinkNodes"):
        notes.append("link nodes were read once")
    return notes


def _stereo_notes(mol: Chem.Mol, nodes: Mapping[int, int]) -> list[str]:
    """Stereocentres of a racemate or of relative configuration."""
    notes = []
    for kind, word in STEREO_GROUPS.items():
        groups = [group for group in mol.GetStereoGroups() if group.GetGroupType() == kind]
        indices = [atom.GetIdx() for group in groups for atom in group.GetAtoms()]
        centres = sorted({nodes.get(index, -1) for index in indices})
        if centres:
            notes.append(f"stereo marked as {word} at {_atoms(centres)} was read as drawn")
    return notes


def _symbol(mol: Chem.Mol, index: int) -> str:
    atom = mol.GetAtomWithIdx(index)
    return atom.GetSymbol() if atom.GetAtomicNum() else "'other'"


def _quoted(label: str) -> str:
    return repr(shortened(label, LABEL_LETTERS))


def _atoms(nodes: Sequence[int]) -> str:
    noun = "atom" if len(nodes) == 1 else "atoms"
    return f"{noun} {listed(nodes)}"


def listed(items: Sequence[object]) -> str:
    """The first items, and how many more there are.

    Example:
        >>> listed(range(8))
        '0, 1, 2, 3, 4 and 3 more'
    """
    more = f" and {len(items) - MOST_NAMED} more" if len(items) > MOST_NAMED else ""
    return ", ".join(map(str, items[:MOST_NAMED])) + more
