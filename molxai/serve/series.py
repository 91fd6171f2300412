"""Which fragments carry relevance across the rows of an upload."""

import json
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from graphormer.names import unknown
from molxai.chemistry.schemes import SCHEMES
from molxai.explanation.methods import method as method_of
from molxai.pages.series import carrier_table
from molxai.serve.api import Name
from molxai.serve.download import check_method
from molxai.serve.routes import REFUSALS, find_upload
from molxai.serve.work import Row


class Carriers(BaseModel):
    """The fragments of all rows that are done, those with the largest |sum| first."""

    rows: list[tuple[str, int, int, float, float | None, float, float, int]] = Field(
        description="Name, number of molecules and of occurrences, mean relevance of an "
        "occurrence, its standard deviation, smallest and largest, and the row of an example."
    )
    limit: float = Field(description="The mean that is drawn in full colour.")
    low: float | None = Field(
        description="The mean in no colour, of a method without a sign; null of others."
    )
    decimals: int = Field(description="Digits after the point of the means.")
    note: str = Field(description="Why there are no rows; empty if there are.")


router = APIRouter(prefix="/api", responses=REFUSALS)


@router.get("/jobs/{id}/series")
async def series(
    id: str,
    request: Request,
    method: Annotated[
        Name, Query(description="One of the upload's methods. Default: the first.")
    ] = "",
    scheme: Annotated[
        Name, Query(description="How molecules are taken apart.")
    ] = "functional-groups",
) -> Carriers:
    """Which fragments carry relevance across the rows of an upload, by what they add in all."""
    upload = find_upload(id, request)
    method = method or upload.work.methods[0]
    check_method(upload, method)
    if scheme not in SCHEMES:
        raise ValueError(unknown("fragment scheme", scheme, SCHEMES))
    rows = list(upload.job.results)
    return await run_in_threadpool(_carriers, rows, method, scheme)


def _carriers(rows: Sequence[Row], method: str, scheme: str) -> Carriers:
    views = [json.loads(row.view) for row in rows]
    about = method_of(method)
    table = carrier_table(views, method, scheme, about.in_unit, about.signed)
    return Carriers(**table)
