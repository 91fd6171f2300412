"""What would steer a terminal is shown and not sent, wherever it comes from."""

import json
import random
import shutil

import pytest

from molxai.cli import main
from molxai.cli.console import Text
from molxai.cli.printable import STEERING, printable

STEERING_TEXTS = (
    "\x1b[31m",
    "\x9b2J",
    "\u202e",
    "\u2066",
    "\x07",
    "\r",
    "\x00",
    "\u2028",
    "\udcff",
    "\x7f",
)


def test_escapes_are_shown_and_letters_stay():
    assert printable("t.csv\x1b[31m") == "t.csv\\x1b[31m"
    assert printable("a\u202eb\udcff") == "a\\u202eb\\udcff"
    assert printable("α ∑ 原子 👩‍🔬\n\tб") == "α ∑ 原子 👩‍🔬\n\tб"


def test_whatever_the_text_nothing_in_it_steers():
    """A seeded generator of text with steering characters in it."""
    chance = random.Random(7)
    for _ in range(300):
        text = ""
        for _ in range(12):
            letter = chr(chance.randrange(0x110000))
            text += chance.choice([*STEERING_TEXTS, "a", "é", " ", "\n", letter])
        for safe in (printable(text), Text(text).plain):
            assert not STEERING.search(safe)
            safe.encode()


@pytest.mark.parametrize("text", ["\x1b[31mred", "\u202egnp", "\x9b2J"])
def test_names_and_ids_do_not_steer_the_terminal(command, tmp_path, text):
    table = tmp_path / f"t{text}.csv"
    table.write_text(f"name,smiles\n{text},CCO\n{text},C1CC\n")
    for name, *arguments in (
        ["explain", table],
        ["predict", table],
        ["explain", table, "-o", tmp_path / f"o{text}.json"],
        ["explain", tmp_path / f"missing{text}.csv"],
        ["explain", f"C{text}"],
        ["explain", table, "-o", tmp_path / f"maps{text}"],
        ["fragments", table],
        ["report", table, "-o", tmp_path / f"r{text}.html"],
    ):
        _, out, err = command(name, *arguments)
        assert out + err and not STEERING.search(out + err), name
        shutil.rmtree(tmp_path / f"maps{text}", ignore_errors=True)
    # Records hold what was typed.
    assert json.loads((tmp_path / f"o{text}.json").read_text())[0]["id"] == text


def test_bad_usage_does_not_steer_the_terminal(capsys):
    for arguments in (
        ["explain", "CCO", "--method", "\x1b[31m"],
        ["\x1b[31m"],
        ["explain", "--\u202e"],
        ["data", "path", "\x1b[31m"],
    ):
        assert main(arguments) in (1, 2)
        output = capsys.readouterr()
        assert not STEERING.search(output.out + output.err) and output.err.count("\n") == 1
