"""A bar on a terminal while an epoch lasts; it goes when the epoch's line comes, so that one counter is seen at a time."""

import time
from typing import Any

import lightning
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

PATIENCE = 3.0
"""Seconds of an epoch after which a bar is drawn: shorter ones would only flicker."""


class EpochBar(lightning.Callback):
    """The batches of the current epoch, on stderr."""

    def __init__(self) -> None:
        self.bar: Progress | None = None
        self.began = time.monotonic()

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self.began = time.monotonic()

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if not trainer.is_global_zero or time.monotonic() - self.began < PATIENCE:
            return
        if self.bar is None:
            shown = ("{task.description}", BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
            self.bar = Progress(*shown, console=Console(stderr=True), transient=True)
            self.bar.add_task(
                f"epoch {trainer.current_epoch + 1}", total=trainer.num_training_batches
            )
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
