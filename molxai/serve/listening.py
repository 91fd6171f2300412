"""A socket that is open before anything is loaded, and the server behind it."""

import errno
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from molxai.serve.settings import Settings

GRACE = 3
"""Seconds that answers under way have when the server is told to end."""

REMEDIES = {
    errno.EADDRINUSE: "it is in use: end what uses it, or choose another one with --port",
    errno.EACCES: "that is not permitted: choose a port from 1024 on with --port",
    errno.EADDRNOTAVAIL: "this machine has no such address: choose another one with --host",
}
"""What to do if an address cannot be listened on."""

REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""For an address that stands for all of a machine's, one under which it reaches itself."""


def listener(host: str, port: int) -> socket.socket:
    """A socket that listens on the address; early requests wait there.

    Raises:
        OSError: it is in use, not ours, or not permitted.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        remedy = REMEDIES.get(error.errno or 0, error.strerror)
        raise OSError(f"cannot listen on port {port} of {host}: {remedy}") from error


def address(listening: socket.socket) -> str:
    """The URL of a listening socket, as this machine reaches it."""
    host, port = listening.getsockname()[:2]
    host = REACHABLE.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(settings: "Settings", listening: socket.socket) -> None:
    """Serve until Ctrl-C or a signal to end."""
    import uvicorn

    from molxai.serve.app import application

    config = uvicorn.Config(
        application(settings),
        log_level="warning",
        timeout_graceful_shutdown=GRACE,
        server_header=False,
    )
    try:
        uvicorn.Server(config).run([listening])
    except KeyboardInterrupt:
        return  # uvicorn has ended in good order, and repeats the signal
