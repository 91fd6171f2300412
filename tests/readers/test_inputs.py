"""The inputs of a command: each file is opened once, and everything asked of them agrees."""

import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from conftest import stroke_image
from PIL import Image
from pyarrow import parquet

from graphormer.files import digest
from graphormer.readers.sdf import sdf_outline
from graphormer.readers.tables import Layout, read_rows
from graphormer.readers.text import count_lines, encoding_of, survey
from molxai.explanation.inputs import (
    Inputs,
    entries,
    read_inputs,
)

BLOCK = """


  1  0  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0
M  END
"""

BUFFER = 8192
"""Bytes of a file that are read at least."""


def sdf(count: int, name: str = "y") -> str:
    return "".join(f"m{i}{BLOCK}> <{name}>\n{i}\n\n$$$$\n" for i in range(count))


def csv(count: int) -> str:
    return "id,smiles,y\n" + "".join(f"m{i},{'C' * (i % 5 + 1)}O,{i}\n" for i in range(count))


@pytest.fixture
def mixed(tmp_path):
    """One source of each kind, and how many inputs each holds."""
    (tmp_path / "t.csv").write_text(csv(3))
    (tmp_path / "t.sdf").write_text(sdf(2))
    (tmp_path / "t.smi").write_text("CCO ethanol\nCCN\n")
    parquet.write_table(
        pa.table({"smiles": ["CO", "CN"], "y": [1, 2], "z": [0.5, 1.5]}), tmp_path / "t.parquet"
    )
    np.save(tmp_path / "t.npy", stroke_image()[None])
    Image.fromarray((stroke_image() * 255).astype(np.uint8)).save(tmp_path / "t.png")
    names = {"t.csv": 3, "t.sdf": 2, "t.smi": 2, "t.parquet": 2, "t.npy": 1, "t.png": 1}
    return {"CCCO": 1} | {str(tmp_path / name): count for name, count in names.items()}


def test_all_kinds_of_sources_are_counted_through(mixed):
    inputs = Inputs(list(mixed))
    read = list(inputs.entries())
    assert [entry.row for entry in read] == list(range(12)) == list(range(inputs.expected()))
    assert all(not entry.read().error for entry in read)
    assert [entry.row for entry in inputs.entries()] == list(range(12))  # again
    assert [item.row for item in inputs.read()] == list(range(12))


def test_columns_and_their_types_come_from_all_tables(mixed):
    inputs = Inputs(list(mixed))
    assert inputs.extra_columns() == {"y": None, "z": pa.float64()}
    assert [table.path.name for table in inputs.tables()] == ["t.csv", "t.sdf", "t.parquet"]
    (path,) = [source for source in mixed if source.endswith("parquet")]
    assert Inputs([path]).extra_columns() == {"y": pa.int64(), "z": pa.float64()}


def test_the_functions_say_what_the_value_says(mixed):
    sources = list(mixed)
    inputs = Inputs(sources)
    assert [repr(entry) for entry in entries(sources)] == [repr(e) for e in inputs.entries()]
    assert len(list(read_inputs(sources))) == 12
    assert inputs.notes() == []


def test_the_digest_of_a_file_is_that_of_its_bytes(mixed):
    inputs = Inputs(list(mixed))
    first, *others = inputs.digests()
    assert first == "CCCO"
    files = [Path(source) for source in mixed if source != "CCCO"]
    assert others == [f"{path.name} {digest(path)}" for path in files]


@pytest.fixture
def bytes_read(monkeypatch):
    """How many bytes were read of files named t.*."""
    read = {"total": 0}
    open_path = Path.open

    class Counting(io.FileIO):
        def readinto(self, buffer):
            count = super().readinto(buffer)
            read["total"] += count
            return count

    def open_counting(path, mode="r", *arguments, **options):
        if mode == "rb" and path.stem == "t":
            return io.BufferedReader(Counting(path), BUFFER)
        return open_path(path, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", open_counting)
    return read


@pytest.mark.parametrize(("kind", "text"), [("sdf", sdf(5000)), ("csv", csv(50000))])
def test_a_file_is_read_at_most_twice(tmp_path, bytes_read, kind, text):
    path = tmp_path / f"t.{kind}"
    path.write_text(text)
    inputs = Inputs([str(path)], label_column="y")
    assert not inputs.notes()
    assert list(inputs.extra_columns()) == ["y"]
    assert inputs.expected() == len(list(inputs.entries()))
    assert inputs.digests() == [f"{path.name} {inputs.digests()[0].split()[1]}"]
    assert 2 * len(text) <= bytes_read["total"] <= 2 * len(text) + 5 * BUFFER


def test_files_are_opened_when_they_are_needed(tmp_path):
    inputs = Inputs(["CCO", str(tmp_path / "absent.csv")])
    rows = inputs.entries()
    assert next(rows).text == "CCO"
    with pytest.raises(FileNotFoundError, match=r"no file '.*absent\.csv': check the path"):
        next(rows)
    assert inputs.notes() == []  # whoever reads the file tells that it is not there


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("absent.smi", FileNotFoundError, "no file '.*absent.smi': check the path"),
        ("absent.pdf", FileNotFoundError, "no file '.*absent.pdf': check the path"),
        ("C" * 300 + ".csv", FileNotFoundError, "no file .*check the path"),
        ("folder.sdf", ValueError, "folder.sdf is a folder: name a file in it"),
        ("empty.csv", ValueError, "empty.csv is empty: at least one input is needed"),
        ("old.xls", ValueError, "files ending in .*; save the old Excel workbook as .xlsx"),
    ],
)
def test_a_path_is_refused_in_the_same_words(tmp_path, name, error, message):
    (tmp_path / "folder.sdf").mkdir()
    (tmp_path / "empty.csv").touch()
    (tmp_path / "old.xls").write_text("x")
    path = tmp_path / name
    with pytest.raises(error, match=message):
        list(entries([str(path)]))
    if path.suffix != ".smi":
        with pytest.raises((error, ValueError), match=message):
            read_rows(path)


def test_a_column_that_is_missing_stops_before_any_row(tmp_path):
    (tmp_path / "t.csv").write_text(csv(2))
    inputs = Inputs([str(tmp_path / "t.csv")], label_column="x")
    assert inputs.notes() == [] and inputs.expected() == 2
    for ask in (inputs.extra_columns, lambda: list(inputs.entries())):
        with pytest.raises(ValueError, match="no column 'x' in .*--target-columns"):
            ask()


# --------------------------------------------------------------- one pass over a text file


@pytest.mark.parametrize(
    "encoding", ["ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("packed", [False, True])
def test_one_pass_tells_what_separate_ones_tell(tmp_path, encoding, packed):
    text = sdf(300, "y" if encoding == "ascii" else "Größe")
    content = text.encode(encoding)
    path = tmp_path / ("t.sdf.gz" if packed else "t.sdf")
    path.write_bytes(gzip.compress(content) if packed else content)
    for name in ("", encoding):
        outline = survey(path, name, sdf_outline)
        assert outline.encoding == encoding_of(path, name)
        assert outline.sha256 == digest(path)
        assert outline.content.records == 300
        assert outline.content.columns == (["y"] if encoding == "ascii" else ["Größe"])
        assert survey(path, name, count_lines).content == text.count("\n")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
def test_rows_can_be_read_again(tmp_path, end):
    path = tmp_path / "t.csv"
    path.write_bytes(("id,smiles\na,CCO\nb,CCN" + end).encode())
    table = read_rows(path)
    assert table.expected == 2 and len(table.sample) == 2
    assert [row.fields["id"] for row in table.rows] == ["a", "b"]
    assert [row.fields["id"] for row in table.rows] == ["a", "b"]


def test_a_workbook_can_be_read_again(tmp_path):
    book = pytest.importorskip("openpyxl").Workbook()
    for cells in (["id", "smiles"], ["a", "CCO"], ["b", "CCN"]):
        book.active.append(cells)
    book.save(tmp_path / "t.xlsx")
    table = read_rows(tmp_path / "t.xlsx")
    assert [row.fields["id"] for row in table.rows] == [row.fields["id"] for row in table.rows]
    assert len(list(Inputs([str(tmp_path / "t.xlsx")], Layout()).entries())) == 2
