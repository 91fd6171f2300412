"""What is said of a picture to those who do not see it: its largest parts, as the pages say it."""

from collections.abc import Sequence

from graphormer.graphs.molecules import shortened
from molxai.explanation.account import Account
from molxai.explanation.sentence import Sentence
from molxai.explanation.words import amount, decimals
from molxai.rendering.about import About
from molxai.rendering.colour import scale
from molxai.rendering.wording import true_minus

NAME_LETTERS = 60
"""Letters of a name at most."""

LARGEST = 3
"""Parts that are named."""

MOST_TITLES = 3
"""Drawings of a figure that its title names."""

KINDS = {"molecules": "Molecule", "digits": "Digit", "texts": "Text"}
"""What was explained, as the pages call it."""

NamedPart = tuple[str, float]
"""What a part is called, and its relevance."""


def about(explanation: Account, parts: Sequence[NamedPart] = ()) -> About:
    """Title and text alternative of the picture of an explanation.

    Args:
        explanation: of a molecule, a digit or a text.
        parts: of a molecule. [default: its atoms]
    """
    return About(_name(explanation), alternative(explanation, parts))


def about_several(
    explanations: Sequence[Account],
    parts: Sequence[Sequence[NamedPart]] = (),
    separator: str = ", ",
) -> About:
    """The same of a figure of several explanations.

    Args:
        explanations: of molecules, digits or texts.
        parts: those of each explanation. [default: atoms]
        separator: between their names in the title.
    """
    names = list(dict.fromkeys(map(_name, explanations)))
    title = separator.join(names[:MOST_TITLES])
    if len(names) > MOST_TITLES:
        title += f" and {len(names) - MOST_TITLES} more"
    pairs = zip(explanations, parts or [()] * len(explanations), strict=True)
    return About(title, ". ".join(alternative(*pair) for pair in pairs))


def alternative(explanation: Account, parts: Sequence[NamedPart] = ()) -> str:
    """The kind and the name of what is drawn, the method, and the largest parts with their numbers.

    Args:
        explanation: of a molecule, a digit or a text.
        parts: of a molecule. [default: its atoms, superpixels or words]
    """
    nodes = _nodes(explanation)
    digits = decimals(scale([value for _, value in nodes], explanation.in_unit))
    ranked = sorted(parts or nodes, key=lambda part: -abs(part[1]))[:LARGEST]
    largest = [f"{name} {amount(value, explanation.signed, digits)}" for name, value in ranked]
    named = f"{KINDS[explanation.kind]} {_name(explanation)}, {explanation.method}"
    return f"{named}: largest {true_minus(', '.join(largest))}"


def _nodes(explanation: Account) -> list[NamedPart]:
    """Atoms, superpixels or words; drawing itself refuses another number of relevances."""
    if isinstance(explanation.subject, Sentence):
        return explanation.by_word()
    relevance = explanation.relevance.tolist()
    return list(zip(explanation.node_names(), relevance, strict=False))


def _name(explanation: Account) -> str:
    return shortened(explanation.name, NAME_LETTERS)
