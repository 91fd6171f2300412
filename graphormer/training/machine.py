"""Where training runs, as a value."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Machine:
    """Where training runs, in the terms of Lightning's `Trainer`; results of one device do not depend on it."""

    device: str = "auto"
    """auto, cpu or cuda."""
    devices: int = 1
    nodes: int = 1
    """Machines, each with so many devices."""
    strategy: str = "auto"
    """How several devices share the work: ddp for most."""
    precision: str = "auto"
    """auto: bfloat16 where a GPU multiplies, float32 on a CPU; else a name that Lightning knows."""
    progress: bool = True
    """Whether to draw a bar."""

    @property
    def accelerator(self) -> str:
        return {"cuda": "gpu"}.get(self.device, self.device)

    @property
    def arithmetic(self) -> Any:
        """Lightning's name of the precision."""
        if self.precision != "auto":
            return self.precision
        import torch

        return "bf16-mixed" if self.device != "cpu" and torch.cuda.is_available() else "32-true"


MACHINE = Machine()
"""This one: a GPU where there is one, one process."""
