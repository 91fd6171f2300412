"""A socket that is open before anything is loaded, and the server behind it."""

import asyncio
import errno
import socket
from contextlib import suppress
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


def run(settings: "Settings", listening: socket.socket) -> int:
    """Serve until Ctrl-C or a signal to end.

    Returns:
        The number of answers that were given up, because they took longer than `GRACE`.
    """
    import uvicorn

    from molxai.serve.app import application

    class Server(uvicorn.Server):
        """A server that gives up what is under way, once its grace is over, and counts it."""

        given_up = 0

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            asyncio.get_running_loop().call_later(GRACE, self._give_up)
            await super().shutdown(sockets)

        def _give_up(self) -> None:
            self.given_up = len(self.server_state.tasks)
            for task in self.server_state.tasks:
                task.cancel()

    config = uvicorn.Config(
        application(settings),
        log_level="warning",
        timeout_graceful_shutdown=2 * GRACE,  # of connections that do not close
        server_header=False,
    )
    server = Server(config)
    with suppress(KeyboardInterrupt):  # uvicorn repeats the signal when it has ended in good order
        server.run([listening])
    return server.given_up
