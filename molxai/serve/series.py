"""What the rows of an upload say together: fragments, and drawings on their common core."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from graphormer.names import unknown
from molxai.chemistry.rgroups import Seconds
from molxai.chemistry.schemes import SCHEMES
from molxai.explanation.methods import method as method_of
from molxai.explanation.orientation import orientation_of
from molxai.pages.aligned import aligned_drawings, molecules_of
from molxai.pages.pairs import compared, pair_table
from molxai.pages.rgroups import rgroup_table
from molxai.pages.series import carrier_table
from molxai.pages.view import View
from molxai.serve.api import Name
from molxai.serve.download import check_method
from molxai.serve.routes import REFUSALS, find_upload
from molxai.serve.threads import in_thread
from molxai.serve.work import Row

MOST_DRAWINGS = 100
"""Rows that are drawn anew at once: a second's work."""

SECONDS = Seconds(core=5, groups=8)
"""That a search may take: somebody waits for the answer."""

SEARCH = Lock()
"""Held by the search that runs: they would take each other's time, and each has a limit."""

Core = Annotated[str, Field(max_length=500)]


T = TypeVar("T")
P = ParamSpec("P")


async def in_turn(search: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a search through many rows returns, from a thread, after those that came before.

    Raises:
        Exception: whatever the search raises.
    """

    def alone() -> T:
        with SEARCH:
            return search(*args, **kwargs)

    return await in_thread(alone)


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


@dataclass(frozen=True)
class AskedRows:
    """The rows of an upload that are done, and the method that is asked about."""

    rows: list[Row]
    method: str


def asked_rows(
    id: str,
    request: Request,
    method: Annotated[
        Name, Query(description="One of the upload's methods. Default: the first.")
    ] = "",
) -> AskedRows:
    """What a request about the rows of an upload asks.

    Raises:
        FileNotFoundError: there is no such upload.
        ValueError: it was not explained by that method.
    """
    upload = find_upload(id, request)
    method = method or upload.work.methods[0]
    check_method(upload, method)
    return AskedRows(list(upload.job.results), method)


Asked = Annotated[AskedRows, Depends(asked_rows)]

router = APIRouter(prefix="/api", responses=REFUSALS)


@router.get("/jobs/{id}/series")
async def series(
    asked: Asked,
    scheme: Annotated[
        Name, Query(description="How molecules are taken apart.")
    ] = "functional-groups",
) -> Carriers:
    """Which fragments carry relevance across the rows of an upload, by what they add in all."""
    if scheme not in SCHEMES:
        raise ValueError(unknown("fragment scheme", scheme, SCHEMES))
    return await in_turn(_carriers, asked.rows, asked.method, scheme)


class Aligned(BaseModel):
    """The molecules of some rows as they are drawn on their common core."""

    core: str = Field(description="SMARTS of the core.")
    drawings: list[tuple[int, dict[str, Any]]] = Field(
        description="The row and its drawing, as in its view; rows without the core are left out."
    )


@router.get("/jobs/{id}/aligned")
async def aligned(
    id: str,
    request: Request,
    core: Annotated[
        Core, Query(description="SMARTS or SMILES, or mcs for the largest common one.")
    ] = "mcs",
    start: Annotated[int, Query(ge=0, description="Row to begin with.")] = 0,
    count: Annotated[int, Query(ge=1, le=MOST_DRAWINGS, description="Rows.")] = MOST_DRAWINGS,
) -> Aligned:
    """The molecules of an upload, drawn on the core that they share."""
    rows = list(find_upload(id, request).job.results)
    return await in_turn(_aligned, rows, core, start, count)


def _aligned(rows: Sequence[Row], core: str, start: int, count: int) -> Aligned:
    molecules = molecules_of(json.loads(row.view) for row in rows)
    orientation = orientation_of(molecules, core)
    views = views_of(rows[start : start + count])
    return Aligned(core=orientation.core, drawings=aligned_drawings(views, orientation))


@router.get("/jobs/{id}/rgroups")
async def rgroups(
    asked: Asked,
    core: Annotated[
        Core, Query(description="SMARTS or SMILES, or mcs for the largest that most rows have.")
    ] = "mcs",
    x: Annotated[Name, Query(description="A position, such as R1, of the map.")] = "",
    y: Annotated[Name, Query(description="The other one. Default: those with most groups.")] = "",
) -> dict[str, Any]:
    """The R groups of a core, by position, and how those at two positions combine."""
    pairs = [(x, y)] if x and y else None
    return await in_turn(_rgroups, asked.rows, core, asked.method, pairs)


def _rgroups(
    rows: Sequence[Row], core: str, method: str, pairs: Sequence[tuple[str, str]] | None
) -> dict[str, Any]:
    methods = {method: method_of(method).in_unit}
    return rgroup_table(views_of(rows), core, methods, pairs, SECONDS)


@router.get("/jobs/{id}/pairs")
async def pairs(asked: Asked) -> dict[str, Any]:
    """Matched pairs among the rows of an upload: what single changes do."""
    return await in_turn(lambda: pair_table(views_of(asked.rows), asked.method))


@router.get("/jobs/{id}/pair")
async def pair(
    asked: Asked,
    a: Annotated[int, Query(ge=0, description="The first row.")],
    b: Annotated[int, Query(ge=0, description="The second row, which is drawn as the first.")],
) -> dict[str, Any]:
    """Two rows of an upload compared: both drawings, and what their difference consists of."""
    views = await in_thread(views_of, asked.rows)
    first = _explained_row(views, a, asked.method)
    second = _explained_row(views, b, asked.method)
    return await in_thread(compared, first, second, asked.method)


def _explained_row(views: Sequence[View], row: int, method: str) -> View:
    """The view of a row.

    Raises:
        ValueError: it is not there yet, or is no molecule that was explained.
    """
    for view in views:
        if view["row"] == row and "smiles" in view and method in view["methods"]:
            return view
    raise ValueError(f"row {row} is no molecule that was explained by {method}: choose another one")


def views_of(rows: Iterable[Row]) -> list[View]:
    """The views of an upload's rows."""
    return [json.loads(row.view) for row in rows]


def _carriers(rows: Sequence[Row], method: str, scheme: str) -> Carriers:
    about = method_of(method)
    table = carrier_table(views_of(rows), method, scheme, about.in_unit, about.signed)
    return Carriers(**table)
