"""SDF and mol files as text: records, their structures, and their data items, in any state.

Each record is read alone, so that a broken one costs no other, and its data are kept even if its
structure is broken.

Source: BIOVIA, "CTFile Formats", chapter on SDfiles: `>` begins the header of a data item, its
value ends with a blank line. Real files have blanks in their blank lines, blank lines inside
values, and `M  END` misspelt or missing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

STRUCTURES = (".sdf", ".sd", ".mol", ".mdl")
"""Endings of files with structures as connection tables, V2000 or V3000."""

RECORD_END = "$$$$"
"""The line below each record."""

END = re.compile(r"^M\s+END\s*$", re.MULTILINE)
"""Last line of a structure."""

HEADER = re.compile(r"^>.*<.*>")
"""First line of a data item: its name stands in angle brackets."""

NUMBERED = re.compile(r"^>\s*(DT\d+)\b")
"""First line of a data item that has a field number instead of a name."""

WHOLE_HEADER = re.compile(r"^>\s+<[^<>]+>\s*(\(.*\))?\s*$")
"""A first line that is one beyond doubt, even if the blank line before it is missing."""

FIRST_HEADER = re.compile(rf"{HEADER.pattern}|{NUMBERED.pattern}", re.MULTILINE)
"""Where the data items begin if the structure has no last line."""

END_LINE = "M  END\n"


@dataclass(frozen=True)
class SdfRecord:
    """One record."""

    title: str
    """Its first line: the molecule's name, if it has one."""
    block: str
    """Its structure: a mol block."""
    fields: dict[str, str] = field(default_factory=dict)
    """Value of each named data item. The values of items of one name are joined, a line each."""


def sdf_records(lines: Iterable[str]) -> Iterator[SdfRecord]:
    r"""The records of a file, from its lines with their ends; a mol file is a single record.

    Example:
        >>> text = "ethanol\n…\nM  END\n> <logP>\n-0.31\n\n$$$$\n"
        >>> [record] = sdf_records(text.splitlines(keepends=True))
        >>> record.title, record.fields
        ('ethanol', {'logP': '-0.31'})
    """
    record: list[str] = []
    for line in chain(lines, [RECORD_END]):
        if line.rstrip() != RECORD_END:
            record.append(line)
            continue
        if any(text.strip() for text in record):
            yield _read("".join(record).replace("\r\n", "\n").replace("\r", "\n"))
        record = []


@dataclass(frozen=True)
class SdfOutline:
    """What must be known of a file before its records are read."""

    columns: list[str]
    """Names of the data items in all records, in the order in which they first appear."""
    records: int


def sdf_outline(lines: Iterable[str]) -> SdfOutline:
    """The outline of a file, from its lines."""
    columns: dict[str, None] = {}
    count = 0
    for record in sdf_records(lines):
        count += 1
        columns.update(dict.fromkeys(record.fields))
    return SdfOutline(list(columns), count)


def _read(text: str) -> SdfRecord:
    title = text.partition("\n")[0].strip()
    if end := END.search(text):
        block = text[: end.start()] + END_LINE
        return SdfRecord(title, block, _fields(text[end.end() :]))
    # The structure is faulty, which is told when it is read as a molecule. The data are not.
    if header := FIRST_HEADER.search(text):
        return SdfRecord(title, text[: header.start()], _fields(text[header.start() :]))
    return SdfRecord(title, text)


def _fields(data: str) -> dict[str, str]:
    """The data items.

    A line that only looks like a header is part of a value. A header stands after a blank line, or
    before the first line of a value. Text after a blank line belongs to the value before it:

        > <note>            a header
        first line          its value
                            a gap
        still the note      more of the value, since this is no header
        > 5 is no header    nor is this, whose name is not in brackets
                            a gap
        > <logP>            the next header
    """
    fields: dict[str, list[str]] = {}
    name = ""
    has_value = False  # whether the item has a value yet
    after_gap = True  # whether the line before was blank
    for line in data.split("\n"):
        if not line.strip():
            after_gap = True
            continue
        header = None
        if after_gap or not has_value or WHOLE_HEADER.match(line):
            header = _name(line, after_gap)
        if header is not None:
            name = header
            has_value = False
            after_gap = False
            if name:
                fields.setdefault(name, [])
        elif name:
            if after_gap and has_value:
                fields[name].append("")
            fields[name].append(line)
            has_value = True
            after_gap = False
    return {name: "\n".join(value) for name, value in fields.items()}


def _name(line: str, after_gap: bool) -> str | None:
    """The name in the header of a data item, empty if it has none; None for another line."""
    if HEADER.match(line):
        return line.partition("<")[2].rpartition(">")[0].strip()
    if not after_gap:
        return None
    if line.strip() == ">":
        return ""
    numbered = NUMBERED.match(line)
    return numbered[1] if numbered else None
