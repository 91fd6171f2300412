"""A forest as the teacher of a small table: its votes soften the labels, and label molecules that nobody has measured.

A transformer has too few molecules of a small table to learn from; a forest on fingerprints has enough. What the forest
knows is passed on (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network") by its votes on many recombinations
of the table's own molecules, and by its out-of-bag votes on those themselves. The model that is trained stays what it is,
and is explained as it is.
"""

import logging

import torch

from graphormer.data.labelled import LabelledGraphs
from graphormer.evaluation.forest import votes
from graphormer.graphs.molecules import molecule
from graphormer.network.model import Config
from graphormer.pretraining.recombination import recombined

logger = logging.getLogger(__name__)

TRUST = 0.5
"""Share of the forest's out-of-bag vote in a train molecule's label."""

REPEATS = 4
"""Times that each train molecule comes in an epoch, beside its recombinations."""


def distil(
    config: Config, data: LabelledGraphs, recombinations: float, seed: int
) -> LabelledGraphs:
    """The train part with softened labels, several times, and recombined molecules with the forest's votes for labels.

    Args:
        config: of the model that is to learn from it.
        data: train part.
        recombinations: so many recombined molecules for each of the train part.
        seed: of the forest and of the recombination.

    Raises:
        ValueError: graphs are no molecules, or the task has several classes.
    """
    if not data.texts or config.task == "multiclass":
        raise ValueError(
            "a forest teaches molecules of two classes or with values: leave the teacher out"
        )
    made = recombined(data.texts, round(recombinations * len(data)), seed)
    graphs = [molecule(text).graph for text in made]
    own, others = votes(config, data.texts, data.labels, made, seed)
    logger.info("taught by a forest: %d recombinations of %d molecules", len(made), len(data))
    labels = torch.cat([((1 - TRUST) * data.labels + TRUST * own).repeat(REPEATS, 1), others])
    rows = data.rows * REPEATS + [-1] * len(made)
    return LabelledGraphs(
        data.name,
        data.vocabulary,
        data.graphs * REPEATS + graphs,
        labels,
        rows,
        f"{data.split}, taught",
        data.sha256,
    )
