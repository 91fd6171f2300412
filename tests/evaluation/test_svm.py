import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem
from sklearn.model_selection import KFold
from sklearn.svm import SVR

from graphormer.evaluation.fingerprints import ecfp_flags
from graphormer.evaluation.svm import FOLDS, GRID, PLACES, svm_prediction

ALKANES = ["C" * length for length in range(1, 16)]
ALCOHOLS = [f"{chain}O" for chain in ALKANES]
MOLECULES = ALKANES + ALCOHOLS


def labels_of(smiles):
    return np.array([len(text) / 4 + 3 * ("O" in text) for text in smiles])


def test_bits_are_those_of_the_paper():
    smiles = ["CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O"]
    for row, text in zip(ecfp_flags(smiles, PLACES), smiles, strict=True):
        mol = Chem.MolFromSmiles(text)
        expected = AllChem.GetMorganFingerprintAsBitVect(mol, 2, nBits=1024)
        assert np.flatnonzero(row).tolist() == list(expected.GetOnBits())


def test_settings_are_chosen_on_folds_of_the_training_set():
    labels = labels_of(MOLECULES)
    test = ["CCCCN", "CCCO", "CCCCCCCC"]
    prediction = svm_prediction(MOLECULES, labels, test, seed=3)
    scaled = (labels - labels.mean()) / labels.std()
    inputs = ecfp_flags(MOLECULES, PLACES).astype(float)
    errors = {}
    for cost in GRID["C"]:
        for gamma in GRID["gamma"]:
            for epsilon in GRID["epsilon"]:
                folds = KFold(FOLDS, shuffle=True, random_state=3).split(inputs)
                squared = []
                for train, held in folds:
                    machine = SVR(C=cost, gamma=gamma, epsilon=epsilon)
                    machine.fit(inputs[train], scaled[train])
                    squared.append(np.mean((machine.predict(inputs[held]) - scaled[held]) ** 2))
                errors[cost, gamma, epsilon] = np.mean(squared)
    chosen = prediction.settings
    assert errors[chosen["C"], chosen["gamma"], chosen["epsilon"]] == min(errors.values())
    machine = SVR(**chosen).fit(inputs, scaled)
    expected = (
        machine.predict(ecfp_flags(test, PLACES).astype(float)) * labels.std() + labels.mean()
    )
    assert prediction.values == pytest.approx(expected)


def test_values_shift_and_stretch_with_the_labels():
    labels = labels_of(MOLECULES)
    plain = svm_prediction(MOLECULES, labels, ["CCCO"])
    stretched = svm_prediction(MOLECULES, 100 * labels - 7, ["CCCO"])
    assert stretched.values == pytest.approx(100 * plain.values - 7)


def test_too_few_molecules_are_refused():
    with pytest.raises(ValueError, match="4 molecules to train a support vector machine"):
        svm_prediction(MOLECULES[:4], labels_of(MOLECULES[:4]), ["C"])
