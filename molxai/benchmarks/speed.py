"""How fast: graphs per second, measured so that a noisy machine cannot lie: in turn, medians with their spread, ratios.

A method of many passes is timed on fewer graphs, spread over all sizes; what is reported is time for each graph.
"""

import platform
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import torch

from graphormer.data.public import mnist_images
from graphormer.graphs.graph import Graph, GraphBatch, size_batches
from graphormer.graphs.molecules import molecule
from graphormer.network.checkpoint import versions
from graphormer.network.prediction import batch_for
from graphormer.training.presets import preset_of
from molxai.explanation.explainer import Explainer, graph_in
from molxai.explanation.inputs import Entry, entries
from molxai.explanation.methods import EXPLAINERS

MOST, FEWEST = 500, 8
"""Graphs that are timed at most, and of a slow method at least."""

PEERS = (
    "lrp",
    "gradient-input",
    "integrated-gradients",
    "shap",
    "leave-one-out",
    "gnn-explainer",
    "rollout",
)
"""Methods that are timed where none are named."""

ANILIDE = "C(=O)Nc1ccc(cc1)"
"""Nine atoms, a chain of which makes a molecule of any size."""

SIZES = (20, 50, 100, 150, 200)
"""Atoms of the molecules by which growth with size is measured."""


def benchmark_entries(
    explainer: Explainer, inputs: Sequence[str] | None = None, home: str | Path | None = None
) -> list[Entry]:
    """The first rows of the inputs, else of the test part of the model's own data.

    Raises:
        OSError: the data are not there and cannot be downloaded.
        ValueError: the inputs cannot be read, or the model has no test data.
    """
    if inputs:
        return list(
            islice((one for one in entries(inputs) if one.read().subject is not None), MOST)
        )
    preset = preset_of(explainer.card)
    if explainer.reads == "digits":
        return [
            Entry(str(row), image / 255.0, "array", row)
            for row, image in enumerate(mnist_images(home, "test")[:MOST])
        ]
    return [
        Entry(text, text, "smiles", row)
        for row, text in enumerate(preset.load(home, "test").texts[:MOST])
    ]


def speed(
    explainer: Explainer,
    rows: Sequence[Entry],
    rounds: int,
    threads: int,
    methods: Sequence[str] = PEERS,
) -> dict[str, Any]:
    """Time featurisation, the forward pass and each of the methods, in turn, `rounds` times after a warm-up.

    The ratio is that of a method's time for a graph and the forward pass's in the same round.

    Raises:
        ValueError: no row can be read.
    """
    graphs = [
        graph_in(explainer.subject(one.subject))
        for one in (row.read() for row in rows)
        if one.subject is not None
    ]
    if not graphs:
        raise ValueError("none of the inputs can be read: at least one is needed")
    torch.set_num_threads(threads)
    network, sizes = explainer.network, [g.nodes for g in graphs]
    batches = _batches(explainer, graphs)
    runs: dict[str, tuple[int, Callable[[], Any]]] = {
        "forward": (len(graphs), partial(_each, torch.no_grad()(network), batches))
    }
    for name in methods:
        some = _spread(graphs, max(EXPLAINERS[name].passes(round(sum(sizes) / len(sizes)))))
        chosen = batches if len(some) == len(graphs) else _batches(explainer, some)
        runs[name] = (
            len(some),
            partial(_each, partial(explained, EXPLAINERS[name], network), chosen),
        )
    read = rows[:: max(1, len(rows) // 100)]
    runs["featurise"] = (len(read), lambda: [row.read() for row in read])
    seconds = _interleaved(runs, rounds)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "threads": threads,
        "python": platform.python_version(),
    }
    setting = {
        "model": explainer.card.name,
        "graphs": len(graphs),
        "nodes": sum(sizes) / len(sizes),
        "batch_size": explainer.batch_size,
    }
    timed = {
        name: _row(count, seconds[name], seconds["forward"]) for name, (count, _) in runs.items()
    }
    featurised = timed.pop("featurise")
    return setting | {
        "rounds": rounds,
        "machine": machine | versions(),
        "methods": timed,
        "featurise": featurised,
    }


def growth(
    explainer: Explainer, rounds: int, sizes: Sequence[int] = SIZES
) -> list[dict[str, float]]:
    """Milliseconds for a molecule, forward and lrp, by its number of atoms; a chain of anilides in batches."""
    runs: dict[str, tuple[int, Callable[[], Any]]] = {}
    for size in sizes:
        text = "C" * (size % 9) + ANILIDE * (size // 9)
        batches = _batches(explainer, [molecule(text).graph] * explainer.batch_size)
        runs[f"forward {size}"] = (
            explainer.batch_size,
            partial(_each, torch.no_grad()(explainer.network), batches),
        )
        runs[f"lrp {size}"] = (
            explainer.batch_size,
            partial(_each, partial(explained, EXPLAINERS["lrp"], explainer.network), batches),
        )
    seconds = _interleaved(runs, rounds)
    each = {name: 1000 * median(times) for name, times in seconds.items()}
    return [
        {"atoms": size, "forward_ms": each[f"forward {size}"], "lrp_ms": each[f"lrp {size}"]}
        for size in sizes
    ]


def _batches(explainer: Explainer, graphs: Sequence[Graph]) -> list[GraphBatch]:
    """On the model's device."""
    by_size = size_batches([g.nodes for g in graphs], explainer.batch_size)
    return [batch_for(explainer.network, [graphs[row] for row in rows]) for rows in by_size]


def _each(run: Callable[[GraphBatch], Any], batches: Sequence[GraphBatch]) -> None:
    for batch in batches:
        run(batch)


def _spread(graphs: Sequence[Graph], passes: int) -> list[Graph]:
    """So many graphs that they take about as long as all of them in one pass, or `FEWEST`, from small to large."""
    ordered = sorted(graphs, key=lambda one: one.nodes)
    count = min(len(ordered), max(FEWEST, len(ordered) // passes))
    return (
        list(graphs)
        if count == len(ordered)
        else [ordered[int((i + 0.5) * len(ordered) / count)] for i in range(count)]
    )


def _interleaved(
    runs: dict[str, tuple[int, Callable[[], Any]]], rounds: int
) -> dict[str, list[float]]:
    """Seconds for a graph of each run in each round, after a round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, (count, run) in runs.items():
            start = time.perf_counter()
            run()
            if torch.cuda.is_available():
                torch.cuda.synchronize()  # a GPU answers before it has worked
            if turn:
                seconds[name].append((time.perf_counter() - start) / count)
    return seconds


def _row(graphs: int, seconds: Sequence[float], forward: Sequence[float]) -> dict[str, float]:
    rates, ratios = [1 / s for s in seconds], [s / f for s, f in zip(seconds, forward, strict=True)]
    return {
        "timed": graphs,
        "graphs_per_second": median(rates),
        "slowest": min(rates),
        "fastest": max(rates),
        "ratio": median(ratios),
        "ratio_smallest": min(ratios),
        "ratio_largest": max(ratios),
    }


def markdown(result: dict[str, Any]) -> str:
    """The result of `speed`, with growth and libraries where they were measured, as Markdown tables."""
    machine = result["machine"]
    lines = [
        f"{result['graphs']} graphs of {result['nodes']:.1f} nodes on average, model {result['model']}, batch size {result['batch_size']}, "
        f"{machine['threads']} threads of {machine['processor']}, torch {machine['torch']}; "
        f"medians of {result['rounds']} interleaved rounds (smallest–largest)",
        "",
        "| method | graphs timed | graphs/s | time / forward |",
        "|---|---|---|---|",
    ]
    for name, row in result["methods"].items():
        times = f"{_digits(row['ratio'])} ({_digits(row['ratio_smallest'])}–{_digits(row['ratio_largest'])})"
        lines.append(f"| {name} | {row['timed']} | {_rate(row)} | {times} |")
    lines.append(
        f"| from text or picture to graph, one thread | {result['featurise']['timed']} | {_rate(result['featurise'])} | |"
    )
    if "growth" in result:
        lines += ["", "| atoms | forward, ms | lrp, ms | ratio |", "|---|---|---|---|"]
        for one in result["growth"]:
            ratio = one["lrp_ms"] / one["forward_ms"]
            lines.append(
                f"| {one['atoms']} | {one['forward_ms']:.2f} | {one['lrp_ms']:.2f} | {ratio:.2f} |"
            )
    if "library" in result:
        lines += [
            "",
            "| rows | seconds | rows/s | peak memory, MiB | errors |",
            "|---|---|---|---|---|",
        ]
        for one in result["library"]:
            lines.append(
                f"| {one['rows']} | {one['seconds']:.1f} | {one['rows_per_second']:.0f} | {one['peak_mib']:.0f} | {one['errors']} |"
            )
    return "\n".join(lines)


def _rate(row: dict[str, float]) -> str:
    return (
        f"{_digits(row['graphs_per_second'])} ({_digits(row['slowest'])}–{_digits(row['fastest'])})"
    )


def _digits(value: float) -> str:
    """Three digits or more, and no exponents."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
