"""A classifier's probabilities are fitted to graphs that it was not trained on; its logits stay."""

import csv
import json
import math
from itertools import chain

import numpy as np
import pytest
import torch

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.splits import scaffold
from graphormer.evaluation.calibration import calibration_of, fitted_temperature
from graphormer.evaluation.measures import calibration_error
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.network.checkpoint import load
from graphormer.network.model import Config
from graphormer.network.prediction import predict
from graphormer.training.folds import folds, out_of_fold
from molxai.cli import main
from molxai.explanation.explainer import Explainer

RINGS = ("c1ccccc1", "c1ccncc1", "C1CCCCC1", "c1ccoc1", "c1ccsc1", "C1CCNCC1")
SMILES = [f"{ring}{'C' * n}O" for ring in RINGS for n in range(1, 6)]
DATA = LabelledGraphs(
    "rings",
    MOLECULES,
    [molecule(text).graph for text in SMILES],
    torch.arange(30.0)[:, None],
    list(range(30)),
    "random train",
    {},
    SMILES,
)


def drawn(temperature: float, graphs: int = 200_000) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits, and labels that are drawn with their probabilities at a temperature."""
    random = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(graphs, 1, generator=random)
    chances = torch.rand(graphs, 1, generator=random)
    return logits, (chances < (logits / temperature).sigmoid()).float()


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_that_labels_were_drawn_with_is_found(temperature):
    logits, labels = drawn(temperature)
    assert fitted_temperature("binary", logits, labels) == pytest.approx(temperature, rel=0.03)


def test_classes_have_one_temperature_too():
    random = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(100_000, 4, generator=random)
    labels = torch.multinomial((logits / 2).softmax(1), 1, generator=random)[:, 0]
    assert fitted_temperature("multiclass", logits, labels) == pytest.approx(2, rel=0.03)


def test_no_other_temperature_makes_the_labels_likelier():
    logits, labels = drawn(1.7, graphs=60)
    found = fitted_temperature("binary", logits, labels)
    temperatures = np.geomspace(0.5, 20, 4001)
    probability = 1 / (1 + np.exp(-logits.double().numpy() / temperatures))
    said = np.where(labels.numpy() > 0.5, probability, 1 - probability)
    best = temperatures[np.log(said).mean(0).argmax()]
    assert found == pytest.approx(best, rel=0.002)


def test_missing_labels_are_left_out():
    logits, labels = drawn(2.0, graphs=400)
    labels[::2] = math.nan
    kept = fitted_temperature("binary", logits[1::2], labels[1::2])
    assert fitted_temperature("binary", logits, labels) == kept
    with pytest.raises(ValueError, match="no graph has a label"):
        fitted_temperature("binary", logits[::2], labels[::2])


def test_labels_that_are_all_met_have_a_temperature_too():
    logits = torch.tensor([[2.0], [-3.0]])
    assert 0.05 <= fitted_temperature("binary", logits, torch.tensor([[1.0], [0.0]])) < 0.1


def test_a_calibration_tells_the_error_before_and_after():
    logits, labels = drawn(3.0, graphs=5000)
    calibration = calibration_of("binary", logits, labels)
    before, after = calibration.ece
    expected = calibration_error(logits[:, 0].sigmoid().numpy(), labels[:, 0].numpy())
    assert before == pytest.approx(expected, abs=1e-4) and after < before / 3
    assert calibration.brier[1] < calibration.brier[0]


def test_folds_leave_out_each_graph_once():
    left_out = folds(DATA, 4, seed=0)
    assert sorted(chain.from_iterable(left_out)) == list(range(30)) and len(left_out) == 4
    assert left_out == folds(DATA, 4, seed=0) != folds(DATA, 4, seed=1)


def test_folds_of_a_scaffold_split_keep_scaffolds_together():
    data = LabelledGraphs(**(vars(DATA) | {"split": "scaffold train"}))
    for left_out in folds(data, 3, seed=0):
        inside = {scaffold(SMILES[place]) for place in left_out}
        outside = {scaffold(text) for place, text in enumerate(SMILES) if place not in left_out}
        assert inside and not inside & outside


def test_folds_do_without_scaffolds_if_there_are_few():
    alike = [f"{'C' * n}c1ccccc1" for n in range(1, 31)]
    graphs = [molecule(text).graph for text in alike]
    data = LabelledGraphs(
        **(vars(DATA) | {"split": "scaffold train", "texts": alike, "graphs": graphs})
    )
    left_out = folds(data, 3, seed=0)
    assert sorted(chain.from_iterable(left_out)) == list(range(30)) and len(left_out) == 3


def test_more_folds_than_graphs_are_refused():
    with pytest.raises(ValueError, match="2 training graphs in 3 folds"):
        folds(DATA.part([0, 1], "random train"), 3, seed=0)


def test_what_a_model_says_of_a_graph_comes_from_the_fold_without_it():
    def fitted(number, kept, left_out):
        assert not set(kept.texts) & set(left_out.texts)
        assert len(kept) + len(left_out) == len(DATA)
        return torch.stack([100 * number + left_out.labels, -left_out.labels])

    outputs, others = out_of_fold(DATA, 4, 0, fitted)
    assert torch.equal(others, -DATA.labels)
    for number, left_out in enumerate(folds(DATA, 4, seed=0)):
        assert torch.equal(outputs[left_out], 100 * number + DATA.labels[left_out])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of a table whose labels are half chance, with a temperature."""
    folder = tmp_path_factory.mktemp("calibrated")
    random = np.random.default_rng(0)
    rows = [f"{text},{int(random.random() < (0.8 if 'n' in text else 0.3))}" for text in SMILES]
    (folder / "t.csv").write_text("smiles,active\n" + "\n".join(rows) + "\n")
    options = ["--calibrate=2", "--epochs=4", "--ensemble=1", "--device=cpu", "--no-tune"]
    assert main(["train", str(folder / "t.csv"), "active", "-o", str(folder / "m"), *options]) == 0
    return folder / "m"


def test_the_card_holds_the_temperature_and_what_it_was_fitted_on(trained):
    _, card = load(trained)
    calibration = card.training["calibration"]
    assert card.config.temperature == calibration["temperature"] != 1
    assert calibration["graphs"] == card.training["graphs"] and len(calibration["ece"]) == 2
    assert card.training["recipe"]["folds"] == 2


def test_probabilities_are_calibrated_and_relevances_are_not_touched(trained):
    explainer = Explainer(trained, device="cpu")
    temperature = explainer.card.config.temperature
    target = explainer.target(explainer.card.classes[1])
    said = explainer.explain([molecule(SMILES[0])], [target])[0]
    logit = float(predict(explainer.network, [molecule(SMILES[0]).graph]))
    assert said.logit == pytest.approx(logit, abs=1e-6)
    sums = float(said.relevance.sum()) + said.bias
    assert sums == pytest.approx(said.logit, abs=1e-5)
    assert said.probability == pytest.approx(1 / (1 + math.exp(-said.logit / temperature)))


def test_every_command_tells_the_same_probability(trained, tmp_path, capsys):
    explainer = Explainer(trained, device="cpu")
    (tmp_path / "q.csv").write_text("smiles\n" + "\n".join(SMILES[:4]) + "\n")
    output = tmp_path / "p.csv"
    assert main(["predict", str(tmp_path / "q.csv"), "-m", str(trained), "-o", str(output)]) == 0
    with output.open() as file:
        told = [float(line["probability"]) for line in csv.DictReader(file)]
    subjects = [molecule(text) for text in SMILES[:4]]
    target = explainer.target(explainer.card.classes[1])
    expected = [each.probability for each in explainer.explain(subjects, [target] * 4)]
    assert told == pytest.approx(expected, abs=1e-6)


def test_measures_judge_the_calibrated_probabilities(trained, tmp_path):
    output = tmp_path / "q.json"
    assert main(["evaluate", "-m", str(trained), "-o", str(output)]) == 0
    measured = json.loads(output.read_text())["quality"]["brier"][0]
    with (trained / "predictions.csv").open() as file:
        lines = [line for line in csv.DictReader(file) if line["split"] == "test"]
    errors = [(float(line["probability"]) - float(line["label"])) ** 2 for line in lines]
    assert measured == pytest.approx(np.mean(errors), abs=1e-5)
    _, card = load(trained)
    assert card.metrics["test"]["brier"][0] == pytest.approx(measured, abs=1e-5)


def test_values_have_no_temperature(tmp_path, capsys):
    rows = [f"{text},{number}" for number, text in enumerate(SMILES)]
    (tmp_path / "v.csv").write_text("smiles,amount\n" + "\n".join(rows) + "\n")
    command = ["train", str(tmp_path / "v.csv"), "amount", "-o", str(tmp_path / "m")]
    assert main([*command, "--calibrate", "2"]) != 0
    assert "values have none" in capsys.readouterr().err and not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("task", "temperature"), [("binary", 0.0), ("binary", math.nan), ("regression", 2.0)]
)
def test_a_temperature_that_is_none_is_refused(task, temperature):
    with pytest.raises(ValueError, match="temperature"):
        Config(task, 1, temperature=temperature)
