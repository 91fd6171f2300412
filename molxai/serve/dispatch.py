"""Where requests become jobs: a queue of short ones and a queue of long ones.

Each queue has its own copies of the models.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock

from molxai.batch.engines import processors
from molxai.batch.question import Question, check_reads, usual_model
from molxai.batch.records import column_names
from molxai.explanation.about import About
from molxai.explanation.entry import Entry
from molxai.explanation.explainer import Explainer, chosen_device
from molxai.explanation.methods import method as method_named
from molxai.serve.api import MOST_METHODS
from molxai.serve.cache import ModelCache
from molxai.serve.jobs import Job, Queue, Results
from molxai.serve.settings import Settings
from molxai.serve.uploads import Source
from molxai.serve.work import Row, Work, is_quick, predicted_rows
from molxai.serve.workers import needs_workers, rows_by_workers


@dataclass(frozen=True)
class Upload:
    """A job whose results are fetched as they are made."""

    job: Job[Row]
    source: Source
    work: Work
    names: tuple[str, ...]
    """The table's other columns, as records and views name them."""

    @property
    def card(self) -> About:
        """What is known of the model."""
        return self.work.explainers[0].card

    @property
    def file(self) -> str:
        """What pages and downloads call it."""
        return self.source.name

    @property
    def is_single(self) -> bool:
        """Whether it is one input, and not a table that happens to have one row."""
        return self.source.is_single(self.job.total)


class Dispatcher:
    """Puts questions into queues, and holds what is fetched later."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.quick = Queue("quick", settings.most_quick)
        self.long = Queue("long", settings.most_long)
        self.caches = {queue: ModelCache(settings) for queue in (self.quick, self.long)}
        self.tables: Results[Upload] = Results(settings.most_kept, settings.lifetime)
        self.singles: Results[Upload] = Results(settings.most_single, settings.lifetime)
        self.processors = Lock()
        """Held by the job that has worker processes; others do with this process."""

    def explain(self, question: Question, entries: Sequence[Entry], views: bool) -> Job[Row]:
        """A job whose results are a row for each entry.

        Raises:
            FileNotFoundError: there is no such model.
            ValueError: no such class or endpoint, or the model does not read such inputs.
            Full: the queue is.
        """
        queue, work = self._work(question, entries, views, len(entries) > 1)
        return queue.add(Job(self._rows(work, entries), len(entries)))

    def upload(self, question: Question, entries: Sequence[Entry], source: Source) -> Upload:
        """The same for what was sent, with views, kept under the job's id.

        Raises:
            FileNotFoundError, ValueError, Full: as `explain`.
        """
        several = not source.is_single(len(entries))
        queue, work = self._work(question, entries, views=True, several=several)
        extras = tuple(dict.fromkeys(name for entry in entries for name in entry.extras))
        names = tuple(column_names(extras).values())
        job = queue.add(Job(self._rows(work, entries), len(entries)))
        return self.keep(Upload(job, source, work, names))

    def reopen(
        self, question: Question, source: Source, rows: Sequence[Row], extras: tuple[str, ...]
    ) -> Upload:
        """Keep rows that were explained before as the results of a job that has ended.

        Raises:
            FileNotFoundError, ValueError: there is no such model or endpoint.
        """
        cache = self.caches[self.long]
        explainers = tuple(
            cache.explainer(question.model, method, question.endpoint, question.structure)
            for method in question.methods
        )
        work = Work(question, explainers, views=True)
        return self.keep(Upload(Job.of_results(rows), source, work, extras))

    def keep(self, upload: Upload) -> Upload:
        """Keep an upload; the one that was not asked for the longest may have to go."""
        results = self.singles if upload.is_single else self.tables
        for dropped in results.add(upload.job.id, upload):
            dropped.job.cancel()
        return upload

    def find(self, id: str) -> Upload | None:
        """The upload of a job; None if there is none, or it is forgotten."""
        return self.tables.find(id) or self.singles.find(id)

    def predict(self, question: Question, entries: Sequence[Entry]) -> Job[Row]:
        """A job whose results are what the model predicts for each entry, with no relevances.

        Raises:
            FileNotFoundError, ValueError, Full: as `explain`.
        """
        question, (explainer,) = self._prepare(question, entries, self.quick, len(entries) > 1)
        return self.quick.add(Job(predicted_rows(explainer, question, entries), len(entries)))

    def close(self) -> None:
        """Cancel everything."""
        self.quick.close()
        self.long.close()

    def _rows(self, work: Work, entries: Sequence[Entry]) -> Iterator[list[Row]]:
        """What is done at each step of a job: all rows, by worker processes if they are many."""
        is_on_cpu = chosen_device(self.settings.device).type == "cpu"
        many = is_on_cpu and needs_workers(work, entries)
        if many and self.processors.acquire(blocking=False):
            weights = self.settings.models[work.question.model]
            try:
                yield from rows_by_workers(work, weights, entries, processors())
            finally:
                self.processors.release()
        else:
            yield from work.rows(entries)

    def _work(
        self, question: Question, entries: Sequence[Entry], views: bool, several: bool
    ) -> tuple[Queue, Work]:
        """The queue for a question, and what is done there."""
        if len(question.methods) > MOST_METHODS:
            raise ValueError(
                f"{len(question.methods)} methods side by side: at most {MOST_METHODS}"
            )
        methods = [method_named(name) for name in question.methods]
        # Nobody knows how long RDKit looks for a stranger's patterns.
        own_patterns = not isinstance(question.fragments, str)
        queue = self.quick if is_quick(methods, entries) and not own_patterns else self.long
        question, explainers = self._prepare(question, entries, queue, several)
        return queue, Work(question, explainers, views)

    def _prepare(
        self, question: Question, entries: Sequence[Entry], queue: Queue, several: bool
    ) -> tuple[Question, tuple[Explainer, ...]]:
        """The question with the usual model and target, checked, and the model with each method."""
        reads = "molecules" if entries[0].kind in ("smiles", "block") else "digits"
        model = usual_model(question.model, reads)
        explainers = tuple(
            self.caches[queue].explainer(model, method, question.endpoint, question.structure)
            for method in question.methods
        )
        check_reads(explainers[0], reads)
        labelled = any(entry.label for entry in entries)
        limits = replace(question, model=model, max_atoms=self.settings.max_atoms)
        complete = limits.complete(explainers[0].card, several, labelled)
        complete.check(explainers[0])
        return complete, explainers
