"""Every `>>>` example runs: in the docstrings of both packages and of docs/, and on the pages."""

import doctest
import re
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from conftest import ROOT

PROMPT = re.compile(r"^\s*>>> ", re.M)

FENCE = re.compile(r"^```python\n(.*?)^```$", re.S | re.M)

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.FAIL_FAST

GENERATED = ROOT / "docs/api.md"
"""Made from the docstrings, whose examples run anyway."""


def with_examples(paths):
    """Those of the files that show an example."""
    return [path for path in sorted(paths) if PROMPT.search(path.read_text(encoding="utf-8"))]


PACKAGES = [path for name in ("graphormer", "molxai") for path in (ROOT / name).rglob("*.py")]
SOURCES = with_examples([*PACKAGES, *(ROOT / "docs").glob("*.py")])
PAGES = with_examples(set((ROOT / "docs").glob("*.md")) - {GENERATED} | {ROOT / "README.md"})


def name(path):
    return str(path.relative_to(ROOT))


def usual_names():
    """What an example may use without an import."""
    import numpy as np
    import pandas
    import torch

    import molxai

    public = {name: getattr(molxai, name) for name in molxai.__all__ if name != "__version__"}
    return {"np": np, "pandas": pandas, "torch": torch, "molxai": molxai, **public}


def network_names():
    """A shipped network, and what makes its inputs."""
    from graphormer.graphs.molecules import molecule
    from graphormer.graphs.pyg import to_pyg
    from graphormer.network.checkpoint import load

    model, _ = load("bace")
    return {"model": model, "molecule": molecule, "to_pyg": to_pyg}


def pyg_names():
    """A network as PyTorch Geometric calls it, a batch of one molecule, and PyG's own explainer."""
    from torch_geometric.data import Batch
    from torch_geometric.explain import Explainer

    from molxai.pyg import PyGGraphormer

    names = network_names()
    ibuprofen = names["to_pyg"](names["molecule"]("CC(C)Cc1ccc(cc1)C(C)C(=O)O").graph)
    return {
        "Explainer": Explainer,
        "MODEL_CONFIG": {
            "mode": "binary_classification",
            "task_level": "graph",
            "return_type": "raw",
        },
        "model": PyGGraphormer(names["model"]),
        "data": Batch.from_data_list([ibuprofen]),
    }


ASSUMED = {
    "molxai/pyg/lrp.py": pyg_names,
    "molxai/pyg/network.py": network_names,
}
"""Files whose examples assume a model or data: what these are."""


def module_of(path: Path):
    """The module in a file; those of docs/ are in no package."""
    if path.is_relative_to(ROOT / "docs"):
        spec = spec_from_file_location(path.stem, path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    place = path.relative_to(ROOT).with_suffix("")
    parts = [part for part in place.parts if part != "__init__"]
    return import_module(".".join(parts))


def run(tests):
    """Run examples; the report of the first that fails is the message."""
    for test in tests:
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
        runner.run(test, out=report.append, clear_globs=False)
        assert runner.failures == 0, "".join(report)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder with the data sets: an example may read them, and write."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    return tmp_path


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_examples_in_docstrings_run(path, folder):
    module = module_of(path)
    names = usual_names() | vars(module) | ASSUMED.get(name(path), dict)()
    tests = doctest.DocTestFinder().find(module, globs=names)
    shown = len(PROMPT.findall(path.read_text(encoding="utf-8")))
    assert sum(len(test.examples) for test in tests) == shown, (
        "an example that doctest does not see"
    )
    run(tests)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_examples_on_pages_run(path, folder):
    names = usual_names()
    for number, block in enumerate(FENCE.findall(path.read_text(encoding="utf-8"))):
        run([doctest.DocTestParser().get_doctest(block, names, f"block {number}", name(path), 0)])
