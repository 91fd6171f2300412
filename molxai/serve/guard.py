"""Who may ask, and how much: every request passes here first.

Browsers send what any page on the web tells them to send to this machine. So a request must name a
host that is ours (a page whose own name was rebound to this address names its own), and a request
that changes or computes something must come from our own page or from no page at all.
"""

import asyncio
import json

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from molxai.serve.settings import Settings

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of every answer: no script, style or font that is not a file of ours."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Headers of every answer."""

BODIES = ("application/json", "multipart/form-data")
"""Types of a request's body that are read."""

READS = ("GET", "HEAD")
"""Methods of requests that change and compute nothing."""

FOREIGN = "the request comes from a page of another site: only the workbench's own pages may ask"
"""Why a request from elsewhere is refused."""

ENDED = "the server has ended before the answer was ready: start it again, and ask again"
"""Why there is no answer to a request that the end of the server has cancelled."""

Refusal = tuple[int, str]
"""Status and reason."""


class Guard:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        outward = _Outward(send)
        largest = self.settings.largest_body_at(scope["path"])
        refusal = self._refusal(scope["method"], Headers(scope=scope), largest)
        if refusal:
            await _refuse(outward, *refusal)
        else:
            await self._answer(scope, _Bounded(receive, largest), outward)

    async def _answer(self, scope: Scope, receive: Receive, outward: "_Outward") -> None:
        """Let the application answer; only the end of the server cancels that."""
        try:
            await self.app(scope, receive, outward)
        except asyncio.CancelledError:  # uvicorn would print it with its traceback
            if not outward.has_begun:
                await _refuse(outward, 503, ENDED)

    def _refusal(self, method: str, headers: Headers, largest: int) -> Refusal | None:
        """Status and reason, if the request is not let in."""
        host = headers.get("host", "")
        if not self.settings.knows(host):
            return (
                400,
                "the request is addressed to another host: open the address that 'molxai serve' "
                "printed",
            )
        if method in READS:
            return None
        if not _is_from_our_page(headers, host):
            return 403, FOREIGN
        if method != "DELETE" and _media_type(headers) not in BODIES:
            return 415, f"a body of another type: {' or '.join(BODIES)} is needed"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > largest:
            return 413, too_large(largest)
        return None


def _is_from_our_page(headers: Headers, host: str) -> bool:
    """Whether a request comes from our own page, or from no page at all."""
    origin = headers.get("origin")
    ours = (f"http://{host.lower()}", f"https://{host.lower()}")
    if origin is not None and origin.lower() not in ours:
        return False
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _media_type(headers: Headers) -> str:
    """The type of a request's body, without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def too_large(largest: int) -> str:
    """Why a body of more bytes is refused."""
    megabytes = largest // 2**20
    return f"a request of more than {megabytes} MB: send less at once, or use the command line"


class _Bounded:
    """A request's body, counted as it comes: its length may be missing or a lie."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self.receive = receive
        self.largest = largest
        self.left = largest

    async def __call__(self) -> Message:
        message = await self.receive()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise HTTPException(413, too_large(self.largest))
        return message


class _Outward:
    """An answer with our headers."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            # Asked for anew each time, and sent only if it has changed.
            headers.setdefault("Cache-Control", "no-cache")
        await self.send(message)


async def _refuse(send: Send, status: int, reason: str) -> None:
    content = json.dumps({"error": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),  # a body may still be on its way
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
