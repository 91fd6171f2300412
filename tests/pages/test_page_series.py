"""Tables of a page: what carries relevance over its rows, what adds up; and views packed."""

import json

import pytest

from molxai import Explainer
from molxai.chemistry import series as chemistry
from molxai.chemistry.schemes import SCHEMES
from molxai.explanation.inputs import read_inputs
from molxai.pages import quality, summary
from molxai.pages.packing import Texts, pack, pack_carriers
from molxai.pages.series import MIXED, carrier_table, carriers
from molxai.pages.view import view

ROWS = ("CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CC(=O)Oc1ccccc1C(=O)O", "CCO", "c1ccncc1", "CCCCO", "CC")

METHODS = ("lrp", "gradient-input")


@pytest.fixture(scope="module")
def explained():
    """Inputs with an explanation of each method."""
    explainer = Explainer("bace")
    items = list(read_inputs(list(ROWS)))
    subjects = [item.subject for item in items]
    targets = [explainer.target("active")] * len(items)
    by_method = [explainer.with_method(name).explain(subjects, targets) for name in METHODS]
    return list(zip(items, zip(*by_method, strict=True), strict=True))


@pytest.fixture(scope="module")
def views(explained):
    return [view(item, explanations) for item, explanations in explained]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("place", range(len(METHODS)))
def test_carriers_are_those_of_the_fragments_command(explained, views, scheme, place):
    series = [(str(item.row), explanations[place]) for item, explanations in explained]
    expected = {carrier.name: carrier for carrier in chemistry.carriers(series, scheme)}
    found = carriers(views, METHODS[place], scheme)
    assert {carrier.name for carrier in found} == set(expected)
    for carrier in found:
        other = expected[carrier.name]
        assert (carrier.molecules, carrier.occurrences) == (other.molecules, other.occurrences)
        assert carrier.mean == pytest.approx(other.mean, rel=1e-4, abs=1e-6)
        assert carrier.sd == (other.sd and pytest.approx(other.sd, rel=1e-3, abs=1e-6))
    totals = [abs(carrier.mean * carrier.occurrences) for carrier in found]
    assert totals == sorted(totals, reverse=True)


def test_rows_of_different_classes_have_no_table(views):
    mixed = [views[0], views[1] | {"target": "another"}]
    table = carrier_table(mixed, "lrp", "brics", in_unit=True)
    assert table["note"] == MIXED and table["rows"] == []


def test_packed_views_come_back(views):
    broken = view(next(read_inputs(["C1CC"])), [])
    texts = Texts()
    packed = json.loads(json.dumps(pack([*views, broken], METHODS, list(SCHEMES), texts)))
    for row, content in zip(packed["rows"], [*views, broken], strict=True):
        found = dict(zip(packed["keys"], row, strict=True))
        assert (found["id"], found["error"]) == (content["id"], content["error"])
        if "methods" not in content:
            assert found["methods"] is None
            continue
        for numbers, scheme in zip(found["fragments"], SCHEMES, strict=True):
            names = [texts.in_order[number] for number in numbers[::2]]
            assert names == [name for name, _ in content["fragments"][scheme]]
        for values, name in zip(found["methods"], METHODS, strict=True):
            method = dict(zip(packed["method_keys"], values, strict=True))
            assert method["relevance"] == content["methods"][name]["relevance"]
            assert texts.in_order[method["colours"]] == content["methods"][name]["colours"]


def test_a_fragment_that_occurs_once_has_three_cells():
    rows = [["phenyl", 2, 3, 0.1, 0.2, 0.0, 0.3, 4], ["ether", 1, 1, 0.5, None, 0.5, 0.5, 7]]
    texts = Texts()
    packed = pack_carriers({"rows": rows, "limit": 0.5, "note": ""}, texts)
    assert packed["rows"] == [[0, 2, 3, 0.1, 0.2, 0.0, 0.3, 4], [1, 0.5, 7]]
    assert texts.in_order == ["phenyl", "ether"]


def test_what_adds_up_is_counted(views):
    about = {name: {"says": name.upper()} for name in METHODS}
    lrp, gradient = summary.conservation(views, about)
    assert lrp["verdict"] == "adds up" and lrp["says"] == "LRP"
    assert gradient["verdict"].startswith("adds up for ")


def test_the_histogram_counts_every_row(views):
    spread = summary.histogram(views)
    logits = [content["logit"] for content in views]
    assert sum(spread["counts"]) == len(views) and spread["unit"] == "logit"
    assert (spread["low"], spread["high"]) == (min(logits), max(logits))
    assert summary.histogram([]) is None


@pytest.mark.parametrize(
    ("judged", "members", "text"),
    [
        ({}, 1, ""),
        ({}, 3, "3 members; "),
        (
            {"data": "a", "mae": [1, 0.5, 2], "rmse": [1234.5, 1, 2], "mcc": [0.1, 0, 0.2]},
            2,
            "2 members; test set: RMSE 1230 (1–2), MAE 1 (0.5–2)",
        ),
        (
            {"roc_auc": [None, None, None], "accuracy": [0.9, 0.8, 1.0]},
            1,
            "test set: accuracy 0.9 (0.8–1)",
        ),
    ],
)
def test_quality_in_a_line(judged, members, text):
    assert quality.quality_line(judged, members) == text
