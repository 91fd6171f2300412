"""A forest as the teacher of a small table.

A transformer has too few molecules of a small table to learn from; a forest on fingerprints has
enough. The forest's knowledge is passed on (Hinton et al. 2015, "Distilling the Knowledge in a
Neural Network") in two ways: its votes label many recombinations of the table's molecules, which
nobody has measured, and its out-of-bag votes soften the labels of those molecules. The model that
is trained stays as it is, and is explained as it is.
"""

import logging

import torch

from graphormer.data.labelled import LabelledGraphs
from graphormer.evaluation.forest import votes
from graphormer.graphs.molecules import molecule
from graphormer.network.model import Config
from graphormer.pretraining.recombination import recombine

logger = logging.getLogger(__name__)

TRUST = 0.5
"""Share of the forest's out-of-bag vote in a training molecule's label."""

REPEATS = 4
"""Times that each training molecule comes in an epoch, beside its recombinations."""

NO_ROW = -1
"""Row of a molecule that is in no file."""


def distil(
    config: Config, data: LabelledGraphs, recombinations: float, seed: int
) -> LabelledGraphs:
    """What a forest teaches: molecules with softened labels, and recombinations with its votes.

    Args:
        config: of the model that is to learn from it.
        data: training set; each molecule comes `REPEATS` times.
        recombinations: recombined molecules for each molecule of the training set.
        seed: of the forest and of the recombination.

    Raises:
        ValueError: graphs are no molecules, or the task has several classes.
    """
    if not data.texts or config.task == "multiclass":
        raise ValueError(
            "a forest teaches molecules of two classes or with values: leave the teacher out"
        )
    recombined_texts = recombine(data.texts, round(recombinations * len(data)), seed)
    recombined_graphs = [molecule(text).graph for text in recombined_texts]
    train_votes, recombined_votes = votes(config, data.texts, data.labels, recombined_texts, seed)
    logger.info(
        "taught by a forest: %d recombinations of %d molecules", len(recombined_texts), len(data)
    )
    softened_labels = (1 - TRUST) * data.labels + TRUST * train_votes  # (molecules, targets)
    repeated_labels = softened_labels.repeat(REPEATS, 1)  # (repeats * molecules, targets)
    return LabelledGraphs(
        data.name,
        data.vocabulary,
        data.graphs * REPEATS + recombined_graphs,
        torch.cat([repeated_labels, recombined_votes]),
        data.rows * REPEATS + [NO_ROW] * len(recombined_texts),
        f"{data.split}, taught",
        data.sha256,
    )
