"""A user's own labelled graphs: duplicates merged, every molecule in one part, and a reason for every row that is left out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.splits import FRACTIONS, SPLITS, Sizes
from graphormer.data.targets import Targets, known_label
from graphormer.files import digest
from graphormer.graphs.graph import Graph
from graphormer.graphs.molecules import MOLECULES
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.names import unknown
from graphormer.network.card import Card
from graphormer.readers.tables import Row

FEWEST = 20
"""Labelled graphs below which nothing is trained."""

PARTS = ("train", "valid", "test")
"""From what is learnt from to what is judged on last."""


@dataclass(frozen=True)
class Skipped:
    """A row that is not used."""

    row: int
    text: str
    reason: str


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
    """What the split column says of each graph; empty without one."""
    count: int
    """Rows of the file."""
    skipped: list[Skipped]
    merged: int
    """Rows whose molecule had come before: their labels were averaged, or agreed."""
    conflicts: int
    """Labels that were dropped because rows of one molecule name different classes."""
    spread: tuple[float, ...]
    """Of each target, the largest difference between values that were averaged; 0 for classes."""
    crossing: int
    """Rows left out because the split column has their molecule in a part that is judged later, too."""
    sha256: dict[str, str]
    notes: tuple[str, ...] = ()
    """What was chosen in reading the file that the user may not expect: its encoding, its separator."""

    @property
    def summary(self) -> list[str]:
        """What was found, a line for each fact."""
        read = [f"read with {', '.join(self.notes)}"] if self.notes else []
        said = [
            self.targets.stated,
            *read,
            *self.targets.notes,
            f"{len(self.graphs)} of {self.count} rows are used",
        ]
        if self.merged:
            apart = [
                f"{most:.4g} in {name!r}"
                for name, most in zip(self.targets.names, self.spread, strict=False)
                if most
            ]
            averaged = (
                f"their values were averaged, which differed by up to {', '.join(apart[:5])}"
                if apart
                else "their values agreed"
            )
            how = (
                averaged
                if self.targets.task == "regression"
                else "classes agreed unless said below"
            )
            said.append(f"{self.merged} rows repeat a molecule: merged, {how}")
        if self.conflicts:
            said.append(
                f"{self.conflicts} labels were dropped: rows of one molecule name different classes"
            )
        if self.crossing:
            said.append(
                f"{self.crossing} rows are left out of train or valid: the split column has their molecule in valid or test, too"
            )
        if self.skipped:
            said.append(
                f"{len(self.skipped)} rows are left out, for example row {self.skipped[0].row}: {self.skipped[0].reason}"
            )
        return said

    def split(
        self, protocol: str, seed: int, sizes: Sizes = FRACTIONS
    ) -> dict[str, LabelledGraphs]:
        """The three parts under a named protocol, or as the split column says.

        Raises:
            ValueError: unknown protocol, or too few graphs in train.
        """
        if self.parts:
            rows = {part: [i for i, one in enumerate(self.parts) if one == part] for part in PARTS}
            protocol = "own column"
        elif protocol not in SPLITS:
            raise ValueError(unknown("split", protocol, SPLITS))
        elif self.vocabulary is not MOLECULES and protocol != "random":
            raise ValueError(
                f"split {protocol!r}: pictures have no scaffolds, only random is possible"
            )
        else:
            made = SPLITS[protocol](self.texts, seed, sizes)
            rows = {part: sorted(getattr(made, part)) for part in PARTS}
        if len(rows["train"]) < FEWEST / 2:
            remedy = (
                "let more rows of the split column say train"
                if self.parts
                else f"choose another --split than {protocol}"
            )
            acyclic = (
                "; it keeps a scaffold's molecules together, and those without rings count as one"
                if "scaffold" in protocol
                else ""
            )
            raise ValueError(
                f"{len(rows['train'])} graphs to train on: at least {FEWEST // 2:.0f} are needed; {remedy}{acyclic}"
            )
        texts = self.texts if self.vocabulary is MOLECULES else []
        whole = LabelledGraphs(
            self.name,
            self.vocabulary,
            self.graphs,
            self.labels,
            self.rows,
            protocol,
            self.sha256,
            texts,
        )
        return {part: whole.part(kept, f"{protocol} {part}") for part, kept in rows.items()}

    @property
    def labels(self) -> Tensor:
        """In the form that the model's loss takes."""
        return (
            self.targets.labels[:, 0].long()
            if self.targets.task == "multiclass"
            else self.targets.labels
        )


UNLABELLED = "no label"
"""Reason for which rows of unknown labels are left out."""

Kept = tuple[int, Row, Graph, str]
"""Number, row, graph and text of what is used."""


def with_labels(
    read: Kept | Skipped, wanted: Sequence[str], card: Card
) -> tuple[Kept, list[float]] | Skipped:
    """What was read with its labels as a model knows them, or why the model cannot be judged by it."""
    if isinstance(read, Skipped):
        return read
    number, row, _, text = read
    try:
        labels = [
            known_label(name, row.fields.get(name, ""), card.config.task, card.classes)
            for name in wanted
        ]
    except ValueError as error:
        return Skipped(number, text, str(error))
    return Skipped(number, text, UNLABELLED) if all(map(math.isnan, labels)) else (read, labels)


def to_judge(
    path: Path,
    vocabulary: Vocabulary,
    card: Card,
    kept: Sequence[tuple[Kept, list[float]]],
    skipped: Sequence[Skipped],
    part: str,
) -> LabelledGraphs:
    """What is kept, for a model to be judged on."""
    if not kept:
        first = f"; row {skipped[0].row}: {skipped[0].reason}" if skipped else ""
        raise ValueError(f"{path} has no labelled row to judge the model on{first}")
    rows, graphs = (
        [number for (number, _, _, _), _ in kept],
        [graph for (_, _, graph, _), _ in kept],
    )
    labels = torch.tensor([known for _, known in kept], dtype=torch.float32)
    said = labels[:, 0].long() if card.config.task == "multiclass" else labels
    return LabelledGraphs(
        path.stem, vocabulary, graphs, said, rows, part, {path.name: digest(path)}
    )


def known_only(many: Collection) -> Collection:
    """The collection without rows none of whose labels is known."""
    known = (~many.targets.labels.isnan().all(1)).tolist()
    keep, gone = (
        [i for i, one in enumerate(known) if one],
        [i for i, one in enumerate(known) if not one],
    )
    return _chosen(
        many,
        keep,
        many.targets.labels[keep],
        [Skipped(many.rows[i], many.texts[i], UNLABELLED) for i in gone],
    )


def parted(many: Collection) -> Collection:
    """The collection with every molecule in one part, the last that its split column names: what is judged is not learnt from."""
    if not many.parts:
        return many
    last: dict[str, int] = {}
    for text, part in zip(many.texts, many.parts, strict=True):
        last[text] = max(last.get(text, 0), PARTS.index(part))
    judged = [PARTS[last[text]] for text in many.texts]
    gone = [
        Skipped(row, text, f"its molecule stands in {later}, too: left out of {part}")
        for row, text, part, later in zip(many.rows, many.texts, many.parts, judged, strict=True)
        if part != later
    ]
    keep = [i for i, part in enumerate(many.parts) if part == judged[i]]
    return replace(_chosen(many, keep, many.targets.labels[keep], gone), crossing=len(gone))


def _chosen(
    many: Collection,
    keep: Sequence[int],
    labels: Float[Tensor, "rows targets"],
    gone: Sequence[Skipped],
) -> Collection:
    """The collection of the graphs at these places, with these labels, and with more rows that are left out."""
    return replace(
        many,
        graphs=[many.graphs[i] for i in keep],
        texts=[many.texts[i] for i in keep],
        rows=[many.rows[i] for i in keep],
        targets=replace(many.targets, labels=labels),
        parts=[many.parts[i] for i in keep] if many.parts else [],
        skipped=sorted([*many.skipped, *gone], key=lambda one: one.row),
    )


def merged(many: Collection) -> Collection:
    """The collection with one graph for each distinct SMILES, so that no molecule can be in two parts."""
    groups: dict[str, list[int]] = {}
    for place, text in enumerate(many.texts):
        groups.setdefault(text, []).append(place)
    if len(groups) == len(many.texts):
        return many
    labels = many.targets.labels
    combine = _mean if many.targets.task == "regression" else _agreed
    rows = torch.stack([combine(labels[group]) for group in groups.values()])
    lost = sum(int((~labels[group].isnan().all(0)).sum()) for group in groups.values()) - int(
        (~rows.isnan()).sum()
    )
    known = (~rows.isnan().all(1)).tolist()
    keep = [i for i, one in enumerate(known) if one]
    leaders = [group[0] for group in groups.values()]
    gone = [
        Skipped(
            many.rows[leader], many.texts[leader], "rows of this molecule name different classes"
        )
        for leader, one in zip(leaders, known, strict=True)
        if not one
    ]
    chosen = _chosen(many, [leaders[i] for i in keep], rows[keep], gone)
    values = many.targets.task == "regression"
    spread = (
        torch.stack([_spread(labels[group]) for group in groups.values()]).amax(0).tolist()
        if values
        else ()
    )
    return replace(
        chosen, merged=len(many.texts) - len(groups), conflicts=lost, spread=tuple(spread)
    )


def _mean(labels: Float[Tensor, "rows targets"]) -> Float[Tensor, " targets"]:
    return labels.nanmean(0)


def _spread(labels: Float[Tensor, "rows targets"]) -> Float[Tensor, " targets"]:
    """Largest less smallest known label; 0 where none is known."""
    return (labels.nan_to_num(-math.inf).amax(0) - labels.nan_to_num(math.inf).amin(0)).clamp(min=0)


def _agreed(labels: Float[Tensor, "rows targets"]) -> Float[Tensor, " targets"]:
    """The class that all known labels name; NaN where they do not."""
    mean = labels.nanmean(0)
    same = ((labels == mean) | labels.isnan()).all(0)
    return torch.where(same, mean, math.nan)


def checked(path: Path, made: Collection) -> Collection:
    """The collection, if there is enough of it.

    Raises:
        ValueError: fewer than `FEWEST` labelled graphs.
    """
    if len(made.graphs) < FEWEST:
        gone = f"; row {made.skipped[0].row}: {made.skipped[0].reason}" if made.skipped else ""
        raise ValueError(
            f"{path} has {len(made.graphs)} usable labelled rows of {made.count}: at least {FEWEST} are needed{gone}"
        )
    return made
