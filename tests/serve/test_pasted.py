"""Text that is pasted into the workbench: one molecule or many, as the file that it would be."""

from importlib.util import find_spec

import pytest
from rdkit import Chem

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")

from molxai.serve.pasted import as_file
from molxai.serve.settings import Settings
from molxai.serve.subjects import pasted_rows
from molxai.serve.uploads import uploaded

BLOCK = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
V3000 = Chem.MolToV3KMolBlock(Chem.MolFromSmiles("CCN"))
INCHI = "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3"


@pytest.mark.parametrize(
    ("text", "name", "rows"),
    [
        ("CCO", "pasted.smi", [("CCO", "")]),
        ("  CCO \n", "pasted.smi", [("CCO", "")]),
        ("CCO\nCCN\nc1ccccc1O", "pasted.smi", [("CCO", ""), ("CCN", ""), ("c1ccccc1O", "")]),
        (
            "CCO\tethanol\r\nCCN\tethylamine\r\n",
            "pasted.smi",
            [("CCO", "ethanol"), ("CCN", "ethylamine")],
        ),
        (
            "CCO ethyl alcohol\n\n\nCCN two",
            "pasted.smi",
            [("CCO", "ethyl alcohol"), ("CCN", "two")],
        ),
        ("CCO ethanol", "pasted.smi", [("CCO", "ethanol")]),
        ("CCO 1,2 of 3\nCCN 4,5", "pasted.smi", [("CCO", "1,2 of 3"), ("CCN", "4,5")]),
        ("SMILES\nCCO\nCCN", "pasted.smi", [("CCO", ""), ("CCN", "")]),
        (f"{INCHI}\n{INCHI}", "pasted.smi", [(INCHI, ""), (INCHI, "")]),
        ("\ufeffid,SMILES,y\na,CCO,1\n", "pasted.csv", [("CCO", "a")]),
        ("name\tsmiles\na\tCCO\nb\tCCN", "pasted.tsv", [("CCO", "a"), ("CCN", "b")]),
        ('"name","canonical_smiles"\n"a, b","CCO"', "pasted.csv", [("CCO", "a, b")]),
    ],
)
def test_text_is_the_file_that_it_would_be(text, name, rows):
    assert as_file(text).name == name
    assert [(one.content, one.id) for one in pasted_rows(text, Settings())] == rows


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        BLOCK.strip("\n"),
        BLOCK.strip(),
        f"\n\n{BLOCK}",
        BLOCK.replace("\n", "\r\n"),
        f"title{BLOCK}",
        V3000,
        V3000.strip(),
    ],
)
def test_mol_blocks_are_read_whatever_blank_lines_were_lost(text):
    (row,) = pasted_rows(text, Settings())
    assert row.read().error == "" and row.read().subject.smiles in ("CCO", "CCN")
    assert row.id == ("title" if text.startswith("title") else "")


def test_an_sdf_keeps_its_records_and_properties():
    text = f"{BLOCK}> <y>\n1.5\n\n$$$$\n{V3000}$$$$\n"
    found = pasted_rows(text, Settings())
    assert [one.read().subject.smiles for one in found] == ["CCO", "CCN"] and found[0].extras[
        "y"
    ] == "1.5"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the text is empty"),
        (" \n\t\n", "the text is empty"),
        ("ethanol,C1C\namine,C2N", "a table without a header, 'ethanol,C1C'"),
    ],
)
def test_what_is_no_molecule_is_said(text, said):
    with pytest.raises(ValueError, match=said) as refused:
        as_file(text)
    assert "\n" not in str(refused.value)


def test_a_text_file_is_what_its_content_says():
    found = uploaded("list.TXT", b"CCO\tethanol\nCCN\n", Settings())
    assert [(one.content, one.id) for one in found] == [("CCO", "ethanol"), ("CCN", "")]
    assert [one.id for one in uploaded("list.txt", b"CCO \xb5\n", Settings())] == ["µ"]
    with pytest.raises(ValueError, match=r"list\.txt holds binary data"):
        uploaded("list.txt", b"CCO\x00\x01\x02\n", Settings())


@pytest.fixture(scope="module")
def client():
    if not any(map(find_spec, ("httpx2", "httpx"))):
        pytest.skip("neither httpx2 nor httpx is installed")
    from fastapi.testclient import TestClient

    from molxai.serve.app import application

    with TestClient(
        application(Settings()), base_url="http://127.0.0.1:8000", raise_server_exceptions=False
    ) as made:
        yield made


def test_the_api_takes_pasted_text(client):
    answer = client.post(
        "/api/explain",
        json={"text": "CCO\tethanol\nC1CC broken\nCCN", "views": True, "target": "active"},
    )
    assert answer.status_code == 200
    known = client.post(
        "/api/explain", json={"inputs": ["CCO", "C1CC", "CCN"], "target": "active"}
    ).json()["records"]
    assert [one["id"] for one in answer.json()["records"]] == ["ethanol", "broken", "2"]
    assert [one["relevance"] for one in answer.json()["records"]] == [
        one["relevance"] for one in known
    ]
    assert [one["id"] for one in answer.json()["views"]] == ["ethanol", "broken", "2"]
    assert [
        one["id"]
        for one in client.post("/api/predict", json={"text": "CCO a\nCCN b"}).json()["records"]
    ] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CCO", {"file": "pasted.smi", "rows": 1, "name": ""}),
        (BLOCK, {"file": "pasted.sdf", "rows": 1, "name": ""}),
        ("CCO ethanol", {"file": "pasted.smi", "rows": 1, "name": "ethanol"}),
        ("smiles,id\nCCO,a\nCCN,b", {"file": "pasted.csv", "rows": 2, "name": ""}),
    ],
)
def test_the_api_says_what_text_is(client, text, expected):
    assert client.post("/api/recognise", json={"text": text}).json() == expected


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (" ", 422, "the text is empty"),
        ("a,C1C\nb,C2N", 422, "without a header"),
        ("CCO CCN", 422, "several SMILES on one line: put each on a line of its own"),
        ("CCO\n" * 101, 413, "101 inputs at once: at most 100, send more as a file to /api/upload"),
        ("CCO\n" * 5001, 413, "more than 5000 rows"),
    ],
)
def test_what_cannot_be_taken_is_said_in_one_line(client, text, status, said):
    answer = client.post("/api/explain", json={"text": text})
    assert answer.status_code == status and said in answer.json()["error"]
