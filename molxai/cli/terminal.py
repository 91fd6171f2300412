"""What the terminal shows: tables of predictions and relevances, and progress."""

import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TimeRemainingColumn

from graphormer.data.sources import Source
from graphormer.network.card import Card
from molxai.batch.checkpoint import Tally
from molxai.batch.rows import USUAL_NODES, ExplainedRow
from molxai.chemistry.fragments import fragments
from molxai.chemistry.schemes import Scheme, lost_notes
from molxai.cli.bars import bar, bar_letters
from molxai.cli.console import Console, Text
from molxai.cli.wide_tables import UNBOUNDED, show_table
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method
from molxai.explanation.record import Record

if TYPE_CHECKING:
    from molxai.metrics.comparison import Comparison  # imports SciPy's statistics, half a second

TOP = 3
"""Nodes named in the one-line form of an explanation, and targets in the one of a model."""

MOST_NOTES = 8
"""Lines of notes below a table of several inputs."""

MOST_TARGETS = 12
"""Targets of a model that are listed with their measures."""


def console() -> Console:
    """Standard output.

    If it is no terminal, lines are not wrapped, unless `COLUMNS` asks for a width.
    """
    is_terminal = sys.stdout.isatty()
    width = None if is_terminal or os.environ.get("COLUMNS") else UNBOUNDED
    return Console(soft_wrap=not is_terminal, width=width, highlight=False)


@contextmanager
def progress_bar(
    estimate: Callable[[], int], doing: str, quiet: bool
) -> Iterator[Callable[[Tally], None]]:
    """A bar on stderr with rate, errors and time left, to be called with the tally of new rows.

    There is none if stderr is no terminal.

    Args:
        estimate: about how many rows there are.
        doing: what is done to them.
        quiet: whether to show none.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda tally: None
        return
    columns = (
        "{task.description}",
        BarColumn(),
        "{task.completed:.0f} of {task.fields[about]}{task.total:.0f}",
        RateColumn(),
        TimeRemainingColumn(),
        "{task.fields[errors]} errors",
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(doing, total=estimate(), errors=0, about="about ")
        total = Tally()

        def add(tally: Tally) -> None:
            nonlocal total
            total += tally
            progress.update(task, advance=tally.rows, errors=total.errors)

        yield add
        progress.update(task, total=total.rows, about="")  # the number is known now


class RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


def show_explanation(explanation: Explanation, out: Console, scheme: Scheme | None = None) -> None:
    """Ranked nodes of one explanation, or its fragments, and what they sum to."""
    from molxai.cli.fragment_tables import show_fragments
    from molxai.explanation.captions import ledger_line, prediction_line

    # Before anything is printed, because it may fail.
    molecule_fragments = fragments(explanation, scheme) if scheme else None
    out.print(Text(prediction_line(explanation)))
    if molecule_fragments is not None:
        show_fragments(explanation, molecule_fragments, out)
    else:
        _show_nodes(explanation, out)
    out.print(Text(ledger_line(explanation)))
    for note in (*explanation.notes, *lost_notes(explanation.subject, scheme)):
        out.print(Text(f"Note: {note}"))


def _show_nodes(explanation: Explanation, out: Console) -> None:
    names = explanation.node_names()
    relevance = explanation.relevance.tolist()
    largest = max(map(abs, relevance), default=0.0)
    deviations = [""] * len(relevance)
    if explanation.relevance_sd is not None:
        deviations = [f" ± {sd:.4f}" for sd in explanation.relevance_sd.tolist()]
    ranking = sorted(range(len(relevance)), key=lambda node: -relevance[node])
    letters = bar_letters(out)
    rows = []
    for rank, node in enumerate(ranking, 1):
        value = relevance[node]
        number_cell = f"{value:+.4f}{deviations[node]}"
        rows.append((str(rank), names[node], number_cell, bar(value, largest, letters)))
    show_table(("rank", "node", "relevance", ""), rows, out)


EXPLANATION_COLUMNS = (
    "id",
    "prediction",
    "target",
    "probability",
    "logit",
    "gap",
    "largest relevances",
)
"""Columns of the table of several explanations."""


def show_explanations(
    rows: Sequence[ExplainedRow], out: Console, scheme: Scheme | None = None
) -> None:
    """One line per input: prediction, logit, and the nodes or fragments of largest magnitude."""
    lines = [_explanation_line(row, explanation, scheme) for row, explanation in rows]
    show_table(EXPLANATION_COLUMNS, lines, out)


def _explanation_line(
    row: Input, explanation: Explanation | None, scheme: Scheme | None
) -> tuple[str | Text, ...]:
    name = row.id or f"{row.name} {row.text}"
    if explanation is None:
        return (name, Text("error", style="red"), "", "", "", "", row.error)
    prediction = number(explanation.value)
    target = explanation.endpoint
    if explanation.probability is not None:
        prediction = explanation.prediction_name
        target = explanation.full_target_name
    return (
        name,
        prediction,
        target,
        number(explanation.probability),
        f"{explanation.logit:+.3f}",
        f"{explanation.gap:.0e}",
        _largest_relevances(explanation, scheme),
    )


def _largest_relevances(explanation: Explanation, scheme: Scheme | None) -> str:
    """The first few nodes or fragments by magnitude."""
    if scheme:
        pairs = [(part.name, part.relevance) for part in fragments(explanation, scheme)]
    else:
        pairs = list(zip(explanation.node_names(), explanation.relevance.tolist(), strict=True))
    pairs.sort(key=lambda pair: -abs(pair[1]))
    return ", ".join(f"{name} {value:+.2f}" for name, value in pairs[:TOP])


def show_notes(notes: Sequence[tuple[str, Sequence[str]]], out: Console) -> None:
    """What was changed or approximated in reading each input: a line for each of the first notes.

    Args:
        notes: the name of each input, and its notes.
        out: where they are printed.
    """
    lines = [(name, note) for name, input_notes in notes for note in input_notes]
    for name, note in lines[:MOST_NOTES]:
        out.print(Text(f"Note on {name}: {note}"))
    if len(lines) > MOST_NOTES:
        out.print(Text(f"{len(lines) - MOST_NOTES} more notes: records have them all (-o)"))


PREDICTION_COLUMNS = (
    "prediction",
    "target",
    "probability",
    "logit",
    "logit_sd",
    "unit",
    "similarity",
    "outputs",
    "error",
)
"""Columns of predictions; those that hold something are shown."""


def show_predictions(records: Sequence[Record], out: Console) -> None:
    """A line for each prediction."""
    columns = [
        name for name in PREDICTION_COLUMNS if any(record[name] is not None for record in records)
    ]
    units = {record["unit"] for record in records} - {None, "logit"}
    if not units and "unit" in columns:
        columns.remove("unit")  # it would only repeat the name of the column of logits
    show_records(records, ("id", "input", *columns), out)


def show_comparison(comparison: "Comparison", out: Console) -> None:
    """The most relevant nodes of each method, and how similarly the methods rank nodes."""
    from molxai.explanation.captions import prediction_line

    out.print(Text(prediction_line(comparison.explanations[0], False)))
    rows = []
    for explanation in comparison.explanations:
        total = float(explanation.relevance.sum())
        nodes = ", ".join(f"{node} {value:+.3g}" for node, value in comparison.top(explanation))
        rows.append((explanation.method, f"{total:+.3f}", f"{explanation.gap:+.1e}", nodes))
    show_table(("method", "Σ relevance", "gap", "most relevant"), rows, out)
    lines = []
    for name, correlations in zip(comparison.methods, comparison.spearman, strict=True):
        lines.append((name, *(f"{value:+.2f}" for value in correlations)))
    show_table(("Spearman", *comparison.methods), lines, out)


def show_records(records: Sequence[Record], columns: Sequence[str], out: Console) -> None:
    """The named columns of records; a structure is cut if there is no room for it."""
    rows = [[number(record[column]) for column in columns] for record in records]
    show_table(columns, rows, out, ("input",))


def show_mapping(content: Mapping[str, Any], out: Console) -> None:
    """Names and values, a line each."""
    rows = []
    for name, value in content.items():
        text = json.dumps(value) if isinstance(value, list | dict) else number(value)
        rows.append((Text(name, style="bold"), text))
    show_table(("", ""), rows, out)


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
    targets = ", ".join(card.targets[:TOP])
    if len(card.targets) > TOP:
        targets += f" and {len(card.targets) - TOP} more"
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
        facts["members"] = card.members
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


def number(value: Any) -> str:
    """A number in four digits; text as it is; nothing for None."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


PROMISES = (
    "conserves: its relevances add up to the logit.",
    "signed: a negative relevance speaks against the target.",
    "by target: they differ between classes. nodes: the largest graph that it takes.",
    f"passes: its cost, forward + backward, for a graph of {USUAL_NODES} nodes.",
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
