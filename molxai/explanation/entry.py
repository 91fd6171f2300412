"""One row of what was given, as it stands there and as it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from graphormer.graphs.molecules import MAX_ATOMS, Molecule, mol_block, molecule
from graphormer.graphs.superpixels import Digit
from molxai.explanation.sentence import Sentence


@dataclass(frozen=True)
class Input:
    """One row of what was given, read or refused."""

    row: int
    """Counted from 0 over all inputs."""
    text: str
    """The SMILES or text, or the file and the place in it."""
    subject: Molecule | Digit | Sentence | str | None = None
    """A text is a `str` until a model has cut it into tokens."""
    error: str = ""
    """Why there is no subject, in one line."""
    id: str = ""
    label: str = ""
    """The true class, as the table has it."""
    label_column: str = ""
    """The column that has it."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """The table's other columns: text, or what a Parquet file has there."""

    @property
    def name(self) -> str:
        """What records, tables, pages and messages call it: its id, else the number of its row."""
        return self.id or str(self.row)


Kind = Literal["smiles", "block", "array", "picture", "text"]
"""What the content of an entry is."""


@dataclass(frozen=True)
class Entry:
    """One row of what was given, as it stands there: what workers are handed, and read."""

    text: str
    """The SMILES or text, or the file and the place in it."""
    content: Any
    """A SMILES, a mol block, an array of grey values, the path of a picture, or a text."""
    kind: Kind
    row: int = 0
    id: str = ""
    label: str = ""
    fault: str = ""
    """Why there is nothing to read."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """The table's other columns: text, or what a Parquet file has there."""
    label_column: str = ""
    """The column that has the true class."""

    def read(self, max_atoms: int = MAX_ATOMS, keep: bool = True) -> Input:
        """The molecule, digit or text, or why there is none; `keep` as in `molecule`."""
        subject = None
        error = self.fault
        if not error:
            try:
                subject = self._subject(max_atoms, keep)
            # RDKit raises RuntimeError for what it did not foresee.
            except (ValueError, RuntimeError, MemoryError) as failure:
                error = str(failure) or "more memory is needed than there is"
        return Input(
            self.row,
            self.text,
            subject,
            error,
            self.id,
            self.label,
            self.label_column,
            self.extras,
        )

    def _subject(self, max_atoms: int, keep: bool) -> Molecule | Digit | str:
        if self.kind == "text":
            return str(self.content)
        if self.kind == "smiles":
            return molecule(self.content, self.id, max_atoms, keep)
        if self.kind == "block":
            return molecule(mol_block(self.content, max_atoms), self.id, max_atoms)
        from graphormer.graphs.superpixels import digit
        from graphormer.readers.pictures import picture, read_picture

        if self.kind == "picture":
            image, notes = read_picture(Path(self.content))
        else:
            image, notes = picture(self.content)
        return digit(image, self.id, notes)
