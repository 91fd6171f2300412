"""A pair by a method whose values are no shares of the output: nothing is said to add up."""

import json
from pathlib import Path

import pytest
from svg_texts import texts

import molxai
from molxai.chemistry.pair import WORDS
from molxai.cli import main

PAIR = ("CC(=O)Oc1ccccc1C(=O)O", "OC(=O)c1ccccc1O")


@pytest.fixture(scope="module")
def explain():
    return molxai.Explainer("bace")


@pytest.mark.parametrize("method", ["gae", "attention-last", "saliency", "rollout"])
def test_values_without_a_sign_do_not_add_up_to_a_difference(explain, method):
    pair = molxai.matched_pair(explain.with_method(method), *PAIR)
    said = " ".join(texts(pair.draw(width="15in")))
    assert "do not add up to the difference" in said and "Δ logit of" in said
    assert " = " not in said and "unchanged atoms" not in said and "not accounted" not in said
    record = pair.to_dict()
    assert pair.split == {} and all(record[f"delta_{name}"] is None for name in WORDS)
    assert record["delta_logit"] == pair.delta and "gained" not in repr(pair)
    table = pair._repr_html_()
    assert "do not add up to the difference" in table and "gain of the atoms" not in table


def test_relevances_that_are_shares_still_add_up(explain):
    pair = molxai.matched_pair(explain, *PAIR)
    said = " ".join(texts(pair.draw(width="15in")))
    assert " = unchanged atoms" in said and "do not add up" not in said
    assert sum(pair.split.values()) == pytest.approx(pair.delta, abs=1e-5)


def test_the_terminal_and_json_say_so_as_well(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *PAIR, "--methods", "gae"]) == 0
    out = capsys.readouterr().out
    assert "do not add up to the difference" in out
    assert "unchanged atoms, read differently" not in out and "remainder" not in out
    main(["compare", *PAIR, "--methods", "gae", "-o", "pair.json"])
    assert json.loads(Path("pair.json").read_text())["delta_common"] is None
    main(["compare", *PAIR])
    out = capsys.readouterr().out
    assert "unchanged atoms, read differently" in out and "do not add up" not in out
