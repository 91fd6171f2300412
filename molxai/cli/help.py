"""How `--help` looks: options under headings, types in words, two examples at the end.

The parser refuses an option that is given twice.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from molxai.cli.examples import EXAMPLES

CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
"""For the program and its groups.

Lines of more than 120 characters are hard to read, however wide the terminal is.
"""

HEADINGS: Mapping[str, Sequence[str]] = {
    "What to explain": [
        "model",
        "method",
        "methods",
        "maps",
        "target",
        "contrast",
        "endpoint",
        "features",
        "structure",
        "base",
        "values",
        "fragments",
        "scheme",
        "core",
        "matched_pairs",
        "by_structure",
        "baseline",
        "part",
        "task",
        "protocol",
        "removal",
        "smarts",
        "classes",
        "test_data",
        "truth",
        "label",
        "sample",
    ],
    "What to learn": [
        "preset",
        "target_columns",
        "task",
        "split",
        "split_column",
        "cliff_column",
        "split_sizes",
        "unit",
        "init",
        "teacher",
        "ensemble",
        "kernel",
        "calibrate",
        "epochs",
        "seed",
        "seeds",
        "exclude",
        "with_tuning",
    ],
    "Input": [
        "smiles_column",
        "text_column",
        "id_column",
        "separator",
        "encoding",
        "target_columns",
        "columns",
        "substructure",
        "search",
        "max_atoms",
        "drop_extra_columns",
        "strict",
        "data",
        "library",
        "lexicon",
        "marked_column",
        "special_tokens",
    ],
    "Output and pictures": [
        "output",
        "quiet",
        "title",
        "style",
        "atom_numbers",
        "align",
        "cmap",
        "scale",
        "dpi",
        "transparent",
        "caption",
        "no_caption",
        "picture_format",
        "width",
        "grid",
        "letters",
        "panel",
        "foreground",
    ],
    "Large inputs": [
        "workers",
        "resume",
        "restart",
        "row_seconds",
        "shard",
        "engine",
        "ray_address",
    ],
    "Machine": [
        "batch_size",
        "device",
        "threads",
        "devices",
        "nodes",
        "strategy",
        "precision",
        "rounds",
        "repeats",
        "points",
        "chunk",
        "host",
        "port",
        "browser",
    ],
}
"""Options by the names of their parameters, in the order in which they are shown.

An option under no heading is shown under the last one, Help.
"""

LEARNING = ("train", "pretrain", "benchmark accuracy")
"""Commands that show an option under "What to learn" if two headings have it."""

SUBJECTS = {
    "predict": "What to predict",
    "evaluate": "What to evaluate",
    "merge": "What to join",
    "serve": "What to serve",
}
"""The first heading of commands that do not explain; that of benchmarks is `MEASURED`."""

MEASURED = "What to measure"
"""The first heading of benchmarks."""

WORDS = {
    "model": "MODEL",
    "method": "METHOD",
    "methods": "METHOD,...",
    "target": "CLASS",
    "contrast": "CLASS",
    "endpoint": "NAME",
    "structure": "halves|apart",
    "base": "apart|spread",
    "values": "signed|min-max",
    "fragments": "SCHEME",
    "scheme": "SCHEME",
    "core": "SMARTS",
    "align": "CORE",
    "substructure": "SMARTS",
    "smiles_column": "COLUMN",
    "text_column": "COLUMN",
    "id_column": "COLUMN",
    "target_columns": "COLUMN",
    "split_column": "COLUMN",
    "cliff_column": "COLUMN",
    "columns": "COLUMN,...",
    "style": "STYLE",
    "cmap": "PALETTE",
    "scale": "SCALE",
    "width": "WIDTH",
    "grid": "COLUMNSxROWS",
    "panel": "all|relevance",
    "foreground": "dark|light",
    "device": "DEVICE",
    "data": "FOLDER",
    "shard": "I/N",
    "engine": "ENGINE",
    "inputs": "INPUT...",
}
"""The word for an option's value in the help, by parameter; for others the word for its type."""

TYPES = {"int": "NUMBER", "float": "NUMBER", "Path": "FILE"}
"""Words for types; every other type is TEXT."""

RANGES = (
    (r"(\d+)<=x<=(\d+)", r"\1 to \2"),
    (r"x>=(\d+)", r"at least \1"),
    (r"x<=(\d+)", r"at most \1"),
)
"""A range as the framework writes it, and in words."""

ADJACENT = re.compile(r"\]\s+\[")
"""The end of a note in brackets and the beginning of the next."""

SPACES = re.compile(r"\s+\[(?=default|at |required|\d)")
"""The spaces before a note in brackets."""

SENTENCE = 200
"""Characters of a command's line in the list of commands."""


class Command(TyperCommand):
    """A command with its options under headings and examples below them."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        for parameter in self.params:
            if parameter.metavar is None and not getattr(parameter, "is_flag", False):
                word = TYPES.get(_type(parameter), "TEXT")
                parameter.metavar = WORDS.get(parameter.name) or word

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The line above the help: arguments as in manuals, in brackets if they are optional."""
        pieces = ["[OPTIONS]"]
        for parameter in self.params:
            if _is_argument(parameter):
                pieces.append(_argument(parameter, brackets=True))
        return pieces

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, and options under their headings."""
        command = ctx.command_path.partition(" ")[2]
        pairs = self._with_headings(ctx, command)
        pairs.sort(key=lambda pair: _position(*pair))
        sections: dict[str, list[tuple[str, str]]] = {}
        for heading, parameter in pairs:
            help_record = parameter.get_help_record(ctx)
            if help_record is None:
                continue
            names, meaning = help_record
            if _is_argument(parameter):
                names = _argument(parameter)
            sections.setdefault(heading, []).append((names, in_words(meaning)))
        for heading, rows in sections.items():
            with formatter.section(_title(heading, command)):
                formatter.write_dl(rows)

    def _with_headings(self, ctx: Any, command: str) -> list[tuple[str, Any]]:
        """Each parameter with its heading: the first that has it, in the order of the command."""
        explaining, learning, *others = HEADINGS
        order = [explaining, *others, learning]
        if command in LEARNING:
            order = [learning, explaining, *others]
        pairs = []
        for parameter in self.get_params(ctx):
            heading = "Arguments"
            if not _is_argument(parameter):
                matches = (name for name in order if parameter.name in HEADINGS[name])
                heading = next(matches, "Help")
            pairs.append((heading, parameter))
        return pairs

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples, whose lines are not wrapped, because they are to be copied."""
        examples = EXAMPLES.get(ctx.command_path.partition(" ")[2], ())
        if not examples:
            return
        with formatter.section("Examples"):
            for line, meaning in examples:
                formatter.write(f"  {line}\n")
                with formatter.indentation():
                    formatter.write_text(meaning)

    def make_parser(self, ctx: Any) -> Any:
        """The usual parser, except that it refuses a value given twice.

        The framework takes the second one silently.
        """
        parser = super().make_parser(ctx)
        options: list[Any] = [*parser._long_opt.values(), *parser._short_opt.values()]
        distinct = {id(option): option for option in options}
        for option in distinct.values():
            if option.action == "store":
                option.process = _refusing_twice(option, ctx)
        return parser


class Group(TyperGroup):
    """A group of commands."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Each command with the whole of its first sentence."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command:
                rows.append((name, command.get_short_help_str(SENTENCE)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Where the help of each command is."""
        formatter.write_paragraph()
        formatter.write_text(
            f"'{ctx.command_path} COMMAND --help' shows the options of a command, with examples."
        )


def in_words(text: str) -> str:
    """A line of help with ranges in words, and with all notes in one pair of brackets.

    Example:
        >>> in_words("Graphs at once. [default: 32]  [x>=1]")
        'Graphs at once. [default: 32; at least 1]'
    """
    for pattern, words in RANGES:
        text = re.sub(pattern, words, text)
    text = SPACES.sub(" [", text)
    return ADJACENT.sub("; ", text).strip()


def _refusing_twice(option: Any, ctx: Any) -> Any:
    """The option's processing, which refuses a second value."""
    process = option.process

    def process_once(value: Any, state: Any) -> None:
        if option.dest in state.opts:
            name = max(option.obj.opts, key=len)
            values = f"{state.opts[option.dest]!r} and {value!r}"
            raise typer.BadParameter(f"{name} is given twice, {values}: give it once", ctx=ctx)
        process(value, state)

    return process_once


def _type(parameter: Any) -> str:
    """The name of a parameter's type; for a list, that of its items."""
    name = re.sub(r"^list\[(.*)\]$", r"\1", parameter.bare_type())
    return name.rpartition(".")[2]


def _is_argument(parameter: Any) -> bool:
    return parameter.param_type_name == "argument"


def _argument(parameter: Any, brackets: bool = False) -> str:
    """An argument in the help."""
    word = str(parameter.metavar)
    has_brackets = word.startswith("[")
    if not brackets:
        return word.strip("[]") if has_brackets else word
    if parameter.required or has_brackets:
        return word
    return f"[{word}]"


def _position(heading: str, parameter: Any) -> tuple[int, int]:
    """Where a parameter is shown: the number of its heading, and its number below that."""
    headings = ["Arguments", *HEADINGS, "Help"]
    names = HEADINGS.get(heading, ())
    number = names.index(parameter.name) if parameter.name in names else 0
    return headings.index(heading), number


def _title(heading: str, command: str) -> str:
    """The heading as the command words it."""
    if heading != "What to explain":
        return heading
    if command.startswith("benchmark"):
        return MEASURED
    return SUBJECTS.get(command, heading)
