"""What makes the difference between two texts, as the terminal shows it."""

import math

from molxai.cli.console import Console, Text
from molxai.cli.wide_tables import show_table
from molxai.cli.word_tables import MOST_WORDS
from molxai.explanation.captions import difference_line
from molxai.explanation.words import amount
from molxai.text.pair import PARTS, SentencePair


def show_pair(pair: SentencePair, out: Console) -> None:
    """Both predictions, what their difference consists of, and the words that make it."""
    rows: list[tuple[str | Text, str]] = []
    for letter, explanation in (("A", pair.a), ("B", pair.b)):
        rows.append((f"{letter}: {explanation.name}", f"{explanation.logit:+.4f}"))
    rows.append((Text("difference, B − A", style="bold"), f"{pair.delta:+.4f}"))
    rows += [(f"  {PARTS[name]}", f"{value:+.4f}") for name, value in pair.split.items()]
    show_table(("", f"logit of {pair.a.full_target_name}"), rows, out)
    if not pair.a.is_split:
        out.print(Text(difference_line(pair.a)))
    show_table(("word", "A", "B", "change"), _changed_words(pair), out)
    if not math.isnan(pair.consistency):
        out.print(Text(f"Rank correlation of the common words: {pair.consistency:+.2f}"))


def _changed_words(pair: SentencePair) -> list[tuple[str, ...]]:
    """The words of both texts with the largest changes."""
    words = list(pair.changes)
    words += [(word, value, 0.0) for word, value in pair.lost]
    words += [(word, 0.0, value) for word, value in pair.gained]
    words.sort(key=lambda word: -abs(word[2] - word[1]))
    rows: list[tuple[str, ...]] = []
    for word, before, after in words[:MOST_WORDS]:
        cells = [amount(value, pair.a.signed, 4) if value else "" for value in (before, after)]
        rows.append((word, *cells, f"{after - before:+.4f}"))
    return rows
