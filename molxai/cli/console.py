"""Rich's text and console, through which nothing reaches the terminal that would steer it."""

from typing import Any

import rich.console
import rich.text

from molxai.cli.printable import printable


class Text(rich.text.Text):
    """Rich's text, printable."""

    def __init__(self, text: str = "", *arguments: Any, **options: Any) -> None:
        super().__init__(printable(text), *arguments, **options)


class Console(rich.console.Console):
    """Rich's console, to which plain strings are printable as well."""

    def render_str(self, text: str, **options: Any) -> rich.text.Text:
        return super().render_str(printable(text), **options)
