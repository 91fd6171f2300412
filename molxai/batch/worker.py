"""What a worker does: a chunk of rows in, their records out.

A `Worker` is a value that any engine can send to another process.

>>> import numpy as np
>>> from molxai.batch.question import Question
>>> worker = Worker(Question("bace"))
>>> columns = worker({"input": np.array(["CCO", "c1ccccc1"])})
>>> columns["status"].tolist(), len(columns["relevance"][1])
(['ok', 'ok'], 6)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import chain
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa
from numpy import ndarray

from graphormer.graphs.molecules import Molecule
from graphormer.readers.tables import as_text
from molxai.batch.columns import Columns, as_array, as_typed, entries_of
from molxai.batch.question import Question
from molxai.batch.records import BLOCK, column_names, prediction_record, record, schema
from molxai.batch.rows import CHUNK, ExplainedRow, chunks, explain_rows, predict_rows
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods.lrp import GradientInput
from molxai.explanation.record import Record
from molxai.explanation.structure import entry_names

PREDICTION = "pred"
"""Target of a question that names none."""


@dataclass(frozen=True)
class Answer:
    """An input, and what each method says of it."""

    input: Input
    explained: tuple[ExplainedRow, ...]
    """For each method: the input, with the reason if the method refused it, and the explanation."""

    @property
    def explanation(self) -> Explanation | None:
        """By the first method."""
        return self.explained[0][1]


@runtime_checkable
class Product(Protocol):
    """What a sink needs of a row beyond its record, such as a picture.

    Workers make it, so it is pickled.
    """

    @property
    def passes(self) -> int:
        """What it costs, in passes of a usual graph."""

    def __call__(self, explainer: BaseExplainer, answer: Answer) -> bytes | None:
        """Make it of a row that the explainer has answered."""


@dataclass(frozen=True)
class Worker:
    """Answers a question for rows: dictionary of arrays in, dictionary of arrays out.

    The model is read when it is first called. Rows need the column `input`, a SMILES each; the
    columns of an `Entry` are used if they are there.
    """

    question: Question
    blocks: bool = False
    """Whether records hold mol blocks, for SDF."""
    extras: tuple[str, ...] = ()
    """The rows' other columns that records hold."""
    types: Mapping[str, pa.DataType | None] = field(default_factory=dict)
    """Types of those that are not text, as a Parquet file has them."""
    products: Mapping[str, Product] = field(default_factory=dict)
    """What rows hold beside their records, by the name of its column."""

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def explainers(self) -> tuple[BaseExplainer, ...]:
        """The model with each method, read once for each process.

        Raises:
            FileNotFoundError, ValueError: as `BaseExplainer`.
        """
        explainers = self.question.explainers()
        if self.question.features or self.products:
            return explainers
        return tuple(_without_split(explainer) for explainer in explainers)

    @property
    def explainer(self) -> BaseExplainer:
        """The model with the first method."""
        return self.explainers[0]

    @cached_property
    def extra_names(self) -> dict[str, str]:
        """The names that the rows' other columns have in records."""
        return column_names(self.extras)

    @cached_property
    def schema(self) -> pa.Schema:
        """Names and types of the columns of records, then those of products."""
        features: Sequence[str] = ()
        structure: Mapping[str, Sequence[str]] = {}
        if self.question.features:
            method = self.explainer.method
            vocabulary = self.explainer.network.vocabulary
            features = method.features(vocabulary)
            structure = entry_names(vocabulary) if method.has_structure else {}
        extras = {
            self.extra_names[name]: self.types.get(name) or pa.string() for name in self.extras
        }
        columns = schema(
            self.explainer.card,
            features,
            extras,
            self.blocks,
            bool(self.question.fragments),
            structure,
            words=self.explainer.reads == "texts" and self.question.relevances,
        )
        for name in self.products:
            columns = columns.append(pa.field(name, pa.large_binary()))
        return columns

    def __call__(self, rows: Columns) -> dict[str, ndarray]:
        """Records of the rows, in order, with the columns of `schema`.

        Columns are arrays of objects if they hold text, lists or nothing.

        Raises:
            ValueError: there is no column `input`.
        """
        question = self.question
        # Predictions compare molecules, and the others draw or cut them.
        is_looked_at = self.products or self.blocks or question.scheme or not question.relevances
        keep = bool(is_looked_at)
        inputs = (entry.read(question.max_atoms, keep) for entry in entries_of(rows))
        make = self._explain if question.relevances else self._predict
        records = list(make(inputs))
        return {name: as_array([row.get(name) for row in records]) for name in self.schema.names}

    def table(self, rows: Columns) -> pa.Table:
        """Records of the rows as a typed table."""
        columns = self(rows)
        return pa.table(
            {field.name: as_typed(columns[field.name], field.type) for field in self.schema}
        )

    def _explain(self, inputs: Iterable[Input]) -> Iterator[Record]:
        question = self.question
        for answer in explain_by_each(self.explainers, inputs, question):
            row, explanation = answer.explained[0]
            content = record(row, explanation, question.features, question.scheme)
            content |= self._beside(row)
            for name, make in self.products.items():
                content[name] = make(self.explainer, answer)
            yield content

    def _predict(self, inputs: Iterable[Input]) -> Iterator[Record]:
        pairs = predict_rows(self.explainer, inputs, self.question.target or PREDICTION)
        for row, prediction in pairs:
            yield prediction_record(row, prediction, self.explainer.card) | self._beside(row)

    def _beside(self, row: Input) -> Record:
        """What the rows' own columns say, and the mol block."""
        cells = {name: self._cell(row, extra) for extra, name in self.extra_names.items()}
        if self.blocks:
            cells[BLOCK] = structure_block(row.subject)
        return cells

    def _cell(self, row: Input, name: str) -> Any:
        """As it is if the column has a type, otherwise as text."""
        value = row.extras.get(name)
        return value if self.types.get(name) else as_text(value)


def _without_split(explainer: BaseExplainer) -> BaseExplainer:
    """The explainer with a method that does not split relevance over features, if it can."""
    explainer = copy(explainer)
    if isinstance(explainer.method, GradientInput):
        explainer.method = replace(explainer.method, split=False)
    return explainer


def explain_by_each(
    explainers: Sequence[BaseExplainer], inputs: Iterable[Input], question: Question
) -> Iterator[Answer]:
    """Every input by every method, in order."""
    return chain.from_iterable(explain_in_steps(explainers, inputs, question, CHUNK))


def explain_in_steps(
    explainers: Sequence[BaseExplainer], inputs: Iterable[Input], question: Question, size: int
) -> Iterator[list[Answer]]:
    """The same in chunks of so many inputs.

    An empty list comes after each method of a chunk: there the work may stop.
    """
    target = question.target or PREDICTION
    for chunk in chunks(inputs, size):
        by_method = []
        for explainer in explainers:
            by_method.append(list(explain_rows(explainer, chunk, target, question.contrast)))
            yield []
        yield [Answer(row, tuple(pairs)) for row, *pairs in zip(chunk, *by_method, strict=True)]


def structure_block(subject: Any) -> str | None:
    """The mol block of a molecule: coordinates as they were given, otherwise computed."""
    from rdkit import Chem
    from rdkit.Chem import rdDepictor

    if not isinstance(subject, Molecule):
        return None
    mol = Chem.Mol(subject.mol)
    if not mol.GetNumConformers():
        rdDepictor.Compute2DCoords(mol)
    return Chem.MolToMolBlock(mol)
