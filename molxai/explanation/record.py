"""The record of one input and its explanation: the same keys in every format."""

from typing import Any, TypeAlias

from graphormer.graphs.molecules import Molecule
from molxai.explanation.account import Account
from molxai.explanation.entry import Input

Record: TypeAlias = dict[str, Any]

KEYS = (
    "id",
    "row",
    "input",
    "smiles",
    "status",
    "error",
    "model",
    "method",
    "endpoint",
    "target",
    "prediction",
    "probability",
    "logit",
    "unit",
    "logit_sd",
    "similarity",
    "outputs",
    "atoms",
    "relevance",
    "relevance_sd",
    "relevance_error",
    "token_relevance",
    "bias_relevance",
    "structure_relevance",
    "gap",
    "convergence_delta",
    "notes",
)
"""In this order.

A record of an input that could not be read has `status` "error", `error`, and nothing from `model`
on.
"""


WORD_RELEVANCE = "word_relevance"

TEXT_KEYS = ("tokens", "words", WORD_RELEVANCE)
"""Keys of a text's record beside these: its tokens, to which `relevance` belongs, its words, and
the sum over the tokens of each."""


def notes_of(entry: Input) -> tuple[str, ...]:
    """What was changed or approximated when the input was read."""
    if entry.subject is None or isinstance(entry.subject, str):
        return ()
    return entry.subject.notes


def input_record(entry: Input, explanation: Account | None, features: bool = False) -> Record:
    """The record of an input and its explanation; without one, of its error.

    Args:
        entry: what was given.
        explanation: of it.
        features: add `features`, each node's split over its input features, and if structure has
            relevance `structure` and `bonds`.
    """
    record: Record = dict.fromkeys(KEYS)
    record |= {"id": entry.name, "row": entry.row, "input": entry.text, **_structure(entry)}
    record |= {"status": "error" if entry.error else "ok", "error": entry.error or None}
    if explanation is not None:
        record |= explanation.to_dict(features)
    return record


def _structure(entry: Input) -> Record:
    """What it takes to draw a molecule from its record alone.

    `smiles` has the atoms in the order of `relevance`. `atoms` says of each which atom of the input
    it is, counted from 0 over all atoms that are written there; None if it is the same number.
    """
    if not isinstance(entry.subject, Molecule):
        return {}
    return {"smiles": entry.subject.explained_smiles, "atoms": entry.subject.atoms}
