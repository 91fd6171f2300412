"""What the terminal shows: tables of predictions and relevances, progress, and counts."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TimeRemainingColumn

from graphormer.network.card import Card
from molxai.batch.checkpoint import Tally
from molxai.batch.rows import ExplainedRow
from molxai.chemistry.fragments import Scheme, fragments, lost_notes
from molxai.cli.bars import bar, bar_letters
from molxai.cli.console import Console, Text
from molxai.cli.wide_tables import UNBOUNDED, show_table
from molxai.explanation.explanation import Explanation
from molxai.explanation.record import Record

if TYPE_CHECKING:
    from molxai.metrics.comparison import Comparison  # imports SciPy's statistics, half a second

T = TypeVar("T")

TOP = 3
"""Nodes named in the one-line form of an explanation."""


MOST_NOTES = 8
"""Lines of notes below a table of several inputs."""

MOST_TARGETS = 12
"""Of a model, that are listed with their measures."""

MANY = 200
"""Inputs from which a progress bar is drawn: fewer are done in about two seconds."""


def console() -> Console:
    """Standard output; its lines are not wrapped where it is no terminal, unless `COLUMNS` asks for a width."""
    terminal = sys.stdout.isatty()
    width = None if terminal or os.environ.get("COLUMNS") else UNBOUNDED
    return Console(soft_wrap=not terminal, width=width, highlight=False)


@contextmanager
def counted(
    expected: Callable[[], int], what: str, quiet: bool
) -> Iterator[Callable[[Tally], None]]:
    """A bar on stderr with rate, errors and time left, told of rows as they are done; none where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda tally: None
        return
    shown = (
        "{task.description}",
        BarColumn(),
        "{task.completed:.0f} of {task.fields[about]}{task.total:.0f}",
        RateColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*shown, "{task.fields[errors]} errors", console=Console(stderr=True)) as bar:
        task, done = bar.add_task(what, total=expected(), errors=0, about="about "), Tally()

        def seen(tally: Tally) -> None:
            nonlocal done
            done += tally
            bar.update(task, advance=tally.rows, errors=done.errors)

        yield seen
        bar.update(task, total=done.rows, about="")  # what was counted beforehand is an estimate


class RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


def show_explanation(explanation: Explanation, out: Console, scheme: Scheme | None = None) -> None:
    """Ranked nodes of one explanation, or its fragments, and its ledger."""
    from molxai.cli.fragment_tables import show_fragments
    from molxai.explanation.captions import ledger_line, prediction_line

    parts = (
        fragments(explanation, scheme) if scheme else None
    )  # refused, if at all, before anything is printed
    out.print(Text(prediction_line(explanation)))
    if parts is not None:
        show_fragments(explanation, parts, out)
    else:
        _show_nodes(explanation, out)
    out.print(Text(ledger_line(explanation)))
    for note in (*explanation.notes, *lost_notes(explanation.subject, scheme)):
        out.print(Text(f"Note: {note}"))


def _show_nodes(explanation: Explanation, out: Console) -> None:
    relevance = explanation.relevance.tolist()
    largest = max(map(abs, relevance), default=0.0)
    spread = (
        [""] * len(relevance)
        if explanation.relevance_sd is None
        else [f" ± {sd:.4f}" for sd in explanation.relevance_sd.tolist()]
    )
    ranked = sorted(
        zip(explanation.node_names(), relevance, spread, strict=True), key=lambda row: -row[1]
    )
    letters = bar_letters(out)
    rows = [
        (str(rank), node, f"{value:+.4f}{sd}", bar(value, largest, letters))
        for rank, (node, value, sd) in enumerate(ranked, 1)
    ]
    show_table(("rank", "node", "relevance", ""), rows, out)


def show_explanations(
    rows: Sequence[ExplainedRow], out: Console, scheme: Scheme | None = None
) -> None:
    """One line per input: prediction, logit, and the nodes or fragments of largest magnitude."""
    lines: list[tuple[str | Text, ...]] = []
    for one, explanation in rows:
        name = one.id or f"{one.name} {one.text}"
        if explanation is None:
            lines.append((name, Text("error", style="red"), "", "", "", "", one.error))
            continue
        nodes = zip(explanation.node_names(), explanation.relevance.tolist(), strict=True)
        named = (
            ((one.name, one.relevance) for one in fragments(explanation, scheme))
            if scheme
            else nodes
        )
        ranked = sorted(named, key=lambda pair: -abs(pair[1]))
        largest = ", ".join(f"{node} {value:+.2f}" for node, value in ranked[:TOP])
        classified = explanation.probability is not None
        lines.append(
            (
                name,
                explanation.prediction_name if classified else number(explanation.value),
                explanation.full_target_name if classified else explanation.endpoint,
                number(explanation.probability),
                f"{explanation.logit:+.3f}",
                f"{explanation.gap:.0e}",
                largest,
            )
        )
    show_table(
        ("id", "prediction", "target", "probability", "logit", "gap", "largest relevances"),
        lines,
        out,
    )


def show_notes(notes: Sequence[tuple[str, Sequence[str]]], out: Console) -> None:
    """What was changed or approximated in reading each input, a line for each of the first notes.

    Args:
        notes: the name of each input, and what is noted of it.
        out: where they are printed.
    """
    lines = [(name, note) for name, own in notes for note in own]
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
"""Columns of predictions, of which those are shown that hold something."""


def show_predictions(records: Sequence[Record], out: Console) -> None:
    """A line for each prediction."""
    filled = [
        name for name in PREDICTION_COLUMNS if any(record[name] is not None for record in records)
    ]
    units = {record["unit"] for record in records} - {None, "logit"}
    if not units and "unit" in filled:
        filled.remove("unit")  # the column of logits says its own
    show_records(records, ("id", "input", *filled), out)


def show_comparison(comparison: "Comparison", out: Console) -> None:
    """The most relevant nodes of each method, and how the methods rank alike."""
    from molxai.explanation.captions import prediction_line

    out.print(Text(prediction_line(comparison.explanations[0], False)))
    rows = []
    for one in comparison.explanations:
        named = ", ".join(f"{node} {value:+.3g}" for node, value in comparison.top(one))
        rows.append((one.method, f"{float(one.relevance.sum()):+.3f}", f"{one.gap:+.1e}", named))
    show_table(("method", "Σ relevance", "gap", "most relevant"), rows, out)
    ranks = zip(comparison.methods, comparison.spearman, strict=True)
    lines = [(name, *(f"{value:+.2f}" for value in row)) for name, row in ranks]
    show_table(("Spearman", *comparison.methods), lines, out)


def show_records(records: Sequence[Record], columns: Sequence[str], out: Console) -> None:
    """The named columns of records; a structure is cut where there is no room for it."""
    show_table(
        columns, [[number(one[column]) for column in columns] for one in records], out, ("input",)
    )


def show_mapping(content: Mapping[str, Any], out: Console) -> None:
    """Names and values, a line each."""
    rows = []
    for name, value in content.items():
        shown = json.dumps(value) if isinstance(value, list | dict) else number(value)
        rows.append((Text(name, style="bold"), shown))
    show_table(("", ""), rows, out)


def show_training(card: Card, places: Mapping[str, str], out: Console, notes: bool) -> None:
    """How well it was learnt, with intervals, and where it lies; with notes on the data, unless they were shown before."""
    from molxai.pages.quality import quality_rows

    for note in card.training.get("notes", []) if notes else []:
        out.print(Text(note))
    several = f", mean of {len(card.targets)} targets" if len(card.targets) > 1 else ""
    counts = (f"{part} ({card.metrics[part]['graphs']})" for part in card.metrics)
    show_table(
        (f"{card.name}{several}", *counts),
        [(name, *values) for name, values in quality_rows(card)],
        out,
    )
    for part, measures in list(card.metrics.items())[-1:]:
        _show_targets(part, measures.get("targets", {}), out)
    show_mapping(places, out)


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
    """What a model says, what it learnt from, and how well it does."""
    from molxai.pages.quality import quality_rows

    named = ", ".join(card.targets[:TOP]) + (
        f" and {len(card.targets) - TOP} more" if len(card.targets) > TOP else ""
    )
    out.print(
        f"{card.name}: {named} ({', '.join(card.classes) or card.unit}), reads {card.vocabulary}",
        style="bold",
        markup=False,
    )
    facts = {
        f"trained, {key}": card.training[key] for key in ("data", "split", "graphs", "command")
    }
    begun = {"trained, begun with": card.training["init"]} if card.training.get("init") else {}
    several = {"members": card.members} if card.members > 1 else {}
    parts = list(card.metrics)
    rows = [
        (name, part, text)
        for name, texts in quality_rows(card)
        for part, text in zip(parts, texts, strict=True)
    ]
    show_mapping(
        facts
        | begun
        | several
        | {f"{part}, {name}": text for name, part, text in rows if part == parts[-1]},
        out,
    )
    for part in parts[-1:]:
        _show_targets(part, card.metrics[part].get("targets", {}), out)


def show_evaluation(result: Mapping[str, Any], out: Console) -> None:
    """Measures with intervals, the forest's beside, and what else was found."""
    from molxai.pages.quality import NAMES, interval_text

    both = "forest" in result
    rows = [
        (
            NAMES[name],
            interval_text(value),
            *([interval_text(result["forest"][name])] if both else []),
        )
        for name, value in result["quality"].items()
    ]
    show_table(
        (result["data"], result["model"], *(["forest on count ECFP4"] if both else [])), rows, out
    )
    for judge, title in (
        ("quality_targets", result["model"]),
        ("forest_targets", "forest on count ECFP4"),
    ):
        _show_targets(title, result.get(judge, {}), out)
    shown = ("quality", "forest", "quality_targets", "forest_targets", "model", "data")
    show_mapping({name: value for name, value in result.items() if name not in shown}, out)


def number(value: Any) -> str:
    """A number in four digits; text as it is; nothing for None."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
