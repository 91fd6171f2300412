"""The house as a graph: which file imports which, in which room, and how dense its lines are.

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
"""Folders of the packages, which have the rooms as folders."""

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
    ("molxai/chemistry", "molxai/metrics", "molxai/pyg", "molxai/text"),
    ("molxai/batch",),
    ("molxai/pages", "molxai/benchmarks"),
    ("molxai/serve",),
    ("molxai/cli",),
)
"""Rooms from the ground up.

A room imports itself and the floors below it, never a room beside it.
"""

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
"""Names that are pronouns."""

PARTICIPLES = frozenset(
    [
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
    ]
)
"""Names that are participles and do not end in -ed."""

NOUNS_IN_ED = frozenset(["embed", "feed", "need", "red", "seed", "speed"])
"""Names in -ed that are no participles."""


@dataclass(frozen=True)
class House:
    """Both packages of a tree."""

    root: Path = ROOT
    sources: dict[str, Path] = field(init=False)
    """Path of each file by its name without the ending, such as `molxai/rules/mode`."""

    def __post_init__(self) -> None:
        sources = {}
        for package in PACKAGES:
            for path in sorted((self.root / package).rglob("*.py")):
                sources[path.relative_to(self.root).with_suffix("").as_posix()] = path
        object.__setattr__(self, "sources", sources)

    @cached_property
    def files(self) -> nx.DiGraph:
        """An edge from each file to each that it imports."""
        graph = nx.DiGraph()
        graph.add_nodes_from(self.sources)
        for file, path in self.sources.items():
            for name in imported(path):
                target = self._file(name)
                if target and target != file:
                    graph.add_edge(file, target)
        return graph

    @cached_property
    def _shown(self) -> dict[str, str]:
        """Where each name that a package shows of its own is defined."""
        names = {}
        for face in FACES:
            package = face.split("/")[0]
            for full in imported(self.sources[face]) if face in self.sources else ():
                names[f"{package}.{full.rsplit('.', 1)[1]}"] = full
        return names

    def _file(self, name: str) -> str:
        """The file that a dotted name means: a module, a package, or a name in one of these."""
        words = self._shown.get(name, name).split(".")
        while words:
            module = "/".join(words)
            for file in (module, f"{module}/__init__"):
                if file in self.sources:
                    return file
            words.pop()
        return ""

    @cached_property
    def rooms(self) -> nx.DiGraph:
        """An edge from each room to each that its files import, with the pairs of files."""
        graph = nx.DiGraph()
        graph.add_nodes_from(room_of(file) for file in self.sources if file not in FACES)
        for start, end in self.files.edges:
            if start in FACES or room_of(start) == room_of(end):
                continue
            graph.add_edge(room_of(start), room_of(end))
            pairs = graph.edges[room_of(start), room_of(end)].setdefault("files", [])
            pairs.append((start, end))
        return graph

    def forbidden(self) -> list[tuple[str, str]]:
        """Pairs of files of which the first may not import the second."""
        pairs = []
        for start, end, files in self.rooms.edges(data="files"):
            if not is_allowed(start, end):
                pairs += files
        return sorted(pairs)

    def circles(self) -> list[set[str]]:
        """Files that import each other in a loop."""
        components = nx.strongly_connected_components(self.files)
        return [files for files in components if len(files) > 1]


def imported(path: Path) -> Iterator[str]:
    """Full names of everything that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(file: str) -> str:
    """The room of a file: the folder below its package, or the file itself if it stands loose.

    Example:
        >>> room_of("molxai/explanation/methods/lrp"), room_of("molxai/loose")
        ('molxai/explanation', 'molxai/loose')
    """
    return "/".join(file.split("/")[:2])


def is_allowed(start: str, end: str) -> bool:
    """Whether a room may import another."""
    if start in ALONE:
        return any(end.startswith(room) for room in ALONE[start])
    if start not in FLOOR or end not in FLOOR:
        return False
    if start.startswith("graphormer") and end.startswith("molxai"):
        return False
    return FLOOR[end] < FLOOR[start]


FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
"""Height of each room."""


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
    sizes: list[tuple[int, str]] = []
    names: list[str] = []
    nodes = letters = lines = code = comments = 0
    for file, path in sources.items():
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        rows = dict(enumerate(text.splitlines(), 1))
        code_lines = lines_of_code(rows, tree)
        code += len(code_lines)
        comments += count_comments(text)
        names += bindings(tree)
        for function in functions(tree):
            sizes.append((len(code_lines & body(function)), f"{file}.{function.name}"))
        for function in outermost(tree):
            numbers = code_lines & body(function)
            lines += len(numbers)
            letters += sum(len(rows[number]) for number in numbers)
            nodes += sum(1 for statement in function.body for _ in ast.walk(statement))
    lengths = sorted(length for length, _ in sizes) or [0]
    return Density(
        median=statistics.median(lengths),
        ninth=lengths[int(0.9 * len(lengths))],
        longest=max(sizes, default=(0, "")),
        nodes=nodes / max(1, lines),
        letters=letters / max(1, lines),
        comments=1000 * comments / max(1, code),
        vague=100 * sum(is_vague(name) for name in names) / max(1, len(names)),
    )


def lines_of_code(rows: Mapping[int, str], tree: ast.AST) -> set[int]:
    """Numbers of the lines that are neither blank nor comments nor docstrings."""
    numbers = {number for number, row in rows.items() if row.strip() and row.strip()[0] != "#"}
    return numbers - docstring_lines(tree)


def count_comments(text: str) -> int:
    """How many lines have a comment."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return len({token.start[0] for token in tokens if token.type == tokenize.COMMENT})


def is_vague(name: str) -> bool:
    """Whether a name is a pronoun, or a participle that stands in for a noun.

    Example:
        >>> is_vague("one"), is_vague("merged"), is_vague("seed"), is_vague("merged_rows")
        (True, True, False, False)
    """
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


def docstring_lines(tree: ast.AST) -> set[int]:
    """Lines of strings that stand as statements: docstrings, and the meanings below constants."""
    numbers: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            numbers |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    return numbers


def bindings(tree: ast.AST) -> list[str]:
    """Every name that is bound: variables, arguments, functions and classes."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
        elif isinstance(node, Function | ast.ClassDef):
            names.append(node.name)
    return [name.lstrip("_") for name in names]


def main() -> None:
    """Print the measures of this tree, or of another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--rooms", action="store_true", help="the density of each room instead")
    options = parser.parse_args()
    house = House(options.root)
    if options.rooms:
        print_rooms(house)
        return
    for name, value in measures_of(house).items():
        print(f"{name:40} {value}")


def measures_of(house: House) -> dict[str, object]:
    """The measures of a whole tree by name."""
    measures = density(house.sources)
    loose = [room for room in house.rooms if room in house.sources]
    sizes = []
    for file, path in house.sources.items():
        sizes.append((len(path.read_text(encoding="utf-8").splitlines()), file))
    return {
        "rooms": f"{len(house.rooms) - len(loose)} and {len(loose)} loose files",
        "files": len(house.sources),
        "floors": 1 + nx.dag_longest_path_length(nx.condensation(house.rooms)),
        "arrows between rooms": house.rooms.number_of_edges(),
        "upward imports": len(house.forbidden()),
        "circles of files": [len(circle) for circle in house.circles()],
        "longest file": max(sizes),
        "function, median / p90 lines": f"{measures.median:g} / {measures.ninth:g}",
        "longest function": measures.longest,
        "syntax nodes a line": round(measures.nodes, 1),
        "characters a line": round(measures.letters, 1),
        "comment lines in 1000": round(measures.comments, 1),
        "pronouns and participles, % of names": round(measures.vague, 1),
    }


def print_rooms(house: House) -> None:
    """A line for each room: how dense its lines are."""
    print(f"{'room':24} {'nodes':>6} {'letters':>7} {'vague':>6} {'comments':>8}  longest function")
    for room in sorted(house.rooms):
        files = {file: path for file, path in house.sources.items() if room_of(file) == room}
        measures = density(files)
        numbers = f"{measures.nodes:6.1f} {measures.letters:7.1f} {measures.vague:6.1f}"
        length, name = measures.longest
        print(f"{room:24} {numbers} {measures.comments:8.1f}  {length} {name}")


if __name__ == "__main__":
    main()
