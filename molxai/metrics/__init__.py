"""Qualities of explanations, by name: each maps explanations to named numbers."""

from collections.abc import Callable, Sequence

from molxai.explanation import Explanation
from molxai.metrics.conservation import conservation

METRICS: dict[str, Callable[[Sequence[Explanation]], dict[str, float]]] = {"conservation": conservation}
