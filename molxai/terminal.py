"""What the terminal shows: tables of predictions and relevances, progress, and counts."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TimeRemainingColumn, track
from rich.table import Table

from graphormer.checkpoint import Card
from molxai.batch import Explained
from molxai.console import Console, Text
from molxai.explanation import Explanation
from molxai.fragments import Scheme, fragments
from molxai.inputs import Input
from molxai.parts import Tally
from molxai.printable import printable
from molxai.records import Record

if TYPE_CHECKING:
    from molxai.comparison import Comparison  # imports SciPy's statistics, half a second

T = TypeVar("T")

BAR = 20
"""Characters of the longest bar."""

TOP = 3
"""Nodes named in the one-line form of an explanation."""


MOST_TARGETS = 12
"""Of a model, that are listed with their measures."""

MANY = 200
"""Inputs from which a progress bar is drawn: fewer are done in about two seconds."""


def console() -> Console:
    """Standard output, not wrapped where it is no terminal."""
    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)


def progress(items: Iterable[T], total: int, what: str, quiet: bool, cost: int = 1) -> Iterator[T]:
    """The items under a bar on stderr; no bar for few of them, counted `cost` times each, nor where stderr is no terminal."""
    hidden = quiet or total * cost < MANY or not sys.stderr.isatty()
    return iter(track(items, what, total=total, console=Console(stderr=True), disable=hidden))


@contextmanager
def counted(expected: Callable[[], int], what: str, quiet: bool) -> Iterator[Callable[[Tally], None]]:
    """A bar on stderr with rate, errors and time left, told of rows as they are done; none where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda tally: None
        return
    shown = ("{task.description}", BarColumn(), "{task.completed:.0f} of about {task.total:.0f}", RateColumn(), TimeRemainingColumn())
    with Progress(*shown, "{task.fields[errors]} errors", console=Console(stderr=True)) as bar:
        task, done = bar.add_task(what, total=expected(), errors=0), Tally()

        def seen(tally: Tally) -> None:
            nonlocal done
            done += tally
            bar.update(task, advance=tally.rows, errors=done.errors)

        yield seen


class RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


def summary(rows: Sequence[Input], output: Path | None, quiet: bool) -> bool:
    """Print counts on stderr; whether any input succeeded."""
    failed = [one for one in rows if one.error]
    if failed or (output and not quiet):
        errors = f", {len(failed)} with errors" if failed else ""
        place = printable(f" → {output}") if output else ""
        print(f"{len(rows) - len(failed)} of {len(rows)} inputs done{errors}{place}", file=sys.stderr)
    return len(failed) < len(rows)


def show_explanation(explanation: Explanation, out: Console, scheme: Scheme | None = None) -> None:
    """Ranked nodes of one explanation, or its fragments, and its ledger."""
    from molxai.fragment_tables import fragment_table
    from molxai.rendering.caption import ledger_line, prediction_line

    table = fragment_table(explanation, fragments(explanation, scheme)) if scheme else _node_table(explanation)
    out.print(Text(prediction_line(explanation)))
    out.print(table)
    out.print(Text(ledger_line(explanation)))
    for note in explanation.notes:
        out.print(Text(f"Note: {note}"))


def _node_table(explanation: Explanation) -> Table:
    table = Table("rank", "node", "relevance", "", box=None, header_style="bold")
    relevance = explanation.relevance.tolist()
    largest = max(map(abs, relevance), default=0.0)
    spread = [""] * len(relevance) if explanation.relevance_sd is None else [f" ± {sd:.4f}" for sd in explanation.relevance_sd.tolist()]
    ranked = sorted(zip(explanation.node_names(), relevance, spread, strict=True), key=lambda row: -row[1])
    for rank, (node, value, sd) in enumerate(ranked, 1):
        table.add_row(str(rank), Text(node), f"{value:+.4f}{sd}", bar(value, largest))
    return table


def bar(value: float, largest: float) -> Text:
    """A value as a bar of at most `BAR` letters."""
    return Text(("█" if value > 0 else "░") * round(BAR * abs(value) / (largest or 1.0)), style="red" if value > 0 else "blue")


def show_explanations(rows: Sequence[Explained], out: Console, scheme: Scheme | None = None) -> None:
    """One line per input: prediction, logit, and the nodes or fragments of largest magnitude."""
    table = Table("id", "prediction", "target", "probability", "logit", "gap", "largest relevances", box=None, header_style="bold")
    for one, explanation in rows:
        name = Text(one.id or one.text, overflow="ellipsis")
        if explanation is None:
            table.add_row(name, Text("error", style="red"), "", "", "", "", Text(one.error))
            continue
        nodes = zip(explanation.node_names(), explanation.relevance.tolist(), strict=True)
        named = ((one.name, one.relevance) for one in fragments(explanation, scheme)) if scheme else nodes
        ranked = sorted(named, key=lambda pair: -abs(pair[1]))
        largest = ", ".join(f"{node} {value:+.2f}" for node, value in ranked[:TOP])
        table.add_row(
            name,
            Text(number(explanation.value) if explanation.probability is None else explanation.prediction_name),
            Text(explanation.endpoint if explanation.probability is None else explanation.full_target_name),
            number(explanation.probability),
            f"{explanation.logit:+.3f}",
            f"{explanation.gap:.0e}",
            Text(largest),
        )
    out.print(table)


def show_comparison(comparison: "Comparison", out: Console) -> None:
    """The most relevant nodes of each method, and how the methods rank alike."""
    from molxai.rendering.caption import prediction_line

    out.print(Text(prediction_line(comparison.explanations[0], False)))
    table = Table("method", "Σ relevance", "gap", "most relevant", box=None, header_style="bold")
    for one in comparison.explanations:
        named = ", ".join(f"{node} {value:+.3g}" for node, value in comparison.top(one))
        table.add_row(one.method, f"{float(one.relevance.sum()):+.3f}", f"{one.gap:+.1e}", Text(named))
    out.print(table)
    ranks = Table("Spearman", *comparison.methods, box=None, header_style="bold")
    for name, row in zip(comparison.methods, comparison.spearman, strict=True):
        ranks.add_row(name, *(f"{value:+.2f}" for value in row))
    out.print(ranks)


def show_records(records: Sequence[Record], columns: Sequence[str], out: Console) -> None:
    """The named columns of records."""
    table = Table(*columns, box=None, header_style="bold")
    for one in records:
        table.add_row(*(Text(number(one[column])) for column in columns))
    out.print(table)


def show_mapping(content: Mapping[str, Any], out: Console) -> None:
    """Names and values, a line each."""
    table = Table(box=None, show_header=False)
    for name, value in content.items():
        shown = json.dumps(value) if isinstance(value, list | dict) else number(value)
        table.add_row(Text(name, style="bold"), Text(shown))
    out.print(table)


def show_training(card: Card, places: Mapping[str, str], out: Console, notes: bool) -> None:
    """How well it was learnt, with intervals, and where it lies; with notes on the data, unless they were shown before."""
    from molxai.rendering.quality import quality_rows

    for note in card.training.get("notes", []) if notes else []:
        out.print(Text(note))
    several = f", mean of {len(card.targets)} targets" if len(card.targets) > 1 else ""
    counts = (f"{part} ({card.metrics[part]['graphs']})" for part in card.metrics)
    table = Table(f"{card.name}{several}", *counts, box=None, header_style="bold")
    for name, values in quality_rows(card):
        table.add_row(name, *values)
    out.print(table)
    for part, measures in list(card.metrics.items())[-1:]:
        _show_targets(part, measures.get("targets", {}), out)
    show_mapping(places, out)


def _show_targets(title: str, targets: Mapping[str, Any], out: Console) -> None:
    """A line for each target of several, up to `MOST_TARGETS`."""
    from molxai.rendering.quality import target_rows

    if not targets:
        return
    names, rows = target_rows(targets)
    table = Table(title, *names, box=None, header_style="bold")
    for target, values in rows[:MOST_TARGETS]:
        table.add_row(Text(target), *values)
    out.print(table)
    if len(rows) > MOST_TARGETS:
        out.print(f"and {len(rows) - MOST_TARGETS} more targets: the card has them all")


def show_model(card: Card, out: Console) -> None:
    """What a model says, what it learnt from, and how well it does."""
    from molxai.rendering.quality import quality_rows

    named = ", ".join(card.targets[:TOP]) + (f" and {len(card.targets) - TOP} more" if len(card.targets) > TOP else "")
    out.print(f"{card.name}: {named} ({', '.join(card.classes) or card.unit}), reads {card.vocabulary}", style="bold", markup=False)
    facts = {f"trained, {key}": card.training[key] for key in ("data", "split", "graphs", "command")}
    begun = {"trained, begun with": card.training["init"]} if card.training.get("init") else {}
    several = {"members": card.members} if card.members > 1 else {}
    parts = list(card.metrics)
    rows = [(name, part, text) for name, texts in quality_rows(card) for part, text in zip(parts, texts, strict=True)]
    show_mapping(facts | begun | several | {f"{part}, {name}": text for name, part, text in rows if part == parts[-1]}, out)
    for part in parts[-1:]:
        _show_targets(part, card.metrics[part].get("targets", {}), out)


def show_evaluation(result: Mapping[str, Any], out: Console) -> None:
    """Measures with intervals, the forest's beside, and what else was found."""
    from molxai.rendering.quality import NAMES, interval_text

    both = "forest" in result
    table = Table(result["data"], result["model"], *(["forest on count ECFP4"] if both else []), box=None, header_style="bold")
    for name, value in result["quality"].items():
        table.add_row(NAMES[name], interval_text(value), *([interval_text(result["forest"][name])] if both else []))
    out.print(table)
    for judge, title in (("quality_targets", result["model"]), ("forest_targets", "forest on count ECFP4")):
        _show_targets(title, result.get(judge, {}), out)
    shown = ("quality", "forest", "quality_targets", "forest_targets", "model", "data")
    show_mapping({name: value for name, value in result.items() if name not in shown}, out)


def number(value: Any) -> str:
    """A number in four digits; text as it is; nothing for None."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
