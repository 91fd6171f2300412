"""What a page needs to show one input and its explanations: a *view*, in plain types for JSON.

Reports and the workbench are made of views. Every sentence and every sum of a page is made in
Python, so that it agrees with records and pictures; the scripts in `assets` only lay them out.
"""

import math
from collections.abc import Sequence
from typing import Any

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.chemistry.schemes import SCHEMES, parts
from molxai.explanation.captions import (
    BASE,
    bond_line,
    colour_line,
    ledger,
    ledger_line,
    prediction_line,
    spread_line,
    structure_line,
)
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.relevance_maps import offsets
from molxai.explanation.sentence import Sentence
from molxai.explanation.words import decimals
from molxai.rendering.colour import WHITE, Palette, scale
from molxai.rendering.crowding import bond_ends
from molxai.rendering.geometry import digit_drawing, molecule_drawing
from molxai.rendering.ramp import low_of
from molxai.rendering.relevance_map import of_bonds, structure_limit
from molxai.rendering.wording import true_minus

View = dict[str, Any]

DIGITS = 6
"""Significant digits of a relevance or a sum: as many as float32 holds."""

SPLIT_DIGITS = 3
"""Significant digits of the split over the input features, which is the largest part of a page
and is read as "mostly ring size"."""

SMALLEST_GAP = 5e-4
"""Smallest gap that has a bar of its own: a smaller one would be shown as 0.000."""

FAR = 0.3
"""Tanimoto similarity below which a molecule is unlike all training molecules."""

TOP = 3
"""Nodes that are named as the largest."""

ADDS_UP = {True: "adds up to the output", False: "does not add up"}
"""What is said of a method's ledger."""

WORDS = Palette("", WHITE, WHITE, WHITE, ("{towards}", "{against}"))
"""Holes in the place of the colours' names: the palette is chosen on the page."""


def view(item: Input, explanations: Sequence[Explanation], similarity: float | None = None) -> View:
    """One input, explained by one or several methods for the same target.

    Args:
        item: the input as it was read.
        explanations: one of each method; none if the input could not be explained.
        similarity: to the nearest training molecule, if that is known.

    Returns:
        Always `row`, `id`, `input` and `error`, and with a similarity `similarity` and the sentence
        `near`. For an input that was explained also

        - `prediction`, `probability` of `target_class`, `target`, `logit`, `logit_sd`, `unit`,
          `endpoint`, `notes`, and the sentence `explained`;
        - `symbols` and `molecule`, or `digit` (see `geometry`), or `sentence`: its `words`, and of
          each whether it is `spaced`, as a blank stands before it;
        - for a molecule `smiles`, with the atoms in the order of the relevance; `parts`, the atoms
          of each part of any scheme; and `fragments`: for each scheme the names of its parts, each
          with the part's place in `parts`;
        - `methods`: what `_method_view` says of each.
    """
    content: View = {
        "row": item.row,
        "id": item.name,
        "input": item.text,
        "error": item.error or None,
    }
    if similarity is not None:
        content["similarity"] = round(similarity, 4)
        content["near"] = similarity_line(similarity)
    if not explanations:
        return content
    first = explanations[0]
    content |= _outcome(first)
    content |= _drawing(first)
    content["methods"] = {
        explanation.method: _method_view(explanation, content.get("parts"), explanation is first)
        for explanation in explanations
    }
    return content


def similarity_line(similarity: float) -> str:
    """How near an input is to what the model learnt from.

    Example:
        >>> similarity_line(0.14)
        'Similarity to the nearest training molecule: 0.14 (low, so the prediction is unreliable).'
    """
    remark = " (low, so the prediction is unreliable)" if similarity < FAR else ""
    return f"Similarity to the nearest training molecule: {similarity:.2f}{remark}."


def _outcome(explanation: Explanation) -> View:
    """What the model says, as numbers and as a sentence; the method's name follows on the page."""
    record = explanation.to_dict()
    names = ("prediction", "target", "unit", "endpoint", "notes")
    outcome = {name: record[name] for name in names}
    if explanation.probability is None:
        outcome |= {"probability": None, "target_class": None}
    else:
        outcome["probability"] = explanation.probability
        outcome["target_class"] = explanation.class_name(explanation.target.label)
    spread = explanation.logit_sd
    return outcome | {
        "logit": rounded(explanation.logit),
        "logit_sd": None if spread is None else rounded(spread),
        "explained": true_minus(prediction_line(explanation, method=False)),
    }


def _drawing(explanation: Explanation) -> View:
    """How the input is drawn, and the parts that a molecule has."""
    subject = explanation.subject
    assert subject is not None, "pages show no bare graphs"
    if isinstance(subject, Sentence):
        return {"sentence": {"words": subject.words, "spaced": subject.is_spaced}}
    if isinstance(subject, Digit):
        return {"digit": digit_drawing(subject)}
    places: dict[tuple[int, ...], int] = {}
    fragments = {}
    for scheme in SCHEMES:
        fragments[scheme] = [
            (part.name, places.setdefault(part.atoms, len(places)))
            for part in parts(subject.mol, scheme)
        ]
    return {
        "molecule": molecule_drawing(subject.mol),
        "symbols": list(subject.symbols),
        "smiles": subject.explained_smiles,
        "parts": [list(atoms) for atoms in places],
        "fragments": fragments,
    }


def _method_view(
    explanation: Explanation, parts: Sequence[Sequence[int]] | None, features: bool
) -> View:
    """What one method says of the nodes: here those of a text are its words.

    Returns:
        `relevance` of the nodes, and if known `sd`, `uncertain` nodes with the sentence `hatching`,
        and the split over `features`; `limit`, the relevance in full colour if each picture has its
        own scale; `low`, the relevance in no colour, null if the method has a sign; the `decimals`
        with which relevances are written; the nodes of `largest` magnitude; `sums` of the parts of
        a molecule, or the `signs` of a digit or a text: name, nodes and sum of what speaks for the
        target and of what speaks against it; what is `beyond` the nodes, name and relevance, and
        `base`, where the bars begin; `gap`; `adds_up`; `in_unit`, whether the relevances have the
        unit of the output; the sentences `ledger` and `colours`;
        `unit`. If structure has relevance, the sentences `structure` and `bond_colours`; for a
        molecule the relevance of its `bonds`, in the order of its drawing, and `bond_limit`, theirs
        in full colour; for a digit `offsets`.
    """
    relevance = _relevance(explanation)
    values = [rounded(value) for value in relevance]
    limit = scale(relevance, explanation.in_unit)
    content: View = {
        "relevance": values,
        "limit": rounded(limit),
        "low": None if explanation.signed else rounded(low_of(relevance, limit)),
        "decimals": decimals(limit),
        "largest": _largest(values),
        "gap": rounded(explanation.gap),
        "adds_up": explanation.adds_up,
        "in_unit": explanation.in_unit,
        "ledger": true_minus(ledger_line(explanation)),
        "colours": colour_line(explanation, WORDS),
        "unit": explanation.relevance_unit,
    }
    content |= _beyond(explanation) | _structure(explanation)
    if parts is None:
        content["signs"] = _signs(relevance, explanation.signed)
    else:
        content["sums"] = [_sum(relevance, atoms) for atoms in parts]
    if explanation.relevance_sd is not None:
        content["sd"] = [rounded(value) for value in explanation.relevance_sd.tolist()]
        flags = explanation.uncertain
        content["uncertain"] = [node for node, uncertain in enumerate(flags) if uncertain]
        content["hatching"] = spread_line(explanation)
    if features and explanation.feature_relevance is not None:
        content["features"] = _features(explanation)
    return content


def _relevance(explanation: Explanation) -> list[float]:
    """The relevance of each atom, superpixel or word."""
    of_nodes: list[float] = explanation.relevance.tolist()
    subject = explanation.subject
    return subject.of_words(of_nodes) if isinstance(subject, Sentence) else of_nodes


def _structure(explanation: Explanation) -> View:
    """What distances, bonds and offsets say, if the method gives them relevance."""
    if explanation.structure is None:
        return {}
    content: View = {
        "structure": true_minus(structure_line(explanation)),
        "bond_colours": bond_line(explanation),
    }
    of_offsets = offsets(explanation)
    if of_offsets is not None:
        relevance = of_offsets.relevance.ravel().tolist()
        content["offsets"] = {
            "bounds": of_offsets.bounds,
            "relevance": [rounded(value, SPLIT_DIGITS) for value in relevance],
            "limit": rounded(of_offsets.limit),
        }
    subject = explanation.subject
    if isinstance(subject, Molecule):
        bonds = explanation.bonds
        in_order = of_bonds(bonds, bond_ends(subject.mol).tolist())
        content["bonds"] = [rounded(value) for value in in_order]
        content["bond_limit"] = rounded(structure_limit(bonds.values()))
    return content


def _features(explanation: Explanation) -> View:
    """The split of each node's relevance, by the name of the input feature."""
    assert explanation.feature_relevance is not None
    columns = explanation.feature_relevance.T.tolist()
    return {
        name: [rounded(value, SPLIT_DIGITS) for value in column]
        for name, column in zip(explanation.features, columns, strict=True)
    }


def _largest(relevance: Sequence[float]) -> list[int]:
    """The nodes of the largest magnitude, the largest first; among equals the first node."""
    return sorted(range(len(relevance)), key=lambda node: -abs(relevance[node]))[:TOP]


def _signs(
    relevance: Sequence[float], is_signed: bool = True
) -> list[tuple[str, list[int], float]]:
    """What speaks for the target and what against it, as two parts of what has no fragments.

    Without a sign all nodes are one part.
    """
    if not is_signed:
        nodes = list(range(len(relevance)))
        return [(f"all {len(nodes)}", nodes, _sum(relevance, nodes))]
    towards = [node for node, value in enumerate(relevance) if value > 0]
    against = [node for node, value in enumerate(relevance) if value < 0]
    return [
        (f"{len(towards)} for it", towards, _sum(relevance, towards)),
        (f"{len(against)} against it", against, _sum(relevance, against)),
    ]


def _beyond(explanation: Explanation) -> View:
    """What the nodes do not account for, if it is not nothing, and where the bars begin.

    A base value is the same for every input, and as a bar would dwarf the others: the bars begin
    there. Else they begin at zero. Relevances without the unit of the output lead nowhere.
    """
    if not explanation.in_unit:
        return {"beyond": []}
    *named, (missing, gap) = ledger(explanation).items()
    steps = [(name, rounded(value)) for name, value in named if value]
    if abs(gap) > SMALLEST_GAP:
        steps.append((missing, rounded(gap)))
    base = {"base": rounded(explanation.bias)} if BASE in dict(named) else {}
    return {"beyond": steps} | base


def _sum(relevance: Sequence[float], nodes: Sequence[int]) -> float:
    return rounded(math.fsum(relevance[node] for node in nodes))


def rounded(value: float, digits: int = DIGITS) -> float:
    """The value with so many significant digits."""
    return float(f"{value:.{digits}g}")
