"""Views and drawings as numbers: what pages show is what was explained."""

import base64
import json
import re

import numpy as np
import pytest
from conftest import SMILES, stroke_image
from rdkit import Chem

from graphormer.graphs.superpixels import digit
from molxai import Explainer
from molxai.explanation.inputs import Input, read_inputs
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


def test_a_view_says_what_the_records_say(saved_model):
    (one,) = read_inputs([SMILES[0]])
    explainer = Explainer(saved_model)
    made = [explainer.with_method(name)(one.subject) for name in ("lrp", "gradient-input")]
    known = json.loads(embedded(view(one, made)))
    for explanation in made:
        said, record = known["methods"][explanation.method], explanation.to_dict(features=True)
        assert said["relevance"] == pytest.approx(record["relevance"], rel=1e-5, abs=1e-9)
        assert {"token": said["token"], "bias": said["bias"]} == pytest.approx(
            {"token": record["token_relevance"], "bias": record["bias_relevance"]}, rel=1e-5
        )
    assert list(known["methods"]["lrp"]["features"]) == list(made[0].features)
    assert "features" not in known["methods"]["gradient-input"]
    assert known["target_class"] == known["target"] == made[0].target_name
    assert known["prediction"] == made[0].prediction_name and known["logit"] == pytest.approx(
        made[0].logit, rel=1e-5
    )


def test_parts_of_every_scheme_are_all_atoms_once(saved_model):
    (one,) = read_inputs(["CC(=O)[O-].[Na+]"])
    known = view(one, [Explainer(saved_model)(one.subject)])
    for scheme, parts in known["fragments"].items():
        assert sorted(atom for _, atoms in parts for atom in atoms) == [0, 1, 2, 3, 4], scheme


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
