"""How a model is trained, and of what it consists, as values."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    The optimiser is AdamW. The learning rate warms up and decays along cosines, and an exponential
    average of the weights is kept.
    """

    epochs: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    """Share of all steps in which the learning rate rises to its maximum."""
    averaging: float = 0.99
    """Decay per step of the exponential average whose weights are kept."""
    structure_rate: float = 1.0
    """How many times faster the structural biases learn.

    Adam moves a parameter by at most the learning rate per step, and a bias must grow to several
    units before attention tells near from far: in short trainings it otherwise never does.
    """
    environment_drop: float = 0.0
    """Share of the circular environments that are dropped in each step."""
    node_drop: float = 0.0
    """Largest share of each graph's nodes that is removed in each step."""
    deformation: float = 0.0
    """Strength of the random smooth deformations of each picture in each step; 1 is slight."""
    recombined: float = 0.0
    """Recombined molecules, labelled by a forest, for each molecule of the training set.

    0: no teacher. See `graphormer.pretraining.distillation`.
    """
    folds: int = 0
    """Folds of the training set for a classifier's temperature, and a kernel machine's share.

    For each fold one more model is trained, without it. 0: probabilities stay as they are, and the
    share is even.
    """
    seed: int = 0

    def __post_init__(self) -> None:
        counts = self.epochs >= 1 and self.batch_size >= 1
        if not (counts and self.learning_rate > 0 and 0 <= self.averaging < 1):
            raise ValueError(
                f"{self}: at least one epoch, one graph a batch, a positive learning rate "
                "and averaging in [0, 1) are needed"
            )
        if not (0 <= self.environment_drop <= 1 and 0 <= self.node_drop <= 1):
            raise ValueError(f"{self}: shares from 0 to 1 are needed for what is dropped")
        if self.folds < 0 or self.folds == 1:
            raise ValueError(f"{self}: 2 folds or more are needed, or 0")
        if self.deformation < 0:
            raise ValueError(f"{self}: a deformation of 0 or more is needed")

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Composition:
    """Of what a model consists."""

    networks: int = 1
    """Trained alike, from seeds that follow each other."""
    kernel: bool = False
    """Whether a kernel machine stands beside them, as far as folds give it a share."""
    alone: int = 1
    """Networks if folds give it none."""


SINGLE = Composition()
"""One network and nothing else."""
