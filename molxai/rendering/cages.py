"""Ring systems that are drawn as chemists draw them, for which RDKit has no template."""

from collections.abc import Iterator

from rdkit import Chem
from rdkit.Geometry import Point2D

BOND = 1.5
"""Length in Å of RDKit's bonds."""

MOST_WAYS = 24
"""Ways to lay a cage onto a molecule that are tried, as many as a tetrahedron's symmetry has."""

CAGES = {
    # Seen along a direction in which no atom and few bonds are hidden.
    "*1~*2~*~*3~*~*1~*~*(~*2)~*3": (
        (1.36, 0.0),
        (0.9, 0.72),
        (0.0, 1.43),
        (-0.9, 0.72),
        (-0.5, -0.12),
        (0.47, -0.72),
        (0.0, -1.43),
        (-0.47, -0.72),
        (0.5, -0.12),
        (-1.36, 0.0),
    ),
}
"""SMARTS of each, and where its atoms lie, in bonds: adamantane."""


def cage_coordinates(mol: Chem.Mol) -> Iterator[dict[int, Point2D]]:
    """Where atoms of the first cage lie, for each way to lay the cage onto the molecule."""
    for smarts, places in CAGES.items():
        pattern = Chem.MolFromSmarts(smarts)
        for match in mol.GetSubstructMatches(pattern, uniquify=False, maxMatches=MOST_WAYS):
            yield {
                atom: Point2D(BOND * x, BOND * y)
                for atom, (x, y) in zip(match, places, strict=True)
            }
