"""Blocks give the batches that graphs give one by one; the plain way is written out here."""

import numpy as np
import pytest
import torch
from conftest import ROOT, SMILES
from rdkit import Chem

from graphormer.graphs import slic
from graphormer.graphs.atoms import (
    BONDS,
    ELEMENTS,
    HYBRIDISATIONS,
    LARGEST_CHARGE,
    LARGEST_DEGREE,
    MOLECULES,
    MOST_HYDROGENS,
    RING_SIZES,
    STEREO,
    facts_of,
)
from graphormer.graphs.block import Graphs
from graphormer.graphs.graph import FIRST_PATTERN, Graph, graph, size_batches
from graphormer.graphs.molecule_block import molecule_block
from graphormer.graphs.molecules import molecule
from graphormer.graphs.pairs import UNREACHABLE
from graphormer.graphs.superpixel_block import superpixel_block
from graphormer.graphs.superpixels import digit, superpixel_graph

DRUGS = [
    line.split()[0]
    for line in (ROOT / "datasets/drugs/drugs.smi").read_text().splitlines()
    if line.strip()
]

UNUSUAL = (
    *("C" * 63, "C" * 64, "C" * 65, "C" * 130, "C1" + "C" * 70 + "1", "C" * 66 + ".O"),
    *r"""
    [Na+].[Cl-] O.O.O [Og] [H][H] [2H]C([2H])([2H])O *CC* C~C [Fe]<-N N->[Cu] C$C F/C=C/F C1CC1
    F/C=C\F C/C=C/C=C\C C[C@H](N)O N[C@@H](C)C(=O)O O=S(=O)(O)O C#N c1ccsc1 [Si](C)(C)(C)C [NH4+]
    [O-][N+](=O)c1ccccc1 C1CCC2(CC1)CCCC2 c1ccc2c(c1)[nH]c1ccccc12 C1CCCCCCCCCCC1 OP(=O)(O)O
    C:C N:C CC:O C:[Fe] [CH3:1][OH:2] c1ccccc1:C
    C12C3C4C1C5C2C3C45 [Zn+2] C=[N+]=[N-] [C-]#[O+] FS(F)(F)(F)(F)F B1OB(O)O1
    CC(C)(C)c1cc(C(C)(C)C)cc(C(C)(C)C)c1 C1C[N+]23CCC[N+]4(C1)CC[S-]1[Fe+2]24([SH+]CC3)[S-]2CC1.O2
    """.split(),  # noqa: SIM905
)
"""Sizes about a word, salts, folded hydrogens, bonds of other types, stereo, rings and charges."""


def bond_type(bond: Chem.Bond) -> str:
    stereo = {Chem.BondStereo.STEREOE: "double E", Chem.BondStereo.STEREOZ: "double Z"}
    if bond.GetIsAromatic():
        return "aromatic"
    kind = bond.GetBondType()
    if kind == Chem.BondType.SINGLE:
        return "single in ring" if bond.IsInRing() else "single"
    if kind == Chem.BondType.DOUBLE:
        return stereo.get(bond.GetStereo(), "double")
    return "triple" if kind == Chem.BondType.TRIPLE else "other"


def plain_graph(mol: Chem.Mol) -> Graph:
    """Atom by atom and bond by bond, as RDKit tells it."""
    numbers = [Chem.GetPeriodicTable().GetAtomicNumber(symbol) for symbol in ELEMENTS]
    rings = mol.GetRingInfo()
    codes = []
    for atom in mol.GetAtoms():
        number, hybridisation = atom.GetAtomicNum(), atom.GetHybridization()
        ring = rings.MinAtomRingSize(atom.GetIdx())
        charge = max(-LARGEST_CHARGE, min(atom.GetFormalCharge(), LARGEST_CHARGE))
        label = atom.GetProp("_CIPCode") if atom.HasProp("_CIPCode") else ""
        codes.append(
            (
                numbers.index(number) if number in numbers else len(numbers),
                min(atom.GetDegree(), LARGEST_DEGREE),
                charge + LARGEST_CHARGE,
                min(atom.GetTotalNumHs(), MOST_HYDROGENS),
                HYBRIDISATIONS.index(hybridisation) if hybridisation in HYBRIDISATIONS else 4,
                int(atom.GetIsAromatic()),
                RING_SIZES.index(ring) if ring in RING_SIZES else len(RING_SIZES),
                STEREO.get(label, 0),
            )
        )
    first = [MOLECULES.offsets[name] for name in MOLECULES.feature_names[: MOLECULES.stated]]
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    types = np.array([BONDS.index(bond_type(bond)) for bond in mol.GetBonds()], dtype=int)
    ends = np.array(bonds, dtype=int).reshape(-1, 2).T
    distances = Chem.GetDistanceMatrix(mol)
    return graph(
        MOLECULES,
        np.array(codes) + first,
        np.ones((len(codes), len(first))),
        np.concatenate([ends, ends[::-1]], 1),
        np.concatenate([types, types]),
        hops=np.where(distances < 1e6, distances, UNREACHABLE).astype(np.int16),
    )


def assert_same_batches(block, graphs):
    assert block.sizes == graphs.sizes
    for rows in size_batches(block.sizes, 32):
        one, other = block.batch(rows), graphs.batch(rows)
        for name in ("codes", "weights", "mask"):
            assert torch.equal(getattr(one, name), getattr(other, name)), name
        is_pair = other.relation >= FIRST_PATTERN
        assert torch.equal(one.relation >= FIRST_PATTERN, is_pair)
        assert torch.equal(one.relation[~is_pair], other.relation[~is_pair])
        for name in ("patterns", "pattern_weights"):
            described = [
                getattr(batch, name)[batch.relation[is_pair].long() - FIRST_PATTERN]
                for batch in (one, other)
            ]
            assert torch.equal(*described), name


def assert_same_molecules(smiles):
    mols = [(molecule(one).mol, molecule(one).own_text) for one in smiles]
    block = molecule_block([facts_of(mol, text) for mol, text in mols])
    assert_same_batches(block, Graphs([plain_graph(mol) for mol, _ in mols]))


def test_molecules():
    assert_same_molecules([*DRUGS, *SMILES])


def test_unusual_molecules():
    assert_same_molecules(UNUSUAL)


def test_thousands_of_molecules():
    """Random atoms in random order, so that the text says other things than a usual one."""
    random = np.random.default_rng(0)
    texts = []
    for smiles in 50 * DRUGS:
        mol = Chem.MolFromSmiles(smiles)
        order = random.permutation(mol.GetNumAtoms()).tolist()
        mol = Chem.RenumberAtoms(mol, order)
        kekule = bool(random.integers(2))
        texts.append(Chem.MolToSmiles(mol, canonical=False, doRandom=True, kekuleSmiles=kekule))
    assert len(texts) > 2000
    assert_same_molecules(texts)


@pytest.mark.parametrize("smiles", [*UNUSUAL, *DRUGS[:6]])
def test_without_a_text_nothing_is_taken_for_granted(smiles):
    mol = molecule(smiles).mol
    assert_same_batches(molecule_block([facts_of(mol)]), Graphs([plain_graph(mol)]))


@pytest.mark.parametrize("smiles", [*UNUSUAL[:7], *DRUGS[:6]])
def test_the_graph_of_one_molecule(smiles):
    one, plain = molecule(smiles).graph, plain_graph(molecule(smiles).mol)
    assert torch.equal(one.codes, plain.codes) and torch.equal(one.hops, plain.hops)
    assert torch.equal(one.patterns[one.relation.long()], plain.patterns[plain.relation.long()])


def test_a_molecule_that_was_let_go_is_read_again():
    one = molecule("C" * 650, max_atoms=700, keep=False)
    assert one.kept is None and one.mol.GetNumAtoms() == 650
    assert len({one, one}) == 1 and one == one


def pictures() -> list[np.ndarray]:
    """Shipped digits, and these with noise, shifted, faint, empty and full."""
    images = np.load(ROOT / "datasets/digits/digits.npz")["images"]
    images = images / images.max()
    random = np.random.default_rng(0)
    noisy = np.clip(images + 0.2 * random.standard_normal(images.shape), 0, 1)
    moved = np.roll(images, 5, axis=2)
    return [*images, *noisy, *moved, *(0.1 * images), np.zeros((28, 28)), np.ones((28, 28))]


def test_digits():
    digits = [digit(image) for image in pictures()]
    block = superpixel_block([one.image for one in digits], [one.segments for one in digits])
    assert_same_batches(
        block, Graphs([superpixel_graph(one.image, one.segments) for one in digits])
    )


def test_the_cut_is_that_of_scikit_image():
    assert slic._cut() is slic._inner_cut
    for image in pictures():
        assert np.array_equal(slic._inner_cut(image), slic._whole_cut(image))
        assert np.array_equal(
            slic.superpixels(image.astype(np.float32)),
            np.unique(slic._whole_cut(image.astype(np.float32)), return_inverse=True)[1].reshape(
                28, 28
            ),
        )


def test_another_scikit_image_is_asked_as_a_whole(monkeypatch):
    def other(image):
        raise TypeError("unexpected keyword argument")

    slic._cut.cache_clear()
    monkeypatch.setattr(slic, "_inner_cut", other)
    assert slic._cut() is slic._whole_cut
    slic._cut.cache_clear()
