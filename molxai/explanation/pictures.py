"""Explanations as pictures: what drawing needs of them, as plain values."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from graphormer.graphs.molecules import Molecule
from molxai.explanation.account import Account
from molxai.explanation.alternative import NamedPart, about
from molxai.explanation.captions import (
    bond_line,
    colour_line,
    ledger,
    ledger_line,
    nodes_sum,
    own_sum_line,
    prediction_line,
    spread_line,
    structure_line,
)
from molxai.explanation.relevance_maps import relevance_map
from molxai.rendering.look import PLAIN, Look, Part
from molxai.rendering.picture import Caption, Picture, draw_picture
from molxai.rendering.wording import SMALLEST_NUMBER, true_minus


def draw(
    explanation: Account,
    path: str | Path | None = None,
    look: Look = PLAIN,
    parts: Sequence[Part] = (),
) -> str | bytes:
    """The picture in the format of the file's ending, or as SVG text; written to `path`.

    Args:
        explanation: of a molecule, a digit or a text.
        path: ends in .svg, .pdf, .png, .jpg or .tiff. [default: none, nothing is written]
        look: palette, style and so on.
        parts: of a molecule, outlined, with their words beside them.

    Raises:
        ValueError: the explanation holds nothing to draw, or the file name ends otherwise.
    """
    return draw_picture(picture_of(explanation, look, parts), path, look)


def check_parts(parts: Sequence[Part], nodes: int) -> None:
    """Refuse parts that are none.

    Raises:
        ValueError: one is no pair of atoms and words, or an atom does not exist.
    """
    for part in parts:
        is_pair = isinstance(part, tuple | list) and len(part) == 2 and isinstance(part[1], str)
        if not is_pair or isinstance(part[0], str):
            raise ValueError(f"part {part!r}: atoms and words are needed, like ([3, 4, 5], '+1.2')")
        for atom in part[0]:
            if not 0 <= atom < nodes:
                raise ValueError(
                    f"part {part!r}: there is no atom {atom}; atoms are 0 to {nodes - 1}"
                )


def picture_of(
    explanation: Account,
    look: Look = PLAIN,
    parts: Sequence[Part] = (),
    named: Sequence[NamedPart] = (),
) -> Picture:
    """What drawing needs of an explanation, as plain values.

    Args:
        explanation: of a molecule, a digit or a text.
        look: palette, style and so on.
        parts: of a molecule, outlined, with their words beside them.
        named: parts of which the text alternative names the largest. [default: the atoms]

    Raises:
        ValueError: the explanation holds nothing to draw.
    """
    if explanation.subject is None:
        raise ValueError(
            "an explanation of a bare graph has no picture: explain a molecule or a digit"
        )
    told = about(explanation, named)
    if look.shared and isinstance(explanation.subject, Molecule):
        explanation = _with_even_shares(explanation, parts)
    return Picture(
        relevance_map(explanation),
        caption(explanation, look, parts),
        tuple(parts),
        told,
    )


def caption(explanation: Account, look: Look, parts: Sequence[Part] = ()) -> Caption:
    """The words around the picture: short, or all that can be said of what is drawn."""
    note = f"Note: {'; '.join(explanation.notes)}" if explanation.notes else ""
    prediction = true_minus(prediction_line(explanation))
    words = Caption(explanation.name, prediction, "", (), note)
    colours = colour_line(explanation, look.colours)
    of_bonds = bond_line(explanation) if look.style != "contour" else ""
    further = (spread_line(explanation), _named_parts_line(parts))
    if look.caption != "long":
        scale = of_bonds.partition(":")[0]  # what it means is for the long caption
        sentences = (colours, scale and f"{scale}.", *further)
        reading = " ".join(sentence for sentence in sentences if sentence)
        return replace(words, total=true_minus(short_ledger_line(explanation)), reading=(reading,))
    subject = explanation.subject
    if look.style == "contour" and isinstance(subject, Molecule) and subject.mol.GetNumBonds():
        colours += " Contours blur it over half a bond."
    reading_lines = (colours, true_minus(structure_line(explanation)), of_bonds, *further)
    return replace(words, total=true_minus(ledger_line(explanation)), reading=reading_lines)


def short_ledger_line(explanation: Account) -> str:
    """What the relevances sum to, and whatever else has a share; what is missing is always said."""
    if not explanation.in_unit:
        return own_sum_line(explanation)
    entries = [nodes_sum(explanation)]
    for name, value in ledger(explanation).items():
        if abs(value) >= SMALLEST_NUMBER:
            entries.append(f"{name} {value:+.3f}")
    return f"Sum: {', '.join(entries)}"


def _named_parts_line(parts: Sequence[Part]) -> str:
    """How many parts have words beside them; empty if all have."""
    named = sum(bool(text) for _, text in parts)
    if named == len(parts):
        return ""
    return f"{named} of {len(parts)} parts are named, those of largest magnitude."


def _with_even_shares(explanation: Account, parts: Sequence[Part]) -> Account:
    """The explanation with each part's relevance spread evenly.

    It has no spread over an ensemble's members and no error: they are known of atoms, not of parts.
    """
    relevance = explanation.relevance.double().tolist()
    shares = torch.tensor(even_shares(relevance, parts))
    return replace(explanation, relevance=shares, relevance_sd=None, relevance_error=None)


def even_shares(relevance: Sequence[float], parts: Sequence[Part]) -> list[float]:
    """Each part's relevance in equal shares on its atoms; an atom in no part keeps its own.

    Example:
        >>> even_shares([1.0, 3.0, 5.0], [([0, 1], "ring")])
        [2.0, 2.0, 5.0]
    """
    shares = list(relevance)
    for atoms, _ in parts:
        total = sum(relevance[atom] for atom in atoms)
        for atom in atoms:
            shares[atom] = total / len(atoms)
    return shares
