import csv
import json
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from sklearn.ensemble import RandomForestRegressor

from graphormer.files import digest
from molxai.benchmarks import cliff_data, cliff_models
from molxai.benchmarks.cliff_data import Columns, cliff_pairs, read_cliffs
from molxai.benchmarks.cliff_estimates import estimates
from molxai.benchmarks.cliff_models import Learning, map_differences
from molxai.benchmarks.cliff_tables import markdown, write
from molxai.benchmarks.cliffs import ATOMS, FOREST, METHODS, MODEL, SVM, Outcome, cliffs
from molxai.benchmarks.estimates import interval
from molxai.cli import main
from molxai.explanation.explainer import Explainer
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.methods.strengths import Strengths

WORTH = {"F": 1.0, "Cl": 2.5, "Br": -1.0, "O": 0.5, "N": -2.0, "S": 3.0, "I": -1.5}
"""What an atom adds to the value; a carbon adds nothing."""

GROUPS = ("F", "Cl", "Br", "O", "N", "S", "I", "C")
TAILS = ("CCCN1CCOCC1", "CCCCN1CCOCC1", "CCCCCN1CCOCC1")


def worth(mol):
    return [WORTH.get(atom.GetSymbol(), 0.0) for atom in mol.GetAtoms()]


def records(groups=GROUPS, tails=TAILS):
    rows = []
    for number, (group, tail) in enumerate(product(groups, tails)):
        smiles = f"{group}c1ccc(C(=O)N{tail})cc1"
        test = number % 3 == 0
        rows.append(
            {
                "smiles": smiles,
                "y": sum(worth(Chem.MolFromSmiles(smiles))),
                "cliff_mol": int(number % 2 == 0),
                "split": "test" if test else "train",
            }
        )
    rows += [
        {"smiles": "C[C@H](N)CCc1ccccc1", "y": -3, "cliff_mol": 1, "split": "test"},
        {"smiles": "C[C@@H](N)CCc1ccccc1", "y": 0, "cliff_mol": 1, "split": "train"},
    ]
    return rows


def table(path: Path, rows) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def ace(tmp_path):
    return table(tmp_path / "CHEMBL1.csv", records())


def silent(line: str) -> None:
    pass


class Oracle(Explainer):
    """An explainer whose relevance is what each atom adds, or what a function makes of it."""

    def __init__(self, path: Path, relevance=worth) -> None:
        path.write_text(relevance.__name__)
        self.weights = path
        self.relevance = relevance
        self.card = SimpleNamespace(tuning={})

    def with_method(self, method, endpoint=None, structure=None):
        return self

    def explain(self, subjects, targets):
        return [
            SimpleNamespace(relevance=torch.tensor(self.relevance(each.mol))) for each in subjects
        ]


def normal(mol):
    smiles = Chem.MolToSmiles(mol).encode()
    return np.random.default_rng(list(smiles)).standard_normal(mol.GetNumAtoms()).tolist()


def opposite(mol):
    return [-value for value in worth(mol)]


def nothing(mol):
    return [0.0] * mol.GetNumAtoms()


def outcome_of(path, folder, relevances, values=None):
    """An outcome without any model, whose methods are these functions."""
    data = read_cliffs(path, Columns())
    pairs = [pair for pair in cliff_pairs(data, folder, silent) if pair.difference.has_atoms]
    ends = np.array([(pair.a, pair.b) for pair in pairs])
    own = data.values[None] if values is None else values
    differences = {MODEL: own[:, ends[:, 0]] - own[:, ends[:, 1]]}
    for relevance in relevances:
        oracle = Oracle(folder / f"{relevance.__name__}.weights", relevance)
        differences[relevance.__name__] = map_differences(
            oracle, relevance.__name__, data, pairs, folder, silent
        )[None]
    by_predictor = {MODEL: own, FOREST: data.values[None], SVM: data.values[None] + 1}
    return Outcome(data, tuple(range(len(own))), pairs, 1, by_predictor, differences)


def named(outcomes):
    return {
        (each.target, each.judge, each.measure): interval(each.samples)
        for each in estimates(outcomes)
    }


def test_a_linear_oracle_is_always_right_and_chance_is_half(ace, tmp_path):
    outcome = outcome_of(ace, tmp_path, [worth, opposite, normal, nothing])
    by_name = named([outcome])
    assert by_name["CHEMBL1", "worth", "direction"] == (1, 1, 1)
    assert by_name["CHEMBL1", "worth", "ratio"] == (1, 1, 1)
    assert by_name["CHEMBL1", "opposite", "direction"] == (0, 0, 0)
    assert by_name["CHEMBL1", "nothing", "direction"] == (0, 0, 0)
    value, low, high = by_name["CHEMBL1", "normal", "direction"]
    assert len(outcome.pairs) > 50 and 0.3 < value < 0.7 and low < value < high
    assert outcome.differences["worth"][0] == pytest.approx(outcome.measured)


def test_pairs_are_those_of_the_definition(ace, tmp_path):
    data = read_cliffs(ace, Columns())
    pairs = cliff_pairs(data, tmp_path, silent)
    for a, b, change in pairs:
        assert "test" in (data.parts[a], data.parts[b])
        assert abs(data.values[a] - data.values[b]) >= 1
        assert change.common >= 0.75
    stereo = [pair for pair in pairs if not pair.difference.has_atoms]
    assert len(stereo) == 1 and "@" in data.texts[stereo[0].a]
    same_tail = {
        (data.texts[a], data.texts[b]) for a, b, change in pairs if len(change.atoms_a) == 1
    }
    assert same_tail


def test_agreement_is_counted_where_the_model_is_right(ace, tmp_path):
    data = read_cliffs(ace, Columns())
    wrong = -data.values
    outcome = outcome_of(ace, tmp_path, [worth], np.stack([data.values, wrong]))
    by_name = named([outcome])
    assert by_name["CHEMBL1", MODEL, "direction"][0] == 0.5
    assert by_name["CHEMBL1", "worth", "direction"][0] == 1
    assert by_name["CHEMBL1", "worth", "agreement"][0] == 1
    assert by_name["CHEMBL1", "worth", "ratio"][0] == 2


def test_pools_are_of_pairs_and_means_of_targets(ace, tmp_path):
    other = table(tmp_path / "CHEMBL2.csv", records(GROUPS[:7]))
    outcomes = [
        outcome_of(path, tmp_path / path.stem, [normal])
        for path in (ace, other)
        if not (tmp_path / path.stem).mkdir()
    ]
    by_name = named(outcomes)
    hits = sum(int(outcome.hits("normal").sum()) for outcome in outcomes)
    pairs = sum(len(outcome.pairs) for outcome in outcomes)
    assert by_name["all targets", "normal", "direction"][0] == pytest.approx(hits / pairs)
    assert by_name["mean of targets", SVM, "rmse"][0] == pytest.approx(1)
    assert by_name["CHEMBL2", SVM, "model_less_rmse"][0] == pytest.approx(-1)
    for each in estimates([outcomes[1]]):
        if each.measure == "rmse":
            assert by_name["CHEMBL2", each.judge, "rmse"] == interval(each.samples)
    text = markdown(outcomes, estimates(outcomes))
    assert f"Pairs: {pairs}, of" in text and "hydrogens alone: 2." in text


# The whole

BROKEN = (("C1CC", 1.0), ("CCO", ""), ("C[C@H](N)CCc1ccccc1", 5.0))
"""No molecule, no value, and a molecule of the test set."""

SOME = ("lrp", "random")
SHORT = Learning(epochs=1)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cliffs")
    path = table(folder / "CHEMBL1.csv", records())
    output = folder / "out"
    outcomes = cliffs([path], output, SOME, range(2), Columns(), SHORT, "cpu", silent)
    return path, output, outcomes, write(outcomes, output)


def test_errors_are_those_of_an_own_computation(run):
    path, output, _, _ = run
    with (output / "cliffs.csv").open() as file:
        rows = {(row["name"], row["measure"]): row for row in csv.DictReader(file)}
    with path.open() as file:
        data = list(csv.DictReader(file))
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)

    def inputs(part):
        mols = [Chem.MolFromSmiles(row["smiles"]) for row in data if row["split"] == part]
        return np.stack([generator.GetCountFingerprintAsNumPy(mol) for mol in mols])

    def values(part):
        return np.array([float(row["y"]) for row in data if row["split"] == part])

    on_cliff = np.array([row["cliff_mol"] == "1" for row in data if row["split"] == "test"])
    by_measure = {"rmse": np.ones_like(on_cliff), "rmse_cliffs": on_cliff}
    for measure, counted in by_measure.items():
        errors = []
        for seed in range(2):
            forest = RandomForestRegressor(500, random_state=seed)
            forest.fit(inputs("train"), values("train"))
            squares = (forest.predict(inputs("test")) - values("test")) ** 2
            errors.append(np.sqrt(squares[counted].mean()))
        assert float(rows[FOREST, measure]["value"]) == pytest.approx(np.mean(errors), rel=1e-4)
        assert int(rows[FOREST, measure]["count"]) == counted.sum()
        errors = []
        for seed in range(2):
            with (output / "CHEMBL1" / f"seed-{seed}" / "predictions.csv").open() as file:
                said = {row["row"]: float(row["predicted"]) for row in csv.DictReader(file)}
            tests = [place for place, row in enumerate(data) if row["split"] == "test"]
            squares = (np.array([said[str(place)] for place in tests]) - values("test")) ** 2
            errors.append(np.sqrt(squares[counted].mean()))
        assert float(rows[MODEL, measure]["value"]) == pytest.approx(np.mean(errors), rel=1e-4)


def test_directions_are_those_of_the_model_folder(run):
    _, output, outcomes, _ = run
    [outcome] = outcomes
    explainer = Explainer(output / "CHEMBL1" / "seed-1", device="cpu")
    for place in (0, len(outcome.pairs) // 2):
        a, b, change = outcome.pairs[place]
        first = explainer(outcome.table.texts[a])
        second = explainer(outcome.table.texts[b])
        expected = sum(first.relevance[list(change.atoms_a)]) - sum(
            second.relevance[list(change.atoms_b)]
        )
        assert outcome.differences["lrp"][1, place] == pytest.approx(float(expected), abs=1e-5)
        delta = first.logit - second.logit
        assert outcome.differences[MODEL][1, place] == pytest.approx(delta, abs=1e-5)
    with (output / "CHEMBL1" / "pairs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(outcome.pairs) and float(rows[0]["measured"]) == outcome.measured[0]


def test_tables_name_what_they_hold(run):
    _, output, outcomes, text = run
    for name in (MODEL, FOREST, SVM, ATOMS, "`lrp`", "`random`", "RMSE on cliffs"):
        assert name in text
    assert "hydrogens alone: 1." in text
    own = (output / "cliffs.md").read_text()
    together = (output / "ensemble" / "cliffs.md").read_text()
    assert f"{own}\n{together}" == text + "\n"
    assert f"Pairs: {len(outcomes[0].pairs)}, of" in text


def test_means_are_those_of_the_seeds(run):
    _, output, _, _ = run
    with (output / "CHEMBL1" / "seeds.csv").open() as file:
        rows = list(csv.DictReader(file))
    with (output / "cliffs.csv").open() as file:
        means = {(row["name"], row["measure"]): float(row["value"]) for row in csv.DictReader(file)}
    for name, seeds in (
        (MODEL, ["0", "1"]),
        (FOREST, ["0", "1"]),
        (SVM, ["0"]),
        ("lrp", ["0", "1"]),
    ):
        own = [row for row in rows if row["name"] == name]
        assert [row["seed"] for row in own] == seeds
        for measure in ("rmse", "rmse_cliffs", "direction"):
            if (name, measure) in means:
                values = [float(row[measure]) for row in own]
                assert means[name, measure] == pytest.approx(np.mean(values))


def test_the_models_of_all_seeds_are_judged_as_one_ensemble(run):
    _, output, [outcome], text = run
    assert "The models of 2 seeds are one ensemble" in text
    members = [Explainer(output / "CHEMBL1" / f"seed-{seed}", device="cpu") for seed in (0, 1)]
    data = outcome.table
    test = np.array(data.places("test"))
    said = np.array([[member(data.texts[place]).logit for place in test] for member in members])
    with (output / "ensemble" / "cliffs.csv").open() as file:
        rows = {(row["name"], row["measure"]): row for row in csv.DictReader(file)}
    error = np.sqrt(((said.mean(0) - data.values[test]) ** 2).mean())
    assert float(rows[MODEL, "rmse"]["value"]) == pytest.approx(error, rel=1e-4)
    a, b, change = outcome.pairs[0]
    expected = np.mean(
        [
            float(
                member(data.texts[a]).relevance[list(change.atoms_a)].sum()
                - member(data.texts[b]).relevance[list(change.atoms_b)].sum()
            )
            for member in members
        ]
    )
    together = outcome.as_ensemble().differences["lrp"]
    assert together.shape[0] == 1 and together[0, 0] == pytest.approx(expected, abs=1e-5)


def test_errors_alone_search_no_pair_and_are_the_same(run, tmp_path, monkeypatch):
    path, output, [outcome], _ = run
    folder = tmp_path / "out"
    shutil.copytree(output / "CHEMBL1", folder / "CHEMBL1")
    (folder / "CHEMBL1" / "pairs.csv").unlink()
    monkeypatch.setattr("molxai.benchmarks.cliffs.cliff_pairs", None)
    [alone] = cliffs([path], folder, None, range(2), Columns(), SHORT, "cpu", silent)
    assert alone.pairs == [] and alone.differences == {}
    text = write([alone], folder)
    assert "## Errors" in text and "irections" not in text
    assert not (folder / "CHEMBL1" / "pairs.csv").exists()
    with_maps = [each.row() for each in estimates([outcome]) if "rmse" in each.measure]
    assert [each.row() for each in estimates([alone])] == with_maps
    with (folder / "CHEMBL1" / "seeds.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [MODEL, MODEL, FOREST, FOREST, SVM]
    assert "direction" not in rows[0]


def test_a_table_says_on_how_many_targets_the_model_is_ahead(ace, tmp_path):
    outcome = outcome_of(ace, tmp_path, [])  # the model and the forest say what was measured
    worse = replace(
        outcome,
        table=replace(outcome.table, name="other"),
        values=outcome.values | {MODEL: outcome.values[MODEL] + 3},
    )
    text = markdown([outcome, worse], estimates([outcome, worse]))
    assert (
        "below that of the random forest on 0 of 2 targets. The interval of the difference is "
        "below zero on 0 and above zero on 1 of them."
    ) in text
    assert (
        "below that of the SVM on 1 of 2 targets. The interval of the difference is "
        "below zero on 1 and above zero on 1 of them."
    ) in text


def test_rows_that_are_left_out_are_told(tmp_path):
    broken = [{"smiles": text, "y": y, "cliff_mol": 1, "split": "train"} for text, y in BROKEN]
    data = read_cliffs(table(tmp_path / "mine.csv", records() + broken), Columns())
    assert len(data.texts) == len(records())
    outcome = outcome_of(tmp_path / "mine.csv", tmp_path, [worth])
    text = markdown([outcome], estimates([outcome]))
    assert f"{len(records())} of {len(records()) + 3} rows are used" in text
    assert "3 rows are left out" in text


def test_what_is_there_is_used_again(run, monkeypatch):
    path, output, _, text = run
    monkeypatch.setattr(cliff_models, "train_own", None)
    monkeypatch.setattr(cliff_models, "forest_outputs", None)
    monkeypatch.setattr(cliff_models, "svm_prediction", None)
    monkeypatch.setattr(cliff_models, "_relevance", None)
    monkeypatch.setattr(cliff_data, "difference", None)
    again = cliffs([path], output, SOME, range(2), Columns(), SHORT, "cpu", silent)
    assert write(again, output) == text


def test_an_interrupted_search_goes_on(ace, tmp_path, monkeypatch):
    data = read_cliffs(ace, Columns())
    whole = cliff_pairs(data, tmp_path / "whole", silent)
    calls = []
    search = cliff_data.difference

    def interrupted(a, b):
        if len(calls) == cliff_data.CHUNK + 3:
            raise KeyboardInterrupt
        calls.append(a)
        return search(a, b)

    monkeypatch.setattr(cliff_data, "difference", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cliff_pairs(data, tmp_path / "part", silent)
    kept = json.loads((tmp_path / "part" / "pairs.json").read_text())["differences"]
    assert len(kept) == cliff_data.CHUNK
    rest = []
    monkeypatch.setattr(cliff_data, "difference", lambda a, b: rest.append(a) or search(a, b))
    assert cliff_pairs(data, tmp_path / "part", silent) == whole
    everything = json.loads((tmp_path / "whole" / "pairs.json").read_text())["differences"]
    assert len(rest) == len(everything) - cliff_data.CHUNK


def test_a_map_of_another_model_is_not_taken(ace, tmp_path):
    data = read_cliffs(ace, Columns())
    pairs = cliff_pairs(data, tmp_path, silent)
    first = map_differences(Oracle(tmp_path / "model"), "lrp", data, pairs, tmp_path, silent)
    second = map_differences(
        Oracle(tmp_path / "model", opposite), "lrp", data, pairs, tmp_path, silent
    )
    assert first == pytest.approx(-second) and first.any()
    assert digest(tmp_path / "model")


def test_other_settings_in_the_same_folder_are_refused(run):
    path, output, _, _ = run
    others = (
        Learning(epochs=2),
        Learning(epochs=1, ensemble=2),
        Learning(epochs=1, kernel=False),
    )
    for learning in others:
        with pytest.raises(ValueError, match="choose another folder"):
            cliffs([path], output, SOME, range(2), Columns(), learning, "cpu", silent)


def test_usual_methods_are_methods():
    assert set(METHODS) <= set(EXPLAINERS) and METHODS[0] == "lrp"


def test_strengths_are_chosen_once_for_all_seeds(run, monkeypatch):
    path, output, _, _ = run
    chosen = []

    def tune_card(explainer, sample, home, report):
        strengths = {"alpha": 0.25, "presence": 0.5, "gamma": 0.1, "residual": 0.0}
        chosen.append(explainer.weights.parent.name)
        return SimpleNamespace(to_dict=lambda: {"strengths": strengths}), explainer.weights

    monkeypatch.setattr(cliff_models, "tune_card", tune_card)
    [outcome] = cliffs(
        [path], output, ("lrp-tuned", "lrp-routing"), range(2), Columns(), SHORT, "cpu", silent
    )
    assert chosen == ["seed-0"]
    explainer = Explainer(output / "CHEMBL1" / "seed-1", device="cpu")
    method = Strengths(0.25, 0.5, 0.1, 0.0).method("by-hand")
    a, b, change = outcome.pairs[0]
    first, second = explainer.with_method(method)([outcome.table.texts[a], outcome.table.texts[b]])
    expected = first.relevance[list(change.atoms_a)].sum()
    expected -= second.relevance[list(change.atoms_b)].sum()
    assert outcome.differences["lrp-tuned"][1, 0] == pytest.approx(float(expected), abs=1e-5)
    assert outcome.differences["lrp-routing"][1, 0] != pytest.approx(float(expected), abs=1e-5)


def test_options_say_how_models_learn(ace, tmp_path, monkeypatch):
    asked = {}

    def note(paths, folder, methods, seeds, columns, learning, device, report):
        asked.update(seeds=list(seeds), columns=columns, learning=learning, methods=methods)
        raise ValueError("enough")

    monkeypatch.setattr("molxai.benchmarks.cliffs.cliffs", note)
    words = "--seeds 3 --ensemble 2 --epochs 4 --teacher --init bace --methods lrp,gae"
    names = "-s structure --target-columns pKi --split-column set --cliff-column cliff"
    folder = str(tmp_path / "out")
    main(["benchmark", "cliffs", str(ace), "-o", folder, *words.split(), *names.split()])
    assert asked["seeds"] == [0, 2, 4]  # no ensemble has a member of another
    assert asked["columns"] == Columns("structure", "pKi", "set", "cliff")
    assert asked["learning"] == Learning(4, "bace", True, 2)
    assert asked["methods"] == ("lrp", "gae")
    main(["benchmark", "cliffs", str(ace), "-o", folder, "--no-maps", "--no-kernel"])
    assert asked["methods"] is None
    assert asked["learning"] == Learning(kernel=False)


# Refusals


def without(column):
    return [{name: cell for name, cell in row.items() if name != column} for row in records()]


def with_cells(column, *cells):
    return [row | {column: cells[place % len(cells)]} for place, row in enumerate(records())]


REFUSALS = [
    (without("cliff_mol"), "cliff_mol"),
    (without("split"), "split"),
    (without("y"), "'y'"),
    (with_cells("split", "train"), "rows that say test are needed"),
    (with_cells("split", "train", "tset"), "'tset'"),
    (with_cells("cliff_mol", 0), "is part of a cliff"),
    (with_cells("cliff_mol", 0, "perhaps"), "'perhaps'; 1 or 0 is needed"),
    (with_cells("y", 0, 0.5), "no pair of near-identical molecules"),
    (with_cells("split", *["test"] * 8, "train"), "2 graphs to train on"),
    (records(GROUPS[:2]), "at least 20 are needed"),
]


@pytest.mark.parametrize(("rows", "message"), REFUSALS)
def test_refusals_are_one_plain_line(rows, message, tmp_path, capsys):
    path = table(tmp_path / "mine.csv", rows)
    code = main(["benchmark", "cliffs", str(path), "-o", str(tmp_path / "out"), "-q"])
    [line] = capsys.readouterr().err.splitlines()
    assert code == 1 and line.startswith("molxai: ") and message in line
    assert not list(tmp_path.glob("out/**/*.safetensors"))


def test_other_refusals(ace, tmp_path, capsys):
    def line(*words):
        assert main(["benchmark", "cliffs", *map(str, words)]) != 0
        [text] = capsys.readouterr().err.splitlines()
        return text

    output = tmp_path / "out"
    assert "no file" in line(tmp_path / "none.csv", "-o", output)
    assert "lrpp" in line(ace, "-o", output, "--methods", "lrpp")
    assert "leave --methods out" in line(ace, "-o", output, "--methods", "lrp", "--no-maps")
    assert "is a file" in line(ace, "-o", ace)
    (tmp_path / "more").mkdir()
    twin = table(tmp_path / "more" / ace.name, records())
    assert "several files are called CHEMBL1" in line(ace, twin, "-o", output)
    assert "2 target columns" in line(ace, "-o", output, "--target-columns", "y,cliff_mol")
    assert "nothing" in line(ace, "-o", output, "--init", "nothing")
    assert not output.exists()
