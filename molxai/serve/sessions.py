"""A session as a file: what was asked, what was sent, what came back, and how it was shown.

It is gzipped JSON with a version. Opening one computes nothing: its rows become the results of a
job that has ended. A file may come from anybody, so its size and its types are checked first.
"""

import base64
import gzip
import json
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Request, Response, UploadFile
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from graphormer.files import digest
from graphormer.names import unknown
from graphormer.readers.tables import Layout
from molxai.explanation.methods import method as method_named
from molxai.serve.api import MOST_METHODS, Name, QuestionFields, Record
from molxai.serve.dispatch import Dispatcher, Upload
from molxai.serve.download import attachment
from molxai.serve.routes import REFUSALS, dispatcher_of, find_upload
from molxai.serve.session_view import SessionView
from molxai.serve.settings import Settings
from molxai.serve.unpacking import MEGABYTE, OversizedError, unpack
from molxai.serve.uploads import MOST_FILES, SentFile, Source, safe_name
from molxai.serve.work import Row, text

VERSION = 1
"""The version of the file. Another number says that an older molxai cannot read it."""

GZIP = b"\x1f\x8b"
"""How a gzip file begins."""

LONGEST_STATE = 200_000
"""Letters of an address: a drawn digit alone has thousands."""

COMPRESSION = 6
"""The level of gzip: more takes longer and saves little."""


class Strict(BaseModel):
    """A part of which every field is known."""

    model_config = ConfigDict(extra="forbid")


class SessionRow(Strict):
    """The answer to one input."""

    records: list[Record]
    extras: dict[str, Any]
    view: SessionView
    block: str = ""

    def row(self, name: str) -> Row:
        """The same as it waits in memory.

        Raises:
            ValueError: the file of this name holds numbers that are not finite.
        """
        records = tuple(_plain(record.model_dump(), name) for record in self.records)
        view = _plain(self.view.model_dump(exclude_unset=True), name)
        is_faulty = not self.view.methods
        return Row(records, view, is_faulty, self.block, _plain(self.extras, name))


class SessionFile(Strict):
    """A file that was sent."""

    name: Name
    content: Base64Bytes


class SessionModel(Strict):
    """The model that was asked."""

    name: Name
    sha256: Name


class Session(Strict):
    """The file."""

    format: Literal["molxai-session"]
    version: Literal[1]
    molxai: Name
    date: Name
    model: SessionModel
    methods: Annotated[list[Name], Field(min_length=1, max_length=MOST_METHODS)]
    question: QuestionFields
    files: Annotated[list[SessionFile], Field(min_length=1, max_length=MOST_FILES)]
    layout: Annotated[list[Name], Field(min_length=5, max_length=5)]
    label_column: Name
    pasted: bool
    state: Annotated[str, Field(max_length=LONGEST_STATE)]
    extras: list[str]
    rows: Annotated[list[SessionRow], Field(min_length=1)]


class Look(BaseModel):
    """How the page shows what is saved."""

    model_config = ConfigDict(extra="forbid")

    state: str = Field(
        "", max_length=LONGEST_STATE, description="The page's address, kept as it is."
    )


class Opened(BaseModel):
    """A session that was opened."""

    id: str = Field(description="Id of the job that holds its results.")
    state: str = Field(description="The page's address when it was saved.")
    says: str = Field(description="When, with which version and by which model it was made.")


router = APIRouter(prefix="/api", responses=REFUSALS)


@router.post("/jobs/{id}/session", response_class=Response)
async def save(id: str, look: Look, request: Request) -> Response:
    """A job that has ended as a file: question, inputs, results and look."""
    upload = find_upload(id, request)
    if not upload.job.ended.done():
        raise ValueError("the table is still at work: wait for the rest, or cancel it")
    if not upload.job.results:
        raise ValueError(f"no row of {upload.file} is done: there is nothing to save")
    settings = dispatcher_of(request).settings
    content = await run_in_threadpool(session_content, upload, look.state, settings)
    name = f"{Path(upload.file).stem}-session.json.gz"
    return attachment(content, name, "application/gzip")


@router.post("/sessions")
async def open_session(
    request: Request, file: Annotated[UploadFile, File(description="A saved session.")]
) -> Opened:
    """A saved session again, as a job that has ended. Nothing is computed."""
    dispatcher = dispatcher_of(request)
    name = safe_name(file.filename or "session")
    return await run_in_threadpool(_open, name, await file.read(), dispatcher)


def session_content(upload: Upload, state: str, settings: Settings) -> bytes:
    """The file of an upload that has ended.

    Raises:
        OversizedError: it would hold more than can be opened again.
    """
    question = upload.work.question
    source = upload.source
    fragments = question.fragments
    fields = QuestionFields(
        model=question.model,
        target=question.target,
        contrast=question.contrast,
        endpoint=question.endpoint,
        fragments=fragments if isinstance(fragments, str) else list(fragments),
    )
    layout = source.layout
    head = {
        "format": "molxai-session",
        "version": VERSION,
        "molxai": metadata.version("molxai"),
        "date": date.today().isoformat(),
        "model": {
            "name": upload.card.name,
            "sha256": digest(settings.models[question.model]),
        },
        "methods": question.methods,
        "question": fields.model_dump(),
        "files": [
            {"name": safe_name(file.name), "content": base64.b64encode(file.content).decode()}
            for file in source.files
        ],
        "layout": [
            layout.smiles_column,
            layout.id_column,
            layout.separator,
            layout.encoding,
            layout.text_column,
        ],
        "label_column": source.label_column,
        "pasted": source.pasted,
        "state": state,
        "extras": upload.names,
    }
    rows = ",\n".join(_row_content(row) for row in list(upload.job.results))
    content = f'{text(head)[:-1]}, "rows": [\n{rows}\n]}}\n'.encode()
    _check_size(f"the session of {upload.file}", content, settings)
    return gzip.compress(content, COMPRESSION, mtime=0)


def _check_size(name: str, content: bytes, settings: Settings) -> None:
    """Refuse a session that holds too much.

    Raises:
        OversizedError: it does.
    """
    if len(content) > settings.largest_session:
        most = settings.largest_session // MEGABYTE
        raise OversizedError(
            f"{name} holds more than {most} MB, more than a session may: take fewer rows or methods"
        )


def _row_content(row: Row) -> str:
    """A `SessionRow` as JSON."""
    records = ", ".join(row.own_records)
    block = f', "block": {text(row.block)}' if row.block else ""
    return f'{{"records": [{records}], "extras": {row.extras}, "view": {row.view}{block}}}'


def _open(name: str, content: bytes, dispatcher: Dispatcher) -> Opened:
    """Keep a session's results under a job.

    Raises:
        ValueError: it is no session, or not one of this version.
        FileNotFoundError: its model is not served.
        OversizedError: it holds too much.
    """
    settings = dispatcher.settings
    session = _read(name, content, settings)
    _check_methods(name, session)
    models = settings.models
    if session.model.name not in models:
        reason = unknown("model", session.model.name, models, where="here")
        raise FileNotFoundError(
            f"{reason}; the session was made by it: start 'molxai serve' with -m FOLDER of it"
        )
    if session.question.model != session.model.name:
        raise ValueError(
            f"{name}: the model {session.model.name!r} was asked, and the question names "
            f"{session.question.model!r}: choose a file that 'Save session' has written"
        )
    question = session.question.question(session.methods)
    files = tuple(SentFile(file.name, file.content) for file in session.files)
    source = Source(files, Layout(*session.layout), session.label_column, session.pasted)
    rows = [row.row(name) for row in session.rows]
    upload = dispatcher.reopen(question, source, rows, tuple(session.extras))
    is_same = digest(models[session.model.name]) == session.model.sha256
    other = "" if is_same else ", which has changed since: explained anew, numbers may differ"
    says = (
        f"Session of {session.date[:10]}, made with molxai {session.molxai} "
        f"and the model {session.model.name}{other}."
    )
    return Opened(id=upload.job.id, state=session.state, says=says)


def _check_methods(name: str, session: Session) -> None:
    """Refuse rows that were explained by other methods than the session names.

    Raises:
        ValueError: one was, or there is no such method, or it is named twice.
    """
    methods = session.methods
    for method in methods:
        method_named(method)
    if len(set(methods)) < len(methods):
        raise ValueError(f"{name}: a method is named twice in {', '.join(methods)}")
    if any(len(row.records) != len(methods) for row in session.rows):
        raise ValueError(f"{name}: a row has not as many records as there are methods")
    if any(set(row.view.methods or ()) - set(methods) for row in session.rows):
        raise ValueError(f"{name}: a row is explained by a method that the session does not name")


def _read(name: str, content: bytes, settings: Settings) -> Session:
    if content.startswith(GZIP):
        content = unpack(content, settings.largest_session, name)
    _check_size(name, content, settings)
    try:
        session = Session.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ValueError(
            f"{name} is no session of molxai, or not of this version ({where}: {first['msg']}): "
            "choose a file that 'Save session' has written"
        ) from error
    if len(session.rows) > settings.most_rows:
        raise OversizedError(f"{name} has {len(session.rows)} rows: at most {settings.most_rows}")
    return session


def _plain(content: Any, name: str) -> str:
    try:
        return json.dumps(content, allow_nan=False)
    except ValueError as error:
        raise ValueError(
            f"{name} is no session of molxai: it holds numbers that are not finite; "
            "choose a file that 'Save session' has written"
        ) from error
