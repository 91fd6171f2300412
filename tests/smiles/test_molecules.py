"""SMILES and Mols as graphs: node i is atom i of the input."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from graphormer.graphs.molecules import ELEMENTS, MOLECULES, molecule, skeleton


def feature(smiles, name):
    """Entries of a feature for each atom, counted within it."""
    slot = MOLECULES.feature_names.index(name)
    codes = molecule(smiles).graph.codes[:, slot]
    return (codes - MOLECULES.offsets[name]).tolist()


def test_atoms_keep_the_order_of_the_smiles():
    assert molecule("OCCN").symbols == ["O", "C", "C", "N"]
    assert [ELEMENTS[i] for i in feature("OC(F)CCl", "element")] == ["O", "C", "F", "C", "Cl"]


def test_features_are_what_a_chemist_expects():
    assert feature("CC(=O)[O-]", "charge") == [2, 2, 2, 1]
    assert feature("CC(=O)[O-]", "hydrogens") == [3, 0, 0, 0]
    assert feature("CC(=O)[O-]", "degree") == [1, 3, 1, 1]
    assert feature("C1CC1c1ccccc1", "ring size") == [1, 1, 1, 4, 4, 4, 4, 4, 4]
    assert feature("c1ccncc1C", "aromatic") == [1, 1, 1, 1, 1, 1, 0]
    assert feature("C#CC=CC", "hybridisation") == [1, 1, 2, 2, 3]


def test_enantiomers_differ_and_do_not_depend_on_writing():
    left = feature("N[C@@H](C)C(=O)O", "stereo")
    right = feature("N[C@H](C)C(=O)O", "stereo")
    assert sorted([left[1], right[1]]) == [1, 2]
    assert feature("C[C@H](N)C(=O)O", "stereo")[1] == left[1]


def test_double_bond_stereo_is_seen():
    trans = molecule("F/C=C/Cl").graph
    cis = molecule("F/C=C\\Cl").graph
    assert not torch.equal(trans.edge_types, cis.edge_types)


def test_explicit_hydrogens_are_folded_and_reported():
    ethanol = molecule("[H]C([H])([H])CO[H]")
    assert torch.equal(ethanol.graph.codes, molecule("CCO").graph.codes)
    assert ethanol.symbols == ["C", "C", "O"]
    assert ethanol.notes == ("4 explicit hydrogens folded into their heavy atoms",)
    with_hydrogens = Chem.AddHs(Chem.MolFromSmiles("CCO"))
    assert molecule(with_hydrogens).graph.nodes == 3


def test_hydrogen_alone_stays():
    assert molecule("[H][H]").symbols == ["H", "H"]
    assert molecule("[H-].[Na+]").symbols == ["H", "Na"]


def test_salts_keep_all_fragments():
    assert molecule("CC(=O)[O-].[Na+]").symbols[-1] == "Na"


def test_elements_outside_the_vocabulary_are_other_and_noted():
    assert feature("C[U]C", "element")[1] == len(ELEMENTS)
    assert molecule("C[U]C").notes == ("atom 1 (U) is outside the vocabulary: read as 'other'",)


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("", "empty SMILES"),
        ("  ", "empty SMILES"),
        ("C1CC", "cannot read"),
        ("c1cc", "cannot read"),
        ("C(C)(C)(C)(C)C", "cannot read"),
    ],
)
def test_bad_smiles_are_refused_in_one_line(smiles, reason, capfd):
    with pytest.raises(ValueError, match=reason) as caught:
        molecule(smiles)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_size_limit():
    with pytest.raises(ValueError, match="12 heavy atoms: the limit is 10"):
        molecule("C" * 12, max_atoms=10)


def test_a_long_smiles_is_cut_in_messages():
    with pytest.raises(ValueError) as caught:
        molecule("C(" * 5000)
    assert len(str(caught.value)) < 250


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="CNOcn1()=[]+-#@H./\\%\x00é ", max_size=14))
def test_any_text_is_a_molecule_or_one_line(text):
    try:
        subject = molecule(text)
    except ValueError as error:
        assert str(error) and "\n" not in str(error).replace(repr(text), "")
    else:
        assert subject.graph.nodes == subject.mol.GetNumAtoms() > 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("OC(=O)c1ccccc1", "[Na+].[O-]C(=O)c1ccccc1"),
        ("N[C@@H](C)C(=O)O", "N[C@H](C)C(=O)O"),
        ("Oc1ccccn1", "O=c1cccc[nH]1"),
        ("F/C=C/Cl", "F/C=C\\Cl"),
        ("CCN", "CC[NH3+].[Cl-]"),
    ],
)
def test_a_skeleton_is_common_to_salts_tautomers_and_stereoisomers(first, second):
    common = skeleton(molecule(first).mol)
    assert skeleton(molecule(second).mol) == common
    assert skeleton(molecule("CCCC").mol) != common
