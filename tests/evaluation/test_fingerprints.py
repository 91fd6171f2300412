"""Similarity to the nearest molecule, against RDKit's."""

import numpy as np
import pytest
from conftest import ROOT
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from graphormer.evaluation.fingerprints import PLACES, RADIUS, ecfp_bits, nearest

DRUGS = [line.split()[0] for line in (ROOT / "datasets/drugs/drugs.smi").read_text().splitlines()]


def test_a_molecule_has_the_same_similarity_alone_and_among_others():
    bits, known = ecfp_bits(DRUGS[:20]), ecfp_bits(DRUGS[20:])
    one_by_one = [float(nearest(bits[i : i + 1], known)[0]) for i in range(len(bits))]
    assert nearest(bits, known).tolist() == one_by_one


def test_it_is_rdkits_tanimoto_similarity():
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=PLACES)
    made = [generator.GetFingerprint(Chem.MolFromSmiles(smiles)) for smiles in DRUGS]
    expected = [max(DataStructs.BulkTanimotoSimilarity(one, made[20:])) for one in made[:20]]
    assert nearest(ecfp_bits(DRUGS[:20]), ecfp_bits(DRUGS[20:])) == pytest.approx(expected)
    assert np.all(nearest(ecfp_bits(DRUGS[20:]), ecfp_bits(DRUGS[20:])) == 1)
