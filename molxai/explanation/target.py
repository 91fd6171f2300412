"""What is explained: a class, one class against another, or a value."""

from dataclasses import dataclass

from molxai.explanation.network import Task

PREDICTED = -1
"""As the label of a target: whichever class is predicted."""


@dataclass(frozen=True)
class Target:
    """What is explained: a class's logit, its excess over another's, or a regression's value."""

    label: int = 0
    """Binary: 0 or 1. Multiclass: the class. Regression: 0. Or `PREDICTED`."""
    contrast: int | None = None
    """Multiclass: the class whose logit is subtracted."""
    column: int = 0
    """Binary and regression: the output column."""

    def weights(self, config: Task) -> list[float]:
        """The linear combination of the model's outputs that is explained.

        A binary model has one logit, log p/(1 − p): class 0's is its negative.

        Example:
            >>> from graphormer.network.model import Config
            >>> Target(2, contrast=0).weights(Config("multiclass", outputs=3))
            [-1.0, 0.0, 1.0]
            >>> Target(0).weights(Config("binary", outputs=1))
            [-1.0]

        Raises:
            ValueError: no such class or column, or a contrast that the model does not have.
        """
        classes = {"binary": 2, "multiclass": config.outputs, "regression": 1}[config.task]
        for label in (self.label, self.contrast):
            if label is not None and not 0 <= label < classes:
                raise ValueError(
                    f"class {label}: the model has {classes} classes, 0 … {classes - 1}"
                )
        column = self.label if config.task == "multiclass" else self.column
        if not 0 <= column < config.outputs:
            raise ValueError(f"output column {column}: the model has {config.outputs}")
        weights = [0.0] * config.outputs
        weights[column] = -1.0 if config.task == "binary" and self.label == 0 else 1.0
        if self.contrast is not None:
            self._check_contrast(config)
            weights[self.contrast] = -1.0
        return weights

    def _check_contrast(self, config: Task) -> None:
        if config.task != "multiclass":
            raise ValueError(
                "a contrast needs a model of several classes: "
                "the logit of a binary model already compares its two"
            )
        if self.contrast == self.label:
            raise ValueError(
                f"class {self.label} in contrast to itself: two different classes are needed"
            )
