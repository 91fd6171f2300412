"""Pictures as the output of a run: workers draw, the sink writes one file or a folder of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from graphormer.files import write_file
from molxai.batch.plan import Plan
from molxai.batch.question import Question
from molxai.batch.run import run
from molxai.batch.sinks import Sink, TooManyRowsError
from molxai.batch.worker import Answer, Product, Worker
from molxai.chemistry.fragments import fragment_labels, named_parts
from molxai.chemistry.schemes import scheme_of
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.entry import Input
from molxai.explanation.inputs import Inputs
from molxai.explanation.orientation import Orientation, orientation_in
from molxai.rendering import FORMATS
from molxai.rendering.look import PLAIN, Look, Scale, common_limit, common_low, scale_of

PICTURE = "picture"
FILE = "file"
"""Columns of the picture and of its file's name."""

LONGEST_ID = 60
"""Letters of an id in a file's name."""

DRAWING_PASSES = 100
"""Passes of `lrp` that take as long as drawing a picture: about a tenth of a second."""


def picture_name(row: Input, ending: str = ".svg") -> str:
    """A file name from the row and the input's id, safe on every file system."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", row.id).strip("-")[:LONGEST_ID]
    return f"{row.row:05d}{'-' + safe if safe else ''}{ending}"


@dataclass(frozen=True)
class Drawing:
    """Draws the explanation of a row."""

    ending: str
    """Ending of the file's name: one of `ENDINGS`."""
    look: Look = PLAIN
    fragments: str | tuple[str, ...] = ""
    """Scheme whose fragments are outlined, with their sums beside them."""
    scale: Scale = "own"
    """Magnitude in full colour: `own`, each picture's largest, or a number."""
    align: str = ""
    """Core on which molecules are drawn, as SMARTS, SMILES or `mcs`; empty: each as it is."""
    orientation: Orientation | None = None
    """How they lie on it, when that is known."""
    passes: int = DRAWING_PASSES

    def __call__(self, explainer: BaseExplainer, answer: Answer) -> bytes | None:
        # matplotlib takes half a second to load
        from molxai.explanation.pictures import picture_of
        from molxai.rendering.picture import picture_as

        explanation = answer.explanation
        if explanation is None:
            return None
        if self.orientation:
            explanation = self.orientation.explanation(explanation)
        scale = scale_of(self.scale)
        look = self.look.at(None if isinstance(scale, str) else scale)
        parts = fragment_labels(explanation, scheme_of(self.fragments)) if self.fragments else ()
        picture = picture_of(explanation, look, parts, named_parts(explanation))
        content = picture_as(picture, FORMATS[self.ending], look)
        return content.encode() if isinstance(content, str) else content


@dataclass(frozen=True)
class FileName:
    """Names the picture of a row."""

    ending: str
    passes: int = 0

    def __call__(self, explainer: BaseExplainer, answer: Answer) -> bytes:
        return picture_name(answer.input, self.ending).encode()


@dataclass(frozen=True)
class PictureFolder(Sink):
    """A picture of each input, in a folder that is made if it is missing."""

    folder: Path
    drawing: Drawing

    @property
    def path(self) -> Path:
        """The folder."""
        return self.folder

    @property
    def keeps_errors(self) -> bool:
        """There is no picture of an error."""
        return False

    @property
    def products(self) -> Mapping[str, Product]:
        """A picture and its name."""
        return {PICTURE: self.drawing, FILE: FileName(self.drawing.ending)}

    def prepare(self, inputs: Inputs, question: Question) -> "PictureFolder":
        """The folder of pictures on the common core of the inputs, if there is to be one.

        Raises:
            ValueError: there is no such core.
            FileNotFoundError: a named file does not exist.
        """
        if not self.drawing.align:
            return self
        orientation = orientation_in(inputs, self.drawing.align, question.max_atoms)
        return replace(self, drawing=replace(self.drawing, orientation=orientation))

    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> None:
        """Write every picture under its name; the folder is made with the first.

        Raises:
            OSError: one cannot be written.
        """
        for table in tables:
            names = table[FILE].to_pylist()
            pictures = table[PICTURE].to_pylist()
            for name, picture in zip(names, pictures, strict=True):
                if picture is not None:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    write_file(self.folder / name.decode(), picture)


@dataclass(frozen=True)
class PictureFile(Sink):
    """The picture of a single input."""

    file: Path
    drawing: Drawing

    @property
    def path(self) -> Path:
        """The picture."""
        return self.file

    @property
    def keeps_errors(self) -> bool:
        """There is no picture of an error."""
        return False

    @property
    def most(self) -> int:
        """One input has one picture."""
        return 1

    @property
    def products(self) -> Mapping[str, Product]:
        """The picture."""
        return {PICTURE: self.drawing}

    def check_count(self, rows: int) -> None:
        """Refuse several inputs.

        Raises:
            TooManyRowsError: there are several.
        """
        if rows > self.most:
            raise TooManyRowsError(
                "several inputs but one picture: add --grid 3x2, give a folder (-o maps), "
                "or explain one at a time"
            )

    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> None:
        """Write the picture.

        Raises:
            OSError: it cannot be written.
        """
        (picture,) = (picture for table in tables for picture in table[PICTURE].to_pylist())
        write_file(self.file, picture)


class LargestRelevance(Sink):
    """Looks for the largest relevance of all rows, which a common scale needs, and the least."""

    limit: float | None = None
    low: float | None = None

    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> None:
        """Look at the rows."""
        ends = [
            (min(relevance), max(relevance))
            for table in tables
            for relevance in table["relevance"].to_pylist()
            if relevance
        ]
        method = explainer.method
        self.limit = common_limit("common", ends, method.in_unit)
        self.low = common_low("common", ends, method.signed)


def on_common_scale(
    sink: PictureFolder, question: Question, inputs: Inputs, plan: Plan
) -> PictureFolder:
    """The sink with the largest relevance of all rows in full colour; explains them once more.

    Raises:
        ValueError, OSError: as `run`.
    """
    largest = LargestRelevance()
    run(Worker(question), inputs, largest, replace(plan, resume=False, restart=False))
    scale = "own" if largest.limit is None else largest.limit
    look = sink.drawing.look.at(largest.limit, largest.low)
    return replace(sink, drawing=replace(sink.drawing, scale=scale, look=look))
