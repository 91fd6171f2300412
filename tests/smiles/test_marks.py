"""What a graph cannot hold is said in a note, once for each kind; what it holds needs none."""

import pytest
from conftest import ROOT
from test_reading import ETHANOL, block

from graphormer.graphs.molecules import mol_block, molecule
from molxai.explanation.inputs import read_inputs


def with_lines(*lines):
    return ETHANOL.replace("M  END", "\n".join((*lines, "M  END")))


BLOCKS = {
    "alias": (with_lines("A    1", "Boc"), "atom 0 carries the alias 'Boc' and was read as C"),
    "aliases": (
        with_lines("A    1", "Boc", "A    3", "PG"),
        "aliases were not read: atom 0 'Boc' as C, atom 2 'PG' as O",
    ),
    "R": (ETHANOL.replace(" O  ", " R1 "), "atom 2 carries the label 'R1' and was read as 'other'"),
    "pseudoatom": (
        ETHANOL.replace(" O  ", " Pol"),
        "atom 2 carries the label 'Pol' and was read as 'other'",
    ),
    "A": (
        ETHANOL.replace(" O  ", " A  "),
        "query atoms were read as one element: atom 2 ([!#1]) as 'other'",
    ),
    "Q": (
        ETHANOL.replace(" O  ", " Q  "),
        "query atoms were read as one element: atom 2 ([!#6&!#1]) as 'other'",
    ),
    "X": (
        ETHANOL.replace(" O  ", " X  "),
        "query atoms were read as one element: atom 2 ([#9,#17,#35,#53,#85]) as 'other'",
    ),
    "list": (
        with_lines("M  ALS   3  2 F N   O   ").replace(" O  ", " L  ", 1),
        "query atoms were read as one element: atom 2 ([#7,#8]) as 'other'",
    ),
    "attachment": (
        with_lines("M  APO  1   1   1"),
        "attachment points at atom 0 were read as hydrogens",
    ),
    "radical": (with_lines("M  RAD  1   1   2"), "radical centre at atom 0"),
    "abbreviation": (
        with_lines("M  STY  1   1 SUP", "M  SAL   1  2   1   2", "M  SMT   1 Et"),
        "abbreviations were read as drawn: 'Et' (2 atoms)",
    ),
    "polymer": (
        with_lines(
            "M  STY  1   1 SRU", "M  SAL   1  1   2", "M  SBL   1  2   1   2", "M  SMT   1 n"
        ),
        "repeating units were read once: 'n' (SRU)",
    ),
    "multiple group": (
        with_lines(
            "M  STY  1   1 MUL", "M  SAL   1  2   1   2", "M  SPA   1  1   1", "M  SMT   1 2"
        ),
        "multiple groups were read as drawn: 2 atoms",
    ),
    "wavy": (
        ETHANOL.replace("  1  2  1  0", "  2  1  1  4"),
        "stereo marked as unknown was left open: atom 1",
    ),
    "crossed": (
        block("CCCC", [(1, 2, 1), (2, 3, 2), (3, 4, 1)]).replace("  2  3  2  0", "  2  3  2  3"),
        "stereo marked as unknown was left open: bond 1–2",
    ),
    "link node": (with_lines("M  LIN  1   2   3   1   3"), "link nodes were read once"),
} | {
    f"bond {number}": (
        ETHANOL.replace("  1  2  1", f"  1  2{number:3d}"),
        f"bonds outside the vocabulary were read as 'other': 0–1 ({name})",
    )
    for number, name in {
        5: "single or double",
        6: "single or aromatic",
        7: "double or aromatic",
        8: "any",
        9: "dative",
        10: "hydrogen",
    }.items()
}


@pytest.mark.parametrize(("text", "note"), BLOCKS.values(), ids=BLOCKS)
def test_marks_of_a_block(text, note):
    notes = molecule(mol_block(text)).notes
    assert any(text.startswith(note) for text in notes), notes


TEXTS = {
    "[C][C][O]": "radical centres at atoms 0, 1, 2: "
    "brackets such as [C] hold no hydrogens unless these are written",
    "[#6]1[#6][#6]1": "radical centres at atoms 0, 1, 2",
    "[Cl].CC(C)NCC(O)COc1ccccc1": "radical centre at atom 0",
    "[C]" * 9: "radical centres at atoms 0, 1, 2, 3, 4 and 4 more",
    "CN(C)[O]": "radical centre at atom 3",
    "CC |^1:0|": "radical centre at atom 0",
    "C~C": "bonds outside the vocabulary were read as 'other': 0–1 (query)",
    "N->[Cu]": "bonds outside the vocabulary were read as 'other': 0–1 (dative)",
    "CC[C@H](F)O |&1:2|": "stereo marked as racemic (&) at atom 2 was read as drawn",
    "C[C@H](F)[C@H](F)O |o1:1,3|": "stereo marked as relative (o) at atoms 1, 3 was read as drawn",
    "CC=CC |w:1.0|": "stereo marked as unknown was left open: atom 1, bond 1–2",
    "CC(F)O |w:1.2|": "stereo marked as unknown was left open: atom 1",
    "*CC(F)O |$R1;;Boc;;;$|": "aliases were not read: atom 0 'R1' as 'other', atom 2 'Boc' as C",
    "CCC |Sg:n:1:n:ht|": "repeating units were read once: 'n' (SRU)",
    "*CO": "atom 0 (*) is outside the vocabulary: read as 'other'",
    "C[U].[U].[Np]": "atoms 1, 2 (U) are outside the vocabulary: read as 'other'",
}


@pytest.mark.parametrize(("text", "note"), TEXTS.items())
def test_marks_of_a_text(text, note):
    notes = molecule(text).notes
    assert any(text.startswith(note) for text in notes), notes


def test_a_note_calls_an_atom_by_its_node():
    assert "radical centre at atom 1" in molecule("[2H]C[CH2]").notes[1]
    assert "racemic (&) at atom 1 was" in molecule("[2H]C[C@H](F)O |&1:2|").notes[1]


@pytest.mark.parametrize(
    "smiles",
    [
        "CC(F)Cl",  # a centre without any mark
        "CC[C@H](F)O |a:2|",
        "[O-][N+](=O)c1ccccc1",
        "[C-]#[N+]C",
        "c1cc[nH]c1",
        "[Na+].[Cl-]",
        "[Fe]",
        "[H][H]",
        "CC=CC |c:1|",
        "N[C@@H](C)C(=O)O",
    ],
)
def test_what_needs_no_note(smiles):
    assert molecule(smiles).notes == ()


def test_most_drugs_have_no_notes():
    drugs = list(read_inputs([str(ROOT / "datasets/drugs/drugs.csv")]))
    with_notes = [drug for drug in drugs if drug.subject.notes]
    assert len(with_notes) <= len(drugs) // 10
