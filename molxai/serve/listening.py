"""The door: a socket that is open before anything is loaded, and the server behind it."""

import errno
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from molxai.serve.settings import Settings

GRACE = 3
"""Seconds that answers under way have when the server is told to end."""


def listener(host: str, port: int) -> socket.socket:
    """A socket that listens on the address; whoever comes early waits there.

    Raises:
        OSError: it is in use, not ours, or not permitted.
    """
    remedies = {
        errno.EADDRINUSE: "it is in use: end what uses it, or choose another one with --port",
        errno.EACCES: "that is not permitted: choose a port from 1024 on with --port",
        errno.EADDRNOTAVAIL: "this machine has no such address: choose another one with --host",
    }
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OSError(
            f"cannot listen on port {port} of {host}: {remedies.get(error.errno or 0, error.strerror)}"
        ) from error


def address(door: socket.socket) -> str:
    """The URL of a listening socket, as this machine reaches it."""
    host, port = door.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(settings: "Settings", door: socket.socket) -> None:
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
        uvicorn.Server(config).run([door])
    except KeyboardInterrupt:
        return  # uvicorn has ended in good order, and repeats the signal
