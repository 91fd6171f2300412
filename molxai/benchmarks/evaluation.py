"""How good a model is, beside a forest on fingerprints; and whether its explanations add up."""

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
from graphormer.training.tables import SPLIT
from molxai.explanation.explainer import Explainer
from molxai.metrics import METRICS


def own_part(explainer: Explainer, part: str, home: str | Path | None = None) -> LabelledGraphs:
    """A part of the data that a model was trained and judged on.

    Raises:
        ValueError: it comes from no preset, and no split lies beside it; or there is no such part;
            or its pictures have changed.
        OSError: the data are not there and cannot be downloaded.
    """
    card = explainer.card
    split = _split_of(explainer)
    if split is None:
        return preset_of(card).load(home, part)
    if "source" in card.training:
        data = _own_pictures(card, split, part)
    else:
        data, _ = labelled(split, card, Layout("smiles"), [], part)
    return replace(data, name=str(card.training.get("data", data.name)))


def _split_of(explainer: Explainer) -> Path | None:
    """The file beside a user's own model that says which row was in which part."""
    if explainer.weights is None:
        return None
    split = explainer.weights.parent / SPLIT
    return split if split.exists() else None


def _own_pictures(card: Card, split: Path, part: str) -> LabelledGraphs:
    """The pictures of a part, from the file that the model was trained on."""
    source = Path(card.training["source"])
    remedy = "put the file back there, or name it: molxai evaluate FILE -m MODEL"
    if not source.exists():
        raise FileNotFoundError(
            f"no file {str(source)!r}, which {card.name!r} was trained on: {remedy}"
        )
    if digest(source) not in card.training["sha256"].values():
        raise ValueError(
            f"{source} is not the file that {card.name!r} was trained on (another sha256): {remedy}"
        )
    rows = read_rows(split).rows
    pictures = [int(row.fields["row"]) for row in rows if row.fields["split"] == part]
    if not pictures:
        raise ValueError(f"{split} names no pictures of the {part} part: choose another --part")
    return labelled_pictures(source, card, part, pictures)[0]


def evaluate_table(
    explainer: Explainer, table: Path, layout: Layout = AS_FOUND, target_columns: Sequence[str] = ()
) -> tuple[LabelledGraphs, list[str]]:
    """The labelled rows of a table or of an .npz of pictures, and what must be known of them.

    The lines say which rows cannot be used, and how many the model was trained on.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not what the model reads, or has no row that it can be judged on.
    """
    card = explainer.card
    is_pictures = table.suffix.lower() == ".npz"
    if is_pictures != card.vocabulary.startswith("superpixel"):
        kind = "a table of molecules" if is_pictures else "an .npz of images and labels"
        raise ValueError(
            f"{table} is not what the model {card.name!r} reads: {kind} is needed, or another model"
        )
    if is_pictures:
        data, skipped = labelled_pictures(table, card)
    else:
        data, skipped = labelled(table, card, layout, target_columns)
    lines = []
    if skipped:
        lines.append(f"{len(skipped)} of {len(skipped) + len(data)} rows are left out")
    lines += [f"row {row.row} is left out: {row.reason}" for row in skipped]
    overlap = _train_overlap(explainer, data)
    if overlap:
        lines.append(
            f"{overlap} of {len(data)} rows are among those that the model was trained on: "
            "no measure of how it does on others"
        )
    return data, lines


def _train_overlap(explainer: Explainer, data: LabelledGraphs) -> int:
    """How many of the graphs the model was trained on, as far as the split beside it tells.

    Molecules are recognised by their SMILES, pictures by their row if they are of the same file.
    """
    split = _split_of(explainer)
    if split is None:
        return 0
    train = [row.fields for row in read_rows(split).rows if row.fields["split"] == "train"]
    if data.texts:
        molecules = {fields.get("smiles") for fields in train}
        return sum(text in molecules for text in data.texts)
    if not set(data.sha256.values()) <= set(explainer.card.training["sha256"].values()):
        return 0
    pictures = {fields["row"] for fields in train}
    return sum(str(row) in pictures for row in data.rows)


def evaluate_model(
    explainer: Explainer, data: LabelledGraphs, baseline: LabelledGraphs | None = None
) -> dict[str, Any]:
    """Measures with 95 % intervals (value, low, high), and the measures of its explanations.

    If there are several targets, each has measures of its own.

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
    outputs = predict(explainer.network, data.graphs) / config.temperature  # (graphs, outputs)
    predictions = {"quality": outputs}
    if baseline is not None:
        if not data.texts or not baseline.texts:
            raise ValueError("a forest on fingerprints needs molecules: leave --baseline out")
        predictions["forest"] = forest_outputs(config, baseline.texts, baseline.labels, data.texts)
    for judge, outputs in predictions.items():
        result[judge], by_target = intervals(config.task, outputs, data.labels)
        if by_target:
            targets = zip(explainer.card.targets, by_target, strict=True)
            result[f"{judge}_targets"] = dict(targets)
    explanations = explainer.explain(data.graphs, [None] * len(data))
    result["method"] = explainer.method.name
    for metric in METRICS.values():
        if metric.needs == "explanations":
            result[metric.id] = metric.function(explanations)
    return result
