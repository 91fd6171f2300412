"""Two molecules side by side in one orientation and on one scale, with what was changed outlined and the difference split."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import rdDepictor

from graphormer.files import write_file
from graphormer.graphs.molecules import Molecule, shortened
from molxai.chemistry.alignment import Alignment
from molxai.explanation.captions import colour_line
from molxai.explanation.explanation import Explanation
from molxai.rendering.bar import draw_bar
from molxai.rendering.layout import Layout, flat_copy, layout
from molxai.rendering.look import PLAIN, Look
from molxai.rendering.molecule import Kind, draw_layout
from molxai.rendering.picture import (
    DPI,
    MARGIN,
    Placed,
    axes_at,
    blank,
    kind_of,
    merged,
    quiet_settings,
    write,
)

WIDTH, LOWEST, HIGHEST, AIR = 440, 200, 400, 10
"""Width of one molecule's drawing, its height at least and at most, and what is left free around it, in pixels."""

HEADER, LINE, BAR = 66, 20, 116
"""Height of the words above, of a line of those below, and width of the colour bar's column."""

LETTERS = 140
"""In a line below the drawings."""


def draw_matched(
    a: Explanation,
    b: Explanation,
    found: Alignment,
    split: Mapping[str, float],
    path: str | Path | None = None,
    look: Look = PLAIN,
) -> str | bytes:
    """The picture as SVG text, or as PNG bytes where `path` ends in .png; written to `path` where one is given.

    Args:
        a: the first molecule.
        b: the second, for the same target.
        found: which atoms correspond.
        split: what the difference consists of, by name.
        path: of the file, .svg or .png.
        look: colours and resolution.

    Raises:
        ValueError: it ends otherwise.
    """
    kind = kind_of(path)
    with quiet_settings():
        content = _picture((a, b), found, split, kind, look)
    if path:
        write_file(Path(path), content)
    return content


def _picture(
    pair: tuple[Explanation, Explanation],
    found: Alignment,
    split: Mapping[str, float],
    kind: Kind,
    look: Look,
) -> str | bytes:
    values = [value for one in pair for value in one.relevance.tolist()]
    limit = look.limit_for(values, pair[0].in_unit)
    layouts = _alike(_mol(pair[0]), _mol(pair[1]), found)
    pixels = min(laid.fit((WIDTH - 2 * AIR, HIGHEST - 2 * AIR)) for laid in layouts)
    height = max(LOWEST, *(laid.height(pixels) + 2 * AIR for laid in layouts))
    lines = _lines(*pair, found, split, look)
    legend = 16 + LINE * len(lines)
    figure = blank((2 * WIDTH + BAR, HEADER + height + legend), look, kind)
    drawings: list[Placed] = []
    for side, (one, laid) in enumerate(zip(pair, layouts, strict=True)):
        drawn = draw_layout(
            laid, one.relevance.tolist(), limit, (WIDTH, height), kind, look, one.uncertain, pixels
        )
        drawings.append((drawn, (side * WIDTH, HEADER)))
        for row, (text, size, weight) in enumerate(_head("AB"[side], one)):
            write(
                figure,
                MARGIN + side * WIDTH,
                legend + height + HEADER - 24 - 22 * row,
                text,
                fontsize=size,
                fontweight=weight,
            )
    for row, text in enumerate(lines):
        write(
            figure,
            MARGIN,
            legend - LINE * (row + 1),
            text,
            fontsize=9 if row else 11,
            fontweight="normal" if row else "bold",
        )
    axes = axes_at(
        figure,
        figure.get_size_inches()[0] * DPI - BAR + 12,
        legend + 0.08 * height,
        14,
        0.72 * height,
    )
    draw_bar(axes, limit, values, pair[0].relevance_unit, look.colours)
    return merged(figure, drawings, (WIDTH, height), kind)


def _mol(explanation: Explanation) -> Chem.Mol:
    assert isinstance(explanation.subject, Molecule)
    return explanation.subject.mol


def _alike(a: Chem.Mol, b: Chem.Mol, found: Alignment) -> tuple[Layout, Layout]:
    """Layouts, the second such that the common part lies as in the first; what differs is outlined."""
    first = flat_copy(a)
    second = Chem.Mol(b)
    rdDepictor.GenerateDepictionMatching2DStructure(second, first, list(found.anchor))
    laid = [
        replace(layout(mol), parts=_changed(mol, found, side))
        for side, mol in enumerate((first, second))
    ]
    return laid[0], laid[1]


def _changed(mol: Chem.Mol, found: Alignment, side: int) -> tuple[tuple[int, ...], ...]:
    """Atoms that only this one has, and those whose stereo differs."""
    common = {pair[side] for pair in found.pairs}
    changed = {*range(mol.GetNumAtoms())} - common | {pair[side] for pair in found.stereo}
    return (tuple(sorted(changed)),) if changed else ()


def _head(letter: str, one: Explanation) -> list[tuple[str, float, str]]:
    """Name and prediction above a molecule: words, size and weight."""
    name = shortened(one.name, 42)
    said = (
        one.endpoint or "value"
        if one.probability is None
        else f"{one.full_target_name}: probability {one.probability:.3f}, logit"
    )
    return [(f"{letter}: {name}", 10.0, "bold"), (f"{said} {one.logit:+.3f}", 10.0, "normal")]


def _lines(
    a: Explanation, b: Explanation, found: Alignment, split: Mapping[str, float], look: Look
) -> Sequence[str]:
    """The difference and its parts, what the outlines mean, and by which model."""
    named = {
        "common": "unchanged atoms",
        "gained": "gain",
        "lost": "loss",
        "token": "token",
        "bias": "bias",
        "gap": "not accounted for",
    }
    parts = [
        f"{named[name]} {value:+.3f}"
        for name, value in split.items()
        if name in ("common", "gained", "lost") or abs(value) >= 5e-4
    ]
    what = (
        a.endpoint or "value"
        if a.probability is None
        else f"logit of {shortened(a.full_target_name, 30)}"
    )
    stereo = " or whose stereo differs" if found.stereo else ""
    marks = f"Outlined: atoms that only one of the two has{stereo}. One scale and one target for both. {a.model} · {a.method}"
    said = [colour_line(a, look.colours), marks, found.note]
    total = f"Δ {what} {b.logit - a.logit:+.3f} = {' · '.join(parts)}"
    return [total, *(line for text in said for line in textwrap.wrap(text, LETTERS))]
