"""What the workbench asks of an upload: a column, a substructure, chosen rows as a file."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from graphormer.names import unknown
from molxai.chemistry.substructure import rows_with
from molxai.pages.report import USUAL_LOOK, write_report
from molxai.pages.summary import comparison_note, histogram, readable, tiles
from molxai.serve.api import Name
from molxai.serve.dispatch import Upload
from molxai.serve.download import Ending, attachment, download
from molxai.serve.routes import REFUSALS, find_upload
from molxai.serve.series import views_of
from molxai.serve.threads import in_thread
from molxai.serve.work import Row

MOST_CHOSEN = 20_000
"""Rows that are chosen at most: as many as a page holds."""


class Column(BaseModel):
    """A column of an upload, for the rows that are done."""

    values: list[str | None] = Field(description="Its cells, in the order of the rows.")


class Pattern(BaseModel):
    """A substructure to look for."""

    model_config = ConfigDict(extra="forbid")

    pattern: str = Field(description="SMARTS, or a SMILES.")


class Matches(BaseModel):
    """The rows that have a substructure."""

    rows: list[int] = Field(description="Their numbers, counted from 0.")


class Chosen(BaseModel):
    """Rows to keep."""

    model_config = ConfigDict(extra="forbid")

    rows: list[int] = Field(
        min_length=1, max_length=MOST_CHOSEN, description="Numbers of rows, counted from 0."
    )
    method: Name = Field("", description="One of the upload's methods. Default: the first.")


class Summary(BaseModel):
    """What the rows that are done say together."""

    tiles: list[tuple[str, str]] = Field(description="Counts and means, name first.")
    histogram: dict[str, Any] | None = Field(
        description="How the outputs are spread: counts of equal bins from low to high; the unit."
    )
    note: str = Field(description="How many measured labels are not compared; empty if all are.")


router = APIRouter(prefix="/api", responses=REFUSALS)


@router.get("/jobs/{id}/column")
async def column(
    id: str, request: Request, name: Annotated[Name, Query(description="Name of the column.")]
) -> Column:
    """The cells of one of an upload's other columns."""
    upload = find_upload(id, request)
    if name not in upload.names:
        raise ValueError(unknown("column", name, upload.names, where=f"in {upload.file}"))
    rows = list(upload.job.results)
    return Column(values=[json.loads(row.extras).get(name) for row in rows])


@router.post("/jobs/{id}/substructure")
async def substructure(id: str, asked: Pattern, request: Request) -> Matches:
    """The rows of an upload that have a substructure, by RDKit."""
    rows = list(find_upload(id, request).job.results)
    return await in_thread(_matches, asked.pattern, rows)


@router.get("/jobs/{id}/summary")
async def summary(id: str, request: Request) -> Summary:
    """Counts, and how the outputs are spread."""
    views = views_of(find_upload(id, request).job.results)
    if not readable(views):
        return Summary(tiles=[], histogram=None, note="")
    return Summary(tiles=tiles(views), histogram=histogram(views), note=comparison_note(views))


@router.post("/jobs/{id}/rows.{ending}", response_class=Response)
async def rows(id: str, ending: Ending, asked: Chosen, request: Request) -> Response:
    """The records of chosen rows, as the file that `molxai explain -o` writes."""
    upload = find_upload(id, request)
    chosen = _chosen(upload, asked.rows)
    return await in_thread(download, upload, ending, asked.method, chosen)


@router.post("/jobs/{id}/report", response_class=Response)
async def report(id: str, asked: Chosen, request: Request) -> Response:
    """A report page of chosen rows."""
    upload = find_upload(id, request)
    chosen = _chosen(upload, asked.rows)
    content = await in_thread(_report, upload, chosen)
    name = f"{Path(upload.file).stem}-report.html"
    return attachment(content, name, "text/html; charset=utf-8")


def _chosen(upload: Upload, numbers: Sequence[int]) -> list[Row]:
    """The rows of these numbers, in the order of the upload.

    Raises:
        ValueError: there is no such row, or it is not done yet.
    """
    done = list(upload.job.results)
    for number in numbers:
        if not 0 <= number < len(done):
            raise ValueError(
                f"row {number} of {upload.file}: rows 0 to {len(done) - 1} are done; "
                "choose among them"
            )
    return [done[number] for number in sorted(set(numbers))]


def _matches(pattern: str, rows: Sequence[Row]) -> Matches:
    records = [json.loads(row.own_records[0]) for row in rows]
    return Matches(rows=rows_with(pattern, [record["smiles"] for record in records]))


def _report(upload: Upload, rows: Sequence[Row]) -> bytes:
    """The page as a file's content.

    Raises:
        ValueError: none of the rows was explained.
    """
    views = views_of(rows)
    if not readable(views):
        raise ValueError("none of the chosen rows could be explained: choose others")
    with TemporaryDirectory(prefix="molxai-") as folder:
        path = Path(folder, "report.html")
        look = {**USUAL_LOOK, "label_column": upload.source.label_column}
        write_report(path, views, upload.work.explainers[0], upload.work.question, look=look)
        return path.read_bytes()
