"""A series of molecules: fragments counted and averaged, and R groups whose sums are the logit."""

import csv
import json
import math
import statistics
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from conftest import ROOT, SMALL, random_model, stroke_image
from rdkit import Chem

from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from molxai.chemistry.fragments import fragments
from molxai.chemistry.rgroups import core_table
from molxai.chemistry.series import carriers, series_target
from molxai.explanation.explainer import Explainer

DRUGS = [
    row["smiles"]
    for row in csv.DictReader((ROOT / "datasets/drugs/drugs.csv").read_text().splitlines())
]

AROUND_BENZENE = (
    *(
        "Cc1ccc(F)cc1",
        "OCc1ccccc1",
        "c1ccccc1",
        "c1ccc2c(c1)CCC2",
        "Cc1ccccc1-c1ccccc1",
        "CC1(C)CCc2ccccc12",
        "c1ccc2ccccc2c1",
        "CCO",
    ),
    *(
        "[Na+].[O-]C(=O)c1ccccc1",
        "[2H]c1ccccc1[Fe]",
        "c1ccccc1C12CC1C2",
        "Clc1ccccc1.Brc1ccccc1",
        "*c1ccccc1",
        "C1Cc2ccc(cc2)CCc2ccc1cc2",
        "Cc1ccccc1.[K+].[I-]",
    ),
)


@pytest.fixture(scope="module", params=["inactive 0", "biases"])
def explainer(request):
    config = replace(SMALL, bias=True, activation="gelu") if request.param == "biases" else SMALL
    return Explainer.from_network(
        random_model(config), Card("untrained", config, MOLECULES.name, ("effect",), ("no", "yes"))
    )


def series_of(explainer, smiles, target="yes"):
    return [(f"m{place}", explainer(one, target)) for place, one in enumerate(smiles)]


def test_carriers_are_the_fragments_of_all(explainer):
    series = series_of(explainer, DRUGS[:12])
    each = [(name, one) for name, explanation in series for one in fragments(explanation)]
    found = {one.name: one for one in carriers(series)}
    assert set(found) == {one.name for _, one in each} and sum(
        one.occurrences for one in found.values()
    ) == len(each)
    for name, one in found.items():
        values = [fragment.relevance for _, fragment in each if fragment.name == name]
        assert one.occurrences == len(values) and one.molecules == len(
            {place for place, fragment in each if fragment.name == name}
        )
        assert one.mean == pytest.approx(statistics.fmean(values), abs=1e-12)
        assert (one.smallest, one.largest) == (min(values), max(values))
        assert one.sd == (
            pytest.approx(statistics.stdev(values), abs=1e-12) if len(values) > 1 else None
        )
        example = dict(series)[one.example]
        nearest = min(values, key=lambda value: abs(value - statistics.fmean(values)))
        assert math.fsum(example.relevance[list(one.atoms)].tolist()) == pytest.approx(
            nearest, abs=1e-12
        )
    sums = [abs(one.total) for one in found.values()]
    assert sums == sorted(sums, reverse=True), "those that carry most, for or against, come first"
    total = math.fsum(one.total for one in found.values())
    assert total == pytest.approx(
        math.fsum(e.logit - e.token - e.bias for _, e in series), abs=1e-9
    )


def test_one_name_with_several_structures_can_be_told_apart(explainer):
    series = series_of(explainer, ("Fc1ccccc1", "Fc1ccc(F)cc1"))
    assert [one.molecules for one in carriers(series) if one.name == "phenyl"] == [2]
    apart = {
        one.smiles: one.molecules
        for one in carriers(series, by_structure=True)
        if one.name == "phenyl"
    }
    assert apart == {"*c1ccccc1": 1, "*c1ccc(*)cc1": 1}


@pytest.mark.parametrize(
    "core", ["c1ccccc1", "c1ccccc1*", "c1ccccc1[*:1]", "[#6]1~[#6]~[#6]~[#6]~[#6]~[#6]1", "ccc"]
)
def test_core_and_r_groups_make_the_logit(explainer, core):
    table = core_table(series_of(explainer, AROUND_BENZENE), core)
    assert {row.id for row in table.rows} | set(table.without) == {
        f"m{place}" for place in range(len(AROUND_BENZENE))
    }
    assert "m7" in table.without and len(table.rows) >= 10
    for row in table.rows:
        atoms = sorted(atom for part in row.parts.values() for atom in part.atoms)
        assert atoms == list(range(len(row.explanation.relevance))), row.id
        assert abs(row.unaccounted) <= 1e-12 * max(
            1.0, float(row.explanation.relevance.abs().sum()), abs(row.explanation.bias)
        )
        for part in row.parts.values():
            assert part.relevance == pytest.approx(
                float(row.explanation.relevance[list(part.atoms)].sum()), abs=1e-12
            )


def test_substituents_are_named_by_their_place(explainer):
    acids = (
        "Fc1ccc(C(=O)O)nc1C",
        "Clc1ccc(C(=O)O)nc1",
        "Brc1cc2c(nc1C(=O)O)CCC2",
        "[K+].Ic1ccc(C(=O)O)nc1",
        "Fc1c(C)nc(C(=O)O)cc1",
    )
    table = core_table(series_of(explainer, acids), "c1cc(C(=O)O)ncc1")
    halogens = {
        label
        for row in table.rows
        for label, part in row.groups.items()
        if part.smiles in ("*F", "*Cl", "*Br", "*I")
    }
    assert len(halogens) == 2 and [row.rest.smiles for row in table.rows if row.rest] == ["[K+]"]
    rings = [
        (label, part.smiles)
        for row in table.rows
        for label, part in row.groups.items()
        if "+" in label
    ]
    assert [smiles for _, smiles in rings] == ["*CCC*"]
    methyl = next(label for label, part in table.rows[0].groups.items() if part.smiles == "*C")
    assert methyl in rings[0][0].split("+")


def test_the_common_core_is_found(explainer):
    amides = ("O=C(Nc1ccccc1)c1ccncc1", "O=C(Nc1ccccc1F)c1ccncc1C", "O=C(Nc1cccc(Cl)c1)c1ccncc1")
    table = core_table(series_of(explainer, amides))
    assert table.found and len(table.rows) == 3 and not table.without
    assert Chem.MolFromSmarts(table.core).GetNumAtoms() == 15
    assert all(len(row.core.atoms) == 15 for row in table.rows)
    with pytest.raises(ValueError, match="nothing|in common"):
        core_table(series_of(explainer, ("CCO", "N#N")))


def test_the_usual_target_is_the_second_class_whatever_its_name():
    card = Card("untrained", SMALL, MOLECULES.name, ("effect",), ("1", "2"))
    assert series_target(Explainer.from_network(random_model(SMALL), card)) == "2"
    config = replace(SMALL, task="regression")
    regression = Explainer.from_network(
        random_model(config),
        Card("untrained", config, MOLECULES.name, ("effect",), (), mean=(0.0,), scale=(1.0,)),
    )
    assert series_target(regression) == series_target(regression, "pred") == "pred"


def test_what_cannot_be_compared_is_refused(explainer, saved_digit_model):
    with pytest.raises(ValueError, match="one target|needs one"):
        carriers([("a", explainer("CCO", "yes")), ("b", explainer("CCO", "no"))])
    with pytest.raises(ValueError, match="none of the 1 molecules"):
        core_table([("a", explainer("CCO", "yes"))], "c1ccccc1")
    with pytest.raises(ValueError, match="cannot read the core"):
        core_table([("a", explainer("CCO", "yes"))], "c1cc(")
    with pytest.raises(ValueError, match="parts of molecules"):
        core_table([("a", Explainer(saved_digit_model)(stroke_image()))], "C")


@pytest.fixture
def run(command):
    return partial(command, "fragments")


def test_the_command_writes_what_it_shows(run):
    Path("s.csv").write_text("name,smiles\n<b>|x,Fc1ccccc1\nbad,C1CC\ntwo,Clc1ccccc1\n")
    assert run("s.csv", "-o", "a.json")[0] == 0
    content = json.loads(Path("a.json").read_text())
    assert content["molecules"] == 2 and {one["name"] for one in content["fragments"]} == {
        "phenyl",
        "fluoro",
        "chloro",
    }
    assert run("s.csv", "-o", "a.csv")[0] == 0
    assert [row["name"] for row in csv.DictReader(Path("a.csv").read_text().splitlines())] == [
        one["name"] for one in content["fragments"]
    ]
    code, out, error = run("s.csv")
    assert (
        code == 0
        and all(one["name"] in out for one in content["fragments"])
        and "2 of 3 inputs done, 1 with errors" in error
    )
    assert run("s.csv", "--core", "c1ccccc1", "-o", "r.md")[0] == 0
    lines = Path("r.md").read_text().splitlines()
    assert (
        len(lines) == 4
        and "\\<b\\>\\|x" in lines[2]
        and all(line.replace("\\|", "").count("|") == lines[0].count("|") for line in lines)
    )
    assert run("s.csv", "--core", "mcs", "-o", "r.json")[0] == 0
    table = json.loads(Path("r.json").read_text())
    assert table["origin"] == "maximum common substructure" and [
        row["id"] for row in table["rows"]
    ] == ["<b>|x", "two"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("CC", "--target", "pred"), "needs one class"),
        (("CC", "--target", "maybe"), "no class 'maybe'"),
        (("CC", "--scheme", "nonsense"), "functional-groups, brics"),
        (("CC", "--core", "x("), "cannot read the core"),
        (("CC", "--core", "mcs"), "needs two molecules"),
        (("CC", "-o", "out.parquet"), ".csv, .json, .md"),
        (("CC", "--columns", "y"), "add --core"),
        (("C1C",), "cannot read the SMILES"),
    ],
)
def test_faults_are_one_line(run, arguments, said):
    code, out, error = run(*arguments)
    assert code > 0 and said in error and error.count("\n") == 1 and not out


def test_digits_are_refused(run, saved_digit_model):
    code, _, error = run(ROOT / "datasets/digits/0-a.png", model=saved_digit_model)
    assert code == 2 and "parts of molecules" in error and error.count("\n") == 1


def test_a_table_for_reading_holds_no_formulas(run):
    Path("s.csv").write_text('name,smiles\n"=HYPERLINK(""x"")",Fc1ccccc1\n')
    assert run("s.csv", "-o", "a.csv")[0] == 0
    rows = list(csv.DictReader(Path("a.csv").read_text().splitlines()))
    assert rows and all(
        row["example"] == '\'=HYPERLINK("x")' and float(row["mean"]) for row in rows
    )
