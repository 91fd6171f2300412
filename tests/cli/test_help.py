"""Help, completion and bad usage: what a user types before anything runs."""

import ast
import inspect
import os
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import ROOT
from typer.main import get_command

from molxai.cli import app, completion, main
from molxai.cli.examples import EXAMPLES


def commands(group=None, before=""):
    """Every command of the program by the words that call it."""
    for name, one in (group or get_command(app)).commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, f"{before}{name} ")
        else:
            yield f"{before}{name}", one


NAMES = [name for name, _ in commands()]

CHEAP = (
    "explain",
    "predict",
    "compare",
    "report",
    "fragments",
    "models",
    "methods",
    "data list",
    "data path",
)
"""Commands whose examples run here, in seconds."""

WRITTEN = {"explain": 2, "predict": 1, "compare": 2, "report": 2, "fragments": 1}
"""How many of the examples write a file."""


@pytest.fixture
def said(capsys, monkeypatch):
    """What a command prints in a terminal of so many columns."""

    def go(*arguments, columns=80):
        monkeypatch.setenv("COLUMNS", str(columns))
        capsys.readouterr()
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return go


@pytest.mark.parametrize("words", ["", "data", "benchmark", *NAMES])
def test_h_is_help_everywhere(said, words):
    short, long = said(*words.split(), "-h"), said(*words.split(), "--help")
    assert (
        short == long and short[0] == 0 and short[1].startswith(f"Usage: molxai {words}".rstrip())
    )


@pytest.mark.parametrize("words", NAMES)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_fits_the_terminal_and_uses_it(said, words, columns):
    lines = said(*words.split(), "-h", columns=columns)[1].splitlines()
    examples = lines.index("Examples:")
    assert max(map(len, lines[:examples])) <= columns
    if columns == 120 and words in ("explain", "train", "compare"):
        assert max(map(len, lines[:examples])) > 80


@pytest.mark.parametrize("words", NAMES)
def test_types_are_words(said, words):
    shown = said(*words.split(), "-h", columns=120)[1].partition("Examples:")[0]
    assert not [one for one in ("<", ">", "{", "}", " range", "list[", "x>=") if one in shown]


def test_options_stand_under_headings(said):
    lines = said("explain", "-h", columns=120)[1].splitlines()
    headings = [line[:-1] for line in lines if line.endswith(":") and not line.startswith(" ")]
    expected = [
        "Arguments",
        "What to explain",
        "Input",
        "Output and pictures",
        "Large inputs",
        "Machine",
        "Help",
        "Examples",
    ]
    assert headings == expected
    place = {
        line.split()[0].rstrip(","): number
        for number, line in enumerate(lines)
        if line.startswith("  -")
    }
    assert (
        place["-m"]
        < lines.index("Input:")
        < place["-s"]
        < lines.index("Output and pictures:")
        < place["-o"]
        < place["--dpi"]
    )
    shown = said("train", "-h")[1]
    assert shown.index("What to learn:") < shown.index("--preset") < shown.index("Input:")


def test_every_option_has_a_heading():
    """One that is added later and forgotten would stand under Help."""
    from molxai.cli.help import HEADINGS

    placed = {name for names in HEADINGS.values() for name in names}
    for words, command in commands():
        options = {one.name for one in command.params if one.param_type_name == "option"}
        assert not options - placed, words


@pytest.mark.parametrize("words", NAMES)
def test_examples_are_shown_whole_and_can_be_parsed(said, words):
    shown = said(*words.split(), "-h", columns=60)[1]
    command = dict(commands())[words]
    assert len(EXAMPLES[words]) == (1 if words in ("models", "methods") else 2)
    for line, meaning in EXAMPLES[words]:
        assert f"  {line}\n" in shown and meaning.split()[0] in shown
        arguments = shlex.split(line)[1 + len(words.split()) :]
        assert line.startswith(f"molxai {words}") and command.make_context(words, arguments)


@pytest.mark.parametrize("words", CHEAP)
def test_cheap_examples_run(words, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOLXAI_DATA", str(tmp_path / "home"))
    Path("datasets").symlink_to(ROOT / "datasets")
    before = set(tmp_path.iterdir())
    for line, _ in EXAMPLES[words]:
        assert main(shlex.split(line)[1:]) == 0, capsys.readouterr().err
    assert len(set(tmp_path.iterdir()) - before) == WRITTEN.get(words, 0)


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["explain", "C", "--unknown"], "molxai explain"),
        (["explain"], "molxai explain"),
        (["explain", "C", "--method", "lrpp"], "molxai explain"),
        (["benchmark", "speed", "--rounds", "1"], "molxai benchmark speed"),
        (["data", "download", "cifar"], "molxai data download"),
        (["benchmark", "sped"], "molxai benchmark"),
        (["explan"], "molxai"),
    ],
)
def test_an_error_names_the_help_of_its_command(said, arguments, command):
    code, _, error = said(*arguments)
    assert code == 2 and error.endswith(f"(see '{command} --help')\n") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (
            ["explain", "C", "--target", "yes", "--target", "no"],
            "--target is given twice, 'yes' and 'no'",
        ),
        (
            ["explain", "C", "-o", "a.svg", "-o", "b.svg"],
            "--output is given twice, 'a.svg' and 'b.svg'",
        ),
        (["explain", "C", "-oa.svg", "--output=b.svg"], "--output is given twice"),
        (["explain", "C", "--cmap", "red-blue", "--palette", "pink-green"], "given twice"),
        (["predict", "C", "-b", "3", "-b", "3"], "--batch-size is given twice"),
    ],
)
def test_a_value_is_given_once(said, arguments, name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, _, error = said(*arguments)
    assert code == 2 and name in error and error.count("\n") == 1 and not list(tmp_path.iterdir())


def test_what_may_be_given_twice_still_may():
    train = dict(commands())["train"]
    context = train.make_context(
        "train", ["t.csv", "--target-columns", "a", "--target-columns", "b", "-q", "-q"]
    )
    assert context.params["target_columns"] == ["a", "b"] and context.params["quiet"]


def completed(line, monkeypatch, capsys):
    """What bash is offered at the end of a line."""
    words = line.split(" ")
    monkeypatch.setenv("_MOLXAI_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("molxai expl", ["explain"]),
        ("molxai benchmark fa", ["families", "faithfulness"]),
        ("molxai explain C --drop", ["--drop-extra-columns"]),
        ("molxai explain C --method lrp-r", ["lrp-routing", "lrp-res"]),
        ("molxai compare C --methods lrp,gae,lrp-g", ["lrp,gae,lrp-gamma"]),
        ("molxai explain C -m bace", ["bace", "bace-ensemble", "bace-pic50"]),
        ("molxai explain C --fragments b", ["brics"]),
        ("molxai explain C --cmap o", ["orange-purple"]),
        ("molxai explain C --palette o", ["orange-purple"]),
        ("molxai train --preset mn", ["mnist", "mnist-plain"]),
        ("molxai train t.csv --split sc", ["scaffold", "scaffold-chiral"]),
        ("molxai data download m", ["mnist"]),
        ("molxai explain some", []),
    ],
)
def test_bash_completes(line, offered, monkeypatch, capsys):
    assert completed(line, monkeypatch, capsys) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_is_told_how(shell, monkeypatch, capsys):
    monkeypatch.setenv("_MOLXAI_COMPLETE", f"source_{shell}")
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0 and f"_MOLXAI_COMPLETE=complete_{shell}" in capsys.readouterr().out


def test_completion_reads_the_tables_that_the_program_uses():
    from graphormer.data.sources import SOURCES
    from graphormer.data.splits import SPLITS
    from graphormer.data.targets import KINDS
    from graphormer.network.checkpoint import shipped
    from graphormer.training.presets import PRESETS
    from molxai.benchmarks.accuracy import PROTOCOLS
    from molxai.benchmarks.tasks import TASKS
    from molxai.chemistry.schemes import SCHEMES
    from molxai.explanation.explainer import DEVICES
    from molxai.explanation.methods import EXPLAINERS
    from molxai.explanation.network import REMOVALS
    from molxai.rendering import STYLES
    from molxai.rendering.colour import PALETTES
    from molxai.rendering.look import SCALES

    pairs = {
        "METHODS": EXPLAINERS,
        "SCHEMES": SCHEMES,
        "PALETTES": PALETTES,
        "STYLES": STYLES,
        "SCALES": SCALES,
        "DEVICES": DEVICES,
        "TASKS": KINDS,
        "SPLITS": SPLITS,
        "PRESETS": PRESETS,
        "DATA_SETS": SOURCES,
        "TRUTHS": TASKS,
        "PROTOCOLS": PROTOCOLS,
        "REMOVALS": REMOVALS,
    }
    for name, table in pairs.items():
        assert sorted(getattr(completion, name).names()) == sorted(table), name
    assert completion.models("") == sorted(shipped())


def test_help_and_completion_import_no_library():
    """Within a fraction of a second: no heavy library, not even that of the terminal's tables."""
    code = (
        "import sys\n"
        "from molxai.cli import main\n"
        "try: main(['explain', '-h'])\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    for shell in (
        {},
        {
            "_MOLXAI_COMPLETE": "complete_bash",
            "COMP_WORDS": "molxai explain -m b",
            "COMP_CWORD": "3",
        },
    ):
        made = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={**os.environ, **shell},
        )
        assert made.stdout and not {"torch", "rdkit", "numpy", "rich"} & set(made.stderr.split())


@pytest.mark.parametrize("words", ["explain CCO", "report CCO -o page.html -n 0"])
def test_tables_and_pages_load_no_library_for_plots_or_frames(words, tmp_path):
    made = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "molxai.cli", *words.split()],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    loaded = {line.split("|")[-1].strip() for line in made.stderr.splitlines()}
    assert "torch" in loaded
    assert not {"matplotlib", "pandas.core", "sklearn", "scipy"} & loaded


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=NAMES)
def test_a_command_is_parse_call_print(words, command):
    """At most ten lines beside its options, its docstring and its imports."""
    function = inspect.unwrap(command.callback)
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    first, *others = tree.body
    work = [node for node in others if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert isinstance(first, ast.Expr)
    assert sum(node.end_lineno - node.lineno + 1 for node in work) <= 10, words
