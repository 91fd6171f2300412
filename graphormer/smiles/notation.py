"""Text that stands where a SMILES is needed and is none: names, reactions, InChIKeys and so on.

Only text that RDKit cannot read is looked at, so nothing that it reads is ever refused here.
"""

import re

from graphormer.smiles.syntax import ELEMENTS

KEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
CAS = re.compile(r"\d{2,7}-\d\d-\d")
NOTHING = re.compile(r"(?i)nan|n/?a|none|null|nil|-+|\?+|unknown|missing")
SEQUENCE = re.compile(r"[ACDEFGHIKLMNPQRSTVWY]{5,}")
SELFIES = re.compile(r"(?:\[[^\[\]\s]+\]\.?)+")
SELFIES_ONLY = re.compile(r"\[[=#]?(?:Ring|Branch)\d\]|\[[=#/\\]")
SMARTS = re.compile(r"\[[^\[\]]*[,;&!$^][^\[\]]*\]|\$\(|[!&]")
ELEMENT = "|".join(
    sorted((name for name in ELEMENTS.split() if name[0].isupper()), key=len, reverse=True)
)
FORMULA = re.compile(rf"(?:(?:{ELEMENT})\d*){{2,}}")
IDENTIFIER = re.compile(
    r"(?i)(?:S?CHEMBL|ZINC|DB|CID|SID|MFCD|BDBM|CHEBI|NSC|HMDB|AKOS|LSM|UNII|DTX[CS]ID)[ :_-]*\d+"
)
ATOMS = re.compile(r"\[[^\[\]]*\]|Br|Cl|[BCNOPSFIbcnops]")
WORD = re.compile(r"[^\W\d_]+")
LOOKED_AT = 1000
"""Letters at the beginning of a text, from which its kind is told."""

SIGNS = re.compile(r"[=#@/\\%$\[\]+]")
"""Signs that hardly any name has."""


def shortened(text: str, length: int = 80) -> str:
    """The text, cut with an ellipsis where it is longer than `length`, for messages."""
    return text if len(text) <= length else text[: length - 1] + "…"


def foreign_notation(text: str) -> str:
    """What a text that RDKit cannot read seems to be, and what to do; empty for a SMILES."""
    text = text[:LOOKED_AT]
    if "V2000" in text or "V3000" in text or "M  END" in text:
        return "it is a mol block, not a SMILES; save it as a .mol or .sdf file, or give RDKit's Mol of it"
    if NOTHING.fullmatch(text):
        return "it stands for no value; a SMILES is needed"
    if KEY.fullmatch(text):
        return "it is an InChIKey, from which no structure can be made; look up its SMILES or InChI"
    if CAS.fullmatch(text):
        return "it looks like a CAS number, not a SMILES; look up its SMILES"
    if IDENTIFIER.fullmatch(text):
        return "it looks like the number of a database, not a SMILES; look up its SMILES"
    if text.count(">") > 1 and not re.search(r"[\w\])]->[\w\[]", text):
        return "it is a reaction, not a molecule; give one of its molecules"
    for mark in (";", ","):
        parts = [part.strip() for part in text.split(mark)]
        if (
            len(parts) > 1
            and all(parts)
            and "[" not in text
            and all(_like_smiles(part) for part in parts)
        ):
            return f"it seems to hold {len(parts)} SMILES separated by {mark!r}; give each its own row, or join them with '.'"
    if SELFIES.fullmatch(text) and SELFIES_ONLY.search(text):
        return "it looks like SELFIES, not a SMILES; decode it first"
    if SMARTS.search(text) and "[" in text:
        return "it looks like a SMARTS pattern, not a SMILES; give a molecule"
    if FORMULA.fullmatch(text) and not _like_smiles(text) and not SEQUENCE.fullmatch(text):
        return "it looks like a formula, not a SMILES; a formula has no bonds, look up the SMILES"
    if SEQUENCE.fullmatch(text) and not _like_smiles(text):
        return "it looks like a name or a sequence of amino acids, not a SMILES; look up or make its SMILES"
    if _like_name(text):
        return (
            "it looks like a name, not a SMILES; look up its SMILES, or name the column of SMILES"
        )
    return ""


def _like_smiles(text: str) -> bool:
    """Whether every letter can be one of a SMILES."""
    return not WORD.search(ATOMS.sub("", text))


def _like_name(text: str) -> bool:
    """Whether one letter in four is none of a SMILES, and there are no signs of a SMILES."""
    letters = sum(map(len, WORD.findall(text)))
    strange = sum(map(len, WORD.findall(ATOMS.sub("", text))))
    return letters >= 3 and 4 * strange >= letters and not SIGNS.search(text)
