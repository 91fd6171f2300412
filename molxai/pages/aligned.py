"""Drawings of a page's molecules on the core that they share."""

from collections.abc import Iterable, Iterator
from typing import Any

from graphormer.graphs.molecules import Molecule, molecule
from molxai.explanation.orientation import Orientation
from molxai.pages.view import View
from molxai.rendering.geometry import molecule_drawing


def aligned_drawings(
    views: Iterable[View], orientation: Orientation
) -> list[tuple[int, dict[str, Any]]]:
    """Number and drawing of each row whose molecule has the core."""
    drawings = []
    for view in views:
        for subject in molecules_of([view]):
            laid_out = orientation.lay_out(subject.mol)
            if laid_out is not subject.mol:
                drawings.append((view["row"], molecule_drawing(laid_out)))
    return drawings


def molecules_of(views: Iterable[View]) -> Iterator[Molecule]:
    """The molecules of views, with the atoms in the order of their relevances, one by one."""
    for view in views:
        if "smiles" in view:
            yield molecule(view["smiles"])
