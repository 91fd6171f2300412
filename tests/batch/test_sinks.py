"""Every output is the end of the same run: workers, stopping, bad rows and counts hold for all."""

from itertools import islice

import pytest
from batch_runs import worker_of

from molxai.batch.checkpoint import Tally, parts_folder
from molxai.batch.engines import here
from molxai.batch.pictures import Drawing, PictureFile, PictureFolder, on_common_scale
from molxai.batch.plan import DEFAULT_PLAN, Plan
from molxai.batch.question import Question
from molxai.batch.run import run
from molxai.batch.sinks import RecordFile
from molxai.cli import main
from molxai.explanation.inputs import Inputs
from molxai.pages.report import ReportPage

SMILES = ("CCO", "c1ccccc1O", "C1CC", "CC(=O)N", "CCN", "CCCl", "OCCO")
"""One of them is no molecule."""

CHUNK = 2


@pytest.fixture
def library(tmp_path):
    table = tmp_path / "t.smi"
    table.write_text("".join(f"{smiles} m{i}\n" for i, smiles in enumerate(SMILES)))
    return Inputs((str(table),))


def sink_of(kind, output, question):
    if kind == "records":
        return RecordFile(output.with_suffix(".jsonl"))
    if kind == "pictures":
        return PictureFolder(output, Drawing(".svg"))
    return ReportPage(output.with_suffix(".html"), question)


def content(sink):
    """All bytes that a sink has written, by file."""
    if sink.path.is_dir():
        return {path.name: path.read_bytes() for path in sink.path.iterdir()}
    return {"": sink.path.read_bytes()}


class StoppedError(Exception):
    pass


def stopping(work, chunks):
    yield from islice(here(work, chunks), 2)
    raise StoppedError


KINDS = ("records", "pictures", "page")


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_was_stopped_is_resumed_to_the_same_bytes(kind, library, saved_model, tmp_path):
    question = Question(str(saved_model), target="yes", device="cpu")
    whole = sink_of(kind, tmp_path / "whole", question)
    sink = sink_of(kind, tmp_path / "resumed", question)
    worker = worker_of(saved_model, target="yes", products=sink.products)
    assert run(worker, library, whole, chunk=CHUNK, engine=here) == Tally(7, 1)
    with pytest.raises(StoppedError):
        run(worker, library, sink, chunk=CHUNK, engine=stopping)
    assert not sink.path.exists() and parts_folder(sink.path).is_dir()
    done = []

    def counting(work, chunks):
        for number, table in here(work, chunks):
            done.append(number)
            yield number, table

    assert run(worker, library, sink, Plan(resume=True), chunk=CHUNK, engine=counting) == Tally(
        7, 1
    )
    assert done == [2, 3] and content(sink) == content(whole)
    assert not parts_folder(sink.path).exists()


def test_each_readable_row_has_its_picture(library, saved_model, tmp_path):
    sink = PictureFolder(tmp_path / "maps", Drawing(".svg"))
    worker = worker_of(saved_model, products=sink.products)
    run(worker, library, sink, engine=here)
    names = sorted(path.name for path in sink.path.iterdir())
    assert names == [f"{i:05d}-m{i}.svg" for i in range(7) if i != 2]


def test_one_picture_is_refused_for_several_rows_before_any_work(library, saved_model, tmp_path):
    sink = PictureFile(tmp_path / "x.svg", Drawing(".svg"))
    worker = worker_of(saved_model, products=sink.products)
    with pytest.raises(ValueError, match="^several inputs but one picture: add --grid"):
        run(worker, library, sink, engine=lambda *_: pytest.fail("work was done"))
    assert not sink.path.exists()


def test_a_common_scale_is_the_largest_relevance_of_all_rows(library, saved_model, tmp_path):
    question = Question(str(saved_model), target="pred", device="cpu")
    own = PictureFolder(tmp_path / "maps", Drawing(".svg", scale="common"))
    common = on_common_scale(own, question, library, DEFAULT_PLAN)
    (explainer,) = question.explainers()
    readable = [smiles for smiles in SMILES if smiles != "C1CC"]
    largest = max(float(one.relevance.abs().max()) for one in explainer(readable))
    assert common.drawing.scale == pytest.approx(max(largest, 0.1), rel=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [("explain",), ("predict",), ("fragments", "--target", "yes")],
    ids=lambda arguments: arguments[0],
)
def test_the_terminal_says_the_same_whoever_does_the_work(
    arguments, library, saved_model, capsys, monkeypatch
):
    from molxai.batch import run as module

    monkeypatch.setattr(module, "FEWEST", CHUNK)
    monkeypatch.setattr(module, "CHUNK", CHUNK)
    monkeypatch.setenv("COLUMNS", "120")
    command, *options = arguments
    texts = []
    for workers in ("0", "2"):
        typed = [command, *library.sources, "-m", str(saved_model), *options, "-n", workers]
        assert main(typed) == 0
        texts.append(capsys.readouterr())
    assert texts[0] == texts[1] and "6 of 7 inputs done, 1 with errors" in texts[0].err


def test_resuming_needs_something_that_is_written(library, saved_model, capsys):
    assert main(["explain", *library.sources, "-m", str(saved_model), "--resume"]) == 2
    assert "--resume" in capsys.readouterr().err
