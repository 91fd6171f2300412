"""A model learns, an interrupted run ends as an undisturbed one, a checkpoint fits its card."""

import json
import math
import os
import signal
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import torch
from conftest import SMALL, random_model
from safetensors.torch import load_file, save_file

from graphormer.data.labelled import LabelledGraphs
from graphormer.evaluation.measures import evaluate
from graphormer.files import digest
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.network.card import Card
from graphormer.network.checkpoint import load, locate, save
from graphormer.network.loss import loss
from graphormer.network.prediction import predict
from graphormer.training import batches as batching
from graphormer.training import fit as fitting
from graphormer.training.batches import SizedBatches
from graphormer.training.fit import Fitting, fit
from graphormer.training.history import read_history
from graphormer.training.machine import Machine
from graphormer.training.recipe import Recipe

SMILES = ["CCO", "CCN", "c1ccccc1", "CC(=O)O", "CCCC", "CCCl", "OCCO", "c1ccncc1", "CC#N", "CCOC"]
DATA = LabelledGraphs(
    "alcohols",
    MOLECULES,
    [molecule(s).graph for s in SMILES],
    torch.tensor([[float("O" in s)] for s in SMILES]),
    list(range(10)),
    "all",
    {},
)
CONFIG = replace(SMALL, dropout=0.2)
RECIPE = Recipe(epochs=4, batch_size=4, environment_drop=0.3, node_drop=0.2)
HERE = Machine("cpu", progress=False)


def test_ten_molecules_can_be_learnt(tmp_path):
    model = fit(
        SMALL,
        Recipe(epochs=60, batch_size=10, learning_rate=5e-3, averaging=0.0),
        DATA,
        tmp_path,
        HERE,
    )
    assert evaluate(model, DATA)["accuracy"] == 1.0 and not model.training


@pytest.mark.parametrize("averaging", [0.99, 0.9999])
def test_a_short_training_is_not_averaged_with_its_beginning(tmp_path, averaging):
    recipe = Recipe(epochs=60, batch_size=10, learning_rate=5e-3, averaging=averaging)
    assert evaluate(fit(SMALL, recipe, DATA, tmp_path, HERE), DATA)["accuracy"] == 1.0


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 9])
def test_a_training_may_have_any_number_of_steps(tmp_path, epochs):
    """With a warm-up of a tenth, nine steps were one too few for torch."""
    recipe = Recipe(epochs=epochs, batch_size=10)
    assert not fit(SMALL, recipe, DATA, tmp_path, HERE).training


@pytest.mark.parametrize("steps", range(2, 40))
@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5])
def test_the_learning_rate_rises_and_falls_in_any_number_of_steps(steps, share):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 1.0, total_steps=steps, pct_start=fitting.warmup_share(share, steps)
    )
    rates = []
    for _ in range(steps - 1):
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    assert all(0 < rate <= 1 for rate in rates) and rates[0] < 0.1
    assert len(rates) < 3 or max(rates) > 0.5


def test_large_graphs_are_passed_apart_with_the_same_result(tmp_path, monkeypatch):
    smiles = [*SMILES[:6], "C" * 60, "C" * 55 + "O"]
    labels = torch.tensor([[float("O" in s), float("N" in s)] for s in smiles])
    labels[[0, 6], 0] = math.nan
    graphs = [molecule(s).graph for s in smiles]
    data = LabelledGraphs("mixed", MOLECULES, graphs, labels, list(range(8)), "all", {})
    config = replace(SMALL, outputs=2)
    recipe = Recipe(epochs=3, batch_size=7, learning_rate=1e-3)
    seen = []
    step = Fitting.training_step

    def noted(self, batch):
        seen.append(len(batch))
        return step(self, batch)

    monkeypatch.setattr(Fitting, "training_step", noted)
    apart = fit(config, recipe, data, tmp_path / "apart", HERE)
    assert set(seen) == {1, 2}
    monkeypatch.setattr(fitting, "pieces", lambda rows, sizes: [rows])
    whole = fit(config, recipe, data, tmp_path / "whole", HERE)
    assert torch.allclose(predict(apart, graphs), predict(whole, graphs), atol=1e-4)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([20], 1),
        ([20, 22, 24, 30], 1),
        ([20, 22, 24, 300], 2),
        ([300, 20], 1),
        ([300, 300, 300, 20, 20, 20, 20], 2),
    ],
)
def test_only_what_saves_work_is_cut(sizes, expected):
    rows = list(range(len(sizes)))
    cut = batching.pieces(rows, sizes)
    assert len(cut) == expected and sorted(chain.from_iterable(cut)) == rows
    if expected == 2:
        assert max(sizes[row] for row in cut[0]) < min(sizes[row] for row in cut[1])


class KilledError(Exception):
    pass


@pytest.mark.parametrize("epoch", [1, 3])
def test_an_interrupted_run_ends_as_an_undisturbed_one(tmp_path, monkeypatch, epoch):
    whole = fit(CONFIG, RECIPE, DATA, tmp_path / "whole", HERE)
    step = Fitting.training_step

    def killed(self, batch):
        if self.current_epoch == epoch:
            raise KilledError
        return step(self, batch)

    monkeypatch.setattr(Fitting, "training_step", killed)
    with pytest.raises(KilledError):
        fit(CONFIG, RECIPE, DATA, tmp_path / "part", HERE)
    monkeypatch.setattr(Fitting, "training_step", step)
    resumed = fit(CONFIG, RECIPE, DATA, tmp_path / "part", HERE)
    assert all(
        torch.equal(a, b)
        for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_end_is_no_success(tmp_path, monkeypatch, sent):
    step = Fitting.training_step

    def told(self, batch):
        if self.current_epoch == 2:
            os.kill(os.getpid(), sent)
        return step(self, batch)

    monkeypatch.setattr(Fitting, "training_step", told)
    with pytest.raises(KeyboardInterrupt):
        fit(CONFIG, RECIPE, DATA, tmp_path, HERE)
    monkeypatch.setattr(Fitting, "training_step", step)
    resumed = fit(CONFIG, RECIPE, DATA, tmp_path, HERE)
    whole = fit(CONFIG, RECIPE, DATA, tmp_path / "whole", HERE)
    assert all(
        torch.equal(a, b)
        for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("left", [0, 1000])
def test_a_checkpoint_that_was_cut_off_is_named(tmp_path, left):
    fit(CONFIG, RECIPE, DATA, tmp_path, HERE)
    last = tmp_path / "last.ckpt"
    last.write_bytes(last.read_bytes()[:left])
    with pytest.raises(
        ValueError, match=r"last\.ckpt is no whole checkpoint: delete .* to begin anew"
    ):
        fit(CONFIG, RECIPE, DATA, tmp_path, HERE)


def test_checkpoints_appear_whole(tmp_path, monkeypatch):
    """Beside where they belong and then renamed, whatever the folder for temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    fit(CONFIG, RECIPE, DATA, tmp_path / "run", HERE)
    assert torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)["epoch"] == 3
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "history.csv",
        "last.ckpt",
        "run.json",
    ]


def test_an_unfinished_run_is_not_mixed_with_another(tmp_path):
    fit(CONFIG, RECIPE, DATA, tmp_path, HERE)
    others = [
        {"recipe": replace(RECIPE, seed=1)},
        {"data": replace(DATA, labels=1 - DATA.labels)},
        {"start": {"head.weight": torch.zeros(1, 16)}},
    ]
    for other in others:
        with pytest.raises(ValueError, match="with other settings"):
            fit(
                **{
                    "config": CONFIG,
                    "recipe": RECIPE,
                    "data": DATA,
                    "folder": tmp_path,
                    "machine": HERE,
                }
                | other
            )


def test_a_history_survives_an_interruption(tmp_path):
    fit(CONFIG, RECIPE, DATA, tmp_path, HERE, valid=DATA)
    lines = read_history(tmp_path / "history.csv")
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    assert all(0 <= line["valid_roc_auc"] <= 1 and line["valid_loss"] > 0 for line in lines)


def test_epochs_see_every_graph_in_other_batches():
    batches = SizedBatches(DATA, RECIPE)
    first = list(batches)
    batches.set_epoch(1)
    second = list(batches)
    rows = [sorted(row for batch in epoch for row in batch) for epoch in (first, second)]
    assert rows[0] == rows[1] == list(range(10)) and first != second


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_an_epoch(monkeypatch, processes):
    alone = list(SizedBatches(DATA, RECIPE))
    shares = []
    for rank in range(processes):
        monkeypatch.setattr(batching, "_rank_and_processes", lambda rank=rank: (rank, processes))
        shares.append(list(SizedBatches(DATA, RECIPE)))
        assert len(shares[-1]) == len(SizedBatches(DATA, RECIPE))
    assert {len(share) for share in shares} == {-(-len(alone) // processes)}
    assert {tuple(batch) for share in shares for batch in share} == {
        tuple(batch) for batch in alone
    }


def test_missing_labels_are_left_out():
    config, logits = replace(SMALL, outputs=2), torch.tensor([[2.0, 1.0], [-1.0, 3.0]])
    labels = torch.tensor([[1.0, math.nan], [0.0, 1.0]])
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor([2.0, -1.0, 3.0]), torch.tensor([1.0, 0.0, 1.0])
    )
    assert torch.allclose(loss(config, logits, labels), expected)


def test_predictions_come_in_the_callers_order():
    model = random_model(SMALL, dtype=torch.float32)
    alone = torch.cat([predict(model, [g]) for g in DATA.graphs])
    assert torch.allclose(predict(model, DATA.graphs, batch_size=3), alone, atol=1e-6)


CARD = Card(
    "small",
    SMALL,
    MOLECULES.name,
    ("effect",),
    ("no", "yes"),
    training={"data": "alcohols", "rows": "0-9"},
)


@pytest.fixture
def folder(tmp_path):
    save(random_model(SMALL, dtype=torch.float32), CARD, tmp_path)
    return tmp_path


def changed(folder, **fields):
    path = folder / "small.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_model_comes_back_as_it_was(folder):
    model, card = load(folder)
    again, _ = load(folder / "small.safetensors")
    assert replace(card, weights_sha256="") == CARD and not model.training
    expected = predict(random_model(SMALL, dtype=torch.float32), DATA.graphs)
    assert torch.equal(predict(model, DATA.graphs), expected) and torch.equal(
        predict(again, DATA.graphs), expected
    )


def test_a_truncated_file_is_refused(folder):
    weights = folder / "small.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ValueError, match="no complete safetensors file"):
        load(folder)
    weights.write_bytes(b"")
    with pytest.raises(ValueError, match="no complete safetensors file"):
        load(folder)


def test_a_pickle_is_never_opened(folder):
    torch.save({"weight": torch.zeros(1)}, folder / "small.safetensors")
    with pytest.raises(ValueError, match="no complete safetensors file"):
        load(folder)


def test_another_models_weights_are_refused(folder):
    changed(folder, weights_sha256="0" * 64)
    with pytest.raises(ValueError, match="another sha256"):
        load(folder)


def test_what_does_not_fit_is_named(folder):
    weights = load_file(folder / "small.safetensors")
    for change, reason in (
        (lambda w: w.pop("head.weight"), "lacks the weights head.weight"),
        (lambda w: w.update(extra=torch.zeros(1)), "holds the weights extra"),
        (
            lambda w: w.update({"head.weight": torch.zeros(2, 16)}),
            r"head.weight has the shape \(2, 16\), .* needs \(1, 16\)",
        ),
        (lambda w: w.update({"head.weight": torch.full((1, 16), math.nan)}), "not finite"),
    ):
        other = dict(weights)
        change(other)
        save_file(other, folder / "small.safetensors")
        changed(folder, weights_sha256=digest(folder / "small.safetensors"))
        with pytest.raises(ValueError, match=reason):
            load(folder)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"format": "molxai-model-99"}, "format 'molxai-model-99': 'molxai-model-1' is needed"),
        (
            {"vocabulary": "molecule-0"},
            "trained on the features 'molecule-0', this version makes 'molecule-2'",
        ),
        ({"vocabulary": "protein-1"}, "unknown kind 'protein-1'"),
        ({"surprise": 1}, "does not describe a model of this version.*surprise"),
        ({"config": {"task": "binary", "outputs": 1, "width": 15}}, "heads must divide the width"),
        ({"config": {"task": "binary", "outputs": 1, "activation": "step"}}, "activation 'step'"),
        (
            {"config": {"task": "binary", "outputs": 1, "width": 10**9, "heads": 1}},
            "whole numbers from 1 to 100000",
        ),
        ({"config": SMALL.to_dict() | {"width": 99_000}}, "has the shape"),
        ({"config": SMALL.to_dict() | {"readout": "mean"}}, "saved with another configuration"),
        ({"classes": ["a"]}, "1 class names: its binary model needs 2"),
        ({"name": "<script>../x"}, "letters, digits"),
        ({"weights_sha256": ""}, "another sha256"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(folder, fields, reason):
    changed(folder, **fields)
    with pytest.raises(ValueError, match=reason):
        load(folder)


def test_missing_things_are_named(folder, tmp_path_factory):
    (folder / "small.json").write_text("{not json")
    with pytest.raises(ValueError, match="no JSON"):
        load(folder)
    (folder / "small.json").unlink()
    with pytest.raises(ValueError, match="has no card: small.json is needed"):
        load(folder)
    with pytest.raises(FileNotFoundError, match="no model 'nothing': there are"):
        locate("nothing")
    with pytest.raises(ValueError, match="holds 0 .safetensors files"):
        locate(tmp_path_factory.mktemp("empty"))


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_nothing_half_written_is_left(tmp_path, monkeypatch, step):
    def full(self, content):
        raise OSError("disk full")

    monkeypatch.setattr(Path, step, full)
    with pytest.raises(OSError, match="disk full"):
        save(random_model(SMALL, dtype=torch.float32), CARD, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_card_says_on_how_many_threads_it_was_learnt(tmp_path):
    """With another number the weights differ in their last digits, with the same they do not."""
    from graphormer.training.problem import Origin, Problem
    from graphormer.training.run import train

    problem, before = (
        Problem("alcohols", ("O",), ("no", "yes"), {"train": DATA}),
        torch.get_num_threads(),
    )
    made = {}
    try:
        for threads, name in ((2, "a"), (1, "b"), (2, "c")):
            torch.set_num_threads(threads)
            weights, card = train(
                problem, CONFIG, RECIPE, tmp_path / name, Origin("command"), machine=HERE
            )
            assert card.training["threads"] == threads == load(weights)[1].training["threads"]
            made[name] = card.weights_sha256 or load(weights)[1].weights_sha256
    finally:
        torch.set_num_threads(before)
    assert made["a"] == made["c"]
