"""Explaining many inputs, of which some may fail."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.explanations import Explanations
from molxai.explanation.refused import Refused, refuse
from molxai.explanation.sentence import Sentence
from molxai.explanation.sources import text_of
from molxai.explanation.subjects import Subject

FAULTS = (ValueError, OSError, RuntimeError, MemoryError)
"""What one input may fail with.

RDKit and torch have no other name for what they did not foresee and memory that they lack.
"""

Readable: TypeAlias = Subject | Sentence
"""What a model reads."""

Read: TypeAlias = Callable[[Any, str], Readable]
"""What a model reads of an input and its id."""

Explain: TypeAlias = Callable[[Sequence[Readable]], list[Explanation]]
"""The explanations of subjects, in their order."""


def explain_collection(
    sources: Sequence[tuple[Any, str]], read: Read, explain: Explain, errors: str
) -> Explanations:
    """The explanations of inputs with their ids; of all, or as many as there can be.

    All inputs are read before any is explained.

    Args:
        sources: inputs with their ids.
        read: reads one.
        explain: explains several at once.
        errors: `raise` or `record`.

    Raises:
        ValueError: an input cannot be explained, and errors are to be raised.
    """
    subjects = [_read(row, source, id, read) for row, (source, id) in enumerate(sources)]
    if errors == "raise":
        refuse([item for item in subjects if isinstance(item, Refused)], len(sources))
    readable = [item for item in subjects if not isinstance(item, Refused)]
    results = iter(_explain_each(readable, explain))
    items = [
        item if isinstance(item, Refused) else _item(next(results), item, row)
        for row, item in enumerate(subjects)
    ]
    if errors == "raise":
        refuse([item for item in items if isinstance(item, Refused)], len(sources))
    return Explanations(items)


def _read(row: int, source: Any, id: str, read: Read) -> Readable | Refused:
    """The subject of an input, or why there is none."""
    if isinstance(source, Input) and source.error:
        return Refused(row, source.text, source.error, source.id)
    try:
        return read(source, id)
    except FAULTS as error:
        text = source.text if isinstance(source, Input) else text_of(source, row)
        return Refused(row, text, _reason(error), id)


def _explain_each(subjects: Sequence[Readable], explain: Explain) -> list[Explanation | str]:
    """The explanation of each, or why there is none.

    What fails together is tried in halves, down to single subjects.
    """
    if not subjects:
        return []
    try:
        return list(explain(subjects))
    except FAULTS as error:
        if len(subjects) == 1:
            return [_reason(error)]
    half = len(subjects) // 2
    first = _explain_each(subjects[:half], explain)
    second = _explain_each(subjects[half:], explain)
    return first + second


def _item(result: Explanation | str, subject: Readable, row: int) -> Explanation | Refused:
    """The explanation, or in its place why there is none."""
    if isinstance(result, Explanation):
        return result
    return Refused(row, text_of(subject, row), result, getattr(subject, "id", ""))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
