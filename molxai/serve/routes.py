"""The JSON API: what is asked for under which address."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from graphormer.names import split_names
from graphormer.readers.tables import Layout
from molxai.explanation.subjects import read_by
from molxai.serve.api import (
    Explained,
    ExplainRequest,
    JobAnswer,
    Name,
    Predicted,
    PredictRequest,
    QuestionFields,
    Refusal,
)
from molxai.serve.dispatch import Dispatcher, Upload
from molxai.serve.download import Ending, download
from molxai.serve.jobs import Job
from molxai.serve.subjects import subjects
from molxai.serve.uploads import SentFile, Source
from molxai.serve.words import page_words
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


def dispatcher_of(request: Request) -> Dispatcher:
    """The dispatcher of the application."""
    return request.app.state.dispatcher


@router.post("/explain", responses={200: {"model": Explained}})
async def explain(asked: ExplainRequest, request: Request) -> Response:
    """Relevance of each atom or superpixel of the inputs, by one or several methods."""
    dispatcher = dispatcher_of(request)
    entries = await run_in_threadpool(subjects, asked, dispatcher.settings)
    question = asked.question(asked.methods, asked.features, asked.structure)
    job = await run_in_threadpool(dispatcher.explain, question, entries, asked.views)
    if not await _ended(job, request):
        return Response(status_code=GONE)
    views = _views(job.results) if asked.views else "null"
    return _json(f'{{"records": {_records(job.results)}, "views": {views}}}')


@router.post("/predict", responses={200: {"model": Predicted}})
async def predict(asked: PredictRequest, request: Request) -> Response:
    """Predictions, with the spread of an ensemble and the similarity to the training molecules."""
    dispatcher = dispatcher_of(request)
    entries = await run_in_threadpool(subjects, asked, dispatcher.settings)
    job = await run_in_threadpool(dispatcher.predict, asked.question(), entries)
    if not await _ended(job, request):
        return Response(status_code=GONE)
    return _json(f'{{"records": {_records(job.results)}}}')


Files = Annotated[
    list[UploadFile] | None,
    File(
        description=(
            "CSV, TSV, SMI, SDF, MOL, XLSX, Parquet, PNG, JPEG, NPY, NPZ, or TXT of molecules as "
            "they are pasted; text may be packed (.gz). Several files become one table."
        )
    ),
]
SmilesColumn = Annotated[Name, Form(description="Column of SMILES. Default: found by its name.")]
IdColumn = Annotated[Name, Form(description="Column of names. Default: found by its name.")]
Separator = Annotated[
    Name, Form(description="Separator of a text table. Default: found in the file.")
]
EncodingName = Annotated[
    Name, Form(description="Encoding of a text file. Default: found in the file.")
]


@router.post("/upload", status_code=202, responses={202: {"model": JobAnswer}})
async def upload(
    request: Request,
    file: Files = None,
    again: Annotated[
        Name, Form(description="In place of files: a job whose files are explained anew.")
    ] = "",
    pasted: Annotated[
        bool, Form(description="Whether the file is pasted text, of which one row is no table.")
    ] = False,
    model: Annotated[Name, Form(description="A name from /api/models.")] = "",
    methods: Annotated[
        Name, Form(description="Names from /api/methods, with commas between them.")
    ] = "lrp",
    target: Annotated[
        Name,
        Form(
            description=(
                "pred, true (with label_column), or a class's name or number. "
                "Default: the second of two classes."
            )
        ),
    ] = "",
    contrast: Annotated[Name, Form(description="Class whose logit is subtracted.")] = "",
    endpoint: Annotated[Name, Form(description="Target column of a model that has several.")] = "",
    fragments: Annotated[
        Name, Form(description="Add fragments to the records: the id of a scheme.")
    ] = "",
    smiles_column: SmilesColumn = "",
    id_column: IdColumn = "",
    separator: Separator = "",
    encoding: EncodingName = "",
    label_column: Annotated[Name, Form(description="Column of the true class or value.")] = "",
) -> Response:
    """Files to explain row by row: a job, whose results are fetched as they are made.

    A bad row is a record with its error.
    """
    dispatcher = dispatcher_of(request)
    fields = QuestionFields(
        model=model,
        target=target,
        contrast=contrast or None,
        endpoint=endpoint,
        fragments=fragments,
    )
    question = fields.question(split_names(methods))
    layout = Layout(smiles_column, id_column, separator, encoding)
    if again:
        earlier = find_upload(again, request).source
        source = replace(earlier, layout=layout, label_column=label_column)
    else:
        source = Source(await sent_files(file), layout, label_column, pasted)
    entries = await run_in_threadpool(source.rows, dispatcher.settings)
    upload = await run_in_threadpool(dispatcher.upload, question, entries, source)
    return _json(answer(upload, 0), 202)


async def sent_files(files: Sequence[UploadFile] | None) -> tuple[SentFile, ...]:
    """The files of a form.

    Raises:
        ValueError: there are none.
    """
    if not files:
        raise ValueError("no file: send one as 'file', or name a job as 'again'")
    return tuple([SentFile(file.filename or "upload", await file.read()) for file in files])


@router.get("/jobs/{id}/text", response_class=Response)
async def pasted_text(id: str, request: Request) -> Response:
    """The text that a job of pasted text was made of."""
    source = find_upload(id, request).source
    if not source.pasted:
        raise ValueError(f"{source.name} is a file and no pasted text")
    content = source.files[0].content
    return Response(content, 200, {"Cache-Control": "no-store"}, "text/plain; charset=utf-8")


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
    return _json(answer(find_upload(id, request), start, records, views))


@router.delete("/jobs/{id}", responses={200: {"model": JobAnswer}})
async def cancel(id: str, request: Request) -> Response:
    """Stop an upload; what is done stays."""
    upload = find_upload(id, request)
    upload.job.cancel()
    return _json(answer(upload, upload.job.total))


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
    upload = find_upload(id, request)
    job = upload.job
    if not job.ended.done():
        raise ValueError(
            f"{len(job.results)} of {job.total} rows are done: wait for the rest, or cancel it"
        )
    return await run_in_threadpool(download, upload, ending, method)


def find_upload(id: str, request: Request) -> Upload:
    """The upload of a job.

    Raises:
        FileNotFoundError: there is none, or it is forgotten.
    """
    upload = dispatcher_of(request).find(id)
    if upload is None:
        raise FileNotFoundError(
            "the server no longer holds these results: open the file again, or a saved session"
        )
    return upload


async def _ended(job: Job[Row], request: Request) -> bool:
    """Wait for a job; whether somebody still waits for its results.

    Raises:
        Exception: whatever the job failed with.
    """
    end = asyncio.wrap_future(job.ended)
    while not (await asyncio.wait([end], timeout=LOOK))[0]:
        if await request.is_disconnected():
            job.cancel()
    if job.error:
        raise job.error
    return job.state == "done"


def answer(upload: Upload, start: int, records: bool = True, views: bool = False) -> str:
    """How far an upload is, and a page of its results, as JSON."""
    job = upload.job
    state = job.state
    done = len(job.results)
    page = job.results[start : start + PAGE]
    following = start + len(page)
    content = {
        "id": job.id,
        "file": upload.file,
        "single": upload.is_single,
        "pasted": upload.source.pasted,
        "reads": read_by(upload.card),
        "model": upload.card.name,
        "methods": upload.work.methods,
        "smiles_column": upload.source.layout.smiles_column,
        "id_column": upload.source.layout.id_column,
        "label_column": upload.source.label_column,
        "columns": upload.names,
        "state": state,
        "total": job.total,
        "done": done,
        "errors": sum(row.faulty for row in job.results),
        "error": page_words(str(job.error)) if job.error else None,
        "next": following if following < done else None,
    }
    page_records = _records(page) if records else "null"
    page_views = _views(page) if views else "null"
    return f'{text(content)[:-1]}, "records": {page_records}, "views": {page_views}}}'


def _records(rows: Sequence[Row]) -> str:
    """The records of some rows as a JSON list."""
    return f"[{','.join(record for row in rows for record in row.records)}]"


def _views(rows: Sequence[Row]) -> str:
    """The views of some rows as a JSON list."""
    return f"[{','.join(row.view for row in rows)}]"


def _json(content: str, status: int = 200) -> Response:
    return Response(content, status, {"Cache-Control": "no-store"}, "application/json")
