"""What every picture colours: a molecule or a digit with the relevance of its nodes."""

from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.rendering.look import Look


@dataclass(frozen=True, eq=False)
class RelevanceMap:
    """A relevance for each atom of a molecule or each superpixel of a digit.

    Example:
        >>> import numpy as np
        >>> from graphormer.graphs.molecules import molecule
        >>> ethanol = RelevanceMap(molecule("CCO"), np.array([0.1, -0.4, 2.0]))
        >>> ethanol.limit(Look()), ethanol.limit(Look(scale=1.0))
        (2.0, 1.0)
    """

    subject: Molecule | Digit
    relevance: Float[ndarray, " nodes"]
    uncertain: tuple[bool, ...] = ()
    """Whether each node is hatched; empty: none is."""
    unit: str = "logit"
    """What relevances are counted in."""
    in_unit: bool = True
    """Whether that is the unit of the model's output."""

    @property
    def values(self) -> list[float]:
        return self.relevance.tolist()

    def limit(self, look: Look) -> float:
        """The magnitude in full colour: the look's own, or the largest of the map.

        Raises:
            ValueError: a relevance is not finite.
        """
        return look.limit_for(self.values, self.in_unit)
