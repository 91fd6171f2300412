"""Commands on texts: typed, in .txt files and in tables, for a folder of Hugging Face."""

import csv
import json

import numpy as np
import pytest
from text_models import TEXTS, random_text_model, tokenizer

from molxai.cli import main
from molxai.text import TextExplainer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A classifier of three classes."""
    path = tmp_path_factory.mktemp("models") / "critic"
    random_text_model("Bert").float().save_pretrained(path)
    tokenizer().save_pretrained(path)
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "films.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "review", "label", "stars"])
        for number, text in enumerate((*TEXTS, "", 'a "very", dull\nplot')):
            rows.writerow([f"r{number}", text, f"LABEL_{number % 3}", number])
    return path


def records_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_typed_text(folder, capsys):
    assert main(["explain", TEXTS[0], "-m", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert TEXTS[0] in shown and "special tokens" in shown and "remainder 0" in shown
    assert main(["predict", TEXTS[0], "great", "-m", str(folder)]) == 0
    assert capsys.readouterr().out.count("LABEL_") == 4


def test_the_records_of_a_table(folder, table, tmp_path, capsys):
    output = tmp_path / "o.jsonl"
    assert main(["explain", str(table), "-m", str(folder), "-o", str(output)]) == 0
    records = records_of(output)
    assert [record["id"] for record in records] == ["r0", "r1", "r2", "r3", "r4"]
    assert [record["status"] for record in records] == ["ok", "ok", "ok", "error", "ok"]
    assert "a text without tokens" in records[3]["error"] and records[3]["tokens"] is None
    explain = TextExplainer(folder)
    for record, text in zip(records, TEXTS, strict=False):
        explanation = explain(text)
        sentence = explanation.subject
        assert record["input"] == text and record["stars"] == str(TEXTS.index(text))
        assert record["tokens"] == list(sentence.pieces) and record["words"] == sentence.words
        np.testing.assert_allclose(record["relevance"], explanation.relevance, atol=1e-5)
        np.testing.assert_allclose(
            record["word_relevance"], sentence.of_words(record["relevance"]), atol=1e-6
        )
    assert records[4]["input"] == 'a "very", dull\nplot'


def test_lines_of_a_file_and_a_named_column(folder, table, tmp_path, capsys):
    lines = tmp_path / "lines.txt"
    lines.write_text(f"{TEXTS[0]}\n\n  {TEXTS[1]}  \n", encoding="utf-8")
    output = tmp_path / "o.jsonl"
    words = ["predict", str(lines), str(table), "-m", str(folder), "-o", str(output)]
    assert main([*words, "--text-column", "review"]) == 0
    records = records_of(output)
    assert [record["input"] for record in records[:2]] == TEXTS[:2]
    assert [record["row"] for record in records] == list(range(7))
    logits = TextExplainer(folder).logits([TextExplainer(folder).subject(TEXTS[0])])[0, 0]
    assert records[0]["logit"] == pytest.approx(float(logits.max()), abs=1e-5)
    assert "tokens" not in records[0]


def test_a_class_of_each_row_and_a_contrast(folder, table, tmp_path, capsys):
    output = tmp_path / "o.jsonl"
    words = ["explain", str(table), "-m", str(folder), "-o", str(output)]
    assert main([*words, "--target", "true", "--target-columns", "label"]) == 0
    assert [record["target"] for record in records_of(output)[:3]] == [
        "LABEL_0",
        "LABEL_1",
        "LABEL_2",
    ]
    assert main([*words, "--target", "LABEL_2", "--contrast", "LABEL_0"]) == 0
    assert records_of(output)[0]["target"] == "LABEL_2 − LABEL_0"


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_pictures(folder, table, tmp_path, capsys, ending):
    one = tmp_path / f"one.{ending}"
    assert main(["explain", TEXTS[0], "-m", str(folder), "-o", str(one)]) == 0
    assert one.stat().st_size > 1000
    every = tmp_path / "every"
    words = ["explain", str(table), "-m", str(folder), "-o", str(every), "--format", ending]
    assert main([*words, "--scale", "common"]) == 0
    assert sorted(path.name for path in every.iterdir()) == [
        f"{row:05d}-r{row}.{ending}" for row in (0, 1, 2, 4)
    ]


def test_a_stopped_run_gives_the_same_bytes(folder, tmp_path, capsys):
    """Chunks are small, so that a run of a few rows has parts."""
    from molxai.batch.checkpoint import Parts
    from molxai.batch.question import Question
    from molxai.batch.run import manifest_of, run
    from molxai.batch.sinks import RecordFile
    from molxai.batch.worker import Worker
    from molxai.explanation.inputs import Inputs

    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(f"{text} film" for text in TEXTS * 4), encoding="utf-8")
    inputs = Inputs([str(lines)], texts=True)
    worker = Worker(Question(str(folder)))
    whole = tmp_path / "whole.parquet"
    run(worker, inputs, RecordFile(whole), chunk=3)
    stopped = tmp_path / "stopped.parquet"

    def stop(tally):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(worker, inputs, RecordFile(stopped), report=stop, chunk=3)
    kept = list(Parts(stopped).folder.glob("part-*"))
    assert 0 < len(kept) < 4
    from molxai.batch.plan import Plan

    run(worker, inputs, RecordFile(stopped), Plan(resume=True), chunk=3)
    assert stopped.read_bytes() == whole.read_bytes()
    assert manifest_of(worker, inputs, 3)["weights_sha256"]


def test_what_a_decoder_cannot_be_asked_for_is_not_compared(tmp_path, capsys):
    path = tmp_path / "reader"
    random_text_model("T5").float().save_pretrained(path)
    tokenizer().save_pretrained(path)
    assert main(["compare", TEXTS[0], "-m", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "integrated-gradients" in shown and "rollout" not in shown
    assert main(["compare", TEXTS[0], "-m", str(path), "--methods", "lrp,rollout"]) == 1
    assert "decoder" in capsys.readouterr().err


def test_several_outputs_are_not_measured_together(tmp_path, table, capsys):
    path = tmp_path / "critic"
    model = random_text_model("Bert").float()
    model.config.problem_type = "multi_label_classification"
    model.save_pretrained(path)
    tokenizer().save_pretrained(path)
    words = ["benchmark", "faithfulness", str(table), "-m", str(path), "--methods", "lrp"]
    assert main([*words, "-o", str(tmp_path / "study")]) == 1
    assert "has several outputs" in capsys.readouterr().err


def test_values_on_one_scale(folder, tmp_path, capsys):
    words = ["compare", TEXTS[0], "-m", str(folder), "--methods", "lrp,gae"]
    output = tmp_path / "values.json"
    for scale, least, largest in (("signed", -1, 1), ("min-max", 0, 1)):
        assert main([*words, "--values", scale]) == 0
        shown = capsys.readouterr().out
        assert f"{scale} " in shown and "gripping" in shown
        assert main([*words, "--values", scale, "-o", str(output)]) == 0
        result = json.loads(output.read_text(encoding="utf-8"))
        relevance = np.array(result["records"][0]["relevance"])
        values = np.array(result["values"]["lrp"])
        assert values.min() >= least and np.abs(values).max() == pytest.approx(largest)
        assert values.argsort().tolist() == relevance.argsort().tolist()
        signed = relevance / np.abs(relevance).max()
        if scale == "signed":
            np.testing.assert_allclose(values, signed)
    assert main([*words, "--values", "ranks"]) == 2
    assert main([*words, "--values", "signed", "-o", str(tmp_path / "c.png")]) == 2
    assert "in the terminal or in .json" in capsys.readouterr().err


def test_methods_side_by_side(folder, tmp_path, capsys):
    words = ["compare", TEXTS[0], "-m", str(folder), "--methods", "lrp,gae,shap"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "gripping" in shown and "Spearman" in shown
    for ending in ("png", "svg", "html"):
        output = tmp_path / f"c.{ending}"
        assert main([*words, "-o", str(output)]) == 0
        assert output.stat().st_size > 1000
    assert main([*words, "-o", str(tmp_path / "c.json")]) == 0
    result = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert result["input"] == TEXTS[0] and len(result["top"]["lrp"]) == 5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a film", "--fragments", "brics"], "fragments are parts of molecules"),
        (["a film", "--features", "-o", "o.json"], "no split over input features"),
        (["a film", "-o", "o.sdf"], "an SDF holds molecules, and these are texts"),
        (["a film", "-s", "x"], "--smiles-column"),
        (["a film", "-o", "o.svg", "--atom-numbers"], "--atom-numbers"),
        (["a film", "--target", "nice"], "no class 'nice'"),
        (["films.sdf"], "films.sdf"),
        (["missing.txt"], "no file 'missing.txt'"),
        (["missing.png"], "no file 'missing.png'"),
        (["reviews.jsonl"], "no file 'reviews.jsonl'"),
        (["two.csv"], "a column named text is needed; name it with --text-column"),
        (["two.csv", "--text-column", "c"], "no column 'c'"),
        (["a film", "--method", "legrad"], "legrad"),
        (["a film", "--method", "lrp-tuned"], "lrp-tuned"),
    ],
)
def test_what_cannot_be_is_one_line(folder, tmp_path, monkeypatch, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.csv").write_text("a,b\n1,2\n")
    (tmp_path / "films.sdf").write_text("\n")
    assert main(["explain", "-m", str(folder), *words]) in (1, 2)
    shown = capsys.readouterr().err
    assert says in shown and len(shown.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["explain", "x.csv", "--text-column", "t"], "texts need a language model"),
        (["evaluate", "-m", "FOLDER"], "holds a language model"),
        (["benchmark", "speed", "-m", "FOLDER", "CCO"], "holds a language model"),
        (["serve", "-m", "FOLDER"], "holds a language model"),
        (["fragments", "CCO", "-m", "FOLDER"], "fragments are parts of molecules"),
        (["explain", "good", "film", "-m", "FOLDER", "--method", "legrad"], "by legrad"),
    ],
)
def test_a_language_model_where_it_is_none(folder, capsys, words, says):
    words = [str(folder) if word == "FOLDER" else word for word in words]
    assert main(words) in (1, 2)
    shown = capsys.readouterr().err
    assert says in shown and len(shown.strip().splitlines()) == 1


def test_the_next_token(tmp_path, capsys):
    path = tmp_path / "writer"
    random_text_model("GPT2", "CausalLM").float().save_pretrained(path)
    tokenizer(False).save_pretrained(path)
    output = tmp_path / "o.jsonl"
    words = ["explain", *TEXTS, "-m", str(path), "-o", str(output)]
    assert main([*words, "--target", "good", "--contrast", "bad"]) == 0
    records = records_of(output)
    assert {record["target"] for record in records} == {"good − bad"}
    assert main([*words, "--target", "7", "--contrast", "9"]) == 0
    assert {record["target"] for record in records_of(output)} == {"film − good"}
    assert main([*words, "--target", "zzzz"]) == 1
    assert "'zzzz' is no token of the vocabulary" in capsys.readouterr().err
    assert main(["predict", *TEXTS, "-m", str(path), "-o", str(output)]) == 0
    assert all(record["prediction"] for record in records_of(output))


def test_methods_compared_by_removal(folder, table, tmp_path, capsys):
    lexicon = tmp_path / "lexicon.csv"
    lexicon.write_text("word,rating\ngood,2\ndull,-1\n")
    words = ["benchmark", "faithfulness", "-m", str(folder), "--data", str(table)]
    study = tmp_path / "study"
    words += ["--target-columns", "label", "--methods", "lrp,gradient-input,rollout,random"]
    assert main([*words, "-o", str(study), "-q"]) == 0
    shown = capsys.readouterr().out
    assert "removal `mask`" in shown and "4 texts of" in shown and "the true class" in shown
    result = json.loads((study / "faithfulness.json").read_text())
    assert {row["method"] for row in result["faithfulness"]} >= {"lrp", "rollout"}
    assert main([*words, "-o", str(study), "--lexicon", str(lexicon)]) == 2
    assert "--lexicon: for texts and two classes" in capsys.readouterr().err


def test_a_table_of_two_classes_has_one_target(tmp_path, capsys):
    path = tmp_path / "judge"
    model = random_text_model("Bert", labels=2).float()
    model.save_pretrained(path)
    tokenizer().save_pretrained(path)
    output = tmp_path / "o.jsonl"
    assert main(["explain", *TEXTS, "-m", str(path), "-o", str(output)]) == 0
    assert {record["target"] for record in records_of(output)} == {"LABEL_1"}
