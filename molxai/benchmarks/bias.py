"""A data set with a bias that a model learns, so that it is known what its maps must show.

In the training set every molecule with an amide has a trifluoromethyl group as well, and no other
molecule has one. What the model takes for the class is then the group, because the group is the
easier thing to see. The test set has no amides, and half of its molecules have the group: a model
that calls these amides was misled, and a map that does not show the group hides it.

Molecules are built with RDKit from those of a table: the group replaces a hydrogen of a carbon.

Source: Adebayo et al. 2020, "Debugging Tests for Model Explanations", NeurIPS 33, who do this with
the backgrounds of photographs.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from rdkit import Chem

from graphormer.graphs.molecules import Molecule, molecule
from molxai.benchmarks.truth import Example, Fields, Reading, Truth, read_examples

AMIDE = Chem.MolFromSmarts("[NX3][CX3]=[OX1]")
"""What the labels of the training set say is there."""

GROUP = Chem.MolFromSmarts("C(F)(F)F")
"""What comes with every amide of the training set."""

CARBON = Chem.MolFromSmarts("[#6;!H0]")
"""A carbon whose hydrogen can be replaced."""

GROUP_ATOMS = GROUP.GetNumAtoms()

TEST_SHARE = 0.2
"""Share of the molecules that are in the test set."""

GROUP_SHARE = 0.5
"""Share of the test set's molecules that get the group."""

SEED = 0
"""Seed of the split and of the place of each group: the molecules are the same in every run."""


def with_bias(path: Path, fields: Fields) -> Reading:
    """Molecules of a table, changed so that a group gives the label of the training set away.

    Molecules that have the group already, or no carbon for it, are left out, and so are amides of
    the test set. The label of a test molecule says whether it has the group, and the group's atoms
    are its truth.

    Raises:
        ValueError: the file cannot be read.
    """
    random = np.random.default_rng(SEED)
    reading = read_examples(path, fields, _without_truth)
    examples = []
    skipped = list(reading.skipped)
    for example in reading.molecules:
        part = "test" if random.random() < TEST_SHARE else "train"
        try:
            examples.append(_biased(example, part, random))
        except ValueError as error:
            skipped.append(f"{path.name}, row {example.row}: {error}")
    return Reading(examples, skipped, reading.sha256, f"random 80/20, seed {SEED}")


def _without_truth(molecule: Molecule) -> Truth:
    return 0.0, np.zeros(molecule.graph.nodes), ()


def _biased(example: Example, part: str, random: np.random.Generator) -> Example:
    """The molecule with or without the group.

    Raises:
        ValueError: it cannot be used.
    """
    mol = example.molecule.mol
    carbons = [atom for (atom,) in mol.GetSubstructMatches(CARBON)]
    if mol.HasSubstructMatch(GROUP):
        raise ValueError("it has the group by itself")
    if not carbons:
        raise ValueError("it has no carbon for the group")
    has_group = mol.HasSubstructMatch(AMIDE)
    if part == "test":
        if has_group:
            raise ValueError("it is an amide, of which the test set has none")
        has_group = random.random() < GROUP_SHARE
    if not has_group:
        return replace(example, part=part)
    subject = with_group(example.molecule, carbons[random.integers(len(carbons))])
    truth = np.zeros(subject.graph.nodes)
    truth[-GROUP_ATOMS:] = 1.0
    return Example(subject, example.row, 1.0, truth, part=part)


def with_group(subject: Molecule, carbon: int) -> Molecule:
    """The molecule with the group, whose atoms come last, at a carbon that has a hydrogen.

    Example:
        >>> with_group(molecule("CO"), carbon=0).smiles
        'OCC(F)(F)F'
    """
    mol = Chem.RWMol(subject.mol)
    atom = mol.GetAtomWithIdx(carbon)
    if atom.GetNoImplicit():
        atom.SetNumExplicitHs(atom.GetNumExplicitHs() - 1)
    middle = mol.AddAtom(Chem.Atom("C"))
    mol.AddBond(carbon, middle, Chem.BondType.SINGLE)
    for _ in range(GROUP_ATOMS - 1):
        fluorine = mol.AddAtom(Chem.Atom("F"))
        mol.AddBond(middle, fluorine, Chem.BondType.SINGLE)
    Chem.SanitizeMol(mol)
    return molecule(mol.GetMol(), subject.id)
