"""The history of a training: a line an epoch, in the target's unit, wherever it is shown."""

import logging
import re
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure

from graphormer.network.checkpoint import load
from graphormer.training.history import STANDARD_RMSE, Course, History, read_history, spoken
from molxai.cli import main
from molxai.pages.training import _measure

SMILES = [
    f"{'C' * n}{group}{ring}"
    for ring in ("c1ccccc1", "C1CC1", "C1CCOCC1")
    for group in ("O", "N", "S")
    for n in (1, 2, 3, 4)
]


@pytest.fixture
def train(tmp_path, monkeypatch, caplog):
    """Train on a small table in an empty folder; gives the lines that were said."""
    monkeypatch.chdir(tmp_path)
    rows = [
        f"{one},{'yes' if 'O' in one else 'no'},{100 * one.count('C')},{one.count('c')}"
        for one in SMILES
    ]
    Path("t.csv").write_text("\n".join(["smiles,effect,amount,kind", *rows]) + "\n")

    def go(*arguments, members=1):
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="graphormer"):
            command = ["train", "t.csv", "-o", "m", "--device", "cpu", "--no-tune", "--no-kernel"]
            assert main([*command, f"--ensemble={members}", *arguments]) == 0
        return [record.getMessage() for record in caplog.records]

    return go


def test_one_line_an_epoch_in_the_unit_of_the_target(train):
    said = train("--target-columns", "amount", "--unit", "mg/L", "--epochs", "3")
    assert said[0] == "amount: regression (values in mg/L)"
    epochs = [line for line in said if "epoch" in line]
    shape = r"epoch {} of 3: loss [\d.]+, valid loss [\d.]+, valid RMSE [\d.]+ mg/L; \d+ graphs/s{}"
    ends = [r", \d:\d\d:\d\d left", r", \d:\d\d:\d\d left", ""]
    assert all(
        re.fullmatch(shape.format(n, end), line)
        for n, (line, end) in enumerate(zip(epochs, ends, strict=True), 1)
    ), epochs
    lines = read_history(Path("m/history.csv"))
    assert list(lines[0]) == ["epoch", "loss", "valid_loss", "valid_rmse (mg/L)"]
    error = load("m")[1].metrics["valid"]["rmse"][0]
    assert lines[-1]["valid_rmse (mg/L)"] == pytest.approx(error, rel=1e-3) and error > 10
    assert f"{lines[-1]['valid_rmse (mg/L)']:.4g} mg/L" in epochs[-1]
    assert "RMSE (mg/L)" in Path("m/report.html").read_text()


def test_without_a_unit_the_target_names_it(train):
    train("--target-columns", "amount", "--epochs", "1")
    assert "valid_rmse (units of amount)" in read_history(Path("m/history.csv"))[0]


def test_several_values_have_no_common_error(train):
    said = train("--target-columns", "amount,kind", "--task", "regression", "--epochs", "1")
    assert "valid_r2" in read_history(Path("m/history.csv"))[0] and any(
        "valid R² " in line for line in said
    )


def test_classes_have_their_measure(train):
    said = train("--target-columns", "effect", "--epochs", "1")
    assert said[0] == "effect: classification, two classes (no / yes; tables explain 'yes')"
    assert any("valid ROC-AUC" in line for line in said)


def test_the_time_left_is_that_of_all_members(train):
    said = [
        line
        for line in train("--target-columns", "amount", "--epochs", "1", members=2)
        if line.startswith("epoch")
    ]
    assert [" left" in line for line in said] == [True, False]


def test_a_resumed_run_reads_an_older_history():
    """Lines of an earlier version have the error in standard deviations."""
    old = {"epoch": 1.0, "loss": 2.0, "valid_loss": 3.0, STANDARD_RMSE: 0.5}
    history = History(
        Path(),
        1,
        None,
        torch.optim.swa_utils.AveragedModel(torch.nn.Linear(1, 1)),
        Course((4.0,), "mg"),
    )
    history.load_state_dict({"lines": [old]})
    assert history.lines == [{"epoch": 1.0, "loss": 2.0, "valid_loss": 3.0, "valid_rmse (mg)": 2.0}]
    assert Course((4.0, 1.0), "").in_unit(old) == old and Course().in_unit(old) == old


def test_an_older_file_is_read_and_named_for_what_it_is(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss,valid_rmse\n1,0.5,0.25\n2,0.5,\n")
    lines = read_history(tmp_path / "history.csv")
    assert lines[0]["valid_rmse"] == 0.25 and lines[1]["valid_rmse"] != lines[1]["valid_rmse"]
    axes = Figure().subplots()
    _measure(axes, {"m": lines})
    assert axes.get_ylabel() == "RMSE (in standard deviations)"
    assert spoken("valid_rmse", 0.25) == "valid RMSE 0.2500 standard deviations"


def test_a_bar_is_gone_before_its_epoch_is_told(capsys, monkeypatch):
    """One counter at a time, and no bar for short epochs."""
    from unittest.mock import Mock

    import lightning

    from graphormer.training import progress

    trainer = Mock(
        spec=lightning.Trainer, is_global_zero=True, current_epoch=4, num_training_batches=9
    )
    module = Mock(spec=lightning.LightningModule)
    bar = progress.EpochBar()
    bar.on_train_epoch_start(trainer, module)
    bar.on_train_batch_end(trainer, module, None, None, 0)
    assert bar.bar is None
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    bar.on_train_batch_end(trainer, module, None, None, 1)
    assert (
        bar.bar is not None
        and bar.bar.tasks[0].description == "epoch 5"
        and bar.bar.tasks[0].completed == 2
    )
    bar.on_train_epoch_end(trainer, module)
    assert bar.bar is None
