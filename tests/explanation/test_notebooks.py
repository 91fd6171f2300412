"""The example notebooks run as they stand, and were committed with what they show."""

import ast
import json

import pytest
from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))


def code(path) -> list[dict]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]


def shown(source: str, known: dict):
    """Run a cell's lines; the value of the last one, as a notebook would show it."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), known)
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), known) if last else None
    for rich in ("_repr_html_", "_repr_svg_"):
        if hasattr(value, rich):
            return getattr(value, rich)()
    return repr(value)


def test_there_is_one_for_each_kind_of_user():
    assert [path.stem for path in NOTEBOOKS] == ["analyst", "batch", "heat-maps"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path, monkeypatch):
    pytest.importorskip("pandas", reason="pandas is not installed")
    monkeypatch.chdir(path.parent)
    known: dict = {}
    for cell in code(path):
        assert shown("".join(cell["source"]), known)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_was_executed_without_fault(path):
    for cell in code(path):
        assert cell["execution_count"] and cell["outputs"]
        assert all(
            one["output_type"] in ("execute_result", "stream", "display_data")
            for one in cell["outputs"]
        )
    assert path.stat().st_size < 800_000 and str(ROOT) not in path.read_text()
