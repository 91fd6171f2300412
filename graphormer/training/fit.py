"""Fitting a model on Lightning: fixed seeds, one checkpoint an epoch, resumable to the same result."""

import hashlib
import io
import logging
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor, distributed
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Sampler

from graphormer.data.labelled import LabelledGraphs
from graphormer.files import write_file
from graphormer.graphs.graph import GraphBatch, collate
from graphormer.network.loss import loss
from graphormer.network.model import Config, Graphormer
from graphormer.training.augmentation import deformed, without_environments, without_nodes
from graphormer.training.history import ALONE, Course, History
from graphormer.training.machine import MACHINE, Machine
from graphormer.training.progress import EpochBar
from graphormer.training.recipe import Recipe

logger = logging.getLogger(__name__)


FORGOTTEN = 5.0
"""The average of the weights forgets at least this many times e-fold in a training, however short: what it begins with are
random numbers, of which at most e⁻⁵ is left."""

WINDOW = 16
"""Batches that are sorted by size together while training: enough to save padding, few enough to stay random."""


class SizedBatches(Sampler[list[int]]):
    """Random batches of graphs of similar size, other ones each epoch, the same for the same seed and epoch."""

    def __init__(self, data: LabelledGraphs, recipe: Recipe) -> None:
        self.sizes = [g.nodes for g in data.graphs]
        self.recipe = recipe
        self.epoch = 0

    @property
    def sampler(self) -> "SizedBatches":
        """Lightning looks here for a `set_epoch` to call before each epoch."""
        return self

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.sizes) // (self.recipe.batch_size * _place()[1]))

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng((self.recipe.seed, self.epoch))
        order, window = random.permutation(len(self.sizes)), WINDOW * self.recipe.batch_size
        batches = []
        for start in range(0, len(order), window):
            rows = sorted(order[start : start + window].tolist(), key=lambda row: self.sizes[row])
            batches += [
                rows[i : i + self.recipe.batch_size]
                for i in range(0, len(rows), self.recipe.batch_size)
            ]
        # A generator on purpose: a resumed run makes this iterator before it knows its epoch, and reads from it after.
        order, (rank, processes) = random.permutation(len(batches)), _place()
        for i in range(len(self)):
            yield batches[order[(i * processes + rank) % len(batches)]]


def _place() -> tuple[int, int]:
    """Number of this process among those that train together, and how many they are."""
    return (
        (distributed.get_rank(), distributed.get_world_size())
        if distributed.is_initialized()
        else (0, 1)
    )


class Fitting(lightning.LightningModule):
    """The training loop's view of a model: its loss, its optimiser and the average of its weights."""

    def __init__(self, model: Graphormer, recipe: Recipe, steps: int) -> None:
        super().__init__()
        self.model, self.recipe = model, recipe
        decay = max(0.0, min(recipe.averaging, 1 - FORGOTTEN / steps))
        self.average = AveragedModel(
            model, multi_avg_fn=get_ema_multi_avg_fn(decay)
        ).requires_grad_(False)

    def on_train_batch_start(self, batch: object, batch_idx: int) -> None:
        # Dropout must not depend on whether the run was interrupted before this step.
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.global_step)

    def training_step(self, batch: tuple[GraphBatch, Tensor]) -> Tensor:
        graphs, labels = batch
        graphs = deformed(
            without_environments(graphs, self.recipe.environment_drop), self.recipe.deformation
        )
        graphs = without_nodes(graphs, self.recipe.node_drop)
        value = loss(self.model.config, self.model(graphs), labels)
        self.log("loss", value, prog_bar=True, on_epoch=True, on_step=False, batch_size=len(graphs))
        return value

    def optimizer_step(self, *args: object, **kwargs: object) -> None:
        super().optimizer_step(*args, **kwargs)  # type: ignore[arg-type]
        self.average.update_parameters(self.model)

    def transfer_batch_to_device(
        self, batch: tuple[GraphBatch, Tensor], device: torch.device, _: int
    ) -> tuple[GraphBatch, Tensor]:
        return batch[0].to(device), batch[1].to(device)

    def configure_optimizers(self) -> dict[str, object]:  # type: ignore[override]
        recipe = self.recipe
        named = list(self.model.named_parameters())
        structure = [p for name, p in named if name.startswith("structure.")]
        tables = [p for name, p in named if p.ndim > 1 and not name.startswith("structure.")]
        vectors = [p for _, p in named if p.ndim <= 1]
        groups = [
            {"params": tables, "weight_decay": recipe.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
            {"params": structure, "weight_decay": recipe.weight_decay},
        ]
        rates = [
            recipe.learning_rate,
            recipe.learning_rate,
            recipe.structure_rate * recipe.learning_rate,
        ]
        optimiser = torch.optim.AdamW(groups, lr=recipe.learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            rates,
            total_steps=int(self.trainer.estimated_stepping_batches) + 1,
            pct_start=recipe.warmup,
            cycle_momentum=False,
            final_div_factor=1e3,
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def fit(
    config: Config,
    recipe: Recipe,
    data: LabelledGraphs,
    folder: Path,
    machine: Machine = MACHINE,
    start: Mapping[str, Tensor] | None = None,
    valid: LabelledGraphs | None = None,
    course: Course = ALONE,
) -> Graphormer:
    """The trained model, weights averaged, in evaluation mode.

    Weights begin at random, but for those in `start`. The schedule is fixed: what is measured on `valid` goes into
    `folder/history.csv` and decides nothing, for small valid parts of another scaffold than test mislead. `course` says in
    which unit.

    After every epoch the state is written to `folder/last.ckpt`; a run that finds one there goes on from it and ends
    as an undisturbed run would have.

    Raises:
        ValueError: the checkpoint in `folder` belongs to another configuration, recipe or data set.
    """
    lightning.seed_everything(recipe.seed, verbose=False)
    model = Graphormer(config, data.vocabulary)
    model.load_state_dict(model.state_dict() | dict(start or {}))
    sampler = SizedBatches(data, recipe)
    fitting = Fitting(model, recipe, recipe.epochs * len(sampler))

    def batch(rows: list[int]) -> tuple[GraphBatch, Tensor]:
        return collate([data.graphs[row] for row in rows]), data.labels[rows]

    loader: DataLoader[int] = DataLoader(range(len(data)), batch_sampler=sampler, collate_fn=batch)  # type: ignore[arg-type]
    history = History(folder, len(data), valid, fitting.average, course)
    watched = [history, ModelCheckpoint(folder, filename="last", enable_version_counter=False)]
    trainer = _trainer(recipe, machine, watched)
    last = _resumable(
        folder, _identity(config, recipe, data, start or {})
    )  # only now: what cannot be run leaves no trace
    _run(trainer, fitting, loader, last)
    averaged = fitting.average.module
    assert isinstance(averaged, Graphormer)
    return averaged.cpu().eval()


def _run(
    trainer: lightning.Trainer, fitting: Fitting, loader: DataLoader[int], last: Path | None
) -> None:
    """Train to the end.

    Raises:
        KeyboardInterrupt: Ctrl-C, or a signal to end: Lightning would call either a success or exit by itself.
    """
    try:
        trainer.fit(fitting, loader, ckpt_path=last, weights_only=True)
    except SystemExit as ended:
        raise KeyboardInterrupt from ended
    if trainer.received_sigterm or trainer.interrupted:
        raise KeyboardInterrupt


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that appear when they are whole: Lightning writes them elsewhere, and then copies."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        content = io.BytesIO()
        torch.save(checkpoint, content)
        write_file(Path(path), content.getvalue())


def _trainer(
    recipe: Recipe, machine: Machine, callbacks: list[lightning.Callback]
) -> lightning.Trainer:
    return lightning.Trainer(
        max_epochs=recipe.epochs,
        accelerator=machine.accelerator,
        devices=machine.devices,
        num_nodes=machine.nodes,
        strategy=machine.strategy,
        precision=machine.arithmetic,
        use_distributed_sampler=False,
        logger=False,
        gradient_clip_val=1.0,
        plugins=[WholeCheckpoints()],
        callbacks=[
            *([EpochBar()] if machine.progress else []),
            *callbacks,
        ],  # the bar is gone before an epoch is told
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _identity(
    config: Config, recipe: Recipe, data: LabelledGraphs, start: Mapping[str, Tensor]
) -> dict[str, object]:
    """All that decides how a run ends: another run must not go on from its checkpoint."""
    begun = hashlib.sha256(
        b"".join(start[name].numpy().tobytes() for name in sorted(start))
    ).hexdigest()
    labels = hashlib.sha256(data.labels.numpy().tobytes()).hexdigest()
    trained = {"config": config.to_dict(), "recipe": recipe.to_dict()}
    return {**trained, "data": data.sha256, "split": data.split, "labels": labels, "start": begun}


def _resumable(folder: Path, identity: dict[str, object]) -> Path | None:
    """The checkpoint to go on from; notes in `run.json` what the folder's run is about."""
    import json

    folder.mkdir(parents=True, exist_ok=True)
    noted, last = folder / "run.json", folder / "last.ckpt"
    written = json.dumps(identity, indent=1, sort_keys=True)
    if last.exists() and noted.exists() and noted.read_text() != written:
        raise ValueError(
            f"{folder} holds a run with other settings: repeat that run's command, or choose another folder"
        )
    noted.write_text(written)
    if not last.exists():
        return None
    try:
        torch.load(last, weights_only=True, mmap=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise ValueError(f"{last} is no whole checkpoint: delete {folder} to begin anew") from error
    logger.info("going on from %s", last)
    return last
