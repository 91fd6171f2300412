"""A session is saved and opened again with the results as they were, and nothing is computed."""

import gzip
import json

import pytest

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")
pytest.importorskip("multipart", reason="molxai[serve] is not installed")

from fastapi.testclient import TestClient
from test_serve import DIGIT, HOME, TABLE, finished, send

from molxai.serve import work
from molxai.serve.app import application
from molxai.serve.settings import Settings


@pytest.fixture(scope="module")
def client():
    with TestClient(application(Settings()), base_url=HOME, raise_server_exceptions=False) as made:
        yield made


def save(client, job, state=""):
    answer = client.post(f"/api/jobs/{job['id']}/session", json={"state": state})
    assert answer.status_code == 200, answer.text
    return answer.content


def reopen(client, content, name="a-session.json.gz"):
    return client.post("/api/sessions", files={"file": (name, content)})


def look(client, id):
    answer = client.get(f"/api/jobs/{id}", params={"views": True}).json()
    return {name: value for name, value in answer.items() if name != "id"}


@pytest.mark.parametrize("packed", [True, False])
def test_a_table_comes_back_without_computing(client, monkeypatch, packed):
    job = finished(
        client, send(client, "a.csv", TABLE, methods="lrp,gae", label_column="IC50"), views=True
    )
    state = f"#job={job['id']}&palette=brown-teal&search=ibu"
    content = save(client, job, state)
    monkeypatch.setattr(work, "explain_in_steps", None)  # nothing may be computed
    answer = reopen(client, content if packed else gzip.decompress(content))
    assert answer.status_code == 200, answer.text
    opened = answer.json()
    assert opened["state"] == state and opened["id"] != job["id"]
    assert "and the model bace." in opened["says"] and "molxai" in opened["says"]
    assert look(client, opened["id"]) == look(client, job["id"])
    for ending in ("csv", "json"):
        files = [
            client.get(f"/api/jobs/{id}/result.{ending}?method=gae").content
            for id in (job["id"], opened["id"])
        ]
        assert files[0] == files[1]
    assert client.get(f"/api/jobs/{opened['id']}/columns").json()["smiles"] == "smiles"


def test_a_session_may_be_asked_anew_and_saved_again(client):
    job = finished(client, send(client, "pasted.txt", b"CCO\tx\nCCN\ty", pasted="true"))
    first = save(client, job, "#s")
    opened = reopen(client, first).json()
    again = save(client, opened, "#s")
    assert json.loads(gzip.decompress(again)) == json.loads(gzip.decompress(first))
    assert client.get(f"/api/jobs/{opened['id']}/text").text == "CCO\tx\nCCN\ty"
    parts = {"again": (None, opened["id"]), "target": (None, "inactive")}
    assert finished(client, client.post("/api/upload", files=parts))["done"] == 2


def test_pictures_come_back(client):
    job = finished(client, send(client, "7-a.png", DIGIT.read_bytes()))
    opened = reopen(client, save(client, job)).json()
    assert look(client, opened["id"]) == look(client, job["id"])


def session(client):
    job = finished(client, send(client, "a.csv", TABLE))
    return json.loads(gzip.decompress(save(client, job)))


BAD = {
    "no JSON": lambda one: "{",
    "another thing": lambda one: [],
    "another version": lambda one: one | {"version": 2},
    "another key": lambda one: one | {"evil": 1},
    "no rows": lambda one: one | {"rows": []},
    "an unknown method": lambda one: one | {"methods": ["nonsense"]},
    "too many methods": lambda one: one | {"methods": ["lrp"] * 9},
    "records missing": lambda one: one | {"methods": ["lrp", "gae"]},
    "a text for a number": lambda one: _with_view(one, "methods", {"lrp": {"relevance": ["<b>"]}}),
    "a view without a name": lambda one: _with_view(one, "id", None),
    "a file without content": lambda one: one | {"files": [{"name": "a.csv"}]},
    "a method twice": lambda one: one | {"methods": ["lrp", "lrp"]},
    "another model in the question": lambda one: (
        one | {"question": one["question"] | {"model": "bace-pic50"}}
    ),
    "a logit in words": lambda one: _with_view(one, "logit", "high"),
    "no logit": lambda one: _with_view(one, "logit", None),
    "a number for a SMILES": lambda one: _with_view(one, "smiles", 5),
    "a number for a label": lambda one: _with_view(one, "label", 5),
    "no drawing": lambda one: _with_view(one, "molecule", None),
    "a drawing without atoms": lambda one: _with_view(one, "molecule", {"size": [1, 1]}),
    "other schemes": lambda one: _with_view(one, "fragments", {"x": []}),
    "parts of other atoms": lambda one: _with_view(one, "parts", [[99]]),
    "another method": lambda one: _with_method(one, "gae", {}),
    "relevances of other atoms": lambda one: _with_method(one, "lrp", {"relevance": [1.0]}),
    "a largest of no atom": lambda one: _with_method(one, "lrp", {"largest": [99]}),
    "sums of other parts": lambda one: _with_method(one, "lrp", {"sums": []}),
    "a long address": lambda one: one | {"state": "#" * 300_000},
}


def _with_view(one, name, value):
    first, *others = one["rows"]
    return one | {"rows": [first | {"view": first["view"] | {name: value}}, *others]}


def _with_method(one, name, fields):
    view = one["rows"][0]["view"]
    return _with_view(one, "methods", {name: view["methods"]["lrp"] | fields})


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_session_is_refused_in_a_line(client, kind):
    changed = BAD[kind](session(client))
    content = changed if isinstance(changed, str) else json.dumps(changed)
    answer = reopen(client, content.encode(), "x.json")
    assert answer.status_code == 422, answer.text
    assert "\n" not in answer.json()["error"] and "<b>" not in answer.json()["error"]


def test_numbers_that_are_not_finite_are_refused(client):
    content = json.dumps(_with_view(session(client), "probability", "HERE"))
    answer = reopen(client, content.replace('"HERE"', "NaN").encode(), "x.json")
    assert answer.status_code == 422


def test_hidden_numbers_that_are_not_finite_name_the_file(client):
    content = json.dumps(_with_view(session(client), "further", "HERE"))
    answer = reopen(client, content.replace('"HERE"', "NaN").encode(), "x.json")
    assert answer.status_code == 422 and answer.json()["error"].startswith("x.json ")


def test_a_session_of_a_model_that_is_not_here_says_so(client):
    made = session(client)
    made["model"]["name"] = "own"
    answer = reopen(client, json.dumps(made).encode(), "x.json")
    assert answer.status_code == 404 and "-m FOLDER" in answer.json()["error"]


def test_a_changed_model_is_said(client):
    made = session(client)
    made["model"]["sha256"] = "0"
    says = reopen(client, json.dumps(made).encode(), "x.json").json()["says"]
    assert "which has changed since" in says


def test_what_unpacks_to_too_much_is_no_session(client):
    settings = Settings(largest_session=2**20)
    with TestClient(application(settings), base_url=HOME) as small:
        bomb = gzip.compress(b" " * 2**21)
        assert reopen(small, bomb).status_code == 413
        assert reopen(small, b" " * 2**21, "x.json").status_code == 413


def test_a_session_may_be_larger_than_other_requests():
    settings = Settings(largest_body=2**16)
    with TestClient(application(settings), base_url=HOME) as small:
        job = finished(small, send(small, "a.smi", "CCCCCCCCCCO\n" * 40))
        content = gzip.decompress(save(small, job))
        assert len(content) > 2**16
        assert reopen(small, content).status_code == 200
        assert send(small, "a.smi", "C\n" * 2**16).status_code == 413


def test_what_could_not_be_opened_again_is_not_saved():
    settings = Settings(largest_session=2**12)
    with TestClient(application(settings), base_url=HOME) as small:
        job = finished(small, send(small, "a.csv", TABLE))
        answer = small.post(f"/api/jobs/{job['id']}/session", json={})
        assert answer.status_code == 413 and "session of a.csv" in answer.json()["error"]


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "Ω" * 250 + ".csv"])
def test_a_file_with_a_long_name_is_opened_again(client, name):
    job = finished(client, send(client, name, TABLE))
    assert reopen(client, save(client, job)).status_code == 200


def test_a_long_address_is_kept_and_a_longer_one_refused_in_words(client):
    job = finished(client, send(client, "a.csv", TABLE))
    state = "#strokes=" + "1" * 60_000
    assert reopen(client, save(client, job, state)).json()["state"] == state
    refused = client.post(f"/api/jobs/{job['id']}/session", json={"state": "#" * 300_000})
    assert refused.status_code == 422 and "state" in refused.json()["error"]


def test_a_table_at_work_is_not_saved(client):
    answer = send(client, "long.smi", "CCCCCCCCCCCC\n" * 300, methods="shap")
    id = answer.json()["id"]
    early = client.post(f"/api/jobs/{id}/session", json={})
    client.delete(f"/api/jobs/{id}")
    assert early.status_code == 422 and "wait for the rest" in early.json()["error"]


@pytest.mark.parametrize("field", ["image", "segments", "side"])
def test_a_digit_that_does_not_fit_together_is_refused(client, field):
    job = finished(client, send(client, "7-a.png", DIGIT.read_bytes()))
    made = json.loads(gzip.decompress(save(client, job)))
    digit = made["rows"][0]["view"]["digit"]
    digit[field] = 3 if field == "side" else digit[field][:40]
    answer = reopen(client, json.dumps(made).encode(), "x.json")
    assert answer.status_code == 422 and answer.json()["error"].startswith("x.json ")


def test_molecules_without_bonds_come_back(client):
    table = b"C\n[Na+].[Cl-]\nCCO\n"
    job = finished(client, send(client, "a.smi", table, methods="lrp-routing,gae"))
    assert (job["done"], job["errors"]) == (3, 0)
    assert reopen(client, save(client, job)).status_code == 200
