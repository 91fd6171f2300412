"""What columns files have, and which hold SMILES and ids: asked before they are explained."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from graphormer.readers.tables import TABLES, Layout
from graphormer.readers.text import ending
from molxai.explanation.opened import TableFile
from molxai.serve.api import Columns
from molxai.serve.routes import (
    REFUSALS,
    EncodingName,
    Files,
    IdColumn,
    Separator,
    SmilesColumn,
    dispatcher_of,
    find_upload,
    sent_files,
)
from molxai.serve.settings import Settings
from molxai.serve.uploads import Source, stored
from molxai.serve.words import page_words

router = APIRouter(prefix="/api", responses=REFUSALS)


@router.post("/columns")
async def columns(
    request: Request,
    file: Files = None,
    smiles_column: SmilesColumn = "",
    id_column: IdColumn = "",
    separator: Separator = "",
    encoding: EncodingName = "",
) -> Columns:
    """The columns of files, and which hold SMILES and ids. Nothing is explained or kept."""
    layout = Layout(smiles_column, id_column, separator, encoding)
    source = Source(await sent_files(file), layout)
    return await run_in_threadpool(_columns, source, dispatcher_of(request).settings)


@router.get("/jobs/{id}/columns")
async def job_columns(id: str, request: Request) -> Columns:
    """The same of the files of a job."""
    source = find_upload(id, request).source
    return await run_in_threadpool(_columns, source, dispatcher_of(request).settings)


def _columns(source: Source, settings: Settings) -> Columns:
    with stored(source.files, settings, source.layout) as paths:
        return look(paths, source.layout)


def look(paths: Sequence[Path], layout: Layout) -> Columns:
    """The columns of the files that have named ones, and what the first of them is taken for."""
    tables = [TableFile(path, layout, "") for path in paths if ending(path) in TABLES]
    names = list(dict.fromkeys(name for file in tables for name in file.table.columns))
    if not tables:
        return Columns(columns=[], smiles="", id="", error="")
    table = tables[0].table
    try:
        smiles = table.smiles_column(layout.smiles_column)
    except ValueError as error:  # the page asks for the column, and says this beside it
        reason = page_words(str(error).replace(f"{table.path.parent}/", ""))
        return Columns(columns=names, smiles="", id="", error=reason)
    identity = table.id_column(layout.id_column, smiles)
    return Columns(columns=names, smiles=smiles, id=identity, error="")
