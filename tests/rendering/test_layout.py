"""Where atoms are drawn: a file's layout is kept if it can be read; metals stand beside rings."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdDepictor
from test_rendering import IBUPROFEN

from graphormer.graphs.molecules import mol_block, molecule
from molxai.rendering.crowding import Structure, crowding
from molxai.rendering.depiction import BOND, NEAREST, flat_copy
from molxai.rendering.layout import layout
from molxai.rendering.letters import draw_letters

FERROCENE = "c12->[Fe+2]3456789(<-c1c->3[cH-]->4c->52)<-c1c->6c->7[cH-]->8c->91"
SANDWICHES = (
    FERROCENE,
    "[CH]12[CH]3[CH]4[CH]5[CH]1[Fe]23451678[CH]2[CH]1[CH]6[CH]7[CH]28",
    "CC(=O)[C]12[CH]3[CH]4[CH]5[CH]1[Fe]23451678[CH]2[CH]1[CH]6[CH]7[CH]28",
    "[CH]12[CH]3[CH]4[CH]5[CH]6[CH]1[Ru]23456(Cl)(Cl)P(C)(C)C",
)

CLASHING = (
    "Cc1cc(C(=O)O)cc2sc(N3C4CCC3CC(OCc3c(-c5ccccc5OC(F)(F)F)noc3C3CC3)C4)nc12",
    "C1CC2CN(CC1N2c1ccccc1)c1cccc(c1)-c1ccccc1",
)
"""RDKit's own layouts of these have rings over rings."""

CAGES = (
    "NC12CC(C1)(OC2C)C",
    "CC(C)(C)[C@](C)(O)[C@H]1C[C@@]23CC[C@]1(OC)[C@@H]1Oc4c(O)ccc5c4[C@@]12CCN(CC1CC1)[C@@H]3C5",
)
"""CoordGen's layouts of these have atoms on atoms."""


def from_file(smiles):
    """The molecule as an SDF with RDKit's own coordinates has it."""
    mol = Chem.MolFromSmiles(smiles)
    rdDepictor.Compute2DCoords(mol)
    return mol_block(Chem.MolToMolBlock(mol))


def nearest(laid):
    """Distance of the nearest two atoms without a bond between them."""
    apart = np.linalg.norm(laid.places[:, None] - laid.places, axis=2)
    apart[Chem.GetAdjacencyMatrix(laid.mol) > 0] = np.inf
    np.fill_diagonal(apart, np.inf)
    return apart.min()


@pytest.mark.parametrize("smiles", [*CLASHING, FERROCENE])
def test_a_files_layout_with_atoms_on_atoms_is_drawn_anew(smiles):
    mol = from_file(smiles)
    given = mol.GetConformer().GetPositions()[:, :2]
    laid = layout(mol)
    assert nearest(laid) > 1.0
    again = layout(Chem.MolFromSmiles(smiles))
    assert nearest(again) > 1.0
    bonds = [np.linalg.norm(given[a] - given[b]) for a, b in laid.bonds.tolist()]
    given *= BOND / np.mean(bonds)
    assert (
        np.linalg.norm(given[:, None] - given, axis=2)[np.triu_indices(len(given), 1)].min()
        < NEAREST
    )


@pytest.mark.parametrize("smiles", [IBUPROFEN, "Oc1ccccc1C(=O)O", CAGES[0]])
def test_a_files_layout_is_kept_where_it_can_be_read(smiles):
    mol = from_file(smiles)
    given = mol.GetConformer().GetPositions()[:, :2] * [
        1.0,
        0.8,
    ]  # somebody's own, not the one that we would make
    mol.GetConformer().SetPositions(np.column_stack([given, np.zeros(len(given))]))
    laid = layout(mol)
    scale = np.linalg.norm(laid.places[0] - laid.places[1]) / np.linalg.norm(given[0] - given[1])
    assert np.allclose(
        laid.places - laid.places.mean(0), scale * (given - given.mean(0)), atol=1e-3
    )


@pytest.mark.parametrize("smiles", CAGES)
def test_of_two_layouts_of_a_cage_the_one_without_clashes_is_taken(smiles):
    assert nearest(layout(Chem.MolFromSmiles(smiles))) > NEAREST


@pytest.mark.parametrize("smiles", SANDWICHES)
def test_rings_stand_beside_their_metal(smiles):
    laid = layout(molecule(smiles).mol)
    metal = next(atom.GetIdx() for atom in laid.mol.GetAtoms() if atom.GetSymbol() in ("Fe", "Ru"))
    rings = Chem.RWMol(laid.mol)
    for atom in laid.mol.GetAtomWithIdx(metal).GetNeighbors():
        rings.RemoveBond(metal, atom.GetIdx())
    Chem.FastFindRings(rings)
    found = [list(ring) for ring in rings.GetRingInfo().AtomRings()]
    assert found
    middles = np.array([laid.places[ring].mean(0) for ring in found])
    for ring, middle in zip(found, middles, strict=True):
        radius = np.linalg.norm(laid.places[ring] - middle, axis=1).max()
        assert np.linalg.norm(laid.places[metal] - middle) > radius + 0.3  # outside of it
        others = np.delete(laid.places, ring, axis=0)
        assert np.linalg.norm(others - middle, axis=1).min() > radius
    assert nearest(laid) > 1.0


def test_bonds_to_a_metal_are_read_as_they_are_drawn():
    """Ferrocene with bonds and as ions are two structures: neither is turned into the other."""
    drawn, ions = molecule(from_file(FERROCENE)), molecule("[Fe+2].c1cc[cH-]c1.c1cc[cH-]c1")
    assert drawn.mol.GetNumBonds() == 20 and ions.mol.GetNumBonds() == 10


PEPTIDE = Chem.MolToSmiles(Chem.MolFromSequence("GAVLIPFYWSTCMNQDEKRHGAVLIPFYWS"))
CUBANE = "C12C3C4C1C5C2C3C45"
CYCLOSPORIN = (
    "CC[C@H]1C(=O)N(CC(=O)N([C@H](C(=O)N[C@H](C(=O)N([C@H](C(=O)N[C@H](C(=O)N[C@@H](C(=O)N([C@H]"
    "(C(=O)N([C@H](C(=O)N([C@H](C(=O)N([C@H](C(=O)N1)[C@@H]([C@H](C)C/C=C/C)O)C)C(C)C)C)CC(C)C)C)"
    "CC(C)C)C)C)C)CC(C)C)C)C(C)C)CC(C)C)C)C"
)
ERYTHROMYCIN = (
    "CC[C@@H]1[C@@]([C@@H]([C@H](C(=O)[C@@H](C[C@@]([C@@H]([C@H]([C@@H]([C@H](C(=O)O1)C)O[C@H]2C"
    "[C@@]([C@H]([C@@H](O2)C)O)(C)OC)C)O[C@H]3[C@@H]([C@H](C[C@H](O3)C)N(C)C)O)(C)O)C)C)O)(C)O"
)
MORPHINE = "CN1CC[C@]23[C@@H]4[C@H]1Cc5c2c(c(cc5)O)O[C@H]3[C@H](C=C4)O"
ODD = {
    "adamantane": ("C1C2CC3CC1CC(C2)C3", 32),
    "amantadine": ("NC12CC3CC(C1)CC(C3)C2", 30),
    "memantine": ("CC12CC3CC(C1)(CC(C3)(C2)N)C", 30),
    "adamantane with four substituents": ("NC12CC3(F)CC(Cl)(C1)CC(Br)(C3)C2", 30),
    "adamantane with two at one carbon": ("CC1(C)C2CC3CC(C2)CC1C3", 30),
    "adamantanone": ("O=C1C2CC3CC(C2)CC1C3", 30),
    "vildagliptin": ("N#CC1CCCN1C(=O)CNC12CC3CC(C1)CC(O)(C3)C2", 30),
    "cubane": (CUBANE, 30),
    "norbornane": ("C1CC2CCC1C2", 12),
    "quinuclidine": ("O=C(OC1CN2CCC1CC2)c1ccccc1", 20),
    "atropine": ("CN1C2CCC1CC(C2)OC(=O)C(CO)c1ccccc1", 10),
    "camphor": ("CC1(C)C2CCC1(C)C(=O)C2", 50),
    "triptycene": ("c1ccc2c(c1)C1c3ccccc3C2c2ccccc12", 20),
    "cyclosporin": (CYCLOSPORIN, 15),
    "erythromycin": (ERYTHROMYCIN, 6),
    "crown ether": ("C1COCCOCCOCCOCCOCCO1", 1),
    "cyclophane": ("C1Cc2ccc(cc2)CCc2ccc1cc2", 5),
    "tetra-tert-butylethene": ("CC(C)(C)C(=C(C(C)(C)C)C(C)(C)C)C(C)(C)C", 15),
    "morphine": (MORPHINE, 75),
    "aspirin": ("CC(=O)Oc1ccccc1C(=O)O", 0.1),
    "sildenafil citrate": (
        "CCCc1nn(C)c2c1nc([nH]c2=O)-c1cc(ccc1OCC)S(=O)(=O)N1CCN(C)CC1.OC(CC(O)=O)(CC(O)=O)C(O)=O",
        1,
    ),
    "peptide of 30": (PEPTIDE, 80),
}
"""Molecules whose rings are hard to draw, and the cost that their layouts have at most.

RDKit's usual ones have more: 95 for cubane, 54 for adamantane, 122 for cyclosporin.
"""


@pytest.mark.parametrize("name", ODD)
def test_rings_are_laid_out_clearly(name):
    smiles, most = ODD[name]
    laid = layout(Chem.MolFromSmiles(smiles))
    assert crowding(laid.places / BOND, Structure.of(laid.mol)) < most


@pytest.mark.parametrize("smiles", [CYCLOSPORIN, ERYTHROMYCIN, MORPHINE, PEPTIDE])
def test_a_layout_shows_the_same_stereo(smiles):
    flat = flat_copy(Chem.MolFromSmiles(smiles))
    drawn = Chem.MolFromMolBlock(Chem.MolToMolBlock(flat))
    assert Chem.MolToSmiles(drawn) == Chem.CanonSmiles(smiles)


def test_layouts_are_the_same_each_time_and_in_threads():
    """Nothing of RDKit's own settings is changed, which all threads share."""
    smiles = [smiles for name, (smiles, _) in ODD.items() if "peptide" not in name] * 3
    prefers_coord_gen = rdDepictor.GetPreferCoordGen()

    def places(text):
        return layout(Chem.MolFromSmiles(text)).places

    alone = [places(text) for text in smiles]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(places, smiles))
    for first, second in zip(alone, together, strict=True):
        assert np.array_equal(first, second)
    assert rdDepictor.GetPreferCoordGen() == prefers_coord_gen


def test_a_plain_molecule_is_laid_out_by_rdkit_alone():
    mol = Chem.MolFromSmiles(IBUPROFEN)
    rdDepictor.Compute2DCoords(mol)
    rdDepictor.StraightenDepiction(mol)
    expected = mol.GetConformer().GetPositions()[:, :2]
    places = layout(Chem.MolFromSmiles(IBUPROFEN)).places
    expected *= BOND / np.linalg.norm(expected[0] - expected[1])
    assert np.allclose(places, expected, atol=1e-2)


@pytest.mark.parametrize("smiles", [FERROCENE, SANDWICHES[1]])
def test_ferrocene_stands_upright(smiles):
    laid = layout(molecule(smiles).mol)
    width, height = np.ptp(laid.places, axis=0)
    assert height > 2 * width


@pytest.mark.parametrize("smiles", ["[125I]c1ccccc1", "CC[18F]", "[2H]c1ccccc1"])
def test_a_mass_number_does_not_touch_its_symbol(smiles):
    drawing = draw_letters(flat_copy(Chem.MolFromSmiles(smiles)), 48, 33, 1)
    symbol = next(letter for letter in drawing.letters if letter.text in "IFH")
    digits = [letter for letter in drawing.letters if letter.text.isdigit()]
    last = max(digit.x for digit in digits)
    assert symbol.x - last > 0.6 * digits[0].size
