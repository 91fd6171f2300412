"""Work that may keep RDKit busy for minutes, in threads for which nothing waits that ends."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
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

    Thread(target=work, daemon=True).start()
    return await asyncio.wrap_future(result)
