"""What a workbench serves, to whom, and how much it takes on."""

import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graphormer.graphs.molecules import MAX_ATOMS
from graphormer.network.checkpoint import locate, read_card, shipped
from molxai.explanation.kinds import refuse_language_model

LOCAL = ("localhost", "127.0.0.1", "::1")
"""Names under which a machine knows itself."""

ANYWHERE = ("0.0.0.0", "::")
"""Addresses that stand for all of a machine's: everybody who reaches it reaches the workbench."""

STARTING_POINT = "descriptor-pretrained"
"""The shipped model that training begins with. It predicts 117 descriptors, which no reader asks
for."""

SESSIONS = "/api/sessions"
"""Where saved sessions are opened."""

HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]]+))(?::\d+)?")
"""A Host header: an IPv6 address in brackets, or another address or name; a port may follow."""


def servable(named: Sequence[str] = ()) -> dict[str, Path]:
    """The shipped models that answer a question, and those named, by the names on their cards.

    The one that training begins with is served only if it is named: it predicts descriptors.

    Raises:
        FileNotFoundError, ValueError: as `locate` and `read_card`, or two models have one name.
    """
    models = {name: path for name, path in shipped().items() if name != STARTING_POINT}
    for model in named:
        refuse_language_model(model)
        path = locate(model)
        name = read_card(path).name
        if models.get(name, path) != path:
            raise ValueError(
                f"{path} and {models[name]} are both named {name!r}: give one of them another "
                "name in its card"
            )
        models[name] = path
    return models


@dataclass(frozen=True)
class Settings:
    """Models, address and limits."""

    models: Mapping[str, Path] = field(default_factory=servable)
    """Weights by the name that a request may give; it can name nothing else."""
    host: str = "127.0.0.1"
    device: str = "auto"
    largest_body: int = 16 * 2**20
    """Bytes of a request; of a saved session, see below."""
    largest_content: int = 64 * 2**20
    """Bytes of what a packed upload (.npz, .parquet) holds."""
    largest_session: int = 256 * 2**20
    """Bytes of what a saved session holds; it may be sent without being packed."""
    most_rows: int = 5000
    """Rows of an upload."""
    most_inputs: int = 100
    """Inputs of one explain or predict request."""
    longest_smiles: int = 10_000
    """Characters of a SMILES."""
    longest_block: int = 500_000
    """Characters of a record of an SDF."""
    max_atoms: int = MAX_ATOMS
    most_quick: int = 32
    """Jobs of the quick queue, waiting or running; one more is refused."""
    most_long: int = 8
    """The same of the long queue."""
    most_kept: int = 12
    """Tables whose results are kept."""
    most_single: int = 100
    """Single inputs whose results are kept, beside the tables."""
    lifetime: float = 12 * 3600.0
    """Seconds for which results are kept after they were last asked for: a working day."""

    def largest_body_at(self, path: str) -> int:
        """Bytes of a request to an address: what has been saved can be opened again."""
        return self.largest_session if path == SESSIONS else self.largest_body

    def knows(self, header: str) -> bool:
        """Whether a request's Host header is one of ours.

        Any other name that leads here is a rebound DNS entry. Names of other people can be made to
        lead here, addresses cannot: if all addresses are served, each is ours.
        """
        match = HOST.fullmatch(header)
        if match is None:
            return False
        name = (match["six"] or match["name"]).lower()
        if name in (*LOCAL, self.host.lower()):
            return True
        if self.host not in ANYWHERE:
            return False
        return _is_address(name) or name == socket.gethostname().lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
