"""Methods side by side on one input, and over many graphs: tables, figures, runs that go on."""

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT, SMALL, random_model

from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from graphormer.network.checkpoint import save
from graphormer.network.model import Config
from molxai import Explainer
from molxai.benchmarks import faithfulness
from molxai.benchmarks.comparison import compare as compare_models
from molxai.benchmarks.comparison import seeded
from molxai.benchmarks.faithfulness import Plan, check_plan, estimate
from molxai.benchmarks.subjects import Subjects, given_subjects
from molxai.cli import main
from molxai.explanation.method import Method
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.target import Target
from molxai.metrics.comparison import compare

METHODS = ("lrp", "gradient-input", "random", "oracle")

TABLE = """\
smiles,active
CC(C)Cc1ccc(cc1)C(C)C(=O)O,yes
CCO,no
c1ccccc1CN,yes
CC(=O)[O-].[Na+],no
nonsense,yes
FC(F)(F)c1ccccc1,no
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return path


def test_one_input_by_several_methods():
    made = compare(
        Explainer("bace"),
        "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
        ["lrp", "leave-one-out", "random"],
        target="active",
    )
    assert made.methods == ["lrp", "leave-one-out", "random"]
    assert all(one.target_name == "active" for one in made.explanations)
    assert np.allclose(np.diag(made.spearman), 1) and np.allclose(
        made.spearman, np.array(made.spearman).T
    )
    first = made.explanations[0]
    best = int(first.relevance.abs().argmax())
    assert made.top(first)[0] == (first.node_names()[best], float(first.relevance[best]))
    content = json.loads(json.dumps(made.to_dict()))
    assert content["spearman"]["methods"] == made.methods and len(content["records"]) == 3
    assert all(len(names) == 5 for names in content["top"].values())


@pytest.mark.parametrize("ending", ["html", "png", "svg", "json"])
def test_compare_writes_what_the_ending_says(ending, tmp_path, capsys):
    path = tmp_path / f"out.{ending}"
    assert main(["compare", "CCO", "--methods", "lrp,gae", "-o", str(path)]) == 0
    content = path.read_bytes()
    assert content.startswith(
        {"html": b"<!doctype html>", "png": b"\x89PNG", "svg": b"<?xml", "json": b"{"}[ending]
    )
    if ending == "html":
        assert (
            content.decode().count("<svg") == 2
            and "class='atom-2'" in content.decode()
            and "gae" in content.decode()
        )
        assert not re.search(r"(src|href)=[\"']http", content.decode())


def test_compare_does_not_write_over_its_input(tmp_path, capsys):
    digit = tmp_path / "8.png"
    digit.write_bytes((ROOT / "datasets/digits/8-a.png").read_bytes())
    assert main(["compare", str(digit), "-o", str(digit)]) == 2
    assert "is the input: name another file" in capsys.readouterr().err
    assert digit.read_bytes() == (ROOT / "datasets/digits/8-a.png").read_bytes()


def test_compare_digits(tmp_path, capsys):
    digit = str(ROOT / "datasets/digits/8-a.png")
    assert (
        main(
            [
                "compare",
                digit,
                "--methods",
                "lrp,rollout",
                "--target",
                "3",
                "--contrast",
                "8",
                "-o",
                str(tmp_path / "d.html"),
            ]
        )
        == 0
    )
    assert (tmp_path / "d.html").read_text().count("data:image/png") == 2
    assert main(["compare", digit, "--methods", "lrp,rollout"]) == 0
    assert "3 − 8" not in capsys.readouterr().out


def test_untrusted_names_are_escaped(tmp_path):
    path = tmp_path / "evil.smi"
    path.write_text("CCO <script>alert(1)</script>\n")
    assert (
        main(["compare", str(path), "--methods", "lrp,random", "-o", str(tmp_path / "out.html")])
        == 0
    )
    page = (tmp_path / "out.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["compare", "CCO", "--methods", "lrp,nonsense"], "no method 'nonsense': there are lrp", 2),
        (["compare", "CCO", "--methods", ","], "an empty list has no method", 2),
        (["compare", "CCO", "-o", "out.gif"], "must end in .html, .svg, .pdf, .png, ", 2),
        (
            ["compare", "C" * 300, "--methods", "lrp,oracle"],
            "oracle takes graphs of at most 200 nodes, this one has 300",
            1,
        ),
        (["compare", "nonsense"], "nonsense", 1),
        (
            ["benchmark", "faithfulness", "CCO", "--removal", "cut", "-o", "out"],
            "no removal mode 'cut': there are attn, mask, drop",
            2,
        ),
        (
            ["benchmark", "faithfulness", "CCO", "--seeds", "a", "-o", "out"],
            "whole numbers with commas",
            2,
        ),
        (
            ["benchmark", "faithfulness", "nonsense", "-o", "out"],
            "none of the inputs nonsense can be read",
            1,
        ),
    ],
)
def test_what_cannot_be_done_is_said_at_once(arguments, says, code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    error = capsys.readouterr().err.strip()
    assert says in error and "\n" not in error and not list(tmp_path.iterdir())


def run(folder, table, *more, removal="attn,drop"):
    what = [
        "benchmark",
        "faithfulness",
        str(table),
        "--target-columns",
        "active",
        "-m",
        str(folder / "model"),
    ]
    how = ["--methods", ",".join(METHODS), "--removal", removal, "--threads", "1"]
    return main([*what, *how, "-o", str(folder / "out"), *more])


@pytest.fixture
def model(tmp_path):
    card = Card("small", SMALL, MOLECULES.name, ("effect",), ("no", "yes"))
    import torch

    save(random_model(SMALL, dtype=torch.float32), card, tmp_path / "model")
    return tmp_path


def test_faithfulness_end_to_end(model, table, capsys):
    assert run(model, table) == 0
    out, printed = model / "out", capsys.readouterr()
    assert "about" in printed.err.splitlines()[0] and "5 graphs, 4 methods" in printed.err
    result = json.loads((out / "faithfulness.json").read_text())
    assert (
        result["graphs"] == 5
        and result["targets"] == ["predicted", "true"]
        and result["removals"] == ["attn", "drop"]
    )
    rows = list(csv.DictReader((out / "faithfulness.csv").read_text().splitlines()))
    found = {(r["removal"], r["target"], r["method"]): r for r in rows if r["measure"] == "auac"}
    assert len(found) == 2 * 2 * len(METHODS)
    assert all(float(r["low"]) <= float(r["mean"]) <= float(r["high"]) for r in found.values())
    assert all(
        float(r["difference"]) == 0 for (_, _, method), r in found.items() if method == "lrp"
    )
    assert float(found["attn", "predicted", "oracle"]["share_of_oracle"]) == pytest.approx(1)
    assert float(found["attn", "predicted", "random"]["share_of_oracle"]) == pytest.approx(0)
    assert "**lrp**" in printed.out and (out / "faithfulness.md").read_text() in printed.out
    assert {path.name for path in out.glob("curves-*")} == {
        f"curves-{target}-{removal}.{ending}"
        for target in ("predicted", "true")
        for removal in ("attn", "drop")
        for ending in ("png", "svg")
    }
    qualities = {row["method"]: row for row in result["qualities"]}
    assert qualities["lrp"]["gap max"] < 1e-3 < qualities["gradient-input"]["gap max"]
    assert qualities["random"]["rank correlation with a random model"] == pytest.approx(1)


def test_a_stopped_run_goes_on(model, table, monkeypatch, capsys):
    """Cells that are there are not measured again; the tables are those of an undisturbed run."""
    assert run(model, table) == 0
    whole = json.loads((model / "out/faithfulness.json").read_text())
    for path in (model / "out").glob("cells/oracle-*"):
        path.unlink()
    measured = []
    plain = faithfulness.measure
    monkeypatch.setattr(faithfulness, "measure", lambda *a: measured.append(a[1].name) or plain(*a))
    assert run(model, table) == 0
    again = json.loads((model / "out/faithfulness.json").read_text())
    assert measured == ["oracle"] and again["faithfulness"] == whole["faithfulness"]
    measured.clear()
    assert run(model, table, "--sample", "3") == 0
    assert measured == list(METHODS), "other graphs are other cells"
    measured.clear()
    assert run(model, table, "--sample", "3", removal="attn") == 0
    assert measured == list(METHODS), "and so are other removals"


def test_subjects_and_their_labels(model, table):
    explainer = Explainer(model / "model")
    made = given_subjects(explainer, [str(table)], 100, label_column="active")
    assert len(made.inputs) == 5 and sorted(made.rows) == [0, 1, 2, 3, 5]
    truth = {0: 1, 1: 0, 2: 1, 3: 0, 5: 0}
    assert [one.label for one in made.labels] == [truth[row] for row in made.rows]
    assert (
        given_subjects(explainer, [str(table)], 2).rows == made.rows[:2]
        and given_subjects(explainer, [str(table)], 2).labels is None
    )


def test_only_the_wrongly_predicted_are_explained_twice(model, table):
    explainer = Explainer(model / "model")
    subjects = given_subjects(explainer, [str(table)], 100, label_column="active")
    asked = []

    class Spy(Method):
        def passes(self, nodes):
            return 1, 1

        def __call__(self, network, batch, targets=None):
            asked.extend(targets or [])
            return EXPLAINERS["lrp"](network, batch, targets)

    arrays = faithfulness.measure(
        explainer, Spy("lrp", conserves=True), Plan(("lrp",)), subjects.inputs, subjects.labels
    )
    predicted = [
        faithfulness.explain_all(explainer, EXPLAINERS["lrp"], [g], [None])[0].prediction
        for g in subjects.inputs
    ]
    wrong = [
        label
        for guess, label in zip(predicted, subjects.labels, strict=True)
        if guess != label.label
    ]
    asked_on = [
        target for target in asked[len(subjects.inputs) :] if target in (Target(0), Target(1))
    ]
    assert 0 < len(wrong) < len(predicted)
    of_true, of_predicted = (
        arrays[f"{target}/attn/activation"][:, -1] for target in ("true", "predicted")
    )
    for guess, label, true, said in zip(
        predicted, subjects.labels, of_true, of_predicted, strict=True
    ):
        assert true == pytest.approx(said if guess == label.label else 1 - said)
    assert asked_on[: len(wrong)] and len([t for t in asked if t == Target(0)]) >= len(
        [t for t in wrong if t == Target(0)]
    )


def test_estimates_follow_the_passes(model, table):
    explainer = Explainer(model / "model")
    subjects = given_subjects(explainer, [str(table)], 100)
    seconds = estimate(explainer, Plan(("lrp", "leave-one-out", "shap")), subjects)
    assert 0 < seconds["lrp"] < seconds["leave-one-out"] < seconds["shap"]


def test_regressions_and_large_graphs_are_refused(model, table):
    explainer = Explainer(model / "model")
    big = Subjects("big", [explainer.subject("C" * 250).graph], None, [0])
    with pytest.raises(
        ValueError, match="oracle takes graphs of at most 200 nodes, this one has 250"
    ):
        check_plan(explainer, Plan(("lrp", "oracle")), big)
    config = Config("regression", 1, 16, 2, 1, 16)
    value = Explainer.from_network(
        random_model(config), Card("value", config, MOLECULES.name, ("logS",), (), "log mol/l")
    )
    with pytest.raises(ValueError, match="value is a regression"):
        check_plan(value, Plan(("lrp",)), big)


def test_seeds_need_a_recipe(model):
    explainer = Explainer(model / "model")
    assert list(seeded(explainer, (), model, None, None, print)) == ["small"]
    with pytest.raises(ValueError, match="no preset's model"):
        seeded(explainer, (1,), model, None, None, print)


def test_several_models_are_averaged_graph_by_graph(model, table):
    explainer = Explainer(model / "model")
    other = Explainer.from_network(
        random_model(SMALL, 5).float(), replace(explainer.card, weights_sha256="other")
    )
    subjects = given_subjects(explainer, [str(table)], 100)
    plan = Plan(("lrp", "random"))
    alone = [
        compare_models({"a": one}, plan, subjects, model / f"out-{i}", "x", lambda line: None)
        for i, one in enumerate((explainer, other))
    ]
    both = compare_models(
        {"a": explainer, "b": other}, plan, subjects, model / "both", "x", lambda line: None
    )

    def auac(result):
        return next(
            r["mean"]
            for r in result["faithfulness"]
            if (r["method"], r["measure"]) == ("lrp", "auac")
        )

    assert auac(both) == pytest.approx((auac(alone[0]) + auac(alone[1])) / 2)


def test_a_graph_too_large_for_a_method_is_a_counted_record(tmp_path, capsys):
    (tmp_path / "two.smi").write_text(f"{'C' * 250} long\nCCO short\n")
    assert (
        main(
            [
                "explain",
                str(tmp_path / "two.smi"),
                "--method",
                "oracle",
                "-o",
                str(tmp_path / "out.json"),
            ]
        )
        == 0
    )
    first, second = json.loads((tmp_path / "out.json").read_text())
    assert first["status"] == "error" and "at most 200 nodes" in first["error"]
    assert second["status"] == "ok" and len(second["relevance"]) == 3
    assert "1 with errors" in capsys.readouterr().err
