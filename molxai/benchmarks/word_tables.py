"""Tables of a study of texts: methods against words that people have rated or marked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy import ndarray

from graphormer.files import markdown_table
from molxai.benchmarks.faithfulness import Arrays, relevances_in
from molxai.benchmarks.subjects import Subjects
from molxai.benchmarks.word_truth import Lexicon, marked_truth, word_truth

Row = dict[str, Any]

WORDS = {
    "auroc": "rated words, AUROC ↑",
    "signs": "right signs ↑",
    "rank": "rank correlation ↑",
    "words": "words",
}
"""Columns of the agreement with rated words."""

MARKS = {
    "auroc": "marked words, AUROC ↑",
    "average_precision": "average precision ↑",
    "texts": "texts",
}
"""Columns of the agreement with marked words."""

ABOUT_WORDS = (
    "Explained for the predicted class. AUROC: finding the rated words by |relevance|, mean over "
    "texts. Signs and ranks: relevance for the second class against the rating."
)

ABOUT_MARKS = (
    "Finding the marked words of a text by relevance for the predicted class, mean over texts."
)


Judge = Callable[[Sequence[ndarray], Sequence[int]], Row]
"""Agreement of relevances of the first texts, explained for classes of these numbers."""


def word_results(
    cells: Mapping[str, Arrays], subjects: Subjects, lexicon: Lexicon | None
) -> dict[str, list[Row]]:
    """A row for each method under `words` and `marks`, as far as these are known."""
    results = {}
    if lexicon is not None:

        def by_ratings(relevances: Sequence[ndarray], labels: Sequence[int]) -> Row:
            texts = subjects.inputs[: len(relevances)]
            return word_truth(texts, relevances, labels, lexicon)

        results["words"] = _rows(cells, by_ratings)
    marks = subjects.marks
    if marks is not None:

        def by_marks(relevances: Sequence[ndarray], labels: Sequence[int]) -> Row:
            count = len(relevances)
            return marked_truth(subjects.inputs[:count], relevances, marks[:count])

        results["marks"] = _rows(cells, by_marks)
    return results


def _rows(cells: Mapping[str, Arrays], judge: Judge) -> list[Row]:
    rows: list[Row] = []
    for method, arrays in cells.items():
        relevances = [relevance.numpy() for relevance in relevances_in(arrays)]
        rows.append({"method": method} | judge(relevances, arrays["label"].tolist()))
    return rows


def word_sections(result: Mapping[str, Any]) -> list[str]:
    """The tables of what a result holds, with headings."""
    lines: list[str] = []
    if "words" in result:
        table = _truth_table(result["words"], WORDS, ABOUT_WORDS)
        lines += ["## Words that people have rated", "", *table, ""]
    if "marks" in result:
        table = _truth_table(result["marks"], MARKS, ABOUT_MARKS)
        lines += ["## Words that people have marked", "", *table, ""]
    return lines


def _truth_table(rows: Sequence[Row], columns: Mapping[str, str], about: str) -> list[str]:
    """What is measured, and a line for each method."""
    cells = []
    for row in rows:
        values = [row[name] for name in columns]
        texts = [f"{value:.3f}" if isinstance(value, float) else str(value) for value in values]
        cells.append([row["method"], *texts])
    return [about, "", markdown_table(["method", *columns.values()], cells)]
