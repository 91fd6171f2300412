"""What a model is, what it was trained on, and how well it does."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from graphormer.network.model import Config

MOST_MEMBERS = 100
"""Members that an ensemble may have."""


@dataclass(frozen=True)
class Card:
    """What a model is, what it was trained on, and how well it does."""

    name: str
    config: Config
    vocabulary: str
    """Name of the feature vocabulary; its version is part of the name."""
    targets: tuple[str, ...]
    """Name of each output column (binary, regression), or of the one quantity that is classified
    (multiclass)."""
    classes: tuple[str, ...]
    """Name of each class; empty for a regression."""
    unit: str = "logit"
    """Unit of the outputs: logits (log-odds), or the regression's unit."""
    mean: tuple[float, ...] = ()
    """Mean of each target of a regression that training used; already folded into the weights."""
    scale: tuple[float, ...] = ()
    """Standard deviation of each, likewise."""
    members: int = 1
    """Networks of an ensemble, all of one configuration."""
    kernel: int = 0
    """Training graphs of the kernel machine beside the networks; 0: there is none."""
    training: dict[str, Any] = field(default_factory=dict)
    """Data set with sha256, split and rows, recipe, command, and the number of CPU threads, on
    which the weights' last digits depend."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Measured quality, each with its data and the command that repeats it."""
    tuning: dict[str, Any] = field(default_factory=dict)
    """How explanations were fitted to the model: strengths of rules, graphs, score, all trials."""
    date: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    weights_sha256: str = ""

    def __post_init__(self) -> None:
        is_text = isinstance(self.name, str) and isinstance(self.vocabulary, str)
        if not is_text or not re.fullmatch(r"[\w.-]+", self.name):
            raise ValueError(
                f"a card with name {self.name!r} and vocabulary {self.vocabulary!r}: "
                "letters, digits, '.', '_' and '-' are needed"
            )
        tables = (self.training, self.metrics, self.tuning)
        if not all(isinstance(table, dict) for table in tables):
            raise ValueError(
                "a card whose training, metrics or tuning is not a table of names and values"
            )
        if not (isinstance(self.members, int) and 1 <= self.members <= MOST_MEMBERS):
            raise ValueError(
                f"a card with {self.members!r} members: "
                f"a whole number from 1 to {MOST_MEMBERS} is needed"
            )
        if not (isinstance(self.kernel, int) and self.kernel >= 0):
            raise ValueError(
                f"a card with a kernel of {self.kernel!r} graphs: a whole number is needed"
            )
        class_counts = {"binary": 2, "multiclass": self.config.outputs, "regression": 0}
        needed = class_counts[self.config.task]
        if len(self.classes) != needed:
            raise ValueError(
                f"a card with {len(self.classes)} class names: "
                f"its {self.config.task} model needs {needed}"
            )

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The targets if there are several, of which one is explained at a time; else none."""
        return self.targets if self.config.task != "multiclass" and len(self.targets) > 1 else ()


def row_ranges(rows: Iterable[int]) -> str:
    """Row numbers as text.

    Example:
        >>> row_ranges([5, 0, 1, 2, 3, 8, 7])
        '0-3,5,7-8'
    """
    ranges: list[tuple[int, int]] = []
    for row in sorted(rows):
        if ranges and row == ranges[-1][1] + 1:
            first, _ = ranges.pop()
            ranges.append((first, row))
        else:
            ranges.append((row, row))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
