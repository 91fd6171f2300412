"""The results of an upload as a file."""

import json
import re
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from starlette.responses import Response

from graphormer.names import unknown
from molxai.batch.records import column_names, schema
from molxai.batch.writers import write_tables
from molxai.serve.dispatch import Upload


class Ending(StrEnum):
    """The ending of a file of records."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


TYPES = {
    Ending.CSV: "text/csv; charset=utf-8",
    Ending.JSON: "application/json",
    Ending.JSONL: "application/x-ndjson",
    Ending.PARQUET: "application/vnd.apache.parquet",
}
"""The media type of each kind of file."""


def download(upload: Upload, ending: Ending, method: str) -> Response:
    """The records of one method as `molxai explain -o` writes them.

    They go through a temporary file, because the writers write files.

    Args:
        upload: that has ended.
        ending: of the file.
        method: that explained the upload; empty for its first.

    Raises:
        ValueError: the upload was not explained by that method.
    """
    work = upload.work
    method = method or work.methods[0]
    check_method(upload, method)
    card = upload.card
    number = work.methods.index(method)
    records = [json.loads(row.records[number]) for row in upload.job.results]
    names = column_names(upload.extras).values()
    extras = dict.fromkeys(names, pa.string())
    has_fragments = bool(work.question.fragments)
    columns = schema(card, extras=extras, fragments=has_fragments)
    table = pa.Table.from_pylist(records, columns)
    content = _file_content(table, ending)
    name = f"{Path(upload.file).stem}-{card.name}-{method}.{ending}"
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    headers = {
        "Content-Disposition": f'attachment; filename="{plain}"',
        "Cache-Control": "no-store",
    }
    return Response(content, headers=headers, media_type=TYPES[ending])


def check_method(upload: Upload, method: str) -> None:
    """Refuse a method that the upload was not explained by.

    Raises:
        ValueError: it is one.
    """
    methods = upload.work.methods
    if method not in methods:
        place = f"among those that explained {upload.file}"
        raise ValueError(unknown("method", method, methods, where=place))


def _file_content(table: pa.Table, ending: Ending) -> bytes:
    with TemporaryDirectory(prefix="molxai-") as folder:
        path = Path(folder, f"result.{ending}")
        write_tables([table], table.schema, path)
        return path.read_bytes()
