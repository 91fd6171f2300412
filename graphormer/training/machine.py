"""Where training runs, as a value."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Machine:
    """Where training runs, in the terms of Lightning's `Trainer`.

    Results on the same kind of device, if it is one, do not depend on the machine.
    """

    device: str = "auto"
    """auto, cpu or cuda."""
    devices: int = 1
    nodes: int = 1
    """Machines, each with `devices` devices."""
    strategy: str = "auto"
    """How several devices share the work: ddp suits most."""
    precision: str = "auto"
    """auto: bfloat16 on a GPU, float32 on a CPU; else a name that Lightning knows."""
    progress: bool = True
    """Whether to draw a bar."""

    @property
    def accelerator(self) -> str:
        """Lightning's name of the kind of device."""
        return "gpu" if self.device == "cuda" else self.device

    @property
    def arithmetic(self) -> Any:
        """Lightning's name of the precision."""
        if self.precision != "auto":
            return self.precision
        import torch

        if self.device != "cpu" and torch.cuda.is_available():
            return "bf16-mixed"
        return "32-true"


MACHINE = Machine()
"""This machine: its GPU if it has one, one process."""
