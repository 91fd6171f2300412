"""What a training is about: the labelled parts, and where the model comes from."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphormer.data.labelled import LabelledGraphs


@dataclass(frozen=True)
class Problem:
    """What is to be learnt, and from what."""

    name: str
    """Name of the model."""
    targets: tuple[str, ...]
    classes: tuple[str, ...]
    """Empty for a regression."""
    parts: Mapping[str, LabelledGraphs]
    """train, and valid and test if there are any."""
    unit: str = "logit"
    notes: tuple[str, ...] = ()
    """What became of the rows, for the card."""
    source: str = ""
    """Path of a file of pictures: a molecule is its SMILES, but pictures must be found again."""

    @property
    def train(self) -> LabelledGraphs:
        """The training set."""
        return self.parts["train"]

    @property
    def judging_parts(self) -> dict[str, LabelledGraphs]:
        """The parts that a model is judged on and does not learn."""
        return {name: part for name, part in self.parts.items() if name != "train" and len(part)}


@dataclass(frozen=True)
class Origin:
    """Where a model comes from, for its card."""

    command: str
    """Command that repeats the training."""
    init: str = ""
    """Model whose weights, except the head's, training began with."""
    preset: str = ""
    """Preset whose recipe it is."""
