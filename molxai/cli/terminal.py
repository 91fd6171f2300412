"""The terminal: its width, progress, and tables of records and of names with values."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TimeRemainingColumn

from molxai.batch.checkpoint import Tally
from molxai.cli.console import Console, Text
from molxai.cli.wide_tables import UNBOUNDED, show_table
from molxai.explanation.record import Record


def console() -> Console:
    """Standard output.

    If it is no terminal, lines are not wrapped, unless `COLUMNS` asks for a width.
    """
    is_terminal = sys.stdout.isatty()
    width = None if is_terminal or os.environ.get("COLUMNS") else UNBOUNDED
    return Console(soft_wrap=not is_terminal, width=width, highlight=False)


@contextmanager
def progress_bar(
    estimate: Callable[[], int], doing: str, quiet: bool
) -> Iterator[Callable[[Tally], None]]:
    """A bar on stderr with rate, errors and time left, to be called with the tally of new rows.

    There is none if stderr is no terminal.

    Args:
        estimate: about how many rows there are.
        doing: what is done to them.
        quiet: whether to show none.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda tally: None
        return
    columns = (
        "{task.description}",
        BarColumn(),
        "{task.completed:.0f} of {task.fields[about]}{task.total:.0f}",
        RateColumn(),
        TimeRemainingColumn(),
        "{task.fields[errors]} errors",
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(doing, total=estimate(), errors=0, about="about ")
        total = Tally()

        def add(tally: Tally) -> None:
            nonlocal total
            total += tally
            progress.update(task, advance=tally.rows, errors=total.errors)

        yield add
        progress.update(task, total=total.rows, about="")  # the number is known now


class RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


def show_records(records: Sequence[Record], columns: Sequence[str], out: Console) -> None:
    """The named columns of records; a structure is cut if there is no room for it."""
    rows = [[number(record[column]) for column in columns] for record in records]
    show_table(columns, rows, out, ("input",))


def show_mapping(content: Mapping[str, Any], out: Console) -> None:
    """Names and values, a line each."""
    rows = []
    for name, value in content.items():
        text = json.dumps(value) if isinstance(value, list | dict) else number(value)
        rows.append((Text(name, style="bold"), text))
    show_table(("", ""), rows, out)


def number(value: Any) -> str:
    """A number in four digits; text as it is; nothing for None."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
