"""Words beside the parts of a molecule, or numbers if the words would be too small to be read.

What a number stands for is said below the drawing.
"""

from collections.abc import Sequence

from rdkit import Chem

from molxai.rendering.layout import Layout
from molxai.rendering.look import POINTS_PER_INCH, RESOLUTION, Look, Part
from molxai.rendering.molecule import lay_out

SMALLEST = 6.0
"""Points of the words beside a part at least: print needs them."""

NUMBER = 7.0
"""Points of a number in their place."""

TALLEST = 2.4
"""Height in Å of a number at most: in a very small drawing more would hide the molecule."""

MOST = 12
"""Parts that have a number: more explanations than that nobody reads."""

ROUNDS = 2
"""Times that the numbers are placed: the first time it is not known how small the drawing gets."""


def lay_out_parts(
    mol: Chem.Mol, look: Look, parts: Sequence[Part], room: tuple[int, int], zoom: float
) -> tuple[Layout, str]:
    """The layout with words or numbers beside its parts, and what the numbers stand for.

    Args:
        mol: the molecule.
        look: style and atom numbers.
        parts: atoms with their words.
        room: width and height of the drawing in pixels.
        zoom: by how much the picture is enlarged at last.
    """
    layout = lay_out(mol, look, parts)
    points = layout.fit(room) * zoom * POINTS_PER_INCH / RESOLUTION  # of one Å
    if not layout.labels or layout.label_height * points >= SMALLEST:
        return layout, ""
    named = [text for _, text in parts if text]
    legend = "; ".join(f"{number}: {text}" for number, text in enumerate(named[:MOST], 1))
    numbers = iter(range(1, 1 + len(named)))
    numbered: list[Part] = []
    for atoms, text in parts:
        number = next(numbers) if text else MOST + 1
        numbered.append((atoms, str(number) if number <= MOST else ""))
    layout = lay_out(mol, look)
    for _ in range(ROUNDS):
        points = layout.fit(room) * zoom * POINTS_PER_INCH / RESOLUTION
        layout = lay_out(mol, look, numbered, min(NUMBER / points, TALLEST))
    further = "" if len(named) <= MOST else f" {len(named) - MOST} more have no number."
    return layout, f"Parts: {legend}.{further}"
