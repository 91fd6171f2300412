"""Models, evaluations, methods and data sets, as the terminal shows them."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphormer.data.sources import Source
from graphormer.network.card import Card
from molxai.batch.rows import USUAL_NODES
from molxai.cli.console import Console, Text
from molxai.cli.terminal import show_mapping, show_records
from molxai.cli.wide_tables import show_table
from molxai.explanation.method import Method
from molxai.explanation.methods.options import options_of
from molxai.explanation.record import Record

if TYPE_CHECKING:
    from molxai.benchmarks.tuning import Tuning

FEW_TARGETS = 3
"""Targets named in the one-line form of a model."""

MOST_TARGETS = 12
"""Targets of a model that are listed with their measures."""


def show_training(card: Card, files: Mapping[str, str], out: Console, notes: bool) -> None:
    """How good a trained model is, with intervals, and where its files are.

    Args:
        card: of the model.
        files: by what they hold.
        out: where it is printed.
        notes: whether to show notes on the data, which may have been shown before.
    """
    from molxai.pages.quality import quality_rows

    if notes:
        for note in card.training.get("notes", []):
            out.print(Text(note))
    mean = f", mean of {len(card.targets)} targets" if len(card.targets) > 1 else ""
    counts = (f"{part} ({card.metrics[part]['graphs']})" for part in card.metrics)
    rows = [(name, *values) for name, values in quality_rows(card)]
    show_table((f"{card.name}{mean}", *counts), rows, out)
    _show_last_targets(card, out)
    show_mapping(files, out)


def _show_last_targets(card: Card, out: Console) -> None:
    """The targets' measures on the last part of the data, which is the test set if there is one."""
    for part, measures in list(card.metrics.items())[-1:]:
        _show_targets(part, measures.get("targets", {}), out)


def _show_targets(title: str, targets: Mapping[str, Any], out: Console) -> None:
    """A line for each target of several, up to `MOST_TARGETS`."""
    from molxai.pages.quality import target_rows

    if not targets:
        return
    names, rows = target_rows(targets)
    show_table((title, *names), [(target, *values) for target, values in rows[:MOST_TARGETS]], out)
    if len(rows) > MOST_TARGETS:
        out.print(f"and {len(rows) - MOST_TARGETS} more targets: the card has them all")


def show_model(card: Card, out: Console) -> None:
    """What a model predicts, what it was trained on, and how good it is."""
    targets = ", ".join(card.targets[:FEW_TARGETS])
    if len(card.targets) > FEW_TARGETS:
        targets += f" and {len(card.targets) - FEW_TARGETS} more"
    classes = ", ".join(card.classes) or card.unit
    title = f"{card.name}: {targets} ({classes}), reads {card.vocabulary}"
    out.print(title, style="bold", markup=False)
    show_mapping(_training_facts(card) | _last_quality(card), out)
    _show_last_targets(card, out)


def _training_facts(card: Card) -> dict[str, Any]:
    """How the model was trained."""
    facts = {
        f"trained, {key}": card.training[key] for key in ("data", "split", "graphs", "command")
    }
    if card.training.get("init"):
        facts["trained, begun with"] = card.training["init"]
    if card.members > 1:
        facts["networks"] = card.members
    return facts


def _last_quality(card: Card) -> dict[str, str]:
    """The measures on the last part of the data, by the part and the measure."""
    from molxai.pages.quality import quality_rows

    parts = list(card.metrics)
    if not parts:
        return {}
    return {f"{parts[-1]}, {name}": texts[-1] for name, texts in quality_rows(card)}


FOREST = "forest on count ECFP4"
"""Title of the measures of the random forest."""

TABLES = ("quality", "forest", "quality_targets", "forest_targets", "model", "data")
"""Keys of an evaluation that tables show."""


def show_evaluation(result: Mapping[str, Any], out: Console) -> None:
    """Measures with intervals, the forest's beside them, and the other results."""
    from molxai.pages.quality import NAMES, interval_text

    titles = [result["data"], result["model"]]
    if "forest" in result:
        titles.append(FOREST)
    rows = []
    for name, value in result["quality"].items():
        row = [NAMES[name], interval_text(value)]
        if "forest" in result:
            row.append(interval_text(result["forest"][name]))
        rows.append(row)
    show_table(titles, rows, out)
    _show_targets(result["model"], result.get("quality_targets", {}), out)
    _show_targets(FOREST, result.get("forest_targets", {}), out)
    show_mapping({name: value for name, value in result.items() if name not in TABLES}, out)


PROMISES = (
    "conserves: its relevances add up to the logit.",
    "signed: a negative relevance speaks against the target.",
    "by target: they differ between classes. nodes: the largest graph that it takes.",
    f"passes: its cost, forward + backward, for a graph of {USUAL_NODES} nodes.",
    "options: with their usual values; METHOD:option=value sets one.",
)
"""What the columns of the methods mean."""


def show_methods(methods: Collection[Method], out: Console) -> None:
    """What each method is, and what it promises."""
    show_table(("method", "what it is"), [(method.name, method.says) for method in methods], out)
    out.print()
    rows = [_promises(method) for method in methods]
    show_records(rows, tuple(rows[0]), out)
    for line in PROMISES:
        out.print(line, markup=False)


def _promises(method: Method) -> Record:
    forward, backward = method.passes(USUAL_NODES)
    return {
        "method": method.name,
        "conserves": _yes_or_no(method.conserves),
        "signed": _yes_or_no(method.signed),
        "by target": _yes_or_no(method.by_target),
        "passes": f"{forward} + {backward}",
        "nodes": f"≤ {method.largest}" if method.largest else "any",
        "options": ":".join(
            f"{name}={value}" for name, value in options_of(method).items()
        ).lower(),
    }


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def show_data_sets(sources: Mapping[str, Source], home: Path, out: Console) -> None:
    """What each data set is, and whether it is in its folder."""
    rows = []
    for name, source in sources.items():
        folder = home / name
        is_here = all((folder / file).exists() for file in source.files)
        row = {
            "name": name,
            "here": _yes_or_no(is_here),
            "about": source.about,
            "folder": str(folder),
        }
        rows.append(row)
    show_records(rows, tuple(rows[0]), out)


BEST_SETTINGS = 5
"""Settings of a tuning that are listed."""


def show_tuning(tuning: "Tuning", card: Path, out: Console) -> None:
    """The settings with the highest scores and what they measured, above the reference."""
    from molxai.benchmarks.tuning import REFERENCE
    from molxai.metrics import METRICS

    measures = list(tuning.reference)
    ranked = sorted(tuning.trials, key=lambda trial: -trial.score)[:BEST_SETTINGS]
    rows = []
    for trial in ranked:
        strengths = [f"{value:g}" for value in trial.strengths.to_dict().values()]
        values = [f"{trial.measures[name]:.4g}" for name in measures]
        rows.append((*strengths, *values, f"{trial.score:+.4f}"))
    names = tuning.best.strengths.to_dict()
    without = [""] * (len(names) - 1)
    reference = [f"{tuning.reference[name]:.4g}" for name in measures]
    rows.append((REFERENCE, *without, *reference, ""))
    header = (*names, *(METRICS[name].heading for name in measures), "score")
    show_table(header, rows, out)
    out.print(f"{tuning.about}, {len(tuning.trials)} settings; the first is in {card}")
