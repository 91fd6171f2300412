"""The workbench's server: it answers as the command line writes, and refuses in one line."""

import base64
import json
import shutil
import socket
import threading
import time
import zipfile
from importlib.util import find_spec

import numpy as np
import pyarrow as pa
import pytest
from conftest import ROOT
from pyarrow import parquet

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")
pytest.importorskip("multipart", reason="molxai[serve] is not installed")
if not any(map(find_spec, ("httpx2", "httpx"))):
    pytest.skip("neither httpx2 nor httpx is installed", allow_module_level=True)

from fastapi.testclient import TestClient

from molxai.cli import main
from molxai.explanation.record import KEYS
from molxai.serve.api import Explained, JobAnswer, Record
from molxai.serve.app import application
from molxai.serve.jobs import Job, Queue, Results
from molxai.serve.settings import Settings, servable
from molxai.serve.uploads import safe_name

IBUPROFEN = "CC(C)Cc1ccc(cc1)C(C)C(=O)O"
TABLE = f"name,smiles,IC50\nibuprofen,{IBUPROFEN},12\nbroken,C1CC,3\nethanol,CCO,4\nnothing,,5\n"
DIGIT = ROOT / "datasets/digits/7-a.png"
JSON = {"Content-Type": "application/json"}
HOME = "http://127.0.0.1:8000"
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'`&;--",
    "../../etc/passwd",
    "C" * 9999,
    "C" * 10001,
    "\u202eCCO\u202c",
    "CCO\x00C",
    "\ud800",
    "C1CC" * 50,
    "[" * 3000,
)


@pytest.fixture(scope="module")
def client():
    with TestClient(application(Settings()), base_url=HOME, raise_server_exceptions=False) as made:
        yield made


def by_command_line(tmp_path, *arguments, ending="json"):
    path = tmp_path / f"out.{ending}"
    assert main(["explain", *map(str, arguments), "-o", str(path), "-q", "-n", "0"]) == 0
    return path


def explain(client, **asked):
    answer = client.post("/api/explain", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(client, name, content, **form):
    return client.post("/api/upload", files={"file": (name, content)}, data=form)


def finished(client, answer, **asked):
    """The job of an upload when it has ended."""
    assert answer.status_code == 202, answer.text
    for _ in range(600):
        job = client.get(f"/api/jobs/{answer.json()['id']}", params=asked).json()
        if job["state"] not in ("waiting", "running"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


@pytest.mark.parametrize("method", ["lrp", "gradient-input", "leave-one-out", "shap"])
def test_molecules_are_explained_as_by_the_command_line(client, tmp_path, method):
    inputs = [IBUPROFEN, "CCO", "C1CC"]
    made = explain(client, inputs=inputs, methods=[method], target="active")
    assert made["views"] is None
    assert made["records"] == json.loads(
        by_command_line(tmp_path, *inputs, "--method", method, "--target", "active").read_text()
    )


@pytest.mark.parametrize("fragments", ["brics", ["ring c1ccccc1", "acid C(=O)[OH]"]], ids=str)
def test_fragments_are_those_of_the_command_line(client, tmp_path, fragments):
    named = fragments
    if not isinstance(fragments, str):
        named = tmp_path / "own.smarts"
        named.write_text("\n".join(fragments))
    expected = json.loads(by_command_line(tmp_path, IBUPROFEN, "--fragments", named).read_text())
    made = explain(client, inputs=[IBUPROFEN], fragments=fragments)["records"]
    assert made == expected and len(made[0]["fragments"]) > 2
    assert sum(part["relevance"] for part in made[0]["fragments"]) == pytest.approx(
        made[0]["logit"], abs=1e-4
    )


def test_methods_stand_beside_each_other(client):
    made = explain(client, inputs=[IBUPROFEN, "CCO"], methods=["lrp", "gae", "lrp"], views=True)
    assert [(one["row"], one["method"]) for one in made["records"]] == [
        (0, "lrp"),
        (0, "gae"),
        (1, "lrp"),
        (1, "gae"),
    ]
    assert [list(view["methods"]) for view in made["views"]] == [["lrp", "gae"]] * 2
    Explained.model_validate(made)


def test_a_method_that_cannot_leaves_the_others(client):
    made = explain(client, inputs=["C" * 250], methods=["lrp", "shap"], views=True)
    assert [one["status"] for one in made["records"]] == ["ok", "error"]
    assert (
        list(made["views"][0]["methods"]) == ["lrp"]
        and "at most 200 nodes" in made["views"][0]["refused"]["shap"]
    )


@pytest.mark.parametrize("options", [{}, {"target": "3", "contrast": "8"}])
def test_pictures_are_explained_as_by_the_command_line(client, tmp_path, options):
    flags = [flag for name, value in options.items() for flag in (f"--{name}", value)]
    (expected,) = json.loads(by_command_line(tmp_path, DIGIT, *flags).read_text())
    expected["input"] = DIGIT.name
    encoded = base64.b64encode(DIGIT.read_bytes()).decode()
    assert explain(client, picture=encoded, name=DIGIT.name, **options)["records"] == [expected]
    job = finished(client, send(client, DIGIT.name, DIGIT.read_bytes(), **options))
    assert job["records"] == [expected]


def test_an_array_of_grey_values_is_a_digit(client):
    from PIL import Image

    grey = np.asarray(Image.open(DIGIT))
    by_bytes, by_shares = (
        explain(client, image=values.tolist())["records"][0] for values in (grey, grey / 255)
    )
    by_file = explain(client, picture=base64.b64encode(DIGIT.read_bytes()).decode())["records"][0]
    assert by_bytes["prediction"] == "7"
    assert by_bytes["relevance"] == by_shares["relevance"] == by_file["relevance"]


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet", "sdf"])
def test_an_upload_comes_back_as_the_file_of_the_command_line(client, tmp_path, ending):
    table = tmp_path / "some.csv"
    table.write_text(TABLE)
    job = finished(client, send(client, "some.csv", TABLE, methods="lrp,gae", fragments="brics"))
    assert (job["state"], job["total"], job["done"], job["errors"]) == ("done", 4, 4, 2)
    answer = client.get(f"/api/jobs/{job['id']}/result.{ending}?method=gae")
    expected = by_command_line(
        tmp_path, table, "--method", "gae", "--fragments", "brics", ending=ending
    )
    if ending == "parquet":
        assert parquet.read_table(pa.BufferReader(answer.content)).equals(
            parquet.read_table(expected)
        )
    else:
        assert answer.content == expected.read_bytes()
    assert answer.headers["content-disposition"] == f'attachment; filename="some-bace-gae.{ending}"'


def test_fragments_across_an_upload_are_those_of_the_command_line(client, tmp_path):
    table = tmp_path / "some.csv"
    table.write_text(TABLE)
    out = tmp_path / "fragments.json"
    options = ["--scheme", "brics", "--method", "gae", "-o", str(out), "-q"]
    assert main(["fragments", str(table), *options]) == 0
    expected = {carrier["name"]: carrier for carrier in json.loads(out.read_text())["fragments"]}
    job = finished(client, send(client, "some.csv", TABLE, methods="lrp,gae"))
    answer = client.get(f"/api/jobs/{job['id']}/series?method=gae&scheme=brics").json()
    assert {row[0] for row in answer["rows"]} == set(expected) and not answer["note"]
    totals = [abs(mean * times) for _, _, times, mean, *_ in answer["rows"]]
    assert totals == sorted(totals, reverse=True)
    for name, molecules, times, mean, *_ in answer["rows"]:
        carrier = expected[name]
        assert (carrier["molecules"], carrier["occurrences"]) == (molecules, times)
        assert carrier["mean"] == pytest.approx(mean, rel=1e-4)
    for query, message in (("method=shap", "no method 'shap'"), ("scheme=x", "no fragment scheme")):
        refused = client.get(f"/api/jobs/{job['id']}/series?{query}")
        assert refused.status_code == 422 and message in refused.json()["error"]
    assert client.get("/api/jobs/none/series").status_code == 404


def test_results_come_in_pages(client, monkeypatch):
    monkeypatch.setattr("molxai.serve.routes.PAGE", 25)
    rows = "smiles\n" + "CCO\n" * 30
    job = finished(client, send(client, "many.csv", rows), start=28, views=True, records=False)
    assert (
        job["records"] is None
        and [view["row"] for view in job["views"]] == [28, 29]
        and job["next"] is None
    )
    first = client.get(f"/api/jobs/{job['id']}").json()
    assert len(first["records"]) == first["next"] == 25 and first["views"] is None
    JobAnswer.model_validate(first)


@pytest.mark.parametrize("name", ["some.smi", "some.tsv", "some.sdf", "digits.npz", "digit.npy"])
def test_each_kind_of_file_is_read(client, tmp_path, name):
    from rdkit import Chem

    path = tmp_path / name
    if path.suffix == ".sdf":
        path.write_text(Chem.SDWriter.GetText(Chem.MolFromSmiles(IBUPROFEN)))
    elif name.startswith("digit"):
        shutil.copy(ROOT / "datasets/digits/digits.npz", tmp_path / "digits.npz")
        np.save(tmp_path / "digit.npy", np.load(tmp_path / "digits.npz")["images"][:2])
    else:
        path.write_text(f"smiles\tname\n{IBUPROFEN}\ta\n")
    job = finished(client, send(client, name, path.read_bytes()))
    expected = json.loads(by_command_line(tmp_path, path).read_text())
    assert job["records"] == expected and job["errors"] == 0


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_hostile_smiles_are_records(client, text):
    answer = client.post(
        "/api/explain", content=json.dumps({"inputs": [text], "views": True}), headers=JSON
    )
    assert answer.status_code == 200 and answer.text.isascii()
    (known,) = answer.json()["records"]
    assert known["error"] is None or ("\n" not in known["error"] and len(known["error"]) < 400)
    assert answer.json()["views"][0]["error"] == known["error"] and len(known["input"]) < 10_000


NAMES = (
    "<script>.csv",
    "../../x.csv",
    "a\\b.csv",
    "\u202evsc.csv",
    f"{'x' * 1000}.csv",
    f"{'字' * 200}.csv",
    "'; rm -rf ~.csv",
    ".csv",
    "..csv",
)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_file_names_stay_names(client, name):
    job = finished(client, client.post("/api/upload", files={"file": (name, TABLE)}))
    assert job["file"] == safe_name(name) and len(job["file"].encode()) < 255 and job["errors"] == 2
    disposition = client.get(f"/api/jobs/{job['id']}/result.csv").headers["content-disposition"]
    assert disposition.isascii() and not set('<>/\\;:"') & set(
        disposition.removeprefix('attachment; filename="').removesuffix('"')
    )


REFUSED = [
    ({}, 422, "nothing to explain: one of inputs, text, image and picture"),
    ({"inputs": ["CCO"], "image": [[1]]}, 422, "inputs and image to explain"),
    ({"inputs": []}, 422, "inputs: "),
    ({"inputs": ["CCO"] * 101}, 413, "101 inputs at once: at most 100"),
    (
        {"inputs": ["CCO"], "model": "../bace"},
        404,
        "no model '../bace' here: did you mean 'bace'? There are",
    ),
    ({"inputs": ["CCO"], "model": "graphormer/pretrained/bace.safetensors"}, 404, "no model"),
    ({"inputs": ["CCO"], "model": "mnist"}, 422, "reads digits, and these are molecules"),
    ({"inputs": ["CCO"], "methods": ["nonsense"]}, 422, "no method named 'nonsense'"),
    ({"inputs": ["CCO"], "methods": ["lrp"] * 9}, 422, "methods: "),
    ({"inputs": ["CCO"], "target": "nonsense"}, 422, "no class 'nonsense'"),
    (
        {"inputs": ["CCO"], "target": "active", "contrast": "inactive"},
        422,
        "a contrast needs a model of several classes",
    ),
    ({"inputs": ["CCO"], "endpoint": "nonsense"}, 422, "no endpoint 'nonsense'"),
    ({"inputs": ["CCO"], "methdos": ["lrp"]}, 422, "methdos: "),
    ({"inputs": "CCO"}, 422, "inputs: "),
    (
        {"inputs": ["CCO"], "fragments": "/etc/passwd.txt"},
        422,
        "no fragment scheme '/etc/passwd.txt'",
    ),
    ({"inputs": ["CCO"], "fragments": ["ring ((("]}, 422, "ring"),
    ({"image": [[0, 1], [1, 0]], "fragments": "brics"}, 422, "fragments are parts of molecules"),
    ({"image": [[1, 2], [3]]}, 422, "rows of one length"),
    ({"image": [[0] * 513] * 513}, 422, "at most 512 × 512"),
    ({"picture": "no base64!"}, 422, "no base64 text"),
]


@pytest.mark.parametrize(("asked", "status", "says"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_asked_is_said_in_one_line(client, asked, status, says):
    answer = client.post("/api/explain", json=asked)
    assert (
        answer.status_code == status
        and says in answer.json()["error"]
        and "\n" not in answer.json()["error"]
    )


def bomb(kind, path):
    """A small file that unpacks to much."""
    if kind == "npz":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("images.npy", bytes(80 * 2**20))
    elif kind == "png":
        from PIL import Image

        Image.new("1", (8000, 8000)).save(path)
    else:
        cells = pa.DictionaryArray.from_arrays(pa.array([0] * 4000, pa.int32()), ["C" * 100_000])
        parquet.write_table(pa.table({"smiles": cells}), path, compression="zstd")
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_what_unpacks_to_too_much_is_refused(client, tmp_path, kind):
    content = bomb(kind, tmp_path / f"bomb.{kind}")
    answer = send(client, f"bomb.{kind}", content)
    assert (
        len(content) < 200_000
        and answer.status_code == 413
        and f"bomb.{kind} unpacks to" in answer.json()["error"]
    )


def test_a_picture_of_too_many_pixels_is_a_bad_row(client, tmp_path):
    job = finished(client, send(client, "large.png", bomb("png", tmp_path / "large.png")))
    assert job["errors"] == 1 and job["records"][0]["error"].startswith(
        "large.png has 8000 × 8000 pixels"
    )


@pytest.mark.parametrize(
    ("name", "content", "form", "status", "says"),
    [
        ("x.exe", "x", {}, 422, "x.exe: files ending in .smi"),
        ("x.csv.gz", "x", {}, 422, "x.csv.gz is no whole gzip file"),
        ("x.csv", "", {}, 422, "x.csv is empty"),
        (
            "x.csv",
            "a,b\n1,2\n",
            {},
            422,
            "x.csv has the columns a, b: a column named SMILES is needed",
        ),
        ("x.csv", "smiles\n", {}, 422, "no inputs in x.csv"),
        ("x.csv", "smiles\n" + "C\n" * 5001, {}, 413, "x.csv has more than 5000 rows"),
        ("x.csv", b"smiles\n\x00\x01\x02\x03\n", {}, 422, "x.csv holds binary data"),
        ("x.parquet", "no parquet", {}, 422, "x.parquet is no readable Parquet file"),
        ("x.npz", "no zip", {}, 422, "x.npz is no readable .npz file"),
        ("x.csv", TABLE, {"methods": "lrp,nonsense"}, 422, "no method named 'nonsense'"),
        ("x.csv", TABLE, {"model": "mnist"}, 422, "reads digits"),
        ("x.csv", TABLE, {"smiles_column": "nonsense"}, 422, "no column 'nonsense' in x.csv"),
    ],
)
def test_uploads_are_refused_at_once(client, name, content, form, status, says):
    answer = send(client, name, content, **form)
    assert (
        answer.status_code == status
        and says in answer.json()["error"]
        and "/tmp" not in answer.text
    )


def test_long_cells_are_not_parsed(client):
    job = finished(client, send(client, "long.csv", f"smiles\n{'C' * 200_000}\nCCO\n"))
    assert [one["error"] for one in job["records"]] == [
        "200000 characters: at most 10000 are read",
        None,
    ]
    assert len(job["records"][0]["input"]) < 100


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 400),
        ({"Host": "127.0.0.1.evil.example:8000"}, 400),
        ({"Host": ""}, 400),
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9000"}, 403),
        ({"Origin": HOME}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
    ids=str,
)
def test_only_our_own_pages_may_ask(client, headers, status):
    content = json.dumps({"inputs": ["CCO"]})
    answer = client.post("/api/explain", content=content, headers=JSON | headers)
    assert answer.status_code == status and ("error" in answer.json()) == (status != 200)
    assert (
        answer.headers["content-security-policy"].startswith("default-src 'self'")
        and answer.headers["x-content-type-options"] == "nosniff"
    )


def test_another_host_is_let_in_only_by_an_address():
    anywhere = Settings(host="0.0.0.0")
    assert (
        anywhere.knows("192.168.0.7:8000")
        and anywhere.knows(f"{socket.gethostname()}:8000")
        and not anywhere.knows("evil.example")
    )
    assert not Settings().knows("192.168.0.7:8000") and Settings(host="lab.example").knows(
        "lab.example:80"
    )


@pytest.mark.parametrize("told", [True, False])
def test_a_large_body_is_refused_whether_or_not_it_says_so(client, told):
    content = b"x" * (17 * 2**20)
    pieces = content if told else (content[at : at + 2**20] for at in range(0, len(content), 2**20))
    answer = client.post("/api/explain", content=pieces, headers=JSON)
    assert answer.status_code == 413 and "more than 16 MB" in answer.json()["error"]


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        *(
            ("GET", path, 404)
            for path in (
                "/nothing",
                "/static/../app.py",
                "/static/%2e%2e/app.py",
                "/docs",
                "/api/jobs/none",
            )
        ),
        *(
            ("DELETE", "/api/jobs/none", 404),
            ("DELETE", "/api/models", 405),
            ("GET", "/api/explain", 405),
        ),
    ],
)
def test_what_is_not_there_is_said(client, verb, path, status):
    answer = client.request(verb, path)
    assert answer.status_code == status and list(answer.json()) == ["error"]


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"\xff", b'{"inputs": NaN}', b"null"])
def test_what_is_no_request_is_refused(client, content):
    answer = client.post("/api/explain", content=content, headers=JSON)
    assert answer.status_code in (400, 422) and list(answer.json()) == ["error"]


def test_a_fault_of_ours_is_one_line_and_a_traceback_in_the_terminal(client, monkeypatch, caplog):
    monkeypatch.setattr("molxai.batch.worker.explain_rows", lambda *_: 1 / 0)
    answer = client.post("/api/explain", json={"inputs": ["CCO"]})
    assert (
        answer.status_code == 500
        and "ZeroDivisionError" in answer.json()["error"]
        and "Traceback" not in answer.text
    )
    assert "Traceback" in caplog.text
    job = finished(client, send(client, "x.csv", TABLE))
    assert job["state"] == "failed" and "division" in job["error"]
    monkeypatch.undo()
    assert explain(client, inputs=["CCO"])["records"][0]["status"] == "ok"


def test_predictions_are_those_of_the_command_line(client, tmp_path):
    path = tmp_path / "out.json"
    assert main(["predict", IBUPROFEN, "-o", str(path), "-q"]) == 0
    answer = client.post("/api/predict", json={"inputs": [IBUPROFEN]})
    assert answer.json()["records"] == json.loads(path.read_text())


def test_a_drawing_becomes_a_smiles(client):
    from rdkit import Chem
    from rdkit.Chem import AllChem

    mol = Chem.MolFromSmiles("C/C=C(/F)[C@H](N)O")
    AllChem.Compute2DCoords(mol)
    answer = client.post("/api/smiles", json={"block": Chem.MolToMolBlock(mol)})
    assert answer.json() == {"smiles": Chem.MolToSmiles(mol)}
    assert (
        "RDKit cannot read"
        in client.post("/api/smiles", json={"block": "nonsense"}).json()["error"]
    )


def test_records_are_documented_key_by_key(client):
    assert tuple(Record.model_fields) == KEYS and all(
        field.description for field in Record.model_fields.values()
    )
    assert {one["name"] for one in client.get("/api/models").json()} >= {"bace", "mnist"}
    assert {one["name"]: one["conserves"] for one in client.get("/api/methods").json()}["lrp"]


def test_pages_hold_nothing_from_elsewhere(client):
    import re

    for path in ("/", "/api"):
        page = client.get(path)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
        sources = re.findall(r"(?:src|href)=[\"']([^\"']*)", page.text)
        assert sources and all(one.startswith(("/", "#")) for one in sources)
        assert all(
            client.get(one).status_code == 200
            for one in sources
            if one.startswith(("/static", "/assets"))
        )
        assert not re.search(
            r"<script(?! src| type=.application/json)|<style|\sstyle=|\son\w+=", page.text
        )


def test_the_page_of_the_api_shows_names_as_code(client):
    page = client.get("/api").text
    assert "Add <code>fragments</code> to the records" in page and "`" not in page


def test_a_model_of_ones_own_is_served_by_name(saved_model, tmp_path):
    settings = Settings(servable([str(saved_model)]))
    with TestClient(application(settings), base_url=HOME) as client:
        made = explain(client, inputs=["CCO"], model="untrained")
        assert made["records"] == json.loads(
            by_command_line(tmp_path, "CCO", "-m", saved_model).read_text()
        )
        assert (
            client.post(
                "/api/explain", json={"inputs": ["CCO"], "model": str(saved_model)}
            ).status_code
            == 404
        )


@pytest.fixture
def blocked():
    """An application whose long queue is busy until it is told."""
    with TestClient(application(Settings(most_long=3)), base_url=HOME) as client:
        told = threading.Event()

        def step():
            told.wait(60)
            yield []

        client.app.state.dispatcher.long.add(Job(step(), 1))
        yield client, told
        told.set()


def test_a_heavy_job_does_not_block_a_light_one_and_a_full_queue_says_so(blocked):
    client, told = blocked
    heavy = [send(client, "x.csv", TABLE, methods="oracle").json() for _ in range(2)]
    assert [one["state"] for one in heavy] == ["waiting"] * 2
    full = send(client, "x.csv", TABLE, methods="oracle")
    assert full.status_code == 503 and "try again in a little while" in full.json()["error"]
    assert explain(client, inputs=["CCO"])["records"][0]["status"] == "ok"  # while all of them wait
    assert client.get(f"/api/jobs/{heavy[0]['id']}/result.csv").status_code == 422
    assert client.delete(f"/api/jobs/{heavy[0]['id']}").json()["state"] == "cancelled"
    more = send(client, "x.csv", TABLE, methods="oracle")  # what is cancelled makes room
    told.set()
    assert finished(client, more)["done"] == 4
    assert client.get(f"/api/jobs/{heavy[0]['id']}").json()["done"] == 0


def test_a_queue_takes_turns_and_ends():
    order, gate = [], threading.Event()

    def steps(name):
        gate.wait(60)
        for place in range(3):
            order.append((name, place))
            yield [place]

    queue = Queue("test", 4)
    jobs = [queue.add(Job(steps(name), 3)) for name in "ab"]
    gate.set()
    for job in jobs:
        job.ended.result(60)
    assert order == [(name, place) for place in range(3) for name in "ab"] and jobs[0].results == [
        0,
        1,
        2,
    ]
    jobs[0].cancel()
    assert jobs[0].state == "done"
    queue.close()
    queue.thread.join(60)
    assert not queue.thread.is_alive()


def test_a_job_that_is_cancelled_stops_after_its_step():
    queue, begun, gate = Queue("test", 4), threading.Event(), threading.Event()

    def steps():
        for place in range(1000):
            begun.set()
            gate.wait(60)
            yield [place]

    job = queue.add(Job(steps(), 1000))
    begun.wait(60)
    job.cancel()
    gate.set()
    assert job.ended.done() and job.state == "cancelled"
    queue.add(Job(iter([]), 0)).ended.result(60)
    assert job.results == []
    queue.close()


def test_results_expire():
    now = [0.0]
    results = Results(most=2, lifetime=10, clock=lambda: now[0])
    assert results.add("a", "A") == [] and results.add("b", "B") == []
    now[0] = 8
    assert results.find("a") == "A" and results.add("c", "C") == ["B"]
    now[0] = 18.5
    assert results.find("a") is None and results.find("c") is None


def test_a_port_in_use_is_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 1
    error = capsys.readouterr().err.strip()
    assert "it is in use" in error and "--port" in error and "\n" not in error


def test_what_is_missing_is_named(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["serve"]) == 1
    assert (
        "needs fastapi, uvicorn, python-multipart: pip install 'molxai[serve]'"
        in capsys.readouterr().err
    )


def test_structure_may_be_kept_apart(client, tmp_path):
    asked = {"inputs": ["CCO"], "methods": ["lrp-routing"], "features": True, "structure": "apart"}
    (record,) = explain(client, **asked)["records"]
    options = ("--method", "lrp-routing", "--features", "--structure", "apart")
    (written,) = json.loads(by_command_line(tmp_path, "CCO", *options).read_text())
    assert record["structure_relevance"] == written["structure_relevance"] != 0
    assert record["structure"] == written["structure"] and record["bonds"] == written["bonds"]
    answer = client.post("/api/explain", json={"inputs": ["CCO"], "structure": "quarters"})
    assert answer.status_code in (400, 422) and "no place for structure" in answer.text
