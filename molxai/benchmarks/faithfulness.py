"""The comparison of methods: every method on the same graphs, scored by what the model says when nodes are removed.

A cell is one method on one model. Cells are written as they are done, under a name that holds a hash of all that decided
them, so that an interrupted run goes on where it stopped and a changed setting is never mistaken for an old one.
"""

import hashlib
import io
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy import ndarray

from graphormer.files import write_file
from graphormer.graphs.graph import Graph, size_batches
from graphormer.network.ensemble import networks
from graphormer.network.prediction import batch_for
from graphormer.readers.arrays import array_names, read_array
from molxai.benchmarks.subjects import Subjects
from molxai.explanation.explainer import Explainer
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method
from molxai.explanation.methods import EXPLAINERS, check_size
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.methods.lrp import GradientInput
from molxai.explanation.removal import Removal
from molxai.explanation.target import Target
from molxai.metrics.conservation import gap_share
from molxai.metrics.curves import Curves, curves
from molxai.metrics.fidelity import fidelity
from molxai.metrics.growth import growth, randomisation, redrawn
from molxai.metrics.sparsity import entropy, gini, top_share

SUBSAMPLE = {"attention-flow": 20, "oracle": 100}
"""Graphs on which methods that cost seconds a graph are run, at most; said in every table."""

SANITY = 16
"""Graphs on which growth and the comparison with a random model are measured."""

CHUNK = 16
"""Graphs explained together."""

Report = Callable[[str], None]
Arrays = dict[str, ndarray]


@dataclass(frozen=True)
class Plan:
    """What is compared."""

    methods: tuple[str, ...]
    removals: tuple[Removal, ...] = ("attn",)

    def graphs(self, method: str, subjects: Subjects) -> list[Graph]:
        """Those that the method is run on."""
        return subjects.graphs[: SUBSAMPLE.get(method, len(subjects.graphs))]


def check_plan(explainer: Explainer, plan: Plan, subjects: Subjects) -> None:
    """Refuse what could not be measured, before any work.

    Raises:
        ValueError: the model is a regression, or a graph is too large for a method.
    """
    if explainer.card.config.task == "regression":
        raise ValueError(
            f"{explainer.card.name} is a regression: faithfulness follows a class's probability, a classifier is needed"
        )
    for name in plan.methods:
        check_size(EXPLAINERS[name], max(g.nodes for g in plan.graphs(name, subjects)))


def estimate(explainer: Explainer, plan: Plan, subjects: Subjects) -> dict[str, float]:
    """Seconds that each method will take, from the passes that it declares and a timed forward pass on this machine."""
    some = subjects.graphs[: 2 * CHUNK]
    forward = _timed(lambda: explainer.network(batch_for(explainer.network, some))) / len(some)
    wrong = 1.3  # the explained class differs from the true one for some graphs, which are then run again
    copies = 39 * len(plan.removals)
    seconds = {}
    for name in plan.methods:
        graphs = plan.graphs(name, subjects)
        passes = [EXPLAINERS[name].passes(g.nodes) for g in graphs]
        work = sum(ahead + 2 * back for ahead, back in passes) + copies * len(graphs)
        seconds[name] = wrong * forward * work
        if name == "attention-flow":  # its cost is in the maximum flows, not in passes
            middle = batch_for(
                explainer.network, sorted(graphs, key=lambda g: g.nodes)[len(graphs) // 2 :][:1]
            )
            seconds[name] += (
                wrong
                * len(graphs)
                * _timed(partial(explained, EXPLAINERS[name], explainer.network, middle), 1)
            )
    return seconds


def _timed(run: Callable[[], object], rounds: int = 3) -> float:
    def once() -> float:
        start = time.perf_counter()
        with torch.no_grad():
            run()
        return time.perf_counter() - start

    return median(once() for _ in range(rounds))


def cells(
    explainer: Explainer, plan: Plan, subjects: Subjects, folder: Path, report: Report
) -> Iterator[tuple[str, Arrays]]:
    """Each method's measurements, read from `folder` where they have been made before."""
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    for name in plan.methods:
        identity = _identity(
            explainer, EXPLAINERS[name], plan, plan.graphs(name, subjects), subjects
        )
        path = folder / "cells" / f"{name}-{identity}.npz"
        if path.exists():
            report(f"{name}: found in {path.name}")
            yield name, {array: read_array(path, array) for array in array_names(path)}
            continue
        start = time.perf_counter()
        arrays = measure(
            explainer, EXPLAINERS[name], plan, plan.graphs(name, subjects), subjects.labels
        )
        arrays["measuring"] = np.array(time.perf_counter() - start)
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, **arrays)
        write_file(path, content.getvalue())
        report(f"{name}: {float(arrays['measuring']):.0f} s")
        yield name, arrays


def _identity(
    explainer: Explainer, method: Method, plan: Plan, graphs: Sequence[Graph], subjects: Subjects
) -> str:
    codes = hashlib.sha256(b"".join(g.codes.numpy().tobytes() for g in graphs)).hexdigest()
    labels = (
        None if subjects.labels is None else [one.label for one in subjects.labels[: len(graphs)]]
    )
    named = [
        explainer.card.weights_sha256,
        re.sub(" at 0x[0-9a-f]+", "", repr(method)),
        torch.__version__,
        plan.removals,
        codes,
        labels,
    ]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:12]


def measure(
    explainer: Explainer,
    method: Method,
    plan: Plan,
    graphs: Sequence[Graph],
    labels: Sequence[Target] | None,
) -> Arrays:
    """One cell: an array per measurement, a row per graph."""
    start = time.perf_counter()
    predicted = explain_all(explainer, method, graphs, [None] * len(graphs))
    arrays: Arrays = {
        "seconds": np.array((time.perf_counter() - start) / len(graphs)),
        "relevance": np.concatenate([one.relevance.double().numpy() for one in predicted]),
        "nodes": np.array([g.nodes for g in graphs]),
        "gap": np.array([gap_share(one) for one in predicted]),
        "delta": np.array([np.nan if one.delta is None else one.delta for one in predicted]),
    }
    for quality in (gini, entropy, top_share):
        arrays[quality.__name__] = np.array(
            [quality(one.relevance.double().abs().numpy()) for one in predicted]
        )
    arrays |= _sanity(explainer, method, graphs)
    classes = {"predicted": predicted}
    if labels is not None:
        wrong = [i for i, one in enumerate(predicted) if one.prediction != labels[i].label]
        again = explain_all(
            explainer, method, [graphs[i] for i in wrong], [labels[i] for i in wrong]
        )
        true = dict(zip(wrong, again, strict=True))
        classes["true"] = [true.get(i, one) for i, one in enumerate(predicted)]
    for target, explanations in classes.items():
        for removal in plan.removals:
            made = curves(explainer.network, graphs, explanations, removal)
            arrays |= {
                f"{target}/{removal}/{name}": getattr(made, name) for name in Curves.__annotations__
            }
    arrays["predicted/fidelity"] = fidelity(explainer.network, graphs, predicted).double().numpy()
    return arrays


def _sanity(explainer: Explainer, method: Method, graphs: Sequence[Graph]) -> Arrays:
    """Agreement with a model of random weights, and growth where it is defined, on the first graphs; of an ensemble's first member."""
    network = networks(explainer.network)[0]
    few = batch_for(network, graphs[: SANITY if method.name not in SUBSAMPLE else 2])
    arrays = {"randomised": np.array(randomisation(network, redrawn(network), few, method))}
    if isinstance(method, GradientInput):
        arrays["growth"] = growth(network, few, method).double().numpy()
    return arrays


def explain_all(
    explainer: Explainer, method: Method, graphs: Sequence[Graph], targets: Sequence[Target | None]
) -> list[Explanation]:
    """Explanations in the order of the graphs, made in batches of similar size."""
    made: list[Explanation | None] = [None] * len(graphs)
    for rows in size_batches([g.nodes for g in graphs], CHUNK):
        batch = batch_for(explainer.network, [graphs[row] for row in rows])
        for row, one in zip(
            rows,
            explain_batch(method, explainer.network, batch, [targets[row] for row in rows]),
            strict=True,
        ):
            made[row] = one
    return made  # type: ignore[return-value]
