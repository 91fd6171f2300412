"""A bar on a terminal while an epoch lasts.

It goes before the epoch's line comes, so that one counter is seen at a time.
"""

import time
from typing import Any

import lightning
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

PATIENCE = 3.0
"""Seconds of an epoch after which a bar is drawn: in shorter epochs it would only flicker."""


class EpochBar(lightning.Callback):
    """The batches of the current epoch, on stderr."""

    def __init__(self) -> None:
        self.bar: Progress | None = None
        self.epoch_start = time.monotonic()

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self.epoch_start = time.monotonic()

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if not trainer.is_global_zero or time.monotonic() - self.epoch_start < PATIENCE:
            return
        if self.bar is None:
            self.bar = _bar(f"epoch {trainer.current_epoch + 1}", trainer.num_training_batches)
            self.bar.start()
        self.bar.update(self.bar.task_ids[0], completed=batch_idx + 1)

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self._stop()

    def on_exception(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        exception: BaseException,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def _bar(description: str, batches: int | float) -> Progress:
    """A bar with its name, its share and the time left, on stderr."""
    columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(description, total=batches)
    return bar
