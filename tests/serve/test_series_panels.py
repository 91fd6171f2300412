"""What the workbench says of an upload as a series: core, R groups, matched pairs, two rows."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from browsing import PHONE, chromium, home, look_like, until

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")

from fastapi.testclient import TestClient

from molxai.serve.app import application
from molxai.serve.settings import Settings
from molxai.serve.words import page_words

__all__ = ["home"]

TABLE = "\n".join(
    (
        "id,smiles",
        "a,COc1ccc(C(=O)NC)cc1",
        "b,c1cc(F)ccc1C(=O)NC",
        "c,CNC(=O)c1ccc(Cl)cc1",
        "d,CCNC(=O)c1ccc(Cl)cc1",
        "e,not one",
        "f,CCO",
    )
)


@pytest.fixture(scope="module")
def client():
    with TestClient(application(Settings()), base_url="http://localhost") as client:
        yield client


@pytest.fixture(scope="module")
def job(client):
    files = {"file": ("series.csv", TABLE)}
    job = client.post("/api/upload", files=files, data={"methods": "lrp,gae"}).json()
    while client.get(f"/api/jobs/{job['id']}").json()["state"] != "done":
        time.sleep(0.05)
    return f"/api/jobs/{job['id']}"


def test_drawings_lie_on_the_core(client, job):
    answer = client.get(f"{job}/aligned").json()
    assert [row for row, _ in answer["drawings"]] == [0, 1, 2, 3] and "#6" in answer["core"]
    part = client.get(f"{job}/aligned", params={"core": answer["core"], "start": 1, "count": 2})
    assert part.json()["drawings"] == answer["drawings"][1:3]
    views = client.get(f"{job}?views=true").json()["views"]
    assert [len(drawing["atoms"]) for _, drawing in answer["drawings"]] == [
        len(view["molecule"]["atoms"]) for view in views[:4]
    ]
    amide = [drawing["atoms"] for _, drawing in answer["drawings"]]
    ways = [(amide[0], 2, 6), (amide[1], 3, 6), (amide[2], 8, 3), (amide[3], 9, 4)]
    across = [[atoms[2 * b] - atoms[2 * a] for a, b in [way]] for atoms, *way in ways]
    assert max(way for (way,) in across) - min(way for (way,) in across) < 100


def test_r_groups_of_the_rows(client, job):
    table = client.get(f"{job}/rgroups", params={"core": "O=C(N[*:1])c1ccc([*:2])cc1"}).json()
    assert [position["label"] for position in table["positions"]] == ["R1", "R2"]
    assert [(each["x"], each["y"]) for each in table["maps"]] == [("R1", "R2")]
    turned = client.get(
        f"{job}/rgroups", params={"core": "NC(=O)c1ccccc1", "x": "R2", "y": "R1", "method": "gae"}
    ).json()
    assert [(each["x"], each["y"]) for each in turned["maps"]] == [("R2", "R1")]
    assert list(turned["limits"]["relevance"]) == ["gae"]


def test_matched_pairs_and_two_rows(client, job):
    rows = client.get(f"{job}/pairs").json()["rows"]
    assert ("*Cl", "*F") in {tuple(row[:2]) for row in rows}
    answer = client.get(f"{job}/pair", params={"a": 0, "b": 1}).json()
    assert answer["changed"] == [[0, 1], [3]] and len(answer["drawings"]) == 2
    assert sum(value for _, value in answer["parts"]) == pytest.approx(answer["delta"], abs=1e-3)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("aligned?core=c1ccsc1", "none of the molecules has the core"),
        ("aligned?core=C1(", "RDKit cannot read the core"),
        ("rgroups?core=c1ccsc1", "has the core"),
        ("rgroups?core=NC(=O)c1ccccc1&x=R1&y=R7", "no position 'R7'"),
        ("rgroups?method=shap", "shap"),
        ("pairs?method=nix", "nix"),
        ("pair?a=0&b=4", "row 4 is no molecule that was explained"),
        ("pair?a=0&b=99", "row 99 is no molecule"),
        ("pair?a=-1&b=0", "a:"),
        ("pair?a=0", "b: Field required"),
        (f"aligned?core={'C' * 501}", "core:"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_line(client, job, query, words):
    answer = client.get(f"{job}/{query}")
    assert answer.status_code == 422
    assert words in answer.json()["error"] and "\n" not in answer.json()["error"]


def test_searches_run_after_each_other(client, job, monkeypatch):
    running = []

    def search(*_, **__):
        running.append("begin")
        time.sleep(0.3)
        running.append("end")
        return {"rows": [], "limit": 0.0, "low": None, "decimals": 3, "note": ""}

    for name in ("rgroup_table", "pair_table", "carrier_table"):
        monkeypatch.setattr(f"molxai.serve.series.{name}", search)
    with ThreadPoolExecutor() as pool:
        answers = pool.map(client.get, (f"{job}/{name}" for name in ("rgroups", "pairs", "series")))
        assert [answer.status_code for answer in answers] == [200] * 3
    assert running == ["begin", "end"] * 3


def test_a_forgotten_job_has_no_series(client):
    for name in ("aligned", "rgroups", "pairs", "pair?a=0&b=1"):
        assert client.get(f"/api/jobs/none/{name}").status_code == 404


def change(driver, selector, value):
    driver.execute_script(
        "const control = document.querySelector(arguments[0]);"
        "control.value = arguments[1];"
        "control.dispatchEvent(new Event('change', { bubbles: true }))",
        selector,
        value,
    )


def open_panel(driver, title):
    driver.execute_script(
        "[...document.querySelectorAll('#result summary')]"
        ".find((one) => one.textContent.startsWith(arguments[0])).click()",
        title,
    )


@pytest.mark.parametrize("size", [(1440, 900), PHONE])
def test_the_page_shows_the_series(home, tmp_path, size):
    path = tmp_path / "series.csv"
    path.write_text(TABLE)
    with chromium(*size) as driver:
        look_like(driver, *size)
        driver.get(home)
        driver.find_element("id", "tab-file").click()
        driver.find_element("id", "chosen").send_keys(str(path))
        until(
            driver,
            "document.querySelector('#downloads') && !document.querySelector('#downloads').hidden",
        )
        before = driver.execute_script(
            "return document.querySelector('tr[data-row=\"1\"] svg').outerHTML"
        )
        change(driver, "select.align", "core")
        until(driver, "document.querySelector('.alignment').textContent.includes('4 of 6 have')")
        drawn = "return document.querySelector('tr[data-row=\"1\"] svg').outerHTML"
        assert driver.execute_script(drawn) != before
        change(driver, "select.align", "drawn")
        until(driver, "!document.querySelector('.alignment').textContent.includes('have')")
        assert driver.execute_script(drawn) == before
        change(driver, "select.align", "core")
        change(driver, "input.core", "c1ccsc1")
        until(driver, "document.querySelector('.alignment').textContent.includes('none of')")

        open_panel(driver, "Core")
        until(driver, "document.querySelector('.rgroups table.series')")
        change(driver, "details input.core", "O=C(N[*:1])c1ccc([*:2])cc1")
        until(driver, "document.querySelector('.rgroups').textContent.includes('given')")
        cell = driver.find_element("css selector", "table.pairs td button")
        driver.execute_script("arguments[0].click()", cell)
        assert driver.find_elements("css selector", ".members button")

        open_panel(driver, "Matched")
        until(driver, "document.querySelector('.changes td.links button')")
        link = driver.find_element("css selector", ".changes td.links button")
        driver.execute_script("arguments[0].click()", link)
        until(driver, "document.querySelector('#versus table')")
        dialog = driver.find_element("id", "versus")
        assert "unchanged atoms, read differently" in dialog.text
        assert len(dialog.find_elements("css selector", "svg.molecule")) == 2
        assert driver.execute_script("return document.documentElement.scrollWidth") <= size[0]
        errors = [entry for entry in driver.get_log("browser") if "422" not in entry["message"]]
        assert not [entry for entry in errors if entry["level"] == "SEVERE"]


def test_refusals_of_cores_have_no_options_of_the_command_line(client, job):
    text = "name one with --core"
    assert page_words(text) == "choose one under 'Core' (core)"
    answer = client.get(f"{job}/rgroups", params={"core": "[*:1]"})
    assert answer.status_code == 422 and "ends one bond" in answer.json()["error"]
