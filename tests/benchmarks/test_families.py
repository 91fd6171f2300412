"""The study of all families: its table, its exit code, and what it cannot build."""

import csv

import pytest

from molxai.benchmarks import families as study
from molxai.benchmarks.families import CLOSES, FAILED, NOT_BUILT, REFUSED, WRONG, Family
from molxai.cli import main

pytest.importorskip("transformers")


def test_a_table_of_families(tmp_path, capsys):
    path = tmp_path / "families.csv"
    code = main(["benchmark", "families", "bert", "bloom", "blip-2", "-o", str(path)])
    assert code == 0
    with path.open() as file:
        bert, bloom, blip = csv.DictReader(file)
    assert (bert["outcome"], bloom["outcome"], blip["outcome"]) == (CLOSES, REFUSED, NOT_BUILT)
    assert float(bert["gap"]) < 1e-12 and float(bert["replay"]) < 1e-12
    assert "GeLUFunction" in bloom["reason"]
    assert "3 families: 1 closes, 1 refused, 1 not built" in capsys.readouterr().out


@pytest.mark.parametrize(("outcome", "code"), [(WRONG, 1), (FAILED, 1), (REFUSED, 0), (CLOSES, 0)])
def test_a_contradiction_is_a_failure(outcome, code, monkeypatch):
    monkeypatch.setattr(study, "families", lambda names: [Family("bert", "Bert", outcome)])
    assert main(["benchmark", "families", "bert"]) == code


def test_markdown_counts_the_outcomes():
    text = study.markdown(
        [Family("a", "A", CLOSES, 1e-17, 2e-8, 3e-16), Family("b", "", NOT_BUILT)]
    )
    assert "| a | A | closes | 1.0e-17 | 2.0e-08 | 3.0e-16 |  |" in text
    assert text.endswith("2 families: 1 closes, 1 not built")


def test_a_family_that_is_none():
    (family,) = study.families(["no-such-type"])
    assert family.outcome == NOT_BUILT and "no type of model named no-such-type" in family.reason
