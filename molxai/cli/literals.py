"""Names and numbers of tables that would be slow to import, read from the source alone.

`molxai --help` and completion must not wait for torch, and must not repeat what a table says. So a
table whose names the command line offers is a literal in its file: a dictionary, a tuple of names
or of rows, a number or a `Literal[...]` type.
"""

import ast
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Literal:
    """A literal at the top of a module.

    Example:
        >>> Literal("graphormer.data.targets", "KINDS").names()
        ('auto', 'classification', 'regression', 'multiclass')
    """

    module: str
    name: str

    def names(self) -> tuple[str, ...]:
        """Keys of a dictionary, members of a tuple or `Literal[...]`, or first words of rows."""
        node = self._node()
        if isinstance(node, ast.Dict):
            members = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Subscript):
            # `Literal["a"]` has a single member, which is no tuple.
            members = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        elif isinstance(node, ast.Tuple):
            members = [_name_of(row) for row in node.elts]
        else:
            raise LookupError(f"{self.name} in {self.module} is no table of names")
        return tuple(ast.literal_eval(member) for member in members)

    def value(self) -> Any:
        """The literal itself."""
        return ast.literal_eval(self._node())

    def _node(self) -> ast.expr:
        lines = source_of(self.module).read_text(encoding="utf-8").splitlines()
        begins = re.compile(rf"{self.name}\b[^=]*=")
        for start, line in enumerate(lines):
            if begins.match(line):
                return _value(lines[start:])
        raise LookupError(f"no {self.name} at the top of {self.module}")


def _value(lines: list[str]) -> ast.expr:
    """What the assignment at the beginning of the lines assigns.

    Only its own lines are parsed, as many as make a statement: a whole file would take 5 ms, and
    `molxai --help` needs several.
    """
    for end in range(1, len(lines) + 1):
        try:
            (statement,) = ast.parse("\n".join(lines[:end])).body
        except SyntaxError:
            continue
        assert isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None
        return statement.value
    raise LookupError(f"no whole statement: {lines[0]}")


def _name_of(row: ast.expr) -> ast.expr:
    """The name in a row of a table: its first argument, or the one called `name` or `id`."""
    if not isinstance(row, ast.Call):
        return row
    named = {keyword.arg: keyword.value for keyword in row.keywords}
    return row.args[0] if row.args else named.get("name") or named["id"]


def source_of(module: str) -> Path:
    """The file of a module of this project, found without importing its package."""
    package, *inner = module.split(".")
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0], *inner)
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
