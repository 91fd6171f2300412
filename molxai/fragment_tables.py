"""Tables of fragments, of series and of matched pairs, as the terminal shows them."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from graphormer.checkpoint import row_ranges
from graphormer.molecules import shortened
from molxai.console import Text
from molxai.explanation import Explanation
from molxai.fragments import Fragment
from molxai.matched import TOP, MatchedPair
from molxai.series import Carrier
from molxai.series import Table as CoreTable

T = TypeVar("T")


def fragment_table(explanation: Explanation, found: Sequence[Fragment]) -> Table:
    """Fragments, the most positive first, and what makes their sum the explained quantity."""
    from molxai.terminal import bar

    table = Table("fragment", "atoms", "relevance", "", box=None, header_style="bold")
    largest = max(abs(one.relevance) for one in found)
    for one in found:
        table.add_row(Text(one.name), Text(row_ranges(one.atoms)), f"{one.relevance:+.4f}", bar(one.relevance, largest))
    for name, value in {"graph token": explanation.token, "bias": explanation.bias, "not accounted for": explanation.gap}.items():
        if abs(value) >= SMALLEST:
            table.add_row(Text(name, style="dim"), "", f"{value:+.4f}")
    table.add_row(Text("sum", style="bold"), "", f"{explanation.logit:+.4f}", Text(f"the {total_name(explanation)}", style="dim"))
    return table


SMALLEST = 5e-5
"""Anything less would be shown as zero."""


def total_name(explanation: Explanation) -> str:
    """What the relevances sum to."""
    if explanation.probability is None:
        return f"predicted {explanation.endpoint or 'value'}"
    return f"logit of {explanation.full_target_name}"


MOST_ROWS = 40
"""Of a series that the terminal shows: the ends matter, files hold all."""

NAME_WIDTH = 40
"""Letters of a name or a SMILES in a table."""


def show_carriers(found: Sequence[Carrier], explained: Explanation, out: Console) -> None:
    """Fragments of a series, those that add most to the explained quantity first."""
    out.print(Text(f"Explained for all: {total_name(explained)} · {explained.model} · {explained.method}"))
    table = Table(box=None, header_style="bold")
    table.add_column("fragment", overflow="fold", min_width=20)
    for name in ("molecules", "times", "mean", "sd", "from", "to"):
        table.add_column(name, no_wrap=True, justify="right")
    for name in ("example", "its atoms"):
        table.add_column(name, overflow="fold")
    for one in _ends(found, table):
        sd = "" if one.sd is None else f"{one.sd:.3f}"
        numbers = (str(one.molecules), str(one.occurrences), f"{one.mean:+.3f}", sd, f"{one.smallest:+.3f}", f"{one.largest:+.3f}")
        table.add_row(_short(one.name), *numbers, _short(one.example), Text(row_ranges(one.atoms)))
    out.print(table)
    _say_hidden(len(found), "fragments", out)


def show_core_table(found: CoreTable, out: Console) -> None:
    """Molecules around their core: what each part adds to the explained quantity."""
    first = found.rows[0].explanation
    out.print(Text(core_line(found)))
    labels = [*found.labels, *(["rest"] if any(row.rest for row in found.rows) else [])]
    out.print(Text(f"Explained for all: {total_name(first)} · {first.model} · {first.method}"))
    table = Table("id", "logit" if first.probability is not None else "value", "core", *labels, box=None, header_style="bold")
    for row in _ends(found.rows, table):
        cells = [Text(f"{part.relevance:+.3f} {shortened(part.smiles, NAME_WIDTH)}") if part else "" for part in map(row.parts.get, labels)]
        table.add_row(_short(row.id), f"{row.explanation.logit:+.3f}", f"{row.core.relevance:+.3f}", *cells)
    out.print(table)
    _say_hidden(len(found.rows), "molecules", out)
    largest = max(max(abs(row.explanation.token), abs(row.explanation.bias), abs(row.unaccounted)) for row in found.rows)
    parts = "Core, R groups and rest" if "rest" in labels else "Core and R groups"
    beside = "" if largest < SMALLEST else f", with token, bias and what is not accounted for (up to {largest:.2g}),"
    out.print(Text(f"{parts}{beside} add up to the {total_name(first)}."))


def core_line(found: CoreTable) -> str:
    """Which core, where it comes from, and who has it."""
    origin = "found as the maximum common substructure" if found.found else "given"
    missing = f"; without it: {shortened(', '.join(found.without), 200)}" if found.without else ""
    note = f" ({found.note})" if found.note else ""
    return f"Core {found.core}, {origin}{note}: {len(found.rows)} of {len(found.rows) + len(found.without)} molecules{missing}"


def _short(text: str) -> Text:
    return Text(shortened(" ".join(text.split()), NAME_WIDTH))


def _ends(rows: Sequence[T], table: Table) -> Iterator[T]:
    """The rows, or the first and the last ones of many with a line between."""
    half = MOST_ROWS // 2
    for place, row in enumerate(rows):
        if len(rows) <= MOST_ROWS or place < half or place >= len(rows) - half:
            if len(rows) > MOST_ROWS and place == len(rows) - half:
                table.add_row("…")
            yield row


def _say_hidden(count: int, what: str, out: Console) -> None:
    if count > MOST_ROWS:
        out.print(Text(f"{count - MOST_ROWS} more {what} between them: give -o FILE for all"))


def show_matched(pair: MatchedPair, out: Console) -> None:
    """Both predictions, what their difference consists of, what was changed, and where the rest is read differently."""
    what, split = total_name(pair.a), pair.split
    table = Table("", what, box=None, header_style="bold")
    for letter, one in (("A", pair.a), ("B", pair.b)):
        table.add_row(Text(f"{letter}: {shortened(one.name, 60)}"), f"{one.logit:+.4f}")
    table.add_row(Text("difference, B − A", style="bold"), f"{pair.delta:+.4f}")
    for name, text in PARTS_OF_DIFFERENCE.items():
        if name in ("common", "gained", "lost") or abs(split[name]) >= SMALLEST:
            table.add_row(f"  {text}", f"{split[name]:+.4f}")
    out.print(table)
    pieces = [("− lost", one, -one.relevance) for one in pair.lost] + [("+ gained", one, one.relevance) for one in pair.gained]
    if pieces:
        out.print(_pieces_table(pieces))
    out.print(_changes_table(pair))
    if pair.alignment.stereo:
        named = ", ".join(f"{i}→{j}" for i, j in pair.alignment.stereo)
        out.print(Text(f"Stereo label (R, S, E, Z) differs at: {named}"))
    if pair.alignment.note:
        out.print(Text(f"Note: {pair.alignment.note}"))


PARTS_OF_DIFFERENCE = {
    "common": "unchanged atoms, read differently",
    "gained": "gain of the atoms that only B has",
    "lost": "loss of the atoms that only A has",
    "token": "graph token",
    "bias": "bias",
    "gap": "not accounted for",
}
"""In words."""


def _pieces_table(pieces: Sequence[tuple[str, Fragment, float]]) -> Table:
    table = Table("changed", "piece", "atoms", "adds", box=None, header_style="bold")
    for sign, one, value in pieces:
        table.add_row(sign, _short(one.smiles), Text(row_ranges(one.atoms)), f"{value:+.4f}")
    return table


def _changes_table(pair: MatchedPair) -> Table:
    from molxai.terminal import bar

    table = Table("unchanged", "A", "B", "change", "", box=None, header_style="bold")
    here, there = pair.a.relevance.tolist(), pair.b.relevance.tolist()
    names = pair.a.node_names(), pair.b.node_names()
    for (i, j), change in pair.changes[:TOP]:
        largest = abs(pair.changes[0][1])
        table.add_row(f"{names[0][i]} → {names[1][j]}", f"{here[i]:+.4f}", f"{there[j]:+.4f}", f"{change:+.4f}", bar(change, largest))
    return table
