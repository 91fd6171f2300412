"""The pages say what the program does: links and headings exist, commands run and print what is shown, options are the program's."""

import re
import runpy
import shlex

import pytest
from conftest import ROOT
from typer.main import get_command

from molxai.cli import app, main
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.record import KEYS

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = [ROOT / "docs/start.md", ROOT / "docs/reading.md"]
"""Pages whose commands and Python all run."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
CLOSE = 2e-3
"""Between a number on a page and the program's: other processors round otherwise."""


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
    """The command lines of the program in a block, with what is printed below each."""
    said = None
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith(("$ molxai ", "molxai ")):
            said = []
            yield shlex.split(line.removeprefix("$ "), comments=True)[1:], said
        elif said is not None:
            said.append(line)


def subcommand(arguments):
    """The command of the program that a line is for, or None where it names none."""
    found = get_command(app)
    for word in arguments:
        if (
            not hasattr(found, "commands") or word.startswith("-") or word.isupper()
        ):  # COMMAND stands for any
            break
        found = found.commands.get(word.split("|")[0])
    return found


def options(command):
    inner = getattr(command, "commands", {}).values()
    return (
        {one for parameter in command.params for one in parameter.opts}
        | {"--help"}
        | {one for each in inner for one in options(each)}
    )


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
        if not re.match(r"(pip|apt-get|python|#SBATCH)\b", text):
            assert set(OPTION.findall(text)) <= known, text
    shown = [line for block in blocks(page, "", "console") for line, _ in commands(block)]
    for line in shown + [
        shlex.split(text)[1:] for text in inline if text.startswith("molxai ") and "…" not in text
    ]:
        command = subcommand(line)
        assert command is not None, line
        assert {part.split("=")[0] for part in line if OPTION.match(part)} <= options(command), line


@pytest.fixture(scope="module", params=RUN, ids=name)
def page(request, tmp_path_factory):
    """A page, and an empty folder with the data sets, in which its commands run one after the other."""
    folder = tmp_path_factory.mktemp(request.param.stem)
    (folder / "datasets").symlink_to(ROOT / "datasets")
    return request.param, folder


def alike(shown, printed):
    """Whether two lines say the same: words equal, numbers close, bars of one colour; ranks of what ties may differ."""
    one, other = (
        [re.sub(r"^([█░])+$", r"\1", word.strip(",·")) for word in line.split()]
        for line in (shown, printed)
    )
    one, other = (line[line[:1] != [] and line[0].isdigit() :] for line in (one, other))
    return len(one) <= len(other) and all(map(same, one, other))


def same(shown, printed):
    try:
        return abs(float(shown) - float(printed)) <= CLOSE
    except ValueError:
        return shown == printed


def test_commands_run_and_print_what_is_shown(page, monkeypatch, capsys):
    path, folder = page
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    each = [pair for block in blocks(path, "", "console") for pair in commands(block)]
    ran = [pair for pair in each if pair[0][0] != "serve"]  # which goes on until Ctrl-C
    assert len(ran) >= 4
    for arguments, shown in ran:
        assert main(arguments) == 0, arguments
        printed = capsys.readouterr().out.splitlines()
        for line in shown:
            assert line == "…" or not line.strip() or any(alike(line, one) for one in printed), (
                arguments,
                line,
            )


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
    for method, said in zip(EXPLAINERS.values(), sections.values(), strict=True):
        promises = {
            "Adds up": method.conserves,
            "Signed": method.signed,
            "By target": method.by_target,
        }
        for promise, kept in promises.items():
            assert f"{promise}: {'yes' if kept else 'no'}." in said, (method.name, promise)
        passes = re.findall(r"(?:forward|backward) `([\dn ·+/()]+)`", said)
        for nodes in (1, 30):
            assert tuple(
                int(eval(one.replace("·", "*"), {"n": nodes})) for one in passes
            ) == method.passes(nodes), method.name
        assert ("At most" in said) == (method.largest is not None) and (
            not method.largest or f"At most {method.largest} nodes" in said
        )


def test_the_reference_is_what_its_script_makes():
    made = runpy.run_path(str(ROOT / "docs/api.py"))["page"]()
    assert (ROOT / "docs/api.md").read_text() == made, "run: python docs/api.py"


def test_every_key_of_records_is_explained():
    table = (ROOT / "docs/start.md").read_text().partition("| keys | |")[2].partition("\n\n")[0]
    assert set(KEYS) | {"features", "fragments"} == set(
        re.findall(r"`(\w+)`", "\n".join(row.split("|")[1] for row in table.splitlines()[2:]))
    )
