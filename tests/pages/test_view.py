"""Views and drawings as numbers: what pages show is what was explained."""

import base64
import json
import re

import numpy as np
import pytest
from conftest import ROOT, SMILES, stroke_image
from rdkit import Chem

from graphormer.graphs.superpixels import digit
from molxai import Explainer
from molxai.chemistry.fragments import fragments
from molxai.explanation.captions import colour_line, ledger_line, prediction_line, spread_line
from molxai.explanation.entry import Input
from molxai.explanation.inputs import read_inputs
from molxai.explanation.methods import EXPLAINERS
from molxai.pages.page import embedded
from molxai.pages.view import view
from molxai.rendering.geometry import BOND, digit_drawing, molecule_drawing

ODD = (
    *SMILES,
    "[Na+].[Cl-]",
    "C[CH2]",
    "[18F]c1ccccc1",
    "C~N",
    "N->[B]",
    "*CC",
    "C" * 60,
    "[O-][N+](=O)c1ccccc1",
)


@pytest.mark.parametrize("smiles", ODD)
def test_a_drawing_holds_every_atom_and_bond_within_its_frame(smiles):
    mol = Chem.MolFromSmiles(smiles)
    drawing = molecule_drawing(mol)
    places = np.array(drawing["atoms"]).reshape(-1, 2)
    width, height = drawing["size"]
    assert len(places) == mol.GetNumAtoms() and len(drawing["bonds"]) == 2 * mol.GetNumBonds()
    assert np.isfinite(places).all() and (places >= 0).all() and (places <= [width, height]).all()
    ink = np.array(
        [
            float(one)
            for kind in ("lines", "thin", "solid")
            for one in re.findall(r"-?[\d.]+", drawing[kind])
        ]
    ).reshape(-1, 2)
    assert (ink >= -1).all() and (ink <= np.array([width, height]) + 1).all()
    for text, x, y, _ in drawing["labels"]:
        assert text and 0 <= x <= width and 0 <= y <= height


def test_drawings_of_all_sizes_have_bonds_of_one_length():
    for smiles in ("CCO", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "C" * 60):
        drawing = molecule_drawing(Chem.MolFromSmiles(smiles))
        places, bonds = (
            np.array(drawing["atoms"]).reshape(-1, 2),
            np.array(drawing["bonds"]).reshape(-1, 2),
        )
        lengths = np.linalg.norm(places[bonds[:, 0]] - places[bonds[:, 1]], axis=1)
        assert abs(lengths.mean() - BOND) < 0.5


def test_letters_lie_on_their_atoms():
    drawing = molecule_drawing(Chem.MolFromSmiles("CCO"))
    (text, x, y, _), *_ = drawing["labels"]
    assert text == "O" and np.hypot(x - drawing["atoms"][4], y - drawing["atoms"][5]) < 2


def test_a_digit_comes_back_from_its_bytes():
    one = digit(stroke_image())
    made = digit_drawing(one)
    image, segments = (
        np.frombuffer(base64.b64decode(made[name]), np.uint8).reshape(28, 28)
        for name in ("image", "segments")
    )
    assert (segments == one.segments).all() and np.abs(image / 255 - one.image).max() < 1 / 255


METHODS = ("lrp", "gradient-input", "gae")


@pytest.fixture(scope="module")
def explained(saved_model):
    """An input with its explanations."""
    (item,) = read_inputs([SMILES[0]])
    explainer = Explainer(saved_model)
    return item, [explainer.with_method(name)(item.subject) for name in METHODS]


@pytest.fixture(scope="module")
def content(explained):
    """The view of the same, as it reaches a page."""
    return json.loads(embedded(view(*explained)))


def test_a_view_says_what_the_records_say(explained, content):
    _, explanations = explained
    for explanation in explanations:
        shown = content["methods"][explanation.method]
        record = explanation.to_dict(features=True)
        assert shown["relevance"] == pytest.approx(record["relevance"], rel=1e-5, abs=1e-9)
        assert shown["gap"] == pytest.approx(record["gap"], rel=1e-5)
    first = explanations[0]
    assert list(content["methods"]["lrp"]["features"]) == list(first.features)
    assert "features" not in content["methods"]["gradient-input"]
    assert content["target_class"] == content["target"] == first.target_name
    assert content["prediction"] == first.prediction_name
    assert content["logit"] == pytest.approx(first.logit, rel=1e-5)


def test_sentences_are_those_of_pictures(explained, content):
    _, explanations = explained
    minus = "\N{MINUS SIGN}"
    line = content["explained"].replace(minus, "-")
    assert prediction_line(explanations[0]) == f"{line} · lrp"
    for explanation in explanations:
        shown = content["methods"][explanation.method]
        assert shown["ledger"].replace(minus, "-") == ledger_line(explanation)
        colours = shown["colours"].format(towards="Red", against="blue")
        assert colours == colour_line(explanation)
        assert shown["unit"] == explanation.relevance_unit


def test_steps_reach_the_logit_and_only_some_methods_add_up(content):
    for name, shown in content["methods"].items():
        if name == "gae":  # in a unit of its own
            assert not shown["in_unit"] and not shown["beyond"]
            assert shown["ledger"].endswith("in a unit of its own, not a share of the output")
            continue
        beyond = sum(value for _, value in shown["beyond"])
        total = sum(shown["relevance"]) + beyond
        assert total == pytest.approx(content["logit"], abs=1e-3)
    verdicts = {name: shown["adds_up"] for name, shown in content["methods"].items()}
    assert verdicts == {"lrp": True, "gradient-input": False, "gae": False}


def test_limits_and_largest_nodes_are_those_of_the_relevance(content):
    for shown in content["methods"].values():
        sizes = [abs(value) for value in shown["relevance"]]
        named = [sizes[node] for node in shown["largest"]]
        assert named == sorted(sizes, reverse=True)[:3]
        assert shown["limit"] >= max(sizes)


def test_parts_of_every_scheme_are_all_atoms_once(saved_model):
    (item,) = read_inputs(["CC(=O)[O-].[Na+]"])
    explanation = Explainer(saved_model)(item.subject)
    content = view(item, [explanation])
    parts, sums = content["parts"], content["methods"]["lrp"]["sums"]
    for scheme, named in content["fragments"].items():
        atoms = [atom for _, place in named for atom in parts[place]]
        assert sorted(atoms) == [0, 1, 2, 3, 4], scheme
        known = {fragment.atoms: fragment.relevance for fragment in fragments(explanation, scheme)}
        assert {tuple(parts[place]): sums[place] for _, place in named} == pytest.approx(
            known, rel=1e-5
        )


def test_a_digit_has_two_parts():
    (item,) = read_inputs([str(ROOT / "datasets/digits/7-a.png")])
    shown = view(item, [Explainer("mnist")(item.subject)])["methods"]["lrp"]
    (towards, positive, up), (against, negative, down) = shown["signs"]
    assert (towards, against) == (f"{len(positive)} for it", f"{len(negative)} against it")
    assert up > 0 > down and not set(positive) & set(negative)
    assert up + down == pytest.approx(sum(shown["relevance"]), abs=1e-4)


def test_a_base_value_is_where_the_bars_begin():
    (item,) = read_inputs(["CCO"])
    explanation = Explainer("bace-pic50")(item.subject)
    shown = view(item, [explanation])["methods"]["lrp"]
    assert shown["base"] == pytest.approx(explanation.bias)
    assert ("base value", shown["base"]) in shown["beyond"]


def test_an_ensemble_says_where_its_members_disagree():
    (item,) = read_inputs(["CC(C)Cc1ccc(cc1)C(C)C(=O)O"])
    explanation = Explainer("bace-ensemble")(item.subject)
    shown = view(item, [explanation])["methods"]["lrp"]
    pairs = zip(shown["relevance"], shown["sd"], strict=True)
    expected = [node for node, (value, sd) in enumerate(pairs) if abs(value) < sd]
    assert shown["uncertain"] == expected and expected
    assert shown["hatching"] == spread_line(explanation)


def test_an_error_has_a_view():
    assert view(Input(3, "C1CC(", error="cannot be read"), []) == {
        "row": 3,
        "id": "3",
        "input": "C1CC(",
        "error": "cannot be read",
    }


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!--", "\u2028", '"\\', "‮"]
)
def test_nothing_in_the_data_ends_the_script(text):
    made = embedded({"id": text})
    assert "<" not in made and json.loads(made)["id"] == text


def test_every_method_is_described():
    assert all(one.says for one in EXPLAINERS.values())
    assert {name for name, one in EXPLAINERS.items() if not one.in_unit} >= {
        name for name, one in EXPLAINERS.items() if not one.signed
    }


def test_a_view_has_the_relevance_of_bonds_in_the_order_of_its_drawing():
    explanation = Explainer("bace", "lrp-routing")("O=C(O)c1ccc(Cl)cc1")
    content = view(Input(0, "x", explanation.subject), [explanation])
    method = content["methods"]["lrp-routing"]
    ends = np.array(content["molecule"]["bonds"]).reshape(-1, 2).tolist()
    expected = [explanation.bonds[min(pair), max(pair)] for pair in ends]
    assert method["bonds"] == pytest.approx(expected, rel=1e-5)
    assert method["bond_limit"] >= max(map(abs, method["bonds"]))
    assert "distance" in method["structure"] and "offsets" not in method
    of_lrp = Explainer("bace")("CCO")
    plain = view(Input(0, "CCO", of_lrp.subject), [of_lrp])["methods"]["lrp"]
    assert not {"bonds", "structure"} & plain.keys()


def test_a_view_of_a_digit_has_the_relevance_of_offsets():
    explanation = Explainer("mnist", "lrp-routing")(digit(stroke_image()))
    method = view(Input(0, "x", explanation.subject), [explanation])["methods"]["lrp-routing"]
    offsets = method["offsets"]
    assert len(offsets["relevance"]) == (len(offsets["bounds"]) - 1) ** 2
    total = sum(explanation.structure.to_dict()["offset"].values())
    assert sum(offsets["relevance"]) == pytest.approx(total, rel=1e-2)
    assert "bonds" not in method
