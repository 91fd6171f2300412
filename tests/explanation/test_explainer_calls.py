"""What may be given to an explainer: one input or many, of which some cannot be explained."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
import torch
from conftest import ROOT, SMALL, random_model, stroke_image
from rdkit import Chem

import molxai
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.pyg import to_pyg
from graphormer.network.card import Card
from molxai.explanation.entry import Input
from molxai.explanation.explainer import Explainer
from molxai.explanation.explanation import Explanation
from molxai.explanation.explanations import Explanations
from molxai.explanation.inputs import read_inputs
from molxai.explanation.record import KEYS
from molxai.explanation.refused import Refused

SMILES = ["CCO", "c1ccccc1O", "CC(=O)[O-].[Na+]"]
BAD = ["CCO", "C1CC", "c1ccccc1O", "not a smiles", "CCN"]
PICTURE = ROOT / "datasets/digits/8-a.png"

OVERLOADS = """
import re
import typing
from molxai import Explainer

for one in typing.get_overloads(Explainer.__call__):
    returned = typing.get_type_hints(one)["return"]
    name = returned.__name__ if isinstance(returned, type) else str(returned)
    print(re.sub(r"[a-z_]+[.]", "", name))
"""
"""Prints what each overload returns."""


@pytest.fixture(scope="module")
def explain():
    card = Card("untrained", SMALL, MOLECULES.name, ("effect",), ("no", "yes"))
    return Explainer.from_network(random_model(SMALL), card)


@pytest.fixture(scope="module")
def explain_digits(saved_digit_model):
    return Explainer(saved_digit_model)


def same(one, other):
    return torch.allclose(one.relevance, other.relevance, atol=1e-5) and one.logit == pytest.approx(
        other.logit, abs=1e-5
    )


@pytest.mark.parametrize(
    "one",
    [
        "CCO",
        np.str_("CCO"),
        Chem.MolFromSmiles("CCO"),
        molecule("CCO"),
        Input(7, "CCO", molecule("CCO"), "", "ethanol"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_one_molecule_is_one_explanation(explain, one):
    made = explain(one, "yes")
    assert isinstance(made, Explanation) and same(made, explain(molecule("CCO"), "yes"))


@pytest.mark.parametrize(
    "many",
    [
        SMILES,
        tuple(SMILES),
        np.array(SMILES),
        np.array(SMILES, dtype=object),
        pa.array(SMILES),
        pa.chunked_array([SMILES[:1], SMILES[1:]]),
        [Chem.MolFromSmiles(one) for one in SMILES],
        [Input(3, one, molecule(one)) for one in SMILES],
    ],
    ids=["list", "tuple", "array", "objects", "pyarrow", "chunks", "mols", "inputs"],
)
def test_many_molecules_are_explanations_in_order(explain, many):
    made = explain(many, "yes")
    assert isinstance(made, Explanations) and len(made) == 3
    assert all(same(one, explain(smiles, "yes")) for one, smiles in zip(made, SMILES, strict=True))


def test_generators_and_nothing(explain):
    assert [one.name for one in explain(one for one in SMILES)] == SMILES
    assert [one.name for one in explain(map(str.strip, SMILES))] == SMILES
    assert explain([]) == [] and isinstance(explain(iter(())), Explanations)


def test_a_column_of_a_frame_gives_its_index_as_names(explain):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"smiles": SMILES, "name": ["ethanol", "phenol", "acetate"]}, index=[5, 5, 1]
    )
    assert [one.name for one in explain(frame.smiles)] == SMILES
    assert [one.name for one in explain(frame.set_index("name").smiles)] == [
        "ethanol",
        "phenol",
        "acetate",
    ]
    with pytest.raises(ValueError, match=r"whole table \(DataFrame\): give its column"):
        explain(frame)
    holes = explain(pandas.Series(["CCO", None, float("nan"), pandas.NA]), errors="record")
    assert [bool(one) for one in holes] == [True, False, False, False]
    assert all("a missing value" in one.error for one in holes.refused)


def test_a_table_is_what_read_inputs_reads(explain):
    inputs = list(read_inputs([str(ROOT / "datasets/drugs/drugs.csv")]))[:3]
    assert [one.name for one in explain(iter(inputs))] == [one.id for one in inputs]
    with pytest.raises(
        ValueError,
        match=r"^'drugs\.csv' is a file of inputs: give what \S+\.read_inputs reads",
    ):
        explain("drugs.csv")


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_pictures_by_shape(explain_digits, kind):
    image = stroke_image()
    one = explain_digits(image)
    made = explain_digits(kind(image))
    assert isinstance(made, Explanation) and same(made, one)
    for shape in ((3, 28, 28), (3, 1, 28, 28), (1, 1, 28, 28)):
        many = explain_digits(kind(np.broadcast_to(image, shape).copy()))
        assert (
            isinstance(many, Explanations)
            and len(many) == shape[0]
            and all(same(each, one) for each in many)
        )


def test_a_channel_of_one_is_one_picture_for_torch_and_a_stack_of_one_for_numpy(explain_digits):
    image = stroke_image()
    assert isinstance(explain_digits(torch.as_tensor(image)[None]), Explanation)
    assert len(explain_digits(image[None])) == 1
    assert len(explain_digits([torch.as_tensor(image)[None], image[None], image])) == 3


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_tensors_of_any_float_and_of_bytes(explain_digits, dtype):
    image = torch.as_tensor((stroke_image() > 0.5).astype(float))
    one = explain_digits(image.numpy())
    assert same(explain_digits(image.to(dtype).requires_grad_()), one)
    assert same(explain_digits((image * 255).to(torch.uint8)), one)


def test_the_path_of_a_picture_is_a_text_or_a_path(explain_digits):
    made = [
        explain_digits(PICTURE),
        explain_digits(str(PICTURE)),
        *explain_digits([str(PICTURE)]),
        *explain_digits(np.array([str(PICTURE)])),
    ]
    assert all(same(one, made[0]) for one in made)


@pytest.mark.parametrize("shape", [(784,), (28, 28, 3), (2, 3, 28, 28), (2, 2, 1, 28, 28)])
def test_numbers_of_another_shape_are_told_the_right_ones(explain_digits, shape):
    with pytest.raises(
        ValueError,
        match=r"^numbers of shape \[.*\]: \[rows, columns\] for one picture, \[n, 28, 28\] or",
    ):
        explain_digits(np.zeros(shape))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"CCO", "bytes: decode it to a text"),
        ({"a": "CCO"}, "a dict: give its values"),
        ({"CCO"}, "a set has no order"),
        (None, "a missing value"),
        (5, "not int"),
        (np.zeros((28, 28)), "reads molecules: a SMILES or an RDKit Mol is needed, not ndarray"),
        (torch.zeros(28, 28), "not Tensor"),
        ("8-a.png", "file of another kind"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_neither_is_refused_in_a_line(explain, source, said):
    with pytest.raises(ValueError, match=said) as caught:
        explain(source)
    assert "\n" not in str(caught.value)


def test_a_digit_model_says_what_it_reads(explain_digits):
    for source in (5, np.float64(5), ["CCO", 5][1]):
        with pytest.raises(ValueError, match="the path of a picture is needed"):
            explain_digits(source)
    with pytest.raises(ValueError, match="reads digits: an array.* is needed, not 'CCO'"):
        explain_digits("CCO")
    with pytest.raises(FileNotFoundError, match="no picture 'nowhere.png'"):
        explain_digits("nowhere.png")
    with pytest.raises(ValueError, match=r"^input \[1\] of 2 \('nowhere.png'\): no picture"):
        explain_digits([stroke_image(), "nowhere.png"])
    with pytest.raises(ValueError, match="is a file of inputs"):
        explain_digits("digits.npz")


def test_one_bad_input_names_its_place_before_any_work(explain, monkeypatch):
    monkeypatch.setattr(
        Explainer, "explain", lambda *given: pytest.fail("explained before all were read")
    )
    with pytest.raises(ValueError) as caught:
        explain(iter(BAD))
    said = str(caught.value)
    assert said.startswith("input [1] of 5 ('C1CC'): ") and "\n" not in said
    assert said.endswith("; 1 more cannot be explained: [3]; errors='record' keeps the other 3")
    with pytest.raises(
        ValueError, match=r"^input \[0\] of 1 \('C1CC', id 'x'\): .*returns the reasons$"
    ):
        explain([Input(4, "C1CC", None, "unclosed ring", "x")])
    with pytest.raises(ValueError, match="RDKit"):
        explain("C1CC")


def test_recorded_inputs_keep_their_place_and_lose_nothing(explain):
    made = explain(BAD, "yes", errors="record")
    assert [one.row for one in made.refused] == [1, 3] and [bool(one) for one in made] == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert made[1].input == "C1CC" and "RDKit" in made[1].error
    assert all(
        same(one, other)
        for one, other in zip(
            made.explained, explain(["CCO", "c1ccccc1O", "CCN"], "yes"), strict=True
        )
    )
    assert isinstance(explain("C1CC", errors="record"), Refused) and isinstance(
        explain("CCO", errors="record"), Explanation
    )
    assert (
        isinstance(made[1:3], Explanations)
        and pickle.loads(pickle.dumps(made)).refused == made.refused
    )


def test_an_input_that_fails_on_the_way_costs_only_itself(explain, monkeypatch):
    whole = Explainer.explain

    def fails(self, subjects, targets):
        if any(one.smiles == "CCN" for one in subjects):
            raise MemoryError
        return whole(self, subjects, targets)

    monkeypatch.setattr(Explainer, "explain", fails)
    made = explain(["CCO", "C", "CCN", "CC"], errors="record")
    assert (
        [bool(one) for one in made] == [True, True, False, True]
        and made[2].error == "MemoryError"
        and made[2].input == "CCN"
    )
    with pytest.raises(
        ValueError,
        match=r"^input \[2\] of 4 \('CCN'\): MemoryError; errors='record' keeps the other 3",
    ):
        explain(["CCO", "C", "CCN", "CC"])


def test_too_large_a_graph_is_one_record(explain):
    made = explain.with_method("attention-flow")(["C" * 201, "CC"], errors="record")
    assert [bool(one) for one in made] == [False, True] and "at most 200 nodes" in made[0].error


def test_errors_has_two_choices(explain):
    with pytest.raises(ValueError, match="no choice of errors 'ignore'.*raise, record"):
        explain(SMILES, errors="ignore")


def test_records_and_frame_have_the_keys_of_files(explain, monkeypatch):
    made = explain(BAD, "yes", errors="record")
    records = made.to_records()
    assert all(set(KEYS) <= set(one) for one in records) and [one["status"] for one in records] == [
        "ok",
        "error",
        "ok",
        "error",
        "ok",
    ]
    assert [one["input"] for one in records] == BAD and [one["row"] for one in records] == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert (
        records[2]["relevance"] == made[2].relevance.tolist()
        and json.loads(json.dumps(records)) == records
    )
    assert "features" in made.explained.to_records(features=True)[0]
    pandas = pytest.importorskip("pandas")
    frame = made.to_frame()
    assert (
        list(frame.columns) == list(records[0])
        and frame.logit[4] == made[4].logit
        and pandas.isna(frame.logit[1])
    )
    assert len(Explanations().to_frame()) == 0
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"to_frame\(\) needs pandas: pip install pandas; to_records\(\)"
    ):
        made.to_frame()
    with pytest.raises(
        ModuleNotFoundError, match=r"pip install pandas; rows\(\) needs nothing more"
    ):
        made[0].to_frame()


def test_rows_need_no_pandas(explain):
    one = explain("CCO", "yes")
    rows = one.rows()
    assert [row["node"] for row in rows] == ["C0", "C1", "O2"] and [
        row["relevance"] for row in rows
    ] == one.relevance.tolist()
    assert sum(rows[0][name] for name in one.features) == pytest.approx(
        rows[0]["relevance"], abs=1e-9
    )
    pandas = pytest.importorskip("pandas")
    assert one.to_frame().to_dict("records") == rows and isinstance(
        one.to_frame(), pandas.DataFrame
    )


def test_the_type_of_the_result_follows_the_input():
    """In a process of its own: the checker of shapes hides all overloads but one."""
    said = subprocess.run(
        [sys.executable, "-c", OVERLOADS], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.splitlines()
    assert said[:2] == ["Explanation", "Explanation | Refused"]
    assert {"Explanations[Explanation]", "Explanations[Explanation | Refused]"} <= set(said)


@pytest.mark.parametrize(
    "target", ["yes", "1", 1, np.int64(1), np.str_("yes"), np.array(1)], ids=repr
)
def test_a_class_by_name_or_number(explain, target):
    assert explain.target(target if not isinstance(target, np.ndarray) else target[()]).label == 1


@pytest.mark.parametrize("target", ["2", "Yes ", -1, 2], ids=repr)
def test_other_classes_are_named(explain, target):
    with pytest.raises(ValueError, match="no class .*no, yes"):
        explain("CCO", target)


def test_a_graph_of_pyg_alone_and_in_a_list(explain):
    data = to_pyg(molecule("CCO").graph)
    assert same(explain(data), explain("CCO")) and len(explain([data, data])) == 2
    data.x = data.x[:, 0]
    with pytest.raises(ValueError, match=r"x of type torch.int64 and shape \[3\]"):
        explain(data)
    data.x = data.x.numpy()
    with pytest.raises(ValueError, match="x is a ndarray.*torch tensors are needed"):
        explain(data)
    assert molxai.Explainer is Explainer
