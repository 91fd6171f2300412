"""The pages say what the program does.

Links and headings exist, commands run and print what is shown, options are the program's, files are
in the tree, and generated pages are what their scripts make.
"""

import re
import runpy
import shlex

import pytest
from conftest import ROOT
from typer.main import get_command

import molxai
from molxai.cli import app, main
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.record import KEYS, TEXT_KEYS

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

RUN = [ROOT / "docs/start.md", ROOT / "docs/reading.md"]
"""Pages whose commands and Python all run."""

MAPS = [ROOT / "CONTRIBUTING.md", ROOT / "docs/architecture.md"]
"""Pages that say in which file something is."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)

OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")

OTHER_PROGRAMS = re.compile(r"(pip|apt-get|python3?|pytest|ruff|mypy|#SBATCH)\b")

FILE = re.compile(r"`((?:graphormer|molxai|tests|docs|datasets|figures)/[\w./-]+)`")

CLOSE = 2e-3
"""Between a number on a page and the program's: other processors round differently."""


def name(path):
    return str(path.relative_to(ROOT))


def prose(path):
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text()))


def blocks(path, *languages):
    return [text for language, text in FENCE.findall(path.read_text()) if language in languages]


def anchors(path):
    """The headings of a page as GitHub names them."""
    lines = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def commands(text):
    """The command lines of the program in a block, with the lines that are shown below each."""
    shown = None
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith(("$ molxai ", "molxai ")):
            shown = []
            yield shlex.split(line.removeprefix("$ "), comments=True)[1:], shown
        elif shown is not None:
            shown.append(line)


def subcommand(arguments):
    """The command of the program that a line is for, or None if it names none."""
    command = get_command(app)
    for word in arguments:
        is_argument = word.startswith("-") or word.isupper()  # COMMAND stands for any
        if not hasattr(command, "commands") or is_argument:
            break
        command = command.commands.get(word.split("|")[0])
    return command


def options(command):
    """The options of a command, and of those below it."""
    names = {"--help"}
    for parameter in command.params:
        names |= {*parameter.opts, *parameter.secondary_opts}
    for inner in getattr(command, "commands", {}).values():
        names |= options(inner)
    return names


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_and_headings(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in link:
            continue
        place, _, heading = link.partition("#")
        target = page.parent / place if place else page
        assert target.exists(), link
        assert not heading or heading in anchors(target), link


def test_the_index_names_every_page():
    linked = set(re.findall(r"\]\((\w[\w-]*\.md)", prose(ROOT / "docs/README.md")))
    assert linked == {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_options_are_the_programs(page):
    known = options(get_command(app))
    inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", page.read_text()))
    for text in inline:
        if not OTHER_PROGRAMS.match(text):
            assert set(OPTION.findall(text)) <= known, text
    lines = [line for block in blocks(page, "", "console") for line, _ in commands(block)]
    lines += [
        shlex.split(text)[1:] for text in inline if text.startswith("molxai ") and "…" not in text
    ]
    for line in lines:
        command = subcommand(line)
        assert command is not None, line
        assert {part.split("=")[0] for part in line if OPTION.match(part)} <= options(command), line


@pytest.fixture(scope="module", params=RUN, ids=name)
def page(request, tmp_path_factory):
    """A page, and a folder with the data sets in which its commands run one after the other."""
    folder = tmp_path_factory.mktemp(request.param.stem)
    (folder / "datasets").symlink_to(ROOT / "datasets")
    return request.param, folder


def alike(shown, printed):
    """Whether two lines say the same: words equal, numbers close, bars of one colour.

    The rank at the beginning may differ, because nodes may tie.
    """
    words, others = (
        [re.sub(r"^([█░])+$", r"\1", word.strip(",·")) for word in line.split()]
        for line in (shown, printed)
    )
    words, others = (line[1:] if line and line[0].isdigit() else line for line in (words, others))
    return len(words) <= len(others) and all(map(same, words, others))


def same(shown, printed):
    try:
        return abs(float(shown) - float(printed)) <= CLOSE
    except ValueError:
        return shown == printed


def test_commands_run_and_print_what_is_shown(page, monkeypatch, capsys):
    path, folder = page
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    pairs = [pair for block in blocks(path, "", "console") for pair in commands(block)]
    pairs = [pair for pair in pairs if pair[0][0] != "serve"]  # which runs until Ctrl-C
    assert len(pairs) >= 4
    for arguments, shown in pairs:
        assert main(arguments) == 0, arguments
        printed = capsys.readouterr().out.splitlines()
        for line in shown:
            is_gap = line == "…" or not line.strip()
            assert is_gap or any(alike(line, other) for other in printed), (arguments, line)


@pytest.mark.parametrize("path", [*RUN, ROOT / "docs/train.md"], ids=name)
def test_python_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    for block in blocks(path, "python"):
        exec(block, {})


def test_every_method_has_its_section_with_its_promises():
    text = (ROOT / "docs/methods.md").read_text()
    sections = dict(re.findall(r"^### `([\w-]+)`\n+(.*)$", text, re.M))
    assert list(sections) == list(EXPLAINERS)
    for method, line in zip(EXPLAINERS.values(), sections.values(), strict=True):
        promises = {
            "Adds up": method.conserves,
            "Signed": method.signed,
            "By target": method.by_target,
        }
        for promise, holds in promises.items():
            assert f"{promise}: {'yes' if holds else 'no'}." in line, (method.name, promise)
        formulas = re.findall(r"(?:forward|backward) `([\dn ·+/()-]+)`", line)
        for nodes in (1, 30):
            passes = tuple(int(eval(text.replace("·", "*"), {"n": nodes})) for text in formulas)
            assert passes == method.passes(nodes), method.name
        assert ("At most" in line) == (method.largest is not None)
        assert not method.largest or f"At most {method.largest} nodes" in line


def test_the_reference_is_what_its_script_makes():
    made = runpy.run_path(str(ROOT / "docs/api.py"))["page"]()
    assert (ROOT / "docs/api.md").read_text() == made, "run: python docs/api.py"


def test_the_picture_of_the_folders_is_what_its_script_draws():
    script = runpy.run_path(str(ROOT / "docs/rooms.py"))
    tree = script["imports"]()
    remedy = "run: python docs/rooms.py"
    assert set(tree) == set(script["ROOMS"]), "a folder without a place in docs/rooms.py"
    assert (ROOT / "docs/rooms.svg").read_text() == script["picture"](tree), remedy
    assert (ROOT / "docs/architecture.md").read_text() == script["page"](tree), remedy


@pytest.mark.parametrize("page", MAPS, ids=name)
def test_files_that_are_named_exist(page):
    for path in FILE.findall(FENCE.sub("", page.read_text())):
        assert "NAME" in path or any(ROOT.glob(path.rstrip("/"))), path


def test_every_key_of_records_is_explained():
    table = (ROOT / "docs/start.md").read_text().partition("| keys | |")[2].partition("\n\n")[0]
    first_column = "\n".join(row.split("|")[1] for row in table.splitlines()[2:])
    further = {"features", "structure", "bonds", "fragments", *TEXT_KEYS}
    assert set(KEYS) | further == set(re.findall(r"`(\w+)`", first_column))


def test_the_citation_is_of_this_version():
    text = (ROOT / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.*)$", text, re.M) == [molxai.__version__]
    assert re.findall(r"^license: (.*)$", text, re.M) == ["MIT"]


def test_the_tables_of_methods_and_measures_are_those_of_the_code(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import tables

    assert tables.page() == tables.PAGE.read_text(encoding="utf-8")
