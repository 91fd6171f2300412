"""Going on from the checkpoint of an interrupted run, if it is the same run."""

import hashlib
import io
import json
import logging
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.files import write_file
from graphormer.network.model import Config
from graphormer.training.recipe import Recipe

logger = logging.getLogger(__name__)

RUN = "run.json"
"""In a training's folder: what identifies the run."""

CHECKPOINT = "last"
"""Name of the checkpoint in a training's folder, without its ending."""


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that appear when they are whole: Lightning writes them elsewhere, then copies."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        content = io.BytesIO()
        torch.save(checkpoint, content)
        write_file(Path(path), content.getvalue())


def run_identity(
    config: Config, recipe: Recipe, data: LabelledGraphs, start: Mapping[str, Tensor]
) -> dict[str, object]:
    """All that decides how a run ends: another run must not go on from its checkpoint."""
    start_bytes = b"".join(start[name].numpy().tobytes() for name in sorted(start))
    return {
        "config": config.to_dict(),
        "recipe": recipe.to_dict(),
        "data": data.sha256,
        "split": data.split,
        "labels": hashlib.sha256(data.labels.numpy().tobytes()).hexdigest(),
        "start": hashlib.sha256(start_bytes).hexdigest(),
    }


def resumable_checkpoint(folder: Path, identity: Mapping[str, object]) -> Path | None:
    """The checkpoint to go on from; None for a new run. Notes in `run.json` which run it is.

    Raises:
        ValueError: the folder's checkpoint is of another run, or no whole checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = folder / RUN
    checkpoint = folder / f"{CHECKPOINT}.ckpt"
    text = json.dumps(identity, indent=1, sort_keys=True)
    if checkpoint.exists() and run.exists() and run.read_text() != text:
        raise ValueError(
            f"{folder} holds a run with other settings: "
            "repeat that run's command, or choose another folder"
        )
    run.write_text(text)
    if not checkpoint.exists():
        return None
    try:
        torch.load(checkpoint, weights_only=True, mmap=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{checkpoint} is no whole checkpoint: delete {folder} to begin anew"
        ) from error
    logger.info("going on from %s", checkpoint)
    return checkpoint
