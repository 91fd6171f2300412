"""Writes the tables of docs/methods.md from the tables of the code: `python docs/tables.py`."""

from pathlib import Path

from graphormer.files import markdown_table
from molxai import EXPLAINERS, METRICS
from molxai.batch.rows import USUAL_NODES
from molxai.metrics.metric import NEEDS

PAGE = Path(__file__).parent / "methods.md"

METHOD_COLUMNS = ("id", "what it is", "adds up", "signed", "by target", "passes", "nodes")
METRIC_COLUMNS = ("measure", "id", "better", "what it is", "range", "needs", "paper")


def methods() -> str:
    """A row for each explanation method."""
    rows = []
    for name, method in EXPLAINERS.items():
        forward, backward = method.passes(USUAL_NODES)
        promises = (method.conserves, method.signed, method.by_target)
        rows.append(
            [
                f"`{name}`",
                method.says,
                *("yes" if promise else "no" for promise in promises),
                f"{forward} + {backward}",
                f"≤ {method.largest}" if method.largest else "any",
            ]
        )
    return markdown_table(METHOD_COLUMNS, rows)


def metrics() -> str:
    """A row for each measure."""
    rows = [
        [
            metric.title,
            f"`{metric.id}`",
            metric.direction,
            metric.says.replace("|", "\\|"),
            metric.range,
            NEEDS[metric.needs],
            metric.paper,
        ]
        for metric in METRICS.values()
    ]
    return markdown_table(METRIC_COLUMNS, rows)


def page() -> str:
    """The page with its tables written anew."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in (("methods", methods()), ("metrics", metrics())):
        start = f"<!-- {name} -->\n"
        end = f"<!-- /{name} -->"
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        text = f"{before}{start}{table}\n{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
