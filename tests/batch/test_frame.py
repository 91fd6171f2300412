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
    made = molxai.explain_frame(frame, target="active")
    assert list(made.index)[:4] == list(frame.index)[:4] and made[list(frame.columns)].equals(frame)
    assert made["status"].tolist() == ["ok", "error", "ok", "error", "error"]
    assert (
        "RDKit cannot read" in made["molxai_error"].iloc[1]
        and "empty SMILES" in made["molxai_error"].iloc[3]
    )
    for place in (0, 2):
        said, row = Explainer("bace")(SMILES[place], "active").to_dict(), made.iloc[place]
        assert row["logit"] == pytest.approx(said["logit"], abs=1e-5) and row["target"] == "active"
        assert row["relevance"] == pytest.approx(said["relevance"], abs=1e-5)
        assert row["gap"] == pytest.approx(0, abs=1e-4)
    assert math.isnan(made["logit"].iloc[1]) and made["relevance"].iloc[1] is None
    assert list(frame.columns) == ["smiles", "name", "error"]  # the user's own is as it was


def test_molecules_of_rdkit_and_other_columns_names(frame):
    mols = pandas.DataFrame({"ROMol": [Chem.MolFromSmiles("OCC"), None]})
    made = molxai.explain_frame(mols, "ROMol", features=True)
    assert made["status"].tolist() == ["ok", "error"]
    assert made["relevance"].iloc[0] == pytest.approx(
        Explainer("bace")("OCC", target="active").relevance.tolist(), abs=1e-5
    )
    assert sum(
        made["features"].iloc[0][name][1] for name in made["features"].iloc[0]
    ) == pytest.approx(made["relevance"].iloc[0][1], abs=1e-5)


def test_missing_and_strange_values_are_rows_with_errors():
    made = molxai.explain_frame(pandas.DataFrame({"smiles": ["CCO", None]}).convert_dtypes())
    assert made["status"].tolist() == ["ok", "error"] and "empty SMILES" in made["error"].iloc[1]
    made = molxai.explain_frame(pandas.DataFrame({"smiles": ["CCO", 5, float("nan")]}))
    assert made["status"].tolist() == ["ok", "error", "error"]


def test_the_column_is_named_as_on_the_command_line():
    frame = pandas.DataFrame({"structure": ["CCO"]})
    for named in ({"smiles_column": "structure"}, {"smiles": "structure"}):
        assert molxai.explain_frame(frame, **named, relevances=False)["status"].tolist() == ["ok"]


def test_predictions_only_and_an_empty_frame(frame):
    made = molxai.explain_frame(frame, relevances=False)
    assert (
        made["prediction"].iloc[0] == Explainer("bace")("CCO").prediction_name
        and made["relevance"].isna().all()
    )
    none = molxai.explain_frame(frame[:0])
    assert len(none) == 0 and "logit" in none.columns


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
