"""Deuterium and tritium are hydrogens: a labelled compound has the graph of its protium form."""

import pytest
import torch
from rdkit import Chem

from graphormer.graphs.molecules import mol_block, molecule
from graphormer.smiles.hydrogens import INPUT_INDEX

DRUG = "[2H]C([2H])([2H])N1C(N)=N[C@](C)(c2cc(NC(=O)c3ccc(F)cn3)ccc2F)CS1(=O)=O"

LABELLED = {
    DRUG: "CN1C(N)=N[C@](C)(c2cc(NC(=O)c3ccc(F)cn3)ccc2F)CS1(=O)=O",
    "[2H]OCC": "OCC",
    "[2H]O[2H]": "O",
    "[3H]c1ccccc1": "c1ccccc1",
    "[2H]C#N": "C#N",
    "CC(=O)O[2H].[Na]": "CC(=O)O.[Na]",
    # stereogenic by deuterium alone, and beside it
    "[2H][C@H](C)O": "C(C)O",
    "[2H][C@]([3H])(C)O": "C(C)O",
    "C[C@H](C([2H])([2H])[2H])O": "CC(C)O",
    "[2H][C@@](F)(Cl)C": "[C@@H](F)(Cl)C",
    "[2H]/C=C/C": "C=CC",
    "[2H]/C([H])=C/C": "C=CC",
    "CC/C=C/[2H]": "CCC=C",
    "[2H]/C(F)=C/C": "C(/F)=C/C",
    "[2H]/C=C/C=C/[2H]": "C=CC=C",
    # RDKit keeps these hydrogens, and so it keeps the labelled ones
    "[2H]/N=C/C": "[H]/N=C/C",
    "[2H][2H]": "[H][H]",
    "[H][2H]": "[H][H]",
    "[2H]": "[H]",
    "[2H-].[Na+]": "[H-].[Na+]",
    "[2H+].[Cl-]": "[H+].[Cl-]",
}


def is_same_graph(first, second):
    fields = ("codes", "edges", "edge_types", "hops", "patterns")
    pairs = [(getattr(first.graph, name), getattr(second.graph, name)) for name in fields]
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(("labelled", "plain"), LABELLED.items())
def test_a_labelled_compound_has_the_graph_of_its_protium_form(labelled, plain):
    subject = molecule(labelled)
    assert is_same_graph(subject, molecule(plain))
    assert not any(atom.GetIsotope() for atom in subject.mol.GetAtoms())
    assert sum("deuterium" in note or "tritium" in note for note in subject.notes) >= 1


def test_heavy_isotopes_stay_and_change_nothing():
    subject = molecule("[13CH3][C@H](O)F")
    assert subject.mol.GetAtomWithIdx(0).GetIsotope() == 13
    assert subject.notes == ()
    assert is_same_graph(subject, molecule("C[C@H](O)F"))


@pytest.mark.parametrize(
    ("smiles", "notes"),
    [
        (DRUG, ("3 deuterium atoms folded as hydrogen into their heavy atoms",)),
        ("[2H]OCC", ("1 deuterium atom folded as hydrogen into its heavy atom",)),
        ("[2H][2H]", ("2 deuterium atoms read as hydrogen",)),
        ("[H]C", ("1 explicit hydrogen folded into its heavy atom",)),
        (
            "[H]C([2H])([3H])O",
            (
                "1 explicit hydrogen folded into its heavy atom",
                "1 deuterium atom folded as hydrogen into its heavy atom",
                "1 tritium atom folded as hydrogen into its heavy atom",
            ),
        ),
    ],
)
def test_a_note_tells_what_was_folded(smiles, notes):
    assert molecule(smiles).notes == notes


def test_nodes_know_their_place_in_the_input():
    assert molecule(DRUG).atoms == (1, *range(4, 31))
    assert molecule("[2H]OCC").atoms == (1, 2, 3)
    assert molecule("OCC").atoms is None
    assert molecule("[2H][2H]").atoms is None
    assert molecule("[2H]C.[2H][2H]").atoms == (1, 2, 3)


def test_the_block_of_a_labelled_compound():
    options = Chem.SmilesParserParams()
    options.removeHs = False
    by_isotope = Chem.MolToMolBlock(Chem.MolFromSmiles("CC([2H])([2H])O[3H]", options))
    assert "M  ISO  3" in by_isotope
    by_symbol = by_isotope.replace("M  ISO  3   3   2   4   2   6   3\n", "").replace(
        " H   0", " D   0", 2
    )
    for block in (by_isotope, by_symbol):
        subject = molecule(mol_block(block))
        assert is_same_graph(subject, molecule("CCO"))
        assert subject.atoms == (0, 1, 4)
    assert (
        "2 deuterium atoms folded as hydrogen into their heavy atoms"
        in molecule(mol_block(by_symbol)).notes
    )


def test_a_mol_of_the_user_stays_as_it_is():
    mol = Chem.AddHs(Chem.MolFromSmiles("[2H]C"))
    before = mol.ToBinary()
    assert molecule(mol).graph.nodes == 1
    assert mol.ToBinary() == before
    assert not any(INPUT_INDEX in atom.GetPropNames(True, True) for atom in mol.GetAtoms())


def test_every_hydrogen_may_be_labelled():
    for smiles in ("CC(C)C[C@H](NC)C(=O)O", "C1=CC2CC1CC2", "c1c[nH]cc1/C=N/O"):
        mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
        for atom in mol.GetAtoms():
            if atom.GetAtomicNum() == 1:
                atom.SetIsotope(2)
        codes = molecule(mol).graph.codes
        plain = molecule(Chem.AddHs(Chem.MolFromSmiles(smiles)))
        assert torch.equal(codes, plain.graph.codes)
        assert torch.equal(codes, molecule(smiles).graph.codes)
