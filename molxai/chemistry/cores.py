"""The core that a user names: SMARTS or SMILES, with or without labels where substituents are attached.

RDKit's decomposition takes `*`, `[*:5]` and `[5*]` for such labels, and an unlabelled core for any place. Two things that
chemists write mean something else, or nothing, as SMARTS, and are read as they are meant:

- alternating double bonds, for no molecule has them in a ring that RDKit reads as aromatic;
- `[R1]` at the end of a bond, which as SMARTS is an atom of one ring.
"""

import re

from rdkit import Chem, rdBase

from graphormer.graphs.molecules import shortened

LABEL = re.compile(r"\[R([1-9]\d?)\]")
"""An R group as it is written in papers."""

ISOTOPE_LABEL = re.compile(r"\[\d+\*:(\d+)\]")
"""A label as RDKit writes it into a core that it has decomposed."""

ALIPHATIC = re.compile(r"(?<![A-Za-z#])(Se|As|[BCNOPSA])(?![a-z])")
"""Of the SMARTS of an atom: an element as aliphatic, or A for any of them."""

KEPT = ("$", "!")
"""Marks of a SMARTS whose letters cannot be turned one by one: a surrounding, and a negation."""


def core_query(text: str) -> tuple[Chem.Mol, str]:
    """The core as RDKit's decomposition takes it, and what to say of how it was read.

    Raises:
        ValueError: it cannot be read.
    """
    with rdBase.BlockLogs():  # the one-line error says it
        query = Chem.MolFromSmarts(ISOTOPE_LABEL.sub(r"[*:\1]", text))
    if query is None or not query.GetNumAtoms():
        needed = "a SMARTS or SMILES is needed, like c1ccccc1C(=O)N"
        raise ValueError(f"RDKit cannot read the core {shortened(text)!r}: {needed}")
    query, labels = _labelled(query)
    note = f"{', '.join(labels)} is read as a label of R groups" if labels else ""
    return _aromatic(query), note


def _labelled(query: Chem.Mol) -> tuple[Chem.Mol, list[str]]:
    """The core with labels that RDKit knows, and those that were written in another way."""
    labelled = Chem.RWMol(query)
    found = []
    for atom in query.GetAtoms():
        label = LABEL.fullmatch(atom.GetSmarts())
        if label and atom.GetDegree() == 1:
            labelled.ReplaceAtom(atom.GetIdx(), Chem.AtomFromSmarts(f"[*:{label[1]}]"))
            found.append(label[0])
    return labelled.GetMol(), found


def _aromatic(query: Chem.Mol) -> Chem.Mol:
    """The core with rings of alternating double bonds as aromatic ones."""
    plain = _plain(query)
    with rdBase.BlockLogs():
        Chem.SetAromaticity(plain)
    turned = Chem.RWMol(query)
    for before, after in zip(query.GetBonds(), plain.GetBonds(), strict=True):
        if after.GetIsAromatic() and not before.GetIsAromatic():
            turned.ReplaceBond(before.GetIdx(), Chem.BondFromSmarts(":"))
    for before, after in zip(query.GetAtoms(), plain.GetAtoms(), strict=True):
        smarts = before.GetSmarts()
        if (
            after.GetIsAromatic()
            and not before.GetIsAromatic()
            and not any(mark in smarts for mark in KEPT)
        ):
            aromatic = ALIPHATIC.sub(lambda element: element[0].lower(), smarts)
            turned.ReplaceAtom(before.GetIdx(), Chem.AtomFromSmarts(aromatic))
    return turned.GetMol()


def _plain(query: Chem.Mol) -> Chem.Mol:
    """The core's elements and bonds without conditions, in which RDKit can look for aromatic rings."""
    plain = Chem.RWMol()
    for atom in query.GetAtoms():
        element = ALIPHATIC.search(atom.GetSmarts())
        first = element[0] if element and element[0] != "A" else "*"
        plain.AddAtom(Chem.Atom(atom.GetAtomicNum() or first))
        plain.GetAtomWithIdx(atom.GetIdx()).SetFormalCharge(atom.GetFormalCharge())
        plain.GetAtomWithIdx(atom.GetIdx()).SetIsAromatic(atom.GetIsAromatic())
    for bond in query.GetBonds():
        plain.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond.GetBondType())
    plain.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(plain)
    return plain.GetMol()
