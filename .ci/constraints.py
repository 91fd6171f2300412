"""Writes constraints.txt: the newest versions that pyproject.toml allows today, with all extras.

    python3 .ci/constraints.py              write the file
    python3 .ci/constraints.py --compare    name the installed packages whose versions differ from
    it

Nothing is installed: pip resolves in a fresh environment and reports. It runs on the oldest Python
that is supported, as
what a newer one gets may not exist there. Left out are local versions (`2.13.0+cpu` is `2.13.0`
elsewhere), pip itself,
molxai, and the CUDA libraries that torch pins by itself.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent

FILE = ROOT / "constraints.txt"

LEFT_OUT = re.compile(r"molxai|pip|triton|nvidia-.*|cuda-.*")

HEAD = """\
# The versions that .ci/run last passed with. Written by `python3 .ci/constraints.py`: see
# CONTRIBUTING.md.
"""


def canonical(name: str) -> str:
    """A distribution's name as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def resolved(project: dict) -> dict[str, str]:
    """Every package that a fresh environment would hold, with its version."""
    extras = ",".join(sorted(project["optional-dependencies"]))
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = next(Path(folder).glob("*/pip*"))
        report = Path(folder) / "report.json"
        wanted = [
            "install",
            "--quiet",
            "--dry-run",
            "--ignore-installed",
            "--report",
            report,
            f"{ROOT}[{extras}]",
        ]
        subprocess.run([pip, *wanted], check=True)
        packages = [entry["metadata"] for entry in json.loads(report.read_text())["install"]]
    return {canonical(package["name"]): public(package["version"]) for package in packages}


def public(version: str) -> str:
    """The version without its local part."""
    return version.partition("+")[0]


def write() -> None:
    """Resolve and write the file, in one order whatever the machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=")
    if oldest != "{}.{}".format(*sys.version_info):
        sys.exit(
            f"this is Python {sys.version.split()[0]}: constraints must hold for Python {oldest}, "
            "so run it with that"
        )
    versions = {
        name: version for name, version in resolved(project).items() if not LEFT_OUT.fullmatch(name)
    }
    FILE.write_text(
        HEAD + "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))
    )
    print(
        f"{FILE.name}: {len(versions)} versions; now run .ci/run, and commit the file if it passes"
    )


def compare() -> None:
    """Name what is installed in another version than the file's, and what the file lacks."""
    pinned = dict(line.split("==") for line in FILE.read_text().splitlines() if "==" in line)
    installed = {canonical(one.name): public(one.version) for one in metadata.distributions()}
    for name, version in sorted(installed.items()):
        if not LEFT_OUT.fullmatch(name) and pinned.get(name) != version:
            print(f"  {name} {pinned.get(name, 'not pinned')} -> {version}")


if __name__ == "__main__":
    compare() if sys.argv[1:] == ["--compare"] else write()
