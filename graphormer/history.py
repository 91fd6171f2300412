"""How a training went, epoch by epoch: written where one can watch it, kept in checkpoints."""

import csv
import logging
import time
from pathlib import Path
from typing import Any

import lightning
from torch.optim.swa_utils import AveragedModel

from graphormer.data import LabelledGraphs
from graphormer.files import write_table
from graphormer.loss import loss
from graphormer.model import Graphormer
from graphormer.prediction import predict
from graphormer.quality import quality

logger = logging.getLogger(__name__)

HISTORY = "history.csv"
"""In the folder of a training: a line an epoch."""


class History(lightning.Callback):
    """Loss of each epoch, and on valid graphs the loss and the first measure of the averaged weights."""

    def __init__(self, folder: Path, graphs: int, valid: LabelledGraphs | None, average: AveragedModel) -> None:
        self.folder, self.graphs, self.valid, self.average = folder, graphs, valid, average
        self.lines: list[dict[str, float]] = []

    def state_dict(self) -> dict[str, Any]:
        return {"lines": self.lines}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.lines = state_dict["lines"]

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self.began = time.perf_counter()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        rate = self.graphs / (time.perf_counter() - self.began)
        line = {"epoch": trainer.current_epoch + 1.0, "loss": float(trainer.callback_metrics["loss"])}
        if self.valid is not None and len(self.valid):
            line |= self._judged(self.valid)
        self.lines.append(line)
        write_table(self.folder / HISTORY, list(line), [[f"{value:.6g}" for value in one.values()] for one in self.lines])
        shown = ", ".join(f"{name} {value:.4f}" for name, value in line.items() if name != "epoch")
        logger.info("epoch %d of %d: %s; %.0f graphs/s", line["epoch"], trainer.max_epochs, shown, rate)

    def _judged(self, valid: LabelledGraphs) -> dict[str, float]:
        model = self.average.module
        assert isinstance(model, Graphormer)
        outputs = predict(model.eval(), valid.graphs)
        found = {"valid_loss": float(loss(model.config, outputs, valid.labels))}
        first = next(iter(quality(model.config.task, outputs, valid.labels).items()), None)
        return found | ({f"valid_{first[0]}": first[1]} if first else {})


def read_history(path: Path) -> list[dict[str, float]]:
    """The lines of a history, one for each epoch."""
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in line.items()} for line in csv.DictReader(file)]
