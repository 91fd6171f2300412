"""How good a model is, on its own data or on a table, beside a forest on fingerprints; and whether its explanations add up there."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.labelled_pictures import labelled_pictures
from graphormer.data.labelled_tables import labelled
from graphormer.evaluation.forest import forest_outputs
from graphormer.evaluation.measures import intervals
from graphormer.files import digest
from graphormer.network.card import Card
from graphormer.network.prediction import predict
from graphormer.readers.tables import AS_FOUND, Layout, read_rows
from graphormer.training.presets import preset_of
from graphormer.training.run import SPLIT
from molxai.explanation.explainer import Explainer
from molxai.metrics import METRICS


def own_part(explainer: Explainer, part: str, home: str | Path | None = None) -> LabelledGraphs:
    """A part of the data that a model was trained and judged on.

    Raises:
        ValueError: it comes from no preset, and no split lies beside it; or there is no such part; or its pictures have changed.
        OSError: the data are not there and cannot be downloaded.
    """
    card = explainer.card
    beside = explainer.weights.parent / SPLIT if explainer.weights else None
    if not (beside and beside.exists()):
        return preset_of(card).load(home, part)
    found = (
        _own_pictures(card, beside, part)
        if "source" in card.training
        else labelled(beside, card, Layout("smiles"), [], part)[0]
    )
    return replace(found, name=str(card.training.get("data", found.name)))


def _own_pictures(card: Card, split: Path, part: str) -> LabelledGraphs:
    """The pictures of a part, from the file that the model was trained on."""
    source, remedy = (
        Path(card.training["source"]),
        "put the file back there, or name it: molxai evaluate FILE -m MODEL",
    )
    if not source.exists():
        raise FileNotFoundError(
            f"no file {str(source)!r}, which {card.name!r} was trained on: {remedy}"
        )
    if digest(source) not in card.training["sha256"].values():
        raise ValueError(
            f"{source} is not the file that {card.name!r} was trained on (another sha256): {remedy}"
        )
    chosen = [
        int(row.fields["row"]) for row in read_rows(split).rows if row.fields["split"] == part
    ]
    if not chosen:
        raise ValueError(f"{split} names no pictures of the {part} part: choose another --part")
    return labelled_pictures(source, card, part, chosen)[0]


def evaluate_table(
    explainer: Explainer, table: Path, layout: Layout = AS_FOUND, target_columns: Sequence[str] = ()
) -> tuple[LabelledGraphs, list[str]]:
    """The labelled rows of a table or of an .npz of pictures; in lines, which rows cannot be used and how many were learnt from.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not what the model reads, or has no row that it can be judged on.
    """
    pictures = table.suffix.lower() == ".npz"
    if pictures != explainer.card.vocabulary.startswith("superpixel"):
        needed = "a table of molecules" if pictures else "an .npz of images and labels"
        raise ValueError(
            f"{table} is not what the model {explainer.card.name!r} reads: {needed} is needed, or another model"
        )
    if pictures:
        data, skipped = labelled_pictures(table, explainer.card)
    else:
        data, skipped = labelled(table, explainer.card, layout, target_columns)
    seen = _seen(explainer, data)
    known = [
        f"{seen} of {len(data)} rows are among those that the model was trained on: no measure of how it does on others"
    ]
    counted = [f"{len(skipped)} of {len(skipped) + len(data)} rows are left out"] if skipped else []
    return data, [
        *counted,
        *(f"row {one.row} is left out: {one.reason}" for one in skipped),
        *(known if seen else []),
    ]


def _seen(explainer: Explainer, data: LabelledGraphs) -> int:
    """How many of the graphs the model was trained on, as far as the split beside it tells: molecules, or pictures of the same file."""
    beside = explainer.weights.parent / SPLIT if explainer.weights else None
    if not (beside and beside.exists()):
        return 0
    train = [row.fields for row in read_rows(beside).rows if row.fields["split"] == "train"]
    if data.texts:
        molecules = {one.get("smiles") for one in train}
        return sum(text in molecules for text in data.texts)
    same = set(data.sha256.values()) <= set(explainer.card.training["sha256"].values())
    rows = {one["row"] for one in train} if same else set()
    return sum(str(row) in rows for row in data.rows)


def evaluate_model(
    explainer: Explainer, data: LabelledGraphs, baseline: LabelledGraphs | None = None
) -> dict[str, Any]:
    """Measures with 95 % intervals (value, low, high), of each target where there are several, and the conservation of explanations.

    Args:
        explainer: model and method.
        data: to judge on.
        baseline: what a forest is trained on that is judged beside the model; None for no forest.

    Raises:
        ValueError: a forest is asked for where graphs are no molecules.
    """
    config = explainer.card.config
    result: dict[str, Any] = {
        "model": explainer.card.name,
        "data": f"{data.name} {data.split}",
        "graphs": len(data),
    }
    said = {"quality": predict(explainer.network, data.graphs)}
    if baseline is not None:
        if not data.texts or not baseline.texts:
            raise ValueError("a forest on fingerprints needs molecules: leave --baseline out")
        said["forest"] = forest_outputs(config, baseline.texts, baseline.labels, data.texts)
    for judge, outputs in said.items():
        result[judge], each = intervals(config.task, outputs, data.labels)
        if each:
            result[f"{judge}_targets"] = dict(zip(explainer.card.targets, each, strict=True))
    explanations = explainer.explain(data.graphs, [None] * len(data))
    result["method"] = explainer.method.name
    for metric in METRICS.values():
        result |= metric(explanations)
    return result
