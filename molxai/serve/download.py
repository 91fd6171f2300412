"""The results of an upload as a file."""

import json
import re
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from starlette.responses import Response

from graphormer.names import unknown
from molxai.batch.records import column_names, schema, write_tables
from molxai.serve.dispatch import Upload


class Ending(StrEnum):
    """Of a file of records."""

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


def download(found: Upload, ending: Ending, method: str) -> Response:
    """The records of one method as `molxai explain -o` writes them; through a temporary file, for its writers write files.

    Raises:
        ValueError: the upload was not explained by that method.
    """
    names = found.work.question.methods
    if method and method not in names:
        raise ValueError(
            unknown("method", method, names, where=f"among those that explained {found.file}")
        )
    place, card = names.index(method) if method else 0, found.work.explainers[0].card
    records = [json.loads(row.records[place]) for row in found.job.results]
    own = dict.fromkeys(column_names(found.extras).values(), pa.string())
    columns = schema(card, extras=own, fragments=bool(found.work.question.fragments))
    with TemporaryDirectory(prefix="molxai-") as folder:
        path = Path(folder, f"result.{ending}")
        write_tables([pa.Table.from_pylist(records, columns)], columns, path)
        content = path.read_bytes()
    name = f"{Path(found.file).stem}-{card.name}-{names[place]}.{ending}"
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    headers = {
        "Content-Disposition": f'attachment; filename="{plain}"',
        "Cache-Control": "no-store",
    }
    return Response(content, headers=headers, media_type=TYPES[ending])
