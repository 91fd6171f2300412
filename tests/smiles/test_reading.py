"""Text of structures: what RDKit reads, and one line with its reason for what it does not."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from rdkit import Chem

from graphormer.graphs.molecules import canonical, mol_block, molecule, split_smiles
from graphormer.smiles.notation import foreign_notation
from graphormer.smiles.syntax import syntax_fault

ATOM_LINE = "    0.0000    0.0000    0.0000 {:<3} 0  0\n"


def block(symbols, bonds):
    counts = f"{len(symbols):3d}{len(bonds):3d}  0  0  0  0  0  0  0  0999 V2000\n"
    atom_lines = "".join(ATOM_LINE.format(symbol) for symbol in symbols)
    bond_lines = "".join(f"{start:3d}{end:3d}{kind:3d}  0\n" for start, end, kind in bonds)
    return f"name\n  x\n\n{counts}{atom_lines}{bond_lines}M  END\n"


ETHANOL = block("CCO", [(1, 2, 1), (2, 3, 1)])
V3000 = """
  x

  0  0  0     0  0            999 V3000
M  V30 BEGIN CTAB
M  V30 COUNTS 2 1 0 0 0
M  V30 BEGIN ATOM
M  V30 1 C 0 0 0 0
M  V30 2 O 1 0 0 0
M  V30 END ATOM
M  V30 BEGIN BOND
M  V30 1 1 1 2
M  V30 END BOND
M  V30 END CTAB
M  END
"""

SMILES_REASONS = {
    "c1ccc2nccc2c1": "Can't kekulize mol. Unkekulized atoms: 0 1 2 3 4 5 6 7 8",
    "CC(C)(C)(C)C": "Explicit valence for atom # 1 C, 5, is greater than permitted",
    "CCl(C)C": "Explicit valence for atom # 1 Cl, 3, is greater than permitted",
    "C1CC": "unclosed ring 1",
    "C%12CC3": "unclosed ring 12, 3",
    "CC(=O": "extra open parentheses around position 3",
    "CC=O)C": "extra close parentheses around position 5",
    "C11": "duplicated ring closure 1 bonds atom 0 to itself",
    "C12CC12C1": "duplicates bond",
    "C==C": "syntax error around position 3",
    "C((C))": "syntax error around position 3",
    "C()C": "syntax error around position 3",
    "C=": "syntax error around position 2",
    "C[N": "syntax error around position 3",
    "[Xx]": "syntax error around position 2",
    "C\x00C": "syntax error around position 2",
}


@pytest.mark.parametrize(("smiles", "reason"), SMILES_REASONS.items())
def test_the_reason_is_in_the_error(smiles, reason, capfd):
    with pytest.raises(ValueError, match="RDKit cannot read the SMILES") as caught:
        molecule(smiles)
    message = str(caught.value)
    assert reason in message
    assert message.rpartition("; ")[2]  # what to do
    assert "\n" not in message and len(message) < 400
    assert capfd.readouterr().err == ""


BLOCK_REASONS = {
    "a blank line": (
        ETHANOL.replace("M  END", "\nM  END"),
        "unexpected blank line found at line 10",
    ),
    "no end": (ETHANOL.replace("M  END\n", ""), "line 10"),
    "an element": (ETHANOL.replace(" O  ", " cl "), "Element 'cl' not found (line 7 of the block)"),
    "an element in V3000": (
        V3000.replace("2 O 1", "2 Zz 1"),
        "Element 'Zz' not found (line 9 of the block)",
    ),
    "five bonds": (
        block("CCCCCC", [(1, neighbour, 1) for neighbour in range(2, 7)]),
        "Explicit valence for atom # 0 C, 5, is greater than permitted (line 5 of the block)",
    ),
    "no NH": (
        block("NCCCC", [(atom + 1, (atom + 1) % 5 + 1, 4) for atom in range(5)]),
        "Can't kekulize mol",
    ),
    "counts": (ETHANOL.replace("  3  2", "  x  2"), "on line 4"),
    "too few atoms": (ETHANOL.replace("  3  2", "  4  2"), "line 8"),
    "cut": (ETHANOL[:120], "EOF hit while reading atoms"),
    "huge counts": (
        V3000.replace("COUNTS 2 1", "COUNTS 999999999 1"),
        "999999999 atoms or bonds in 16 lines",
    ),
}


@pytest.mark.parametrize(("text", "reason"), BLOCK_REASONS.values(), ids=BLOCK_REASONS)
def test_the_reason_of_a_block_names_its_line(text, reason, capfd):
    with pytest.raises(ValueError) as caught:
        mol_block(text)
    assert reason in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_blocks_that_are_right():
    assert canonical(mol_block(ETHANOL)) == "CCO"
    assert canonical(mol_block(ETHANOL.replace("\n", "\r\n"))) == "CCO"
    assert canonical(mol_block(V3000)) == "CO"


def test_reasons_do_not_mix_between_threads():
    wrong = list(SMILES_REASONS.items()) * 8
    random.Random(0).shuffle(wrong)

    def reason(smiles):
        with pytest.raises(ValueError) as caught:
            molecule(smiles)
        return str(caught.value)

    with ThreadPoolExecutor(8) as pool:
        messages = pool.map(reason, [smiles for smiles, _ in wrong])
        for (_, expected), message in zip(wrong, messages, strict=True):
            assert expected in message


def test_syntax_is_faultless_where_rdkit_reads_it():
    options = Chem.SmilesParserParams()
    options.sanitize = False
    draw = random.Random(1)
    pieces = [
        "C",
        "c",
        "[nH]",
        "(",
        ")",
        "=",
        "1",
        "2",
        "%10",
        ".",
        "/",
        "Cl",
        "[O-]",
        "[C@@H]",
        "*",
        "->",
        "~",
        "%(100)",
    ]
    read = faulty = 0
    for _ in range(3000):
        text = "".join(draw.choices(pieces, k=draw.randint(1, 8)))
        if Chem.MolFromSmiles(text, options) is not None:
            read += 1
            assert syntax_fault(text) == "", text
        else:
            faulty += bool(syntax_fault(text))
    assert read > 200 and faulty > 2000


NOTATIONS = {
    "aspirin": "looks like a name",
    "acetic acid": "looks like a name",
    "2-acetoxybenzoic acid": "looks like a name",
    "Boc-Phe-OH": "looks like a name",
    "CCO>>CC=O": "is a reaction",
    "CC.O>[Na]>CC": "is a reaction",
    "BSYNRYMUTXBXSQ-UHFFFAOYSA-N": "is an InChIKey",
    "50-78-2": "looks like a CAS number",
    "CHEMBL25": "looks like the number of a database",
    "C2H5OH": "looks like a formula",
    "ACDEFGHIKLMNP": "sequence of amino acids",
    "CCO,CCN": "2 SMILES separated by ','",
    "CCO; CCN;C": "3 SMILES separated by ';'",
    "[C][=C][Branch1][C][O]": "looks like SELFIES",
    "[C,N]c1ccccc1": "looks like a SMARTS pattern",
    "nan": "stands for no value",
    "N/A": "stands for no value",
    ETHANOL: "is a mol block",
}


@pytest.mark.parametrize(
    ("text", "kind"), NOTATIONS.items(), ids=[repr(text[:12]) for text in NOTATIONS]
)
def test_the_error_tells_what_is_no_smiles(text, kind):
    with pytest.raises(ValueError) as caught:
        molecule(text)
    assert kind in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "smiles",
    [
        "CCO",
        "CON",
        "CN",
        "N",
        "COCOnocc1",
        "C1CC",
        "CC(C)(C)(C)C",
        "c1ccc2nccc2c1",
        "[Xx]C",
        "CC(=O",
    ],
)
def test_a_smiles_with_a_mistake_is_not_called_a_name(smiles):
    assert foreign_notation(smiles) == ""


def test_an_inchi_is_read():
    aspirin = molecule("InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)")
    assert canonical(aspirin.mol) == "CC(=O)Oc1ccccc1C(=O)O"
    assert aspirin.notes == ("read from an InChI: its atoms are in RDKit's order",)
    from_smiles = molecule(aspirin.explained_smiles)
    assert torch.equal(from_smiles.graph.codes, aspirin.graph.codes)
    assert from_smiles.symbols == aspirin.symbols
    left = molecule("InChI=1S/C3H7NO2/c1-2(4)3(5)6/h2H,4H2,1H3,(H,5,6)/t2-/m0/s1")
    assert canonical(left.mol) == "C[C@H](N)C(=O)O"
    assert molecule("InChI=1S/CH4/h1H4/i1D3").symbols == ["C"]


def test_an_inchi_that_is_not_whole(capfd):
    with pytest.raises(ValueError, match="cannot read the InChI"):
        molecule("InChI=1S/C9H8O4/c1-6(10)13-8-5")
    assert capfd.readouterr().err == ""


CX = {
    "CC=CC |c:1|": "C/C=C\\C",
    "CC=CC |t:1|": "C/C=C/C",
    "CC |^1:0|": "[CH2]C",
    "CCO |$a;b;c$|": "CCO",
    "CCO ||": "CCO",
    "C1=CC=CC=C1 |c:0,2,4|": "c1ccccc1",
    "F/C=C/F |(0,0,;1,1,;2,0,;3,1,)|": "F/C=C/F",
}


@pytest.mark.parametrize(("text", "plain"), CX.items())
def test_a_cxsmiles_block_is_part_of_the_molecule(text, plain):
    with_block = molecule(text)
    without = molecule(plain)
    assert canonical(with_block.mol) == canonical(without.mol)
    assert torch.equal(with_block.graph.codes, without.graph.codes)
    assert torch.equal(with_block.graph.edge_types, without.graph.edge_types)


@pytest.mark.parametrize(
    "text", ["CCO |bad|", "CCO |bad", "CCO |name with bars|", "CCO |", "CCO\t|^1:|"]
)
def test_a_broken_block_is_named(text):
    with pytest.raises(ValueError, match="CXSMILES block '\\|") as caught:
        molecule(text)
    assert "'CCO'" in str(caught.value)


def test_other_text_behind_a_smiles_is_refused():
    with pytest.raises(ValueError, match="blanks inside the SMILES"):
        molecule("CCO CCN")
    with pytest.raises(ValueError, match="text after the CXSMILES block '\\|c:1\\|'"):
        molecule("CC=CC |c:1| but")


@pytest.mark.parametrize(
    ("line", "smiles", "name"),
    [
        ("CC=CC |c:1| but\n", "CC=CC |c:1|", "but"),
        ("CC=CC |c:1|\tbut\n", "CC=CC |c:1|", "but"),
        ("CC=CC\t|c:1|\tbut", "CC=CC |c:1|", "but"),
        ("[Cu].NCCN |C:1.0,4.3| cu\r\n", "[Cu].NCCN |C:1.0,4.3|", "cu"),
        ("CCO |bad| name", "CCO |bad|", "name"),
        ("CCO |$a b;;$| my name", "CCO |$a b;;$|", "my name"),
        ("CCO  ethyl alcohol ", "CCO", "ethyl alcohol"),
        ("CCO\tethyl alcohol\t46", "CCO", "ethyl alcohol\t46"),
        ("CCO name |x|", "CCO", "name |x|"),
        ("CC O\tname", "CC O", "name"),
        ("CCO", "CCO", ""),
        ("  \n", "", ""),
    ],
)
def test_a_line_is_a_smiles_and_a_name(line, smiles, name):
    assert split_smiles(line) == (smiles, name)
