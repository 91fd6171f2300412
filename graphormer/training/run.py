"""A training run, from labelled parts to a folder with a model.

The steps: check, standardise the labels, fit the folds, choose the kernel machine's share, fit each
network, restore the unit, calibrate, judge, write.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.evaluation.calibration import UNCALIBRATED, Calibration, calibration_of
from graphormer.evaluation.fingerprints import bits_beside, ecfp_bits, write_bits
from graphormer.evaluation.measures import DIVERGED
from graphormer.network.card import Card
from graphormer.network.checkpoint import save
from graphormer.network.ensemble import Ensemble, Model, mean
from graphormer.network.kernel import EVEN
from graphormer.network.model import Config, Graphormer
from graphormer.network.prediction import predict, predict_each
from graphormer.pretraining.distillation import distil
from graphormer.training.cards import part_measures, trained_card
from graphormer.training.fit import fit
from graphormer.training.folds import out_of_fold
from graphormer.training.history import Course
from graphormer.training.kernel import check_kernel, fitted_kernel
from graphormer.training.machine import MACHINE, Machine
from graphormer.training.problem import Origin, Problem
from graphormer.training.recipe import SINGLE, Composition, Recipe
from graphormer.training.resumption import RUN
from graphormer.training.scaling import Scaling, scaling_of
from graphormer.training.share import fitted_share
from graphormer.training.start import base_value
from graphormer.training.tables import PREDICTIONS, SPLIT, write_predictions, write_split

logger = logging.getLogger(__name__)


def train(
    problem: Problem,
    config: Config,
    recipe: Recipe,
    folder: Path,
    origin: Origin,
    composition: Composition = SINGLE,
    machine: Machine = MACHINE,
    start: Mapping[str, Tensor] | None = None,
) -> tuple[Path, Card]:
    """Train into `folder`; returns the weights file and its card.

    An interrupted run there goes on.

    Args:
        problem: labelled parts.
        config: architecture.
        recipe: how; member k of an ensemble has the seed `recipe.seed + k`.
        folder: for the model and for the checkpoint of every epoch.
        origin: for the card.
        composition: of what the model is to consist.
        machine: where.
        start: weights to begin with, by name.

    Raises:
        ValueError: the training set has labels of one class only, or cannot be learnt by a kernel
            machine that was asked for; the folder holds an unfinished run with other settings; or
            the training diverged: nothing is saved.
    """
    _check_labels(problem, config)
    if recipe.folds and config.task == "regression" and not composition.kernel:
        raise ValueError("folds are for a temperature, and values have none: leave them out")
    _check_no_file(folder)
    if composition.kernel:
        check_kernel(config, problem.train)
    else:
        _check_folder(folder, composition.networks)
    scaling = scaling_of(config, problem.train.labels)
    begin = dict(start or {}) | base_value(config, problem.train.labels)
    run = _Run(problem, config, recipe, folder, composition, scaling, begin, machine)
    out_of_fold = run.out_of_fold()
    share = run.share(out_of_fold)
    count = composition.networks if share or not composition.kernel else composition.alone
    _check_folder(folder, count)
    models = [run.fit_member(member, count) for member in range(count)]
    _check_finite(models)
    model = run.together(models, share)
    return run.write(model, run.calibration(share, out_of_fold), origin)


@dataclass(frozen=True)
class _Run:
    """A training of one or several networks into a folder."""

    problem: Problem
    config: Config
    recipe: Recipe
    folder: Path
    composition: Composition
    scaling: Scaling
    start: Mapping[str, Tensor]
    machine: Machine

    def out_of_fold(self) -> Float[Tensor, "components graphs outputs"] | None:
        """What a network, and a kernel machine if there is one, say of the folds left out.

        Values are in standard deviations. None if there are no folds.
        """
        recipe = self.recipe
        if not recipe.folds:
            return None

        def fitted(number: int, kept: LabelledGraphs, left_out: LabelledGraphs) -> Tensor:
            logger.info("fold %d of %d, left out", number + 1, recipe.folds)
            folder = self.folder / f"fold-{number}"
            course = self._course(recipe.folds - number - 1 + self.composition.networks)
            network = self._fit(recipe, kept, folder, None, course)
            if not self.composition.kernel:
                return predict_each(network, left_out.graphs)
            both = Ensemble([network], fitted_kernel(self.config, kept))
            return predict_each(both, left_out.graphs)

        return out_of_fold(self._lesson, recipe.folds, recipe.seed, fitted)

    def share(self, out_of_fold: Float[Tensor, "components graphs outputs"] | None) -> float:
        """The share of the kernel machine, 0 if there is none."""
        if not self.composition.kernel:
            return 0.0
        if out_of_fold is None:
            return EVEN
        share = fitted_share(self.config, out_of_fold, self._lesson.labels)
        logger.info("share of the kernel machine, by %d folds: %g", self.recipe.folds, share)
        return share

    @property
    def _lesson(self) -> LabelledGraphs:
        """The training set as it is learnt."""
        return self.scaling.standardise(self.problem.train)

    def fit_member(self, member: int, count: int) -> Graphormer:
        """One of so many trained networks, with its head in the targets' unit."""
        folder = self.folder
        if count > 1:
            folder = self.folder / f"member-{member}"
            logger.info("member %d of %d", member + 1, count)
        recipe = replace(self.recipe, seed=self.recipe.seed + member)
        valid = None
        if len(self.problem.parts.get("valid", ())):
            valid = self.scaling.standardise(self.problem.parts["valid"])
        course = self._course(count - member - 1)
        model = self._fit(recipe, self._lesson, folder, valid, course)
        return self.scaling.restore_unit(model)

    def _fit(
        self,
        recipe: Recipe,
        lesson: LabelledGraphs,
        folder: Path,
        valid: LabelledGraphs | None,
        course: Course,
    ) -> Graphormer:
        """A model that has learnt a lesson, and what a teacher adds to it."""
        if recipe.recombined:
            lesson = distil(self.config, lesson, recipe.recombined, recipe.seed)
        return fit(self.config, recipe, lesson, folder, self.machine, self.start, valid, course)

    def together(self, models: Sequence[Graphormer], share: float) -> Model:
        """The networks as one, with the kernel machine if it has a share.

        The networks have their heads in the targets' unit.
        """
        if not share:
            return Ensemble(models) if len(models) > 1 else models[0]
        kernel = fitted_kernel(self.config, self._lesson)
        kernel.share.fill_(share)
        return Ensemble(models, self.scaling.restore_unit_of_kernel(kernel))

    def calibration(
        self, share: float, out_of_fold: Float[Tensor, "components graphs outputs"] | None
    ) -> Calibration:
        """The temperature that fits what is said of the folds left out."""
        if out_of_fold is None or self.config.task == "regression":
            return UNCALIBRATED
        said = out_of_fold[0]  # (graphs, outputs)
        if share:
            said = mean(out_of_fold, [1 - share, share])
        return calibration_of(self.config.task, said, self.problem.train.labels)

    def _course(self, later_models: int) -> Course:
        """The unit of errors in the history, and the epochs of the models still to come."""
        later = self.recipe.epochs * later_models
        if self.config.task != "regression":
            return Course(later=later)
        unit = self.problem.unit
        if unit in self.problem.targets:
            unit = f"units of {unit}"
        return Course(tuple(self.scaling.deviation.tolist()), " ".join(unit.split()), later)

    def write(self, model: Model, calibration: Calibration, origin: Origin) -> tuple[Path, Card]:
        """Judge the model, and write it with its card and its tables."""
        problem = self.problem
        config = replace(self.config, temperature=calibration.temperature)
        parts = problem.judging_parts
        outputs = {name: predict(model, part.graphs) for name, part in parts.items()}
        metrics = {
            name: part_measures(config, outputs[name], part, problem.targets)
            for name, part in parts.items()
        }
        card = trained_card(
            problem, config, self.recipe, model, origin, self.scaling, calibration, metrics
        )
        weights = save(model, card, self.folder)
        write_predictions(card, parts, outputs, self.folder / PREDICTIONS)
        texts = problem.train.texts
        if texts or problem.source:
            write_split(problem, self.folder / SPLIT)
        if texts:
            write_bits(ecfp_bits(texts), bits_beside(weights))
        return weights, card


def _check_no_file(folder: Path) -> None:
    """Refuse a file in the place of the folder."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            f"{folder} is a file: a folder is needed for the model and its checkpoints"
        )


def _check_folder(folder: Path, members: int) -> None:
    """Refuse a folder with files of another kind of run, which would be taken for this one's."""
    single = (folder / RUN).exists()
    several = len(list(folder.glob(f"member-*/{RUN}")))
    most = members if members > 1 else 0
    if several <= most and not (single and members > 1):
        return
    present = f"an ensemble of {several}" if several else "a single model"
    wanted = f"{members} members" if members > 1 else "one model"
    raise ValueError(
        f"{folder} holds a run of {present}, {wanted} are asked for: "
        "repeat that run's command, or choose another folder"
    )


def _check_labels(problem: Problem, config: Config) -> None:
    """Refuse a training set with labels of one kind only."""
    labels = problem.train.labels
    if config.task == "multiclass":
        classes = len(labels.unique())
        if classes < 2:
            raise ValueError("the train part has one class only: choose another split or seed")
        return
    for name, column in zip(problem.targets, labels.T, strict=True):
        values = column[~column.isnan()]
        if len(values.unique()) < 2:
            raise ValueError(
                f"the train part has one value of {name!r} only: choose another split or seed"
            )


def _check_finite(models: Sequence[Graphormer]) -> None:
    """Refuse networks whose training diverged."""
    weights = [item for model in models for item in model.state_dict().items()]
    bad_weights = [name for name, value in weights if not value.isfinite().all()]
    if bad_weights:
        raise ValueError(
            f"{len(bad_weights)} of the model's weights, like {bad_weights[0]}, are not finite: "
            f"{DIVERGED}"
        )
