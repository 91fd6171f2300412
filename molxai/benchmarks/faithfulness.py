"""The comparison of methods: every method on the same graphs, scored by removing nodes.

A cell is one method on one model. Each cell is written as soon as it is measured, under a name that
holds a hash of all that decides on it. So an interrupted run goes on where it stopped, and a
changed setting is never mistaken for an old one.
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
from typing import Any

import numpy as np
import torch
from numpy import ndarray

from graphormer.files import write_file
from graphormer.graphs.graph import size_batches
from graphormer.network.model import Graphormer
from graphormer.readers.arrays import array_names, read_array
from molxai.benchmarks.subjects import Subjects
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method
from molxai.explanation.methods import EXPLAINERS, check_size
from molxai.explanation.methods import method as method_of
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.methods.lrp import GradientInput
from molxai.explanation.network import Removal, batch_of, components_of
from molxai.explanation.target import Target
from molxai.metrics.conservation import gap_share
from molxai.metrics.curves import CURVES, curves
from molxai.metrics.fidelity import fidelity
from molxai.metrics.growth import growth, randomisation, redraw
from molxai.metrics.sparsity import entropy, gini, top_share

SUBSAMPLE = {"attention-flow": 20, "oracle": 100}
"""Most graphs for methods that cost seconds a graph; every table says so."""

SANITY = 16
"""Graphs on which growth and the comparison with a random model are measured."""

SANITY_OF_SLOW = 2
"""The same for the methods of `SUBSAMPLE`."""

CHUNK = 16
"""Graphs explained together."""

COPIES = 39
"""Copies of a graph that the curves need: three curves of 11 steps, and 3 + 3 for the top nodes."""

TWICE = 1.3
"""The explained class differs from the true one for some graphs, which are then run again."""

SPARSITY = {"gini": gini, "entropy": entropy, "top_share": top_share}
"""Measures of the sizes of one graph's relevances, by the name of their array."""

FIDELITY = ("fidelity+", "fidelity-")
"""The measures in the columns of the array `predicted/fidelity`."""

Report = Callable[[str], None]
Arrays = dict[str, ndarray]
"""The measurements of a cell by name."""


@dataclass(frozen=True)
class Plan:
    """What is compared."""

    methods: tuple[str, ...]
    removals: tuple[Removal, ...] = ("attn",)

    def graphs(self, method: str, subjects: Subjects) -> list[Any]:
        """The graphs that the method is run on."""
        return subjects.inputs[: SUBSAMPLE.get(method, len(subjects.inputs))]


def check_plan(explainer: BaseExplainer, plan: Plan, subjects: Subjects) -> None:
    """Refuse what could not be measured, before any work.

    Raises:
        ValueError: the model is a regression or has several outputs of which none is chosen, or a
            graph is too large for a method.
    """
    explainer.target("pred")
    if explainer.card.config.task == "regression":
        raise ValueError(
            f"{explainer.card.name} is a regression: "
            "faithfulness follows a class's probability, a classifier is needed"
        )
    for name in plan.methods:
        explainer.with_method(name)  # a model may have no strengths for `lrp-tuned`
        largest = max(graph.nodes for graph in plan.graphs(name, subjects))
        check_size(method_of(name), largest)


def estimate(explainer: BaseExplainer, plan: Plan, subjects: Subjects) -> dict[str, float]:
    """Seconds that each method will take.

    They follow from the passes that a method declares and a forward pass timed on this machine.
    """
    network = explainer.network
    sample = subjects.inputs[: 2 * CHUNK]
    forward = _timed(lambda: network(batch_of(network, sample))) / len(sample)
    seconds = {}
    for name in plan.methods:
        graphs = plan.graphs(name, subjects)
        work = COPIES * len(plan.removals) * len(graphs)
        for graph in graphs:
            ahead, back = method_of(name).passes(graph.nodes)
            work += ahead + 2 * back  # a backward pass costs about two forward passes
        seconds[name] = TWICE * forward * work
        if name == "attention-flow":  # its cost is in the maximum flows, not in passes
            seconds[name] += TWICE * len(graphs) * _flow_seconds(explainer, graphs)
    return seconds


def _flow_seconds(explainer: BaseExplainer, graphs: Sequence[Any]) -> float:
    """Seconds that attention flow takes for the graph of median size."""
    by_size = sorted(graphs, key=lambda graph: graph.nodes)
    middle = batch_of(explainer.network, by_size[len(graphs) // 2 :][:1])
    method = EXPLAINERS["attention-flow"]
    return _timed(partial(explain_batch, method, explainer.network, middle), 1)


def _timed(run: Callable[[], object], rounds: int = 3) -> float:
    """Median of the seconds that a call takes."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        with torch.no_grad():
            run()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def cells(
    explainer: BaseExplainer, plan: Plan, subjects: Subjects, folder: Path, report: Report
) -> Iterator[tuple[str, Arrays]]:
    """Each method's measurements, read from `folder` if they have been made before."""
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    contents = [batch_of(explainer.network, [one]).content(0) for one in subjects.inputs]
    for name in plan.methods:
        method = explainer.with_method(name).method
        graphs = plan.graphs(name, subjects)
        identity = _identity(explainer, method, plan, graphs, contents[: len(graphs)], subjects)
        path = folder / "cells" / f"{name}-{identity}.npz"
        if path.exists():
            report(f"{name}: found in {path.name}")
            yield name, {array: read_array(path, array) for array in array_names(path)}
            continue
        start = time.perf_counter()
        arrays = measure(explainer, method, plan, graphs, subjects.labels)
        arrays["measuring"] = np.array(time.perf_counter() - start)
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, **arrays)
        write_file(path, content.getvalue())
        report(f"{name}: {float(arrays['measuring']):.0f} s")
        yield name, arrays


def _identity(
    explainer: BaseExplainer,
    method: Method,
    plan: Plan,
    graphs: Sequence[Any],
    contents: Sequence[bytes],
    subjects: Subjects,
) -> str:
    """A hash of all that decides on a cell."""
    labels = None
    if subjects.labels is not None:
        labels = [target.label for target in subjects.labels[: len(graphs)]]
    parts = [
        explainer.card.weights_sha256,
        re.sub(" at 0x[0-9a-f]+", "", repr(method)),  # addresses of functions in memory
        torch.__version__,
        plan.removals,
        CURVES,
        hashlib.sha256(b"".join(contents)).hexdigest(),
        [graph.nodes for graph in graphs],
        labels,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def measure(
    explainer: BaseExplainer,
    method: Method,
    plan: Plan,
    graphs: Sequence[Any],
    labels: Sequence[Target] | None,
) -> Arrays:
    """One cell: an array per measurement, a row per graph."""
    start = time.perf_counter()
    predicted = explain_all(explainer, method, graphs, [None] * len(graphs))
    seconds = (time.perf_counter() - start) / len(graphs)
    arrays = {"seconds": np.array(seconds)} | _own_measures(graphs, predicted)
    arrays |= _sanity(explainer, method, graphs)
    explanations = {"predicted": predicted}
    if labels is not None:
        explanations["true"] = _explain_true(explainer, method, graphs, predicted, labels)
    for target, of_target in explanations.items():
        for removal in plan.removals:
            answers = curves(explainer.network, graphs, of_target, removal)
            for name in CURVES:
                arrays[f"{target}/{removal}/{name}"] = getattr(answers, name)
    changes = fidelity(explainer.network, graphs, predicted)
    arrays["predicted/fidelity"] = changes.double().numpy()
    return arrays


def _own_measures(graphs: Sequence[Any], explanations: Sequence[Explanation]) -> Arrays:
    """The relevances, and what can be said of them without asking the model again."""
    relevances = [explanation.relevance.double().numpy() for explanation in explanations]
    deltas = [explanation.delta for explanation in explanations]
    arrays: Arrays = {
        "relevance": np.concatenate(relevances),
        "nodes": np.array([graph.nodes for graph in graphs]),
        "label": np.array([explanation.target.label for explanation in explanations]),
        "gap": np.array([gap_share(explanation) for explanation in explanations]),
        "delta": np.array([np.nan if delta is None else delta for delta in deltas]),
    }
    for name, sparsity in SPARSITY.items():
        arrays[name] = np.array([sparsity(np.abs(relevance)) for relevance in relevances])
    return arrays


def _explain_true(
    explainer: BaseExplainer,
    method: Method,
    graphs: Sequence[Any],
    predicted: Sequence[Explanation],
    labels: Sequence[Target],
) -> list[Explanation]:
    """Explanations for the true classes; only the wrongly predicted graphs are explained again."""
    wrong = [
        row
        for row, explanation in enumerate(predicted)
        if explanation.prediction != labels[row].label
    ]
    wrong_graphs = [graphs[row] for row in wrong]
    wrong_labels = [labels[row] for row in wrong]
    explanations = list(predicted)
    again = explain_all(explainer, method, wrong_graphs, wrong_labels)
    for row, explanation in zip(wrong, again, strict=True):
        explanations[row] = explanation
    return explanations


def _sanity(explainer: BaseExplainer, method: Method, graphs: Sequence[Any]) -> Arrays:
    """Agreement with a model of random weights, and growth if the method defines it.

    On the first graphs; for an ensemble, of its first member.
    """
    network = components_of(explainer.network)[0]
    count = SANITY_OF_SLOW if method.name in SUBSAMPLE else SANITY
    batch = batch_of(network, graphs[:count])
    random = randomisation(network, redraw(network), batch, method)
    arrays = {"randomised": np.array(random)}
    if isinstance(method, GradientInput) and isinstance(network, Graphormer):
        arrays["growth"] = growth(network, batch, method).double().numpy()
    return arrays


def explain_all(
    explainer: BaseExplainer,
    method: Method,
    graphs: Sequence[Any],
    targets: Sequence[Target | None],
) -> list[Explanation]:
    """Explanations in the order of the graphs, made in batches of similar size."""
    by_row: dict[int, Explanation] = {}
    network = explainer.network
    sizes = [graph.nodes for graph in graphs]
    for rows in size_batches(sizes, CHUNK):
        batch = batch_of(network, [graphs[row] for row in rows])
        batch_targets = [targets[row] for row in rows]
        explanations = explain_batch(method, network, batch, batch_targets)
        by_row |= zip(rows, explanations, strict=True)
    return [by_row[row] for row in range(len(graphs))]


def relevances_in(arrays: Arrays) -> list[torch.Tensor]:
    """The relevance of each graph's nodes, from the one array that holds them end to end."""
    ends = np.cumsum(arrays["nodes"])[:-1]
    graphs = np.split(arrays["relevance"], ends)  # (nodes,) each
    return [torch.from_numpy(relevance) for relevance in graphs]
