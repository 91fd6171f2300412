"""How a training goes, epoch by epoch: written to a file and the log, kept in checkpoints."""

import csv
import logging
import time
from collections.abc import Mapping, Sequence
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
"""Table in a training's folder, a line for each epoch."""

STANDARD_RMSE = "valid_rmse"
"""Column of an error in standard deviations of the labels."""


@dataclass(frozen=True)
class Course:
    """What the history of a model tells beside its numbers: units, and the epochs still to come."""

    scale: tuple[float, ...] = ()
    """Standard deviations that a regression's labels were divided by, one for each target."""
    unit: str = ""
    """Unit of a regression's only target."""
    later: int = 0
    """Epochs of models that are trained after this one."""

    @property
    def column(self) -> str:
        """Column of an error in the unit of the target."""
        return f"{STANDARD_RMSE} ({self.unit})"

    def in_unit(self, line: dict[str, float]) -> dict[str, float]:
        """The line with the error of a regression in its target's unit, if that is known.

        Example:
            >>> Course(scale=(4.0,), unit="mg").in_unit({"loss": 2.0, "valid_rmse": 0.5})
            {'loss': 2.0, 'valid_rmse (mg)': 2.0}
        """
        if len(self.scale) != 1 or STANDARD_RMSE not in line:
            return line
        unitless = {name: value for name, value in line.items() if name != STANDARD_RMSE}
        return unitless | {self.column: line[STANDARD_RMSE] * self.scale[0]}


ALONE = Course()
"""That of one model by itself, without a unit."""


class History(lightning.Callback):
    """Loss of each epoch, and the averaged weights' loss and first measure on valid graphs."""

    def __init__(
        self,
        folder: Path,
        graphs: int,
        valid: LabelledGraphs | None,
        average: AveragedModel,
        course: Course = ALONE,
    ) -> None:
        self.folder = folder
        self.graphs = graphs
        self.valid = valid
        self.average = average
        self.course = course
        self.lines: list[dict[str, float]] = []
        self._start_clock()

    def _start_clock(self) -> None:
        self.epochs = 0
        """Epochs of this run: a resumed one has done others before."""
        self.run_start = time.perf_counter()
        self.epoch_start = self.run_start

    def state_dict(self) -> dict[str, Any]:
        return {"lines": self.lines}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.lines = [self.course.in_unit(line) for line in state_dict["lines"]]

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self._start_clock()

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self.epoch_start = time.perf_counter()

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        if not trainer.is_global_zero:
            return
        graphs_per_second = self.graphs / (time.perf_counter() - self.epoch_start)
        line = {
            "epoch": trainer.current_epoch + 1.0,
            "loss": float(trainer.callback_metrics["loss"]),
        }
        if self.valid is not None and len(self.valid):
            line |= self._valid_measures(self.valid)
        self.lines.append(line)
        write_history(self.lines, self.folder / HISTORY)
        self.epochs += 1
        self._log(line, int(trainer.max_epochs or 0), graphs_per_second)

    def _log(self, line: dict[str, float], epochs: int, graphs_per_second: float) -> None:
        """The epoch in a line on the terminal."""
        epoch = int(line["epoch"])
        measures = ", ".join(spoken(name, value) for name, value in line.items() if name != "epoch")
        remaining = epochs - epoch + self.course.later
        left = f", {self._time_left(remaining)} left" if remaining else ""
        logger.info(
            "epoch %d of %d: %s; %.0f graphs/s%s", epoch, epochs, measures, graphs_per_second, left
        )

    def _time_left(self, epochs: int) -> timedelta:
        """Time that the epochs still to come take, if they last as long as those of this run."""
        seconds_per_epoch = (time.perf_counter() - self.run_start) / self.epochs
        return timedelta(seconds=round(seconds_per_epoch * epochs))

    def _valid_measures(self, valid: LabelledGraphs) -> dict[str, float]:
        """Loss and first measure of the averaged weights."""
        model = self.average.module
        assert isinstance(model, Graphormer)
        outputs = predict(model.eval(), valid.graphs)
        line = {"valid_loss": float(loss(model.config, outputs, valid.labels))}
        measures = quality(model.config.task, outputs, valid.labels)
        if len(self.course.scale) > 1:  # errors of several targets have several units, and no mean
            measures = {name: value for name, value in measures.items() if name not in WITH_UNIT}
        if measures:
            name, value = next(iter(measures.items()))
            line[f"valid_{name}"] = value
        return self.course.in_unit(line)


SPOKEN = {
    "loss": "loss",
    "valid_loss": "valid loss",
    "valid_roc_auc": "valid ROC-AUC",
    "valid_r2": "valid R²",
}
"""Columns of a history in words; others lose their underscores."""


def spoken(name: str, value: float) -> str:
    """A column and its value in words.

    Example:
        >>> spoken("valid_rmse (kcal/mol)", 1.3214)
        'valid RMSE 1.321 kcal/mol'
        >>> spoken("valid_roc_auc", 0.75)
        'valid ROC-AUC 0.7500'
    """
    prefix = f"{STANDARD_RMSE} ("
    if name.startswith(prefix):
        unit = name.removeprefix(prefix).removesuffix(")")
        return f"valid RMSE {value:.4g} {unit}"
    if name == STANDARD_RMSE:
        return f"valid RMSE {value:.4f} standard deviations"
    return f"{SPOKEN.get(name, name.replace('_', ' '))} {value:.4f}"


def write_history(lines: Sequence[Mapping[str, float]], path: Path) -> None:
    """A line for each epoch; a column that a line lacks stays empty in it."""
    names = list(dict.fromkeys(name for line in lines for name in line))
    rows = [[f"{line[name]:.6g}" if name in line else "" for name in names] for line in lines]
    write_table(path, names, rows)


def read_history(path: Path) -> list[dict[str, float]]:
    """The lines of a history, one for each epoch; NaN if a column has no value."""
    lines = []
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            lines.append({name: float(value or "nan") for name, value in line.items()})
    return lines
