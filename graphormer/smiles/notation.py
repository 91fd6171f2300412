"""Text that stands where a SMILES is needed and is none: names, reactions, InChIKeys and so on.

Only text that RDKit cannot read is looked at, so nothing that it reads is ever refused here.
"""

import re
from collections.abc import Callable

from graphormer.smiles.syntax import ELEMENTS

BLOCK_LINES = ("V2000", "V3000", "M  END")
"""Text of which every mol block has one."""

NO_VALUE = re.compile(r"(?i)nan|n/?a|none|null|nil|-+|\?+|unknown|missing")
INCHI_KEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
CAS_NUMBER = re.compile(r"\d{2,7}-\d\d-\d")
IDENTIFIER = re.compile(
    r"(?i)(?:S?CHEMBL|ZINC|DB|CID|SID|MFCD|BDBM|CHEBI|NSC|HMDB|AKOS|LSM|UNII|DTX[CS]ID)[ :_-]*\d+"
)
"""A number of a database."""

DATIVE_BOND = re.compile(r"[\w\])]->[\w\[]")
"""A `>` that makes no reaction."""

SELFIES = re.compile(r"(?:\[[^\[\]\s]+\]\.?)+")
"""Brackets alone, as some SMILES are, too."""

SELFIES_ONLY = re.compile(r"\[[=#]?(?:Ring|Branch)\d\]|\[[=#/\\]")
"""A bracket that no SMILES has."""

SMARTS = re.compile(r"\[[^\[\]]*[,;&!$^][^\[\]]*\]|\$\(|[!&]")
ELEMENT = "|".join(sorted(ELEMENTS, key=len, reverse=True))
FORMULA = re.compile(rf"(?:(?:{ELEMENT})\d*){{2,}}")
AMINO_ACIDS = re.compile(r"[ACDEFGHIKLMNPQRSTVWY]{5,}")
"""One letter for each of at least five."""

SEPARATORS = (";", ",")
"""What may stand between several SMILES in one cell."""

SMILES_ATOM = re.compile(r"\[[^\[\]]*\]|Br|Cl|[BCNOPSFIbcnops]")
WORD = re.compile(r"[^\W\d_]+")
SIGNS = re.compile(r"[=#@/\\%$\[\]+]")
"""Signs of a SMILES that hardly any name has."""

LOOKED_AT = 1000
"""Letters at the beginning of a text, which decide of what kind it is."""


def shortened(text: str, length: int = 80) -> str:
    """The text for a message, cut with an ellipsis if it is longer than `length`.

    Example:
        >>> shortened("CCOCCOCCO", 5)
        'CCOC…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def foreign_notation(text: str) -> str:
    """What a text that RDKit cannot read seems to be, and what to do; empty for a SMILES.

    Example:
        >>> foreign_notation("50-78-2")
        'it looks like a CAS number, not a SMILES; look up its SMILES'
    """
    text = text[:LOOKED_AT]
    for is_notation, message in NOTATIONS:
        if is_notation(text):
            return message
    return _list_of_smiles(text)


def _list_of_smiles(text: str) -> str:
    """What to do if the text holds several SMILES; empty if it does not."""
    if "[" in text:  # commas and semicolons are then those of a SMARTS pattern
        return ""
    for separator in SEPARATORS:
        parts = [part.strip() for part in text.split(separator)]
        if len(parts) > 1 and all(parts) and all(_has_smiles_letters(part) for part in parts):
            return (
                f"it seems to hold {len(parts)} SMILES separated by {separator!r}; "
                "give each its own row, or join them with '.'"
            )
    return ""


def _has_smiles_letters(text: str) -> bool:
    """Whether every letter can be one of a SMILES."""
    return not WORD.search(SMILES_ATOM.sub("", text))


def _is_mol_block(text: str) -> bool:
    return any(line in text for line in BLOCK_LINES)


def _is_reaction(text: str) -> bool:
    return text.count(">") > 1 and not DATIVE_BOND.search(text)


def _is_selfies(text: str) -> bool:
    return bool(SELFIES.fullmatch(text) and SELFIES_ONLY.search(text))


def _is_smarts(text: str) -> bool:
    return "[" in text and bool(SMARTS.search(text))


def _is_formula(text: str) -> bool:
    if not FORMULA.fullmatch(text) or _has_smiles_letters(text):
        return False
    return not AMINO_ACIDS.fullmatch(text)


def _is_sequence(text: str) -> bool:
    return bool(AMINO_ACIDS.fullmatch(text)) and not _has_smiles_letters(text)


def _is_name(text: str) -> bool:
    """Whether one letter in four is none of a SMILES, and there are no signs of a SMILES."""
    letters = sum(len(word) for word in WORD.findall(text))
    strange = sum(len(word) for word in WORD.findall(SMILES_ATOM.sub("", text)))
    return letters >= 3 and 4 * strange >= letters and not SIGNS.search(text)


NOTATIONS: tuple[tuple[Callable[[str], object], str], ...] = (
    (
        _is_mol_block,
        "it is a mol block, not a SMILES; "
        "save it as a .mol or .sdf file, or give RDKit's Mol of it",
    ),
    (NO_VALUE.fullmatch, "it stands for no value; a SMILES is needed"),
    (
        INCHI_KEY.fullmatch,
        "it is an InChIKey, from which no structure can be made; look up its SMILES or InChI",
    ),
    (CAS_NUMBER.fullmatch, "it looks like a CAS number, not a SMILES; look up its SMILES"),
    (
        IDENTIFIER.fullmatch,
        "it looks like the number of a database, not a SMILES; look up its SMILES",
    ),
    (_is_reaction, "it is a reaction, not a molecule; give one of its molecules"),
    (_is_selfies, "it looks like SELFIES, not a SMILES; decode it first"),
    (_is_smarts, "it looks like a SMARTS pattern, not a SMILES; give a molecule"),
    (
        _is_formula,
        "it looks like a formula, not a SMILES; a formula has no bonds, look up the SMILES",
    ),
    (
        _is_sequence,
        "it looks like a name or a sequence of amino acids, not a SMILES; "
        "look up or make its SMILES",
    ),
    (
        _is_name,
        "it looks like a name, not a SMILES; look up its SMILES, or name the column of SMILES",
    ),
)
"""How each notation is recognised, and what to say. The first that fits is taken: a mol block also
holds words, and a sequence of amino acids is a formula of elements, too."""
