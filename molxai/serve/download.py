"""The results of an upload as a file."""

import json
import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from starlette.responses import Response

from graphormer.graphs.molecules import molecule
from graphormer.names import unknown
from molxai.batch.records import BLOCK, schema
from molxai.batch.worker import structure_block
from molxai.batch.writers import write_tables
from molxai.explanation.record import Record
from molxai.serve.dispatch import Upload
from molxai.serve.work import Row


class Ending(StrEnum):
    """The ending of a file of records."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"
    SDF = "sdf"
    XLSX = "xlsx"


TYPES = {
    Ending.CSV: "text/csv; charset=utf-8",
    Ending.JSON: "application/json",
    Ending.JSONL: "application/x-ndjson",
    Ending.PARQUET: "application/vnd.apache.parquet",
    Ending.SDF: "chemical/x-mdl-sdfile",
    Ending.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The media type of each kind of file."""


def download(
    upload: Upload, ending: Ending, method: str, rows: Sequence[Row] | None = None
) -> Response:
    """The records of one method as `molxai explain -o` writes them.

    They go through a temporary file, because the writers write files.

    Args:
        upload: that has ended.
        ending: of the file.
        method: that explained the upload; empty for its first.
        rows: whose records are written; all if there are none.

    Raises:
        ValueError: the upload was not explained by that method, or has no molecules for an SDF.
    """
    work = upload.work
    method = method or work.methods[0]
    check_method(upload, method)
    card = upload.card
    number = work.methods.index(method)
    has_blocks = ending == Ending.SDF
    if has_blocks and work.explainers[0].reads != "molecules":
        raise ValueError(f"{upload.file} holds no molecules for an SDF: take CSV, JSON or Parquet")
    records = []
    for row in rows or upload.job.results:
        record = json.loads(row.records[number])
        records.append(record | {BLOCK: _block(row, record)} if has_blocks else record)
    extras = dict.fromkeys(upload.names, pa.string())
    has_fragments = bool(work.question.fragments)
    columns = schema(card, extras=extras, blocks=has_blocks, fragments=has_fragments)
    table = pa.Table.from_pylist(records, columns)
    content = _file_content(table, ending)
    name = f"{Path(upload.file).stem}-{card.name}-{method}.{ending}"
    return attachment(content, name, TYPES[ending])


def attachment(content: bytes, name: str, media_type: str) -> Response:
    """A file to keep, under a name that nothing could mistake."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    headers = {
        "Content-Disposition": f'attachment; filename="{plain}"',
        "Cache-Control": "no-store",
    }
    return Response(content, headers=headers, media_type=media_type)


def _block(row: Row, record: Record) -> str | None:
    """The row's mol block; without coordinates of its own it is made of its SMILES."""
    if row.block or record["smiles"] is None:
        return row.block or None
    return structure_block(molecule(record["smiles"]))


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
