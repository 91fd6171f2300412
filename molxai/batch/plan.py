"""How the work of a run is spread, and what happens to a run that was stopped."""

from dataclasses import dataclass
from functools import partial

from graphormer.names import unknown
from molxai.batch.engines import Engine, here, on_ray, processes, processors, ray_library
from molxai.batch.pool import ROW_SECONDS, Limits

ENGINES = ("local", "ray")
"""Processes of this machine, or a Ray cluster."""


@dataclass(frozen=True)
class Plan:
    """What the options of a run say."""

    workers: int | None = None
    """Worker processes; 0: this one. None: one for each processor, and for one chunk this one."""
    engine: str = "local"
    ray_address: str = ""
    """Address of a running cluster; empty: one is started on this machine."""
    row_seconds: float = ROW_SECONDS
    """Seconds that a row may keep a worker busy."""
    resume: bool = False
    """Whether to continue a run that was stopped."""
    restart: bool = False
    """Whether to discard what a stopped run has done."""
    shard: tuple[int, int] | None = None
    """(i, n): every n-th chunk from the i-th on."""
    strict: bool = False
    """Whether a row that cannot be read stops the run."""

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise ValueError(unknown("engine", self.engine, ENGINES))
        if self.ray_address and self.engine != "ray":
            raise ValueError("--ray-address is for --engine ray: give both")
        if self.engine == "ray":
            ray_library()  # refused even if one chunk would not need it
        if self.restart and (self.resume or self.shard):
            option = "--resume" if self.resume else "--shard"
            raise ValueError(
                f"--restart discards what {option} continues: give one of them, "
                "or delete the folder of parts"
            )

    @property
    def continues(self) -> bool:
        """Whether the work of other runs on the same output stays."""
        return self.resume or self.shard is not None

    def engine_for_many(self, on_gpu: bool) -> Engine:
        """Where chunks are worked on.

        Args:
            on_gpu: whether the model is on one, which each worker of a cluster then needs.
        """
        workers = processors() if self.workers is None else self.workers
        limits = Limits(self.row_seconds)
        if self.engine == "ray":
            return partial(
                on_ray,
                workers=max(1, workers),
                address=self.ray_address,
                gpus=1 if on_gpu else 0,
                limits=limits,
            )
        return partial(processes, workers=workers, limits=limits) if workers else here

    def engine_for_one(self, on_gpu: bool) -> Engine:
        """Where the only chunk of a small input is done: here, unless workers are asked for."""
        return self.engine_for_many(on_gpu) if self.workers else here


DEFAULT_PLAN = Plan()
"""One process for each processor."""


def shard_of(text: str) -> tuple[int, int] | None:
    """A shard as it was typed, like 0/4; empty: none.

    Raises:
        ValueError: it is typed otherwise.
    """
    if not text:
        return None
    index, _, count = text.partition("/")
    are_numbers = text.isascii() and index.isdigit() and count.isdigit()
    if not (are_numbers and int(index) < int(count)):
        raise ValueError(f"shard {text!r}: i/n is needed, with i from 0 to n - 1, like 0/4")
    return int(index), int(count)
