"""How fast: graphs per second, measured so that a noisy machine cannot lie.

Runs take turns; medians stand with their spread, and as ratios to the forward pass of the same
round. A method of many passes is timed on fewer graphs, spread over all sizes; the time for each
graph is reported.
"""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import torch
from rdkit import Chem, rdBase

from graphormer.data.public import mnist_images
from graphormer.files import markdown_table
from graphormer.graphs.graph import Graph, GraphBatch, size_batches
from graphormer.graphs.molecules import molecule
from graphormer.network.by_hand import outputs
from graphormer.network.checkpoint import versions
from graphormer.network.ensemble import networks
from graphormer.network.prediction import batch_for
from graphormer.training.presets import preset_of
from molxai.explanation.entry import Entry
from molxai.explanation.explainer import Explainer, graph_in
from molxai.explanation.inputs import entries
from molxai.explanation.methods import method as method_of
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.subjects import batches_of

MOST = 500
"""Graphs that are timed at most."""

FEWEST = 8
"""Graphs on which a slow method is timed at least."""

BESIDE = {
    "predict": "the same by hand, as `predict` runs it",
    "featurise": "from text or picture to padded batch",
    "parse": "RDKit's parse alone",
    "product": "yardstick: a matrix product of 1152 × 64 × 192",
}
"""What is timed beside the methods, and what it is called."""

PEERS = (
    "lrp",
    "gradient-input",
    "integrated-gradients",
    "shap",
    "leave-one-out",
    "gnn-explainer",
    "rollout",
)
"""Methods that are timed if none are named."""

ANILIDE = "C(=O)Nc1ccc(cc1)"
"""Nine atoms, a chain of which makes a molecule of any size."""

ANILIDE_ATOMS = 9

SIZES = (20, 50, 100, 150, 200)
"""Atoms of the molecules by which growth with size is measured."""


@dataclass(frozen=True)
class Run:
    """What is timed, and on how many graphs."""

    graphs: int
    call: Callable[[], object]


def benchmark_entries(
    explainer: Explainer, inputs: Sequence[str] | None = None, home: str | Path | None = None
) -> list[Entry]:
    """The first rows of the inputs, else of the test set of the model's own data.

    Raises:
        OSError: the data are not there and cannot be downloaded.
        ValueError: the inputs cannot be read, or the model has no test data.
    """
    if inputs:
        readable = (entry for entry in entries(inputs) if entry.read().subject is not None)
        return list(islice(readable, MOST))
    preset = preset_of(explainer.card)
    if explainer.reads == "digits":
        images = mnist_images(home, "test")[:MOST]
        return [Entry(str(row), image / 255.0, "array", row) for row, image in enumerate(images)]
    texts = preset.load(home, "test").texts[:MOST]
    return [Entry(text, text, "smiles", row) for row, text in enumerate(texts)]


def speed(
    explainer: Explainer,
    rows: Sequence[Entry],
    rounds: int,
    threads: int,
    methods: Sequence[str] = PEERS,
) -> dict[str, Any]:
    """Time featurisation, the forward pass and each of the methods, in turn, after a warm-up.

    The ratio is that of a method's time for a graph and the forward pass's in the same round.

    Raises:
        ValueError: no row can be read.
    """
    graphs = list(_graphs(explainer, rows))
    if not graphs:
        raise ValueError("none of the inputs can be read: at least one is needed")
    torch.set_num_threads(threads)
    nodes = sum(graph.nodes for graph in graphs) / len(graphs)
    runs = _runs(explainer, graphs, rows, methods)
    seconds = _interleave(runs, rounds)
    forward = seconds["forward"]
    measures = {name: _measures(run.graphs, seconds[name], forward) for name, run in runs.items()}
    beside = {name: measures.pop(name) for name in BESIDE if name in measures}
    machine = {
        "processor": platform.processor() or platform.machine(),
        "threads": threads,
        "python": platform.python_version(),
    }
    return {
        "model": explainer.card.name,
        "graphs": len(graphs),
        "nodes": nodes,
        "batch_size": explainer.batch_size,
        "rounds": rounds,
        "machine": machine | versions(),
        "methods": measures,
        "beside": beside,
    }


def _graphs(explainer: Explainer, rows: Sequence[Entry]) -> Iterator[Graph]:
    """The graphs of the rows that can be read."""
    for row in rows:
        source = row.read().subject
        if source is not None:
            yield graph_in(explainer.subject(source))


def _runs(
    explainer: Explainer, graphs: Sequence[Graph], rows: Sequence[Entry], methods: Sequence[str]
) -> dict[str, Run]:
    """The forward pass, the methods and featurisation, by name."""
    batches = _batches(explainer, graphs)
    nodes = round(sum(graph.nodes for graph in graphs) / len(graphs))
    runs = {"forward": Run(len(graphs), _forward(explainer, batches))}
    for name in methods:
        sample = _spread(graphs, max(method_of(name).passes(nodes)))
        is_all = len(sample) == len(graphs)
        sample_batches = batches if is_all else _batches(explainer, sample)
        runs[name] = Run(len(sample), _method(explainer, name, sample_batches))
    predict = partial(_run_all, torch.no_grad()(partial(_predict, explainer)), batches)
    runs["predict"] = Run(len(graphs), predict)
    runs["featurise"] = Run(len(rows), partial(_featurise, explainer, rows))
    if explainer.reads == "molecules":
        texts = [row.content for row in rows if row.kind == "smiles"]
        runs["parse"] = Run(max(1, len(texts)), partial(_parse, texts))
    product = partial(torch.mm, torch.randn(1152, 64), torch.randn(64, 192))
    runs["product"] = Run(1, product)
    return runs


def _predict(explainer: Explainer, batch: GraphBatch) -> None:
    for network in networks(explainer.network):
        outputs(network, batch)


def _featurise(explainer: Explainer, rows: Sequence[Entry]) -> None:
    """Read the rows, and make the padded batches of those that can be read."""
    inputs = [row.read(keep=False) for row in rows]
    graphs = batches_of([explainer.subject(row) for row in inputs if row.subject is not None])
    for together in size_batches(graphs.sizes, explainer.batch_size):
        graphs.batch(together)


def _parse(texts: Sequence[str]) -> None:
    with rdBase.BlockLogs():
        for text in texts:
            Chem.MolFromSmiles(text)


def growth(
    explainer: Explainer, rounds: int, sizes: Sequence[int] = SIZES
) -> list[dict[str, float]]:
    """Milliseconds for a molecule, forward and lrp, by its number of atoms.

    The molecules are chains of anilides, in batches.
    """
    count = explainer.batch_size
    runs = {}
    for size in sizes:
        smiles = "C" * (size % ANILIDE_ATOMS) + ANILIDE * (size // ANILIDE_ATOMS)
        batches = _batches(explainer, [molecule(smiles).graph] * count)
        runs[f"forward {size}"] = Run(count, _forward(explainer, batches))
        runs[f"lrp {size}"] = Run(count, _method(explainer, "lrp", batches))
    seconds = _interleave(runs, rounds)
    milliseconds = {name: 1000 * median(times) for name, times in seconds.items()}
    return [
        {
            "atoms": size,
            "forward_ms": milliseconds[f"forward {size}"],
            "lrp_ms": milliseconds[f"lrp {size}"],
        }
        for size in sizes
    ]


def _batches(explainer: Explainer, graphs: Sequence[Graph]) -> list[GraphBatch]:
    """The graphs in batches of similar size, on the model's device."""
    by_size = size_batches([graph.nodes for graph in graphs], explainer.batch_size)
    return [batch_for(explainer.network, [graphs[row] for row in rows]) for rows in by_size]


def _forward(explainer: Explainer, batches: Sequence[GraphBatch]) -> Callable[[], object]:
    """A call that runs a plain forward pass of all batches."""
    return partial(_run_all, torch.no_grad()(explainer.network), batches)


def _method(explainer: Explainer, name: str, batches: Sequence[GraphBatch]) -> Callable[[], object]:
    """A call that explains all batches by a method."""
    method = explainer.with_method(name).method
    explain = partial(explain_batch, method, explainer.network)
    return partial(_run_all, explain, batches)


def _run_all(run: Callable[[GraphBatch], object], batches: Sequence[GraphBatch]) -> None:
    for batch in batches:
        run(batch)


def _spread(graphs: Sequence[Graph], passes: int) -> list[Graph]:
    """So many graphs, from small to large, that they take about as long as all in one pass.

    At least `FEWEST`.
    """
    total = len(graphs)
    count = min(total, max(FEWEST, total // passes))
    if count == total:
        return list(graphs)
    by_size = sorted(graphs, key=lambda graph: graph.nodes)
    return [by_size[int((place + 0.5) * total / count)] for place in range(count)]


def _interleave(runs: Mapping[str, Run], rounds: int) -> dict[str, list[float]]:
    """Seconds for a graph of each run in each round, after a round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run.call()
            if torch.cuda.is_available():
                torch.cuda.synchronize()  # a GPU answers before it has worked
            if turn:
                seconds[name].append((time.perf_counter() - start) / run.graphs)
    return seconds


def _measures(graphs: int, seconds: Sequence[float], forward: Sequence[float]) -> dict[str, float]:
    """Rates, and ratios to the forward pass of the same round."""
    rates = [1 / value for value in seconds]
    ratios = [value / plain for value, plain in zip(seconds, forward, strict=True)]
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
    """The result of `speed`, with growth and libraries if they were measured, as tables."""
    tables = [_setting(result), _method_table(result)]
    if "growth" in result:
        tables.append(_growth_table(result["growth"]))
    if "library" in result:
        tables.append(_library_table(result["library"]))
    return "\n\n".join(tables)


def _setting(result: dict[str, Any]) -> str:
    machine = result["machine"]
    return (
        f"{result['graphs']} graphs of {result['nodes']:.1f} nodes on average, "
        f"model {result['model']}, batch size {result['batch_size']}, "
        f"{machine['threads']} threads of {machine['processor']}, torch {machine['torch']}; "
        f"medians of {result['rounds']} interleaved rounds (smallest–largest)"
    )


def _method_table(result: dict[str, Any]) -> str:
    rows = []
    for name, row in result["methods"].items():
        rows.append([name, str(row["timed"]), _rate(row), _ratio(row)])
    for name, row in result["beside"].items():
        ratio = "" if name == "product" else _ratio(row)
        rows.append([BESIDE[name], str(row["timed"]), _rate(row), ratio])
    return markdown_table(["method", "graphs timed", "graphs/s", "time / forward"], rows)


def _growth_table(growth: Sequence[Mapping[str, float]]) -> str:
    rows = []
    for row in growth:
        ratio = row["lrp_ms"] / row["forward_ms"]
        times = [f"{row['forward_ms']:.2f}", f"{row['lrp_ms']:.2f}", f"{ratio:.2f}"]
        rows.append([str(row["atoms"]), *times])
    return markdown_table(["atoms", "forward, ms", "lrp, ms", "ratio"], rows)


def _library_table(runs: Sequence[Mapping[str, float]]) -> str:
    header = ["rows", "seconds", "rows/s", "peak memory, MiB", "errors"]
    rows = [
        [
            str(run["rows"]),
            f"{run['seconds']:.1f}",
            f"{run['rows_per_second']:.0f}",
            f"{run['peak_mib']:.0f}",
            str(run["errors"]),
        ]
        for run in runs
    ]
    return markdown_table(header, rows)


def _ratio(row: Mapping[str, float]) -> str:
    bounds = f"{_digits(row['ratio_smallest'])}–{_digits(row['ratio_largest'])}"
    return f"{_digits(row['ratio'])} ({bounds})"


def _rate(row: Mapping[str, float]) -> str:
    bounds = f"{_digits(row['slowest'])}–{_digits(row['fastest'])}"
    return f"{_digits(row['graphs_per_second'])} ({bounds})"


def _digits(value: float) -> str:
    """Three digits or more, and no exponents."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
