"""Tables of fragments, of series and of matched pairs, as the terminal shows them."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from graphormer.graphs.molecules import shortened
from graphormer.network.card import row_ranges
from molxai.chemistry.fragments import Fragment
from molxai.chemistry.pair import TOP, MatchedPair, difference_words
from molxai.chemistry.series import HYDROGEN, Carrier, Row
from molxai.chemistry.series import Table as CoreTable
from molxai.cli.bars import bar, bar_letters
from molxai.cli.console import Console, Text
from molxai.cli.wide_tables import show_table
from molxai.explanation.captions import BASE, difference_line, ledger
from molxai.explanation.explanation import Explanation
from molxai.explanation.words import amount
from molxai.rendering.ramp import low_of

T = TypeVar("T")

SMALLEST = 5e-5
"""A smaller magnitude would be shown as zero."""

MOST_ROWS = 40
"""Rows of a series that the terminal shows; files hold all."""

NAME_WIDTH = 40
"""Letters of a name or a SMILES in a table."""

LONGEST_NAME = 60
"""Letters of the name of a molecule of a pair."""

MOST_NAMES = 200
"""Letters of the list of molecules without a core."""


def show_fragments(explanation: Explanation, fragments: Sequence[Fragment], out: Console) -> None:
    """Fragments, the largest magnitude first, and what makes their sum the explained quantity."""
    values = [fragment.relevance for fragment in fragments]
    largest = max(map(abs, values))
    low = None if explanation.signed else low_of(values, largest)
    letters = bar_letters(out)
    rows: list[tuple[str | Text, ...]] = []
    for fragment in fragments:
        value = fragment.relevance
        atoms = row_ranges(fragment.atoms)
        number_cell = amount(value, explanation.signed, 4)
        rows.append((fragment.name, atoms, number_cell, bar(value, largest, letters, low)))
    for name, value in ledger(explanation).items():
        if abs(value) >= SMALLEST:
            rows.append((Text(name, style="dim"), "", f"{value:+.4f}", ""))
    total = Text(f"the {total_name(explanation)}", style="dim")
    rows.append((Text("sum", style="bold"), "", f"{explanation.logit:+.4f}", total))
    show_table(("fragment", "atoms", "relevance", ""), rows, out)


def total_name(explanation: Explanation) -> str:
    """What the relevances sum to."""
    if explanation.probability is None:
        return f"predicted {explanation.endpoint or 'value'}"
    return f"logit of {explanation.full_target_name}"


def say_explained(explanation: Explanation, out: Console) -> None:
    """What all molecules of a series are explained for, and by which model and method."""
    by = f"{explanation.model} · {explanation.method}"
    out.print(Text(f"Explained for all: {total_name(explanation)} · {by}"))


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
"""The columns of a series."""


def show_carriers(carriers: Sequence[Carrier], explanation: Explanation, out: Console) -> None:
    """Fragments of a series, in the order given: those with the largest |sum| first."""
    say_explained(explanation, out)
    rows = [_carrier_cells(carrier) for carrier in carriers[:MOST_ROWS]]
    show_table(CARRIER_NAMES, rows, out)
    hidden = len(carriers) - MOST_ROWS
    if hidden > 0:
        out.print(Text(f"{hidden} more fragments with smaller sums: give -o FILE for all"))


def _carrier_cells(carrier: Carrier) -> tuple[str, ...]:
    return (
        _short(carrier.name),
        str(carrier.molecules),
        str(carrier.occurrences),
        f"{carrier.mean:+.3f}",
        "" if carrier.sd is None else f"{carrier.sd:.3f}",
        f"{carrier.smallest:+.3f}",
        f"{carrier.largest:+.3f}",
        _short(carrier.example),
        row_ranges(carrier.atoms),
    )


def show_core_table(table: CoreTable, out: Console) -> None:
    """Molecules around their core: what each part adds to the explained quantity."""
    out.print(Text(core_line(table)))
    say_explained(table.rows[0].explanation, out)
    labels = [*table.labels, *(["rest"] if table.has_rest else [])]
    ledger = _ledger_columns(table)
    columns = list(table.rows[0].columns)
    header = ("id", *columns, table.total, *ledger, "core", *labels)
    rows = [_core_cells(table, row, columns, ledger, labels) for row in _ends(table.rows)]
    show_table(header, _with_mark(rows, len(table.rows)), out)
    hidden = len(table.rows) - MOST_ROWS
    if hidden > 0:
        out.print(Text(f"{hidden} more molecules between them: give -o FILE for all"))
    out.print(Text(_sum_line(table, ledger)))
    if any(part.smiles == HYDROGEN for row in table.rows for part in row.groups.values()):
        out.print(
            Text(
                f"{HYDROGEN}: no substituent. Its relevance is in the core, because hydrogens "
                "count with their heavy atom."
            )
        )


def _core_cells(
    table: CoreTable,
    row: Row,
    columns: Sequence[str],
    ledger: Sequence[str],
    labels: Sequence[str],
) -> tuple[str, ...]:
    logit = row.explanation.logit
    total = f"{logit:.3f}" if table.total == "value" else f"{logit:+.3f}"
    return (
        _short(row.id),
        *(_short(row.columns[name]) for name in columns),
        total,
        *(_ledger_cell(name, row.ledger[name]) for name in ledger),
        f"{row.core.relevance:+.3f}",
        *(_part_cell(row.parts.get(label)) for label in labels),
    )


def _ledger_cell(name: str, value: float) -> str:
    """A base value speaks neither for nor against anything, so it has no plus."""
    return f"{value:.3f}" if name == BASE else f"{value:+.3f}"


def _part_cell(part: Fragment | None) -> str:
    return f"{part.relevance:+.3f} {shortened(part.smiles, NAME_WIDTH)}" if part else ""


def _ledger_columns(table: CoreTable) -> list[str]:
    """What no atom accounts for, unless it would be shown as zero in every row."""
    names = list(table.rows[0].ledger)
    return [name for name in names if any(abs(row.ledger[name]) >= SMALLEST for row in table.rows)]


def _sum_line(table: CoreTable, ledger: Sequence[str]) -> str:
    """Which of the columns add up to the explained quantity."""
    terms = [name for name in ledger if name != "gap"]
    terms += ["core", "R groups"]
    if table.has_rest:
        terms.append("rest")
    text = f"{', '.join(terms[:-1])} and {terms[-1]}"
    missing = "; gap is what is missing" if "gap" in ledger else ""
    total = total_name(table.rows[0].explanation)
    return f"{text[0].upper()}{text[1:]} add up to the {total}{missing}."


def core_line(table: CoreTable) -> str:
    """Which core, where it comes from, and who has it."""
    origin = "found as the maximum common substructure" if table.found else "given"
    note = f" ({table.note})" if table.note else ""
    count = len(table.rows)
    total = count + len(table.without)
    missing = ""
    if table.without:
        missing = f"; without it: {shortened(', '.join(table.without), MOST_NAMES)}"
    return f"Core {table.core}, {origin}{note}: {count} of {total} molecules{missing}"


def _short(text: str) -> str:
    return shortened(" ".join(text.split()), NAME_WIDTH)


def _ends(rows: Sequence[T]) -> Sequence[T]:
    """The rows, or the first and the last ones of many."""
    half = MOST_ROWS // 2
    return rows if len(rows) <= MOST_ROWS else [*rows[:half], *rows[-half:]]


def _with_mark(rows: Sequence[tuple[str, ...]], count: int) -> list[tuple[str, ...]]:
    """The rows of a table, with a mark between them if there are more than are shown."""
    if count <= MOST_ROWS:
        return list(rows)
    mark = ("…", *[""] * (len(rows[0]) - 1))
    half = MOST_ROWS // 2
    return [*rows[:half], mark, *rows[half:]]


def show_matched(pair: MatchedPair, out: Console) -> None:
    """Both predictions, what their difference consists of, and what was changed."""
    rows: list[tuple[str | Text, str]] = []
    for letter, explanation in (("A", pair.a), ("B", pair.b)):
        name = shortened(explanation.name, LONGEST_NAME)
        rows.append((f"{letter}: {name}", f"{explanation.logit:+.4f}"))
    rows.append((Text("difference, B − A", style="bold"), f"{pair.delta:+.4f}"))
    for words, value in difference_words(pair.split, SMALLEST).items():
        rows.append((f"  {words}", f"{value:+.4f}"))
    show_table(("", total_name(pair.a)), rows, out)
    if not pair.a.is_split:
        out.print(Text(difference_line(pair.a)))
    pieces = list(_piece_rows(pair))
    if pieces:
        adds = "adds" if pair.a.is_split else "relevance"
        show_table(("changed", "piece", "atoms", adds), pieces, out)
    _show_changes(pair, out)
    if pair.alignment.stereo:
        atoms = ", ".join(f"{i}→{j}" for i, j in pair.alignment.stereo)
        out.print(Text(f"Stereo label (R, S, E, Z) differs at: {atoms}"))
    if pair.alignment.note:
        out.print(Text(f"Note: {pair.alignment.note}"))


def _piece_rows(pair: MatchedPair) -> Iterator[tuple[str, ...]]:
    """What was lost and what was gained, with what it adds to the difference."""
    sign = -1 if pair.a.is_split else 1
    for piece in pair.lost:
        yield _piece_cells("− lost", piece, amount(sign * piece.relevance, pair.a.signed, 4))
    for piece in pair.gained:
        yield _piece_cells("+ gained", piece, amount(piece.relevance, pair.a.signed, 4))


def _piece_cells(change: str, piece: Fragment, value: str) -> tuple[str, ...]:
    return change, _short(piece.smiles), row_ranges(piece.atoms), value


def _show_changes(pair: MatchedPair, out: Console) -> None:
    """The common atoms that are read most differently."""
    before = pair.a.relevance.tolist()
    after = pair.b.relevance.tolist()
    names_a = pair.a.node_names()
    names_b = pair.b.node_names()
    letters = bar_letters(out)
    changes = pair.changes
    largest = abs(changes[0][1]) if changes else 0.0
    rows: list[tuple[str | Text, ...]] = []
    for (i, j), change in changes[:TOP]:
        readings = [amount(value, pair.a.signed, 4) for value in (before[i], after[j])]
        values = (*readings, f"{change:+.4f}")
        rows.append((f"{names_a[i]} → {names_b[j]}", *values, bar(change, largest, letters)))
    show_table(("unchanged", "A", "B", "change", ""), rows, out)
