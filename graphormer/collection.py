"""A user's own labelled molecules or pictures: read, checked, duplicates merged, and a reason for every row that is left out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.checkpoint import Card
from graphormer.data import LabelledGraphs, digest
from graphormer.graph import Graph
from graphormer.molecules import MOLECULES, canonical
from graphormer.splits import SPLITS
from graphormer.tables import Row, column, read_rows, structure_column
from graphormer.targets import Targets, is_missing, known_label, targets
from graphormer.vocabulary import Vocabulary

FEWEST = 20
"""Labelled graphs below which nothing is trained."""

PARTS = ("train", "valid", "test")
"""From what is learnt from to what is judged on last."""

SPELLINGS = {"val": "valid", "validation": "valid", "training": "train", "testing": "test"}
"""Other names of the parts in a split column."""

TAKEN = ("smiles", "split", "row")
"""Columns that a model's split.csv has beside those of its targets."""


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

    @property
    def summary(self) -> list[str]:
        """What was found, a line for each fact."""
        said = [self.targets.stated, f"{len(self.graphs)} of {self.count} rows are used"]
        if self.merged:
            apart = [f"{most:.4g} in {name!r}" for name, most in zip(self.targets.names, self.spread, strict=False) if most]
            averaged = f"their values were averaged, which differed by up to {', '.join(apart[:5])}" if apart else "their values agreed"
            how = averaged if self.targets.task == "regression" else "classes agreed unless said below"
            said.append(f"{self.merged} rows repeat a molecule: merged, {how}")
        if self.conflicts:
            said.append(f"{self.conflicts} labels were dropped: rows of one molecule name different classes")
        if self.crossing:
            said.append(f"{self.crossing} rows are left out of train or valid: the split column has their molecule in valid or test, too")
        if self.skipped:
            said.append(f"{len(self.skipped)} rows are left out, for example row {self.skipped[0].row}: {self.skipped[0].reason}")
        return said

    def split(self, protocol: str, seed: int) -> dict[str, LabelledGraphs]:
        """The three parts under a named protocol, or as the split column says.

        Raises:
            ValueError: unknown protocol, or too few graphs in train.
        """
        if self.parts:
            rows = {part: [i for i, one in enumerate(self.parts) if one == part] for part in PARTS}
            protocol = "own column"
        elif protocol not in SPLITS:
            raise ValueError(f"split {protocol!r}: one of {', '.join(SPLITS)} is needed")
        elif self.vocabulary is not MOLECULES and protocol != "random":
            raise ValueError(f"split {protocol!r}: pictures have no scaffolds, only random is possible")
        else:
            made = SPLITS[protocol](self.texts, seed)
            rows = {part: sorted(getattr(made, part)) for part in PARTS}
        if len(rows["train"]) < FEWEST / 2:
            remedy = "let more rows of the split column say train" if self.parts else f"choose another --split than {protocol}"
            acyclic = "; it keeps a scaffold's molecules together, and those without rings count as one" if "scaffold" in protocol else ""
            raise ValueError(f"{len(rows['train'])} graphs to train on: at least {FEWEST // 2:.0f} are needed; {remedy}{acyclic}")
        texts = self.texts if self.vocabulary is MOLECULES else []
        whole = LabelledGraphs(self.name, self.vocabulary, self.graphs, self.labels, self.rows, protocol, self.sha256, texts)
        return {part: whole.part(kept, f"{protocol} {part}") for part, kept in rows.items()}

    @property
    def labels(self) -> Tensor:
        """In the form that the model's loss takes."""
        return self.targets.labels[:, 0].long() if self.targets.task == "multiclass" else self.targets.labels


def collect(
    path: Path, smiles_column: str, target_columns: Sequence[str], kind: str = "auto", split_column: str = "", strict: bool = False
) -> Collection:
    """The labelled molecules of a table; salts stay whole.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it lacks a column, its labels make no task, fewer than `FEWEST` molecules have one, or, if `strict`,
            a row cannot be read.
    """
    columns, rows = read_rows(path)
    smiles, wanted = _wanted(path, columns, smiles_column, target_columns)
    if not wanted:
        raise ValueError("no target: name at least one column with --target-columns")
    if twice := [name for name in wanted if name in TAKEN]:
        raise ValueError(f"a target named {twice[0]!r} would stand in the model's split.csv twice: rename that column")
    if split_column:
        column(path, columns, split_column, (), "--split-column")
    kept, skipped, count, empty = [], [], 0, wanted
    for number, row in enumerate(rows):
        count += 1
        empty = [name for name in empty if is_missing(row.fields.get(name, ""))]
        one = _read(number, row, smiles, wanted)
        if isinstance(one, Skipped):
            if strict and one.reason != UNLABELLED:
                raise ValueError(f"{path}, row {number}: {one.reason}")
            skipped.append(one)
        else:
            kept.append(one)
    _check_read(path, count, skipped, empty)
    numbers = [number for number, _, _, _ in kept]
    said = targets({name: [row.fields.get(name, "") for _, row, _, _ in kept] for name in wanted}, kind, numbers)
    graphs, texts = [graph for _, _, graph, _ in kept], [text for _, _, _, text in kept]
    parts = [_part(path, number, row.fields.get(split_column, "")) for number, row, _, _ in kept] if split_column else []
    made = Collection(path.stem, MOLECULES, graphs, texts, numbers, said, parts, count, skipped, 0, 0, (), 0, {path.name: digest(path)})
    return _checked(path, merged(parted(known_only(made))))


def _check_read(path: Path, count: int, skipped: Sequence[Skipped], empty: Sequence[str]) -> None:
    """Whether there is a labelled molecule at all; if not, the first cause: no rows, no molecules, or no labels in `empty`."""
    if not count:
        raise ValueError(f"{path} has no rows below its header: at least {FEWEST} are needed")
    unread = [one for one in skipped if one.reason != UNLABELLED]
    if len(unread) == count:
        first = f"the first: {unread[0].reason}"
        raise ValueError(f"{path}: no row of {count} has a readable molecule; {first}; is it the right column (-s/--smiles-column)?")
    if empty:
        raise ValueError(f"all {count} labels in {empty[0]!r} are missing: at least some are needed")
    if len(skipped) == count:
        found = f"{len(unread)} have no readable molecule, like row {unread[0].row}, the others no label"
        raise ValueError(f"{path}: no row of {count} has a molecule and a label: {found}; mend them")


def labelled(
    path: Path, card: Card, smiles_column: str, target_columns: Sequence[str], part: str = ""
) -> tuple[LabelledGraphs, list[Skipped]]:
    """The rows of a table with the labels of a model's targets, every row on its own, and those that cannot be used.

    Args:
        path: the table.
        card: of the model.
        smiles_column: found by its name where empty.
        target_columns: in the order of the model's targets; by their names where empty.
        part: only the rows of which the column `split` says so.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a column is missing, or no row is left.
    """
    columns, rows = read_rows(path)
    smiles, wanted = _wanted(path, columns, smiles_column, target_columns or card.targets)
    if len(wanted) != len(card.targets):
        raise ValueError(
            f"{len(wanted)} target columns for a model of {len(card.targets)} ({', '.join(card.targets)}): one for each is needed"
        )
    taken = [(number, row) for number, row in enumerate(rows) if not part or row.fields.get("split") == part]
    read = [_known(_read(number, row, smiles, wanted), wanted, card) for number, row in taken]
    kept, skipped = [one for one in read if not isinstance(one, Skipped)], [one for one in read if isinstance(one, Skipped)]
    data = _judged(path, MOLECULES, card, kept, skipped, part or "all rows")
    return replace(data, texts=[text for (_, _, _, text), _ in kept]), skipped


UNLABELLED = "no label"


def _wanted(path: Path, columns: Sequence[str], smiles_column: str, target_columns: Sequence[str]) -> tuple[str, list[str]]:
    """The column of SMILES, none in an SDF, and those of the targets, each named alone or with commas between them."""
    smiles = structure_column(path, columns, smiles_column)
    listed = [one for name in target_columns for one in ([name] if name in columns else name.split(","))]
    return smiles, [column(path, columns, name.strip(), (), "--target-columns") for name in dict.fromkeys(listed) if name.strip()]


Kept = tuple[int, Row, Graph, str]


def _read(number: int, row: Row, smiles: str, wanted: Sequence[str]) -> Kept | Skipped:
    """Number, row, graph and canonical SMILES, or why there are none."""
    text = row.fields.get(smiles, row.place)
    try:
        made = row.molecule(smiles)
    except ValueError as error:
        return Skipped(number, text, str(error))
    if all(is_missing(row.fields.get(name, "")) for name in wanted):
        return Skipped(number, text, UNLABELLED)
    return number, row, made.graph, canonical(made.mol)


def _known(read: Kept | Skipped, wanted: Sequence[str], card: Card) -> tuple[Kept, list[float]] | Skipped:
    """What was read with its labels as a model knows them, or why the model cannot be judged by it."""
    if isinstance(read, Skipped):
        return read
    number, row, _, text = read
    try:
        labels = [known_label(name, row.fields.get(name, ""), card.config.task, card.classes) for name in wanted]
    except ValueError as error:
        return Skipped(number, text, str(error))
    return Skipped(number, text, UNLABELLED) if all(map(math.isnan, labels)) else (read, labels)


def _judged(
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
    rows, graphs = [number for (number, _, _, _), _ in kept], [graph for (_, _, graph, _), _ in kept]
    labels = torch.tensor([known for _, known in kept], dtype=torch.float32)
    said = labels[:, 0].long() if card.config.task == "multiclass" else labels
    return LabelledGraphs(path.stem, vocabulary, graphs, said, rows, part, {path.name: digest(path)})


def _part(path: Path, number: int, text: str) -> str:
    part = SPELLINGS.get(text.strip().lower(), text.strip().lower())
    if part not in PARTS:
        raise ValueError(f"{path}, row {number}: the split column says {text!r}; {', '.join(PARTS)} are needed")
    return part


def known_only(many: Collection) -> Collection:
    """The collection without rows none of whose labels is known."""
    known = (~many.targets.labels.isnan().all(1)).tolist()
    keep, gone = [i for i, one in enumerate(known) if one], [i for i, one in enumerate(known) if not one]
    return _chosen(many, keep, many.targets.labels[keep], [Skipped(many.rows[i], many.texts[i], UNLABELLED) for i in gone])


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


def _chosen(many: Collection, keep: Sequence[int], labels: Float[Tensor, "rows targets"], gone: Sequence[Skipped]) -> Collection:
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
    lost = sum(int((~labels[group].isnan().all(0)).sum()) for group in groups.values()) - int((~rows.isnan()).sum())
    known = (~rows.isnan().all(1)).tolist()
    keep = [i for i, one in enumerate(known) if one]
    leaders = [group[0] for group in groups.values()]
    gone = [
        Skipped(many.rows[leader], many.texts[leader], "rows of this molecule name different classes")
        for leader, one in zip(leaders, known, strict=True)
        if not one
    ]
    chosen = _chosen(many, [leaders[i] for i in keep], rows[keep], gone)
    values = many.targets.task == "regression"
    spread = torch.stack([_spread(labels[group]) for group in groups.values()]).amax(0).tolist() if values else ()
    return replace(chosen, merged=len(many.texts) - len(groups), conflicts=lost, spread=tuple(spread))


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


def _checked(path: Path, made: Collection) -> Collection:
    if len(made.graphs) < FEWEST:
        gone = f"; row {made.skipped[0].row}: {made.skipped[0].reason}" if made.skipped else ""
        raise ValueError(f"{path} has {len(made.graphs)} usable labelled rows of {made.count}: at least {FEWEST} are needed{gone}")
    return made


def collect_pictures(path: Path, kind: str = "auto", strict: bool = False) -> Collection:
    """The labelled digits of an .npz with the arrays `images` and `labels`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an array is missing or of another size, or the labels make no task.
    """
    from graphormer.superpixels import SUPERPIXELS

    images, labels = _arrays(path)
    read = [_picture(number, images[number], "label", str(labels[number])) for number in range(len(images))]
    kept, skipped = [one for one in read if not isinstance(one, Skipped)], [one for one in read if isinstance(one, Skipped)]
    if strict and (unread := [one for one in skipped if one.reason != UNLABELLED]):
        raise ValueError(f"{path}, {unread[0].text}: {unread[0].reason}")
    rows, graphs, texts = [row for row, _, _, _ in kept], [graph for _, _, graph, _ in kept], [text for _, _, _, text in kept]
    said = targets({"label": [row.fields["label"] for _, row, _, _ in kept]}, _picture_task(kind, labels), rows)
    made = Collection(path.stem, SUPERPIXELS, graphs, texts, rows, said, [], len(images), skipped, 0, 0, (), 0, {path.name: digest(path)})
    return _checked(path, known_only(made))


def labelled_pictures(path: Path, card: Card, part: str = "", chosen: Sequence[int] = ()) -> tuple[LabelledGraphs, list[Skipped]]:
    """The pictures of an .npz with the labels of a model's target, and those that cannot be used.

    Args:
        path: the file.
        card: of the model.
        part: name of what is chosen.
        chosen: numbers of pictures; all where empty.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an array is missing, or no picture is left.
    """
    from graphormer.superpixels import SUPERPIXELS

    images, labels = _arrays(path)
    name = card.targets[0]
    every = (_picture(row, images[row], name, str(labels[row])) for row in chosen or range(len(images)))
    read = [_known(one, card.targets, card) for one in every]
    kept, skipped = [one for one in read if not isinstance(one, Skipped)], [one for one in read if isinstance(one, Skipped)]
    return _judged(path, SUPERPIXELS, card, kept, skipped, part or "all pictures"), skipped


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels."""
    from graphormer.pictures import read_arrays

    images = read_arrays(path)
    with np.load(path, allow_pickle=False) as content:
        if "labels" not in content.files:
            raise ValueError(f"{path} holds {', '.join(content.files)}: arrays named 'images' and 'labels' are needed")
        labels = content["labels"]
    if labels.shape != (len(images),) or labels.dtype.kind not in "biufU":
        raise ValueError(f"{path}: labels of {labels.dtype} and shape {labels.shape} for {len(images)} images: one for each is needed")
    return images, labels


def _picture(number: int, image: np.ndarray, target: str, label: str) -> Kept | Skipped:
    """As a row of a table of one target, or why there is none."""
    from graphormer.pictures import picture
    from graphormer.superpixels import digit

    row = Row(f"picture {number}", {target: label})
    try:
        made = digit(picture(image)[0]).graph
    except ValueError as error:
        return Skipped(number, row.place, str(error))
    return Skipped(number, row.place, UNLABELLED) if is_missing(label) else (number, row, made, row.place)


def _picture_task(kind: str, labels: np.ndarray) -> str:
    """Whole numbers beside pictures are classes, as in every data set of digits."""
    return "classification" if kind == "auto" and labels.dtype.kind in "biuU" else kind
