"""A user's table, from `molxai train` to explanations in its unit; stopped runs and bad tables."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import stroke_image
from matplotlib.figure import Figure

from graphormer.data.labelled_tables import collect
from graphormer.network.checkpoint import load
from graphormer.network.ensemble import Ensemble, networks
from graphormer.network.model import Config, Graphormer
from graphormer.readers.tables import Layout
from graphormer.training.fit import Fitting
from graphormer.training.history import read_history
from graphormer.training.own import KERNEL_FOLDS, Request, own_composition, own_recipe
from graphormer.training.recipe import Composition
from graphormer.training.scaling import scaling_of
from graphormer.training.start import base_value, trunk
from molxai import Explainer
from molxai.cli import main
from molxai.pages.training import _losses

RINGS = ("c1ccccc1", "c1ccncc1", "C1CCCCC1", "C1CCOCC1", "c1ccsc1", "C1CC1")

SMILES = [f"{'C' * n}{group}{ring}" for ring in RINGS for group in ("O", "N", "S") for n in (1, 2)]


def value(smiles):
    return 2.0 * smiles.count("O") - 1.5 * smiles.count("C") + 40.0


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    lines = ["smiles,effect,amount,kind"]
    lines += [
        f"{one},{'yes' if 'O' in one else 'no'},{value(one)},{one.count('c')}" for one in SMILES
    ]
    Path("t.csv").write_text("\n".join(lines) + "\n")

    def go(*arguments):
        capsys.readouterr()
        code = main(list(map(str, arguments)))
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


def train(run, *arguments, epochs=1):
    return run("train", "t.csv", "--epochs", epochs, "-q", "--no-tune", *arguments)


def rows(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_classifier_from_table_to_picture(run):
    one = ["--ensemble", 1, "-o", "m", "--split", "scaffold"]
    code, out, _ = train(run, "--target-columns", "effect", *one)
    assert code == 0 and "two classes (no / yes; tables explain 'yes')" in out and "ROC-AUC" in out
    assert {path.name for path in Path("m").iterdir()} >= {
        "report.html",
        "report.png",
        "history.csv",
        "split.csv",
        "predictions.csv",
    }
    assert run("explain", "CCO", "-m", "m", "-o", "x.svg")[0] == 0 and Path("x.svg").stat().st_size
    assert run("predict", SMILES[0], "CCCCCCBr", "-m", "m", "-o", "p.json")[0] == 0
    near, far = (one["similarity"] for one in json.loads(Path("p.json").read_text()))
    assert 0 <= far < near <= 1
    assert len(rows("m/split.csv")) == len(SMILES) and {
        row["split"] for row in rows("m/split.csv")
    } == {"train", "valid", "test"}


def test_split_sizes_are_those_of_the_parts(run):
    assert (
        train(run, "--target-columns", "effect", "-o", "m", "--split-sizes", "0.5,0.25,0.25")[0]
        == 0
    )
    parts = [row["split"] for row in rows("m/split.csv")]
    assert [parts.count(part) for part in ("train", "valid", "test")] == [18, 9, 9]


def test_a_regression_speaks_the_targets_unit(run):
    assert train(run, "--target-columns", "amount", "-o", "m", "--unit", "mg", epochs=2)[0] == 0
    explanation = Explainer("m")("CCO")
    assert explanation.unit == "mg" and abs(explanation.gap) <= 1e-5 * (
        abs(explanation.value) + abs(explanation.bias)
    )
    _, card = load("m")
    train_values = [float(row["amount"]) for row in rows("m/split.csv") if row["split"] == "train"]
    assert card.mean[0] == pytest.approx(np.mean(train_values), rel=1e-5) and card.scale[
        0
    ] == pytest.approx(np.std(train_values), rel=1e-5)
    assert abs(explanation.value - card.mean[0]) < 6 * card.scale[0]
    said = {
        row["row"]: float(row["predicted"])
        for row in rows("m/predictions.csv")
        if row["split"] == "test"
    }
    row, predicted = next(iter(said.items()))
    assert Explainer("m")(SMILES[int(row)]).value == pytest.approx(predicted, rel=1e-4)


def test_several_targets_in_one_model(run):
    table = Path("t.csv").read_text().splitlines()
    Path("t.csv").write_text(
        "\n".join(
            [
                table[0] + ",other",
                *(
                    f"{line},{'' if i % 4 == 0 else 'yes' if i % 3 else 'no'}"
                    for i, line in enumerate(table[1:])
                ),
            ]
        )
    )
    assert (
        run(
            "train",
            "t.csv",
            "other",
            "--target-columns",
            "effect",
            "--epochs",
            1,
            "-q",
            "--no-tune",
            "-o",
            "m",
        )[0]
        == 0
    )
    assert run("predict", "CCO", "-m", "m", "--endpoint", "other", "-o", "p.json")[0] == 0
    (one,) = json.loads(Path("p.json").read_text())
    assert set(one["outputs"]) == {"effect", "other"} and one["endpoint"] == "other"
    assert one["probability"] == pytest.approx(
        max(one["outputs"]["other"], 1 - one["outputs"]["other"]), abs=1e-5
    )
    first, second = (Explainer("m", endpoint=name)("CCO") for name in ("effect", "other"))
    assert (first.endpoint, second.endpoint) == ("effect", "other") and first.logit != second.logit
    assert run("explain", "CCO", "-m", "m", "--endpoint", "neither")[0] == 1


def test_targets_of_several_units_are_shown_each_alone(run):
    table = Path("t.csv").read_text().splitlines()
    Path("t.csv").write_text(
        "\n".join(
            [table[0] + ",ppb in $", *(f"{line},{1000 * i}" for i, line in enumerate(table[1:]))]
        )
    )
    code, out, _ = train(run, "--target-columns", "amount,ppb in $", "-o", "m")
    measured = load("m")[1].metrics["test"]
    assert (
        code == 0 and "rmse" not in measured and set(measured["targets"]) == {"amount", "ppb in $"}
    )
    assert (
        measured["targets"]["ppb in $"]["rmse"][0] > 100 * measured["targets"]["amount"]["rmse"][0]
    )
    assert "mean of 2 targets" in out and "ppb in $" in out and "RMSE" in out
    page = Path("m/report.html").read_text()
    assert (
        "parity: amount" in page
        and "parity: ppb in $" in page
        and '<th scope="row">ppb in $</th>' in page
    )
    code, out, _ = run("evaluate", "-m", "m", "-o", "e.json")
    result = json.loads(Path("e.json").read_text())
    assert code == 0 and "ppb in $" in out and "rmse" not in result["quality"]
    assert result["quality_targets"]["amount"]["rmse"] == pytest.approx(
        measured["targets"]["amount"]["rmse"], rel=1e-3
    )


def test_several_classes(run):
    assert train(run, "--target-columns", "kind", "--task", "multiclass", "-o", "m")[0] == 0
    network, card = load("m")
    assert (
        card.config.task == "multiclass"
        and card.classes == ("0", "4", "5", "6")
        and network.config.outputs == 4
    )


@pytest.mark.parametrize(
    ("graphs", "task", "options", "members"),
    [
        (240, "regression", {}, 5),  # 60 epochs
        (902, "regression", {}, 5),  # 60 epochs of 902: 54 120 graphs a model
        (3360, "regression", {}, 3),  # 27 epochs, 90 720 graphs
        (60_000, "regression", {}, 1),
        (4000, "binary", {}, 5),  # 5 epochs, 20 000 graphs
        (40_000, "binary", {}, 1),  # 5 epochs, 200 000 graphs
        (1210, "binary", {"teacher": True}, 3),  # 6 epochs of 11.5 times as many
        (240, "regression", {"epochs": 600}, 2),
        (60_000, "regression", {"ensemble": 4}, 4),
    ],
)
def test_small_tables_have_several_networks(graphs, task, options, members):
    request = Request(Path("t.csv"), **options)
    recipe = own_recipe(graphs, task, request)
    composition = own_composition(graphs, task, recipe, request)
    assert composition.kernel == (graphs <= 6000) and composition.alone == members
    beside = options.get("ensemble", 1)
    assert composition.networks == (beside if composition.kernel else members)


def test_a_model_of_pictures_is_one():
    request = Request(Path("d.npz"))
    recipe = own_recipe(100, "multiclass", request)
    assert own_composition(100, "multiclass", recipe, request) == Composition()


@pytest.mark.parametrize("choice", [None, True, False])
def test_a_kernel_machine_stands_beside_where_it_can(run, choice):
    options = {None: [], True: ["--kernel"], False: ["--no-kernel"]}[choice]
    assert train(run, "--target-columns", "effect", "-o", "m", *options)[0] == 0
    network, card = load("m")
    assert (card.kernel > 0) == (choice is not False)
    assert card.members == (1 if card.kernel else 5)
    assert isinstance(network, Ensemble) and (network.kernel is None) == (choice is False)


def test_a_kernel_machine_of_several_classes_is_refused(run):
    code, _, error = train(
        run, "--target-columns", "kind", "--task", "multiclass", "-o", "m", "--kernel"
    )
    assert code != 0 and "leave it out" in error and not Path("m").exists()


def test_an_ensemble_of_ones_own(run):
    assert train(run, "--target-columns", "effect", "--ensemble", 2, "-o", "m")[0] == 0
    network, card = load("m")
    assert card.members == 2 and not torch.equal(*(one.head.weight for one in networks(network)))
    assert Explainer("m")("CCO").relevance_sd.shape == (3,)
    assert run("predict", "CCO", "-m", "m", "-o", "p.json")[0] == 0
    assert json.loads(Path("p.json").read_text())[0]["logit_sd"] == pytest.approx(
        Explainer("m")("CCO").logit_sd, rel=1e-4
    )


def test_a_folder_holds_one_model_or_one_ensemble(run):
    for before, after, found in (
        (1, 2, "a single model"),
        (3, 2, "an ensemble of 3"),
        (2, 1, "an ensemble of 2"),
    ):
        folder = Path(f"from-{before}")
        places = [folder / f"member-{i}" for i in range(before)] if before > 1 else [folder]
        for place in places:
            place.mkdir(parents=True)
            (place / "run.json").write_text("{}")
        code, _, err = train(run, "--target-columns", "effect", "--ensemble", after, "-o", folder)
        assert (
            code == 1
            and f"holds a run of {found}" in err
            and not list(folder.rglob("*.safetensors"))
        )


def test_notes_on_the_data_are_shown_once(run, caplog):
    said = "two classes (no / yes; tables explain 'yes')"
    with caplog.at_level("INFO"):
        _, out, _ = run("train", "t.csv", "effect", "--epochs", 1, "--no-tune", "-o", "m")
    assert caplog.text.count(said) == 1 and said not in out
    assert (
        run("train", "t.csv", "effect", "--epochs", 1, "-q", "--no-tune", "-o", "m")[1].count(said)
        == 1
    )


class KilledError(Exception):
    pass


@pytest.mark.parametrize(("members", "step"), [(1, 3), (2, 6)])
def test_a_stopped_run_ends_as_an_undisturbed_one(run, monkeypatch, members, step):
    arguments = ["--target-columns", "amount", "--ensemble", members]
    assert train(run, *arguments, "-o", "whole", epochs=4)[0] == 0
    before, count = Fitting.training_step, 0

    def killed(self, batch):
        nonlocal count
        count += 1
        if count > step:
            raise KilledError
        return before(self, batch)

    monkeypatch.setattr(Fitting, "training_step", killed)
    with pytest.raises(KilledError):
        train(run, *arguments, "-o", "part", epochs=4)
    monkeypatch.setattr(Fitting, "training_step", before)
    assert not list(Path("part").glob("*.safetensors"))
    assert train(run, *arguments, "-o", "part", epochs=4)[0] == 0
    assert Path("part/t.safetensors").read_bytes() == Path("whole/t.safetensors").read_bytes()
    histories = [sorted(Path(run).rglob("history.csv")) for run in ("part", "whole")]
    assert len(histories[0]) == members + KERNEL_FOLDS
    assert all(one.read_text() == other.read_text() for one, other in zip(*histories, strict=True))
    assert Path("part/predictions.csv").read_text() == Path("whole/predictions.csv").read_text()
    assert load("part")[1].metrics == load("whole")[1].metrics


def test_evaluation_on_a_table_with_a_forest_beside(run):
    assert train(run, "--target-columns", "effect", "-o", "m", epochs=2)[0] == 0
    code, out, _ = run("evaluate", "-m", "m", "--baseline", "-o", "e.json")
    result = json.loads(Path("e.json").read_text())
    assert (
        code == 0
        and "forest on count ECFP4" in out
        and set(result["forest"]) == set(result["quality"])
    )
    assert result["gap_median"] <= 1e-5
    card_value = load("m")[1].metrics["test"]["accuracy"][0]
    assert result["quality"]["accuracy"][0] == pytest.approx(card_value, abs=1e-4)
    train_rows = sum(row["split"] == "train" for row in rows("m/split.csv"))
    assert (
        f"{train_rows} of {len(SMILES)} rows are among those that the model was trained on"
        in run("evaluate", "t.csv", "-m", "m")[2]
    )
    Path("other.csv").write_text("SMILES,activity\nCCO,1\nCCN,no\nnonsense,1\nCCC,perhaps\n")
    code, _, err = run("evaluate", "other.csv", "-m", "m", "--target-columns", "activity")
    assert code == 0 and "2 of 4 rows are left out" in err
    assert (
        "row 2 is left out: RDKit cannot read" in err
        and "row 3 is left out: 'activity' holds 'perhaps'" in err
    )
    assert "was trained on" not in err
    assert run("evaluate", "other.csv", "-m", "m")[0] == 1  # no column of the target's name


def test_superpixels_of_ones_own(run):
    random = np.random.default_rng(0)
    upright = stroke_image()
    images = np.stack(
        [
            np.clip((upright if i % 2 else upright.T) + 0.1 * random.random((28, 28)), 0, 1)
            for i in range(24)
        ]
    )
    np.savez("d.npz", images=images, labels=np.arange(24) % 2)
    assert run("train", "d.npz", "--epochs", 1, "-q", "--no-tune", "-o", "m")[0] == 0
    _, card = load("m")
    assert card.config.task == "binary" and card.vocabulary.startswith("superpixel")
    for own in (["d.npz"], [], ["--part", "train"]):
        code, _, err = run("evaluate", *own, "-m", "m", "-o", "e.json")
        assert code == 0 and ("19 of 24 rows are among" in err) == (own == ["d.npz"])
        result = json.loads(Path("e.json").read_text())
        assert (
            result["graphs"] == {"d.npz": 24, "": 3, "train": 19}[own[-1] if own else ""]
            and result["gap_median"] <= 1e-5
        )
    assert (
        result["data"] == "d train" and "reads: an .npz" in run("evaluate", "t.csv", "-m", "m")[2]
    )
    Path("d.npz").rename("e.npz")
    assert "which 'd' was trained on: put the file back there" in run("evaluate", "-m", "m")[2]
    Path("e.npz").rename("d.npz")
    np.save("one.npy", images[0])
    assert run("explain", "one.npy", "-m", "m", "-o", "x.svg")[0] == 0
    code, _, err = run("train", "d.npz", "--split", "scaffold", "-q", "-o", "n")
    assert code == 1 and "pictures have no scaffolds" in err
    assert "has no columns" in run("train", "d.npz", "--split-column", "part", "-q", "-o", "n")[2]
    np.savez("bad.npz", images=images)
    assert (
        "holds images: an array named 'labels' is needed"
        in run("train", "bad.npz", "-q", "-o", "n")[2]
    )
    assert not Path("n").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["t.csv", "--target-columns", "absent", "-o", "m"], "no column 'absent' in t.csv"),
        (["t.csv", "-o", "m"], "name at least one column with --target-columns"),
        (
            ["t.csv", "--target-columns", "smiles", "-o", "m"],
            "a target named 'smiles' would stand in the model's split.csv twice",
        ),
        (
            ["t.csv", "--target-columns", "effect", "--task", "regression", "-o", "m"],
            "holds 'yes' in row 0",
        ),
        (
            ["t.csv", "--target-columns", "effect", "--split", "by-date", "-o", "m"],
            "no split 'by-date': there are scaffold",
        ),
        (["absent.csv", "--target-columns", "effect", "-o", "m"], "no file 'absent.csv'"),
        (
            ["t.csv", "--target-columns", "effect", "--split-sizes", "0.9,0.1", "-o", "m"],
            "three shares, of train, valid and test",
        ),
        (
            ["t.csv", "kind", "--split-column", "effect", "--split-sizes", "8,1,1", "-o", "m"],
            "decided by --split-column",
        ),
        (["t.csv", "--target-columns", "effect"], "-o FOLDER"),
        (
            ["t.csv", "--target-columns", "effect", "--seed", "99999999999", "-o", "m"],
            "a number from 0 to 2**32-1 is needed",
        ),
        (
            [
                "t.csv",
                "--target-columns",
                "effect",
                "--seed",
                "4294967295",
                "--ensemble",
                "2",
                "-o",
                "m",
            ],
            "one more for each of 2 members",
        ),
        (["-o", "m"], "one of DATA and --preset is needed"),
        (
            ["--preset", "bace", "--ensemble", "2", "--init", "bace", "-o", "m"],
            "--init, --ensemble: decided by --preset, leave it out",
        ),
        (
            ["--preset", "bace", "--split", "random", "--teacher", "-s", "x", "-o", "m"],
            "--smiles-column, --split, --teacher: decided",
        ),
        (
            ["t.csv", "--target-columns", "effect", "--data", ".", "-o", "m"],
            "--data: for --preset only",
        ),
        (
            ["t.csv", "--target-columns", "effect", "--strategy", "sorcery", "-o", "m"],
            "invalid strategy",
        ),
        (
            ["t.csv", "--target-columns", "effect", "--init", "nobody", "-o", "m"],
            "no model 'nobody'",
        ),
    ],
)
def test_bad_requests_are_one_line_and_leave_nothing(run, arguments, message):
    code, _, err = run("train", "-q", *arguments)
    assert code in (1, 2) and message in err and err.count("\n") == 1 and "Traceback" not in err
    assert not Path("m").exists()


def test_a_diverged_training_saves_nothing(run, monkeypatch):
    def diverged(config, recipe, data, *_):
        model = Graphormer(config, data.vocabulary).eval()
        torch.nn.init.constant_(model.head.weight, float("nan"))
        return model

    monkeypatch.setattr("graphormer.training.run.fit", diverged)
    code, _, err = train(run, "--target-columns", "amount", "-o", "m")
    assert (
        code == 1
        and "head.weight, are not finite: its training diverged" in err
        and not Path("m").exists()
    )


def test_no_file_of_a_model_takes_anothers_place(run):
    for name in ("predictions.csv", "split.csv", "history.csv", "skipped.csv"):
        content = Path("t.csv").read_text()
        Path(name).write_text(content)
        code, _, err = run(
            "train", name, "--target-columns", "effect", "--epochs", 1, "-q", "--no-tune", "-o", "."
        )
        assert (
            code == 1
            and f"{name} would be overwritten" in err
            and Path(name).read_text() == content
        )
    assert (
        "would be overwritten" in run("pretrain", "t.csv", "--exclude", "split.csv", "-o", ".")[2]
    )
    Path("t.csv").rename("run.csv")
    assert (
        run(
            "train",
            "run.csv",
            "--target-columns",
            "effect",
            "--epochs",
            1,
            "--ensemble",
            1,
            "-q",
            "--no-tune",
            "-o",
            "m",
        )[0]
        == 0
    )
    assert load("m")[1].name == "run-model" and "recipe" in json.loads(
        Path("m/run.json").read_text()
    )


@pytest.mark.filterwarnings("error:No artists")
def test_one_epoch_and_one_part_are_drawn(run):
    Path("t.csv").write_text(
        "\n".join(
            f"{line},{'train' if i else 'part'}"
            for i, line in enumerate(Path("t.csv").read_text().split())
        )
    )
    one = ["--split-column", "part", "--ensemble", 1, "-o", "m"]
    assert train(run, "--target-columns", "amount", *one)[0] == 0
    page = Path("m/report.html").read_text()
    assert (
        "no valid or test part" in page and "no valid part" in page and load("m")[1].metrics == {}
    )
    lines = read_history(Path("m/history.csv"))
    axes = Figure().subplots()
    _losses(axes, {"m": lines})
    assert len(lines) == 1 and [line.get_marker() for line in axes.lines] == ["o"]


def test_what_is_typed_is_escaped_in_the_report(run):
    Path("t.csv").write_text(
        Path("t.csv").read_text().replace("effect", "<script>alert(1)</script>")
    )
    assert train(run, "--target-columns", "<script>alert(1)</script>", "-o", "m")[0] == 0
    page = Path("m/report.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_a_base_value_is_what_the_labels_say():
    labels = torch.tensor([[1.0, 0.0], [1.0, float("nan")], [0.0, 1.0]])
    config = Config("binary", 2, output_bias=True)
    assert base_value(config, labels)["head.bias"].tolist() == pytest.approx(
        [np.log(3 / 2), 0.0], abs=1e-6
    )
    assert base_value(Config("binary", 2), labels) == {}
    scaling = scaling_of(Config("regression", 2, output_bias=True), labels)
    assert scaling.mean.tolist() == pytest.approx(
        [2 / 3, 0.5]
    ) and scaling.deviation.tolist() == pytest.approx([np.std([1, 1, 0]), 0.5])


def test_a_trunk_is_the_first_member_without_its_head(run):
    assert train(run, "--target-columns", "effect", "--ensemble", 2, "-o", "m")[0] == 0
    network, card = load("m")
    begun = trunk("m", card.config)
    first = networks(network)[0].state_dict()
    assert set(first) - set(begun) == {"head.weight", "head.bias"}
    assert all(torch.equal(value, first[name]) for name, value in begun.items())
    assert (
        train(run, "--target-columns", "amount", "--init", "m", "-o", "n")[0] == 0
        and load("n")[1].training["init"] == "m"
    )
    with pytest.raises(ValueError, match="another width"):
        trunk("m", Config("binary", 1, width=32))


def test_pretraining_keeps_out_what_will_be_judged(run):
    Path("judged.csv").write_text("smiles\n" + "\n".join(["[Na+].[O-]CC1CCCCC1", SMILES[0]]) + "\n")
    Path("t.csv").write_text(Path("t.csv").read_text() + "OCC1CCCCC1,yes,1,0\nnonsense,no,1,0\n")
    code, out, _ = run(
        "pretrain", "t.csv", "--exclude", "judged.csv", "--epochs", 1, "-q", "-o", "trunk"
    )
    _, card = load("trunk")
    assert (
        code == 0
        and card.name == "descriptor-pretrained"
        and "38 rows; 1 unreadable or too large, 0 repeated, 2 excluded" in out
    )
    assert train(run, "--target-columns", "effect", "--init", "trunk", "-o", "m")[0] == 0


def test_pretraining_learns_no_molecule_that_is_excluded(tmp_path):
    from graphormer.pretraining.corpus import descriptor_graphs, skeletons

    table, judged = tmp_path / "t.csv", tmp_path / "judged.csv"
    table.write_text("smiles\n" + "\n".join(SMILES) + "\n")
    judged.write_text("smiles\n" + "\n".join(SMILES[:10]) + "\n")
    known = skeletons([judged])
    data, census = descriptor_graphs([table, judged], known)
    kept = {one.codes.numpy().tobytes() for one in data.graphs}
    gone = collect(_labelled(tmp_path, SMILES[:10] + SMILES[-14:]), Layout(), ["y"]).graphs[:10]
    assert not kept & {one.codes.numpy().tobytes() for one in gone}
    assert census.excluded >= 20 and len(data) == len(skeletons([table])) - len(known)
    assert abs(float(data.labels.nanmean())) < 0.5 and data.labels.abs().nan_to_num().max() <= 5


def _labelled(folder, smiles):
    path = folder / "l.csv"
    path.write_text(
        "smiles,y\n" + "\n".join(f"{one},{i % 2}" for i, one in enumerate(smiles)) + "\n"
    )
    return path
