"""Splits, checksums and downloads, without the network and without the real data."""

import gzip
import hashlib
import http.server
import threading
from pathlib import Path

import numpy as np
import pytest

from graphormer.data import sources as data
from graphormer.data.public import bace, mnist
from graphormer.data.sources import Source, data_home, files, source
from graphormer.data.splits import (
    SPLITS,
    balanced_scaffold_split,
    random_split,
    scaffold,
    scaffold_split,
)
from graphormer.network.card import row_ranges

MOLECULES = [f"c1ccccc1{'C' * n}" for n in range(1, 15)] + [
    "C1CCCCC1C",
    "C1CCCCC1O",
    "c1ccncc1",
    "c1ccncc1C",
    "C1CC1",
    "CCO",
]
"""Benzenes in rows 0–13, two cyclohexanes, two pyridines, cyclopropane, and one without a ring."""


@pytest.mark.parametrize("name", SPLITS)
def test_every_row_is_in_one_part(name):
    split = SPLITS[name](MOLECULES, 3)
    assert sorted(split.train + split.valid + split.test) == list(range(len(MOLECULES)))


@pytest.mark.parametrize("name", [name for name in SPLITS if "scaffold" in name])
def test_no_scaffold_is_in_two_parts(name):
    split = SPLITS[name](MOLECULES, 3)
    parts = [
        {scaffold(MOLECULES[row]) for row in part}
        for part in (split.train, split.valid, split.test)
    ]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])


def test_scaffold_split_takes_the_largest_group_first_and_ties_from_behind():
    split = scaffold_split(MOLECULES)
    assert (split.train, split.valid, split.test) == ([*range(14), 16, 17], [14, 15], [19, 18])


def test_chirality_makes_scaffolds_apart():
    left, right = "C[C@H]1CCCC[C@@H]1c1ccccc1", "C[C@@H]1CCCC[C@@H]1c1ccccc1"
    assert scaffold(left) == scaffold(right)
    pairs = ["C1CC[C@H](c2ccccc2)[C@@H](c2ccncc2)C1", "C1CC[C@@H](c2ccccc2)[C@@H](c2ccncc2)C1"]
    assert scaffold(pairs[0]) == scaffold(pairs[1]) and scaffold(pairs[0], True) != scaffold(
        pairs[1], True
    )


def test_seeds_decide_the_random_splits():
    assert random_split(50, 1) == random_split(50, 1) != random_split(50, 2)
    assert balanced_scaffold_split(MOLECULES, 1) == balanced_scaffold_split(MOLECULES, 1)


def test_row_ranges():
    assert row_ranges([3, 1, 2, 7, 9, 8, 5]) == "1-3,5,7-9" and row_ranges([]) == ""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data home with a small BACE of our own, whose checksum the source then names."""
    (tmp_path / "bace").mkdir()
    table = "mol,CID,Class\n" + "".join(
        f"{smiles},m{i},{i % 2}\n" for i, smiles in enumerate(MOLECULES)
    )
    (tmp_path / "bace" / "bace.csv").write_text(table)
    known = {"bace.csv": "sha256:" + hashlib.sha256(table.encode()).hexdigest()}
    monkeypatch.setitem(data.SOURCES, "bace", Source("bace", "small", known, ()))
    return tmp_path


def test_bace_parts_keep_their_rows(folder):
    parts = [bace(folder, "scaffold", part) for part in ("train", "valid", "test")]
    assert sorted(row for part in parts for row in part.rows) == list(range(len(MOLECULES)))
    test = parts[2]
    assert test.labels.flatten().tolist() == [float(row % 2) for row in test.rows]
    assert test.split == "scaffold test" and len(test) == len(test.graphs)


def test_home_comes_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("MOLXAI_DATA", str(folder))
    assert data_home() == folder and len(bace(part="all")) == len(MOLECULES)
    assert data_home("elsewhere") == Path("elsewhere")


def test_a_changed_file_is_refused(folder):
    with (folder / "bace" / "bace.csv").open("a") as file:
        file.write("C,x,1\n")
    with pytest.raises(ValueError, match=r"has sha256 .* is needed: delete it"):
        bace(folder)


def test_unknown_names_are_refused(folder):
    with pytest.raises(ValueError, match="there are bace, mnist"):
        source("cifar")
    with pytest.raises(ValueError, match="balanced-scaffold"):
        bace(folder, "chronological")
    with pytest.raises(ValueError, match="there are train, valid, official train, test"):
        mnist(folder, "all")


@pytest.fixture
def server(tmp_path):
    """A server on this machine only, with one file."""
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "thing.txt").write_text("content")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path / "public"))

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def thing(content, *urls):
    return Source(
        "thing", "a test", {"thing.txt": "sha256:" + hashlib.sha256(content).hexdigest()}, urls
    )


def test_downloads_are_checked_and_kept(tmp_path, server, monkeypatch):
    monkeypatch.setitem(data.SOURCES, "thing", thing(b"content", server + "missing/", server))
    path = files("thing", tmp_path)["thing.txt"]
    assert path == tmp_path / "thing" / "thing.txt" and path.read_text() == "content"
    monkeypatch.setitem(data.SOURCES, "thing", thing(b"content"))
    assert files("thing", tmp_path)["thing.txt"] == path


def test_a_download_with_another_hash_is_not_kept(tmp_path, server, monkeypatch):
    monkeypatch.setitem(data.SOURCES, "thing", thing(b"something else", server))
    with pytest.raises(ValueError, match="is not the file that is known here"):
        files("thing", tmp_path)
    assert not (tmp_path / "thing" / "thing.txt").exists()


def test_without_a_network_the_message_says_where_the_file_belongs(tmp_path, monkeypatch):
    monkeypatch.setitem(data.SOURCES, "thing", thing(b"content", "http://127.0.0.1:9/"))
    with pytest.raises(OSError, match=r"cannot download thing.txt .*put it into .*thing"):
        files("thing", tmp_path)


def test_mnist_reads_idx_files(tmp_path, monkeypatch):
    from conftest import stroke_image

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    images = np.stack([(255 * stroke_image()).astype(np.uint8)] * 3)
    labels = np.array([1, 7, 4], dtype=np.uint8)
    known = {}
    (tmp_path / "mnist").mkdir()
    for stem in ("train", "t10k"):
        for name, values in (
            (f"{stem}-images-idx3-ubyte.gz", images),
            (f"{stem}-labels-idx1-ubyte.gz", labels),
        ):
            head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, dtype=">i4").tobytes()
            (tmp_path / "mnist" / name).write_bytes(gzip.compress(head + values.tobytes()))
            known[name] = (
                "sha256:" + hashlib.sha256((tmp_path / "mnist" / name).read_bytes()).hexdigest()
            )
    monkeypatch.setitem(data.SOURCES, "mnist", Source("mnist", "small", known, ()))
    for _ in range(2):  # the second time from the cache of segment maps
        some = mnist(tmp_path, "test", rows=[2, 0])
        assert some.labels.tolist() == [4, 1] and some.rows == [2, 0] and some.graphs[0].nodes > 40


def test_split_sizes_are_shares_of_the_rows():
    from graphormer.data.splits import FRACTIONS, SPLITS, sizes_of

    assert sizes_of("0.8,0.1,0.1") == FRACTIONS and sizes_of("8, 1, 1") == pytest.approx(FRACTIONS)
    made = SPLITS["random"](["C"] * 40, 0, sizes_of("50,25,25"))
    assert [len(made.train), len(made.valid), len(made.test)] == [20, 10, 10]
    for name in SPLITS:
        split = SPLITS[name](MOLECULES, 3, (0.5, 0.0, 0.5))
        assert sorted(split.train + split.test) == list(range(len(MOLECULES))) and not split.valid
    assert SPLITS["scaffold"](MOLECULES, 0) == SPLITS["scaffold"](MOLECULES, 0, FRACTIONS)


@pytest.mark.parametrize(
    "text", ["", "0.8", "0.8,0.2", "a,b,c", "0,0.5,0.5", "0.9,-0.1,0.2", "1,nan,1", "inf,1,1"]
)
def test_sizes_that_are_none_are_refused(text):
    from graphormer.data.splits import sizes_of

    with pytest.raises(ValueError, match="three shares, of train, valid and test"):
        sizes_of(text)
