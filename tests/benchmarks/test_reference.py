"""The tables of the documentation have a row for each measure and method."""

from types import SimpleNamespace

from molxai.benchmarks.reference import methods_markdown, metrics_markdown
from molxai.metrics import METRICS


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")]


def test_a_row_for_each_measure():
    header, _, *lines = metrics_markdown().splitlines()
    rows = [dict(zip(cells(header), cells(line), strict=True)) for line in lines]
    assert [row["id"] for row in rows] == [f"`{id}`" for id in METRICS]
    by_id = {row["id"]: row for row in rows}
    assert by_id["`auac`"]["better"] == "higher" and "Ali" in by_id["`auac`"]["source"]
    assert by_id["`gini`"]["better"] == "" and by_id["`rmse`"]["needs"] == "known atoms"


def test_a_row_for_each_method():
    method = SimpleNamespace(
        name="sum", says="Σ|R| of a | b", conserves=True, signed=False, by_target=True
    )
    header, _, line = methods_markdown([method]).splitlines()
    assert len(cells(header)) == len(cells(line))
    assert cells(line)[2:] == ["yes", "no", "yes"]
