"""A text with its relevance, as the terminal shows it: words on their colours, then ranked."""

from collections.abc import Sequence

from rich.style import Style

from molxai.cli.bars import bar, bar_letters
from molxai.cli.console import Console, Text
from molxai.cli.wide_tables import show_table
from molxai.explanation.explanation import Explanation
from molxai.explanation.sentence import Sentence
from molxai.explanation.words import amount
from molxai.rendering.colour import hexadecimal
from molxai.rendering.look import PLAIN
from molxai.rendering.ramp import Ramp

MOST_WORDS = 30
"""Words that are ranked; a text may have thousands."""


def show_words(explanation: Explanation, sentence: Sentence, out: Console) -> None:
    """The text on its colours, and its words from the highest relevance to the lowest.

    Of more than `MOST_WORDS` words, those of the largest magnitude are ranked.
    """
    words = explanation.by_word()
    values = [value for _, value in words]
    ramp = PLAIN.ramp_for(values, explanation.in_unit, explanation.signed)
    out.print(_coloured(words, sentence.is_spaced, ramp))
    largest = sorted(words, key=lambda word: -abs(word[1]))[:MOST_WORDS]
    ranking = sorted(largest, key=lambda word: -word[1])
    scale = max(map(abs, values))
    letters = bar_letters(out)
    rows: list[tuple[str | Text, ...]] = []
    for rank, (word, value) in enumerate(ranking, 1):
        number_cell = amount(value, explanation.signed, 4)
        rows.append((str(rank), word, number_cell, bar(value, scale, letters, ramp.low)))
    show_table(("rank", "word", "relevance", ""), rows, out)
    if len(words) > len(ranking):
        out.print(Text(f"the {len(ranking)} of {len(words)} words with the largest relevances"))


def _coloured(words: Sequence[tuple[str, float]], is_spaced: Sequence[bool], ramp: Ramp) -> Text:
    text = Text()
    for (word, value), has_blank in zip(words, is_spaced, strict=True):
        if has_blank and text:
            text.append(" ")
        colour = hexadecimal(ramp.colour(value))
        text.append_text(Text(word, Style(color="black", bgcolor=colour)))
    return text
