"""The house as a graph: which file imports which, in which room it stands, and how dense its lines are.

`python tests/house.py` prints the measures of the tree, with `--rooms` those of each room.
Every import counts: at the top of a file, inside a function, and for the type checker alone.
"""

import argparse
import ast
import io
import statistics
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parent.parent

PACKAGES = ("graphormer", "molxai")

FLOORS = (
    ("graphormer/names",),
    ("graphormer/files",),
    ("graphormer/smiles",),
    ("graphormer/graphs",),
    ("graphormer/readers", "graphormer/network"),
    ("graphormer/data",),
    ("graphormer/evaluation",),
    ("graphormer/pretraining",),
    ("graphormer/training",),
    ("molxai/rules", "molxai/rendering"),
    ("molxai/explanation",),
    ("molxai/chemistry", "molxai/metrics", "molxai/pyg"),
    ("molxai/batch",),
    ("molxai/pages", "molxai/benchmarks"),
    ("molxai/serve",),
    ("molxai/cli",),
)
"""Rooms from the ground up: a room imports itself and the floors below it, never a room beside it."""

ALONE = {
    "molxai/rules": (),
    "molxai/rendering": ("graphormer",),
    "molxai/pyg": ("graphormer", "molxai/explanation", "molxai/rules"),
}
"""Rooms that may import only these, whatever stands below them."""

FACES = ("graphormer/__init__", "molxai/__init__")
"""They only name what other files define, lazily: they stand above all rooms."""

PRONOUNS = frozenset(
    ["one", "ones", "other", "others", "each", "every", "all", "some", "any", "none", "own"]
)

PARTICIPLES = frozenset(
    [
        *(
            "built",
            "chosen",
            "done",
            "drawn",
            "found",
            "given",
            "gone",
            "held",
            "kept",
            "known",
            "laid",
        ),
        *(
            "learnt",
            "left",
            "made",
            "met",
            "said",
            "seen",
            "sent",
            "shown",
            "taken",
            "told",
            "written",
        ),
    ]
)
"""Those that do not end in -ed."""

NOUNS_IN_ED = frozenset(["embed", "feed", "need", "red", "seed", "speed"])


@dataclass(frozen=True)
class House:
    """Both packages of a tree."""

    root: Path = ROOT
    sources: dict[str, Path] = field(init=False)
    """File by its place without the ending, such as `molxai/rules/mode`."""

    def __post_init__(self) -> None:
        paths = [
            path for package in PACKAGES for path in sorted((self.root / package).rglob("*.py"))
        ]
        places = {path.relative_to(self.root).with_suffix("").as_posix(): path for path in paths}
        object.__setattr__(self, "sources", places)

    @cached_property
    def files(self) -> nx.DiGraph:
        """An edge from each file to each that it imports."""
        graph = nx.DiGraph()
        graph.add_nodes_from(self.sources)
        for place, path in self.sources.items():
            for name in imported(path):
                if (target := self._place(name)) and target != place:
                    graph.add_edge(place, target)
        return graph

    def _place(self, name: str) -> str:
        """The file that a dotted name means: a module, a package, or a name in one of these."""
        parts = name.split(".")
        while parts:
            place = "/".join(parts)
            for known in (place, f"{place}/__init__"):
                if known in self.sources:
                    return known
            parts.pop()
        return ""

    @cached_property
    def rooms(self) -> nx.DiGraph:
        """An edge from each room to each that its files import, which it lists."""
        graph = nx.DiGraph()
        graph.add_nodes_from(room_of(place) for place in self.sources if place not in FACES)
        for start, end in self.files.edges:
            if start in FACES or end in FACES or room_of(start) == room_of(end):
                continue
            graph.add_edge(room_of(start), room_of(end))
            graph.edges[room_of(start), room_of(end)].setdefault("files", []).append((start, end))
        return graph

    def forbidden(self) -> list[tuple[str, str]]:
        """Pairs of files of which the first may not import the second."""
        pairs = [
            pair
            for edge in self.rooms.edges
            for pair in self.rooms.edges[edge]["files"]
            if not is_allowed(*edge)
        ]
        return sorted(pairs)

    def circles(self) -> list[set[str]]:
        """Files that import each other in a loop."""
        return [part for part in nx.strongly_connected_components(self.files) if len(part) > 1]


def imported(path: Path) -> Iterator[str]:
    """Full names of everything that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(place: str) -> str:
    """The room of a file: the folder below its package, or the file itself where it stands loose."""
    return "/".join(place.split("/")[:2])


def is_allowed(start: str, end: str) -> bool:
    """Whether a room may import another."""
    if start in ALONE:
        return any(end.startswith(room) for room in ALONE[start])
    if start not in FLOOR or end not in FLOOR:
        return False
    return FLOOR[end] < FLOOR[start] and (
        start.startswith("molxai") or end.startswith("graphormer")
    )


FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}


@dataclass(frozen=True)
class Density:
    """How much stands on a line, inside functions and without docstrings and blank lines."""

    median: float
    """Lines of a function's body."""
    ninth: float
    """Nine of ten functions have at most so many."""
    longest: tuple[int, str]
    nodes: float
    """Syntax nodes a line."""
    letters: float
    """Characters a line, indentation counted."""
    comments: float
    """Lines with a comment in 1000 lines of code."""
    vague: float
    """Share of bound names that are pronouns or participles, in percent."""


def density(sources: Mapping[str, Path]) -> Density:
    """The measures over some files."""
    lengths: list[tuple[int, str]] = []
    nodes = letters = lines = code = comments = 0
    names: list[str] = []
    for place, path in sources.items():
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        rows = dict(enumerate(text.splitlines(), 1))
        counted = {number for number, row in rows.items() if row.strip() and row.strip()[0] != "#"}
        counted -= documented(tree)
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments += len({token.start[0] for token in tokens if token.type == tokenize.COMMENT})
        code += len(counted)
        names += bindings(tree)
        for function in functions(tree):
            lengths.append((len(counted & body(function)), f"{place}.{function.name}"))
        for function in outermost(tree):
            numbers = counted & body(function)
            lines += len(numbers)
            letters += sum(len(rows[number]) for number in numbers)
            nodes += sum(1 for statement in function.body for _ in ast.walk(statement))
    sizes = sorted(length for length, _ in lengths) or [0]
    return Density(
        median=statistics.median(sizes),
        ninth=sizes[int(0.9 * len(sizes))],
        longest=max(lengths, default=(0, "")),
        nodes=nodes / max(1, lines),
        letters=letters / max(1, lines),
        comments=1000 * comments / max(1, code),
        vague=100 * sum(is_vague(name) for name in names) / max(1, len(names)),
    )


def is_vague(name: str) -> bool:
    """Whether a name is a pronoun, or a participle that stands in for a noun."""
    if name in PRONOUNS or name in PARTICIPLES:
        return True
    return name.endswith("ed") and "_" not in name and name not in NOUNS_IN_ED


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def outermost(tree: ast.AST) -> Iterator[Function]:
    """Functions and methods that stand in no other."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield node
        else:
            yield from outermost(node)


def body(function: Function) -> set[int]:
    """Numbers of the lines of a function's body."""
    return set(range(function.body[0].lineno, (function.end_lineno or 0) + 1))


def documented(tree: ast.AST) -> set[int]:
    """Lines of strings that stand as statements: docstrings, and what is said below a constant."""
    strings = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
    return {number for node in strings for number in range(node.lineno, (node.end_lineno or 0) + 1)}


def bindings(tree: ast.AST) -> list[str]:
    """Every name that is bound: variables, arguments, functions and classes."""
    names = [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    names += [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    names += [node.name for node in ast.walk(tree) if isinstance(node, Function | ast.ClassDef)]
    return [name.lstrip("_") for name in names]


def main() -> None:
    """Print the measures of this tree, or of another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--rooms", action="store_true", help="the density of each room instead")
    chosen = parser.parse_args()
    house = House(chosen.root)
    if chosen.rooms:
        print_rooms(house)
        return
    measures = density(house.sources)
    loose = [room for room in house.rooms if room in house.sources]
    largest = max(
        (len(path.read_text(encoding="utf-8").splitlines()), place)
        for place, path in house.sources.items()
    )
    rows = {
        "rooms": f"{len(house.rooms) - len(loose)} and {len(loose)} loose files",
        "files": len(house.sources),
        "floors": 1 + nx.dag_longest_path_length(nx.condensation(house.rooms)),
        "arrows between rooms": house.rooms.number_of_edges(),
        "upward imports": len(house.forbidden()),
        "circles of files": [len(circle) for circle in house.circles()],
        "longest file": largest,
        "function, median / p90 lines": f"{measures.median:g} / {measures.ninth:g}",
        "longest function": measures.longest,
        "syntax nodes a line": round(measures.nodes, 1),
        "characters a line": round(measures.letters, 1),
        "comment lines in 1000": round(measures.comments, 1),
        "pronouns and participles, % of names": round(measures.vague, 1),
    }
    for name, value in rows.items():
        print(f"{name:40} {value}")


def print_rooms(house: House) -> None:
    """A line for each room: how dense its lines are."""
    print(f"{'room':24} {'nodes':>6} {'letters':>7} {'vague':>6} {'comments':>8}  longest function")
    for room in sorted(house.rooms):
        files = {place: path for place, path in house.sources.items() if room_of(place) == room}
        measures = density(files)
        numbers = f"{measures.nodes:6.1f} {measures.letters:7.1f} {measures.vague:6.1f}"
        length, name = measures.longest
        print(f"{room:24} {numbers} {measures.comments:8.1f}  {length} {name}")


if __name__ == "__main__":
    main()
