"""What a page says of a row's measured label: how far the prediction is from it."""

from collections.abc import Sequence

from graphormer.graphs.molecules import shortened
from graphormer.names import listing
from graphormer.readers.numerals import is_number, plain_number
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.entry import Input
from molxai.pages.view import View, rounded

LETTERS = 40
"""Of a measured value that is no number, in a note."""

BINARY = 2
"""Classes of a model of which one probability says the other."""


def measured(explainer: BaseExplainer, row: Input, content: View) -> View:
    """What is added to a row's view if its label is there.

    Args:
        explainer: whose classes labels name.
        row: the input with its label.
        content: the row's view.

    Returns:
        `label` as it is written; for a model of classes `label_class`, None if the label is none of
        them; of values `label_is_number`; the view's `notes` with a further one if the label is no
        class or no number; and `residual` if it is defined: predicted − measured, or for classes
        1 − the probability of the measured class.
    """
    if not row.label:
        return {}
    of_label: View = {"label": row.label}
    if explainer.card.classes:
        name = _class_of(explainer, row.label)
        of_label["label_class"] = name
        if name is None and "notes" in content:
            of_label["notes"] = [*content["notes"], _no_class(row.label, explainer.card.classes)]
        residual = _doubt(content, name, len(explainer.card.classes))
    else:
        of_label |= _number(content, row.label)
        residual = _distance(content, row.label)
    return of_label if residual is None else of_label | {"residual": residual}


def _class_of(explainer: BaseExplainer, label: str) -> str | None:
    """The model's name for a label of the table, None if it is none of its classes."""
    try:
        return explainer.card.classes[explainer.class_in_table(label)]
    except ValueError:
        return None


def _no_class(label: str, classes: Sequence[str]) -> str:
    """That a measured label is no class, and which classes there are."""
    names = listing(classes)
    named = repr(shortened(label, LETTERS))
    return f"the measured class {named} is none of {names}: it is not compared"


def _doubt(content: View, name: str | None, classes: int) -> float | None:
    """1 − the probability of the measured class.

    A view has the probability of one class. Of two classes that is enough; of more, only if this
    class was measured.
    """
    if name is None or content.get("probability") is None:
        return None
    if name == content["target_class"]:
        return rounded(1 - content["probability"])
    return rounded(content["probability"]) if classes == BINARY else None


def _number(content: View, label: str) -> View:
    """Whether a measured value is a number, and a note if it is not."""
    if is_number(plain_number(label)):
        return {"label_is_number": True}
    note = f"the measured value {shortened(label, LETTERS)!r} is no number: it is not compared"
    no_number: View = {"label_is_number": False}
    return no_number | {"notes": [*content["notes"], note]} if "notes" in content else no_number


def _distance(content: View, label: str) -> float | None:
    """Predicted − measured; None if there is no prediction, or the label is no number."""
    number = plain_number(label)
    if "prediction" not in content or not is_number(number):
        return None
    return rounded(content["prediction"] - float(number))
