"""The JSON API: what is asked for under which address."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from graphormer.readers.tables import Layout
from molxai.serve.api import (
    Explained,
    ExplainRequest,
    JobAnswer,
    Name,
    Predicted,
    PredictRequest,
    Question,
    Refusal,
)
from molxai.serve.desk import Desk, Upload
from molxai.serve.download import Ending, download
from molxai.serve.jobs import Job
from molxai.serve.subjects import subjects
from molxai.serve.uploads import safe_name, uploaded
from molxai.serve.work import Row, text

PAGE = 250
"""Rows of an upload that are told at once."""

LOOK = 0.2
"""Seconds between looks whether whoever asked is still there."""

GONE = 499
"""Status for one who is not: nobody reads it."""

REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Refusal, "description": meaning}
    for code, meaning in {
        404: "no such model or job",
        413: "too much at once",
        422: "cannot be done",
        503: "too much to do",
    }.items()
}

router = APIRouter(prefix="/api", responses=REFUSALS)


def desk_of(request: Request) -> Desk:
    """The desk of the application."""
    return request.app.state.desk


@router.post("/explain", responses={200: {"model": Explained}})
async def explain(asked: ExplainRequest, request: Request) -> Response:
    """Relevance of each atom or superpixel of the inputs, by one or several methods."""
    desk = desk_of(request)
    entries = await run_in_threadpool(subjects, asked, desk.settings)
    job = await run_in_threadpool(
        desk.explain, asked, asked.methods, entries, asked.features, asked.views
    )
    if not await _ended(job, request):
        return Response(status_code=GONE)
    views = f"[{','.join(row.view for row in job.results)}]" if asked.views else "null"
    return _json(f'{{"records": {_records(job.results)}, "views": {views}}}')


@router.post("/predict", responses={200: {"model": Predicted}})
async def predict(asked: PredictRequest, request: Request) -> Response:
    """What a model says of the inputs, with the spread of an ensemble and the similarity to what it learnt from."""
    desk = desk_of(request)
    entries = await run_in_threadpool(subjects, asked, desk.settings)
    job = await run_in_threadpool(desk.predict, asked.model, asked.target, asked.endpoint, entries)
    if not await _ended(job, request):
        return Response(status_code=GONE)
    return _json(f'{{"records": {_records(job.results)}}}')


@router.post("/upload", status_code=202, responses={202: {"model": JobAnswer}})
async def upload(
    request: Request,
    file: Annotated[
        UploadFile,
        File(
            description="CSV, TSV, SMI, SDF, Parquet, PNG, JPEG, NPY, NPZ, or TXT of molecules as they are pasted."
        ),
    ],
    model: Annotated[Name, Form(description="A name from /api/models.")] = "",
    methods: Annotated[
        Name, Form(description="Names from /api/methods, with commas between them.")
    ] = "lrp",
    target: Annotated[
        Name,
        Form(
            description="pred, true (with label_column), or a class's name or number. Default: the second of two classes."
        ),
    ] = "",
    contrast: Annotated[Name, Form(description="Class whose logit is subtracted.")] = "",
    endpoint: Annotated[Name, Form(description="Target column of a model that has several.")] = "",
    fragments: Annotated[
        Name, Form(description="Add fragments to the records: the id of a scheme.")
    ] = "",
    smiles_column: Annotated[
        Name, Form(description="Column of SMILES. Default: found by its name.")
    ] = "",
    id_column: Annotated[
        Name, Form(description="Column of names. Default: found by its name.")
    ] = "",
    separator: Annotated[
        Name, Form(description="Separator of a text table. Default: found in the file.")
    ] = "",
    encoding: Annotated[
        Name, Form(description="Encoding of a text file. Default: found in the file.")
    ] = "",
    label_column: Annotated[Name, Form(description="Column of the true class.")] = "",
) -> Response:
    """A file to explain row by row: a job, whose results are fetched as they are made. A bad row is a record with its error."""
    desk = desk_of(request)
    asked = Question(
        model=model,
        target=target,
        contrast=contrast or None,
        endpoint=endpoint,
        fragments=fragments,
    )
    names = [one.strip() for one in methods.split(",")]
    name = file.filename or "upload"
    layout = Layout(smiles_column, id_column, separator, encoding)
    entries = await run_in_threadpool(
        uploaded, name, await file.read(), desk.settings, layout, label_column
    )
    made = await run_in_threadpool(desk.upload, asked, names, entries, safe_name(name))
    return _json(_told(made, 0), 202)


@router.get("/jobs/{id}", responses={200: {"model": JobAnswer}})
async def job(
    id: str,
    request: Request,
    start: Annotated[int, Query(ge=0, description="Row to begin with.")] = 0,
    records: Annotated[bool, Query(description="Whether to tell records.")] = True,
    views: Annotated[
        bool, Query(description="Whether to tell what a page needs to draw each input.")
    ] = False,
) -> Response:
    """How far an upload is, and its results from row `start` on."""
    return _json(_told(find_upload(id, request), start, records, views))


@router.delete("/jobs/{id}", responses={200: {"model": JobAnswer}})
async def cancel(id: str, request: Request) -> Response:
    """Stop an upload; what is done stays."""
    found = find_upload(id, request)
    found.job.cancel()
    return _json(_told(found, found.job.total))


@router.get("/jobs/{id}/result.{ending}", response_class=Response)
async def result(
    id: str,
    ending: Ending,
    request: Request,
    method: Annotated[
        Name, Query(description="One of the upload's methods. Default: the first.")
    ] = "",
) -> Response:
    """The records of an upload that has ended, as the file that `molxai explain -o` writes."""
    found = find_upload(id, request)
    if not found.job.ended.done():
        raise ValueError(
            f"{len(found.job.results)} of {found.job.total} rows are done: wait for the rest, or cancel it"
        )
    return await run_in_threadpool(download, found, ending, method)


def find_upload(id: str, request: Request) -> Upload:
    """The upload of a job.

    Raises:
        FileNotFoundError: there is none, or it is forgotten.
    """
    found = desk_of(request).uploads.find(id)
    if found is None:
        raise FileNotFoundError(
            "no such job here: results are kept for half an hour after they were last asked for; upload the file again"
        )
    return found


async def _ended(job: Job[Row], request: Request) -> bool:
    """Wait for a job; whether somebody still waits for its results.

    Raises:
        Exception: whatever the job failed with.
    """
    waited = asyncio.wrap_future(job.ended)
    while not (await asyncio.wait([waited], timeout=LOOK))[0]:
        if await request.is_disconnected():
            job.cancel()
    if job.error:
        raise job.error
    return job.state == "done"


def _told(found: Upload, start: int, records: bool = True, views: bool = False) -> str:
    """A page of what an upload has come to, as JSON."""
    job, state = found.job, found.job.state
    done = len(job.results)
    page = job.results[start : start + PAGE]
    known = {
        "id": job.id,
        "file": found.file,
        "model": found.work.explainers[0].card.name,
        "methods": found.work.methods,
        "columns": len(found.extras),
        "state": state,
        "total": job.total,
        "done": done,
        "errors": sum(row.faulty for row in job.results),
        "error": str(job.error) if job.error else None,
        "next": start + len(page) if start + len(page) < done else None,
    }
    shown = f"[{','.join(row.view for row in page)}]" if views else "null"
    told = _records(page) if records else "null"
    return f'{text(known)[:-1]}, "records": {told}, "views": {shown}}}'


def _records(rows: list[Row]) -> str:
    return f"[{','.join(one for row in rows for one in row.records)}]"


def _json(content: str, status: int = 200) -> Response:
    return Response(content, status, {"Cache-Control": "no-store"}, "application/json")
