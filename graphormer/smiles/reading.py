"""SMILES with or without a CXSMILES block, InChI and mol blocks, read by RDKit, or why not.

RDKit's own parsers are called once for a text that is right. Three things surround them:

- `graphormer.smiles.bounds` refuses what would take minutes or all memory,
- an error is one line: what was found, RDKit's reason, what to do,
- RDKit's log stays silent, and no reason is taken from it, because threads share it.
"""

import re
from dataclasses import dataclass
from functools import cache

from rdkit import Chem, rdBase
from rdkit.Chem import rdChemReactions, rdinchi

from graphormer.smiles.bounds import MOST_LETTERS, check_atoms, check_block, check_rings, check_text
from graphormer.smiles.notation import foreign_notation, shortened
from graphormer.smiles.syntax import syntax_fault

MAX_ATOMS = 600
"""Larger molecules are refused: attention needs memory in proportion to the square of the number of
atoms."""

INCHI = "InChI="

RXN_HEADER = "$RXN\n\n\n\n  1  0\n$MOL\n"
"""Makes a mol block the one reactant of a reaction: RDKit's reader of reactions throws what that of
blocks only logs."""

HEADER_LINES = RXN_HEADER.count("\n")
"""Lines before the block, by which RDKit's line numbers are too large."""

LINE = re.compile(r"\bline:? ?(\d+)")
ATOM_NUMBER = re.compile(r"\batom # (\d+)")
UNKNOWN_ELEMENT = re.compile(r"Element '([^']*)' not found")

FIRST_ATOM_LINE = 5
"""Number of the line of atom 0 in a V2000 block, counted from 1."""

LONGEST_REASON = 200
"""Letters of RDKit's reason that an error quotes."""

REMEDIES = (
    ("xplicit valence", "correct its bonds, charge or hydrogens"),
    ("kekulize", "write single and double bonds, or the hydrogen of an aromatic NH ([nH])"),
    ("unclosed ring", "write each number of a ring closure twice"),
    ("parentheses", "close each bracket once"),
    ("ring closure", "check the numbers of the ring closures"),
    ("syntax error", "correct or remove what stands there"),
)
"""What to do about a reason that holds these words."""


@dataclass(frozen=True)
class Read:
    """A text as RDKit read it, hydrogens as written."""

    mol: Chem.Mol
    notes: tuple[str, ...] = ()
    smiles: str = ""
    """The SMILES, without a CXSMILES block; empty if it was none."""
    block: str = ""
    """The CXSMILES block."""


# Reading.


def read_structure(text: str, max_atoms: int = MAX_ATOMS) -> Read:
    """The molecule of a SMILES, a CXSMILES or an InChI.

    Raises:
        ValueError: it is none, has blanks inside, or is larger than can be read.
    """
    text = text.strip()
    if not text:
        raise ValueError("an empty SMILES: at least one atom is needed")
    if len(text) > MOST_LETTERS:
        raise ValueError(
            f"a text of {len(text)} letters: the limit is {MOST_LETTERS}, "
            "remove or split the molecule"
        )
    if text.startswith(INCHI):
        return _read_inchi(text, max_atoms)
    smiles, block, rest = cx_parts(text)
    if rest:
        raise ValueError(_rest_error(text, smiles, block))
    if check_text(smiles, max_atoms) and (raw := _parse(smiles, sanitize=False)):
        check_rings(_bonds(raw))
    mol = _parse(f"{smiles} {block}" if block else smiles)
    if mol is None:
        raise ValueError(_smiles_error(smiles, block))
    return Read(mol, (), smiles, block)


def _read_inchi(text: str, max_atoms: int) -> Read:
    with rdBase.BlockLogs():
        raw, _, message, _ = rdinchi.InchiToMol(text, False, False)
        if raw is not None:
            check_atoms(raw.GetNumHeavyAtoms(), max_atoms)
            check_rings(_bonds(raw))
        mol = rdinchi.InchiToMol(text, True, False)[0]
    if mol is None:
        reason = message.strip("*") if raw is None else _chemical_reason(raw)
        remedy = "check that it is whole, or give a SMILES"
        raise ValueError(_error(f"the InChI {shortened(text)!r}", reason, remedy))
    return Read(mol, ("read from an InChI: its atoms are in RDKit's order",))


def mol_block(block: str, max_atoms: int = MAX_ATOMS) -> Chem.Mol:
    """The molecule of an SDF record or a mol file, with its hydrogens as written.

    Heavy atoms are counted by `molecule`. Here, only what would take RDKit too long is refused.

    Raises:
        ValueError: RDKit cannot read it, or it is larger than can be read.
    """
    check_block(block, max_atoms)
    with rdBase.BlockLogs():
        mol = Chem.MolFromMolBlock(block, removeHs=False)
    if mol is None:
        reason = _block_reason(block)
        reason += _line_of_atom(block, reason)
        remedy = "check its atom block, valences and aromatic bonds"
        raise ValueError(_error("the record", reason, remedy))
    return mol


def _parse(text: str, sanitize: bool = True) -> Chem.Mol | None:
    with rdBase.BlockLogs():  # the one-line error says what RDKit would have logged
        return Chem.MolFromSmiles(text, _options(sanitize))


@cache
def _options(sanitize: bool) -> Chem.SmilesParserParams:
    options = Chem.SmilesParserParams()
    options.removeHs = False
    options.sanitize = sanitize
    return options


def _bonds(mol: Chem.Mol) -> list[tuple[int, int]]:
    """Both atoms of each bond."""
    return [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]


# Dividing a text.


def cx_parts(text: str) -> tuple[str, str, str]:
    """A text as its SMILES, its CXSMILES block (from one `|` to the next), and what follows."""
    smiles, *others = text.split(maxsplit=1)
    if not others:
        return smiles, "", ""
    [rest] = others
    if not rest.startswith("|"):
        return smiles, "", rest
    end = rest.find("|", 1) + 1 or len(rest)
    return smiles, rest[:end], rest[end:].strip()


def split_smiles(line: str) -> tuple[str, str]:
    """A line of a `.smi` file as its SMILES, with its CXSMILES block, and its name.

    Blanks or a tab separate them. Text in bars behind a SMILES is always a block, as RDKit has it,
    so a name cannot begin with a bar.

    Example:
        >>> split_smiles("CC=CC |c:1| but")
        ('CC=CC |c:1|', 'but')
    """
    line = line.strip()
    if not line:
        return "", ""
    smiles, tab, rest = line.partition("\t")
    if tab and not rest.lstrip().startswith("|"):
        return smiles.strip(), rest.strip()
    smiles, block, name = cx_parts(line)
    return f"{smiles} {block}" if block else smiles, name


# Saying why RDKit reads nothing.


def _error(subject: str, reason: str, remedy: str) -> str:
    """One line: what was found, RDKit's reason, what to do.

    Args:
        subject: what was found.
        reason: in RDKit's words; may be empty.
        remedy: what to do, unless `REMEDIES` knows better.
    """
    if not reason:
        return f"RDKit cannot read {subject}: {remedy}"
    for words, better_remedy in REMEDIES:
        if words in reason:
            remedy = better_remedy
            break
    line = shortened(" ".join(reason.split()), LONGEST_REASON)
    return f"RDKit cannot read {subject}: {line}; {remedy}"


def _rest_error(text: str, smiles: str, block: str) -> str:
    """Why text behind a SMILES and its block is refused."""
    if block:
        return (
            f"text after the CXSMILES block {shortened(block)!r} of {shortened(smiles)!r}: "
            "remove it, or write it as a name"
        )
    is_line_or_block = "\n" not in text or "M  END" in text
    if is_line_or_block and (foreign := foreign_notation(text)):
        return f"RDKit cannot read the SMILES {shortened(text)!r}: {foreign}"
    return (
        f"blanks inside the SMILES {shortened(text)!r}: "
        "RDKit would read only what stands before them"
    )


def _smiles_error(smiles: str, block: str) -> str:
    """Why RDKit reads nothing from a SMILES, in one line."""
    subject = f"the SMILES {shortened(smiles)!r}"
    remedy = "check brackets, ring closures and valences"
    raw = _parse(smiles, sanitize=False)
    if raw is None:
        if foreign := foreign_notation(smiles):
            return f"RDKit cannot read {subject}: {foreign}"
        return _error(subject, syntax_fault(smiles), remedy)
    reason = _chemical_reason(raw)
    if block and not reason:
        return (
            f"RDKit cannot read the CXSMILES block {shortened(block)!r} of {shortened(smiles)!r}: "
            "correct or remove it"
        )
    return _error(subject, reason, remedy)


def _chemical_reason(raw: Chem.Mol) -> str:
    """What sanitising throws; empty if it does not."""
    try:
        with rdBase.BlockLogs():
            Chem.SanitizeMol(raw)
    except (ValueError, RuntimeError) as error:
        return _first_line(str(error))
    return ""


def _block_reason(block: str) -> str:
    """What RDKit says of a mol block that it cannot read; empty if it says nothing."""
    with rdBase.BlockLogs():
        raw = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
    if raw is not None:
        return _chemical_reason(raw)
    try:
        with rdBase.BlockLogs():
            rdChemReactions.ReactionFromRxnBlock(RXN_HEADER + block)
    except (ValueError, RuntimeError) as error:
        reason = _first_line(str(error).partition("The error was:")[2])
        return LINE.sub(_line_in_block, reason)
    return ""


def _line_in_block(line: re.Match[str]) -> str:
    """The number of a line within the block alone."""
    return f"line {max(int(line[1]) - HEADER_LINES, 1)}"


def _line_of_atom(block: str, reason: str) -> str:
    """The line of the atom that a reason speaks of; empty if it speaks of none."""
    if match := UNKNOWN_ELEMENT.search(reason):
        symbol = match[1]
        for number, line in enumerate(block.splitlines(), 1):
            if line.split()[3:4] == [symbol]:
                return f" (line {number} of the block)"
        return ""
    if "V3000" not in block and (match := ATOM_NUMBER.search(reason)):
        return f" (line {FIRST_ATOM_LINE + int(match[1])} of the block)"
    return ""


def _first_line(text: str) -> str:
    """The first line that is not blank."""
    lines = [line.strip() for line in text.splitlines()]
    return next((line for line in lines if line), "")
