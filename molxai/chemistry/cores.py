"""The core that a user names: SMARTS or SMILES, with or without labels where groups are attached.

RDKit's decomposition takes `*`, `[*:5]` and `[5*]` for such labels, and an unlabelled core for any
place. Two things that chemists write mean something else, or nothing, as SMARTS, and are read as
they are meant:

- alternating double bonds, because no molecule has them in a ring that RDKit reads as aromatic;
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
"""In the SMARTS of an atom: an element as aliphatic, or A for any of them."""

CONDITIONS = ("$", "!")
"""Marks of a SMARTS whose letters cannot be turned one by one: a surrounding, and a negation."""


def core_query(text: str) -> tuple[Chem.Mol, str]:
    """The core as RDKit's decomposition takes it, and what to say of how it was read.

    Raises:
        ValueError: it cannot be read.
    """
    with rdBase.BlockLogs():  # the one-line error says it
        query = Chem.MolFromSmarts(ISOTOPE_LABEL.sub(r"[*:\1]", text))
    if query is None or not query.GetNumAtoms():
        remedy = "a SMARTS or SMILES is needed, like c1ccccc1C(=O)N"
        raise ValueError(f"RDKit cannot read the core {shortened(text)!r}: {remedy}")
    query, labels = _with_labels(query)
    note = f"{', '.join(labels)} is read as a label of R groups" if labels else ""
    return _aromatic(query), note


def _with_labels(query: Chem.Mol) -> tuple[Chem.Mol, list[str]]:
    """The core with labels that RDKit knows, and those that were written in another way."""
    core = Chem.RWMol(query)
    labels = []
    for atom in query.GetAtoms():
        label = LABEL.fullmatch(atom.GetSmarts())
        if label and atom.GetDegree() == 1:
            core.ReplaceAtom(atom.GetIdx(), Chem.AtomFromSmarts(f"[*:{label[1]}]"))
            labels.append(label[0])
    return core.GetMol(), labels


def _aromatic(query: Chem.Mol) -> Chem.Mol:
    """The core with rings of alternating double bonds as aromatic ones."""
    plain = _plain(query)
    with rdBase.BlockLogs():
        Chem.SetAromaticity(plain)
    core = Chem.RWMol(query)
    for before, after in zip(query.GetBonds(), plain.GetBonds(), strict=True):
        if after.GetIsAromatic() and not before.GetIsAromatic():
            core.ReplaceBond(before.GetIdx(), Chem.BondFromSmarts(":"))
    for before, after in zip(query.GetAtoms(), plain.GetAtoms(), strict=True):
        smarts = before.GetSmarts()
        has_condition = any(mark in smarts for mark in CONDITIONS)
        if after.GetIsAromatic() and not before.GetIsAromatic() and not has_condition:
            aromatic = ALIPHATIC.sub(lambda element: element[0].lower(), smarts)
            core.ReplaceAtom(before.GetIdx(), Chem.AtomFromSmarts(aromatic))
    return core.GetMol()


def _plain(query: Chem.Mol) -> Chem.Mol:
    """The core's elements and bonds without conditions: RDKit finds aromatic rings in these."""
    plain = Chem.RWMol()
    for atom in query.GetAtoms():
        element = ALIPHATIC.search(atom.GetSmarts())
        symbol = element[0] if element and element[0] != "A" else "*"
        copy = Chem.Atom(atom.GetAtomicNum() or symbol)
        copy.SetFormalCharge(atom.GetFormalCharge())
        copy.SetIsAromatic(atom.GetIsAromatic())
        plain.AddAtom(copy)
    for bond in query.GetBonds():
        plain.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond.GetBondType())
    plain.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(plain)
    return plain.GetMol()
