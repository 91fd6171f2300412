r"""Pasted text as the file that it would be: SMILES, a table, or mol blocks.

>>> as_file("CCO\tethanol\nCCN")
TextFile(name='pasted.smi', content='CCO\tethanol\nCCN\n')
>>> as_file("id;smiles\n1;CCO").name
'pasted.csv'
>>> as_file("CCO\t5.2\nCCN\t6.1")
TextFile(name='pasted.tsv', content='smiles\tvalue\nCCO\t5.2\nCCN\t6.1\n')
"""

import re
from dataclasses import dataclass

from graphormer.graphs.molecules import shortened
from graphormer.readers.columns import SHORTEST_MOLECULE, is_molecule, says_smiles
from molxai.serve.ranges import is_misnamed, with_header

COUNTS = re.compile(r"^[ \d]{6}.*V[23]000\s*$")
"""The line of a mol block with the number of atoms and bonds, and the version."""

COUNTS_AT = 3
"""Lines of a mol block before it: name, program, remark. Copied text loses blank ones."""

SEPARATORS = {"\t": ".tsv", ",": ".csv", ";": ".csv", "|": ".csv"}
"""Separators of a header's cells, and the ending of files with such cells."""


@dataclass(frozen=True)
class TextFile:
    """The file that the text would be."""

    name: str
    content: str


def as_file(text: str) -> TextFile:
    """The text as a file.

    Its ending is .sdf for mol blocks, .csv or .tsv for a table whose header names a column of
    SMILES, .tsv for a range of cells without a header, else .smi.

    Raises:
        ValueError: there is nothing in it, cells without a header and without SMILES, or several
            SMILES on a single line.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = plain.split("\n")
    full = [line for line in lines if line.strip()]
    if not full:
        raise ValueError(
            "the text is empty: a SMILES, lines of SMILES and names, a mol block, or a table is "
            "needed"
        )
    if any(COUNTS.match(line) for line in lines):
        return TextFile("pasted.sdf", _file(_with_heading(lines)))
    separator, ending = _table_kind(full[0])
    if ending and not is_misnamed(full, separator):
        return TextFile(f"pasted{ending}", _file(full))
    if len(full) == 1 and _are_molecules(full[0]):
        line = shortened(full[0].strip())
        raise ValueError(
            f"{line!r} is several SMILES on one line: put each on a line of its own. If the second "
            "is a name, put a tab between them, or this header above them: smiles,name"
        )
    table = with_header(full)
    if table:
        return TextFile("pasted.tsv", _file(table))
    if len(full) > 1 and all(map(_has_cells, full)):
        remedy = "put a line like 'smiles,name' above it, or tabs between a SMILES and its name"
        first = shortened(full[0].strip())
        raise ValueError(f"the text is a table without a header, {first!r} …: {remedy}")
    return TextFile("pasted.smi", _file([line.strip() for line in full]))


def _file(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _with_heading(lines: list[str]) -> list[str]:
    """The lines of mol blocks with as many before the first counts as there must be.

    Example:
        >>> _with_heading(["  3  2  0 V2000"])
        ['', '', '', '  3  2  0 V2000']
    """
    at = next(number for number, line in enumerate(lines) if COUNTS.match(line))
    missing = [""] * max(0, COUNTS_AT - at)
    surplus = max(0, at - COUNTS_AT)
    is_blank = not any(line.strip() for line in lines[:surplus])
    return missing + (lines[surplus:] if is_blank else lines)


def _table_kind(header: str) -> tuple[str, str]:
    """The separator and the ending of a table with this header; empty if it is of no table."""
    for separator, ending in SEPARATORS.items():
        cells = header.split(separator)
        names = [cell.strip().strip('"') for cell in cells]
        if len(names) > 1 and any(map(says_smiles, names)):
            return separator, ending
    return "", ""


def _has_cells(line: str) -> bool:
    """Whether there is a comma or semicolon, which no SMILES holds, before the first blank."""
    first = line.split()[0]
    return any(mark in first for mark in ",;") and not first.startswith("InChI=")


def _are_molecules(line: str) -> bool:
    r"""Whether a line is several SMILES, and not a SMILES and a name.

    Example:
        >>> list(map(_are_molecules, ("CCO CCN", "CCO, CCN", "CCO CO", "CCO NBS", "CCO\tCCN")))
        [True, True, False, False, False]
    """
    first, *others = re.split(r"[ ,;]+", line.strip())
    return bool(others) and is_molecule(first) and all(map(_is_no_name, others))


def _is_no_name(word: str) -> bool:
    """Whether a word is a molecule that nobody would take for a name or a code, like CO or NBS."""
    is_code = word.isalpha() and (len(word) < SHORTEST_MOLECULE or "c" not in word.lower())
    return not is_code and is_molecule(word)
