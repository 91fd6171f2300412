"""Fitting a model with Lightning: fixed seeds, a checkpoint an epoch, resumable to the same end."""

from collections.abc import Mapping
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from graphormer.data.labelled import LabelledGraphs
from graphormer.graphs.graph import GraphBatch, collate
from graphormer.network.loss import loss
from graphormer.network.model import Config, Graphormer
from graphormer.training.augmentation import deformed, without_environments, without_nodes
from graphormer.training.batches import SizedBatches, pieces
from graphormer.training.history import ALONE, Course, History
from graphormer.training.machine import MACHINE, Machine
from graphormer.training.progress import EpochBar
from graphormer.training.recipe import Recipe
from graphormer.training.resumption import (
    CHECKPOINT,
    WholeCheckpoints,
    resumable_checkpoint,
    run_identity,
)

FORGOTTEN = 5.0
"""Times that the average of the weights decays e-fold in a training at least, however short.

The average begins with random numbers, of which at most e⁻⁵ is left.
"""

SEED_STRIDE = 1_000_003
"""Distance of the dropout seeds of two recipes: a prime beyond the steps of any training."""

LONGEST_GRADIENT = 1.0
"""Norm to which a longer gradient is cut."""

LONGEST_WARMUP = 0.9
"""Share of the steps of a very short training in which the learning rate rises."""

LAST_RATE = 1e3
"""How many times smaller the last learning rate is than the first."""


Piece = tuple[GraphBatch, Tensor]
"""Graphs that are passed through the model together, and their labels."""


class Fitting(lightning.LightningModule):
    """The training loop's view of a model: its loss, its optimiser, the average of its weights."""

    def __init__(self, model: Graphormer, recipe: Recipe, steps: int) -> None:
        super().__init__()
        self.model = model
        self.recipe = recipe
        decay = max(0.0, min(recipe.averaging, 1 - FORGOTTEN / steps))
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
        self.average = average.requires_grad_(False)

    def on_train_batch_start(self, batch: object, batch_idx: int) -> None:
        # Dropout must not depend on whether the run was interrupted before this step.
        torch.manual_seed(self.recipe.seed * SEED_STRIDE + self.global_step)

    def training_step(self, batch: list[Piece]) -> Tensor:
        counts = [int((~labels.isnan()).sum()) for _, labels in batch]
        value = torch.stack(
            [
                count / sum(counts) * self._loss(graphs, labels)
                for (graphs, labels), count in zip(batch, counts, strict=True)
            ]
        ).sum()
        size = sum(len(graphs) for graphs, _ in batch)
        self.log("loss", value, prog_bar=True, on_epoch=True, on_step=False, batch_size=size)
        return value

    def _loss(self, graphs: GraphBatch, labels: Tensor) -> Tensor:
        """The loss of a piece, with all that chance does to its graphs."""
        # In this order: each draws from the same random numbers.
        graphs = without_environments(graphs, self.recipe.environment_drop)
        graphs = deformed(graphs, self.recipe.deformation)
        graphs = without_nodes(graphs, self.recipe.node_drop)
        return loss(self.model.config, self.model(graphs), labels)

    def optimizer_step(self, *args: object, **kwargs: object) -> None:
        super().optimizer_step(*args, **kwargs)  # type: ignore[arg-type]
        self.average.update_parameters(self.model)

    def transfer_batch_to_device(
        self, batch: list[Piece], device: torch.device, _: int
    ) -> list[Piece]:
        return [(graphs.to(device), labels.to(device)) for graphs, labels in batch]

    def configure_optimizers(self) -> dict[str, object]:  # type: ignore[override]
        recipe = self.recipe
        optimiser = torch.optim.AdamW(self._parameter_groups(), lr=recipe.learning_rate)
        steps = int(self.trainer.estimated_stepping_batches) + 1
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            [
                recipe.learning_rate,
                recipe.learning_rate,
                recipe.structure_rate * recipe.learning_rate,
            ],
            total_steps=steps,
            pct_start=warmup_share(recipe.warmup, steps),
            cycle_momentum=False,
            final_div_factor=LAST_RATE,
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _parameter_groups(self) -> list[dict[str, object]]:
        """Matrices decay, vectors do not, and the structure's biases have a rate of their own."""
        matrices = []
        vectors = []
        structure = []
        for name, parameter in self.model.named_parameters():
            if name.startswith("structure."):
                structure.append(parameter)
            elif parameter.ndim > 1:
                matrices.append(parameter)
            else:
                vectors.append(parameter)
        weight_decay = self.recipe.weight_decay
        return [
            {"params": matrices, "weight_decay": weight_decay},
            {"params": vectors, "weight_decay": 0.0},
            {"params": structure, "weight_decay": weight_decay},
        ]


def warmup_share(share: float, steps: int) -> float:
    """The share of the steps in which the rate rises: two steps at least, but not all.

    torch divides by the length of the rise, which is 0 if it ends with the first step.
    """
    return min(LONGEST_WARMUP, max(share, 2 / steps))


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

    Weights begin at random, except those in `start`. The schedule is fixed: what is measured on
    `valid` goes into `folder/history.csv` and decides nothing, because small valid parts of another
    scaffold than test mislead.

    After every epoch the state is written to `folder/last.ckpt`. A run that finds one there goes on
    from it and ends as an undisturbed run would have.

    Args:
        config: architecture.
        recipe: how to train.
        data: training set.
        folder: for the checkpoint and the history.
        machine: where to train.
        start: weights to begin with, by name.
        valid: graphs to measure each epoch on.
        course: what the history tells beside the numbers of this model.

    Raises:
        ValueError: the checkpoint in `folder` belongs to another configuration, recipe or data set.
    """
    start = start or {}
    lightning.seed_everything(recipe.seed, verbose=False)
    model = Graphormer(config, data.vocabulary)
    model.load_state_dict(model.state_dict() | dict(start))
    sampler = SizedBatches(data, recipe)
    fitting = Fitting(model, recipe, recipe.epochs * len(sampler))

    def batch(rows: list[int]) -> list[Piece]:
        return [
            (collate([data.graphs[row] for row in piece]), data.labels[piece])
            for piece in pieces(rows, sampler.sizes)
        ]

    loader: DataLoader[int] = DataLoader(range(len(data)), batch_sampler=sampler, collate_fn=batch)  # type: ignore[arg-type]
    history = History(folder, len(data), valid, fitting.average, course)
    trainer = _trainer(recipe, machine, folder, history)
    # Only now is something written: what cannot be run leaves no trace.
    checkpoint = resumable_checkpoint(folder, run_identity(config, recipe, data, start))
    _run(trainer, fitting, loader, checkpoint)
    average = fitting.average.module
    assert isinstance(average, Graphormer)
    return average.cpu().eval()


def _run(
    trainer: lightning.Trainer, fitting: Fitting, loader: DataLoader[int], checkpoint: Path | None
) -> None:
    """Train to the end.

    Raises:
        KeyboardInterrupt: Ctrl-C, or a signal to end. Lightning by itself would call the one a
            success and exit on the other.
    """
    try:
        trainer.fit(fitting, loader, ckpt_path=checkpoint, weights_only=True)
    except SystemExit as error:
        raise KeyboardInterrupt from error
    if trainer.received_sigterm or trainer.interrupted:
        raise KeyboardInterrupt


def _trainer(recipe: Recipe, machine: Machine, folder: Path, history: History) -> lightning.Trainer:
    checkpoints = ModelCheckpoint(folder, filename=CHECKPOINT, enable_version_counter=False)
    callbacks: list[lightning.Callback] = [history, checkpoints]
    if machine.progress:
        callbacks.insert(0, EpochBar())  # first: the bar is gone before the epoch's line comes
    return lightning.Trainer(
        max_epochs=recipe.epochs,
        accelerator=machine.accelerator,
        devices=machine.devices,
        num_nodes=machine.nodes,
        strategy=machine.strategy,
        precision=machine.arithmetic,
        use_distributed_sampler=False,
        logger=False,
        gradient_clip_val=LONGEST_GRADIENT,
        plugins=[WholeCheckpoints()],
        callbacks=callbacks,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
