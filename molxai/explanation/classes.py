"""Targets by name: which class, endpoint or cell of a table is meant."""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch

from graphormer.data.targets import known_label
from graphormer.names import unknown
from molxai.explanation.about import About
from molxai.explanation.target import PREDICTED, Target

Class: TypeAlias = str | int | np.integer
"""A class by name or number, or `pred`."""


@dataclass(frozen=True)
class Classes:
    """The classes of one endpoint of a model."""

    card: About
    column: int = 0
    """The endpoint's output column."""

    @property
    def endpoint(self) -> str:
        """Name of the endpoint, if the model has several."""
        return self.card.endpoints[self.column] if self.card.endpoints else ""

    def target(self, name: Class, contrast: Class | None = None) -> Target | None:
        """The target of that name.

        None is `pred` of the first endpoint without contrast: each graph's prediction decides it.

        Raises:
            ValueError: there is no such class, or `pred` is to be contrasted.
        """
        label = _scalar(name)
        if isinstance(label, str) and label == "pred":
            check_contrast(label, contrast)
            return Target(PREDICTED, column=self.column) if self.column else None
        subtracted = None if contrast is None else self.number(_scalar(contrast))
        target = Target(self.number(label), subtracted, self.column)
        target.weights(self.card.config)  # checks it
        return target

    def number(self, name: str | int) -> int:
        """The class of that name or number; 0 of a regression is its value.

        Raises:
            ValueError: there is none.
        """
        classes = self.card.classes
        if str(name) in classes:
            return classes.index(str(name))
        if str(name).isdecimal() and int(name) < max(len(classes), 1):
            return int(name)
        remedy = "" if classes else "a regression has no classes"
        raise ValueError(
            unknown("class", str(name), classes, remedy, f"in the model {self.card.name!r}")
        )

    def in_table(self, label: str) -> int:
        """The class that a cell of a table names.

        By name in any case, by number, or by 0 and 1 for the two of a binary model.

        Raises:
            ValueError: it names none, or the model is a regression.
        """
        if not self.card.classes:
            return self.number(label)
        name = self.endpoint or self.card.targets[0]
        try:
            number = known_label(name, label, self.card.config.task, self.card.classes)
        except ValueError:
            return self.number(label)  # says which classes there are
        if math.isnan(number):
            raise ValueError(
                f"the cell {label!r} names no class: {' or '.join(self.card.classes)} is needed"
            )
        return int(number)


def check_contrast(target: str, contrast: Class | None) -> None:
    """Refuse a contrast to whatever is predicted.

    Raises:
        ValueError: it is one.
    """
    if target == "pred" and contrast is not None:
        raise ValueError("a contrast needs a named target: give --target CLASS as well, not pred")


def endpoint_column(card: About, endpoint: str) -> int:
    """The output column of an endpoint; empty: the first.

    Raises:
        ValueError: there is no such endpoint.
    """
    targets = tuple(card.targets)
    if not endpoint:
        return 0
    if endpoint not in targets:
        raise ValueError(
            unknown("endpoint", endpoint, targets, where=f"in the model {card.name!r}")
        )
    return 0 if card.config.task == "multiclass" else targets.index(endpoint)


def _scalar(name: Any) -> Any:
    """A class as it was named; the number in a value of NumPy or torch."""
    if isinstance(name, np.generic | np.ndarray | torch.Tensor) and not name.ndim:
        return name.item()
    return name
