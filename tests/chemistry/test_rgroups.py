"""Cores as chemists write them, and R groups as RDKit's own decomposition has them."""

import csv
import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from conftest import SMALL, random_model
from rdkit import Chem
from rdkit.Chem import rdRGroupDecomposition

from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.network.card import Card
from graphormer.network.checkpoint import save
from molxai.chemistry.rgroups import Seconds, core_table, take_apart
from molxai.chemistry.series import HYDROGEN
from molxai.explanation.cores import core_query
from molxai.explanation.explainer import Explainer
from molxai.explanation.orientation import orientation_of

ANILINES = ("Nc1ccc(F)cc1", "Nc1ccc(C)cc1", "Nc1ccccc1", "Nc1ccccc1F", "Nc1ccc(OC)c(Cl)c1", "CCO")
AMIDES = (
    "O=C(NC)c1ccccc1",
    "O=C(N)c1ccc(Br)cc1",
    "O=C(NC1CC1)c1ccccc1C#N",
    "O=C(N(C)C)c1ccccc1",
    "c1ccccc1",
)
INDOLES = ("c1ccc2[nH]ccc2c1", "Cc1c[nH]c2ccccc12", "Clc1ccc2c(ccn2C)c1", "COc1ccc2[nH]c(C)cc2c1")


@pytest.fixture(scope="module")
def explainer():
    return Explainer.from_network(
        random_model(SMALL), Card("untrained", SMALL, MOLECULES.name, ("effect",), ("no", "yes"))
    )


def series_of(explainer, smiles):
    return [(f"m{place}", explainer(one, "yes")) for place, one in enumerate(smiles)]


def witness(core, smiles):
    """RDKit's R groups of each molecule by label, without the numbers of the labels."""
    mols = [Chem.MolFromSmiles(one) for one in smiles]
    found, failed = rdRGroupDecomposition.RGroupDecompose(
        [Chem.MolFromSmiles(core)], mols, asSmiles=True
    )
    having = [f"m{place}" for place in range(len(mols)) if place not in failed]
    return {
        name: {label: plain(text) for label, text in row.items() if label != "Core"}
        for name, row in zip(having, found, strict=True)
    }


def plain(smiles):
    return Chem.CanonSmiles(re.sub(r"\[\*:\d+\]", "*", smiles))


@pytest.mark.parametrize(
    ("core", "smiles"),
    [
        ("Nc1ccc([*:1])cc1", ANILINES),
        ("Nc1ccc(*)cc1", ANILINES),
        ("Nc1ccc([*:5])cc1", ANILINES),
        ("Nc1ccc([2*])cc1", ANILINES),
        ("Nc1cc([*:4])c([*:2])cc1", ANILINES),
        ("Nc1ccccc1", ANILINES),
        ("O=C(N[*:1])c1ccc([*:3])cc1", AMIDES),
        ("O=C(N([*:1])[*:2])c1ccccc1", AMIDES),
        ("c1ccc2c(c1)c([*:3])cn2[*:1]", INDOLES),
    ],
)
def test_r_groups_are_those_of_rdkit(explainer, core, smiles):
    table = core_table(series_of(explainer, smiles), core)
    expected = witness(core, smiles)
    assert {
        row.id: {label: plain(part.smiles) for label, part in row.groups.items()}
        for row in table.rows
    } == expected
    assert set(table.without) == {f"m{place}" for place in range(len(smiles))} - set(expected)


def test_the_parent_stays_with_hydrogen_as_its_r_group(explainer):
    table = core_table(series_of(explainer, ANILINES[:3]), "Nc1ccc([*:5])cc1")
    assert table.labels == ["R5"] and table.without == ()
    parent = table.rows[2]
    assert (
        parent.groups["R5"].smiles,
        parent.groups["R5"].atoms,
        parent.groups["R5"].relevance,
    ) == (HYDROGEN, (), 0.0)
    assert parent.core.atoms == tuple(range(7)) and abs(parent.unaccounted) < 1e-9


@pytest.mark.parametrize(
    ("kekule", "aromatic", "smiles"),
    [
        ("NC1=CC=C([*:1])C=C1", "Nc1ccc([*:1])cc1", ANILINES),
        ("[#7]-[#6]1=[#6]-[#6]=[#6](-[*:1])-[#6]=[#6]-1", "Nc1ccc([*:1])cc1", ANILINES),
        ("C1=CC=C2C(=C1)C=CN2", "c1ccc2c(c1)cc[nH]2", INDOLES[:2]),
        ("C1=CN=CC=C1", "c1cnccc1", ("Cc1cccnc1", "Clc1ccncc1", "c1ccncc1")),
        ("O=C1C=CC=CN1", "O=c1cccc[nH]1", ("O=c1cccc[nH]1", "O=c1cccc(C)[nH]1")),
        ("C1CCC2=CC=CC=C2C1", "C1CCc2ccccc2C1", ("Cc1ccc2c(c1)CCCC2", "C1CCc2ccccc2C1")),
        ("[C,N]1=CC=CC=C1", "[c,n]1ccccc1", ("Cc1ccncc1", "Cc1ccccc1")),
    ],
)
def test_a_kekule_core_is_its_aromatic_one(explainer, kekule, aromatic, smiles):
    series = series_of(explainer, smiles)
    one, other = core_table(series, kekule), core_table(series, aromatic)
    assert len(one.rows) >= 2 and one.without == other.without
    assert [row.groups for row in one.rows] == [row.groups for row in other.rows]


@pytest.mark.parametrize("core", ["C1=CCC=CC1", "O=C1C=CC(=O)C=C1", "C1=CC=CC=CC=C1"])
def test_rings_that_are_not_aromatic_stay_as_they_are(core):
    assert Chem.MolToSmarts(core_query(core)[0]) == Chem.MolToSmarts(Chem.MolFromSmarts(core))
    assert core_query(core)[1] == ""


def test_r1_at_the_end_of_a_bond_is_a_label_and_says_so(explainer):
    series = series_of(explainer, ANILINES)
    written, meant = core_table(series, "Nc1ccc([R3])cc1"), core_table(series, "Nc1ccc([*:3])cc1")
    assert [row.groups for row in written.rows] == [
        row.groups for row in meant.rows
    ] and "R3" in written.labels
    assert written.note == "[R3] is read as a label of R groups" and meant.note == ""
    ring = core_table(
        series_of(explainer, ("C1CC1", "C1CCC1C")), "[R1]1[R1][R1]1"
    )  # within a ring it means what SMARTS means
    assert ring.note == "" and ring.without == ("m1",)


@pytest.fixture
def regression(tmp_path_factory):
    config, folder = (
        replace(SMALL, task="regression", output_bias=True),
        tmp_path_factory.mktemp("regression"),
    )
    card = Card(
        "untrained", config, MOLECULES.name, ("pIC50",), (), mean=(6.5,), scale=(1.0,), unit="pIC50"
    )
    save(random_model(config).float(), card, folder)
    return folder


TABLE = """\
id,smiles,pIC50,core,note
a,Nc1ccc(F)cc1,5.1,x,
b,Nc1ccc(C)cc1,4.2,y,
,Nc1ccccc1,3.3,z,[parent]
d,CCO,1,w,
"""


@pytest.fixture
def run(command):
    Path("s.csv").write_text(TABLE)
    return partial(command, "fragments", "s.csv", "--core", "Nc1ccc([*:1])cc1")


def test_the_base_value_of_a_regression_has_a_column_and_nothing_is_missing(run, regression):
    code, out, _ = run("--target-columns", "pIC50", model=regression)
    lines = out.splitlines()
    assert code == 0 and lines[2].split() == ["id", "pIC50", "value", "base", "value", "core", "R1"]
    for line in lines[3:6]:
        _, _, value, base, core, group, *_ = line.split()
        assert (
            not value.startswith("+")
            and not base.startswith("+")
            and core[0] in "+-"
            and group[0] in "+-"
        )
        assert float(value) == pytest.approx(float(base) + float(core) + float(group), abs=2e-3)
    assert (
        "Base value, core and R groups add up to the predicted value." in out
        and "not accounted" not in out
        and "gap" not in out
    )
    assert run("-o", "r.csv", model=regression)[0] == 0
    (first, *_) = csv.DictReader(Path("r.csv").read_text().splitlines())
    assert float(first["value"]) == pytest.approx(
        sum(float(first[name]) for name in ("base value", "core relevance", "R1 relevance"))
    )
    assert abs(float(first["gap"])) < 1e-4


def test_the_users_columns_are_carried(run):
    assert run("-o", "r.csv")[0] == 0
    rows = list(csv.DictReader(Path("r.csv").read_text().splitlines()))
    assert [(row["id"], row["pIC50"], row["input.core"], row["note"]) for row in rows] == [
        ("a", "5.1", "x", ""),
        ("b", "4.2", "y", ""),
        ("2", "3.3", "z", "[parent]"),
    ]
    assert rows[2]["R1"] == HYDROGEN and float(rows[2]["R1 relevance"]) == 0.0
    assert run("-o", "r.json", "--columns", "note")[0] == 0
    assert [row["columns"] for row in json.loads(Path("r.json").read_text())["rows"]] == [
        {"note": ""},
        {"note": ""},
        {"note": "[parent]"},
    ]
    code, out, _ = run("--columns", "note")
    assert (
        code == 0
        and "[parent]" in out
        and "pIC50" not in out
        and "Its relevance is in the core" in out
    )
    code, _, error = run("--columns", "nix")
    assert code == 2 and "no column 'nix'" in error and "pIC50, core, note" in error


def test_a_wide_table_is_carried_by_name_only(run):
    wide = [f"c{i}" for i in range(13)]
    Path("s.csv").write_text(f"id,smiles,{','.join(wide)}\na,Nc1ccccc1{',1' * 13}\n")
    code, _, error = run("-o", "r.csv")
    assert code == 0 and "13 other columns are left out: name those to keep with --columns" in error
    assert "c1" not in next(csv.DictReader(Path("r.csv").read_text().splitlines()))
    assert run("-o", "r.csv", "--columns", "c1,c12")[0] == 0
    assert list(next(csv.DictReader(Path("r.csv").read_text().splitlines())))[-2:] == ["c1", "c12"]


def test_every_command_calls_a_molecule_by_the_same_id(command):
    from graphormer.graphs.molecules import molecule

    block = Chem.MolToMolBlock(molecule("Nc1ccc(F)cc1").mol)
    named = block.replace("\n", "second\n", 1)
    Path("s.sdf").write_text(f"{block}$$$$\n{named}$$$$\n{block}$$$$\n")
    assert command("explain", "s.sdf", "-o", "e.json", "-n", "0")[0] == 0
    assert command("fragments", "s.sdf", "--core", "Nc1ccccc1", "-o", "r.json")[0] == 0
    assert command("fragments", "s.sdf", "-o", "f.json")[0] == 0
    assert command("report", "s.sdf", "-o", "p.html", "--methods", "lrp")[0] == 0
    ids = ["0", "second", "2"]
    assert [row["id"] for row in json.loads(Path("e.json").read_text())] == ids
    assert [row["id"] for row in json.loads(Path("r.json").read_text())["rows"]] == ids
    assert {one["example"] for one in json.loads(Path("f.json").read_text())["fragments"]} <= set(
        ids
    )
    data = re.search(
        r'<script id="data" type="application/json">(.*?)</script>',
        Path("p.html").read_text(),
        re.DOTALL,
    )[1]
    views = json.loads(data)["views"]
    place = views["keys"].index("id")
    assert [row[place] for row in views["rows"]] == ids


@pytest.mark.parametrize("core", ["[*:1]", "[1*]", "C[*:1]C", "c1ccccc1.[*:1]", "c1cccc[*:1]1"])
def test_a_label_that_ends_no_bond_is_refused_in_words(core):
    mols = [Chem.MolFromSmiles(smiles) for smiles in ("Fc1ccccc1", "Clc1ccccc1")]
    with pytest.raises(ValueError, match=r"has a label .* bonds: a label of an R group ends one"):
        take_apart(mols, core)


def test_a_label_with_too_large_a_number_is_refused_in_words():
    with pytest.raises(ValueError, match="has the label 1000: number labels from 1 to 999"):
        take_apart([Chem.MolFromSmiles("Fc1ccccc1")], "c1ccccc1[*:1000]")


def positions_of_methoxy(mols):
    """The labels of a methoxy group that each molecule has on a benzene ring."""
    apart = take_apart(mols, "c1ccccc1")
    assert list(apart.members) == list(range(len(mols)))
    for mol, parts in zip(mols, apart.members.values(), strict=True):
        atoms = sorted(atom for part in parts.values() for atom in part.atoms)
        assert atoms == list(range(mol.GetNumAtoms()))
    return [
        next(label for label, part in parts.items() if part.smiles == "*OC")
        for parts in apart.members.values()
    ]


def test_a_core_that_fits_in_many_ways_is_compared_molecule_by_molecule(monkeypatch):
    groups = ("F", "Cl", "Br", "N", "C", "CC", "C#N", "C(F)(F)F", "C(=O)N", "S(C)(=O)=O", "O", "I")
    mols = [Chem.MolFromSmiles(f"COc1ccc({group})cc1") for group in groups]
    strategies = []
    decompose = rdRGroupDecomposition.RGroupDecompose

    def spy(*arguments, options, **more):
        strategies.append(options.matchingStrategy)
        return decompose(*arguments, options=options, **more)

    monkeypatch.setattr(rdRGroupDecomposition, "RGroupDecompose", spy)
    for most in (1000, 100):  # of 132 further ways
        monkeypatch.setattr("molxai.chemistry.rgroups.MOST_WAYS", most)
        assert len(set(positions_of_methoxy(mols))) == 1
    matching = rdRGroupDecomposition.RGroupMatching
    assert strategies == [matching.GreedyChunks, matching.Greedy]


def test_a_core_of_half_of_the_molecules_is_that_of_their_drawings():
    series = ["OC(=O)c1ccccc1", "NS(=O)(=O)c1ccccc1", "CCO"]
    apart = take_apart([Chem.MolFromSmiles(smiles) for smiles in series])
    assert list(apart.members) == [0, 1]
    assert apart.core == orientation_of([molecule(smiles) for smiles in series], "mcs").core
    with pytest.raises(ValueError, match="3 molecules have no core in common"):
        take_apart([Chem.MolFromSmiles(smiles) for smiles in ("CCO", "c1ccncc1", "[Na+].[Cl-]")])


def test_a_core_that_takes_too_long_says_why():
    mols = [Chem.MolFromSmiles(f"{'C' * size}c1ccc(N)cc1-c1ccccc1") for size in range(1, 60)]
    with pytest.raises(ValueError, match=r"no R groups after 0.01 s, for it fits a molecule in 24"):
        take_apart(mols, "c1ccccc1", Seconds(groups=0.01))
    with pytest.raises(ValueError, match=r"no R groups after 0.01 s; name a larger core as SM"):
        take_apart(mols * 9, "Nc", Seconds(groups=0.01))
