r"""Text that was pasted, as the file that it would be: SMILES with or without names, a table with a header, or mol blocks.

>>> pasted("CCO\tethanol\nCCN")
Pasted(name='pasted.smi', content='CCO\tethanol\nCCN\n')
>>> pasted("id;smiles\n1;CCO").name
'pasted.csv'
"""

import re
from dataclasses import dataclass

from graphormer.graphs.molecules import shortened
from graphormer.readers.columns import says_smiles

COUNTS = re.compile(r"^[ \d]{6}.*V[23]000\s*$")
"""Line of a mol block that says how many atoms and bonds follow, and in which version."""

COUNTS_AT = 3
"""Lines of a mol block before it: name, program, remark; blank ones are lost where text is copied."""

SEPARATORS = {"\t": ".tsv", ",": ".csv", ";": ".csv", "|": ".csv"}
"""Between the cells of a header, and the ending of files with such cells."""


@dataclass(frozen=True)
class Pasted:
    """A file that was never one."""

    name: str
    content: str


def pasted(text: str) -> Pasted:
    """The text as a file: .sdf for mol blocks, .csv or .tsv for a table whose header names a column of SMILES, else .smi.

    Raises:
        ValueError: there is nothing in it, or cells of a table without a header.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    filled = [line for line in lines if line.strip()]
    if not filled:
        raise ValueError(
            "the text is empty: a SMILES, lines of SMILES and names, a mol block or a table with a header is needed"
        )
    if any(COUNTS.match(line) for line in lines):
        return Pasted("pasted.sdf", _file(_with_heading(lines)))
    if ending := _table_ending(filled[0]):
        return Pasted(f"pasted{ending}", _file(filled))
    if len(filled) > 1 and all(map(_has_cells, filled)):
        needed = "put a line like 'smiles,name' above it, or tabs between a SMILES and its name"
        raise ValueError(
            f"the text is a table without a header, {shortened(filled[0].strip())!r} …: {needed}"
        )
    return Pasted("pasted.smi", _file([line.strip() for line in filled]))


def _file(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _with_heading(lines: list[str]) -> list[str]:
    """The lines of mol blocks with as many before the first counts as there must be."""
    at = next(number for number, line in enumerate(lines) if COUNTS.match(line))
    surplus = max(0, at - COUNTS_AT)
    blank = surplus if not any(line.strip() for line in lines[:surplus]) else 0
    return [""] * max(0, COUNTS_AT - at) + lines[blank:]


def _table_ending(header: str) -> str:
    """The ending of a table with this header, empty where it is none."""
    for separator, ending in SEPARATORS.items():
        cells = [cell.strip().strip('"') for cell in header.split(separator)]
        if len(cells) > 1 and any(map(says_smiles, cells)):
            return ending
    return ""


def _has_cells(line: str) -> bool:
    """Whether there is a comma or semicolon, which no SMILES holds, outside of a name that comes after a blank."""
    first = line.split()[0]
    return any(mark in first for mark in ",;") and not first.startswith("InChI=")
