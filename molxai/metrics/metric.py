"""What is said of a measure: a row of the table `METRICS`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Direction = Literal["higher", "lower", ""]

Needs = Literal["explanations", "curves", "model", "methods", "atoms"]

NEEDS: dict[Needs, str] = {
    "explanations": "explanations alone",
    "curves": "the model's answers to removed nodes",
    "model": "the model",
    "methods": "other methods on the same graphs",
    "atoms": "known atoms",
}
"""What a measure is computed from, in words."""

ARROWS: dict[Direction, str] = {"higher": "↑", "lower": "↓", "": ""}
"""The sign of each direction in the heading of a column."""


@dataclass(frozen=True)
class Metric:
    """A measure of explanations."""

    id: str
    """Its name in files and records."""
    title: str
    """Its name in tables for readers."""
    says: str
    """One line of what it is."""
    direction: Direction
    """Which values are better; empty: neither."""
    range: str
    """Its smallest and largest value, or its unit."""
    needs: Needs
    """What `function` takes:

    - `explanations`: explanations of several graphs; returns one number.
    - `curves`: the `Curves` of several graphs; returns a number for each graph.
    - `model`: a model or explainer first; its docstring says the rest.
    - `methods`: what several methods say of the same graphs; its docstring says the order.
    - `atoms`: the relevance of one molecule and what is known of its atoms; returns one number.
    """
    function: Callable[..., Any]
    paper: str = ""
    """Where it comes from; empty: it is this project's own, or common knowledge."""

    @property
    def heading(self) -> str:
        """The title with an arrow up if higher is better, or down if lower is."""
        return f"{self.title} {ARROWS[self.direction]}".rstrip()
