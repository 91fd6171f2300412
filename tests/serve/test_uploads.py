"""Uploads: several files, packed ones, columns that are chosen, and what a job was made of."""

import gzip
import re

import pytest
from conftest import ROOT

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")
pytest.importorskip("multipart", reason="molxai[serve] is not installed")

from test_serve import HOME, IBUPROFEN, TABLE, finished, send

from graphormer.training.pretrain import NAME
from molxai.serve.settings import STARTING_POINT, servable


@pytest.fixture(scope="module")
def client():
    from fastapi.testclient import TestClient

    from molxai.serve.app import application
    from molxai.serve.settings import Settings

    with TestClient(application(Settings()), base_url=HOME, raise_server_exceptions=False) as made:
        yield made


def send_files(client, files, path="/api/upload", **form):
    return client.post(path, files=[("file", file) for file in files], data=form)


SECOND = "Compound ID,canonical_smiles,pIC50\nx1,CCN,5.5\nx2,c1ccccc1,6.5\n"


def test_several_files_are_one_table_that_names_them(client):
    files = [("a.csv", TABLE), ("b.csv", SECOND), ("c.smi", "CCO\tsolvent\n")]
    job = finished(client, send_files(client, files))
    records = job["records"]
    assert job["file"] == "a.csv_and_2_more" and job["total"] == 7 and not job["single"]
    assert [one["row"] for one in records] == list(range(7))
    assert [one["id"] for one in records[4:]] == ["x1", "x2", "solvent"]
    assert [one["source file"] for one in records] == ["a.csv"] * 4 + ["b.csv"] * 2 + ["c.smi"]


def test_files_of_one_name_are_kept_apart(client):
    job = finished(client, send_files(client, [("a.smi", "CCO"), ("a.smi", "CCN")]))
    assert [one["input"] for one in job["records"]] == ["CCO", "CCN"]


def test_several_pictures_are_rows(client):
    names = ["handdrawn-2.jpg", "7-a.png"]
    files = [(name, (ROOT / "datasets/digits" / name).read_bytes()) for name in names]
    job = finished(client, send_files(client, files))
    assert [one["prediction"] for one in job["records"]] == ["2", "7"]
    assert [one["id"] for one in job["records"]] == ["handdrawn-2", "7-a"]


def test_molecules_and_digits_do_not_mix(client):
    picture = (ROOT / "datasets/digits/7-a.png").read_bytes()
    answer = send_files(client, [("a.smi", "CCO"), ("7.png", picture)])
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("a.smi holds molecules and 7.png digits: explain")


@pytest.mark.parametrize("name", ["a.csv", "a.smi", "a.txt", "a.tsv"])
def test_packed_text_is_read(client, name):
    text = TABLE.replace(",", "\t") if name == "a.tsv" else TABLE
    if name in ("a.smi", "a.txt"):
        text = "CCO\tethanol\nCCN\tethylamine\n"
    plain = finished(client, send(client, name, text.encode()))
    packed = finished(client, send(client, f"{name}.gz", gzip.compress(text.encode())))
    assert packed["records"] == plain["records"]


@pytest.mark.parametrize(
    ("name", "rows", "lost", "status", "says"),
    [
        ("a.csv.gz", 40_000_000, 0, 413, "unpacks to more"),
        ("a.csv.gz", 100, 9, 422, "no whole gzip file"),
        ("a.png.gz", 1, 0, 422, "unpack it first"),
        ("a.zip.gz", 1, 0, 422, "files ending in"),
    ],
)
def test_packed_files_that_are_refused(client, name, rows, lost, status, says):
    content = gzip.compress(b"smiles\n" + b"C\n" * rows)
    answer = send(client, name, content[: len(content) - lost])
    assert answer.status_code == status and says in answer.json()["error"]
    assert "/tmp" not in answer.json()["error"]


def test_a_job_is_asked_again_without_its_file(client):
    first = finished(client, send(client, "a.csv", TABLE, target="active"))
    form = {"again": first["id"], "target": "inactive", "label_column": "IC50"}
    parts = {name: (None, value) for name, value in form.items()}
    second = finished(client, client.post("/api/upload", files=parts))
    assert second["id"] != first["id"] and second["file"] == "a.csv"
    assert (first["label_column"], second["label_column"]) == ("", "IC50")
    assert [one["target"] for one in first["records"]][::2] == ["active", "active"]
    assert [one["target"] for one in second["records"]][::2] == ["inactive", "inactive"]
    forgotten = client.post("/api/upload", files=parts | {"again": (None, "nonsense")})
    assert forgotten.status_code == 404 and "open the file again" in forgotten.json()["error"]


def test_pasted_text_comes_back(client):
    text = f"{IBUPROFEN}\tibuprofen\nCCO\tλ ethanol\n"
    job = finished(client, send(client, "pasted.txt", text.encode(), pasted="true"))
    assert job["pasted"] and not job["single"]
    assert client.get(f"/api/jobs/{job['id']}/text").text == text
    single = finished(client, send(client, "pasted.txt", b"CCO\tethanol", pasted="true"))
    assert single["single"]
    table = finished(client, send(client, "one.csv", b"smiles\nCCO\n"))
    assert not table["single"]
    assert client.get(f"/api/jobs/{table['id']}/text").status_code == 422


@pytest.mark.parametrize(
    ("files", "known"),
    [
        ([("a.csv", TABLE)], (["name", "smiles", "IC50"], "smiles", "name")),
        ([("b.csv", SECOND)], (["Compound ID", "canonical_smiles", "pIC50"], None, "Compound ID")),
        ([("c.csv", "a,b\n1,2\n")], (["a", "b"], "", "")),
        ([("c.smi", "CCO\n")], ([], "", "")),
    ],
)
def test_columns_are_found_before_anything_is_explained(client, files, known):
    answer = send_files(client, files, "/api/columns")
    assert answer.status_code == 200, answer.text
    columns, smiles, identity = known
    told = answer.json()
    assert told["columns"] == columns and told["id"] == identity
    assert told["smiles"] == ("canonical_smiles" if smiles is None else smiles)
    assert ("'Column of SMILES'" in told["error"]) == (columns == ["a", "b"])
    if smiles != "":
        job = finished(client, send_files(client, files))
        assert client.get(f"/api/jobs/{job['id']}/columns").json() == told


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("a,b\n1,2\n", {}),
        ("a,b\nCCO,CCCCO\nCCN,CCCN\n", {}),
        (TABLE, {"smiles_column": "nonsense"}),
        (TABLE, {"id_column": "nonsense"}),
        (TABLE, {"label_column": "nonsense"}),
        (TABLE, {"target": "true"}),
        (TABLE, {"contrast": "active"}),
        (TABLE, {"encoding": "utf-16"}),
        ("smiles,SMILES\nCCO,CCO\n", {}),
    ],
)
def test_refusals_name_fields_and_no_options(client, content, form):
    answer = send(client, "x.csv", content, **form)
    assert answer.status_code == 422
    assert not re.search(r"(?<!\w)--?[a-z]", answer.json()["error"]), answer.json()["error"]


def test_the_model_that_training_begins_with_is_offered_only_if_it_is_named():
    assert STARTING_POINT == NAME
    assert NAME not in servable() and "bace" in servable()
    assert NAME in servable([NAME])
