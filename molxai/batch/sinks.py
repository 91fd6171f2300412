"""Where the rows of a run go: a sink says what it needs of each row, and writes them in order."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa

from molxai.batch.question import Question
from molxai.batch.records import BLOCK
from molxai.batch.worker import Product
from molxai.batch.writers import FORMATS, write_tables
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.inputs import Inputs


class TooManyRowsError(ValueError):
    """There are more rows than can be written."""


class Sink(ABC):
    """A file, a folder, or the terminal; sinks override what is different for them."""

    @property
    def path(self) -> Path | None:
        """What is written; None: nothing."""
        return None

    @property
    def resumable(self) -> bool:
        """Whether what is done of a run is kept beside the output, if the run is stopped."""
        return self.path is not None

    @property
    def products(self) -> Mapping[str, Product]:
        """What workers make of each row beside its record, by the name of its column."""
        return {}

    @property
    def keeps_errors(self) -> bool:
        """Whether rows that could not be explained are written as well, with the reason."""
        return True

    @property
    def blocks(self) -> bool:
        """Whether records hold mol blocks."""
        return False

    @property
    def most(self) -> int | None:
        """Rows that can be written; None: any number."""
        return None

    def check(self, explainer: BaseExplainer) -> None:  # noqa: B027 - nothing to refuse is usual
        """Refuse what cannot be written of this model, before any work.

        Raises:
            ValueError: its inputs cannot be written so.
        """

    def prepare(self, inputs: Inputs, question: Question) -> "Sink":
        """The sink that knows what it must of all inputs before any is explained.

        Raises:
            ValueError: the inputs cannot be written so.
            FileNotFoundError: a named file does not exist.
        """
        return self

    def check_count(self, rows: int) -> None:
        """Refuse more rows than can be written.

        Args:
            rows: how many there are, or at least so many of more than can be written.

        Raises:
            TooManyRowsError: there are more.
        """
        if self.most is not None and rows > self.most:
            raise TooManyRowsError(f"more than {self.most} inputs: {self.path} holds no more")

    @abstractmethod
    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> None:
        """Write all rows, in order, at once or not at all.

        Raises:
            ValueError: there are rows that cannot be written so.
            OSError: the output cannot be written.
        """


@dataclass(frozen=True)
class RecordFile(Sink):
    """A file of records, in the format of its ending."""

    output: Path

    def __post_init__(self) -> None:
        if self.output.suffix.lower() not in FORMATS:
            raise ValueError(f"{self.output}: records are written to {', '.join(FORMATS)}")

    @property
    def path(self) -> Path:
        """The file."""
        return self.output

    @property
    def blocks(self) -> bool:
        """Only SDF holds structures."""
        return self.output.suffix.lower() == ".sdf"

    def check(self, explainer: BaseExplainer) -> None:
        """Refuse an SDF of what is no molecule.

        Raises:
            ValueError: it is one.
        """
        if self.blocks and explainer.reads != "molecules":
            raise ValueError(
                f"{self.output}: an SDF holds molecules, and these are {explainer.reads}; "
                "give .parquet, .jsonl, .csv or .json"
            )

    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer | None = None) -> None:
        """Write the records.

        Raises:
            ValueError: an SDF is to be written of records without structures.
            OSError: the file cannot be written.
        """
        remaining = iter(tables)
        first = self._columns(next(remaining))
        rest = (self._columns(table) for table in remaining)
        write_tables(chain([first], rest), first.schema, self.output)

    def _columns(self, table: pa.Table) -> pa.Table:
        """The table as this format holds it: structures in SDF, and nowhere else."""
        has_blocks = BLOCK in table.column_names
        if self.blocks and not has_blocks:
            raise ValueError(
                f"{self.output}: the parts hold no structures, for their run wrote another format "
                "than .sdf"
            )
        return table.drop_columns(BLOCK) if has_blocks and not self.blocks else table
