"""A training run, from labelled parts to a folder with a model.

The steps: check, standardise the labels, fit each member, restore the unit, calibrate, judge,
write.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.evaluation.calibration import UNCALIBRATED, Calibration, calibration_of
from graphormer.evaluation.fingerprints import bits_beside, ecfp_bits, write_bits
from graphormer.evaluation.measures import DIVERGED
from graphormer.network.card import Card
from graphormer.network.checkpoint import save
from graphormer.network.ensemble import Ensemble, Model
from graphormer.network.model import Config, Graphormer
from graphormer.network.prediction import predict
from graphormer.pretraining.distillation import distil
from graphormer.training.cards import part_measures, trained_card
from graphormer.training.fit import fit
from graphormer.training.folds import out_of_fold
from graphormer.training.history import Course
from graphormer.training.kernel import check_kernel, fitted_kernel
from graphormer.training.machine import MACHINE, Machine
from graphormer.training.problem import Origin, Problem
from graphormer.training.recipe import Recipe
from graphormer.training.resumption import RUN
from graphormer.training.scaling import Scaling, scaling_of
from graphormer.training.start import base_value
from graphormer.training.tables import PREDICTIONS, SPLIT, write_predictions, write_split

logger = logging.getLogger(__name__)


def train(
    problem: Problem,
    config: Config,
    recipe: Recipe,
    folder: Path,
    origin: Origin,
    members: int = 1,
    machine: Machine = MACHINE,
    start: Mapping[str, Tensor] | None = None,
    kernel: bool = False,
) -> tuple[Path, Card]:
    """Train into `folder`; returns the weights file and its card.

    An interrupted run there goes on.

    Args:
        problem: labelled parts.
        config: architecture.
        recipe: how; member k of an ensemble has the seed `recipe.seed + k`.
        folder: for the model and for the checkpoint of every epoch.
        origin: for the card.
        members: of the ensemble; 1 is a single model.
        machine: where.
        start: weights to begin with, by name.
        kernel: whether a kernel machine stands beside the networks.

    Raises:
        ValueError: the training set has labels of one class only, or cannot be learnt by a kernel
            machine that was asked for; the folder holds an unfinished run with other settings; or
            the training diverged: nothing is saved.
    """
    _check_folder(folder, members)
    _check_labels(problem, config)
    if recipe.folds and config.task == "regression":
        raise ValueError("folds are for a temperature, and values have none: leave them out")
    scaling = scaling_of(config, problem.train.labels)
    if kernel:
        check_kernel(config, problem.train)
    run = _Run(problem, config, recipe, folder, members, scaling, kernel)
    begin = dict(start or {}) | base_value(config, problem.train.labels)
    models = [run.fit_member(member, begin, machine) for member in range(members)]
    model = run.together(models, problem.train)
    _check_finite(model)
    calibration = run.calibration(begin, machine)
    return run.write(model, calibration, origin)


@dataclass(frozen=True)
class _Run:
    """A training of one or several members into a folder."""

    problem: Problem
    config: Config
    recipe: Recipe
    folder: Path
    members: int
    scaling: Scaling
    has_kernel: bool

    def together(self, models: Sequence[Graphormer], train: LabelledGraphs) -> Model:
        """The models as one, with the kernel machine of their training set if there is to be one.

        The models have their heads in the targets' unit.
        """
        if not self.has_kernel:
            return Ensemble(models) if len(models) > 1 else models[0]
        kernel = fitted_kernel(self.config, self.scaling.standardise(train))
        return Ensemble(models, self.scaling.restore_unit_of_kernel(kernel))

    def fit_member(self, member: int, start: Mapping[str, Tensor], machine: Machine) -> Graphormer:
        """A trained model with its head in the targets' unit."""
        folder = self.folder
        if self.members > 1:
            folder = self.folder / f"member-{member}"
            logger.info("member %d of %d", member + 1, self.members)
        recipe = replace(self.recipe, seed=self.recipe.seed + member)
        lesson = self.scaling.standardise(self.problem.train)
        valid = None
        if len(self.problem.parts.get("valid", ())):
            valid = self.scaling.standardise(self.problem.parts["valid"])
        course = self._course(self.members + self.recipe.folds - member - 1)
        model = self._fit(recipe, lesson, folder, machine, start, valid, course)
        return self.scaling.restore_unit(model)

    def _fit(
        self,
        recipe: Recipe,
        lesson: LabelledGraphs,
        folder: Path,
        machine: Machine,
        start: Mapping[str, Tensor],
        valid: LabelledGraphs | None,
        course: Course,
    ) -> Graphormer:
        """A model that has learnt a lesson, and what a teacher adds to it."""
        if recipe.recombined:
            lesson = distil(self.config, lesson, recipe.recombined, recipe.seed)
        return fit(self.config, recipe, lesson, folder, machine, start, valid, course)

    def calibration(self, start: Mapping[str, Tensor], machine: Machine) -> Calibration:
        """The temperature that fits what models say of the folds that they were trained without."""
        recipe = self.recipe
        if not recipe.folds:
            return UNCALIBRATED

        def fitted(number: int, kept: LabelledGraphs, left_out: LabelledGraphs) -> Tensor:
            logger.info("fold %d of %d, for the temperature", number + 1, recipe.folds)
            folder = self.folder / f"fold-{number}"
            course = self._course(recipe.folds - number - 1)
            model = self._fit(recipe, kept, folder, machine, start, None, course)
            return predict(self.together([model], kept), left_out.graphs)

        train = self.problem.train
        logits = out_of_fold(train, self.config.outputs, recipe.folds, recipe.seed, fitted)
        return calibration_of(self.config.task, logits, train.labels)

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


def _check_folder(folder: Path, members: int) -> None:
    """Refuse a folder with files of another kind of run, which would be taken for this one's."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            f"{folder} is a file: a folder is needed for the model and its checkpoints"
        )
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


def _check_finite(model: Model) -> None:
    """Refuse a model whose training diverged."""
    bad_weights = [name for name, value in model.state_dict().items() if not value.isfinite().all()]
    if bad_weights:
        raise ValueError(
            f"{len(bad_weights)} of the model's weights, like {bad_weights[0]}, are not finite: "
            f"{DIVERGED}"
        )
