"""What pictures and pages colour of an explanation, as plain values."""

import numpy as np

from graphormer.graphs.molecules import Molecule
from molxai.explanation.account import Account
from molxai.explanation.sentence import Sentence
from molxai.rendering.relevance_map import Offsets, RelevanceMap, Words


def relevance_map(explanation: Account) -> RelevanceMap:
    """What is coloured; the explanation must have a subject."""
    subject = explanation.subject
    assert subject is not None
    if isinstance(subject, Sentence):
        return RelevanceMap(
            Words(tuple(subject.words), tuple(subject.is_spaced)),
            np.array(subject.of_words(explanation.relevance.tolist())),
            unit=explanation.relevance_unit,
            in_unit=explanation.in_unit,
            signed=explanation.signed,
        )
    return RelevanceMap(
        subject=subject,
        relevance=explanation.relevance.numpy(),
        uncertain=tuple(explanation.uncertain),
        unit=explanation.relevance_unit,
        in_unit=explanation.in_unit,
        signed=explanation.signed,
        bonds=explanation.bonds if isinstance(subject, Molecule) else {},
        offsets=offsets(explanation),
    )


def offsets(explanation: Account) -> Offsets | None:
    """What the offsets between superpixels say, if the method gives them relevance."""
    structure = explanation.structure
    relevance = structure.by_offset if structure else None
    if structure is None or relevance is None:
        return None
    return Offsets(relevance.numpy(), structure.vocabulary.offset_bins)
