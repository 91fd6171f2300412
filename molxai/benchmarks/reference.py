"""The tables of the documentation, written from the tables of the program."""

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from molxai.benchmarks.tables import markdown_table
from molxai.metrics import METRICS
from molxai.metrics.metric import NEEDS, Metric


@runtime_checkable
class MethodRow(Protocol):
    """What is said of a method: a row of `EXPLAINERS`."""

    @property
    def name(self) -> str: ...
    @property
    def says(self) -> str:
        """One line of what it is."""

    @property
    def conserves(self) -> bool: ...
    @property
    def signed(self) -> bool: ...
    @property
    def by_target(self) -> bool: ...


def metrics_markdown(metrics: Mapping[str, Metric] = METRICS) -> str:
    """A table of measures: what each is, which values are better, and what it needs."""
    header = ("id", "what it is", "better", "range", "needs", "source")
    rows = [
        (
            f"`{metric.id}`",
            _text(metric.says),
            metric.direction,
            metric.range,
            NEEDS[metric.needs],
            metric.paper,
        )
        for metric in metrics.values()
    ]
    return markdown_table(header, rows)


def methods_markdown(methods: Iterable[MethodRow]) -> str:
    """A table of methods, such as `EXPLAINERS.values()`: what each is, and what it promises."""
    header = ("id", "what it is", "adds up", "signed", "by target")
    rows = [
        (
            f"`{method.name}`",
            _text(method.says),
            _yes(method.conserves),
            _yes(method.signed),
            _yes(method.by_target),
        )
        for method in methods
    ]
    return markdown_table(header, rows)


def _text(text: str) -> str:
    """Text in a cell: a bar would end the cell."""
    return text.replace("|", "\\|")


def _yes(value: bool) -> str:
    return "yes" if value else "no"
