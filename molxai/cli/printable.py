"""Text from files and names on a terminal: what would steer it is shown, not sent.

A file's name or a molecule's id may hold escape sequences, which move the cursor or colour what
follows, and marks that turn the direction of writing. Whatever the program prints passes through
`printable`.
"""

import logging
import re

STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that steer a terminal.

Controls except tab and line feed, marks of direction, separators of lines, and bytes of a name that
are no text.
"""


def printable(text: str) -> str:
    r"""The text with escapes, as in Python, for what would steer a terminal.

    Example:
        >>> printable("t.csv\x1b[31m α")
        't.csv\\x1b[31m α'
    """
    return STEERING.sub(lambda match: _escape(ord(match[0])), text)


def _escape(code: int) -> str:
    """A character's code as Python escapes it; none that steers needs more than four digits."""
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class Formatter(logging.Formatter):
    """Lines of a log, printable."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))
