"""What a workbench serves, to whom, and how much it takes on."""

import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graphormer.graphs.molecules import MAX_ATOMS
from graphormer.network.checkpoint import locate, read_card, shipped

LOCAL = ("localhost", "127.0.0.1", "::1")
"""Names under which a machine knows itself."""

ANYWHERE = ("0.0.0.0", "::")
"""Addresses that stand for all of a machine's own: whoever reaches the machine reaches the workbench."""


HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]]+))(?::\d+)?")
"""A Host header: an IPv6 address in brackets, or another address or name; then perhaps a port."""


def servable(own: Sequence[str] = ()) -> dict[str, Path]:
    """The shipped models and those named, by the names on their cards.

    Raises:
        FileNotFoundError, ValueError: as `locate` and `read_card`, or two models have one name.
    """
    known = dict(shipped())
    for path in map(locate, own):
        name = read_card(path).name
        if known.get(name, path) != path:
            raise ValueError(
                f"{path} and {known[name]} are both named {name!r}: give one of them another name in its card"
            )
        known[name] = path
    return known


@dataclass(frozen=True)
class Settings:
    """Models, address and limits."""

    models: Mapping[str, Path] = field(default_factory=servable)
    """Weights by the name that a request may give; it can name nothing else."""
    host: str = "127.0.0.1"
    device: str = "auto"
    largest_body: int = 16 * 2**20
    """Bytes of a request."""
    largest_content: int = 64 * 2**20
    """Bytes of what a packed upload (.npz, .parquet) holds."""
    most_rows: int = 5000
    """Of an upload."""
    most_inputs: int = 100
    """Of one explain or predict request."""
    longest_smiles: int = 10_000
    """Characters."""
    longest_block: int = 500_000
    """Characters of a record of an SDF."""
    max_atoms: int = MAX_ATOMS
    most_quick: int = 32
    """Jobs in the quick lane, waiting or in work; one more is refused."""
    most_long: int = 8
    """Likewise in the long lane."""
    most_kept: int = 6
    """Uploads whose results are kept."""
    lifetime: float = 1800.0
    """Seconds for which an upload's results are kept after they were last asked for."""

    def knows(self, header: str) -> bool:
        """Whether a request's Host header is one of ours; any other name that leads here is a rebound DNS entry.

        Other people's names can be made to lead here, addresses cannot: where all addresses are served, each is ours.
        """
        found = HOST.fullmatch(header)
        name = (found["six"] or found["name"]).lower() if found else ""
        if name in (*LOCAL, self.host.lower()):
            return bool(name)
        return self.host in ANYWHERE and (_is_address(name) or name == socket.gethostname().lower())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
