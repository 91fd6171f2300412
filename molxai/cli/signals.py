"""Ctrl-C, SIGTERM and a closed terminal end the program in one line, whatever it is at.

A signal becomes a `KeyboardInterrupt`, so that files and workers are cleaned up; while libraries are imported, where
an exception can come out as any other error, the program ends at once.
"""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from molxai.cli.printable import printable

ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that ask a program to end; Windows has not all of them."""

PROGRAM = ("molxai", "molxai.exe", "molxai-script.py", "-m")
"""Names of the running file by which this package is imported as the program, and not by another one."""

IMPORTING = "<frozen importlib._bootstrap>"
"""File name of Python's own frames of an import."""

INTERRUPTED = 130
"""The exit code that typer makes of a `KeyboardInterrupt`, whichever signal it was, and without a word."""

AGAIN = 0.05
"""Seconds after which a signal is sent again that was lost."""

_received = signal.SIGINT
"""The signal that the program ends by; it is only asked for where one has come."""

_came = False
_told = False
"""Whether the last line was said."""

_resumable = False
"""Whether work is being done that can be gone on with, of which the last line must tell."""


def exit_code() -> int:
    """Of a program that was ended by a signal: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + int(_received)


def tell(line: str) -> None:
    """Say the last line of a program that was ended by a signal."""
    global _told
    _told = True
    print(f"molxai: {printable(line)}", file=sys.stderr)


def told() -> int:
    """The exit code of a program that was ended by a signal, after its last line."""
    global _told
    if not _told:
        tell("interrupted")
    _told = False
    return exit_code()


def listen() -> None:
    """Answer the signals, in the main thread, except those that whoever started the program has silenced."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (
            signal.SIG_DFL,
            signal.default_int_handler,
        ):
            signal.signal(number, _answer)
    sys.unraisablehook = _again_if_ignored


def _again_if_ignored(unraisable: "sys.UnraisableHookArgs") -> None:
    """Send a signal again that came where Python ignores exceptions, as while objects are freed."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        threading.Timer(AGAIN, os.kill, (os.getpid(), _received)).start()
    else:
        sys.__unraisablehook__(unraisable)


def listen_as_program() -> None:
    """Answer the signals from here on, if this is the program: its first imports take a while."""
    if Path(sys.argv[0] if sys.argv else "").name in PROGRAM:
        listen()


@contextmanager
def resumable() -> Iterator[None]:
    """While this lasts, imports are interrupted like anything else."""
    global _resumable
    _resumable = True
    try:
        yield
    finally:
        _resumable = False


def _answer(number: int, frame: FrameType | None) -> None:
    global _received, _came
    _received, _came = signal.Signals(number), True
    if _importing(frame) and not _resumable:
        os.write(2, b"molxai: interrupted\n")
        os._exit(exit_code())
    raise KeyboardInterrupt


def _importing(frame: FrameType | None) -> bool:
    """Whether the program is within an import."""
    while frame is not None:
        if frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False


def end(code: int) -> None:
    """End the program; a second signal no longer counts.

    After a signal, Python's own way out is not taken: threads of libraries that were interrupted at a bad moment can
    make it abort. What libraries have to clean up is done.
    """
    for name in ENDING:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if _came:
        atexit._run_exitfuncs()
        with suppress(OSError):  # whoever read it may be gone
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
