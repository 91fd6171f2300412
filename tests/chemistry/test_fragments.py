"""Parts of molecules: each atom in exactly one, and sums as true as the relevances."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from batch_runs import worker_of
from conftest import ROOT, SMALL, random_model, stroke_image
from pyarrow import parquet
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.network.card import Card
from molxai.batch.run import manifest_of
from molxai.chemistry.fragments import fragments
from molxai.chemistry.functional_groups import CYCLIC_AMIDINES, GROUPS, METAL_RINGS
from molxai.chemistry.own_schemes import from_smarts
from molxai.chemistry.ring_names import RINGS
from molxai.chemistry.schemes import SCHEMES, attached_smiles, lost, parts
from molxai.cli import main
from molxai.explanation.explainer import Explainer
from molxai.explanation.inputs import Inputs

OWN = (
    "# warheads and rings",
    "",
    "carboxylic acid [CX3](=O)[OX2H1,OX1-]",
    "ring c1ccccc1",
    "chain [CX4][CX4]",
)

DRUGS = [
    row["smiles"]
    for row in csv.DictReader((ROOT / "datasets/drugs/drugs.csv").read_text().splitlines())
]

ODD = (
    *(
        "C",
        "[Na+]",
        "[H][H]",
        "[2H]C([2H])([2H])O",
        "*",
        "*c1ccccc1*",
        "O.[Cl-].[Na+].CC",
        "[Na+].[Na+].[O-]S(=O)(=O)[O-]",
        "O=C=O",
    ),
    *(
        "C12C3C4C1C5C2C3C45",
        "C1CC12CC2",
        "c1ccc2c(c1)ccc1ccccc12",
        "[Fe+2].[CH-]1C=CC=C1.[CH-]1C=CC=C1",
        "F[P-](F)(F)(F)(F)F",
        "C=C=C",
    ),
    *(
        "Cl[Pt](Cl)(N)N",
        "[C-]#[N+]c1ccccc1",
        "B1OCCO1",
        "N#N",
        "C1CCCCCCCCCCCCC1",
        "CC(C)(C)C(C)(C)C",
        "C[N+](C)(C)C",
        "OO",
        "[SiH4]",
    ),
    *(
        "O=C1NC(=O)c2ccccc12",
        "CS(=O)(=O)NC(=O)NC(=N)N",
        "c1cc[nH]c1.C[n+]1ccccc1",
        "O=S1(=O)CCCN1C1CC1",
        "[H]/N=C/C",
        "C#CC#C",
    ),
)

ALL = {**SCHEMES, "own": from_smarts(OWN)}


@pytest.fixture(scope="module")
def explainer():
    return Explainer.from_network(
        random_model(SMALL), Card("untrained", SMALL, MOLECULES.name, ("effect",), ("no", "yes"))
    )


@pytest.mark.parametrize("scheme", ALL)
def test_each_atom_is_in_exactly_one_part(scheme):
    for smiles in (*DRUGS, *ODD):
        mol = molecule(smiles).mol
        found = parts(mol, ALL[scheme])
        assert sorted(atom for part in found for atom in part.atoms) == list(
            range(mol.GetNumAtoms())
        ), smiles
        assert all(part.name and part.atoms == tuple(sorted(part.atoms)) for part in found)
        assert [part.atoms for part in found] == sorted(part.atoms for part in found)


@pytest.mark.parametrize("scheme", ALL)
def test_parts_follow_the_atoms(scheme):
    generator = np.random.default_rng(0)
    for smiles in (*DRUGS, *ODD):
        mol = molecule(smiles).mol
        order = generator.permutation(mol.GetNumAtoms()).tolist()
        other = Chem.RenumberAtoms(mol, order)
        here, there = parts(mol, ALL[scheme]), parts(other, ALL[scheme])
        assert {(one.name, one.atoms) for one in here} == {
            (one.name, tuple(sorted(order[i] for i in one.atoms))) for one in there
        }, smiles
        texts = [
            sorted(attached_smiles(m, [one.atoms for one in found]))
            for m, found in ((mol, here), (other, there))
        ]
        assert texts[0] == texts[1], smiles


@pytest.mark.parametrize("scheme", ALL)
def test_sums_of_fragments_make_the_logit(explainer, scheme):
    for smiles in (*DRUGS[::8], *ODD):
        explanation = explainer(smiles, "yes")
        found = fragments(explanation, ALL[scheme])
        total = math.fsum(one.relevance for one in found) + explanation.token + explanation.bias
        assert abs(total - explanation.logit) <= 1e-12 * max(
            1.0, abs(explanation.logit), float(explanation.relevance.abs().sum())
        )
        sizes = [abs(one.relevance) for one in found]
        assert sizes == sorted(sizes, reverse=True)


def test_hydrogens_of_the_user_are_folded_into_their_parts(explainer):
    plain, with_hydrogens = (
        explainer(source, "yes") for source in ("CO", Chem.AddHs(Chem.MolFromSmiles("CO")))
    )
    assert [one.to_dict() for one in fragments(plain)] == [
        one.to_dict() for one in fragments(with_hydrogens)
    ]


@pytest.mark.parametrize(
    ("smiles", "names"),
    {
        "CC(=O)Oc1ccccc1C(=O)O": {"methyl", "ester", "phenyl", "carboxylic acid"},
        "CN1C(N)=N[C@](C)(c2cc(NC(=O)c3ccc(F)cn3)ccc2F)CS1(=O)=O": {
            "iminothiadiazinane dioxide",
            "amide",
            "pyridine",
            "phenyl",
            "fluoro",
            "methyl",
        },
        "CN1C(=O)C(c2ccccc2)(c2ccccc2)N=C1N": {"aminohydantoin", "phenyl", "methyl"},
        "CN1C(=O)C(c2ccccc2)(c2ccccc2)NC1=N": {"aminohydantoin", "phenyl", "methyl"},
        "NC1=NC(C)(c2ccccc2)CCS1": {"aminothiazine", "phenyl", "methyl"},
        "NC(=N)NC(=O)Cn1cccc1": {"acylguanidine", "methylene", "pyrrole"},
        "NC(=N)c1ccc(O)cc1": {"amidine", "phenyl", "phenol"},
        "CS(=O)(=O)N1CCOCC1": {"methyl", "sulfonamide SO2", "morpholine"},
        "CNS(=O)(=O)c1cnc2[nH]ccc2c1": {"methyl", "sulfonamide", "7-azaindole"},
        "N#Cc1csc(NC(=O)NC2CC2)n1": {"nitrile", "thiazole", "urea", "cyclopropane"},
        "COC(=O)NCC(C)(C)C": {"methyl", "carbamate", "neopentyl"},
        "[Na+].[O-]C(=O)CCCCCC.O": {"Na+", "carboxylate", "alkyl C6", "water"},
        "NS(=O)(=O)c1ccc(C(=O)C=C)cc1Cl": {"sulfonamide", "phenyl", "ketone", "alkene", "chloro"},
        "O=C1CCCCC1(O)OC": {"cyclohexanone", "alcohol", "methoxy"},
        "CO": {"methyl", "alcohol"},
        "CCO": {"ethyl", "alcohol"},
    }.items(),
)
def test_groups_have_the_names_that_chemists_use(smiles, names):
    assert {one.name for one in parts(molecule(smiles).mol)} == names


@pytest.mark.parametrize(
    ("smiles", "names"),
    {
        "[Fe+2].c1cc[cH-]c1.C1=C[CH-]C=C1": {"Fe2+", "cyclopentadienyl"},
        "[CH]12[CH]3[CH]4[CH]5[CH]1[Fe]16782345[CH]2[CH]1[CH]6[CH]7[CH]28": {
            "Fe",
            "cyclopentadienyl",
        },
        "c1ccpcc1": {"aromatic ring C5P"},
        "c1ccc2c(c1)[cH-]c1ccccc12": {"fused aromatic C13"},
        "C[N+](=O)[O-]": {"methyl", "nitro"},
        "C[NH3+]": {"methyl", "primary ammonium"},
        "C[N+](C)(C)C": {"methyl", "quaternary ammonium"},
        "C[N+](C)(C)[O-]": {"methyl", "amine N-oxide"},
        "[NH3+]c1ccccc1": {"aromatic ammonium", "phenyl"},
        "CS(=O)(=O)[O-]": {"methyl", "sulfonate"},
        "CS(=O)(=O)O": {"methyl", "sulfonic acid"},
        "COS(=O)(=O)[O-]": {"methyl", "sulfate"},
        "COP(=O)([O-])[O-]": {"methyl", "phosphate"},
        "CP(C)(=O)[O-]": {"methyl", "phosphinate"},
        "CC([O-])=CC": {"methyl", "enolate", "alkene"},
        "[O-]c1ccccc1": {"phenolate", "phenyl"},
        "CC[S-]": {"ethyl", "thiolate"},
        "CC(=O)[S-]": {"methyl", "thiocarboxylate"},
        "NC(=[NH2+])c1ccccc1": {"amidinium", "phenyl"},
        "CNC(N)=[NH2+]": {"methyl", "guanidinium"},
    }.items(),
)
def test_ions_and_single_rings_have_names_of_their_own(smiles, names):
    assert {one.name for one in parts(molecule(smiles).mol)} == names


def test_every_pattern_and_ring_can_be_found():
    found = {
        one.name
        for name, smiles in RINGS.items()
        for one in parts(molecule(smiles).mol)
        if one.name == name
    }
    assert found == set(RINGS)
    assert all(
        Chem.MolFromSmarts(smarts) for _, smarts in (*GROUPS, *CYCLIC_AMIDINES, *METAL_RINGS)
    )


def test_the_scaffold_is_murckos():
    for smiles in DRUGS:
        mol = molecule(smiles).mol
        core = [one for one in parts(mol, "scaffold") if one.name == "scaffold"]
        assert (
            sum(len(one.atoms) for one in core)
            == MurckoScaffold.GetScaffoldForMol(mol).GetNumAtoms()
        ), smiles


def test_brics_and_side_chains_are_named_by_their_structure():
    mol = molecule("CCOC(=O)c1ccccc1").mol
    assert [one.name for one in parts(mol, "brics")] == ["*CC", "*O*", "*C(*)=O", "*c1ccccc1"]
    assert [one.name for one in parts(mol, "scaffold")] == ["*C(=O)OCC", "scaffold"]
    assert [one.name for one in parts(mol, "rings")] == ["*C(=O)OCC", "phenyl"]


def test_the_first_line_claims_the_atoms():
    mol = molecule("OC(=O)CCc1ccccc1CC").mol
    found = from_smarts(["acid and more OC(=O)C", "chain CC", "ring c1ccccc1"])(mol)
    assert [(one.name, one.atoms) for one in found] == [
        ("acid and more", (0, 1, 2, 3)),
        ("rest", (4,)),
        ("ring", (5, 6, 7, 8, 9, 10)),
        ("chain", (11, 12)),
    ]


@pytest.mark.parametrize("lines", [[], ["# none"], ["amide"], ["amide C(=O"], ["C(=O)N "]])
def test_lines_that_are_no_pattern_are_refused(lines):
    with pytest.raises(
        ValueError, match="a name and a SMARTS is needed|a name and a SMARTS are needed"
    ):
        from_smarts(lines)


def test_no_such_scheme_and_nothing_to_take_apart(explainer, saved_digit_model):
    with pytest.raises(ValueError, match="functional-groups, brics, scaffold, rings"):
        parts(molecule("C").mol, "groups")
    with pytest.raises(ValueError, match="parts of molecules"):
        fragments(Explainer(saved_digit_model)(stroke_image()))


@pytest.mark.parametrize("ending", [".json", ".jsonl", ".csv", ".parquet", ".sdf"])
def test_records_hold_them_in_every_format(saved_model, tmp_path, monkeypatch, ending):
    monkeypatch.chdir(tmp_path)
    own = Path("own.smarts")
    own.write_text("\n".join(OWN))
    assert (
        main(
            [
                "explain",
                DRUGS[10],
                "C1C",
                "-m",
                str(saved_model),
                "--fragments",
                str(own),
                "-q",
                "-o",
                f"out{ending}",
            ]
        )
        == 0
    )
    (whole, logit), *others = _records(Path(f"out{ending}"))
    assert sum(one["relevance"] for one in whole) == pytest.approx(logit, abs=1e-4)
    assert sorted(atom for one in whole for atom in one["atoms"]) == list(range(13)) and others == [
        (None, None)
    ]
    assert {one["name"]: one["smiles"] for one in whole}["carboxylic acid"] == "*C(=O)O"


def _records(path):
    if path.suffix == ".parquet":
        rows = parquet.read_table(path).to_pylist()
    elif path.suffix == ".csv":
        table = csv.DictReader(path.read_text().splitlines())
        rows = [
            {k: json.loads(v) if k == "fragments" and v else v or None for k, v in row.items()}
            for row in table
        ]
    elif path.suffix == ".sdf":
        rows = [mol.GetPropsAsDict() for mol in Chem.SDMolSupplier(str(path))]
        rows = [
            row | ({"fragments": json.loads(row["fragments"])} if "fragments" in row else {})
            for row in rows
        ]
    else:
        rows = (
            json.loads(path.read_text())
            if path.suffix == ".json"
            else list(map(json.loads, path.read_text().splitlines()))
        )
    return [
        (row.get("fragments"), None if row.get("logit") is None else float(row["logit"]))
        for row in rows
    ]


def test_the_manifest_holds_the_content_of_the_users_file(saved_model):
    manifests = [
        manifest_of(worker_of(saved_model, fragments=(line,)), Inputs(("C",)), 8)
        for line in OWN[2:4]
    ]
    assert manifests[0]["fragments"] == [OWN[2]] and manifests[0] != manifests[1]


def test_the_terminal_shows_their_sum(saved_model, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert (
        main(
            [
                "explain",
                "CCOC(=O)c1ccccc1",
                "-m",
                str(saved_model),
                "--fragments",
                "functional-groups",
            ]
        )
        == 0
    )
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    values = {
        row[0]: float(row[2]) for row in rows if row and row[0] in ("ethyl", "ester", "phenyl")
    }
    total = next(float(row[1]) for row in rows if row[:1] == ["sum"])
    assert len(values) == 3 and sum(values.values()) == pytest.approx(total, abs=2e-4)


def test_digits_have_no_fragments(saved_digit_model, capsys, tmp_path):
    picture = str(ROOT / "datasets/digits/0-a.png")
    for output in ([], ["-o", str(tmp_path / "out.json")]):
        assert (
            main(
                ["explain", picture, "-m", str(saved_digit_model), "--fragments", "rings", *output]
            )
            > 0
        )
        said = capsys.readouterr()
        assert said.err.count("\n") == 1 and "parts of molecules" in said.err and not said.out


ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
ESTER_FIRST = ("ester [CX3](=O)[OX2][#6]", "phenyl c1ccccc1", "acid C(=O)[OH]")


@pytest.mark.parametrize(
    ("lines", "smiles", "expected"),
    [
        (ESTER_FIRST, ASPIRIN, [("phenyl", (4, 5, 6, 7, 8, 9), (4,), ("ester",))]),
        ((ESTER_FIRST[1], ESTER_FIRST[0]), ASPIRIN, [("ester", (1, 2, 3, 4), (4,), ("phenyl",))]),
        (ESTER_FIRST, "c1ccccc1", []),
        (("ester [CX3](=O)[OX2]", *ESTER_FIRST[1:]), ASPIRIN, []),
        # What an earlier fragment holds whole is what precedence is for;
        # a chain of which the rest is a chain has lost nothing.
        (("ester [CX3](=O)[OX2][#6]", "ether [#6][OX2][#6]"), "CC(=O)OC", []),
        (("alcohol [CH2][OH]", "chain [CH2][CH2]"), "CCCCO", []),
        (("amine [CH2][NH2]", "alcohol [CH2][OH]", "chain [CH2][CH2]"), "NCCO", []),
        (
            ("amine [CH2][NH2]", "acid [CH2]C(=O)[OH]"),
            "NCC(=O)O",
            [("acid", (1, 2, 3, 4), (1,), ("amine",))],
        ),
        (
            ("a [CH2]F", "b [CH2]Cl", "all FCC(C)CCl"),
            "FCC(C)CCl",
            [("all", (0, 1, 2, 3, 4, 5), (0, 1, 4, 5), ("a", "b"))],
        ),
    ],
)
def test_a_pattern_that_lost_its_atoms_to_an_earlier_one_is_told(lines, smiles, expected):
    found = lost(Chem.MolFromSmiles(smiles), from_smarts(lines))
    assert [(one.name, one.atoms, one.taken, one.takers) for one in found] == expected


def test_the_programs_own_schemes_lose_nothing():
    assert all(
        not lost(Chem.MolFromSmiles(ASPIRIN), scheme) for scheme in (*SCHEMES.values(), None)
    )


def test_records_tables_and_the_terminal_tell_of_lost_patterns(command):
    Path("own.smarts").write_text("\n".join(ESTER_FIRST))
    Path("s.smi").write_text(f"{ASPIRIN} asp\nc1ccccc1 ben\nCC(=O)Oc1ccccc1 pa\n")
    said = "fragment 'phenyl' matches atoms 4-9, but 'ester' before it has taken 4: left out"
    assert (
        command("explain", "s.smi", "--fragments", "own.smarts", "-o", "o.json", "-n", "0")[0] == 0
    )
    assert [row["notes"] for row in json.loads(Path("o.json").read_text())] == [[said], [], [said]]
    assert f"Note: {said}" in command("explain", ASPIRIN, "--fragments", "own.smarts")[1]
    code, _, error = command("fragments", "s.smi", "--scheme", "own.smarts", "-o", "f.json")
    assert code == 0 and f"{said}, in 2 molecules, first in 'asp'" in error
    assert len(json.loads(Path("f.json").read_text())["notes"]) == 1
    assert "left out" not in command("fragments", "s.smi", "--scheme", "rings")[2]
