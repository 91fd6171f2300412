"""What a method of explanation is: how it is called, what it promises and what it costs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from graphormer.graphs.vocabulary import Vocabulary
from molxai.explanation.explanation import Explanation
from molxai.explanation.network import Batch, Network
from molxai.explanation.target import Target

Targets = Sequence[Target | None] | None
"""The target of each graph; None for its prediction."""


@dataclass(frozen=True)
class Method(ABC):
    """A row of the table `EXPLAINERS`: a callable value with what it is and promises.

    A kind of method adds its options as fields, says in `passes` what it costs, and explains a
    batch in `__call__`.
    """

    name: str = ""
    """Its id in files, in tables and on the command line."""
    says: str = field(default="", kw_only=True)
    """What it is, in a line; formula and paper are in docs/methods.md."""
    conserves: bool = field(default=False, kw_only=True)
    """Node, token and bias relevances sum to the logit."""
    signed: bool = field(default=True, kw_only=True)
    """Negative relevance speaks against the target."""
    by_target: bool = field(default=True, kw_only=True)
    """Another target gives another relevance."""
    in_unit: bool = field(default=True, kw_only=True)
    """Relevances have the unit of the output, so that small ones mean little."""
    largest: int | None = field(default=None, kw_only=True)
    """Nodes of the largest graph that it takes; None: any."""

    @abstractmethod
    def passes(self, nodes: int) -> tuple[int, int]:
        """Forward and backward passes of the model for one graph of that many nodes."""

    def features(self, vocabulary: Vocabulary) -> tuple[str, ...]:
        """What each node's relevance is split over, by name; empty if it has no split."""
        return ()

    @property
    def has_structure(self) -> bool:
        """Whether distances, bonds and offsets get relevance of their own."""
        return False

    @property
    def is_of_layers(self) -> bool:
        """Whether it looks into the layers of a network, so that a kernel machine takes no part."""
        return False

    @abstractmethod
    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class.

        Raises:
            ValueError: the model is in training mode, compiled or scripted.
        """
