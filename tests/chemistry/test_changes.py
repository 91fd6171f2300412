"""Matched pairs of a series: the pairs that a comparison of every two molecules finds."""

import csv
import json
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev

import pytest
from rdkit import Chem
from rdkit.Chem import rdFMCS, rdMMPA

import molxai
from molxai import Explainer
from molxai.chemistry.changes import LARGEST_CHANGE, Member, changes, single_changes
from molxai.chemistry.grouping import pieces

SERIES = (
    "c1ccccc1CCN",
    "Fc1ccc(CCN)cc1",
    "Fc1cccc(CCN)c1",
    "Clc1ccc(CCN)cc1",
    "COc1ccc(CCN)cc1",
    "Oc1ccc(CCN)cc1",
    "Fc1ccc(CCO)cc1",
    "Fc1ccc(CC(C)N)cc1",
    "Fc1ccc(CCN)cc1F",
    "c1ccncc1CCN",
    "Fc1ccc(CCNC)cc1",
    "FC(F)(F)c1ccc(CCN)cc1.Cl",
    "CC(C)(C)c1ccc(CCN)cc1",
    "[Na+].[Cl-]",
)


def found(smiles):
    """The changes by the places of the two molecules."""
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    return {
        frozenset((a.place, b.place)): (a.smiles, b.smiles, a.attached_to)
        for a, b in single_changes(mols)
    }


def witness(smiles):
    """Pairs whose maximum common substructure leaves one piece at one bond, or a hydrogen."""
    mols = [
        max(Chem.GetMolFrags(Chem.MolFromSmiles(text), asMols=True), key=size) for text in smiles
    ]
    pairs = set()
    for (i, a), (j, b) in combinations(enumerate(mols), 2):
        result = rdFMCS.FindMCS(
            [a, b], ringMatchesRingOnly=True, completeRingsOnly=True, timeout=10
        )
        core = Chem.MolFromSmarts(result.smartsString) if result.numAtoms else None
        if core and any(
            is_one_change(a, b, first, second)
            for first in a.GetSubstructMatches(core, uniquify=False)
            for second in b.GetSubstructMatches(core)
        ):
            pairs.add(frozenset((i, j)))
    return pairs


def size(mol):
    return mol.GetNumAtoms()


def is_one_change(a, b, first, second):
    """Whether what is beside the common atoms hangs, in both, at one bond of the same atom."""
    places = []
    for mol, match in ((a, first), (b, second)):
        rest = list(pieces(mol, frozenset(range(size(mol))) - set(match)))
        if len(rest) > 1 or 2 * sum(map(len, rest)) >= size(mol):
            return False
        ends = [
            match.index(neighbour.GetIdx())
            for piece in rest
            for atom in piece
            for neighbour in mol.GetAtomWithIdx(atom).GetNeighbors()
            if neighbour.GetIdx() in match
        ]
        if len(ends) > 1 or any(len(piece) > LARGEST_CHANGE for piece in rest):
            return False
        places += ends
    return len(places) > 0 and len(set(places)) == 1


def constants(smiles):
    """What RDKit's single cuts of a molecule leave, with what is cut off, by SMILES."""
    mol = max(Chem.GetMolFrags(Chem.MolFromSmiles(smiles), asMols=True), key=size)
    cuts = [
        pieces.split(".") for _, pieces in rdMMPA.FragmentMol(mol, maxCuts=1, resultsAsMols=False)
    ]
    both = [pair for first, second in cuts for pair in ((first, second), (second, first))]
    kept = {}
    for constant, changed in both:
        heavy = [Chem.MolFromSmiles(text).GetNumHeavyAtoms() for text in (constant, changed)]
        if heavy[1] <= LARGEST_CHANGE and heavy[1] < heavy[0]:
            kept.setdefault(constant, set()).add(changed)
    return Chem.MolToSmiles(mol), kept


def pairs_of_cuts(smiles):
    """Pairs with a constant part in common, compared one by one."""
    pairs = set()
    for (i, a), (j, b) in combinations(enumerate(map(constants, smiles)), 2):
        shared = [text for text in a[1] if text in b[1] and a[1][text] != b[1][text]]
        capped = [
            {Chem.CanonSmiles(text.replace("[*:1]", "[H]")) for text in kept} for _, kept in (a, b)
        ]
        if a[0] != b[0] and (shared or a[0] in capped[1] or b[0] in capped[0]):
            pairs.add(frozenset((i, j)))
    return pairs


def test_pairs_are_those_of_every_two_molecules():
    assert set(found(SERIES)) == pairs_of_cuts(SERIES)


def test_pairs_that_differ_by_one_piece_are_found():
    pairs = set(found(SERIES))
    by_substructure = witness(SERIES)
    assert len(by_substructure) > 20 and by_substructure <= pairs
    # These differ in two pieces on one atom: the smallest change that is one piece has that atom.
    assert pairs - by_substructure == {frozenset(pair) for pair in ((6, 7), (7, 10), (11, 12))}


def test_known_changes_are_named():
    pairs = found(SERIES)
    assert pairs[frozenset((0, 1))] == ("*[H]", "*F", "c")
    assert pairs[frozenset((4, 5))] == ("*O", "*OC", "c")
    assert pairs[frozenset((1, 3))] == ("*Cl", "*F", "c")
    assert pairs[frozenset((1, 6))] == ("*N", "*O", "C")
    assert pairs[frozenset((1, 7))] == ("*[H]", "*C", "C")
    assert pairs[frozenset((1, 10))] == ("*N", "*NC", "C")
    assert pairs[frozenset((0, 11))] == ("*[H]", "*C(F)(F)F", "c")
    assert frozenset((1, 2)) not in pairs  # para against meta
    assert frozenset((0, 9)) not in pairs  # within the ring


@pytest.mark.parametrize(
    ("smiles", "change"),
    [
        (("c1cc[nH]c1CCC", "c1ccn(C)c1CCC"), ("*[H]", "*C", "n")),
        (("C[C@H](F)c1ccccc1", "C[C@@H](F)c1ccccc1"), ("*[C@@H](C)F", "*[C@H](C)F", "c")),
        (("C[C@H](F)c1ccccc1", "C[C@H](Cl)c1ccccc1"), ("*Cl", "*F", "C")),
        (("CC(F)c1ccccc1", "CCc1ccccc1"), ("*[H]", "*F", "C")),
        (("C[C@H](F)c1ccccc1", "CCc1ccccc1"), ("*[H]", "*F", "C")),
        (("c1ccccc1", "c1ccccc1"), None),
        (("Cc1ccc(C)cc1", "Cc1ccc(F)cc1"), ("*C", "*F", "c")),
        (("C/C=C/c1ccccc1", "C/C=C\\c1ccccc1"), ("*/C=C/C", "*/C=C\\C", "c")),
        (("CCO", "CCN"), ("*N", "*O", "C")),
        (("CO", "CN"), None),  # what stays is no larger than what is changed
        ((), None),
    ],
)
def test_of_two_molecules(smiles, change):
    assert list(found(smiles).values()) == ([change] if change else [])


def test_cuts_are_those_of_rdkit():
    for text in SERIES[:10]:
        mol = Chem.MolFromSmiles(text)
        pieces_of = [
            pieces for _, pieces in rdMMPA.FragmentMol(mol, maxCuts=1, resultsAsMols=False)
        ]
        expected = {text.replace("[*:1]", "*") for both in pieces_of for text in both.split(".")}
        expected = {Chem.CanonSmiles(text) for text in expected}
        from molxai.chemistry.changes import _cuts, _largest

        seen = {
            Chem.CanonSmiles(text)
            for way in _cuts(0, _largest(mol))
            for text in (way[0], way[1].smiles)
        }
        small = [text for text in expected if Chem.MolFromSmiles(text).GetNumHeavyAtoms() < 2]
        assert seen <= expected and set(small) <= seen


@pytest.fixture(scope="module")
def series():
    explanations = Explainer("bace")(list(SERIES), target="active")
    return [(f"m{place}", explanation) for place, explanation in enumerate(explanations)]


def test_numbers_are_those_of_the_explanations(series):
    measured = [float(place) if place % 3 else None for place in range(len(series))]
    table = molxai.matched_pairs(series, measured)
    assert sum(len(change.pairs) for change in table) == len(found(SERIES))
    for change in table:
        for pair in change.pairs:
            i, j = pair.places
            a, b = series[i][1], series[j][1]
            assert (pair.a, pair.b) == (f"m{i}", f"m{j}")
            assert pair.delta == b.logit - a.logit
            both = b.relevance.sum() - a.relevance.sum()
            assert pair.changed + pair.rest == pytest.approx(float(both), abs=1e-5)
            parts = [a.relevance[list(pair.atoms[0])].sum(), b.relevance[list(pair.atoms[1])].sum()]
            assert pair.changed == pytest.approx(float(parts[1] - parts[0]), abs=1e-5)
            known = None not in (measured[i], measured[j])
            assert pair.delta_measured == (measured[j] - measured[i] if known else None)
        deltas = [pair.delta for pair in change.pairs]
        assert change.mean == pytest.approx(fmean(deltas))
        assert change.sd == (pytest.approx(stdev(deltas)) if len(deltas) > 1 else None)
    totals = [abs(change.mean) * len(change.pairs) for change in table]
    assert totals == sorted(totals, reverse=True)


def test_a_prediction_that_stays_has_no_share():
    mols = [Chem.MolFromSmiles(text) for text in SERIES[:2]]
    members = [Member(str(i), mol, 1.0, [0.1] * size(mol)) for i, mol in enumerate(mols)]
    (change,) = changes(members)
    assert change.mean == 0 and change.share is None and change.mean_measured is None


def test_the_command_writes_them(command):
    with Path("s.csv").open("w", newline="") as file:
        rows = [(f"m{i}", text, "" if i == 3 else i) for i, text in enumerate(SERIES)]
        csv.writer(file).writerows([("id", "smiles", "pIC50"), *rows])
    options = ("fragments", "s.csv", "--matched-pairs")
    assert command(*options, "--target-columns", "pIC50", "-o", "p.json")[0] == 0
    content = json.loads(Path("p.json").read_text())
    assert content["molecules"] == len(SERIES)
    pairs = [(pair["a"], pair["b"]) for each in content["changes"] for pair in each["pairs"]]
    assert {frozenset(int(name[1:]) for name in pair) for pair in pairs} == set(found(SERIES))
    assert command(*options, "-o", "p.csv")[0] == 0
    lines = list(csv.DictReader(Path("p.csv").read_text().splitlines()))
    assert [(line["A"], line["B"]) for line in lines] == pairs
    code, out, _ = command(*options, "--target-columns", "pIC50")
    assert code == 0 and "*[H] → *F" in out and "measured Δ" in out
    code, _, error = command("fragments", "CCO", "c1ccccc1", "--matched-pairs")
    assert code == 0 and "no matched pairs among 2 molecules" in error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--core", "mcs"), "two tables"),
        (("--columns", "id"), "no columns of the table"),
        (("--target-columns", "nix"), "no column 'nix'"),
        (("--target-columns", "note"), "no numbers in the column 'note'"),
    ],
)
def test_what_has_no_pairs_is_refused(command, options, words):
    Path("s.csv").write_text("id,smiles,note\na,CCO,x\nb,CCN,y\n")
    code, _, error = command("fragments", "s.csv", "--matched-pairs", *options)
    assert code == 2 and words in error
