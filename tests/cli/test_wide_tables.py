"""Tables in a terminal: nothing is lost, however narrow it is."""

import functools
import io
from collections import Counter

import pytest
from conftest import ROOT, SMALL, SMILES
from rich.text import Text

from graphormer.network.checkpoint import load
from molxai.chemistry.pair import matched_pair
from molxai.chemistry.rgroups import core_table
from molxai.chemistry.schemes import SCHEMES
from molxai.chemistry.series import carriers
from molxai.cli.console import Console
from molxai.cli.explanation_tables import show_comparison, show_explanation, show_explanations
from molxai.cli.fragment_tables import show_carriers, show_core_table, show_matched
from molxai.cli.model_tables import show_evaluation, show_model
from molxai.cli.terminal import show_records
from molxai.cli.wide_tables import CELL_LETTERS, UNBOUNDED, show_table
from molxai.explanation.explainer import Explainer
from molxai.explanation.inputs import entries
from molxai.metrics.comparison import compare

IBUPROFEN = SMILES[0]
WIDTHS = (40, 60, 80, 120)


def show_at(show, width):
    """What a terminal of that width shows, without its colours."""
    out = Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system=None, highlight=False
    )
    show(out)
    return out.file.getvalue()


def letters(*texts):
    """How often each letter is there, except blanks, bars and ellipses."""
    return Counter(letter for text in texts for letter in text if letter not in " \n█░…")


def check_whole(show, width):
    """What is shown, after a check that no line is too wide."""
    text = show_at(show, width)
    assert max(map(len, text.splitlines())) <= width
    return text


@pytest.mark.parametrize("width", WIDTHS)
def test_no_letter_and_no_column_is_lost(width):
    names = ("molecule", "mean", "sd", "from", "to", "example", "its atoms")
    rows = [
        (
            "lanabecestat",
            "+0.123",
            "0.456",
            "-1.000",
            "+2.000",
            "atorvastatin calcium",
            "1-2,4,6,8,10,12,14,16,18",
        ),
        ("x" * 50, "-0.123", "", "-1.000", "+2.000", "", "7"),
    ]
    text = check_whole(lambda out: show_table(names, rows, out), width)
    first = letters(names[0], rows[0][0], rows[1][0])
    further = letters(*names[1:], *(cell for row in rows for cell in row[1:]))
    blocks = text.split("\n\n")
    # The first column stands in each block, everything else once.
    assert letters(text) == sum([first] * len(blocks), further)
    for number in ("+0.123", "-0.123", "0.456", "-1.000", "+2.000"):
        assert number in text, "numbers are not folded"


def test_what_fits_stands_on_one_line():
    text = show_at(lambda out: show_table(("a", "b"), [("1", "two words")], out), 80)
    assert [line.split() for line in text.splitlines()] == [["a", "b"], ["1", "two", "words"]]


def test_columns_without_room_follow_below_with_the_first_one():
    names = tuple(f"column{column}" for column in range(9))
    rows = [tuple(f"{row}.{column}00000" for column in range(9)) for row in range(3)]
    text = check_whole(lambda out: show_table(names, rows, out), 40)
    blocks = text.split("\n\n")
    assert len(blocks) > 1 and all(block.split()[0] == "column0" for block in blocks)
    assert set(text.split()) == {*names, *(cell for row in rows for cell in row)}


def test_a_cut_column_ends_with_an_ellipsis_and_a_folded_one_does_not():
    def show(out):
        show_table(("input", "id"), [("C" * 70, "N" * 70)], out, ("input",))

    text = check_whole(show, 60)
    assert text.count("…") == 1 and text.count("N") == 70 and 9 <= text.count("C") < 70


def test_a_program_reads_whole_lines():
    out = Console(file=io.StringIO(), width=UNBOUNDED, soft_wrap=True)
    show_table(("input", "text"), [("C" * 90, "N" * (CELL_LETTERS + 1))], out, ("input",))
    text = out.file.getvalue()
    assert len(text.splitlines()) == 2
    assert f"{'C' * 90}  {'N' * (CELL_LETTERS + 1)}" in text


def test_what_looks_like_markup_is_text():
    assert "[OH-].[bold]" in show_at(
        lambda out: show_table(("[red]a",), [("[OH-].[bold]",)], out), 80
    )
    assert "[red]a" in show_at(lambda out: show_table(("[red]a",), [(Text("x"),)], out), 80)


@pytest.fixture(scope="module")
def tables():
    """Every table that a command shows in the terminal."""
    explainer = Explainer("bace", "lrp")
    drugs = [entry.read(600) for entry in entries([str(ROOT / "datasets/drugs/drugs.csv")])][:12]
    explanations = [(drug, explainer(drug.subject, "active")) for drug in drugs]
    series = [(drug.id, explanation) for drug, explanation in explanations]
    records = [
        {
            "id": drug.id,
            "input": drug.text,
            "prediction": "inactive",
            "probability": 0.65,
            "similarity": 0.25,
        }
        for drug in drugs
    ]
    anilides = [
        (f"anilide {n}", explainer(f"O=C(Nc1ccc({group})cc1)c1ccccc1", "active"))
        for n, group in enumerate(("Cl", "OC", "C#N"))
    ]
    card = load("bace-ensemble")[1]
    quality = {
        name: value for name, value in card.metrics["test"].items() if isinstance(value, list)
    }
    result = {
        "data": "bace scaffold test",
        "model": "bace",
        "quality": quality,
        "forest": quality,
        "gap_max": 1e-6,
    }
    return {
        "explain one": lambda out: show_explanation(explanations[0][1], out),
        "explain fragments": lambda out: show_explanation(
            explanations[0][1], out, SCHEMES["functional-groups"]
        ),
        "explain table": lambda out: show_explanations(explanations, out),
        "predict": lambda out: show_records(
            records, ("id", "input", "prediction", "probability", "similarity"), out
        ),
        "compare methods": lambda out: show_comparison(
            compare(explainer, drugs[0].subject, ["lrp", "gae", "integrated-gradients"]), out
        ),
        "compare two": lambda out: show_matched(
            matched_pair(explainer, drugs[10].subject, drugs[11].subject, "active"), out
        ),
        "fragments": lambda out: show_carriers(
            carriers(series, SCHEMES["functional-groups"]), series[0][1], out
        ),
        "core": lambda out: show_core_table(core_table(anilides, ""), out),
        "models": lambda out: show_model(card, out),
        "evaluate": lambda out: show_evaluation(result, out),
    }


TABLES = [
    "explain one",
    "explain fragments",
    "explain table",
    "predict",
    "compare methods",
    "compare two",
    "fragments",
    "core",
    "models",
    "evaluate",
]


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("name", TABLES)
def test_every_table_of_the_program_is_check_whole(tables, name, width):
    narrow = check_whole(tables[name], width)
    wide = show_at(tables[name], 400)
    missing = letters(wide) - letters(narrow)
    assert not missing if name != "predict" else set(missing) <= set(SMILES_LETTERS)


SMILES_LETTERS = "BCNOFSPIclnosra[]()=#@+-/\\%H123456789"
"""Letters that may be missing if the structures of a table are cut."""


def test_the_training_table_is_check_whole(tmp_path):
    from dataclasses import replace

    from graphormer.graphs.molecules import MOLECULES
    from graphormer.network.card import Card
    from molxai.cli.model_tables import show_training

    config = replace(SMALL, outputs=2)
    measures = {"roc_auc": [0.8, 0.7, 0.9], "accuracy": [0.8, 0.7, 0.9]}
    targets = ("first-of-the-endpoints", "second")
    part = {"graphs": 9, **measures, "targets": dict.fromkeys(targets, measures)}
    card = Card(
        "a-model-with-a-long-name",
        config,
        MOLECULES.name,
        targets,
        ("no", "yes"),
        metrics={"valid": part, "test": part},
    )
    files = {"model": str(tmp_path / ("m" * 90))}
    show = functools.partial(show_training, card, files, notes=False)
    narrow = check_whole(show, 60)
    wide = show_at(show, 400)
    assert not letters(wide) - letters(narrow) and letters(narrow)["m"] >= 90
