"""Work that may keep RDKit busy for minutes, in threads for which nothing waits that ends."""

import asyncio
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the function returns, from a thread of its own.

    A request that is cancelled, because the server ends, leaves the thread to itself, and the
    thread ends with the process. Starlette's threads would hold up both.

    Raises:
        Exception: whatever the function raises.
    """
    result: Future[T] = Future()
    result.set_running_or_notify_cancel()

    def work() -> None:
        try:
            result.set_result(function(*args, **kwargs))
        except Exception as error:
            result.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return await asyncio.wrap_future(result)
    finally:
        _listen_again()


def _listen_again() -> None:
    """Have Ctrl-C mean what it meant.

    RDKit handles it itself while it searches, and restores what it met at its beginning. If two
    searches overlap, that is the other's handler, and Ctrl-C would mean nothing from then on.
    """
    if threading.current_thread() is threading.main_thread():
        handler = signal.getsignal(signal.SIGINT)
        if handler is not None:  # one that was not set by Python cannot be set again
            signal.signal(signal.SIGINT, handler)
