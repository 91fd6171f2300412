"""pandas in, pandas out."""

import math
import sys

import pytest
from rdkit import Chem

import molxai
from molxai import Explainer

pandas = pytest.importorskip("pandas")

SMILES = ["CCO", "nonsense", "c1ccccc1C(=O)O", None, ""]


@pytest.fixture(scope="module")
def frame():
    return pandas.DataFrame(
        {"smiles": SMILES, "name": list("abcde"), "error": range(5)}, index=[7, 7, 3, "x", None]
    )


def test_a_row_for_each_row_with_its_explanation(frame):
    explanations = molxai.explain_frame(frame, target="active")
    assert list(explanations.index)[:4] == list(frame.index)[:4]
    assert explanations[list(frame.columns)].equals(frame)
    assert explanations["status"].tolist() == ["ok", "error", "ok", "error", "error"]
    assert "RDKit cannot read" in explanations["molxai_error"].iloc[1]
    assert "empty SMILES" in explanations["molxai_error"].iloc[3]
    for i in (0, 2):
        expected = Explainer("bace")(SMILES[i], "active").to_dict()
        row = explanations.iloc[i]
        assert row["target"] == "active"
        assert row["logit"] == pytest.approx(expected["logit"], abs=1e-5)
        assert row["relevance"] == pytest.approx(expected["relevance"], abs=1e-5)
        assert row["gap"] == pytest.approx(0, abs=1e-4)
    assert math.isnan(explanations["logit"].iloc[1]) and explanations["relevance"].iloc[1] is None
    assert list(frame.columns) == ["smiles", "name", "error"]  # the user's frame is as it was


def test_molecules_of_rdkit_and_other_columns_names(frame):
    mols = pandas.DataFrame({"ROMol": [Chem.MolFromSmiles("OCC"), None]})
    explanations = molxai.explain_frame(mols, "ROMol", features=True)
    assert explanations["status"].tolist() == ["ok", "error"]
    relevance = explanations["relevance"].iloc[0]
    expected = Explainer("bace")("OCC", target="active").relevance.tolist()
    assert relevance == pytest.approx(expected, abs=1e-5)
    features = explanations["features"].iloc[0]
    second_atom = sum(values[1] for values in features.values())
    assert second_atom == pytest.approx(relevance[1], abs=1e-5)


def test_missing_and_strange_values_are_rows_with_errors():
    explanations = molxai.explain_frame(
        pandas.DataFrame({"smiles": ["CCO", None]}).convert_dtypes()
    )
    assert (
        explanations["status"].tolist() == ["ok", "error"]
        and "empty SMILES" in explanations["error"].iloc[1]
    )
    explanations = molxai.explain_frame(pandas.DataFrame({"smiles": ["CCO", 5, float("nan")]}))
    assert explanations["status"].tolist() == ["ok", "error", "error"]


def test_the_column_is_named_as_on_the_command_line():
    frame = pandas.DataFrame({"structure": ["CCO"]})
    for name in ("smiles_column", "smiles"):
        explanations = molxai.explain_frame(frame, **{name: "structure"}, relevances=False)
        assert explanations["status"].tolist() == ["ok"]


def test_predictions_only_and_an_empty_frame(frame):
    explanations = molxai.explain_frame(frame, relevances=False)
    assert explanations["prediction"].iloc[0] == Explainer("bace")("CCO").prediction_name
    assert explanations["relevance"].isna().all()
    empty = molxai.explain_frame(frame[:0])
    assert len(empty) == 0 and "logit" in empty.columns


def test_refusals(frame, monkeypatch):
    with pytest.raises(ValueError, match="no column 'structure': there are smiles, name, error"):
        molxai.explain_frame(frame, "structure")
    with pytest.raises(
        ValueError, match=r"^no setting 'batchsize' of explain_frame: did you mean 'batch_size'"
    ):
        molxai.explain_frame(frame, batchsize=3)
    with pytest.raises(ValueError, match="no class 'maybe'"):
        molxai.explain_frame(frame, target="maybe")
    with pytest.raises(ValueError, match="reads digits"):
        molxai.explain_frame(frame, model="mnist")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match="pip install pandas"):
        molxai.explain_frame(frame)
