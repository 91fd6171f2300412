"""How a training went, epoch by epoch: written where one can watch it, kept in checkpoints."""

import csv
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning
from torch.optim.swa_utils import AveragedModel

from graphormer.data.labelled import LabelledGraphs
from graphormer.evaluation.measures import WITH_UNIT, quality
from graphormer.files import write_table
from graphormer.network.loss import loss
from graphormer.network.model import Graphormer
from graphormer.network.prediction import predict

logger = logging.getLogger(__name__)

HISTORY = "history.csv"
"""In the folder of a training: a line an epoch."""

STANDARD_RMSE = "valid_rmse"
"""Column of an error in standard deviations of the labels."""


@dataclass(frozen=True)
class Course:
    """What a reader of the history wants to know beside the numbers of one model."""

    scale: tuple[float, ...] = ()
    """Standard deviations that the labels of a regression were divided by, one for each target."""
    unit: str = ""
    """Of a regression's one target."""
    later: int = 0
    """Epochs of models that are trained after this one."""

    @property
    def column(self) -> str:
        """Column of an error in the unit of the target."""
        return f"{STANDARD_RMSE} ({self.unit})"

    def in_unit(self, line: dict[str, float]) -> dict[str, float]:
        """The line with the error of a regression in its target's unit, where that is known."""
        if len(self.scale) != 1 or STANDARD_RMSE not in line:
            return line
        error = line[STANDARD_RMSE] * self.scale[0]
        return {name: value for name, value in line.items() if name != STANDARD_RMSE} | {
            self.column: error
        }


ALONE = Course()


class History(lightning.Callback):
    """Loss of each epoch, and on valid graphs the loss and the first measure of the averaged weights."""

    def __init__(
        self,
        folder: Path,
        graphs: int,
        valid: LabelledGraphs | None,
        average: AveragedModel,
        course: Course = ALONE,
    ) -> None:
        self.folder, self.graphs, self.valid, self.average, self.course = (
            folder,
            graphs,
            valid,
            average,
            course,
        )
        self.lines: list[dict[str, float]] = []
        self.done, self.started = 0, time.perf_counter()

    def state_dict(self) -> dict[str, Any]:
        return {"lines": self.lines}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.lines = [self.course.in_unit(line) for line in state_dict["lines"]]

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self.done, self.started = 0, time.perf_counter()

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self.began = time.perf_counter()

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        if not trainer.is_global_zero:
            return
        rate = self.graphs / (time.perf_counter() - self.began)
        line = {
            "epoch": trainer.current_epoch + 1.0,
            "loss": float(trainer.callback_metrics["loss"]),
        }
        if self.valid is not None and len(self.valid):
            line |= self._judged(self.valid)
        self.lines.append(line)
        names = list(dict.fromkeys(name for one in self.lines for name in one))
        rows = [[f"{one[name]:.6g}" if name in one else "" for name in names] for one in self.lines]
        write_table(self.folder / HISTORY, names, rows)
        self.done += 1
        last = int(trainer.max_epochs or 0)
        remaining = last - int(line["epoch"]) + self.course.later
        left = f", {self._left(remaining)} left" if remaining else ""
        shown = ", ".join(spoken(name, value) for name, value in line.items() if name != "epoch")
        logger.info("epoch %d of %d: %s; %.0f graphs/s%s", line["epoch"], last, shown, rate, left)

    def _left(self, epochs: int) -> timedelta:
        """Time that the whole training still takes, if it goes on as in this run."""
        each = (time.perf_counter() - self.started) / self.done
        return timedelta(seconds=round(each * epochs))

    def _judged(self, valid: LabelledGraphs) -> dict[str, float]:
        model = self.average.module
        assert isinstance(model, Graphormer)
        outputs = predict(model.eval(), valid.graphs)
        found = {"valid_loss": float(loss(model.config, outputs, valid.labels))}
        measures = quality(model.config.task, outputs, valid.labels)
        if len(self.course.scale) > 1:  # errors of several targets have several units, and no mean
            measures = {name: value for name, value in measures.items() if name not in WITH_UNIT}
        first = next(iter(measures.items()), None)
        return self.course.in_unit(found | ({f"valid_{first[0]}": first[1]} if first else {}))


SPOKEN = {
    "loss": "loss",
    "valid_loss": "valid loss",
    "valid_roc_auc": "valid ROC-AUC",
    "valid_r2": "valid R²",
}
"""Columns of a history in words."""


def spoken(name: str, value: float) -> str:
    """A column and its value as they are said.

    Example:
        >>> spoken("valid_rmse (kcal/mol)", 1.3214)
        'valid RMSE 1.321 kcal/mol'
        >>> spoken("valid_roc_auc", 0.75)
        'valid ROC-AUC 0.7500'
    """
    if name.startswith(f"{STANDARD_RMSE} ("):
        return f"valid RMSE {value:.4g} {name.removeprefix(STANDARD_RMSE)[2:-1]}"
    if name == STANDARD_RMSE:
        return f"valid RMSE {value:.4f} standard deviations"
    return f"{SPOKEN.get(name, name.replace('_', ' '))} {value:.4f}"


def read_history(path: Path) -> list[dict[str, float]]:
    """The lines of a history, one for each epoch; NaN where a column has no value."""
    with path.open(newline="") as file:
        return [
            {name: float(value or "nan") for name, value in line.items()}
            for line in csv.DictReader(file)
        ]
