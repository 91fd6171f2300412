"""What a page needs to show one input and its explanations: a *view*, in plain types that become JSON.

Reports and the workbench are made of views; the scripts in `assets` draw them. Relevances have six significant digits, as
many as float32 holds.
"""

from collections.abc import Sequence
from typing import Any

from graphormer.graphs.molecules import Molecule
from molxai.chemistry.fragments import SCHEMES, parts
from molxai.explanation.explanation import Explanation
from molxai.explanation.inputs import Input
from molxai.rendering.geometry import digit_drawing, molecule_drawing

View = dict[str, Any]


def view(one: Input, explanations: Sequence[Explanation], similarity: float | None = None) -> View:
    """One input, explained by one or several methods for the same target; without explanations, its error.

    Args:
        one: what was given.
        explanations: of it, a method each.
        similarity: to the nearest molecule that the model learnt from, where that is known.

    Returns:
        `row`, `id`, `input`, `error`, `notes`; and of what could be explained, `symbols` and `molecule` or `digit` (see
        `geometry`), `fragments` (for each scheme name and atoms of each part), what the model says (`prediction`,
        `probability` of `target_class`, `target`, `logit`, `logit_sd`, `unit`, `endpoint`), and for each of `methods` its
        `relevance`, `sd`, `token`, `bias`, `gap`, and the first one's split over the input `features`; `similarity`.
    """
    known: View = {"row": one.row, "id": one.name, "input": one.text, "error": one.error or None}
    if similarity is not None:
        known["similarity"] = round(similarity, 4)
    if not explanations:
        return known
    first = explanations[0]
    said = first.to_dict()
    known |= {
        name: said[name]
        for name in ("prediction", "probability", "target", "unit", "endpoint", "notes")
    }
    known["target_class"] = (
        None if first.probability is None else first.class_name(first.target.label)
    )
    known |= {
        "logit": _rounded(first.logit),
        "logit_sd": None if first.logit_sd is None else _rounded(first.logit_sd),
    }
    known |= _drawing(first)
    known["methods"] = {
        made.method: _relevances(made, features=made is first) for made in explanations
    }
    return known


def _drawing(explanation: Explanation) -> View:
    subject = explanation.subject
    assert subject is not None
    if not isinstance(subject, Molecule):
        return {"digit": digit_drawing(subject)}
    fragments = {
        scheme: [[part.name, list(part.atoms)] for part in parts(subject.mol, scheme)]
        for scheme in SCHEMES
    }
    return {
        "molecule": molecule_drawing(subject.mol),
        "symbols": list(subject.symbols),
        "fragments": fragments,
    }


def _relevances(explanation: Explanation, features: bool) -> View:
    made: View = {
        "relevance": [_rounded(value) for value in explanation.relevance.tolist()],
        "token": _rounded(explanation.token),
        "bias": _rounded(explanation.bias),
        "gap": _rounded(explanation.gap),
    }
    if explanation.relevance_sd is not None:
        made["sd"] = [_rounded(value) for value in explanation.relevance_sd.tolist()]
    if features and explanation.feature_relevance is not None:
        # Three digits: this is by far the largest part of a page, and is read as "mostly ring size".
        split = explanation.feature_relevance.T.tolist()
        made["features"] = {
            name: [_rounded(value, 3) for value in column]
            for name, column in zip(explanation.features, split, strict=True)
        }
    return made


def _rounded(value: float, digits: int = 6) -> float:
    return float(f"{value:.{digits}g}")
