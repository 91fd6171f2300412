"""Words whose meaning people have rated, as the truth of explanations of texts.

A rated word is one that people feel for or against. A model that judges feelings should be led by
it, and an explanation should say so.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from graphormer.readers.tables import read_rows
from molxai.explanation.sentence import Sentence
from molxai.metrics.plausibility import auroc

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
    word = table.column(WORD_COLUMN, "the name 'word'")
    rating = next((name for name in RATING_COLUMNS if name in table.columns), "")
    if not rating:
        raise ValueError(f"{path} has no column of ratings: name it {' or '.join(RATING_COLUMNS)}")
    lexicon = {}
    for row in table.rows:
        try:
            lexicon[row.fields[word].lower()] = float(row.fields[rating])
        except ValueError:
            cell = row.fields[rating]
            raise ValueError(f"{path}, {row.place}: {cell!r} is no rating") from None
    return lexicon


def word_truth(
    sentences: Sequence[Sentence],
    relevances: Sequence[Float[ndarray, " nodes"]],
    labels: Sequence[int],
    lexicon: Lexicon,
) -> dict[str, Any]:
    """How well relevances agree with the ratings.

    Args:
        sentences: explained.
        relevances: of the tokens of each.
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
