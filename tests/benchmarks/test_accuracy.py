import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss, roc_auc_score

from graphormer.data import sources
from graphormer.data.public import bace
from graphormer.data.splits import SPLITS
from graphormer.graphs.graph import collate
from graphormer.network.checkpoint import load, save
from graphormer.network.ensemble import networks
from graphormer.network.prediction import predict
from graphormer.training.presets import PRESETS
from molxai.benchmarks.accuracy import BESIDE, FOREST, OURS, TOGETHER
from molxai.cli import main

RINGS = ("c1ccccc1", "C1CC1", "C1CCC1", "C1CCCC1", "c1ccncc1", "c1ccsc1", "C1CCOCC1")
ALCOHOLS = [f"{ring}{'C' * length}O" for ring in RINGS for length in range(1, 8)]
ALKANES = [f"{ring}{'C' * length}" for ring in RINGS for length in range(1, 8)]
MOLECULES = [text for pair in zip(ALCOHOLS, ALKANES, strict=True) for text in pair]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A small BACE, in which every third label is wrong, and a recipe of one epoch."""
    labels = [int(("O" in text) != (row % 3 == 0)) for row, text in enumerate(MOLECULES)]
    lines = (f"{text},{label}\n" for text, label in zip(MOLECULES, labels, strict=True))
    table = "mol,Class\n" + "".join(lines)
    (tmp_path / "bace").mkdir()
    (tmp_path / "bace" / "bace.csv").write_text(table)
    digests = {"bace.csv": "sha256:" + hashlib.sha256(table.encode()).hexdigest()}
    small = sources.Source("bace", "small", digests, ())
    monkeypatch.setitem(sources.SOURCES, "bace", small)
    recipe = replace(PRESETS["bace"].recipe, epochs=1, recombined=0.0)
    monkeypatch.setitem(PRESETS, "bace", replace(PRESETS["bace"], recipe=recipe))
    return tmp_path


def judge(home, *words):
    folder = home / "out"
    common = ["--data", str(home), "-o", str(folder), "--device", "cpu", "-q"]
    return folder, main(["benchmark", "accuracy", *common, *words])


def measured(outputs, labels):
    """ROC-AUC and Brier score, by scikit-learn."""
    logits = outputs[:, 0].double().numpy()
    probabilities = 1 / (1 + np.exp(-logits))
    truth = labels[:, 0].numpy()
    return roc_auc_score(truth, logits), brier_score_loss(truth, probabilities)


def check(row, outputs, labels):
    area, brier = measured(outputs, labels)
    assert row["roc_auc"] == pytest.approx(area) and row["brier"] == pytest.approx(brier)


def parts_of(weights, graphs):
    """What the network and the kernel machine of a folder say, each by itself."""
    model, _ = load(weights)
    [network] = networks(model)
    with torch.no_grad():
        return predict(network, graphs), model.kernel(collate(graphs)).float()


def test_measures_are_those_of_the_models_on_the_test_set(home, capsys):
    folder, code = judge(home, "--protocol", "deterministic", "--seeds", "2")
    assert code == 0
    result = json.loads((folder / "accuracy-deterministic.json").read_text())
    test = bace(home, "scaffold", "test")
    alone = []
    together = []
    for seed in range(2):
        weights = folder / "deterministic-0" / f"seed-{seed}" / "bace.safetensors"
        by_network, by_kernel = parts_of(weights, test.graphs)
        alone.append(by_network)
        together.append((by_network + by_kernel) / 2)
    rows = {(row["kind"], row["seed"]): row for row in result["rows"]}
    for seed in range(2):
        check(rows[OURS, seed], alone[seed], test.labels)
        check(rows[BESIDE[OURS], seed], together[seed], test.labels)
    check(rows[TOGETHER, None], sum(alone) / 2, test.labels)
    check(rows[BESIDE[TOGETHER], None], sum(together) / 2, test.labels)
    areas = [rows[OURS, seed]["roc_auc"] for seed in range(2)]
    mean, deviation, runs = result["summary"][OURS]["roc_auc"]
    assert (mean, runs) == (pytest.approx(np.mean(areas)), 2)
    assert deviation == pytest.approx(np.std(areas, ddof=1))
    text = capsys.readouterr().out
    assert (folder / "accuracy-deterministic.md").read_text() == text
    assert f"| {OURS} | 2 | {mean:.3f} ± {deviation:.3f} |" in text
    assert f"| {FOREST} | 2 |" in text


def test_random_protocols_draw_a_split_for_each_seed(home):
    folder, code = judge(home, "--protocol", "random", "--seeds", "2")
    assert code == 0
    result = json.loads((folder / "accuracy-random.json").read_text())
    ours = [row for row in result["rows"] if row["kind"] == OURS]
    assert [(row["split"], row["seed"]) for row in ours] == [(0, 0), (1, 1)]
    whole = bace(home, part="all")
    for split, row in enumerate(ours):
        test = whole.part(SPLITS["random"](whole.texts, split).test, "test")
        weights = folder / f"random-{split}" / f"seed-{split}" / "bace.safetensors"
        check(row, parts_of(weights, test.graphs)[0], test.labels)


def test_models_that_are_there_are_used_again_and_others_are_refused(home, capsys, monkeypatch):
    words = ("--protocol", "deterministic", "--seeds", "1")
    folder, _ = judge(home, *words)
    first = (folder / "accuracy-deterministic.json").read_bytes()
    monkeypatch.setattr("molxai.benchmarks.accuracy.train", None)
    assert judge(home, *words)[1] == 0
    assert (folder / "accuracy-deterministic.json").read_bytes() == first
    place = folder / "deterministic-0" / "seed-0"
    model, card = load(place / "bace.safetensors")
    save(networks(model)[0], replace(card, kernel=0), place)
    capsys.readouterr()
    assert judge(home, *words)[1] == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "without a kernel machine" in line and "choose another folder" in line
