"""Draws docs/rooms.svg, and writes the table of folders in docs/architecture.md.

Run `python docs/rooms.py`. The arrows are the imports in the tree, as tests/house.py reads them.
"""

import re
import sys
from html import escape
from pathlib import Path
from textwrap import wrap

import networkx as nx

ROOT = Path(__file__).parent.parent

sys.path.insert(0, str(ROOT / "tests"))

from house import House, is_allowed  # noqa: E402

PICTURE = ROOT / "docs/rooms.svg"
PAGE = ROOT / "docs/architecture.md"

ROOMS: dict[str, tuple[float, str]] = {
    "molxai/cli": (1, "the command line, the only folder that prints"),
    "molxai/serve": (0.5, "the workbench in a browser, and its JSON API"),
    "molxai/pages": (1, "what a browser shows: report, views, assets"),
    "molxai/benchmarks": (2, "studies that take minutes or hours"),
    "molxai/batch": (0.7, "rows in, records out, any number"),
    "molxai/chemistry": (1, "fragments, matched pairs, series, R groups"),
    "molxai/metrics": (2, "measures of explanations: METRICS"),
    "molxai/pyg": (0, "PyTorch Geometric, both ways"),
    "molxai/text": (0, "language models: sentences in, the same explanations out"),
    "molxai/explanation": (1, "one input, one explanation; the methods: EXPLAINERS"),
    "molxai/rules": (0, "propagation rules for any PyTorch model"),
    "molxai/rendering": (1.5, "plain values in, SVG or PNG out"),
    "graphormer/training": (3.5, "from a request to a folder with a model"),
    "graphormer/pretraining": (3.5, "descriptors, and distillation of a forest"),
    "graphormer/evaluation": (3.5, "quality of predictions; the forest to compare with"),
    "graphormer/data": (3.5, "labelled graphs: public sets, your tables, splits"),
    "graphormer/network": (3, "graphs in, logits out; the card and the file of a model"),
    "graphormer/readers": (4, "files, row by row: tables, SDF, workbooks, pictures"),
    "graphormer/graphs": (3, "molecules, digits and PyG graphs as one kind of value"),
    "graphormer/files": (4, "files written completely or not at all; digests"),
    "graphormer/smiles": (3, "SMILES, InChI, mol blocks, and what is wrong with them"),
    "graphormer/names": (4, "unknown names, and the known ones that are near"),
}
"""Each room's column in the picture, and what it holds."""

BOX = (206, 76)
"""Width and height of a room."""

STEP = (228, 116)
"""From a column to the next, and from a floor to the next."""

MARGIN = 24

LETTERS = 31
"""Letters in a line below a room's name."""

STYLE = """
.room rect { fill: #ffffff; stroke: #57606a; }
.molxai rect { fill: #fff4e5; stroke: #bc6c00; }
.graphormer rect { fill: #e8f1fd; stroke: #2f6fbd; }
text { font: 12px system-ui, sans-serif; fill: #24292f; text-anchor: middle; }
.name { font-weight: 600; font-size: 14px; }
.arrow { fill: none; stroke: #6e7781; stroke-width: 1.5; marker-end: url(#head); }
#head path { fill: #6e7781; }
@media (prefers-color-scheme: dark) {
  .molxai rect { fill: #3a2a12; stroke: #e0a250; }
  .graphormer rect { fill: #14263d; stroke: #6ea8f0; }
  text { fill: #e6edf3; }
  .arrow { stroke: #9aa4ae; }
  #head path { fill: #9aa4ae; }
}
"""


def imports() -> nx.DiGraph:
    """An arrow from each room to each that it imports."""
    edges = [edge for edge in House(ROOT).rooms.edges if is_allowed(*edge)]
    return nx.DiGraph(edges)


def floors(graph: nx.DiGraph) -> dict[str, int]:
    """The floor of each room, counted from the top: every arrow points down.

    Example:
        >>> floors(nx.DiGraph([("roof", "cellar"), ("roof", "flat"), ("flat", "cellar")]))
        {'cellar': 2, 'flat': 1, 'roof': 0}
    """
    height: dict[str, int] = {}
    for room in reversed(list(nx.topological_sort(graph))):
        height[room] = 1 + max((height[below] for below in graph[room]), default=-1)
    top = max(height.values())
    return {room: top - level for room, level in height.items()}


def picture(graph: nx.DiGraph) -> str:
    """The rooms as an SVG; an import that others imply has no arrow."""
    level = floors(graph)
    corner = {room: _corner(room, level[room]) for room in graph}
    arrows = [_arrow(corner[a], corner[b]) for a, b in nx.transitive_reduction(graph).edges]
    boxes = [_box(room, *corner[room]) for room in sorted(graph, key=level.__getitem__)]
    columns = max(column for column, _ in ROOMS.values())
    width = 2 * MARGIN + columns * STEP[0] + BOX[0]
    height = 2 * MARGIN + max(level.values()) * STEP[1] + BOX[1]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" role="img">',
        "<title>Folders of the two packages, and what each imports</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z"/></marker></defs>',
        *sorted(arrows),
        *boxes,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _corner(room: str, level: int) -> tuple[float, float]:
    column, _ = ROOMS[room]
    return MARGIN + column * STEP[0], MARGIN + level * STEP[1]


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """A curve from the middle of a box's lower edge to that of another's upper edge."""
    x, y = start[0] + BOX[0] / 2, start[1] + BOX[1]
    to_x, to_y = end[0] + BOX[0] / 2, end[1]
    bend = max(30.0, (to_y - y) * 0.45)
    points = f"{x:g},{y:g} C{x:g},{y + bend:g} {to_x:g},{to_y - bend:g} {to_x:g},{to_y:g}"
    return f'<path class="arrow" d="M{points}"/>'


def _box(room: str, x: float, y: float) -> str:
    package, _, _ = room.partition("/")
    _, meaning = ROOMS[room]
    middle = x + BOX[0] / 2
    lines = [f'<text class="name" x="{middle:g}" y="{y + 21:g}">{room}</text>']
    for number, line in enumerate(wrap(meaning, LETTERS)):
        lines.append(f'<text x="{middle:g}" y="{y + 40 + 15 * number:g}">{escape(line)}</text>')
    rectangle = f'<rect x="{x:g}" y="{y:g}" width="{BOX[0]}" height="{BOX[1]}" rx="8"/>'
    return f'<g class="room {package}">{rectangle}{"".join(lines)}</g>'


def table(graph: nx.DiGraph) -> str:
    """The rooms from the top floor to the ground, as Markdown."""
    level = floors(graph)
    packages = ("molxai", "graphormer")
    rows = ["| folder | what it holds |", "|---|---|"]
    for package in packages:
        rooms = [room for room in graph if room.startswith(f"{package}/")]
        for room in sorted(rooms, key=lambda room: (level[room], room)):
            suffix = "/" if (ROOT / room).is_dir() else ".py"
            rows.append(f"| `{room}{suffix}` | {ROOMS[room][1]} |")
    return "\n".join(rows)


def page(graph: nx.DiGraph) -> str:
    """docs/architecture.md with its table of rooms written anew."""
    region = f"<!-- rooms -->\n{table(graph)}\n<!-- /rooms -->"
    text = PAGE.read_text(encoding="utf-8")
    return re.sub(r"<!-- rooms -->.*<!-- /rooms -->", lambda _: region, text, flags=re.S)


if __name__ == "__main__":
    tree = imports()
    PICTURE.write_text(picture(tree), encoding="utf-8")
    PAGE.write_text(page(tree), encoding="utf-8")
