"""Ctrl-C, SIGTERM and a closed terminal end the program with one line, whatever it is doing.

A signal becomes a `KeyboardInterrupt`, so that files and workers are cleaned up. While libraries
are imported, where an exception can come out as any other error, the program ends at once.
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
"""Names of the running file if this package is imported as the program, and not by another one."""

IMPORTING = "<frozen importlib._bootstrap>"
"""File name of Python's own frames of an import."""

INTERRUPTED = 130
"""Exit code that typer makes of a `KeyboardInterrupt`, silently and for whichever signal."""

AGAIN = 0.05
"""Seconds after which a lost signal is sent again."""

_signal = signal.SIGINT
"""The signal that ends the program; only meaningful once one has come."""

_has_come = False
"""Whether a signal has come."""

_is_end_told = False
"""Whether the last line was printed."""

_is_resumable = False
"""Whether the work being done can be continued later, which the last line must say."""


def exit_code() -> int:
    """Exit code of a program that a signal has ended: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + int(_signal)


def tell(line: str) -> None:
    """Print the last line of a program that a signal has ended."""
    global _is_end_told
    _is_end_told = True
    print(f"molxai: {printable(line)}", file=sys.stderr)


def tell_end() -> int:
    """Print the last line of a program that a signal has ended, if it is missing.

    Returns:
        The program's exit code.
    """
    global _is_end_told
    if not _is_end_told:
        tell("interrupted")
    _is_end_told = False
    return exit_code()


def listen() -> None:
    """Handle the signals, in the main thread, except those that the program's starter ignores."""
    if threading.current_thread() is not threading.main_thread():
        return
    defaults = (signal.SIG_DFL, signal.default_int_handler)
    for name in ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in defaults:
            signal.signal(number, _handle)
    sys.unraisablehook = _send_again_if_lost


def _send_again_if_lost(unraisable: "sys.UnraisableHookArgs") -> None:
    """Send a signal again if Python has ignored its exception, as it does while freeing objects."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        threading.Timer(AGAIN, os.kill, (os.getpid(), _signal)).start()
    else:
        sys.__unraisablehook__(unraisable)


def is_program() -> bool:
    """Whether this process is the command, and not another program that calls it."""
    started = Path(sys.argv[0] if sys.argv else "")
    return started.name in PROGRAM or started == Path(__file__).with_name("__main__.py")


def listen_as_program() -> None:
    """Handle the signals from here on, if this is the program: its first imports take a while."""
    if is_program():
        listen()


@contextmanager
def resumable() -> Iterator[None]:
    """Until the end of this context, imports are interrupted like anything else."""
    global _is_resumable
    _is_resumable = True
    try:
        yield
    finally:
        _is_resumable = False


def _handle(number: int, frame: FrameType | None) -> None:
    global _signal, _has_come
    _signal = signal.Signals(number)
    _has_come = True
    if _is_importing(frame) and not _is_resumable:
        os.write(2, b"molxai: interrupted\n")
        os._exit(exit_code())
    raise KeyboardInterrupt


def _is_importing(frame: FrameType | None) -> bool:
    """Whether the program is within an import."""
    while frame is not None:
        if frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False


def end(code: int) -> None:
    """End the program; a second signal no longer counts.

    After a signal, Python's own way out is not taken: threads of libraries that were interrupted
    at a bad moment can make it abort. What libraries have to clean up is cleaned up.
    """
    for name in ENDING:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if _has_come:
        atexit._run_exitfuncs()
        with suppress(OSError):  # whoever read the output may be gone
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
