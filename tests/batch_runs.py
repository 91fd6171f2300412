"""Workers and runs of tests: a question by its fields, and a run into a file of records."""

from molxai.batch.engines import here
from molxai.batch.plan import Plan
from molxai.batch.question import Question
from molxai.batch.run import run
from molxai.batch.sinks import RecordFile
from molxai.batch.worker import Worker

WORKER_FIELDS = ("blocks", "extras", "types", "products")


def worker_of(model, kind=Worker, method="lrp", **settings):
    """A worker on the CPU; settings are fields of its question or its own."""
    own = {name: settings.pop(name) for name in WORKER_FIELDS if name in settings}
    asked = {"target": "pred", "device": "cpu", **settings}
    return kind(Question(str(model), (method,), **asked), **own)


def explain_library(
    worker, library, output, engine=here, chunk=None, report=lambda tally: None, **plan
):
    """Run into a file of records, in this process unless an engine is given."""
    return run(worker, library, RecordFile(output), Plan(**plan), report, chunk, engine)
