import csv
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from rdkit import Chem
from rdkit.Chem import Crippen, rdMolDescriptors

from graphormer.graphs.molecules import molecule
from graphormer.network.checkpoint import load
from molxai.benchmarks.bias import AMIDE, GROUP, GROUP_ATOMS, with_bias, with_group
from molxai.benchmarks.groundtruth import groundtruth
from molxai.benchmarks.groundtruth_tables import markdown, write
from molxai.benchmarks.study import study
from molxai.benchmarks.tasks import BASELINES, TASKS
from molxai.benchmarks.truth import (
    NCI,
    Example,
    Fields,
    crippen_contributions,
    tpsa_contributions,
    with_labels,
    with_patterns,
)
from molxai.cli import main
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.methods.random import Random
from molxai.metrics import METRICS

POSITIVE = (
    "CC(C)Cc1ccccc1",
    "OCCc1ccccc1",
    "NC(=O)c1ccccc1",
    "Clc1ccccc1CC",
    "c1ccccc1-c1ccccc1C",
    "CSc1ccccc1",
    "c1ccc2ccccc2c1O",
)
NEGATIVE = ("CCCCO", "CC(=O)NC", "c1ccncc1C", "C1CCCCC1N", "CCOCC", "NCCS", "c1ccsc1C")


def values(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=np.float64)


# Truths


def table(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def record(smiles: str, hydrogens: bool = False, **properties: object) -> str:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles)) if hydrogens else Chem.MolFromSmiles(smiles)
    return (
        Chem.MolToMolBlock(mol)
        + "".join(f">  <{name}>\n{value}\n\n" for name, value in properties.items())
        + "$$$$\n"
    )


def n_minus_o(smiles: str, hydrogens: bool = False) -> str:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles)) if hydrogens else Chem.MolFromSmiles(smiles)
    truth = [{"N": 1, "O": -1}.get(atom.GetSymbol(), 0) for atom in mol.GetAtoms()]
    return record(smiles, hydrogens, activity=sum(truth), lbls=",".join(map(str, truth)))


def zipped(path: Path, text: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside.sdf", text)
    return path


def test_matches_are_those_of_the_patterns(tmp_path):
    path = table(
        tmp_path / "some.csv",
        [{"smiles": "Cc1ccccc1CO"}, {"smiles": "no molecule"}, {"smiles": "CCO"}, {"smiles": "CC"}],
    )
    reading = with_patterns(path, Fields(smarts=("c1ccccc1", "[OX2H]")))
    toluene, ethanol, ethane = reading.molecules
    assert toluene.matches == (frozenset({1, 2, 3, 4, 5, 6}), frozenset({8}))
    assert toluene.truth.tolist() == [0, 1, 1, 1, 1, 1, 1, 0, 1]
    assert (ethanol.label, ethanol.row, ethane.label, ethane.matches) == (1.0, 2, 0.0, ())
    assert (
        len(reading.skipped) == 1
        and "row 1" in reading.skipped[0]
        and "no molecule" in reading.skipped[0]
    )


def test_hydrogens_count_for_their_atom():
    for smiles in (*POSITIVE, "[2H]C([2H])O", "CC(=O)[O-].[Na+]", "C"):
        one = molecule(smiles)
        truth = crippen_contributions(one)
        assert len(truth) == one.graph.nodes and truth.sum() == pytest.approx(
            Crippen.MolLogP(one.mol)
        )
    methyl, carbon = crippen_contributions(molecule("CC(C)(C)C"))[:2]
    assert methyl > carbon


def test_polar_surface_is_that_of_each_atom():
    for smiles in (*POSITIVE, "[2H]C([2H])O", "CC(=O)[O-].[Na+]", "C", "O=S(=O)(N)c1ccccc1"):
        subject = molecule(smiles)
        truth = tpsa_contributions(subject)
        assert len(truth) == subject.graph.nodes
        assert truth.sum() == pytest.approx(rdMolDescriptors.CalcTPSA(subject.mol))
    assert tpsa_contributions(molecule("OCN")).nonzero()[0].tolist() == [0, 2]


@pytest.mark.parametrize(
    ("smiles", "carbon", "expected"),
    [
        ("CO", 0, "OCC(F)(F)F"),
        ("[CH3]O", 0, "OCC(F)(F)F"),
        ("c1ccccc1", 2, "FC(F)(F)c1ccccc1"),
        ("C[C@H](N)O", 1, "CC(N)(O)C(F)(F)F"),
        ("C=C", 1, "C=CC(F)(F)F"),
        ("[2H]C(C)O", 0, "CC(O)C(F)(F)F"),
        ("C[NH2+]C", 2, "C[NH2+]CC(F)(F)F"),
    ],
)
def test_a_group_takes_the_place_of_a_hydrogen(smiles, carbon, expected):
    changed = with_group(molecule(smiles), carbon)
    without_stereo = Chem.MolFromSmiles(Chem.MolToSmiles(changed.mol, isomericSmiles=False))
    assert Chem.CanonSmiles(expected) == Chem.MolToSmiles(without_stereo)
    count = changed.graph.nodes
    assert changed.mol.GetSubstructMatch(GROUP)
    assert changed.mol.GetBondBetweenAtoms(carbon, count - GROUP_ATOMS) is not None


def test_the_group_gives_the_label_away_in_the_training_set_alone():
    reading = with_bias(NCI, Fields())
    train = [example for example in reading.molecules if example.part == "train"]
    test = [example for example in reading.molecules if example.part == "test"]
    assert len(train) + len(test) == len(reading.molecules) > 4500
    for example in reading.molecules:
        groups = example.molecule.mol.GetSubstructMatches(GROUP)
        assert len(groups) == example.label == bool(example.truth.any())
        assert set(np.flatnonzero(example.truth)) == set().union(*groups)
    for example in train:
        assert example.molecule.mol.HasSubstructMatch(AMIDE) == example.label
    assert not any(example.molecule.mol.HasSubstructMatch(AMIDE) for example in test)
    assert 0.4 < np.mean([example.label for example in test]) < 0.6
    assert [example.row for example in with_bias(NCI, Fields()).molecules] == [
        example.row for example in reading.molecules
    ]


@pytest.mark.parametrize("hydrogens", [False, True])
def test_contributions_follow_the_atoms(tmp_path, hydrogens):
    path = zipped(
        tmp_path / "some.zip",
        n_minus_o("OCC#N", hydrogens) + n_minus_o("NC(=O)c1ccncc1", hydrogens),
    )
    for one in with_labels(path, Fields()).molecules:
        assert one.truth.tolist() == BASELINES["N +1, O −1"](one.molecule).tolist()
        assert one.truth.sum() == one.label


def test_broken_records_are_counted(tmp_path):
    broken = n_minus_o("OCC#N").replace("C   0", "Qq  0", 1)
    short = record("CCO", activity=-1, lbls="0,-1")
    path = tmp_path / "some.sdf"
    path.write_text(
        broken
        + n_minus_o("NCCO")
        + short
        + record("CCN", activity="?", lbls="0,0,1")
        + n_minus_o("CCN")
    )
    reading = with_labels(path, Fields())
    assert [one.row for one in reading.molecules] == [1, 4]
    assert len(reading.skipped) == 3 and "2 contributions for 3 heavy atoms" in reading.skipped[1]


# The whole


SHORT = {"epochs": 2, "progress": False, "device": "cpu"}
SOME = ("lrp", "gradient-input", "saliency")


@pytest.fixture
def benzene(tmp_path):
    rows = [{"smiles": smiles, "y": 1, "split": "train"} for smiles in POSITIVE * 2]
    rows += [{"smiles": smiles, "y": 0, "split": "train"} for smiles in NEGATIVE * 2]
    rows += [
        {"smiles": one, "y": y, "split": "test"}
        for y, part in ((1, POSITIVE), (0, NEGATIVE))
        for one in part
    ]
    return table(tmp_path / "benzene.csv", [*rows, {"smiles": "broken", "y": 0, "split": "test"}])


def test_benzene_from_table_to_tables(benzene, tmp_path):
    folder = tmp_path / "out"
    result = groundtruth("benzene", benzene, folder, SOME, **SHORT)
    assert (result["train"], result["test"], result["judged"], len(result["skipped"])) == (
        28,
        14,
        7,
        1,
    )
    assert result["model"]["training"]["recipe"]["epochs"] == 2 and set(
        result["model"]["quality"]
    ) >= {"roc_auc", "accuracy"}
    rows = {(row["name"], row["kind"]): row for row in result["rows"]}
    painted = rows["aromatic carbons", "no model"]["scores"]["auroc"]
    assert painted["mean"] == 1.0 and painted["molecules"] == 7
    assert [name for name, kind in rows if kind == "method"] == list(SOME)
    assert [name for name, kind in rows if kind == "no model"] == list(TASKS["benzene"].baselines)
    for row in result["rows"]:
        for score in row["scores"].values():
            assert isinstance(score, float) or score["low"] <= score["mean"] <= score["high"]
    assert (
        "difference" not in rows["lrp", "method"]
        and rows["saliency", "method"]["difference"]["molecules"] == 7
    )
    text = markdown(result)
    assert (
        "| lrp | method |" in text
        and "| 0.996 |" in text
        and "Without a sign" in text
        and "saliency" in text.split("Without a sign")[1]
    )
    assert "1 molecules could not be used" in text and "broken" in text
    assert [path.name for path in write(result, folder)] == [
        "groundtruth.md",
        "groundtruth.csv",
        "groundtruth.json",
    ]
    assert json.loads((folder / "groundtruth.json").read_text())["rows"] == result["rows"]
    with (folder / "groundtruth.csv").open() as file:
        assert {(row["name"], row["metric"]) for row in csv.DictReader(file)} >= {
            ("lrp", "auroc"),
            ("degree", "average_precision"),
        }


def test_what_stands_out_where_there_is_nothing_to_find(benzene, tmp_path):
    result = groundtruth("benzene", benzene, tmp_path / "out", ("lrp", "random"), **SHORT)
    assert result["metrics"][-1] == "null_share" and result["nulls"] == 7
    rows = {(row["name"], row["kind"]): row["scores"] for row in result["rows"]}
    # Of the molecules without a benzene ring two have aromatic carbons, as all with one have.
    assert rows["aromatic carbons", "no model"]["null_share"]["mean"] == pytest.approx(2 / 7)
    assert rows["aromatic carbons", "no model"]["null_share"]["molecules"] == 7
    text = markdown(result)
    assert "7 molecules of the test part in which there is nothing to find" in text
    assert "nothing to find ↓" in text


def test_the_base_value_can_be_spread(tmp_path, capsys):
    path = table(tmp_path / "some.csv", [{"smiles": one} for one in (*POSITIVE, *NEGATIVE) * 2])
    folder = tmp_path / "out"
    apart = groundtruth("crippen", path, folder, ("lrp", "gae"), **SHORT)
    spread = groundtruth("crippen", path, folder, ("lrp", "gae"), base="spread", **SHORT)
    cosines = [
        {row["name"]: row["scores"]["cosine"]["mean"] for row in result["rows"][:2]}
        for result in (apart, spread)
    ]
    assert cosines[0]["lrp"] != cosines[1]["lrp"] and cosines[0]["gae"] == cosines[1]["gae"]
    assert "spread in even shares" in markdown(spread) and apart["nulls"] == 0
    assert "spread in even shares" not in markdown(apart)
    with pytest.raises(ValueError, match="did you mean 'spread'"):
        groundtruth("crippen", path, folder, ("lrp",), base="sprea", **SHORT)


def test_a_standardised_model_begins_at_the_mean(tmp_path):
    path = table(tmp_path / "some.csv", [{"smiles": one} for one in (*POSITIVE, *NEGATIVE) * 2])
    groundtruth("tpsa", path, tmp_path / "out", ("lrp",), epochs=1, progress=False, device="cpu")
    network, _ = load(tmp_path / "out")
    data = study("tpsa", path, None, Fields(), classes=False, seed=0)
    labels = data.labelled("train").labels
    half = float(labels.std()) / 2  # what is not standardised begins at 0, nearly one off
    assert float(network.base_values) == pytest.approx(float(labels.mean()), abs=half)


def test_a_task_has_molecules_of_its_own_or_asks_for_them(tmp_path, monkeypatch):
    files = []

    def read(name, data, *rest):
        files.append(data)
        raise ValueError("enough")

    monkeypatch.setattr("molxai.benchmarks.groundtruth.study", read)
    for task in ("crippen", "tpsa", "bias"):
        with pytest.raises(ValueError, match="enough"):
            groundtruth(task, None, tmp_path, ("lrp",), **SHORT)
    assert files == [NCI] * 3
    with pytest.raises(ValueError, match="name a file"):
        groundtruth("smarts", None, tmp_path, ("lrp",), **SHORT)


def test_a_trained_model_is_taken_or_refused(benzene, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    first = groundtruth("benzene", benzene, folder, ("lrp",), **SHORT)
    monkeypatch.setattr("graphormer.training.fit.fit", None)
    assert groundtruth("benzene", benzene, folder, ("lrp",), **SHORT)["rows"] == first["rows"]
    assert len(groundtruth("benzene", benzene, folder, ("lrp",), sample=3, **SHORT)["rows"]) == len(
        first["rows"]
    )
    with pytest.raises(ValueError, match="another recipe"):
        groundtruth("benzene", benzene, folder, ("lrp",), seed=1, **SHORT)
    benzene.write_text(benzene.read_text() + "CCCCl,0,train\n")
    with pytest.raises(ValueError, match="another sha256, graphs"):
        groundtruth("benzene", benzene, folder, ("lrp",), **SHORT)


def test_an_interrupted_training_goes_on(benzene, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr("molxai.benchmarks.study.save", full)
        groundtruth("benzene", benzene, tmp_path / "a", ("lrp",), **SHORT)
    assert (tmp_path / "a" / "last.ckpt").exists() and not list(
        (tmp_path / "a").glob("*.safetensors")
    )
    resumed = groundtruth("benzene", benzene, tmp_path / "a", ("lrp",), **SHORT)
    assert (
        resumed["rows"]
        == groundtruth("benzene", benzene, tmp_path / "b", ("lrp",), **SHORT)["rows"]
    )


def test_n_minus_o_with_a_file_for_each_part(tmp_path):
    train = zipped(
        tmp_path / "train.zip", "".join(map(n_minus_o, (*POSITIVE, *NEGATIVE, "NCCN", "OCCO")))
    )
    test = zipped(
        tmp_path / "test.zip", "".join(map(n_minus_o, ("NCCO", "OC(=O)CN", "CCN", "OCc1ccncc1")))
    )
    result = groundtruth(
        "n-minus-o", train, tmp_path / "out", ("lrp", "random"), test_data=test, **SHORT
    )
    rows = {(row["name"], row["kind"]): row["scores"] for row in result["rows"]}
    assert {name: score["mean"] for name, score in rows["N +1, O −1", "no model"].items()} == {
        "auc_plus": 1.0,
        "auc_minus": 1.0,
        "top_n_plus": 1.0,
        "top_n_minus": 1.0,
        "rmse": 0.0,
    }
    assert rows["lrp", "method"]["auc_minus"]["molecules"] == 3
    assert set(result["model"]["quality"]) == {"rmse", "mae", "r2", "spearman"}
    assert "RMSE ↓" in markdown(result) and "published" not in markdown(result)


def test_smarts_and_crippen_on_any_table(tmp_path):
    path = table(
        tmp_path / "some.csv", [{"structure": smiles} for smiles in (*POSITIVE, *NEGATIVE) * 2]
    )
    result = groundtruth(
        "smarts",
        path,
        tmp_path / "a",
        ("lrp",),
        smarts=("[NX3]", "[OX2H]"),
        smiles_column="structure",
        **SHORT,
    )
    assert result["split"] == "random 80/20, seed 0; SMARTS [NX3] or [OX2H]" and (
        result["train"],
        result["test"],
    ) == (22, 6)
    result = groundtruth(
        "crippen", path, tmp_path / "b", ("lrp",), smiles_column="structure", sample=2, **SHORT
    )
    assert (
        result["judged"] == 2
        and result["metrics"] == ["cosine", "rmse"]
        and "| 0.54 |" in markdown(result)
    )


def test_labels_of_either_kind(tmp_path):
    path = tmp_path / "some.sdf"
    ring = Chem.MolFromSmarts("c1ccccc1")
    marked = []
    for smiles in (*POSITIVE, *NEGATIVE) * 2:
        atoms = set(Chem.MolFromSmiles(smiles).GetSubstructMatch(ring))
        truth = [int(i in atoms) for i in range(Chem.MolFromSmiles(smiles).GetNumAtoms())]
        marked.append(record(smiles, y=int(bool(atoms)), atoms=",".join(map(str, truth))))
    path.write_text("".join(marked))
    prepared = study("labels", path, None, Fields(label="y", truth="atoms"), classes=True, seed=0)
    assert prepared.task.binary and prepared.task.comparison.metrics[0] == "auroc"
    assert all(one.label and one.truth.any() for one in prepared.judged(None, 0))
    path.write_text("".join(map(n_minus_o, (*POSITIVE, *NEGATIVE))))
    prepared = study("labels", path, None, Fields(), classes=False, seed=0)
    assert not prepared.task.binary and prepared.task.comparison.metrics[0] == "auc_plus"
    with pytest.raises(ValueError, match="a class is 0 or 1"):
        study("labels", path, None, Fields(), classes=True, seed=0)


def test_the_table_of_tasks_is_consistent():
    for task in TASKS.values():
        one = with_truth()
        assert (
            set(task.comparison.scores(values(1, 0, -1), one))
            == set(task.comparison.metrics)
            <= set(METRICS)
        )
        assert set(task.baselines) <= set(BASELINES) and len(task.classes) == (
            2 if task.binary else 0
        )
        assert all(set(known.scores) <= set(task.comparison.metrics) for known in task.published)
    assert all(len(paint(molecule("CCO"))) == 3 for paint in BASELINES.values())


def with_truth() -> Example:
    return Example(molecule("NCO"), 0, 1.0, values(1, 0, -1), (frozenset({0}),))


def test_molecules_without_anything_to_find_are_counted(tmp_path):
    path = table(
        tmp_path / "some.csv", [{"smiles": one, "split": "train"} for one in (*POSITIVE, *NEGATIVE)]
    )
    test = table(
        tmp_path / "test.csv", [{"smiles": one} for one in ("c1ccccc1", "CCO", "Cc1ccccc1")]
    )
    prepared = study("smarts", path, test, Fields(smarts=("c1ccccc1",)), classes=False, seed=0)
    assert prepared.without_truth == 1 and [one.row for one in prepared.judged(None, 0)] == [2]
    rows = [
        {"smiles": one, "split": part}
        for one in (*POSITIVE, *NEGATIVE)
        for part in ("train", "test", "valid")
    ]
    prepared = study("crippen", table(path, rows), None, Fields(), classes=False, seed=0)
    assert (
        len(prepared.train) == len(prepared.test) == 14
        and "14 molecules of other parts left out" in prepared.split
    )


def test_every_method_is_tried_before_training(benzene, tmp_path, monkeypatch):
    class Refusing(Random):
        def __call__(self, model, batch, targets=None):
            raise ValueError("this model cannot be served")

    monkeypatch.setattr("graphormer.training.fit.fit", None)
    monkeypatch.setitem(EXPLAINERS, "refusing", Refusing("refusing"))
    with pytest.raises(ValueError, match="cannot be served"):
        groundtruth("benzene", benzene, tmp_path / "out", ("refusing",), **SHORT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"task": "toluene"},
            "no task named 'toluene': there are benzene, n-minus-o, smarts, labels, crippen",
        ),
        ({"methods": ("lime",)}, "no method named 'lime'"),
        ({"device": "tpu"}, "device 'tpu'"),
        ({"sample": 0}, "a sample of 0 molecules"),
        ({"epochs": 0}, "at least one epoch"),
        ({"folder": "benzene.csv"}, "is a file: a folder is needed"),
        ({"data": "nowhere.csv"}, "no file"),
        ({"test_data": "nowhere.csv"}, "no file"),
        ({"smarts": ("C",)}, "use the task 'smarts'"),
        ({"task": "smarts"}, "no pattern: give at least one with --smarts"),
        ({"task": "smarts", "smarts": ("c1cc(",)}, "'c1cc\\(' is no SMARTS"),
        (
            {"task": "smarts", "smarts": ("[#92]",)},
            "all are 'no match': two different labels are needed",
        ),
        ({"task": "smarts", "smarts": ("*",)}, "all are 'match': two different labels are needed"),
        ({"smiles_column": "structure"}, "no column 'structure' in"),
        ({"task": "n-minus-o"}, "an .sdf, or a .zip with one inside, is needed"),
        ({"task": "n-minus-o", "data": "broken.zip"}, "is no zip archive"),
        ({"task": "n-minus-o", "data": "two.zip"}, "holds 2 .sdf files"),
        ({"task": "n-minus-o", "data": "bare.sdf"}, "no property 'activity': there are none"),
        ({"data": "bare.csv"}, "lacks the columns y and split"),
        ({"data": "wrong.csv"}, "row 0: y is '1', but the pattern c1ccccc1 says 0"),
        (
            {"data": "parts.csv", "task": "crippen"},
            "the column split holds test, valid; train and test are needed",
        ),
        ({"data": "picture.png"}, "a table of molecules is needed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals_come_first_and_in_one_line(benzene, tmp_path, monkeypatch, change, message):
    monkeypatch.setattr("graphormer.training.fit.fit", None)
    (tmp_path / "broken.zip").write_text("PK")
    (tmp_path / "picture.png").write_text("x")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.sdf", n_minus_o("CCN"))
        archive.writestr("b.sdf", n_minus_o("CCN"))
    (tmp_path / "bare.sdf").write_text(record("CCO"))
    table(tmp_path / "bare.csv", [{"smiles": "CCO"}])
    table(tmp_path / "wrong.csv", [{"smiles": "CCO", "y": 1, "split": "train"}])
    table(
        tmp_path / "parts.csv",
        [{"smiles": "CCO", "split": "valid"}, {"smiles": "CC", "split": "test"}],
    )
    files = {
        key: tmp_path / value
        for key, value in change.items()
        if key in ("data", "folder", "test_data")
    }
    arguments = (
        {"task": "benzene", "data": benzene, "folder": tmp_path / "out", "methods": ("lrp",)}
        | SHORT
        | change
        | files
    )
    with pytest.raises((ValueError, FileNotFoundError), match=message) as refusal:
        groundtruth(**arguments)
    assert "\n" not in str(refusal.value)


def test_the_cards_name_the_files():
    for name in ("benzene", "n-minus-o"):
        assert "sha256" in (ROOT / "datasets" / name / "CARD.md").read_text()


def test_a_task_without_patterns_needs_none_on_the_command_line(tmp_path, capsys):
    missing = tmp_path / "benzene.csv"
    command = ["benchmark", "groundtruth", "--task", "benzene", "--data", str(missing)]
    assert main([*command, "-o", str(tmp_path / "out")]) == 1
    assert str(missing) in capsys.readouterr().err
