"""Rated and marked words as the truth of explanations, by hand and by the command."""

import csv
import json
import math

import numpy as np
import pytest
from text_models import TEXTS, random_text_model, tokenizer

from molxai.benchmarks.word_truth import marked_truth, read_lexicon, word_truth
from molxai.cli import main
from molxai.text.reading import sentence


def sentences():
    """`a gripping , funny film` and `great`, of which the first has a word of two pieces."""
    return [sentence(text, tokenizer()) for text in ("good goodly film", "great")]


def test_rated_words():
    """Words good, goodly (two pieces) and film: of the rated ones, one has the right sign."""
    relevances = [np.array([3.0, -1.0, -1.0, 0.5]), np.array([1.0])]
    lexicon = {"good": 2.0, "goodly": 1.0, "great": 3.0}
    truth = word_truth(sentences(), relevances, [1, 0], lexicon)
    assert truth["auroc"] == 1  # the single word of the second text has nothing to be told from
    assert truth["signs"] == pytest.approx(1 / 3)
    assert truth["rank"] == pytest.approx(0.5) and truth["words"] == 3
    nothing = word_truth(sentences(), relevances, [1, 0], {"dull": 1.0})
    assert nothing["words"] == 0 and math.isnan(nothing["rank"])


def test_marked_words():
    relevances = [np.array([3.0, -1.0, -1.0, 0.5]), np.array([1.0])]
    truth = marked_truth(sentences(), relevances, ["Goodly; film", "great"])
    assert truth == {
        "auroc": 0.0,
        "average_precision": pytest.approx((1 / 2 + 2 / 3) / 2),
        "texts": 1,
    }
    assert marked_truth(sentences(), relevances, ["good", ""])["auroc"] == 1


def test_a_lexicon(tmp_path):
    path = tmp_path / "lexicon.csv"
    path.write_text("word,mean\nGood,2.5\n,1\n", encoding="utf-8")
    assert read_lexicon(path)["good"] == 2.5
    path.write_text("word,mean\ngood,much\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2: 'much' is no rating"):
        read_lexicon(path)
    path.write_text("word,feeling\ngood,1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no column of ratings"):
        read_lexicon(path)


def test_the_command(tmp_path, capsys):
    folder = tmp_path / "critic"
    model = random_text_model("Bert", labels=2).float()
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    table = tmp_path / "films.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "why"])
        rows.writerows(zip(TEXTS, ("gripping, funny", "goodly dull", ""), strict=True))
    lexicon = tmp_path / "lexicon.csv"
    lexicon.write_text("word,rating\ngripping,2\nfunny,2\ndull,-2\ngreat,3\n", encoding="utf-8")
    words = ["benchmark", "faithfulness", str(table), "-m", str(folder), "-q"]
    words += ["--methods", "lrp,random", "-o", str(tmp_path / "study"), "--special-tokens"]
    assert main([*words, "--lexicon", str(lexicon), "--marked-column", "why"]) == 0
    shown = capsys.readouterr().out
    assert "people have rated" in shown and "people have marked" in shown
    assert "--special-tokens" in shown and "--marked-column why" in shown
    result = json.loads((tmp_path / "study" / "faithfulness.json").read_text(encoding="utf-8"))
    assert [row["words"] for row in result["words"]] == [4, 4]
    assert [row["texts"] for row in result["marks"]] == [2, 2]
    assert main([*words, "--marked-column", "whom"]) == 1
    assert "no column 'whom'" in capsys.readouterr().err
