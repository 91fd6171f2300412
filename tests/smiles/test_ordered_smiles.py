"""A SMILES in the order of the nodes, for any order of the atoms, stereo included."""

import random

import pytest
from conftest import ROOT
from rdkit import Chem

from graphormer.graphs.molecules import canonical, mol_block, molecule, ordered_smiles
from molxai.explanation.inputs import read_inputs

OPTIONS = Chem.SmilesParserParams()
OPTIONS.removeHs = False

HARD = {
    "stereocentres in rings": "C[C@]12CC[C@H]3[C@H]([C@@H]1CC[C@@H]2O)CCC4=CC(=O)CC[C@]34C",
    "hydrogen at the start": "[C@@H]1(N)C[C@H](O)CCO1",
    "sulfoxide": "C[S@](=O)CC",
    "sulfonium in a ring": "C[S@+]1CCC[C@H]1F",
    "phosphine": "C[P@](CC)c1ccccc1",
    "polyene": "CC/C=C\\C=C/C(/C=C/F)=C/Cl",
    "ring with E": "C1CCCC/C=C/CC1",
    "oxime": "C/C(=N\\O)/c1ccccc1",
    "biaryl": "c1ccccc1-c1ccc2[nH]ccc2n1",
    "salt": "[Na+].[O-]C(=O)c1ccccc1.O",
    "metal": "N[Pt](N)(Cl)Cl",
    "ferrocene": "[CH-]1C=CC=C1.[CH-]1C=CC=C1.[Fe+2]",
    "dative": "N->[Cu+2]<-N",
    "isotope, map, charge": "[13CH3:7][N+](C)(C)[O-]",
    "dummy": "[1*]CC(*)=O",
    "radical": "C[CH]C",
    "triple": "N#CC#C",
    "cubane": "C12C3C4C1C5C2C3C45",
    "hydrogens": "[H][H].[H+].[H-]",
    "many closures": "C123C45C16C47C2C5C36C7",
}


def labels(mol):
    return [
        (
            atom.GetAtomicNum(),
            atom.GetDegree(),
            atom.GetFormalCharge(),
            atom.GetIsotope(),
            atom.GetTotalNumHs(),
            atom.GetIsAromatic(),
            atom.GetProp("_CIPCode") if atom.HasProp("_CIPCode") else "",
        )
        for atom in mol.GetAtoms()
    ]


def bonds(mol):
    pairs = ((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond) for bond in mol.GetBonds())
    return sorted(
        (*sorted((start, end)), str(bond.GetBondType()), str(bond.GetStereo()))
        for start, end, bond in pairs
    )


def check(mol):
    text = ordered_smiles(mol)
    copy = Chem.MolFromSmiles(text, OPTIONS)
    assert copy is not None, text
    assert labels(copy) == labels(mol), text
    assert bonds(copy) == bonds(mol), text
    assert canonical(copy) == canonical(mol)


def shuffled(mol, seed):
    order = list(range(mol.GetNumAtoms()))
    random.Random(seed).shuffle(order)
    moved = Chem.RenumberAtoms(mol, order)
    Chem.AssignStereochemistry(moved, cleanIt=True, force=True)
    return moved


@pytest.mark.parametrize("smiles", HARD.values(), ids=HARD)
def test_any_order_is_written_and_read_again(smiles):
    mol = Chem.MolFromSmiles(smiles, OPTIONS)
    check(mol)
    for seed in range(8):
        check(shuffled(mol, seed))


def test_drugs_in_any_order():
    for seed, drug in enumerate(read_inputs([str(ROOT / "datasets/drugs/drugs.csv")])):
        check(drug.subject.mol)
        check(shuffled(drug.subject.mol, seed))


def test_a_smiles_without_hydrogens_is_its_own_text():
    text = "O1CC[C@@H](NC(=O)[C@@H](Cc2cc3cc(ccc3nc2N)-c2ccccc2C)C)CC1(C)C"
    subject = molecule(f" {text} ")
    assert subject.explained_smiles == text
    assert ordered_smiles(subject.mol) == text  # as readable as that of a person


@pytest.mark.parametrize(
    ("smiles", "explained"),
    [
        ("[2H]C([2H])([2H])[C@H](O)F", "C[C@H](O)F"),
        ("CC=CC |c:1|", "C/C=C\\C"),
        ("CC |^1:0|", "[CH2]C"),
        ("F/C=C/F |(0,0,;1,1,;2,0,;3,1,)|", "F/C=C/F"),
        ("InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "CCO"),
    ],
)
def test_what_was_changed_is_written_anew(smiles, explained):
    assert molecule(smiles).explained_smiles == explained


def test_a_block_in_an_order_that_no_chain_follows():
    mol = Chem.RenumberAtoms(Chem.MolFromSmiles("CCO"), [0, 2, 1])
    subject = molecule(mol_block(Chem.MolToMolBlock(mol)))
    assert subject.explained_smiles == "C1.OC1"
    assert subject.symbols == ["C", "O", "C"]
    assert subject.atoms is None


def test_a_bond_of_any_kind():
    check(Chem.MolFromSmiles("C~C.CC(~N)CO", OPTIONS))


def test_a_long_chain_needs_no_recursion():
    chain = Chem.MolFromSmiles("C" * 3000)
    assert ordered_smiles(chain) == "C" * 3000
