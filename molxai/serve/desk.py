"""Where requests become jobs: two lanes, each with its own copies of the models, and the uploads that are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from molxai.chemistry.fragments import scheme_of
from molxai.chemistry.series import default_target
from molxai.explanation.explainer import Explainer
from molxai.explanation.inputs import Entry
from molxai.explanation.methods import method as known_method
from molxai.serve.api import MOST_METHODS, Question
from molxai.serve.cache import ModelCache
from molxai.serve.jobs import Job, Queue, Results
from molxai.serve.settings import Settings
from molxai.serve.work import Row, Work, is_quick, predicted_rows


@dataclass(frozen=True)
class Upload:
    """A job that is asked for again."""

    job: Job[Row]
    file: str
    work: Work
    extras: tuple[str, ...]
    """The table's other columns."""


class Desk:
    """Takes questions, hands them to a lane, and holds what is fetched later."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.quick, self.long = (
            Queue("quick", settings.most_quick),
            Queue("long", settings.most_long),
        )
        self.shelves = {lane: ModelCache(settings) for lane in (self.quick, self.long)}
        self.uploads: Results[Upload] = Results(settings.most_kept, settings.lifetime)

    def explain(
        self,
        asked: Question,
        methods: Sequence[str],
        entries: Sequence[Entry],
        features: bool,
        views: bool,
    ) -> Job[Row]:
        """A job whose results are a row for each entry.

        Raises:
            FileNotFoundError: there is no such model.
            ValueError: no such method, class or endpoint, or the model does not read such inputs.
            Full: the lane is.
        """
        lane, work = self._work(asked, methods, entries, features, views, len(entries) > 1)
        return lane.add(Job(work.rows(entries), len(entries)))

    def upload(
        self, asked: Question, methods: Sequence[str], entries: Sequence[Entry], file: str
    ) -> Upload:
        """The same for a file, with views, kept under the job's id.

        Raises:
            FileNotFoundError, ValueError, Full: as `explain`.
        """
        lane, work = self._work(asked, methods, entries, False, True, table=True)
        extras = tuple(dict.fromkeys(name for entry in entries for name in entry.extras))
        made = Upload(lane.add(Job(work.rows(entries), len(entries))), file, work, extras)
        for gone in self.uploads.add(made.job.id, made):
            gone.job.cancel()
        return made

    def predict(self, model: str, target: str, endpoint: str, entries: Sequence[Entry]) -> Job[Row]:
        """A job whose results are what the model says of each entry, with no relevances.

        Raises:
            FileNotFoundError, ValueError, Full: as `explain`.
        """
        explainer = self.shelves[self.quick].explainer(_default(model, entries), endpoint=endpoint)
        _check_kind(explainer, entries)
        chosen = target or default_target(explainer.card, len(entries) > 1)
        explainer.target(chosen)
        return self.quick.add(
            Job(predicted_rows(explainer, entries, chosen, self.settings.max_atoms), len(entries))
        )

    def close(self) -> None:
        """Cancel everything."""
        self.quick.close()
        self.long.close()

    def _work(
        self,
        asked: Question,
        methods: Sequence[str],
        entries: Sequence[Entry],
        features: bool,
        views: bool,
        table: bool,
    ) -> tuple[Queue, Work]:
        names = list(dict.fromkeys(methods))
        if len(names) > MOST_METHODS:
            raise ValueError(f"{len(names)} methods side by side: at most {MOST_METHODS}")
        own = isinstance(
            asked.fragments, list
        )  # nobody knows how long RDKit looks for a stranger's patterns
        lane = (
            self.quick
            if not own and is_quick([known_method(name) for name in names], entries)
            else self.long
        )
        model = _default(asked.model, entries)
        explainers = tuple(
            self.shelves[lane].explainer(model, name, asked.endpoint) for name in names
        )
        _check_kind(explainers[0], entries)
        target = asked.target or default_target(explainers[0].card, table)
        if target != "true":
            explainers[0].target(target, asked.contrast)
        scheme = scheme_of(asked.fragments) if asked.fragments else None
        if scheme and not _is_molecule(entries[0]):
            raise ValueError(
                "fragments are parts of molecules, and these are digits: leave fragments out"
            )
        return lane, Work(
            explainers, target, asked.contrast, features, scheme, views, self.settings.max_atoms
        )


def _default(model: str, entries: Sequence[Entry]) -> str:
    return model or ("bace" if _is_molecule(entries[0]) else "mnist")


def _is_molecule(entry: Entry) -> bool:
    return entry.kind in ("smiles", "block")


def _check_kind(explainer: Explainer, entries: Sequence[Entry]) -> None:
    given = "molecules" if _is_molecule(entries[0]) else "digits"
    if explainer.reads != given:
        raise ValueError(
            f"the model {explainer.card.name!r} reads {explainer.reads}, and these are {given}: choose another model"
        )
