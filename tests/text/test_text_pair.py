"""Two texts compared: common words, gained and lost ones, and whether a paraphrase reads alike."""

import json
import math

import numpy as np
import pytest
from text_models import random_text_model, tokenizer

from molxai.cli import main
from molxai.metrics.consistency import paraphrase
from molxai.text import TextExplainer, sentence_pair

A = "the film was not very good"
B = "The plot was very funny and good"


@pytest.fixture(scope="module")
def explain():
    return TextExplainer(random_text_model("Bert"), tokenizer())


@pytest.mark.parametrize("method", ["lrp", "gradient-input"])
def test_the_parts_are_the_difference(explain, method):
    pair = sentence_pair(explain.with_method(method), A, B, "LABEL_1")
    assert [word for word, _, _ in pair.changes] == ["the", "was", "very", "good"]
    assert [word for word, _ in pair.lost] == ["film", "not"]
    assert [word for word, _ in pair.gained] == ["plot", "funny", "and"]
    assert math.fsum(pair.split.values()) == pytest.approx(pair.delta, abs=1e-10)
    assert pair.delta == pytest.approx(pair.b.logit - pair.a.logit, abs=1e-12)
    if method == "lrp":
        assert abs(pair.split["gap"]) < 1e-9


def test_both_are_explained_for_what_is_predicted_of_the_first(explain):
    pair = sentence_pair(explain, A, B)
    assert pair.b.target == pair.a.target and pair.a.target.label == pair.a.prediction
    assert "SentencePair" in repr(pair) and "<svg" in pair._repr_html_()


def test_a_text_and_itself(explain):
    pair = sentence_pair(explain, A, A)
    assert pair.consistency == pytest.approx(1) and not pair.lost and not pair.gained
    assert pair.delta == 0
    assert math.isnan(sentence_pair(explain, "great", "dull").consistency)


def test_consistency_of_several_pairs(explain):
    values = paraphrase(explain, [(A, A), (A, B), ("great", "dull")])
    assert values[0] == pytest.approx(1) and np.isnan(values[2])
    assert values[1] == pytest.approx(sentence_pair(explain, A, B).consistency)
    random = paraphrase(explain.with_method("random"), [(A, B)])
    assert random[0] != values[1]


def test_the_command(tmp_path, capsys):
    folder = tmp_path / "critic"
    random_text_model("Bert").float().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    assert main(["compare", A, B, "-m", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "words that only B has" in shown and "Rank correlation of the common words" in shown
    output = tmp_path / "pair.json"
    assert main(["compare", A, B, "-m", str(folder), "-o", str(output)]) == 0
    result = json.loads(output.read_text(encoding="utf-8"))
    assert result["a"]["input"] == A and len(result["common"]) == 4
    for ending in ("svg", "png"):
        picture = tmp_path / f"pair.{ending}"
        assert main(["compare", A, B, "-m", str(folder), "-o", str(picture)]) == 0
        assert picture.stat().st_size > 1000
