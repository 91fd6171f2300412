r"""Pasted text as the file that it would be: SMILES, a table with a header, or mol blocks.

>>> as_file("CCO\tethanol\nCCN")
TextFile(name='pasted.smi', content='CCO\tethanol\nCCN\n')
>>> as_file("id;smiles\n1;CCO").name
'pasted.csv'
"""

import re
from dataclasses import dataclass

from graphormer.graphs.molecules import shortened
from graphormer.readers.columns import says_smiles

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
    SMILES, else .smi.

    Raises:
        ValueError: there is nothing in it, or cells of a table without a header.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = plain.split("\n")
    full = [line for line in lines if line.strip()]
    if not full:
        raise ValueError(
            "the text is empty: a SMILES, lines of SMILES and names, a mol block or a table with a "
            "header is needed"
        )
    if any(COUNTS.match(line) for line in lines):
        return TextFile("pasted.sdf", _file(_with_heading(lines)))
    ending = _table_ending(full[0])
    if ending:
        return TextFile(f"pasted{ending}", _file(full))
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


def _table_ending(header: str) -> str:
    """The ending of a table with this header; empty if it is not the header of a table."""
    for separator, ending in SEPARATORS.items():
        cells = header.split(separator)
        names = [cell.strip().strip('"') for cell in cells]
        if len(names) > 1 and any(map(says_smiles, names)):
            return ending
    return ""


def _has_cells(line: str) -> bool:
    """Whether there is a comma or semicolon, which no SMILES holds, before the first blank."""
    first = line.split()[0]
    return any(mark in first for mark in ",;") and not first.startswith("InChI=")
