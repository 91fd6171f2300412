"""Long work in a thread is given up with whoever asked for it."""

import asyncio
import subprocess
import sys
import time

import pytest

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")

from molxai.serve.threads import in_thread

PROGRAM = """
import asyncio, time
from molxai.serve.threads import in_thread

async def ask():
    asyncio.get_running_loop().call_later(0.2, asyncio.current_task().cancel)
    await in_thread(time.sleep, 60)

try:
    asyncio.run(ask())
except asyncio.CancelledError:
    print("given up")
"""


def test_results_and_errors_come_back():
    assert asyncio.run(in_thread(divmod, 7, 2)) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(divmod, 7, 0))


def test_requests_do_not_wait_for_one_another():
    async def both():
        slow = asyncio.create_task(in_thread(time.sleep, 30))
        value = await in_thread(max, 1, 2)
        assert not slow.done()
        slow.cancel()
        return value

    assert asyncio.run(both()) == 2


def test_a_program_that_ends_does_not_wait():
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30
    )
    assert ended.stdout == "given up\n" and ended.stderr == ""
