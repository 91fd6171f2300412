"""The documented training of a classifier of sentences, and the explanation of one."""

import csv
import os
import re
import subprocess
import sys

from conftest import ROOT


def test_from_a_table_to_an_explained_sentence(tmp_path):
    with (tmp_path / "sentences.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "rating", "text"])
        for number in range(480):
            word = "good" if number % 2 else "bad"
            writer.writerow(
                [number, 2 if number % 2 else -2, f"the film was {word} and number {word}"]
            )
        writer.writerow([480, 0.1, "left out"])
    script = str(ROOT / "docs/train_sentences.py")
    printed = run(tmp_path, script, "sentences.csv", "model")
    accuracies = re.search(r"test accuracy (\S+), of a bag of words (\S+)", printed)
    assert accuracies and float(accuracies[2]) == 1
    with (tmp_path / "model" / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["class"] for row in rows} == {"negative", "positive"} and len(rows) > 50
    printed = run(tmp_path, str(ROOT / "docs/explain_a_sentence.py"), "model", rows[0]["text"])
    *words, total = printed.splitlines()
    assert [line.split()[1] for line in words] == rows[0]["text"].split()
    assert "logit of" in total and (tmp_path / "sentence.svg").is_file()


def run(folder, *words):
    """What a script prints."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    finished = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return finished.stdout
