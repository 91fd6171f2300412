"""What a worker does: a chunk of rows in, their records out, as a value that any engine can send to another process.

>>> attribute = Worker("bace")
>>> columns = attribute({"input": np.array(["CCO", "c1ccccc1"])})
>>> columns["status"].tolist(), len(columns["relevance"][1])
(['ok', 'ok'], 6)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy import ndarray

from graphormer.graphs.molecules import MAX_ATOMS, Molecule
from graphormer.readers.tables import as_text
from molxai.batch.pool import Columns
from molxai.batch.records import BLOCK, column_names, prediction_record, record, schema
from molxai.batch.rows import explained, predictions
from molxai.chemistry.fragments import Scheme, scheme_of
from molxai.explanation.explainer import BATCH_SIZE, Explainer
from molxai.explanation.inputs import Entry, Input
from molxai.explanation.record import Record


@dataclass(frozen=True)
class Worker:
    """Explains or predicts rows: dictionary of arrays in, dictionary of arrays out; the model is read where it is first called.

    Rows need the column `input`, a SMILES each; the columns of an `Entry` are used where they are there.
    """

    model: str = "bace"
    method: str = "lrp"
    target: str = "pred"
    contrast: str | None = None
    endpoint: str = ""
    relevances: bool = True
    """Whether rows are explained; else they are predicted only, and records hold what `molxai predict` says."""
    features: bool = False
    """Whether records hold each node's split over its input features."""
    fragments: str | tuple[str, ...] = ""
    """Whether records hold the relevance of fragments: the id of a scheme, or lines of a name and a SMARTS each."""
    blocks: bool = False
    """Whether records hold mol blocks, for SDF."""
    extras: tuple[str, ...] = ()
    """The rows' other columns that records hold."""
    types: Mapping[str, pa.DataType | None] = field(default_factory=dict)
    """Types of those that are not text, as a Parquet file has them."""
    max_atoms: int = MAX_ATOMS
    batch_size: int = BATCH_SIZE
    device: str = "auto"

    def __getstate__(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @cached_property
    def explainer(self) -> Explainer:
        """The model, once for each process.

        Raises:
            FileNotFoundError, ValueError: as `Explainer`.
        """
        return Explainer(self.model, self.method, self.batch_size, self.device, self.endpoint)

    @cached_property
    def scheme(self) -> Scheme | None:
        """How molecules are taken apart, if at all.

        Raises:
            ValueError: there is no such scheme, or the model reads digits.
        """
        if self.fragments and self.explainer.reads == "digits":
            raise ValueError(
                f"fragments are parts of molecules, and the model {self.explainer.card.name!r} reads digits"
            )
        return scheme_of(self.fragments) if self.fragments else None

    @cached_property
    def columns(self) -> dict[str, str]:
        """Names in records of the rows' other columns."""
        return column_names(self.extras)

    @cached_property
    def schema(self) -> pa.Schema:
        """Names and types of the columns of records."""
        names = self.explainer.network.vocabulary.feature_names if self.features else ()
        own = {self.columns[name]: self.types.get(name) or pa.string() for name in self.extras}
        return schema(self.explainer.card, names, own, self.blocks, bool(self.scheme))

    def __call__(self, rows: Columns) -> dict[str, ndarray]:
        """Records of the rows, in order: columns as in `schema`, object arrays where they hold text, lists or nothing.

        Raises:
            ValueError: there is no column `input`.
        """
        entries = entries_of(rows)
        inputs = (one.read(self.max_atoms) for one in entries)
        made = [
            known | self._added(one, entry)
            for (one, known), entry in zip(self._records(inputs), entries, strict=True)
        ]
        return {name: _array([one.get(name) for one in made]) for name in self.schema.names}

    def _records(self, inputs: Iterable[Input]) -> Iterator[tuple[Input, Record]]:
        if self.relevances:
            for one, explanation in explained(self.explainer, inputs, self.target, self.contrast):
                yield one, record(one, explanation, self.features, self.scheme)
        else:
            for one, said in predictions(self.explainer, inputs, self.target):
                yield one, prediction_record(one, said, self.explainer.card)

    def table(self, rows: Columns) -> pa.Table:
        """Records of the rows as a typed table."""
        columns = self(rows)
        return pa.table(
            {
                name: _typed(columns[name], self.schema.field(name).type)
                for name in self.schema.names
            }
        )

    def _added(self, one: Input, entry: Entry) -> dict[str, Any]:
        extras = {shown: self._extra(entry, name) for name, shown in self.columns.items()}
        return extras | ({BLOCK: _block(one)} if self.blocks else {})

    def _extra(self, entry: Entry, name: str) -> Any:
        """A cell of the rows' own columns: as it is where the column has a type, else as text."""
        value = entry.extras.get(name)
        return value if self.types.get(name) else as_text(value)


EXTRA = "extra:"
"""Before the names of the columns of `Entry.extras` among those of rows."""


ENTRY = ("content", "kind", "row", "id", "label", "fault", "label_column")
"""Fields of an `Entry` that are columns of rows under their own names."""


def rows_of(entries: Sequence[Entry]) -> dict[str, ndarray]:
    """Entries as columns."""
    columns = {name: _array([getattr(one, name) for one in entries]) for name in ENTRY}
    names = dict.fromkeys(name for one in entries for name in one.extras)
    extras = {
        f"{EXTRA}{name}": _array([one.extras.get(name, "") for one in entries]) for name in names
    }
    return {"input": _array([one.text for one in entries]), **columns, **extras}


def entries_of(rows: Columns) -> list[Entry]:
    """The entries that columns describe.

    Raises:
        ValueError: there is no column `input`.
    """
    if "input" not in rows:
        raise ValueError(
            f"rows with the columns {', '.join(rows)}: a column 'input' of SMILES is needed"
        )
    texts = [str(one) for one in rows["input"]]
    blank = [""] * len(texts)
    usual: dict[str, Sequence[Any]] = {
        "content": texts,
        "kind": ["smiles"] * len(texts),
        "row": range(len(texts)),
    }
    usual |= dict.fromkeys(("id", "label", "fault", "label_column"), blank)
    columns = [list(rows.get(name, default)) for name, default in usual.items()]
    extras = [
        (name.removeprefix(EXTRA), column)
        for name, column in rows.items()
        if name.startswith(EXTRA)
    ]
    made = []
    for place, (text, content, kind, row, id, label, fault, where) in enumerate(
        zip(texts, *columns, strict=True)
    ):
        others = {name: column[place] for name, column in extras}
        made.append(
            Entry(
                text, content, kind, int(row), str(id), str(label), str(fault), others, str(where)
            )
        )
    return made


def _typed(values: ndarray, kind: pa.DataType) -> pa.Array:
    """The values as a column of that type; categories are gathered from the values themselves."""
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type, from_pandas=False).dictionary_encode().cast(kind)
    return pa.array(values, kind, from_pandas=False)


def _array(values: Sequence[Any]) -> ndarray:
    """Numbers and pictures of one size as they are, anything else as objects."""
    if values and all(isinstance(one, int | float) for one in values):
        return np.array(values)
    if values and all(isinstance(one, ndarray) and one.shape == values[0].shape for one in values):
        return np.stack(values)
    made = np.empty(len(values), dtype=object)
    for place, one in enumerate(values):
        made[place] = one
    return made


def _block(one: Input) -> str | None:
    """The mol block of a molecule: coordinates as they were given, else drawn."""
    from rdkit import Chem
    from rdkit.Chem import rdDepictor

    if not isinstance(one.subject, Molecule):
        return None
    mol = Chem.Mol(one.subject.mol)
    if not mol.GetNumConformers():
        rdDepictor.Compute2DCoords(mol)
    return Chem.MolToMolBlock(mol)
