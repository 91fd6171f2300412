"""The program as a user meets it: records, pictures, errors in one line, exit codes."""

import csv
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from conftest import stroke_image
from PIL import Image
from rdkit import Chem

from molxai.cli import main
from molxai.explanation.record import KEYS

IBUPROFEN = "CC(C)Cc1ccc(cc1)C(C)C(=O)O"


@pytest.fixture
def run(saved_model, capsys, monkeypatch, tmp_path):
    """Run the program in an empty folder with the untrained model.

    It returns the exit code, stdout and stderr.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def go(command, *arguments, model=saved_model):
        capsys.readouterr()
        code = main([command, *map(str, arguments), *(["-m", str(model)] if model else [])])
        output = capsys.readouterr()
        return code, output.out, output.err

    return go


def records(path):
    return json.loads(Path(path).read_text())


def table(path):
    return list(csv.DictReader(Path(path).read_text().splitlines()))


def one_line(error):
    return error.startswith("molxai: ") and error.count("\n") == 1 and "Traceback" not in error


def test_json_holds_the_ledger(run):
    assert run("explain", IBUPROFEN, "-o", "out.json")[0] == 0
    (record,) = records("out.json")
    assert list(record) == list(KEYS) and record["status"] == "ok" and record["error"] is None
    assert len(record["relevance"]) == 15 and abs(record["gap"]) <= 1e-4
    total = sum(record["relevance"]) + record["token_relevance"] + record["bias_relevance"]
    assert total == pytest.approx(record["logit"], abs=1e-4)
    probability = 1 / (1 + np.exp(-record["logit"]))
    assert record["probability"] == pytest.approx(probability, abs=1e-6)
    assert record["probability"] >= 0.5


def test_target_and_features(run):
    run("explain", IBUPROFEN, "-o", "yes.json", "--target", "yes", "--features")
    run("explain", IBUPROFEN, "-o", "no.json", "--target", "0")
    (yes,), (no,) = records("yes.json"), records("no.json")
    assert (yes["target"], no["target"]) == ("yes", "no")
    assert yes["relevance"] == [-r for r in no["relevance"]] and yes["logit"] == -no["logit"]
    assert np.allclose(np.sum(list(yes["features"].values()), axis=0), yes["relevance"], atol=1e-6)


def test_a_table_keeps_every_row_in_order(run):
    Path("t.csv").write_text(f"Name,SMILES,y\nfirst,{IBUPROFEN},yes\nbad,C1CC,no\n,C,no\n")
    code, _, error = run("explain", "t.csv", "-o", "out.csv")
    assert code == 0 and "2 of 3 inputs done, 1 with errors" in error
    rows = table("out.csv")
    assert [row["id"] for row in rows] == ["first", "bad", "2"]
    assert [row["status"] for row in rows] == ["ok", "error", "ok"]
    assert "cannot read" in rows[1]["error"] and rows[1]["relevance"] == ""
    assert len(json.loads(rows[0]["relevance"])) == 15


def test_every_format_says_the_same(run):
    for name in ("a.json", "a.jsonl", "a.csv"):
        run("explain", IBUPROFEN, "C", "-o", name)
    whole, rows = records("a.json"), table("a.csv")
    assert [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()] == whole
    assert [list(row) for row in rows] == [list(KEYS)] * 2
    assert [json.loads(row["relevance"]) for row in rows] == [row["relevance"] for row in whole]


def test_the_batch_does_not_change_the_numbers(run):
    run("explain", IBUPROFEN, "CCO", "c1ccccc1", "-o", "a.json", "-b", "1")
    run("explain", "c1ccccc1", "CCO", IBUPROFEN, "-o", "b.json", "-b", "3")
    for a, b in zip(records("a.json"), reversed(records("b.json")), strict=True):
        assert np.allclose(a["relevance"], b["relevance"], atol=1e-5)


def test_smi_tsv_and_sdf(run):
    Path("a.smi").write_text(f"# a comment\n{IBUPROFEN} ibuprofen\n\nCCO\tethanol, dry\n")
    Path("a.tsv").write_text(f"x\tstructure\n1\t{IBUPROFEN}\n")
    with Chem.SDWriter("a.sdf") as writer:
        mol = Chem.AddHs(Chem.MolFromSmiles(IBUPROFEN))
        mol.SetProp("_Name", "with hydrogens")
        writer.write(mol)
    ethanol = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO")) + "$$$$\n"
    Path("a.sdf").write_text(
        Path("a.sdf").read_text() + "garbage\n\n\n  3  9 bad\n$$$$\n" + ethanol
    )
    run("explain", "a.smi", "-o", "smi.json")
    run("explain", "a.tsv", "-s", "structure", "-o", "tsv.json")
    run("explain", "a.sdf", "-o", "sdf.json")
    assert [row["id"] for row in records("smi.json")] == ["ibuprofen", "ethanol, dry"]
    good, bad, last = records("sdf.json")
    assert last["status"] == "ok" and len(last["relevance"]) == 3
    assert good["id"] == "with hydrogens" and good["notes"] == [
        "18 explicit hydrogens folded into their heavy atoms"
    ]
    assert bad["status"] == "error" and bad["input"] == "a.sdf#2"
    for record in (records("smi.json")[0], good):
        assert np.allclose(records("tsv.json")[0]["relevance"], record["relevance"], atol=1e-5)


def test_true_class_comes_from_the_table(run):
    Path("t.csv").write_text(f"smiles,y\n{IBUPROFEN},yes\nCCO,0\nC,\nCC,maybe\n")
    run("explain", "t.csv", "--target", "true", "--target-columns", "y", "-o", "out.json")
    rows = records("out.json")
    assert [row["target"] for row in rows] == ["yes", "no", None, None]
    message = "the cell in column 'y' is empty: --target true needs the row's class there"
    assert rows[2]["error"].startswith(message)
    assert "no class 'maybe'" in rows[3]["error"]


def test_the_terminal_table_ranks_atoms(run):
    code, out, _ = run("explain", IBUPROFEN)
    assert code == 0 and "Explained:" in out and "Sum: atoms" in out
    values = [float(line.split()[2]) for line in out.splitlines() if line.strip()[:1].isdigit()]
    assert len(values) == 15 and values == sorted(values, reverse=True)
    assert "2 of 3" in run("explain", "C", "CC(", "O")[2]


def test_several_rows_say_values_and_endpoints(run, saved_pair_model):
    code, text, _ = run(
        "explain", "CCO", "CCN", "--endpoint", "second", "--target", "yes", model=saved_pair_model
    )
    assert code == 0 and text.count("second: yes") == 2
    assert run("explain", "CCO", "CCN", "-o", "values.json", model="bace-pic50")[0] == 0
    _, text, _ = run("explain", "CCO", "CCN", model="bace-pic50")
    values = [f"{record['prediction']:.4g}" for record in records("values.json")]
    assert [line.split()[2] for line in text.splitlines()[1:]] == values


def test_pictures_one_and_many(run):
    assert run("explain", IBUPROFEN, "-o", "x.svg")[0] == 0 and ET.parse("x.svg")
    assert run("explain", IBUPROFEN, "-o", "x.png", "--style", "contour", "--atom-numbers")[0] == 0
    with Image.open("x.png") as picture:
        assert picture.width == 760
    Path("a.smi").write_text("CCO ../../evil\nC1C bad\nCC <b>&\n")
    assert run("explain", "a.smi", "-o", "maps")[0] == 0
    assert sorted(p.name for p in Path("maps").iterdir()) == ["00000-evil.svg", "00002-b.svg"]
    code, _, error = run("explain", "C", "CC", "-o", "two.svg")
    assert code == 2 and one_line(error) and "give a folder" in error
    assert not Path("two.svg").exists()


def test_predict_has_the_same_keys(run):
    assert run("predict", IBUPROFEN, "C1C", "--target", "pred", "-o", "p.json")[0] == 0
    run("explain", IBUPROFEN, "-o", "e.json")
    good, bad = records("p.json")
    (explanation,) = records("e.json")
    assert list(good) == list(bad) == list(KEYS)
    assert good["logit"] == pytest.approx(explanation["logit"], abs=1e-6)
    assert good["prediction"] == explanation["prediction"]
    assert good["relevance"] is None and bad["status"] == "error"
    assert "yes" in run("predict", IBUPROFEN)[1] or "no" in run("predict", IBUPROFEN)[1]


def test_digits(run, saved_digit_model):
    Image.fromarray((255 * (1 - stroke_image())).astype(np.uint8)).resize((90, 90)).save("one.png")
    np.savez("two.npz", images=np.stack([stroke_image(), np.zeros((28, 28))]))
    assert run("explain", "one.png", "-o", "one.json", model=saved_digit_model)[0] == 0
    (record,) = records("one.json")
    assert record["prediction"] in "0123456789" and "inverted" in record["notes"][0]
    assert abs(record["gap"]) < 1e-4
    classes = ["--target", "3", "--contrast", "8"]
    run("explain", "two.npz", "-o", "two.json", *classes, model=saved_digit_model)
    good, blank = records("two.json")
    assert good["target"] == "3 − 8" and blank["status"] == "error" and "one grey" in blank["error"]
    assert run("explain", "one.png", "-o", "map.svg", model=saved_digit_model)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["C1CC"], "RDKit cannot read the SMILES 'C1CC'", 1),
        (["nothing.csv"], "no file 'nothing.csv'", 1),
        (["empty.csv"], "empty.csv is empty", 1),
        (["head.csv"], "no inputs in head.csv", 1),
        (["other.csv"], "a column named SMILES is needed; name it with -s", 1),
        (["other.csv", "-s", "z"], "no column 'z' in other.csv", 1),
        (["binary.csv"], "holds binary data", 1),
        (["wide.csv"], "200000 heavy atoms: the limit is 600", 1),
        (
            ["other.csv", "-s", "a", "--target-columns", "z"],
            "no column 'z' in other.csv: there are",
            1,
        ),
        (["notes.txt"], "files ending in .smi", 1),
        (["folder.smi"], "is a folder", 1),
        (["text.png"], "no complete picture", 1),
        (["digit.png"], "reads molecules", 1),
        (["C", "--method", "magic"], "no method named 'magic': there are lrp", 2),
        (
            ["C", "--target", "maybe"],
            "no class 'maybe' in the model 'untrained': there are no, yes",
            1,
        ),
        (["C", "--target", "7"], "no class '7'", 1),
        (["C", "--contrast", "no"], "a contrast needs a named target", 2),
        (["C", "--target", "yes", "--contrast", "no"], "needs a model of several classes", 1),
        (["C", "--target", "true"], "no true class is known", 2),
        (["C", "-o", "x.gif"], "an output's name must end in .json", 2),
        (["C", "-o", "none/x.json"], "create it first", 1),
        (["C", "--style", "sketch"], "no style 'sketch': there are highlight, contour", 2),
        (
            ["C", "--device", "tpu"],
            "no device 'tpu': did you mean 'cpu'? There are auto, cpu, cuda",
            2,
        ),
        (["C" * 601], "601 heavy atoms: the limit is 600", 1),
        (["C", "C1C", "--strict"], "row 1: RDKit cannot read", 1),
        (["CCN\nCCC,b"], "blanks inside the SMILES", 1),
        (["twice.csv"], "several columns", 1),
        (["C", "-o", "folder.smi/x/y.json"], "create it first", 1),
        (["C", "-o", "notes"], "is a file: a folder is needed", 2),
        (["C", "-o", "taken.json"], "is a folder: name a file", 2),
        (["C", "--batch-size", "0"], "--batch-size", 2),
        (["C", "--unknown"], "No such option", 2),
        ([], "Missing argument", 2),
    ],
)
def test_bad_input_is_one_line(run, arguments, message, code):
    Path("empty.csv").touch()
    Path("head.csv").write_text("smiles\n")
    Path("other.csv").write_text("a,b\n1,2\n")
    Path("binary.csv").write_bytes(b"smiles\n\x00\x01\x02\n")
    Path("wide.csv").write_text("smiles\n" + "C" * 200_000 + "\n")
    Path("notes.txt").write_text("hello")
    Path("folder.smi").mkdir()
    Path("taken.json").mkdir()
    Path("notes").touch()
    Path("twice.csv").write_text("smiles,SMILES\nCCO,CCN\n")
    Path("text.png").write_text("hello")
    Image.fromarray((255 * stroke_image()).astype(np.uint8)).save("digit.png")
    before = sorted(Path().iterdir())
    exit_code, out, error = run("explain", *arguments)
    assert (exit_code, out) == (code, "") and one_line(error) and message in error
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize(
    ("model", "message"),
    [("nothing", "no model 'nothing': there are"), ("folder", "holds 0 .safetensors files")],
)
def test_unknown_models_are_one_line(run, model, message):
    Path("folder").mkdir()
    code, _, error = run("explain", "C", model=model)
    assert code == 1 and one_line(error) and message in error


def test_rows_that_all_fail_are_still_records(run):
    Path("bad.smi").write_text("C1C a\nC(C b\n")
    assert run("explain", "bad.smi", "-o", "bad.json")[0] == 1
    assert [row["status"] for row in records("bad.json")] == ["error", "error"]


def test_a_molecule_model_says_that_a_digit_is_none(run):
    np.save("d.npy", np.stack([stroke_image()] * 2))
    run("explain", "d.npy", "-o", "d.json")
    assert all("reads molecules" in row["error"] for row in records("d.json"))


def test_lists(run, monkeypatch, tmp_path):
    monkeypatch.setenv("MOLXAI_DATA", str(tmp_path / "home"))
    code, out, _ = run("data", "list", model=None)
    assert code == 0 and "bace" in out and "mnist" in out
    assert run("data", "path", "bace", model=None)[1].strip() == str(tmp_path / "home" / "bace")
    code, _, error = run("data", "download", "cifar", model=None)
    assert code == 2 and one_line(error)
    out = run("models", model=None)[1]
    assert "bace" in out and "mnist" in out and "molxai train --preset" in out
    out = run("methods", model=None)[1]
    assert "lrp-ah" in out and "gradient-input" in out


def test_train_evaluate_and_benchmark(run, monkeypatch, tmp_path):
    """All commands on a small BACE: train a preset, evaluate it, explain with it, time it."""
    import hashlib

    from graphormer.data import sources as data

    smiles = [f"c1ccccc1{'C' * n}{'O' if n % 2 else ''}" for n in range(1, 20)]
    smiles += [f"C1CC1{'C' * n}{'O' if n % 2 else ''}" for n in range(8)]
    table = "mol,Class\n" + "".join(f"{s},{int('O' in s)}\n" for s in smiles)
    (tmp_path / "home" / "bace").mkdir(parents=True)
    (tmp_path / "home" / "bace" / "bace.csv").write_text(table)
    digests = {"bace.csv": "sha256:" + hashlib.sha256(table.encode()).hexdigest()}
    monkeypatch.setitem(data.SOURCES, "bace", data.Source("bace", "small", digests, ()))
    home = ["--data", tmp_path / "home"]
    training = ["--preset", "bace", "--epochs", "2", "-o", "trained", "--device", "cpu"]
    code, out, _ = run("train", *training, *home, model=None)
    assert code == 0 and "ROC-AUC" in out
    card = records("trained/bace.json")
    assert card["training"]["command"] == "molxai train --preset bace -o bace --epochs 2"
    assert card["training"]["rows"] == "0-18"
    assert set(card["tuning"]["strengths"]) == {"alpha", "presence", "gamma", "residual"}
    assert run("evaluate", "-o", "e.json", *home, model="trained")[0] == 0
    evaluation = records("e.json")
    assert evaluation["quality"]["roc_auc"] == card["metrics"]["test"]["roc_auc"]
    assert evaluation["gap_max"] < 1e-3
    assert run("explain", "CCO", model="trained")[0] == 0
    timing = ["--rounds", "5", "--methods", "lrp,rollout", "-o", "speed.json"]
    code, out, _ = run("benchmark", "speed", *timing, *home, model="trained")
    assert code == 0 and "| lrp |" in out
    assert records("speed.json")["methods"]["forward"]["ratio"] == 1.0
    code, _, error = run("train", "--preset", "bacon", "-o", "x", model=None)
    assert code == 2 and one_line(error)
    assert "did you mean 'bace'? There are bace, bace-ensemble" in error


def test_the_installed_command_is_quick_to_answer():
    """Help and version must not import torch; the command itself works from any folder."""
    code = (
        "import sys; from molxai.cli import main; main(['--help']); "
        "sys.exit('torch' in sys.modules or 'rdkit' in sys.modules)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd="/")
    assert process.returncode == 0
    command = Path(sys.executable).parent / "molxai"
    process = subprocess.run(
        [command, "--version"], capture_output=True, text=True, cwd="/", check=True
    )
    assert process.stdout.startswith("molxai 0.")


@pytest.mark.parametrize("command", [["evaluate"], ["benchmark", "speed"]])
def test_a_model_without_test_data_is_one_line(run, command):
    code, _, error = run(*command)
    assert code == 1 and one_line(error) and "trained on data of your own" in error


def test_no_arguments_is_help(run):
    assert "explain" in run("--help", model=None)[1]


def test_the_default_size_limit_is_the_readers_own():
    """The command line states it again, so that `--help` need not import RDKit."""
    from graphormer.graphs import molecules
    from molxai.cli.options import MAX_ATOMS

    assert molecules.MAX_ATOMS == MAX_ATOMS


def test_a_folder_holds_pictures_of_the_wanted_format(run):
    Path("a.smi").write_text("CCO first\nCC second\n")
    assert run("explain", "a.smi", "-o", "maps", "--format", "png", "--dpi", "50")[0] == 0
    assert sorted(path.name for path in Path("maps").iterdir()) == [
        "00000-first.png",
        "00001-second.png",
    ]
    assert Image.open("maps/00000-first.png").width == 380
    code, _, error = run("explain", "a.smi", "-o", "maps", "--format", "gif")
    assert (
        code == 2
        and one_line(error)
        and "no picture format 'gif': there are svg, pdf, png, jpg, tiff" in error
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["C", "CC", "-o", "maps", "--dpi", "300"],
            "--dpi: for .png, .jpg and .tiff, an SVG has no pixels; add --format png",
        ),
        (["C", "-o", "x.svg", "--dpi", "300"], "name a .png"),
        (["C", "-o", "x.png", "--format", "svg"], "--format: for a folder of pictures only"),
        (
            ["C", "-o", "x.json", "--style", "contour", "--cmap", "pink-green"],
            "--style, --palette: for pictures only",
        ),
        (["C", "--atom-numbers"], "--atom-numbers: for pictures only"),
    ],
)
def test_what_would_be_ignored_is_refused(run, arguments, message):
    code, _, error = run("explain", *arguments)
    assert code == 2 and one_line(error) and message in error and not list(Path().iterdir())


def test_choices_for_molecules_are_refused_for_digits(run, saved_digit_model):
    np.save("d.npy", stroke_image())
    options = ["--style", "contour", "--atom-numbers"]
    code, _, error = run("explain", "d.npy", "-o", "x.png", *options, model=saved_digit_model)
    assert code == 2 and not Path("x.png").exists()
    assert "--style, --atom-numbers: for molecules, and these are digits" in error


@pytest.mark.parametrize(
    "output", ["x.json", "x.svg", "x.csv", "pair.svg", "page.html", "f.csv", "core.csv"]
)
def test_a_file_that_was_there_is_told(run, output):
    commands = {
        "pair.svg": ("compare", "CCc1ccccc1", "Oc1ccccc1"),
        "page.html": ("report", "CCO", "--methods", "lrp"),
        "f.csv": ("fragments", "CCO", "CCN"),
        "core.csv": ("fragments", "CCc1ccccc1", "Oc1ccccc1", "--core", "mcs"),
    }
    command = commands.get(output, ("explain", "CCO"))
    _, _, first = run(*command, "-o", output)
    _, _, second = run(*command, "-o", output)
    assert first.rstrip().endswith(f"→ {output}")
    assert second.rstrip().endswith(f"→ {output} (replaced)")


def test_a_mistyped_folder_is_not_made(run):
    Path("results").mkdir()
    code, _, error = run("explain", "C", "-o", "reslts/x.png")
    assert code == 1 and one_line(error) and "did you mean 'results'? Else create it first" in error
    assert not Path("reslts").exists()


def test_help_of_compare_tells_which_file_is_for_what(run):
    code, _, error = run("compare", "CCO", "CCN", "-o", "pair.gif")
    assert code == 2 and "must end in .html, .svg, .pdf" in error
    assert ".html .svg .pdf .png .jpg .tiff .json" in run("compare", "-h", model=None)[1]


def test_the_bar_ends_at_the_true_total(monkeypatch):
    """What is counted beforehand may be one too many: a header, a blank line at the end."""
    import io

    from molxai.batch.checkpoint import Tally
    from molxai.cli import terminal

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "120")
    with terminal.progress_bar(lambda: 4201, "explaining", False) as add:
        add(Tally(4200, 3))
    counts = re.findall(r"(\d+) of (?:about )?(\d+) .*? (\d) errors", sys.stderr.getvalue())
    assert counts[-1] == ("4200", "4200", "3")


def test_methods_say_what_they_are(run, monkeypatch):
    from molxai.explanation.methods import EXPLAINERS

    monkeypatch.setenv("COLUMNS", "80")
    out = run("methods", model=None)[1]
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    assert (
        all(method.says.split(",")[0] in words for method in EXPLAINERS.values())
        and "conserves" in out
    )
