"""Words that people have rated or marked, as the truth of explanations of texts.

A rated word is one that people feel for or against. A model that judges feelings should be led by
it, and an explanation should say so. A marked word is one that a person gave as the reason for the
class of a text (DeYoung et al. 2020, "ERASER", section 4: plausibility).
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from graphormer.readers.tables import read_rows
from molxai.explanation.sentence import Sentence
from molxai.metrics.plausibility import auroc, average_precision

Lexicon = Mapping[str, float]
"""The rating of each word, above 0 for the second of the model's two classes."""

WORD_COLUMN = "word"
RATING_COLUMNS = ("rating", "mean", "score", "value")


def read_lexicon(path: Path) -> Lexicon:
    """The words and ratings of a table.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it lacks a column, or a rating is no number.
    """
    table = read_rows(path)
    if WORD_COLUMN not in table.columns:
        raise ValueError(f"{path} has no column of words: name it {WORD_COLUMN}")
    rating = next((name for name in RATING_COLUMNS if name in table.columns), "")
    if not rating:
        raise ValueError(f"{path} has no column of ratings: name it {' or '.join(RATING_COLUMNS)}")
    lexicon = {}
    for row in table.rows:
        lexicon[row.fields[WORD_COLUMN].lower()] = _rating(row.fields[rating], path, row.place)
    return lexicon


def _rating(cell: str, path: Path, place: str) -> float:
    try:
        rating = float(cell)
    except ValueError:
        rating = math.nan
    if not math.isfinite(rating):
        raise ValueError(f"{path}, {place}: {cell!r} is no rating")
    return rating


def word_truth(
    sentences: Sequence[Sentence],
    relevances: Sequence[ndarray],
    labels: Sequence[int],
    lexicon: Lexicon,
) -> dict[str, Any]:
    """How well relevances agree with the ratings.

    Args:
        sentences: explained.
        relevances: `[nodes]` of the tokens of each.
        labels: the class that each is explained for, 0 or 1.
        lexicon: the ratings.

    Returns:
        `auroc`, of finding the rated words of a sentence by |relevance|, its mean over sentences
        that have such words and others; `signs`, the share of rated words whose relevance for the
        second class has the sign of the rating; `rank`, Spearman's correlation of the two; and the
        number of `words`. NaN if there are no rated words.
    """
    from scipy.stats import spearmanr

    areas: list[float] = []
    values: list[float] = []
    ratings: list[float] = []
    for sentence, relevance, label in zip(sentences, relevances, labels, strict=True):
        words = [word.lower() for word in sentence.words]
        by_word = np.array(sentence.of_words(relevance.tolist()))
        is_rated = np.array([word in lexicon for word in words])
        areas.append(auroc(np.abs(by_word), is_rated))
        sign = 1 if label else -1
        values += (sign * by_word[is_rated]).tolist()
        ratings += [lexicon[word] for word in words if word in lexicon]
    if not values:
        return {"auroc": math.nan, "signs": math.nan, "rank": math.nan, "words": 0}
    return {
        "auroc": float(np.nanmean(areas)) if not np.isnan(areas).all() else math.nan,
        "signs": float(np.mean(np.sign(values) == np.sign(ratings))),
        "rank": float(spearmanr(values, ratings)[0]),
        "words": len(values),
    }


def marked_truth(
    sentences: Sequence[Sentence],
    relevances: Sequence[ndarray],
    marks: Sequence[str],
) -> dict[str, Any]:
    """How well the words of highest relevance are those that a person has marked.

    Args:
        sentences: explained for the class that is marked.
        relevances: `[nodes]` of the tokens of each.
        marks: the marked words of each, with anything between them that is no letter.

    Returns:
        Means over the `texts` of which some words, but not all, are marked: `auroc` and
        `average_precision`. NaN if there are none.
    """
    areas: list[float] = []
    precisions: list[float] = []
    for sentence, relevance, marked in zip(sentences, relevances, marks, strict=True):
        reasons = set(re.findall(r"[^\W_]+", marked.lower()))
        by_word = np.array(sentence.of_words(relevance.tolist()))
        is_marked = np.array([word.lower() in reasons for word in sentence.words])
        if 0 < is_marked.sum() < len(is_marked):
            areas.append(auroc(by_word, is_marked))
            precisions.append(average_precision(by_word, is_marked))
    return {
        "auroc": float(np.mean(areas)) if areas else math.nan,
        "average_precision": float(np.mean(precisions)) if areas else math.nan,
        "texts": len(areas),
    }
