"""A forest as teacher: new molecules out of old halves, votes of trees that have not seen them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import SMALL
from rdkit import Chem

from graphormer.data.labelled import LabelledGraphs
from graphormer.evaluation.forest import forest_outputs, votes
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.pretraining.distillation import REPEATS, distil
from graphormer.pretraining.recombination import LARGEST, SMALLEST, recombine
from graphormer.training.recipe import Recipe

RINGS = ("c1ccccc1", "c1ccncc1", "C1CCCCC1", "c1ccc2ccccc2c1")

OLD = [
    f"{ring}{'C' * n}C(=O)N{'C' * k}{other}"
    for ring in RINGS
    for other in ("C1CCOCC1", "c1ccsc1")
    for n, k in ((1, 2), (2, 1))
]

ACTIVE = torch.tensor([[float("ncc" in smiles or "2ccc" in smiles)] for smiles in OLD])

DATA = LabelledGraphs(
    "amides",
    MOLECULES,
    [molecule(smiles).graph for smiles in OLD],
    ACTIVE,
    list(range(len(OLD))),
    "train",
    {},
    OLD,
)


def bonds(mol):
    """Kinds of the single bonds outside of rings."""
    kinds = set()
    for bond in mol.GetBonds():
        if not bond.IsInRing() and bond.GetBondType() == Chem.BondType.SINGLE:
            ends = [
                (atom.GetSymbol(), atom.GetIsAromatic())
                for atom in (bond.GetBeginAtom(), bond.GetEndAtom())
            ]
            kinds.add(tuple(sorted(ends)))
    return kinds


def test_recombinations_are_new_whole_molecules_of_known_bonds():
    new = recombine(OLD, 60, seed=0)
    assert len(new) == len(set(new)) == 60
    old_bonds = set().union(*(bonds(Chem.MolFromSmiles(smiles)) for smiles in OLD))
    for smiles in new:
        mol = Chem.MolFromSmiles(smiles)
        assert mol is not None
        assert SMALLEST <= mol.GetNumAtoms() <= LARGEST
        assert "." not in smiles
        assert bonds(mol) <= old_bonds
    assert recombine(OLD, 60, seed=0) == new != recombine(OLD, 60, seed=1)
    assert recombine(["C", "c1ccccc1"], 5, seed=0) == []


def test_votes_are_out_of_bag_and_of_the_forest():
    on_train, on_others = votes(SMALL, OLD, ACTIVE, OLD[:3], seed=0)
    assert on_train.shape == (len(OLD), 1) and on_others.shape == (3, 1)
    assert 0 <= on_train.min() <= on_train.max() <= 1
    # Trees that have seen a molecule know its label better than those that have not.
    again = votes(SMALL, OLD, ACTIVE, OLD, seed=0)[1]
    assert float((again - ACTIVE).abs().mean()) < float((on_train - ACTIVE).abs().mean())
    logit = forest_outputs(SMALL, OLD, ACTIVE, OLD[:3], seed=0)
    assert torch.allclose(logit.sigmoid(), on_others.clamp(1e-3, 1 - 1e-3), atol=1e-6)


def test_missing_labels_have_no_votes_of_their_own():
    labels = torch.cat([ACTIVE, ACTIVE], 1)
    labels[::3, 1] = np.nan
    on_train, on_others = votes(replace(SMALL, outputs=2), OLD, labels, OLD[:2], seed=0)
    assert torch.equal(on_train.isnan(), labels.isnan()) and not on_others.isnan().any()


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_lesson_holds_softened_labels_and_votes(task):
    config, recipe = replace(SMALL, task=task), Recipe(epochs=1, recombined=2.0, seed=3)
    lesson = distil(config, DATA, recipe.recombined, recipe.seed)
    count = len(OLD)
    assert len(lesson) == REPEATS * count + 2 * count and lesson.rows[-1] == -1
    softened = lesson.labels[:count]
    assert ((softened - ACTIVE).abs() <= 0.5 + 1e-6).all() and torch.equal(
        lesson.labels[count : 2 * count], softened
    )
    assert 0 <= lesson.labels.min() <= lesson.labels.max() <= 1


def test_there_is_nothing_to_teach_about_pictures_or_several_classes():
    with pytest.raises(ValueError, match="leave the teacher out"):
        distil(SMALL, replace(DATA, texts=[]), 1.0, 0)
    with pytest.raises(ValueError, match="leave the teacher out"):
        distil(replace(SMALL, task="multiclass", outputs=3), DATA, 1.0, 0)
