"""Long work in a thread is given up with whoever asked for it."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

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


SLOW_SERVER = """
import sys, time
from molxai.cli import main
from molxai.serve import series

series._rgroups = lambda *args: time.sleep(60)
sys.exit(main(["serve", "--port", "0"]))
"""


def answer(address: str, body: bytes | None = None, kind: str = "") -> tuple[int, dict]:
    """Status and content of what the server says."""
    try:
        with urlopen(Request(address, body, {"Content-Type": kind} if kind else {})) as told:
            return told.status, json.load(told)
    except HTTPError as error:
        return error.code, json.load(error)


def send(home: str) -> str:
    """Send a table of one row; the address of its job."""
    part = 'Content-Disposition: form-data; name="file"; filename="x.smi"'
    form = f"--x\r\n{part}\r\n\r\nCCO\r\n--x--\r\n".encode()
    _, job = answer(f"{home}api/upload", form, "multipart/form-data; boundary=x")
    return f"{home}api/jobs/{job['id']}"


def test_a_server_that_ends_gives_up_slow_answers_in_one_line():
    server = subprocess.Popen(
        [sys.executable, "-c", SLOW_SERVER], stderr=subprocess.PIPE, text=True
    )
    home = re.search(r"http://\S+", server.stderr.readline())[0]
    job = send(home)
    answers = []
    asking = [
        Thread(target=lambda: answers.append(answer(f"{job}/rgroups?core=C"))) for _ in range(2)
    ]
    for thread in asking:
        thread.start()
    time.sleep(1)
    server.send_signal(signal.SIGINT)
    assert server.wait(20) == 0
    for thread in asking:
        thread.join(5)
    assert server.stderr.read() == "molxai: ended; 2 answers under way given up\n"
    (status, told), again = answers
    assert status == 503 and told["error"].startswith("the server has ended before")
    assert again == (status, told)


OVERLAP = """
import asyncio, ctypes, os, signal
from molxai.serve.threads import in_thread

IGNORE = ctypes.c_void_p(1)  # in the place of a handler that RDKit has left

async def ask():
    await in_thread(ctypes.CDLL(None).signal, signal.SIGINT, IGNORE)
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.sleep(10)

try:
    asyncio.run(ask())
except KeyboardInterrupt:
    print("ended")
"""


def test_ctrl_c_ends_the_server_after_rdkit_has_handled_it():
    ended = subprocess.run(
        [sys.executable, "-c", OVERLAP], capture_output=True, text=True, timeout=30
    )
    assert ended.stdout == "ended\n" and ended.stderr == ""


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
