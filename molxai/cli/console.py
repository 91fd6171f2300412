"""Rich's text and console, made safe: nothing that would steer the terminal reaches it."""

from typing import Any

import rich.console
import rich.text

from molxai.cli.printable import printable


class Text(rich.text.Text):
    """Rich's text, printable."""

    def __init__(self, text: str = "", *arguments: Any, **options: Any) -> None:
        super().__init__(printable(text), *arguments, **options)


class Console(rich.console.Console):
    """Rich's console, which makes plain strings printable as well."""

    def render_str(self, text: str, **options: Any) -> rich.text.Text:
        return super().render_str(printable(text), **options)
