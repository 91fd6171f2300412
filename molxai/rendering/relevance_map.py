"""What every picture colours: a molecule or a digit with the relevance of its nodes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from jaxtyping import Float
from numpy import ndarray

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.rendering.look import Look
from molxai.rendering.ramp import Ramp

Bonds: TypeAlias = Mapping[tuple[int, int], float]
"""Relevance of each bond, by its two atoms i < j."""

SMALLEST_STRUCTURE_SCALE = 0.005
"""Full colour of bonds and of offsets means at least this much relevance, in logits.

A bond usually has a hundredth of a logit: next to atoms it would be white. So the scale is its own,
and pictures name it.
"""

NO_BONDS: Bonds = MappingProxyType({})
"""Bonds that have no relevance of their own, and are not coloured."""


def of_bonds(bonds: Bonds, ends: Iterable[Sequence[int]]) -> list[float]:
    """The relevance of the bonds with these ends, in their order."""
    return [bonds[min(pair), max(pair)] for pair in ends]


def structure_limit(values: Iterable[float]) -> float:
    """The magnitude of bonds or offsets in full colour: the largest, if that is not almost 0."""
    return max([SMALLEST_STRUCTURE_SCALE, *map(abs, values)])


FARTHEST = 20.0
"""How far in pixels the outer bins of offsets are drawn: most pairs of superpixels are nearer."""


@dataclass(frozen=True)
class Words:
    """The words of a text."""

    texts: tuple[str, ...]
    is_spaced: tuple[bool, ...]
    """Whether a blank stands before each word."""


@dataclass(frozen=True, eq=False)
class Offsets:
    """Relevance of how far one superpixel lies from another, in bins of rows and columns."""

    relevance: Float[ndarray, "rows columns"]
    """From the superpixel that listens to the one that is heard: rows down, columns right."""
    edges: tuple[float, ...]
    """Between two bins, in pixels; the outer bins are open."""

    @property
    def bounds(self) -> list[float]:
        """Where bins begin and end as they are drawn."""
        return [-FARTHEST, *self.edges, FARTHEST]

    @property
    def limit(self) -> float:
        """The magnitude in full colour, as of bonds."""
        return structure_limit(self.relevance.ravel().tolist())


@dataclass(frozen=True, eq=False)
class RelevanceMap:
    """A relevance for each atom of a molecule, superpixel of a digit, or word of a text.

    Example:
        >>> import numpy as np
        >>> from graphormer.graphs.molecules import molecule
        >>> ethanol = RelevanceMap(molecule("CCO"), np.array([0.1, -0.4, 2.0]))
        >>> ethanol.limit(Look()), ethanol.limit(Look(scale=1.0))
        (2.0, 1.0)
    """

    subject: Molecule | Digit | Words
    relevance: Float[ndarray, " nodes"]
    uncertain: tuple[bool, ...] = ()
    """Whether each node is hatched; empty: none is."""
    unit: str = "logit"
    """What relevances are counted in."""
    in_unit: bool = True
    """Whether that is the unit of the model's output."""
    signed: bool = True
    """Whether relevance speaks for or against; without a sign it only ranks the nodes."""
    bonds: Bonds = field(default_factory=dict)
    """Relevance of each bond by its two atoms; empty: bonds have none and are not coloured."""
    offsets: Offsets | None = None
    """Relevance of the offsets between two superpixels, if they have any."""

    @property
    def values(self) -> list[float]:
        return self.relevance.tolist()

    def limit(self, look: Look) -> float:
        """The magnitude in full colour: the look's own, or the largest of the map.

        Raises:
            ValueError: a relevance is not finite.
        """
        return look.limit_for(self.values, self.in_unit)

    def ramp(self, look: Look) -> Ramp:
        """The colours of the map.

        Raises:
            ValueError: a relevance is not finite.
        """
        return look.ramp_for(self.values, self.in_unit, self.signed)
