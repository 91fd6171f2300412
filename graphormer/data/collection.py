"""A user's labelled graphs to learn from, with a reason for every row that is left out."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from graphormer.data.examples import LeftOut
from graphormer.data.labelled import LabelledGraphs
from graphormer.data.splits import FRACTIONS, SPLITS, Sizes
from graphormer.data.targets import Targets
from graphormer.graphs.graph import Graph
from graphormer.graphs.molecules import MOLECULES
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.names import unknown

FEWEST = 20
"""Labelled graphs below which nothing is trained."""

PARTS = ("train", "valid", "test")
"""From the training set to the set that a model is judged on last."""

MOST_SPREADS = 5
"""Targets whose repeated values are described at most."""


@dataclass(frozen=True)
class Collection:
    """The graphs that can be used, and what became of the other rows."""

    name: str
    vocabulary: Vocabulary
    graphs: list[Graph]
    texts: list[str]
    """SMILES of each graph, or its place in the file."""
    rows: list[int]
    """Row of each graph in the file, counted from 0."""
    targets: Targets
    parts: list[str]
    """Part of each graph by the split column; empty without one."""
    count: int
    """Rows of the file."""
    skipped: list[LeftOut]
    sha256: dict[str, str]
    notes: tuple[str, ...] = ()
    """How the file was read if the user may not expect it: its encoding, its separator."""
    merged: int = 0
    """Rows that repeat a molecule: their labels were averaged, or agreed."""
    conflicts: int = 0
    """Labels that were dropped because rows of one molecule name different classes."""
    spread: tuple[float, ...] = ()
    """The largest difference between averaged values, for each target; empty for classes."""
    crossing: int = 0
    """Rows left out because the split column has their molecule in a later part, too."""

    @property
    def summary(self) -> list[str]:
        """What the file holds and what became of it, a line for each fact."""
        lines = [self.targets.stated]
        if self.notes:
            lines.append(f"read with {', '.join(self.notes)}")
        lines += self.targets.notes
        lines.append(f"{len(self.graphs)} of {self.count} rows are used")
        if self.merged:
            lines.append(f"{self.merged} rows repeat a molecule: merged, {self._merging}")
        if self.conflicts:
            lines.append(
                f"{self.conflicts} labels were dropped: rows of one molecule name different classes"
            )
        if self.crossing:
            lines.append(
                f"{self.crossing} rows are left out of train or valid: "
                "the split column has their molecule in valid or test, too"
            )
        if self.skipped:
            first = self.skipped[0]
            lines.append(
                f"{len(self.skipped)} rows are left out, "
                f"for example row {first.row}: {first.reason}"
            )
        return lines

    @property
    def _merging(self) -> str:
        """What became of the labels of repeated molecules."""
        if self.targets.task != "regression":
            return "classes agreed unless said below"
        spreads = [
            f"{spread:.4g} in {name!r}"
            for name, spread in zip(self.targets.names, self.spread, strict=False)
            if spread
        ]
        if not spreads:
            return "their values agreed"
        listing = ", ".join(spreads[:MOST_SPREADS])
        return f"their values were averaged, which differed by up to {listing}"

    def split(
        self, protocol: str, seed: int, sizes: Sizes = FRACTIONS
    ) -> dict[str, LabelledGraphs]:
        """The three parts under a named protocol, or as the split column says.

        Raises:
            ValueError: unknown protocol, or too few graphs in train.
        """
        if self.parts:
            protocol = "own column"
            positions = {
                part: [i for i, graph_part in enumerate(self.parts) if graph_part == part]
                for part in PARTS
            }
        else:
            positions = self._positions(protocol, seed, sizes)
        if len(positions["train"]) < FEWEST / 2:
            raise ValueError(self._too_few(len(positions["train"]), protocol))
        whole = LabelledGraphs(
            self.name,
            self.vocabulary,
            self.graphs,
            self.labels,
            self.rows,
            protocol,
            self.sha256,
            self.texts if self.vocabulary is MOLECULES else [],
        )
        return {part: whole.part(positions[part], f"{protocol} {part}") for part in PARTS}

    def _positions(self, protocol: str, seed: int, sizes: Sizes) -> dict[str, list[int]]:
        """Positions of the graphs of each part under a named protocol."""
        if protocol not in SPLITS:
            raise ValueError(unknown("split", protocol, SPLITS))
        if self.vocabulary is not MOLECULES and protocol != "random":
            raise ValueError(
                f"split {protocol!r}: pictures have no scaffolds, only random is possible"
            )
        split = SPLITS[protocol](self.texts, seed, sizes)
        return {part: sorted(getattr(split, part)) for part in PARTS}

    def _too_few(self, count: int, protocol: str) -> str:
        """The message about a training set of so few graphs."""
        remedy = f"choose another --split than {protocol}"
        if self.parts:
            remedy = "let more rows of the split column say train"
        if "scaffold" in protocol:
            remedy += (
                "; it keeps a scaffold's molecules together, and those without rings count as one"
            )
        return f"{count} graphs to train on: at least {FEWEST // 2} are needed; {remedy}"

    @property
    def labels(self) -> Float[Tensor, "graphs targets"] | Int[Tensor, " graphs"]:
        """In the form that the model's loss takes."""
        if self.targets.task == "multiclass":
            return self.targets.labels[:, 0].long()  # (graphs,)
        return self.targets.labels
