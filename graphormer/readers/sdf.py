"""SDF and mol files as text: records, their structures, and their data items, whatever state the records are in.

Each record is read alone, so that a broken one costs no other, and its data are kept even where its structure is broken.

Source: BIOVIA, "CTFile Formats", chapter on SDfiles: `>` begins the header of a data item, its value ends with a blank
line. Real files have blanks in their blank lines, blank lines inside values, and `M  END` misspelt or missing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

STRUCTURES = (".sdf", ".sd", ".mol", ".mdl")
"""Endings of files with structures as connection tables, V2000 or V3000."""

END = re.compile(r"^M\s+END\s*$", re.MULTILINE)

HEADER = re.compile(r"^>.*<.*>")
"""First line of a data item: its name stands in angle brackets."""

NUMBERED = re.compile(r"^>\s*(DT\d+)\b")
"""First line of a data item that has a field number instead of a name."""

WHOLE_HEADER = re.compile(r"^>\s+<[^<>]+>\s*(\(.*\))?\s*$")
"""A first line that is one beyond doubt, even where the blank line before it is missing."""

FIRST_HEADER = re.compile(rf"{HEADER.pattern}|{NUMBERED.pattern}", re.MULTILINE)

END_LINE = "M  END\n"


@dataclass(frozen=True)
class SdfRecord:
    """One record."""

    title: str
    """Its first line: the molecule's name, where it has one."""
    block: str
    """Its structure: a mol block."""
    fields: dict[str, str] = field(default_factory=dict)
    """Value of each named data item; items of one name are joined, a line each."""


def sdf_records(lines: Iterable[str]) -> Iterator[SdfRecord]:
    """The records of a file; a mol file is one of a single record."""
    record: list[str] = []
    for line in chain(lines, ["$$$$"]):
        if line.rstrip() != "$$$$":
            record.append(line)
            continue
        if any(text.strip() for text in record):
            yield _read("".join(record).replace("\r\n", "\n").replace("\r", "\n"))
        record = []


def _read(text: str) -> SdfRecord:
    if end := END.search(text):
        block = text[: end.start()] + END_LINE
        data = text[end.end() :]
    else:  # the structure is faulty, and said to be so when it is read; the data are not
        header = FIRST_HEADER.search(text)
        block = text[: header.start()] if header else text
        data = text[header.start() :] if header else ""
    return SdfRecord(text.partition("\n")[0].strip(), block, _fields(data.split("\n")))


def _fields(lines: Iterable[str]) -> dict[str, str]:
    """The data items.

    A line that only looks like a header is one where a value may not stand: after a blank line, or before the first line of
    a value. Text after a blank line belongs to the value before it.
    """
    fields: dict[str, list[str]] = {}
    name = ""
    begun = False  # whether the item has a value yet
    gap = True  # whether the line before was blank
    for line in lines:
        if not line.strip():
            gap = True
        elif (gap or not begun or WHOLE_HEADER.match(line)) and (
            found := _name(line, gap)
        ) is not None:
            name = found
            begun = False
            gap = False
            if name:
                fields.setdefault(name, [])
        elif name:
            value = fields[name]
            value += ["", line] if gap and begun else [line]
            begun = True
            gap = False
    return {name: "\n".join(value) for name, value in fields.items()}


def _name(line: str, gap: bool) -> str | None:
    """The name in the header of a data item, empty if it has none; None for another line."""
    if HEADER.match(line):
        return line.partition("<")[2].rpartition(">")[0].strip()
    if gap and line.strip() == ">":
        return ""
    numbered = NUMBERED.match(line) if gap else None
    return numbered[1] if numbered else None
