"""The kernel machine of a training set: its bags, and the coefficients that fit its labels.

For values it is kernel ridge regression, for classes kernel logistic regression. Both minimise a
convex loss plus λ / 2 · αᵀKα, so there is one answer, whatever the seed.
"""

import logging

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from graphormer.data.labelled import LabelledGraphs
from graphormer.graphs.graph import Graph
from graphormer.network.kernel import Kernel
from graphormer.network.model import Config, Task
from graphormer.training.start import base_value

logger = logging.getLogger(__name__)

RIDGE = 0.1
"""λ for values, in squared standard deviations (docs/models.md)."""

LOGISTIC = 0.03
"""λ for classes (docs/models.md)."""

LARGEST = 6000
"""Most training graphs. Likeness is held for all pairs, and time grows with the cube of them."""

CHUNK = 256
"""Graphs whose likeness to all is computed at once."""

STEPS = 100
"""Most Newton steps; ten are usual."""

CONVERGED = 1e-10
"""Share of the objective by which a Newton step must lower it, or it was the last."""

LEAST_CURVATURE = 1e-12
"""Of a label that is met for certain."""


def takes_kernel(task: Task, molecules: int) -> bool:
    """Whether a kernel machine can learn the task from so many molecules."""
    return task != "multiclass" and molecules <= LARGEST


def check_kernel(config: Config, data: LabelledGraphs) -> None:
    """Refuse what a kernel machine cannot learn.

    Raises:
        ValueError: the task has several classes, the graphs are no molecules, or more than
            `LARGEST`.
    """
    if not (data.vocabulary.environments and takes_kernel(config.task, len(data))):
        raise ValueError(
            f"{len(data)} training graphs, {config.task}: a kernel machine learns molecules of two "
            f"classes or with values, at most {LARGEST}; leave it out"
        )


def fitted_kernel(config: Config, data: LabelledGraphs) -> Kernel:
    """The machine that fits the labels, each target's own where some are missing.

    Args:
        config: binary or regression.
        data: training set; a regression's labels are standardised.

    Raises:
        ValueError: a machine cannot learn this.
    """
    check_kernel(config, data)
    kernel, bags = machine(config, data)
    alike = _alike(kernel, bags)  # (graphs, graphs)
    start = base_value(config, data.labels).get("head.bias", torch.zeros(config.outputs))
    with torch.no_grad():
        kernel.offset.copy_(start)
        for column, labels in enumerate(data.labels.double().numpy().T):
            has_label = ~np.isnan(labels)
            if not has_label.any():
                continue  # the offset is all that can be said
            among = alike[np.ix_(has_label, has_label)]
            if config.task == "regression":
                found, kernel.offset[column] = ridge(among, labels[has_label])
            else:
                found = logistic(among, labels[has_label], float(start[column]))
            kernel.coefficients[torch.from_numpy(has_label), column] = torch.from_numpy(found).to(
                kernel.coefficients.dtype
            )
    logger.info("kernel machine of %d graphs", len(data))
    return kernel.eval()


def machine(
    config: Config, data: LabelledGraphs
) -> tuple[Kernel, Float[ndarray, "graphs entries"]]:
    """A machine with the training set's bags and no coefficients, and the bags."""
    vocabulary = data.vocabulary
    bags = np.stack([bag(graph) for graph in data.graphs])  # (graphs, entries)
    graph, entry = np.nonzero(bags)  # (items,) each
    kernel = Kernel(config, vocabulary, len(bags), len(entry))
    kernel.graphs.copy_(torch.from_numpy(graph))
    kernel.entries.copy_(torch.from_numpy(entry))
    kernel.amounts.copy_(torch.from_numpy(bags[graph, entry]))
    return kernel, bags


def bag(graph: Graph) -> Float[ndarray, " entries"]:
    """How often each entry of the vocabulary occurs in the graph."""
    codes = graph.codes.flatten().numpy()
    weights = graph.weights.flatten().numpy()
    return np.bincount(codes, weights, graph.vocabulary.node_entries)


@torch.no_grad()
def _alike(
    kernel: Kernel, bags: Float[ndarray, "graphs entries"]
) -> Float[ndarray, "graphs graphs"]:
    """The likeness of all pairs of training graphs."""
    rows = torch.from_numpy(bags).split(CHUNK)
    return torch.cat([kernel.likeness(chunk) for chunk in rows]).numpy()


def ridge(
    alike: Float[ndarray, "graphs graphs"],
    labels: Float[ndarray, " graphs"],
    penalty: float = RIDGE,
) -> tuple[Float[ndarray, " graphs"], float]:
    """α and offset of kernel ridge regression: (K + λI) α + b = y and Σα = 0.

    As the offset is free, α sums to 0. So what all training graphs have in common cancels, and no
    relevance is left for it (Suykens and Vandewalle 1999, "Least squares support vector machine
    classifiers", Neural Processing Letters 9, 293, has the same system for classes).
    """
    from scipy.linalg import solve

    right = np.stack([labels, np.ones(len(labels))], 1)  # (graphs, 2)
    of_labels, of_ones = solve(alike + penalty * np.eye(len(alike)), right, assume_a="pos").T
    offset = of_labels.sum() / of_ones.sum()
    return of_labels - offset * of_ones, float(offset)


def logistic(
    alike: Float[ndarray, "graphs graphs"],
    labels: Float[ndarray, " graphs"],
    offset: float,
    penalty: float = LOGISTIC,
) -> Float[ndarray, " graphs"]:
    """α of kernel logistic regression with a given offset, by Newton's method.

    A step solves a ridge regression in which each graph counts as its curvature p (1 − p) (Zhu and
    Hastie 2005, "Kernel logistic regression and the import vector machine", section 3.1). It is
    halved until the objective falls, which the first steps of rare classes need.
    """
    from scipy.linalg import solve
    from scipy.special import expit

    def objective(values: ndarray, found: ndarray) -> float:
        logits = values + offset
        loss = np.logaddexp(0, logits) - labels * logits  # (graphs,)
        return float(loss.sum() + penalty / 2 * found @ values)

    found = np.zeros(len(labels))
    values = np.zeros(len(labels))
    least = objective(values, found)
    for _ in range(STEPS):
        probability = expit(values + offset)
        curvature = np.maximum(probability * (1 - probability), LEAST_CURVATURE)
        root = np.sqrt(curvature)
        wanted = (curvature * values + labels - probability) / root
        system = root[:, None] * alike * root + penalty * np.eye(len(labels))
        step = root * solve(system, wanted, assume_a="pos") - found
        values_step = alike @ step
        share = 1.0
        while objective(values + share * values_step, found + share * step) > least:
            share /= 2
            if share < CONVERGED:
                return found
        found = found + share * step
        values = values + share * values_step
        before, least = least, objective(values, found)
        if before - least <= CONVERGED * abs(before):
            return found
    return found
