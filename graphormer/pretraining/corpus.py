"""Molecules without labels as a training set: their RDKit descriptors are the labels.

A trunk that has learnt the descriptors of tens of thousands of molecules knows rings, charges,
polarity and size before it sees a small table. Molecules on which a model will be judged must not
be among them: they are excluded by their skeletons.
"""

import logging
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from graphormer.data.labelled import LabelledGraphs
from graphormer.files import digest
from graphormer.graphs.graph import Graph
from graphormer.graphs.molecules import MOLECULES, skeleton
from graphormer.pretraining.descriptors import DESCRIPTORS, descriptors, standardise
from graphormer.readers.tables import Row, read_rows

logger = logging.getLogger(__name__)

LARGEST = 100
"""Atoms of the largest molecule that is learnt.

Few molecules are larger, and they would cost most of the time.
"""

CHUNK = 500
"""Rows that a worker reads at a time."""


@dataclass(frozen=True)
class Census:
    """What became of the rows."""

    rows: int
    unreadable: int
    """Rows that cannot be read, or have more than `LARGEST` atoms."""
    repeated: int
    excluded: int
    """Rows of molecules that are to be judged later."""
    names: tuple[str, ...]
    """Descriptors that differ between the molecules that are left."""

    def __str__(self) -> str:
        return (
            f"{self.rows} rows; {self.unreadable} unreadable or too large, "
            f"{self.repeated} repeated, {self.excluded} excluded"
        )


class Sample(NamedTuple):
    """A molecule of a table."""

    skeleton: str
    """What identifies it: see `graphormer.graphs.molecules.skeleton`."""
    graph: Graph
    descriptors: Float[ndarray, " descriptors"]
    """Zeros if they were not asked for."""


def skeletons(paths: Sequence[Path]) -> set[str]:
    """What identifies the molecules of some tables."""
    return {
        sample.skeleton
        for path in paths
        for sample in _samples(path, with_descriptors=False)
        if sample is not None
    }


class _Corpus:
    """Molecules that are learnt, each once, and counts of the rows that are not."""

    def __init__(self, excluded_skeletons: Set[str]) -> None:
        self.excluded_skeletons = excluded_skeletons
        self.samples: dict[str, Sample] = {}
        self.rows = 0
        self.unreadable = 0
        self.excluded = 0
        self.repeated = 0

    def add(self, sample: Sample | None) -> None:
        """Take in a row; None if it cannot be read."""
        self.rows += 1
        if sample is None:
            self.unreadable += 1
        elif sample.skeleton in self.excluded_skeletons:
            self.excluded += 1
        elif sample.skeleton in self.samples:
            self.repeated += 1
        else:
            self.samples[sample.skeleton] = sample


def descriptor_graphs(
    paths: Sequence[Path], excluded_skeletons: Set[str]
) -> tuple[LabelledGraphs, Census]:
    """The molecules of some tables, each once, with standardised descriptors as labels.

    Args:
        paths: of the tables.
        excluded_skeletons: of molecules to leave out.

    Raises:
        FileNotFoundError: a table is missing.
        ValueError: a table cannot be read, or nothing is left.
    """
    corpus = _Corpus(excluded_skeletons)
    for path in paths:
        logger.info("reading %s", path)
        for sample in _samples(path, with_descriptors=True):
            corpus.add(sample)
    samples = list(corpus.samples.values())
    if len(samples) < 2:
        raise ValueError(
            f"{corpus.rows} rows, of which {corpus.unreadable} cannot be read "
            f"and {corpus.excluded} are excluded: nothing is left to learn from"
        )
    values = np.stack([sample.descriptors for sample in samples])  # (molecules, descriptors)
    labels = standardise(values)
    is_varying = np.nanmax(labels, 0) - np.nanmin(labels, 0) > 0  # (descriptors,)
    names = tuple(name for name, varies in zip(DESCRIPTORS, is_varying, strict=True) if varies)
    data = LabelledGraphs(
        "descriptors",
        MOLECULES,
        [sample.graph for sample in samples],
        torch.tensor(
            labels[:, is_varying], dtype=torch.float32
        ),  # (molecules, varying descriptors)
        list(range(len(samples))),
        "all",
        {path.name: digest(path) for path in paths},
    )
    return data, Census(corpus.rows, corpus.unreadable, corpus.repeated, corpus.excluded, names)


def _samples(path: Path, with_descriptors: bool) -> Iterator[Sample | None]:
    """Every row of a table as a sample, None if it cannot be read."""
    from joblib import Parallel, delayed

    table = read_rows(path)
    smiles = table.smiles_column()
    rows = list(table.rows)
    chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
    tasks = (delayed(_read)(chunk, smiles, with_descriptors) for chunk in chunks)
    for samples in Parallel(n_jobs=-1)(tasks):
        yield from samples


def _read(rows: Sequence[Row], smiles: str, with_descriptors: bool) -> list[Sample | None]:
    """A worker's share of `_samples`."""
    return [_sample(row, smiles, with_descriptors) for row in rows]


def _sample(row: Row, smiles: str, with_descriptors: bool) -> Sample | None:
    """The row's molecule; None if it cannot be read, or is too large to be described."""
    try:
        molecule = row.molecule(smiles)
    except ValueError:
        return None
    if not with_descriptors:
        return Sample(skeleton(molecule.mol), molecule.graph, np.zeros(len(DESCRIPTORS)))
    if molecule.graph.nodes > LARGEST:
        return None
    return Sample(skeleton(molecule.mol), molecule.graph, descriptors(molecule.mol))
