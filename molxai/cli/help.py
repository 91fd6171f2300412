"""How `--help` looks: options under headings, types in words, two examples at the end; and no option given twice."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from molxai.cli.examples import EXAMPLES

CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
"""For the program and its groups. Lines of more than 120 letters are hard to read, however wide the terminal is."""

HEADINGS: Mapping[str, Sequence[str]] = {
    "What to explain": [
        "model",
        "method",
        "methods",
        "target",
        "contrast",
        "endpoint",
        "features",
        "fragments",
        "scheme",
        "core",
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
        "split_sizes",
        "unit",
        "init",
        "teacher",
        "ensemble",
        "epochs",
        "seed",
        "seeds",
        "exclude",
    ],
    "Input": [
        "smiles_column",
        "id_column",
        "separator",
        "encoding",
        "target_columns",
        "columns",
        "max_atoms",
        "drop_extra_columns",
        "strict",
        "data",
        "library",
    ],
    "Output and pictures": [
        "output",
        "quiet",
        "title",
        "style",
        "atom_numbers",
        "cmap",
        "scale",
        "dpi",
        "transparent",
        "caption",
        "no_caption",
        "picture_format",
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
"""Options by their parameters, in the order in which they are shown; what is in none stands under the last heading, Help."""

LEARNING = ("train", "pretrain", "benchmark accuracy")
"""Commands whose options of one name belong to what is learnt."""

SUBJECTS = {
    "predict": "What to predict",
    "evaluate": "What to evaluate",
    "merge": "What to join",
    "serve": "What to serve",
}
"""The first heading where it is another; of benchmarks it is `MEASURED`."""

MEASURED = "What to measure"

WORDS = {
    "model": "MODEL",
    "method": "METHOD",
    "methods": "METHOD,...",
    "target": "CLASS",
    "contrast": "CLASS",
    "endpoint": "NAME",
    "fragments": "SCHEME",
    "scheme": "SCHEME",
    "core": "SMARTS",
    "smiles_column": "COLUMN",
    "id_column": "COLUMN",
    "target_columns": "COLUMN",
    "split_column": "COLUMN",
    "columns": "COLUMN,...",
    "style": "STYLE",
    "cmap": "PALETTE",
    "scale": "SCALE",
    "device": "DEVICE",
    "data": "FOLDER",
    "shard": "I/N",
    "engine": "ENGINE",
    "inputs": "INPUT...",
}
"""What stands for a value in the help, by parameter; for others their type in a word."""

TYPES = {"int": "NUMBER", "float": "NUMBER", "Path": "FILE"}
"""Types in words; whatever else is TEXT."""

RANGES = (
    (r"(\d+)<=x<=(\d+)", r"\1 to \2"),
    (r"x>=(\d+)", r"at least \1"),
    (r"x<=(\d+)", r"at most \1"),
)
"""How the framework writes a range, and how people do."""


SENTENCE = 200
"""Letters of a command's line in the list of commands."""


class Command(TyperCommand):
    """A command with its options under headings and examples below them."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        for parameter in self.params:
            if parameter.metavar is None and not getattr(parameter, "is_flag", False):
                parameter.metavar = WORDS.get(parameter.name) or TYPES.get(_type(parameter), "TEXT")

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The line above the help: arguments as in manuals, in brackets where they may be left out."""
        arguments = (one for one in self.params if one.param_type_name == "argument")
        return ["[OPTIONS]", *(_argument(one, brackets=True) for one in arguments)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, and options under their headings."""
        command = ctx.command_path.partition(" ")[2]
        sections: dict[str, list[tuple[str, str]]] = {}
        for heading, parameter in sorted(self._placed(ctx, command), key=lambda one: _order(*one)):
            record = parameter.get_help_record(ctx)
            if record:
                words = (
                    _argument(parameter) if parameter.param_type_name == "argument" else record[0]
                )
                sections.setdefault(heading, []).append((words, in_words(record[1])))
        for heading, rows in sections.items():
            with formatter.section(_titled(heading, command)):
                formatter.write_dl(rows)

    def _placed(self, ctx: Any, command: str) -> list[tuple[str, Any]]:
        """Each parameter with its heading."""
        ordered = list(HEADINGS)
        if command in LEARNING:
            ordered = [ordered[1], ordered[0], *ordered[2:]]
        else:
            ordered = [name for name in ordered if name != "What to learn"] + ["What to learn"]
        placed = []
        for parameter in self.get_params(ctx):
            heading = next((one for one in ordered if parameter.name in HEADINGS[one]), "Help")
            placed.append(
                ("Arguments" if parameter.param_type_name == "argument" else heading, parameter)
            )
        return placed

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples, whose lines are not broken: they are to be copied."""
        examples = EXAMPLES.get(ctx.command_path.partition(" ")[2], ())
        if not examples:
            return
        with formatter.section("Examples"):
            for line, meaning in examples:
                formatter.write(f"  {line}\n")
                with formatter.indentation():
                    formatter.write_text(meaning)

    def make_parser(self, ctx: Any) -> Any:
        """The usual parser, except that a value given twice is refused: the second one would win without a word."""
        parser = super().make_parser(ctx)
        options: list[Any] = [*parser._long_opt.values(), *parser._short_opt.values()]
        for option in {id(one): one for one in options}.values():
            if option.action == "store":
                option.process = _once(option, ctx)
        return parser


class Group(TyperGroup):
    """A group of commands."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Each command with the whole of its first sentence."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.get_short_help_str(SENTENCE)) for name, one in commands if one]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Where more is said."""
        formatter.write_paragraph()
        formatter.write_text(
            f"'{ctx.command_path} COMMAND --help' shows the options of a command, with examples."
        )


def in_words(text: str) -> str:
    """A line of help with ranges in words, and what stands in brackets in one pair of them.

    Example:
        >>> in_words("Graphs at once. [default: 32]  [x>=1]")
        'Graphs at once. [default: 32; at least 1]'
    """
    for pattern, words in RANGES:
        text = re.sub(pattern, words, text)
    return re.sub(r"\]\s+\[", "; ", re.sub(r"\s+\[(?=default|at |required|\d)", " [", text)).strip()


def _once(option: Any, ctx: Any) -> Any:
    """The option's processing, which refuses a second value."""
    process = option.process

    def processed(value: Any, state: Any) -> None:
        if option.dest in state.opts:
            name = max(option.obj.opts, key=len)
            given = f"{state.opts[option.dest]!r} and {value!r}"
            raise typer.BadParameter(f"{name} is given twice, {given}: give it once", ctx=ctx)
        process(value, state)

    return processed


def _type(parameter: Any) -> str:
    """The name of a parameter's type, of a list's content."""
    name = re.sub(r"^list\[(.*)\]$", r"\1", parameter.bare_type())
    return name.rpartition(".")[2]


def _argument(parameter: Any, brackets: bool = False) -> str:
    """An argument as it stands in the help."""
    word = str(parameter.metavar)
    if not brackets:
        return word.strip("[]") if word.startswith("[") else word
    return word if parameter.required or word.startswith("[") else f"[{word}]"


def _order(heading: str, parameter: Any) -> tuple[int, int]:
    names = HEADINGS.get(heading, ())
    headings = ["Arguments", *HEADINGS, "Help"]
    return headings.index(heading), names.index(parameter.name) if parameter.name in names else 0


def _titled(heading: str, command: str) -> str:
    if heading != "What to explain":
        return heading
    return MEASURED if command.startswith("benchmark") else SUBJECTS.get(command, heading)
