"""A matched pair as a picture: what drawing needs of it, as plain values and words."""

from collections.abc import Mapping
from pathlib import Path

from graphormer.graphs.molecules import Molecule, shortened
from molxai.chemistry.alignment import Alignment
from molxai.chemistry.fragments import named_parts
from molxai.explanation.alternative import about_several
from molxai.explanation.captions import colour_line, difference_line
from molxai.explanation.explanation import Explanation
from molxai.explanation.relevance_maps import relevance_map
from molxai.rendering.look import PLAIN, Look
from molxai.rendering.matched import MatchedPicture, Side, draw_matched
from molxai.rendering.wording import true_minus

NAME_LETTERS = 42
"""Letters of a molecule's name at most."""

TARGET_LETTERS = 30
"""Letters of the target's name at most."""

ENTRIES = {
    "common": "unchanged atoms",
    "gained": "gain",
    "lost": "loss",
    "token": "token",
    "bias": "bias",
    "structure": "structure",
    "gap": "remainder",
}
"""What the parts of a difference are called."""

ALWAYS = ("common", "gained", "lost")
"""Parts of a difference that are told even if they are zero."""

SMALLEST = 5e-4
"""Smaller parts are zero to three decimals, and only those of `ALWAYS` are told then."""


def draw_pair(
    pair: tuple[Explanation, Explanation],
    alignment: Alignment,
    split: Mapping[str, float],
    path: str | Path | None = None,
    look: Look = PLAIN,
) -> str | bytes:
    """The picture in the format of the file's ending, or as SVG text; written to `path`.

    Args:
        pair: both molecules, for the same target.
        alignment: which atoms correspond.
        split: what the difference consists of, by name.
        path: ends as a picture's name.
        look: colours and resolution.

    Raises:
        ValueError: the file name ends otherwise.
    """
    a, b = pair
    picture = MatchedPicture(
        a=_side("A", a, _changed_atoms(a, alignment, 0)),
        b=_side("B", b, _changed_atoms(b, alignment, 1)),
        anchor=alignment.anchor,
        total=_total_line(a, b, split),
        reading=_reading(a, alignment, look),
        about=about_several(pair, [named_parts(side) for side in pair], " → "),
    )
    return draw_matched(picture, path, look)


def _side(letter: str, explanation: Explanation, changed: tuple[int, ...]) -> Side:
    """One of the two molecules with its name and prediction."""
    name = shortened(explanation.name, NAME_LETTERS)
    if explanation.probability is None:
        what = explanation.endpoint or "value"
    else:
        probability = f"probability {explanation.probability:.3f}"
        what = f"{explanation.full_target_name}: {probability}, logit"
    prediction = f"{what} {explanation.logit:+.3f}"
    return Side(relevance_map(explanation), f"{letter}: {name}", true_minus(prediction), changed)


def _changed_atoms(explanation: Explanation, alignment: Alignment, side: int) -> tuple[int, ...]:
    """Atoms that only this molecule has, and those whose stereo differs."""
    assert isinstance(explanation.subject, Molecule)
    atoms = set(range(explanation.subject.mol.GetNumAtoms()))
    common = {pair[side] for pair in alignment.pairs}
    stereo = {pair[side] for pair in alignment.stereo}
    return tuple(sorted((atoms - common) | stereo))


def _total_line(a: Explanation, b: Explanation, split: Mapping[str, float]) -> str:
    """The difference, and what it consists of if that is known."""
    what = f"logit of {shortened(a.full_target_name, TARGET_LETTERS)}"
    if a.probability is None:
        what = a.endpoint or "value"
    entries = [
        f"{ENTRIES[name]} {value:+.3f}"
        for name, value in split.items()
        if name in ALWAYS or abs(value) >= SMALLEST
    ]
    difference = b.logit - a.logit
    parts = f" = {' · '.join(entries)}" if entries else ""
    return true_minus(f"Δ {what} {difference:+.3f}{parts}")


def _reading(a: Explanation, alignment: Alignment, look: Look) -> tuple[str, ...]:
    """What colours and outlines mean, by which model, and what is to be noted of the alignment."""
    stereo = " or whose stereo differs" if alignment.stereo else ""
    outlines = f"Outlined: atoms that only one of the two has{stereo}."
    scale = f"One scale and one target for both. {a.model} · {a.method}"
    colours = f"{colour_line(a, look.colours)} {difference_line(a)}".rstrip()
    return (colours, f"{outlines} {scale}", alignment.note)
