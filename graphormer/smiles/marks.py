"""Marks in a structure that a graph cannot hold: a note for each kind says what was read instead.

Aliases, abbreviations, repeating units, attachment points, query atoms and bonds, bonds of other
kinds, radicals, and stereo that is marked as unknown, racemic or relative. A stereocentre without
any mark needs no note: most tables have some.
"""

from collections.abc import Mapping, Sequence

from rdkit import Chem
from rdkit.Chem import rdqueries

from graphormer.smiles.notation import shortened

NAMED = 5
"""Atoms or bonds that a note names."""

LABELS = ("molFileAlias", "atomLabel", "dummyLabel")
"""Properties under which RDKit keeps what is written at an atom, the first first."""

ATTACHED = "molAttchpt"
LABELLED = tuple(rdqueries.HasPropQueryAtom(name) for name in LABELS)
ATTACHMENT = rdqueries.HasPropQueryAtom(ATTACHED)
RADICAL = rdqueries.NumRadicalElectronsGreaterQueryAtom(0)

NONMETALS = frozenset((1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 32, 33, 34, 35, 52, 53))
"""Elements whose unpaired electrons are told: a bare metal atom is nothing unusual."""

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


def mark_notes(mol: Chem.Mol, atoms: Sequence[int] | None = None) -> list[str]:
    """Notes on the marks of a molecule; they call an atom by its node.

    Args:
        mol: as RDKit read it, hydrogens as written.
        atoms: the index in `mol` of each node; None if it is the node's own.
    """
    nodes = {
        place: node
        for node, place in enumerate(range(mol.GetNumAtoms()) if atoms is None else atoms)
    }
    notes = [*_label_notes(mol, nodes), *_bond_notes(mol, nodes), *_group_notes(mol)]
    notes += radical_notes(mol, nodes)
    for kind, word in STEREO_GROUPS.items():
        groups = [group for group in mol.GetStereoGroups() if group.GetGroupType() == kind]
        if centres := sorted(
            {nodes.get(atom.GetIdx(), -1) for group in groups for atom in group.GetAtoms()}
        ):
            notes.append(f"stereo marked as {word} at {_atoms(centres)} was read as drawn")
    return notes


def radical_notes(mol: Chem.Mol, nodes: Mapping[int, int] | None = None) -> list[str]:
    """A note on unpaired electrons: SELFIES, SMARTS and bare brackets leave hydrogens out."""
    found = [
        atom.GetIdx()
        for atom in mol.GetAtomsMatchingQuery(RADICAL)
        if atom.GetAtomicNum() in NONMETALS
    ]
    centres = [nodes[place] for place in found if place in nodes] if nodes is not None else found
    if not centres:
        return []
    many = "" if len(centres) == 1 else "s"
    return [
        f"radical centre{many} at {_atoms(centres)}: brackets such as [C] hold no hydrogens unless these are written"
    ]


def _label_notes(mol: Chem.Mol, nodes: Mapping[int, int]) -> list[str]:
    labels: dict[int, str] = {}
    for name, query in zip(LABELS, LABELLED, strict=True):
        for atom in mol.GetAtomsMatchingQuery(query):
            if atom.GetIdx() in nodes and atom.GetProp(name) not in ("", "*"):
                labels.setdefault(atom.GetIdx(), atom.GetProp(name))
    notes = []
    if len(labels) == 1:
        [(place, label)] = labels.items()
        noun = "alias" if mol.GetAtomWithIdx(place).GetAtomicNum() else "label"
        notes.append(
            f"atom {nodes[place]} carries the {noun} {_quoted(label)} and was read as {_symbol(mol, place)}"
        )
    elif labels:
        items = [
            f"atom {nodes[place]} {_quoted(label)} as {_symbol(mol, place)}"
            for place, label in labels.items()
        ]
        notes.append(f"aliases were not read: {listed(items)}")
    queries = _query_atoms(mol) if mol.HasQuery() else {}
    if items := [
        f"atom {nodes[place]} ({smarts}) as {_symbol(mol, place)}"
        for place, smarts in queries.items()
        if place in nodes
    ]:
        notes.append(f"query atoms were read as one element: {listed(items)}")
    if points := [
        nodes[atom.GetIdx()]
        for atom in mol.GetAtomsMatchingQuery(ATTACHMENT)
        if atom.GetIdx() in nodes
    ]:
        notes.append(f"attachment points at {_atoms(points)} were read as hydrogens")
    return notes


def _query_atoms(mol: Chem.Mol) -> dict[int, str]:
    """The SMARTS of each query atom; an atom of any element is none."""
    found = {atom.GetIdx(): atom.GetSmarts() for atom in mol.GetAtoms() if atom.HasQuery()}
    plain = {
        atom.GetIdx()
        for atom in mol.GetAtomsMatchingQuery(LABELLED[-1])
        if atom.GetProp(LABELS[-1]) == "*"
    }
    return {
        place: shortened(smarts, 20)
        for place, smarts in found.items()
        if smarts != "*" and place not in plain
    }


def _bond_notes(mol: Chem.Mol, nodes: Mapping[int, int]) -> list[str]:
    kinds: list[str] = []
    several: list[str] = []
    unknown: list[str] = []
    for bond in mol.GetBonds():
        start, end = (nodes.get(place) for place in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
        name = f"{start}–{end}"
        if _is_unknown(bond) and start is not None:
            unknown.append(
                f"bond {name}" if bond.GetStereo() == Chem.BondStereo.STEREOANY else f"atom {start}"
            )
        if start is None or end is None:
            continue
        if bond.GetBondType() not in ORDINARY_BONDS or bond.HasQuery():
            kinds.append(f"{name} ({_bond_name(bond)})")
        if bond.HasProp("_MolFileBondEndPts"):
            several.append(name)
    notes = [f"bonds outside the vocabulary were read as 'other': {listed(kinds)}"] if kinds else []
    if several:
        notes.append(f"bonds with several possible ends were read as drawn: {listed(several)}")
    if unknown:
        notes.append(
            f"stereo marked as unknown was left open: {listed(list(dict.fromkeys(unknown)))}"
        )
    return notes


def _is_unknown(bond: Chem.Bond) -> bool:
    """Whether it is wavy or crossed."""
    if bond.GetBondType() == Chem.BondType.DOUBLE:
        return bool(bond.GetStereo() == Chem.BondStereo.STEREOANY)
    return bool(bond.HasProp("_UnknownStereo") or bond.GetBondDir() == Chem.BondDir.UNKNOWN)


def _group_notes(mol: Chem.Mol) -> list[str]:
    abbreviations: list[str] = []
    units: list[str] = []
    multiples: list[str] = []
    for group in Chem.GetMolSubstanceGroups(mol):
        kind = group.GetProp("TYPE") if group.HasProp("TYPE") else ""
        label = _quoted(group.GetProp("LABEL")) if group.HasProp("LABEL") else "without a name"
        size = len(group.GetAtoms())
        if kind == "SUP":
            abbreviations.append(f"{label} ({size} {'atom' if size == 1 else 'atoms'})")
        elif kind in UNITS:
            units.append(f"{label} ({kind})")
        elif kind == "MUL":
            multiples.append(f"{size} atoms")
    notes = [f"abbreviations were read as drawn: {listed(abbreviations)}"] if abbreviations else []
    if units:
        notes.append(f"repeating units were read once: {listed(units)}")
    if multiples:
        notes.append(f"multiple groups were read as drawn: {listed(multiples)}")
    if mol.HasProp("_molLinkNodes"):
        notes.append("link nodes were read once")
    return notes


def _bond_name(bond: Chem.Bond) -> str:
    if bond.HasProp("_MolFileBondType") and bond.GetIntProp("_MolFileBondType") in BLOCK_BONDS:
        return BLOCK_BONDS[bond.GetIntProp("_MolFileBondType")]
    return "query" if bond.HasQuery() else str(bond.GetBondType()).lower()


def _symbol(mol: Chem.Mol, place: int) -> str:
    atom = mol.GetAtomWithIdx(place)
    return atom.GetSymbol() if atom.GetAtomicNum() else "'other'"


def _quoted(label: str) -> str:
    return repr(shortened(label, 20))


def _atoms(nodes: Sequence[int]) -> str:
    return f"{'atom' if len(nodes) == 1 else 'atoms'} {listed(nodes)}"


def listed(items: Sequence[object]) -> str:
    """The first items, and how many more there are."""
    more = f" and {len(items) - NAMED} more" if len(items) > NAMED else ""
    return ", ".join(map(str, items[:NAMED])) + more
