"""Structures made to take RDKit's time and memory are refused; real ones never are."""

import random
import time

import networkx as nx
import pytest
from conftest import ROOT
from rdkit import Chem

from graphormer.graphs.molecules import mol_block, molecule
from graphormer.smiles import bounds
from molxai.explanation.inputs import read_inputs

SECONDS = 20
"""More than any of these takes on a busy machine, and less than RDKit would take."""


def woven(graph, symbol):
    """A SMILES that writes each bond of a graph as a ring closure."""
    index = {node: number for number, node in enumerate(graph)}
    number_of = {frozenset(pair): number for number, pair in enumerate(graph.edges, 1)}
    atoms = []
    for node in graph:
        neighbours = sorted(graph[node], key=index.get)
        numbers = [number_of[frozenset((node, neighbour))] for neighbour in neighbours]
        atoms.append(symbol + "".join(f"%({number})" for number in numbers))
    return ".".join(atoms)


def long_range(atoms, closures, seed):
    graph = nx.path_graph(atoms)
    draw = random.Random(seed)
    while graph.number_of_edges() < atoms - 1 + closures:
        graph.add_edge(*draw.sample(range(atoms), 2))
    return graph


def chain(graph, symbol):
    """A SMILES of a chain with ring closures, which writes only these as closures."""
    closures = {
        frozenset(pair): number
        for number, pair in enumerate(graph.edges, 1)
        if abs(pair[0] - pair[1]) > 1
    }
    atoms = []
    for node in graph:
        bonds = [frozenset((node, neighbour)) for neighbour in graph[node]]
        numbers = [closures[bond] for bond in bonds if bond in closures]
        atoms.append(symbol + "".join(f"%({number})" for number in numbers))
    return "".join(atoms)


def necklace(beads, ways=2):
    """A circle of four-membered rings: 2**beads large rings, as each bead has two ways through."""
    graph = nx.Graph()
    for bead in range(beads):
        for way in range(ways):
            nx.add_path(graph, [bead, (bead, way), (bead + 1) % beads])
    return graph


def phenylenes(rings):
    """[n]cycloparaphenylene: benzene rings in a circle, each of which can be passed in two ways."""
    graph = nx.Graph()
    for ring in range(rings):
        nx.add_cycle(graph, [(ring, atom) for atom in range(6)])
        graph.add_edge((ring, 3), ((ring + 1) % rings, 0))
    return graph


def nanotube(around, length):
    """A zigzag tube: rows of hexagons, closed to a belt."""
    graph = nx.Graph()
    for row in range(length):
        for column in range(2 * around):
            graph.add_edge((column, row), ((column + 1) % (2 * around), row))
            if (column + row) % 2 == 0 and row + 1 < length:
                graph.add_edge((column, row), (column, row + 1))
    return graph


def armchair(around, length):
    """An armchair tube: its belts are one family of rings, too many for a bound by bonds alone."""
    graph = nx.Graph()
    for row in range(2 * around):
        nx.add_path(graph, [(column, row) for column in range(length)])
        rungs = range(row % 2, length, 2)
        graph.add_edges_from(
            ((column, row), (column, (row + 1) % (2 * around))) for column in rungs
        )
    return nx.k_core(graph, 2)


def fullerene():
    """C60: each corner of an icosahedron is cut off."""
    icosahedron = nx.icosahedral_graph()
    faces = nx.check_planarity(icosahedron)[1]
    graph = nx.Graph()
    for corner in icosahedron:
        around = list(faces.neighbors_cw_order(corner))
        for left, right in zip(around, around[1:] + around[:1], strict=True):
            graph.add_edge((corner, left), (corner, right))
    for start, end in icosahedron.edges:
        graph.add_edge((start, end), (end, start))
    return graph


def cyclodextrin(glucoses):
    rings = range(10, 10 + glucoses)
    return "O1" + "O".join(f"C%{ring}OC(CO)C(C(O)C%{ring}O)" for ring in rings) + "1"


HOSTILE = {
    "woven 8-regular": woven(nx.random_regular_graph(8, 300, seed=0), "[Fe]"),
    "woven in circles": woven(nx.circulant_graph(300, [1, 7, 50, 111]), "[Fe]"),
    "woven in a circle of two": woven(nx.circulant_graph(300, [1, 17]), "[Fe]"),
    "long-range closures": woven(long_range(300, 900, seed=0), "[Fe]"),
    "long-range closures in a chain": chain(long_range(500, 400, seed=0), "[Fe]"),
    "each with each": woven(nx.complete_graph(40), "[Fe]"),
    "20 with 20": woven(nx.complete_bipartite_graph(20, 20), "[Fe]"),
    "2 with 500": woven(nx.complete_bipartite_graph(2, 500), "[Fe]"),
    "hypercube": woven(nx.hypercube_graph(8), "[Fe]"),
    "necklace": woven(necklace(20), "C"),
    "necklace, counted beyond 32 bits": woven(necklace(40), "C"),
    "necklace of 3**21": woven(necklace(21, 3), "[Fe]"),
    "phenylenes": woven(phenylenes(24), "C"),
    "torus": woven(nx.hexagonal_lattice_graph(16, 18, periodic=True), "C"),
    "letters": "C" * 10**7,
    "open closures": "C" + "".join(f"%({number})" for number in range(10**5)),
    "closures on one atom": "C" + "12" * 40_000,
    "hydrogens in a ring": "[H]1" + "[H]" * 15_000 + "[H]1C",
    "brackets": "[" * 90_000,
    "brackets with letters": "[Fe" * 30_000,
    "parentheses": "C" + "(" * 90_000,
    "pairs of parentheses": "C(" * 30_000 + "C" + ")" * 30_000,
    "bonds": "C" + "=" * 90_000,
    "charges": "[C" + "+" * 90_000 + "]",
    "isotope": "[" + "9" * 90_000 + "C]",
    "fragments": ".".join("C" * 40_000),
    "block of radicals": "CC |" + "^1:0," * 19_000 + "|",
    "an InChI": "InChI=1S/C900H1802/c" + "-".join(map(str, range(1, 901))),
    "a long InChI": "InChI=1S/" + "C" * 10**7,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_soon(text):
    began = time.perf_counter()
    try:
        molecule(text)
    except ValueError as error:
        assert "\n" not in str(error) and len(str(error)) < 400
    else:
        assert text.startswith("CC |")  # RDKit passes over what names an atom twice
    assert time.perf_counter() - began < SECONDS


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (
            HOSTILE["woven 8-regular"],
            "2400 numbers of ring closures: the limit for so few atoms is 1260",
        ),
        (HOSTILE["long-range closures in a chain"], "400 independent rings: the limit is 330"),
        (HOSTILE["2 with 500"], "2000 numbers of ring closures"),
        (
            woven(nx.complete_bipartite_graph(2, 100), "[Fe]"),
            "4950 rings of four atoms: the limit is 2000",
        ),
        (HOSTILE["necklace"], "1048596 equally short rings: the limit is 1100"),
        (HOSTILE["necklace, counted beyond 32 bits"], "billions of equally short rings"),
        (HOSTILE["necklace of 3**21"], "billions of equally short rings"),
        (HOSTILE["letters"], "10000000 letters: the limit is 1000000"),
        (HOSTILE["closures on one atom"], "80000 numbers of ring closures"),
        (HOSTILE["hydrogens in a ring"], "15003 atoms with hydrogens: the limit is 3000"),
        (HOSTILE["fragments"], "40000 heavy atoms: the limit is 600"),
    ],
)
def test_the_error_tells_what_was_counted(text, count):
    with pytest.raises(ValueError) as caught:
        molecule(text)
    assert count in str(caught.value)


REAL = {
    "C60": woven(fullerene(), "c"),
    "[10]cycloparaphenylene": woven(phenylenes(10), "C"),
    "nanotube of 600 atoms": woven(nanotube(10, 30), "C"),
    "armchair nanotube": woven(armchair(3, 20), "C"),
    "graphene of 510 atoms": woven(nx.hexagonal_lattice_graph(15, 15), "c"),
    "cubane": "C12C3C4C1C5C2C3C45",
    "dodecahedrane": woven(nx.dodecahedral_graph(), "C"),
    "ladderane": woven(nx.ladder_graph(290), "C"),
    "600 atoms with all hydrogens": "C([H])([H])" * 599 + "C",
    "fragments": ".".join(["[Na+]", "[Cl-]"] * 300),
    "dendrimer": "C(C(C(C)C)C(C)C)" * 75,
    "γ-cyclodextrin": cyclodextrin(8),
}


@pytest.mark.parametrize("text", REAL.values(), ids=REAL)
def test_real_structures_are_read(text):
    assert molecule(text).graph.nodes == molecule(text).mol.GetNumHeavyAtoms() > 0


def test_drugs_need_no_further_look():
    for drug in read_inputs([str(ROOT / "datasets/drugs/drugs.csv")]):
        assert not bounds.check_text(drug.text.split()[0], 600) or "1" in drug.text
        assert drug.subject


def v3000(atoms, pairs, symbol="C"):
    atom_lines = "".join(f"M  V30 {atom} {symbol} 0 0 0 0\n" for atom in range(1, atoms + 1))
    bond_lines = "".join(
        f"M  V30 {bond} 1 {start + 1} {end + 1}\n" for bond, (start, end) in enumerate(pairs, 1)
    )
    return (
        "\n  x\n\n  0  0  0     0  0            999 V3000\nM  V30 BEGIN CTAB\n"
        f"M  V30 COUNTS {atoms} {len(pairs)} 0 0 0\n"
        f"M  V30 BEGIN ATOM\n{atom_lines}M  V30 END ATOM\n"
        f"M  V30 BEGIN BOND\n{bond_lines}M  V30 END BOND\nM  V30 END CTAB\nM  END\n"
    )


@pytest.mark.parametrize(
    ("graph", "count"),
    [
        (nx.random_regular_graph(8, 300, seed=0), "901 independent rings"),
        (necklace(11), "2059 equally short rings"),
        (nx.cycle_graph(15_000), "15000 atoms with hydrogens"),
    ],
    ids=["woven", "necklace", "ring"],
)
def test_hostile_blocks_are_refused(graph, count):
    graph = nx.convert_node_labels_to_integers(graph)
    with pytest.raises(ValueError) as caught:
        mol_block(v3000(len(graph), list(graph.edges), "Fe"))
    assert count in str(caught.value)
    if len(graph) < 150:
        mol = Chem.RWMol()
        for _ in graph:
            mol.AddAtom(Chem.Atom("Fe"))
        for start, end in graph.edges:
            mol.AddBond(start, end, Chem.BondType.SINGLE)
        with pytest.raises(ValueError) as caught:
            mol_block(Chem.MolToMolBlock(mol, kekulize=False))
        assert count in str(caught.value)


def test_a_block_of_many_letters():
    with pytest.raises(ValueError, match="a record of 2000000 letters"):
        mol_block("x" * 2_000_000)


def test_counts_of_rings_are_right():
    """Against networkx's own search, on small graphs."""
    for seed in range(12):
        graph = nx.gnm_random_graph(9, 13, seed=seed)
        systems = bounds._ring_systems(graph.edges)
        squares = sum(len(cycle) == 4 for cycle in nx.simple_cycles(graph, length_bound=4))
        assert bounds._squares(systems) == squares
        assert bounds._independent_rings(graph.edges) == len(nx.cycle_basis(graph))
        assert set(systems) == set(nx.k_core(graph, 2))
        shortest = nx.minimum_cycle_basis(graph)
        assert bounds._geodesic_rings(systems, max(map(len, shortest))) >= len(shortest)
