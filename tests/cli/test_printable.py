"""What would steer a terminal is shown and not sent, wherever it comes from."""

import json
import random
import shutil

import pytest

from molxai.cli import main
from molxai.cli.console import Text
from molxai.cli.printable import STEERING, printable

STEERED = (
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
    assert (
        printable("t.csv\x1b[31m") == "t.csv\\x1b[31m"
        and printable("a\u202eb\udcff") == "a\\u202eb\\udcff"
    )
    assert printable("α ∑ 原子 👩‍🔬\n\tб") == "α ∑ 原子 👩‍🔬\n\tб"


def test_whatever_the_text_nothing_in_it_steers():
    """A seeded generator of text with steering characters in it."""
    chance = random.Random(7)
    for _ in range(300):
        text = "".join(
            chance.choice([*STEERED, "a", "é", " ", "\n", chr(chance.randrange(0x110000))])
            for _ in range(12)
        )
        for made in (printable(text), Text(text).plain):
            assert not STEERING.search(made)
            made.encode()


@pytest.mark.parametrize("steered", ["\x1b[31mred", "\u202egnp", "\x9b2J"])
def test_names_and_ids_do_not_steer_the_terminal(command, tmp_path, steered):
    table = tmp_path / f"t{steered}.csv"
    table.write_text(f"name,smiles\n{steered},CCO\n{steered},C1CC\n")
    for name, *arguments in (
        ["explain", table],
        ["predict", table],
        ["explain", table, "-o", tmp_path / f"o{steered}.json"],
        ["explain", tmp_path / f"missing{steered}.csv"],
        ["explain", f"C{steered}"],
        ["explain", table, "-o", tmp_path / f"maps{steered}"],
        ["fragments", table],
        ["report", table, "-o", tmp_path / f"r{steered}.html"],
    ):
        _, out, err = command(name, *arguments)
        assert out + err and not STEERING.search(out + err), name
        shutil.rmtree(tmp_path / f"maps{steered}", ignore_errors=True)
    assert (
        json.loads((tmp_path / f"o{steered}.json").read_text())[0]["id"] == steered
    )  # records hold what was given


def test_bad_usage_does_not_steer_the_terminal(capsys):
    for arguments in (
        ["explain", "CCO", "--method", "\x1b[31m"],
        ["\x1b[31m"],
        ["explain", "--\u202e"],
        ["data", "path", "\x1b[31m"],
    ):
        assert main(arguments) in (1, 2)
        said = capsys.readouterr()
        assert not STEERING.search(said.out + said.err) and said.err.count("\n") == 1
