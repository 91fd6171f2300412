"""Molecules without labels as something to learn from: their RDKit descriptors.

A trunk that has learnt the descriptors of tens of thousands of molecules knows rings, charges, polarity and size before it
sees a small table. Molecules on which a model will be judged must not be among them: `known` keeps them out.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from graphormer.data.labelled import LabelledGraphs
from graphormer.files import digest
from graphormer.graphs.graph import Graph
from graphormer.graphs.molecules import MOLECULES, skeleton
from graphormer.pretraining.descriptors import DESCRIPTORS, descriptors, standardised
from graphormer.readers.tables import Row, read_rows

logger = logging.getLogger(__name__)

LARGEST = 100
"""Atoms of the largest molecule that is learnt from: few are larger, and they would cost most of the time."""

CHUNK = 500
"""Rows that one worker reads at a time."""


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
    """Of the descriptors that differ between the molecules that are left."""


def skeletons(paths: Sequence[Path]) -> set[str]:
    """What identifies the molecules of some tables: see `graphormer.graphs.molecules.skeleton`."""
    return {found[0] for path in paths for found in _read_all(path, False) if found is not None}


def descriptor_graphs(paths: Sequence[Path], known: set[str]) -> tuple[LabelledGraphs, Census]:
    """The molecules of some tables with standardised descriptors as labels, each molecule once, none of those that are known.

    Raises:
        FileNotFoundError: a table is missing.
        ValueError: a table cannot be read, or nothing is left.
    """
    seen: set[str] = set()
    graphs: list[Graph] = []
    values: list[Float[ndarray, " descriptors"]] = []
    rows = unreadable = repeated = excluded = 0
    for path in paths:
        logger.info("reading %s", path)
        for found in _read_all(path, True):
            rows += 1
            if found is None:
                unreadable += 1
            elif found[0] in known:
                excluded += 1
            elif found[0] in seen:
                repeated += 1
            else:
                seen.add(found[0])
                graphs.append(found[1])
                values.append(found[2])
    if len(graphs) < 2:
        raise ValueError(
            f"{rows} rows, of which {unreadable} cannot be read and {excluded} are excluded: nothing is left to learn from"
        )
    labels = standardised(np.stack(values))
    varied = np.nanmax(labels, 0) - np.nanmin(labels, 0) > 0
    names = tuple(name for name, kept in zip(DESCRIPTORS, varied, strict=True) if kept)
    hashes = {path.name: digest(path) for path in paths}
    learnt = torch.tensor(labels[:, varied], dtype=torch.float32)
    made = LabelledGraphs(
        "descriptors", MOLECULES, graphs, learnt, list(range(len(graphs))), "all", hashes
    )
    return made, Census(rows, unreadable, repeated, excluded, names)


Found = tuple[str, Graph, Float[ndarray, " descriptors"]]


def _read_all(path: Path, described: bool) -> list[Found | None]:
    """Skeleton, graph and descriptors of every row, None where it cannot be read."""
    from joblib import Parallel, delayed

    table = read_rows(path)
    smiles = table.smiles_column()
    every = list(table.rows)
    chunks = [every[i : i + CHUNK] for i in range(0, len(every), CHUNK)]
    return [
        one
        for made in Parallel(n_jobs=-1)(
            delayed(_read)(chunk, smiles, described) for chunk in chunks
        )
        for one in made
    ]


def _read(rows: Sequence[Row], smiles: str, described: bool) -> list[Found | None]:
    made: list[Found | None] = []
    for row in rows:
        try:
            one = row.molecule(smiles)
        except ValueError:
            made.append(None)
            continue
        if one.graph.nodes > LARGEST and described:
            made.append(None)
        else:
            made.append(
                (
                    skeleton(one.mol),
                    one.graph,
                    descriptors(one.mol) if described else np.zeros(len(DESCRIPTORS)),
                )
            )
    return made
