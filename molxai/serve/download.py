"""The results of an upload as a file."""

import json
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from starlette.responses import Response

from molxai.records import schema, write_tables
from molxai.serve.desk import Upload


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


def download(found: Upload, ending: Ending) -> Response:
    """The records as `molxai explain -o` writes them; through a temporary file, for its writers write files."""
    records = [json.loads(one) for row in found.job.results for one in row.records]
    columns = schema(found.explainer.card, extras=found.extras)
    name = f"{Path(found.file).stem}-{found.explainer.card.name}-{found.explainer.method.name}.{ending}"
    with TemporaryDirectory(prefix="molxai-") as folder:
        path = Path(folder, f"result.{ending}")
        write_tables([pa.Table.from_pylist(records, columns)], columns, path)
        content = path.read_bytes()
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    headers = {"Content-Disposition": f'attachment; filename="{plain}"', "Cache-Control": "no-store"}
    return Response(content, headers=headers, media_type=TYPES[ending])
