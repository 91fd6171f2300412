"""The application: API, pages and files, with every error told in one line."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import metadata
from queue import Full

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from molxai.serve import catalogue, columns, page, routes, series, sessions, table
from molxai.serve.dispatch import Dispatcher
from molxai.serve.guard import Guard
from molxai.serve.settings import Settings
from molxai.serve.unpacking import OversizedError
from molxai.serve.words import page_words


def application(settings: Settings) -> FastAPI:
    """The workbench as an ASGI application."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.dispatcher = Dispatcher(settings)
        try:
            yield
        finally:
            app.state.dispatcher.close()

    app = FastAPI(
        title="molxai",
        summary="Which atoms, which superpixels made the model say so?",
        version=metadata.version("molxai"),
        docs_url=None,  # FastAPI's own pages load their scripts from elsewhere
        redoc_url=None,
        lifespan=running,
    )
    for module in (routes, series, columns, sessions, table, catalogue, page):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(packages=[("molxai.serve", "static")]))
    app.mount("/assets", StaticFiles(packages=[("molxai.pages", "assets")]))
    for kind, status in STATUS.items():
        app.add_exception_handler(kind, _handler(status))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)
    app.add_middleware(Guard, settings=settings)
    return app


STATUS: dict[type[Exception], int] = {
    FileNotFoundError: 404,
    OversizedError: 413,
    ValueError: 422,
    Full: 503,
}
"""The status of each kind of refusal. Other errors are ours, with the status 500."""


def refusal(status: int, reason: str) -> JSONResponse:
    """An answer that says in one line why there is no other."""
    return JSONResponse({"error": page_words(" ".join(reason.split()))}, status)


def _handler(status: int) -> Callable[[Request, Exception], Response]:
    return lambda request, error: refusal(status, str(error))


def _invalid(request: Request, error: Exception) -> Response:
    """The first thing that is wrong with a request, without repeating what it held."""
    assert isinstance(error, RequestValidationError)
    first, *others = error.errors()
    if first["type"] == "json_invalid":
        return refusal(422, "the request is not JSON; see /api")
    field = ".".join(str(key) for key in first["loc"][1:]) or "the request"
    more = f" (and {len(others)} more)" if others else ""
    return refusal(422, f"{field}: {first['msg']}{more}; see /api")


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path[:200]
    reasons = {404: f"nothing at {path}", 405: f"{request.method} is not allowed for {path}"}
    return refusal(error.status_code, reasons.get(error.status_code, str(error.detail)))


def _fault(request: Request, error: Exception) -> Response:
    kind = type(error).__name__
    return refusal(500, f"internal error ({kind}): see the terminal where `molxai serve` runs")
