"""The documented study of a classifier of sentences runs from its table to its numbers."""

import csv
import os
import re
import subprocess
import sys

from conftest import ROOT

from molxai.explanation.methods import EXPLAINERS


def test_the_study_runs(tmp_path):
    with (tmp_path / "sentences.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "rating", "text"])
        for number in range(480):
            word = "good" if number % 2 else "bad"
            writer.writerow(
                [number, 2 if number % 2 else -2, f"the film was {word} , number {word}"]
            )
        writer.writerow([480, 0.1, "left out"])
    (tmp_path / "lexicon.csv").write_text("word,mean\ngood,2\nbad,-2\n", encoding="utf-8")
    command = [sys.executable, str(ROOT / "docs/text_study.py"), "sentences.csv", "model"]
    command += ["--lexicon", "lexicon.csv", "--sample", "4"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    accuracies = re.search(r"test accuracy (\S+), of a bag of words (\S+)", done.stdout)
    assert accuracies and float(accuracies[2]) == 1
    names = re.findall(r"^\| ([a-z-]+) \| \d", done.stdout, re.MULTILINE)
    assert set(names) < set(EXPLAINERS) and {"lrp", "shap", "rollout", "random"} <= set(names)
    assert (tmp_path / "model" / "model.safetensors").is_file()
