"""The graphs of many molecules at once.

What a graph is made of is the same for one molecule and for a thousand, but NumPy takes a thousand
molecules as fast as one. Two ideas save most:

- A set of atoms is a 64-bit word, a bit for each atom of the molecule. The words of all atoms grow
  by a bond in each step, and the step in which a bit is set is the distance.
- All descriptions of a pair are known beforehand (`pattern_table`), so a pair's is a number, made
  of its distance and the types of the bonds on its path.

Molecules of more than 64 atoms take `hop_distance` and `pattern_numbers`, one by one.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy import ndarray

from graphormer.graphs.atoms import (
    ATOM_NUMBERS,
    ATOMIC_NUMBERS,
    BONDS,
    HYBRIDISATIONS,
    LARGEST_CHARGE,
    LARGEST_DEGREE,
    MOLECULES,
    MOST_HYDROGENS,
    OTHER_ELEMENT,
    RING_SIZES,
    TOLD,
    TYPES,
    Facts,
)
from graphormer.graphs.block import Block
from graphormer.graphs.environments import environment_codes
from graphormer.graphs.graph import Graph, graph
from graphormer.graphs.pairs import hop_distance, neighbours_of, pattern_numbers, pattern_table

WORD = 64
"""Atoms of a molecule whose sets are one word."""

TOGETHER = 1024
"""Molecules that are taken together: more would only take more memory."""

FEATURE_OFFSETS = np.array(
    [MOLECULES.offsets[name] for name in MOLECULES.feature_names[: MOLECULES.stated]]
)
"""First entry of each feature but the environments, in the order of `own_codes`."""


def _table(entries: dict[int, int], size: int, other: int) -> ndarray:
    """An entry for each number below `size`."""
    table = np.full(size, other)
    table[list(entries)] = list(entries.values())
    return table


ELEMENT_OF = _table(
    {number: entry for entry, number in enumerate(ATOMIC_NUMBERS)},
    size=256,
    other=OTHER_ELEMENT,
)
"""Entry of each atomic number."""

HYBRIDISATION_OF = _table(
    {int(kind): entry for entry, kind in enumerate(HYBRIDISATIONS)},
    size=16,
    other=len(HYBRIDISATIONS),
)
"""Entry of each of RDKit's hybridisations."""

LARGEST_RING = max(RING_SIZES) + 1
"""Rings of this size and larger share the last entry."""

RING_OF = _table(
    {size: entry for entry, size in enumerate(RING_SIZES)},
    size=LARGEST_RING + 1,
    other=len(RING_SIZES),
)
"""Entry of each size of an atom's smallest ring."""

TYPE_OF = _table(
    {int(2 * order): BONDS.index(name) for order, name in TYPES.items()}
    | {2 * (TOLD + index): index for index in range(len(BONDS))},
    size=2 * (TOLD + len(BONDS)),
    other=BONDS.index("other"),
)
"""Edge type of twice the order of a bond."""

SINGLE_IN_RING = BONDS.index("single in ring")


def molecule_block(molecules: Sequence[Facts]) -> Block:
    """The graphs of the molecules, in their order."""
    codes = []
    pairs: list[ndarray] = []
    for begin in range(0, len(molecules), TOGETHER):
        flat = _Flat(molecules[begin : begin + TOGETHER])
        codes.append(flat.codes())
        pairs += flat.pairs()
    all_codes = np.concatenate(codes)
    weights = np.ones(all_codes.shape, np.float32)
    sizes = [molecule.nodes for molecule in molecules]
    return Block(MOLECULES, sizes, all_codes.astype(np.int32), weights, pairs)


def molecule_graph(molecule: Facts) -> Graph:
    """The graph of a molecule, as a value of its own."""
    flat = _Flat([molecule])
    codes = flat.own_codes()
    return graph(MOLECULES, codes, np.ones(codes.shape), flat.edges, flat.types)


class _Flat:
    """Some molecules, whose atoms are numbered one after the other."""

    def __init__(self, molecules: Sequence[Facts]) -> None:
        self.molecules = molecules
        self.sizes = np.array([molecule.nodes for molecule in molecules])
        self.first = np.cumsum(self.sizes) - self.sizes  # first atom of each molecule
        self.nodes = int(self.sizes.sum())
        bonds = [len(molecule.start) for molecule in molecules]
        shift = np.repeat(self.first, bonds)
        start = np.concatenate([molecule.start for molecule in molecules]) + shift
        end = np.concatenate([molecule.end for molecule in molecules]) + shift
        self.edges = np.stack([start, end])  # ascending
        self.ring_size, is_in_ring = self._rings()
        order = np.concatenate([molecule.order for molecule in molecules])
        self.types = TYPE_OF[(2 * order).astype(np.int64)]
        self.types[(order == 1) & is_in_ring] = SINGLE_IN_RING

    def _rings(self) -> tuple[ndarray, ndarray]:
        """Size of each atom's smallest ring, 0 for none, and whether each bond is in a ring."""
        size = np.full(self.nodes, LARGEST_RING)
        is_in_ring = np.zeros(self.edges.shape[1], bool)
        lengths = [len(ring) for molecule in self.molecules for ring in molecule.rings]
        if not lengths:
            return np.zeros_like(size), is_in_ring
        shift = np.repeat(self.first, [len(molecule.rings) for molecule in self.molecules])
        rings = chain.from_iterable(molecule.rings for molecule in self.molecules)
        atoms = np.array(list(chain.from_iterable(rings))) + np.repeat(shift, lengths)
        np.minimum.at(size, atoms, np.repeat(lengths, lengths))
        is_outside = np.ones(self.nodes, bool)
        is_outside[atoms] = False
        size[is_outside] = 0
        last = np.cumsum(lengths) - 1
        following = np.roll(atoms, -1)
        following[last] = atoms[last - lengths + 1]
        start, end = self.edges
        bonds = start * self.nodes + end  # ascending
        for a, b in ((atoms, following), (following, atoms)):
            is_in_ring[np.searchsorted(bonds, a * self.nodes + b)] = True
        return size, is_in_ring

    def codes(self) -> ndarray:
        """`[atoms, features]` entries of the table of nodes."""
        codes = self.own_codes()
        environments = environment_codes(MOLECULES, codes, self.edges, self.types)
        return np.concatenate([codes, environments], 1)

    def own_codes(self) -> ndarray:
        """`[atoms, stated features]` those of an atom's own features."""
        told = chain.from_iterable(molecule.atoms for molecule in self.molecules)
        numbers = np.array(list(told), dtype=np.int64).reshape(-1, ATOM_NUMBERS)
        element, charge, hydrogens, hybridisation, is_aromatic = numbers.T  # (atoms,) each
        start, _ = self.edges
        stereo = np.zeros(self.nodes, np.int64)
        for molecule, first in zip(self.molecules, self.first.tolist(), strict=True):
            for atom, entry in molecule.stereo.items():
                stereo[first + atom] = entry
        within = [
            ELEMENT_OF[element],
            np.minimum(np.bincount(start, minlength=self.nodes), LARGEST_DEGREE),
            np.clip(charge, -LARGEST_CHARGE, LARGEST_CHARGE) + LARGEST_CHARGE,
            np.minimum(hydrogens, MOST_HYDROGENS),
            HYBRIDISATION_OF[hybridisation],
            is_aromatic,
            RING_OF[self.ring_size],
            stereo,
        ]
        return np.stack(within, 1) + FEATURE_OFFSETS

    def pairs(self) -> Iterator[ndarray]:
        """`[atoms, atoms]` row of the table of patterns for each pair of a molecule's atoms."""
        numbers = self._numbers()
        bond = 0
        for first, molecule in zip(self.first.tolist(), self.molecules, strict=True):
            size = molecule.nodes
            own = slice(bond, bond + len(molecule.start))
            bond = own.stop
            if size <= WORD:
                yield numbers[first : first + size, :size]
                continue
            edges = self.edges[:, own] - first
            hops = hop_distance(size, edges)
            yield pattern_numbers(MOLECULES, hops, edges, self.types[own])

    def _numbers(self) -> ndarray:
        """`[atoms, 64]` the same for the other atoms of a molecule of up to 64 atoms."""
        of_atom = np.repeat(self.first, self.sizes)  # (atoms,) first atom of the same molecule
        local = np.arange(self.nodes) - of_atom
        is_small = np.repeat(self.sizes <= WORD, self.sizes)
        neighbours, types = neighbours_of(self.nodes, self.edges, self.types)
        hops = _hops(np.where(is_small, local, WORD), neighbours).ravel()  # (atoms * 64,)
        paths = np.zeros(len(hops), np.int32)
        columns = list(zip(local[neighbours].T, types.T.astype(np.int32), strict=True))
        for length in range(1, MOLECULES.path_hops + 1):
            pair = np.flatnonzero(hops == length)
            place = pair % WORD  # of the key in its molecule
            row = pair - place  # the query's pair with the first atom
            key = of_atom[pair // WORD] + place
            best = np.full(len(pair), np.iinfo(np.int32).max, np.int32)
            for before, last_type in columns:
                way = row + before[key]
                ends = np.flatnonzero(hops[way] == length - 1)  # the others lead back
                longer = paths[way[ends]] * len(BONDS) + last_type[key[ends]]
                best[ends] = np.minimum(best[ends], longer)
            paths[pair] = best
        numbers = pattern_table(MOLECULES).first[hops] + paths
        return numbers.astype(np.uint16).reshape(-1, WORD)


def _hops(place: ndarray, neighbours: ndarray) -> ndarray:
    """`[atoms, 64]` bucket of the distance from each atom to each place of its molecule.

    Args:
        place: `[atoms]` of each atom in its molecule; `WORD` for atoms that are left out.
        neighbours: `[atoms, largest degree]`.
    """
    is_in = place < WORD
    one = np.uint64(1) << np.minimum(place, WORD - 1).astype(np.uint64)
    reached = np.where(is_in, one, np.uint64(0))
    furthest = MOLECULES.max_hops
    planes = np.zeros((furthest.bit_length(), len(place)), np.uint64)  # bits of the distances
    growing = np.flatnonzero(is_in)
    distance = 0
    while len(growing):
        distance = min(distance + 1, furthest)
        before = reached[growing]
        after = before.copy()
        for neighbour in neighbours[growing].T:
            after |= reached[neighbour]
        new = after & ~before
        for bit, plane in enumerate(planes):
            if distance >> bit & 1:
                plane[growing] |= new
        reached[growing] = after
        growing = growing[new != 0]
    hops = np.zeros((len(place), WORD), np.uint8)
    for bit, plane in enumerate(planes):
        hops += _bits(plane) << bit
    hops[_bits(~reached).view(bool)] = furthest + 1
    return hops


def _bits(words: ndarray) -> ndarray:
    """`[words, 64]` the bits of each word, the lowest first."""
    octets = words.astype("<u8").view(np.uint8).reshape(-1, WORD // 8)
    return np.unpackbits(octets, axis=1, bitorder="little")
