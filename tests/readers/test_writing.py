"""Tables that are written: one way to CSV and one to Markdown."""

import csv
import io

import pytest

from graphormer.files import (
    csv_of_records,
    csv_text,
    csv_writer,
    escape_markdown,
    markdown_table,
    write_table,
)

ROWS = [{"a": 1, "b": 0.1}, {"a": "x,y", "c": None}, {"b": 'say "no"', "a": "two\nlines"}]


def test_records_are_written_as_dict_writer_writes_them():
    text = io.StringIO()
    writer = csv.DictWriter(text, ["a", "b", "c"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(ROWS)
    assert csv_of_records(ROWS) == text.getvalue()
    assert list(csv.DictReader(csv_of_records(ROWS).splitlines(True)))[2]["a"] == "two\nlines"


def test_a_table_can_grow_row_by_row(tmp_path):
    with (tmp_path / "t.csv").open("w", newline="") as file:
        writer = csv_writer(file)
        writer.writerow(["a", "b"])
        writer.writerow([1, None])
    write_table(tmp_path / "u.csv", ["a", "b"], [[1, None]])
    assert (tmp_path / "t.csv").read_bytes() == (tmp_path / "u.csv").read_bytes() == b"a,b\n1,\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formulas_are_guarded_only_if_asked_for(start):
    cell = f"{start}1"
    assert csv_text(["h"], [[cell]]) == f"h\n{cell}\n"
    assert csv_text([cell], [[cell]], guard=True) == f"{cell}\n'{cell}\n"
    assert csv_text(["h"], [[-1.5]], guard=True) == "h\n-1.5\n"  # a number is no formula


def test_markdown_has_two_rules_below_its_header():
    assert markdown_table(["", "b"], []) == "|  | b |\n| --- | --- |"
    assert markdown_table(["a", "b"], [["x", 1]], tight=True) == "| a | b |\n|---|---|\n| x | 1 |"


def test_what_markdown_would_read_is_escaped():
    assert escape_markdown("C#C|*_&<b>\n x") == r"C\#C\|\*\_&amp;\<b\> x"
