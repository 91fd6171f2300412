"""Words beside the parts of a drawing: laid where nothing else is, with a line to what they name."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy import ndarray

from graphormer.molecules import shortened
from molxai.rendering.layout import Label, Layout
from molxai.rendering.lettering import width
from molxai.rendering.look import Part

HEIGHT = 0.6
"""Of a line of words in Å: a little less than the letters of atoms."""

LETTERS = 40
"""Of a label at most."""

CLEAR = 0.8
"""Distance in Å that a label keeps from atoms, at least; half of it from the middles of bonds and from other labels."""

REACHES = np.arange(1.3, 6.0, 0.25)
"""Distances in Å from an atom that are tried, in `TURNS` directions."""

TURNS = 24

LEADER = (0.2, 0.4, 0.6, 0.8)
"""Places on the line from a label to its part that are kept out of other labels, as shares of its length."""


def labelled(layout: Layout, parts: Sequence[Part]) -> Layout:
    """The layout with a label beside each part, and room for it; small parts choose first, for they have the fewest places."""
    middles = layout.places[layout.bonds].mean(1)
    made: dict[int, Label] = {}
    for i in sorted(range(len(parts)), key=lambda i: len(parts[i][0])):
        atoms, text = parts[i]
        made[i] = _placed(layout, middles, layout.places[list(atoms)], _words(text), list(made.values()))
    if not made:
        return layout
    low = np.min([layout.low, *(one.centre - one.half for one in made.values())], axis=0)
    high = np.max([layout.high, *(one.centre + one.half for one in made.values())], axis=0)
    labels = tuple(made[i] for i in range(len(parts)))
    return replace(layout, low=low, high=high, parts=tuple(tuple(atoms) for atoms, _ in parts), labels=labels)


def _words(text: str) -> str:
    return shortened("".join(one if one.isprintable() else " " for one in text), LETTERS)


def _half(text: str) -> ndarray:
    return np.array([width(text) * HEIGHT, HEIGHT]) / 2 + 0.05


def _placed(layout: Layout, middles: ndarray, own: ndarray, text: str, taken: Sequence[Label]) -> Label:
    """The nearest place to the part's atoms at which the box is clear of atoms, bonds and other labels.

    A place outside the drawing's box is worse by how far it sticks out: the drawing would shrink for it.
    """
    half, angles = _half(text), np.linspace(0, 2 * np.pi, TURNS, endpoint=False)
    rays = REACHES[:, None, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    centres = (own[:, None, None] + rays).reshape(-1, 2)
    crowded = _inside(centres, half + CLEAR, layout.places) + _inside(centres, half + CLEAR / 2, middles)
    for one in taken:
        crowded += (np.abs(centres - one.centre) < half + one.half + CLEAR / 2).all(1)
    near = own[np.linalg.norm(centres[:, None] - own, axis=2).argmin(1)]
    for one in taken:  # no line from a label runs through another
        for share in LEADER:
            crowded += (np.abs(centres + share * (near - centres) - one.centre) < one.half).all(1)
            crowded += (np.abs(one.centre + share * (one.near - one.centre) - centres) < half).all(1)
    gap = np.linalg.norm(np.maximum(np.abs(centres[:, None] - own) - half, 0), axis=2).min(1)
    out = np.maximum(layout.low - centres + half, 0) + np.maximum(centres + half - layout.high, 0)
    from_middle = np.linalg.norm(centres - own.mean(0), axis=1)
    best = centres[np.argmin(100.0 * crowded + gap + 0.5 * out.sum(1) + 0.15 * from_middle)]
    return Label(text, best, half, own[np.linalg.norm(own - best, axis=1).argmin()])


def _inside(centres: ndarray, half: ndarray, points: ndarray) -> ndarray:
    """How many of the points lie in the box around each centre."""
    return (np.abs(centres[:, None] - points) < half).all(2).sum(1)
