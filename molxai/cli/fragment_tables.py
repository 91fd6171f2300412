"""Tables of fragments, of series and of matched pairs, as the terminal shows them."""

from collections.abc import Sequence
from typing import TypeVar

from graphormer.graphs.molecules import shortened
from graphormer.network.card import row_ranges
from molxai.chemistry.fragments import Fragment
from molxai.chemistry.pair import TOP, MatchedPair
from molxai.chemistry.series import BASE, HYDROGEN, Carrier
from molxai.chemistry.series import Table as CoreTable
from molxai.cli.bars import bar, bar_letters
from molxai.cli.console import Console, Text
from molxai.cli.wide_tables import show_table
from molxai.explanation.explanation import Explanation

T = TypeVar("T")


def show_fragments(explanation: Explanation, found: Sequence[Fragment], out: Console) -> None:
    """Fragments, the most positive first, and what makes their sum the explained quantity."""
    largest, letters = max(abs(one.relevance) for one in found), bar_letters(out)
    rows: list[tuple[str | Text, ...]] = [
        (
            one.name,
            row_ranges(one.atoms),
            f"{one.relevance:+.4f}",
            bar(one.relevance, largest, letters),
        )
        for one in found
    ]
    for name, value in {
        "graph token": explanation.token,
        "bias": explanation.bias,
        "not accounted for": explanation.gap,
    }.items():
        if abs(value) >= SMALLEST:
            rows.append((Text(name, style="dim"), "", f"{value:+.4f}", ""))
    total = Text(f"the {total_name(explanation)}", style="dim")
    rows.append((Text("sum", style="bold"), "", f"{explanation.logit:+.4f}", total))
    show_table(("fragment", "atoms", "relevance", ""), rows, out)


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
    out.print(
        Text(f"Explained for all: {total_name(explained)} · {explained.model} · {explained.method}")
    )
    rows = []
    for one in _ends(found):
        sd = "" if one.sd is None else f"{one.sd:.3f}"
        numbers = (
            str(one.molecules),
            str(one.occurrences),
            f"{one.mean:+.3f}",
            sd,
            f"{one.smallest:+.3f}",
            f"{one.largest:+.3f}",
        )
        rows.append((_short(one.name), *numbers, _short(one.example), row_ranges(one.atoms)))
    show_table(CARRIER_NAMES, _marked(rows, len(found)), out)
    _say_hidden(len(found), "fragments", out)


CARRIER_NAMES = (
    "fragment",
    "molecules",
    "times",
    "mean",
    "sd",
    "from",
    "to",
    "example",
    "its atoms",
)
"""Of the columns of a series."""


def show_core_table(found: CoreTable, out: Console) -> None:
    """Molecules around their core: what each part adds to the explained quantity."""
    first = found.rows[0].explanation
    out.print(Text(core_line(found)))
    out.print(Text(f"Explained for all: {total_name(first)} · {first.model} · {first.method}"))
    labels = [*found.labels, *(["rest"] if any(row.rest for row in found.rows) else [])]
    ledger = _ledger_columns(found)
    own = list(found.rows[0].columns)
    rows = []
    for row in _ends(found.rows):
        total = (
            f"{row.explanation.logit:.3f}"
            if found.total == "value"
            else f"{row.explanation.logit:+.3f}"
        )
        beside = [
            f"{row.ledger[name]:.3f}" if name == BASE else f"{row.ledger[name]:+.3f}"
            for name in ledger
        ]
        parts = [
            f"{part.relevance:+.3f} {shortened(part.smiles, NAME_WIDTH)}" if part else ""
            for part in map(row.parts.get, labels)
        ]
        carried = [_short(row.columns[name]) for name in own]
        rows.append(
            (_short(row.id), *carried, total, *beside, f"{row.core.relevance:+.3f}", *parts)
        )
    show_table(
        ("id", *own, found.total, *ledger, "core", *labels), _marked(rows, len(found.rows)), out
    )
    _say_hidden(len(found.rows), "molecules", out)
    out.print(Text(_sum_line(found, ledger, "rest" in labels)))
    if any(part.smiles == HYDROGEN for row in found.rows for part in row.groups.values()):
        out.print(
            Text(
                f"{HYDROGEN}: nothing is attached there; the hydrogen's part is in the core, for the model has no atom for it."
            )
        )


def _ledger_columns(found: CoreTable) -> list[str]:
    """Of what no atom accounts for, that which would not be shown as zero in every row."""
    names = list(found.rows[0].ledger)
    return [name for name in names if any(abs(row.ledger[name]) >= SMALLEST for row in found.rows)]


def _sum_line(found: CoreTable, ledger: Sequence[str], rest: bool) -> str:
    """Which of the columns add up to the explained quantity."""
    adding = [name for name in ledger if name != "gap"]
    named = [*adding, "core", "R groups", *(["rest"] if rest else [])]
    text = f"{', '.join(named[:-1])} and {named[-1]}"
    missing = "; gap is what is missing" if "gap" in ledger else ""
    return f"{text[0].upper()}{text[1:]} add up to the {total_name(found.rows[0].explanation)}{missing}."


def core_line(found: CoreTable) -> str:
    """Which core, where it comes from, and who has it."""
    origin = "found as the maximum common substructure" if found.found else "given"
    missing = f"; without it: {shortened(', '.join(found.without), 200)}" if found.without else ""
    note = f" ({found.note})" if found.note else ""
    return f"Core {found.core}, {origin}{note}: {len(found.rows)} of {len(found.rows) + len(found.without)} molecules{missing}"


def _short(text: str) -> str:
    return shortened(" ".join(text.split()), NAME_WIDTH)


def _ends(rows: Sequence[T]) -> Sequence[T]:
    """The rows, or the first and the last ones of many."""
    half = MOST_ROWS // 2
    return rows if len(rows) <= MOST_ROWS else [*rows[:half], *rows[-half:]]


def _marked(lines: Sequence[tuple[str, ...]], count: int) -> list[tuple[str, ...]]:
    """The lines of a table, with a mark between them where more rows were found."""
    if count <= MOST_ROWS:
        return list(lines)
    mark = ("…", *[""] * (len(lines[0]) - 1))
    half = MOST_ROWS // 2
    return [*lines[:half], mark, *lines[half:]]


def _say_hidden(count: int, what: str, out: Console) -> None:
    if count > MOST_ROWS:
        out.print(Text(f"{count - MOST_ROWS} more {what} between them: give -o FILE for all"))


def show_matched(pair: MatchedPair, out: Console) -> None:
    """Both predictions, what their difference consists of, what was changed, and where the rest is read differently."""
    what, split = total_name(pair.a), pair.split
    rows: list[tuple[str | Text, str]] = []
    for letter, one in (("A", pair.a), ("B", pair.b)):
        rows.append((f"{letter}: {shortened(one.name, 60)}", f"{one.logit:+.4f}"))
    rows.append((Text("difference, B − A", style="bold"), f"{pair.delta:+.4f}"))
    for name, text in PARTS_OF_DIFFERENCE.items():
        if name in ("common", "gained", "lost") or abs(split[name]) >= SMALLEST:
            rows.append((f"  {text}", f"{split[name]:+.4f}"))
    show_table(("", what), rows, out)
    pieces = [("− lost", one, -one.relevance) for one in pair.lost] + [
        ("+ gained", one, one.relevance) for one in pair.gained
    ]
    if pieces:
        _show_pieces(pieces, out)
    _show_changes(pair, out)
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


def _show_pieces(pieces: Sequence[tuple[str, Fragment, float]], out: Console) -> None:
    rows = [
        (sign, _short(one.smiles), row_ranges(one.atoms), f"{value:+.4f}")
        for sign, one, value in pieces
    ]
    show_table(("changed", "piece", "atoms", "adds"), rows, out)


def _show_changes(pair: MatchedPair, out: Console) -> None:
    rows = []
    here, there = pair.a.relevance.tolist(), pair.b.relevance.tolist()
    names = pair.a.node_names(), pair.b.node_names()
    for (i, j), change in pair.changes[:TOP]:
        largest = abs(pair.changes[0][1])
        values = (f"{here[i]:+.4f}", f"{there[j]:+.4f}", f"{change:+.4f}")
        rows.append(
            (f"{names[0][i]} → {names[1][j]}", *values, bar(change, largest, bar_letters(out)))
        )
    show_table(("unchanged", "A", "B", "change", ""), rows, out)
