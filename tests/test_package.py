"""The package as seen from outside: its public names, its version, its types, its set-up."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module

import pytest
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import molxai

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

CONSTRAINTS = (ROOT / "constraints.txt").read_text()

README = (ROOT / "README.md").read_text()


REQUIREMENTS = [
    Requirement(line)
    for lines in (
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
    )
    for line in lines
]

PINNED = dict(line.split("==") for line in CONSTRAINTS.splitlines() if not line.startswith("#"))


@pytest.mark.parametrize("name", molxai.__all__)
def test_public_names_are_there(name):
    assert getattr(molxai, name) is not None
    assert name in dir(molxai)


def test_nothing_else_is_shown():
    """Whatever was imported meanwhile; in a new process the list must not wait for torch."""
    import_module("molxai.explanation.explainer")
    assert sorted(dir(molxai)) == sorted(molxai.__all__)
    code = (
        "import sys, molxai; assert 'Explainer' in dir(molxai); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_other_names_are_errors():
    with pytest.raises(AttributeError, match="module 'molxai' has no attribute 'explainr'"):
        molxai.explainr  # noqa: B018


def test_the_version_has_one_source():
    assert re.fullmatch(r"\d+\.\d+\.\d+", molxai.__version__)
    assert PROJECT["project"]["dynamic"] == ["version"] and "version" not in PROJECT["project"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "graphormer.__version__"}


def test_the_version_needs_no_installation(tmp_path):
    """Packages on a path without metadata, as with PYTHONPATH alone."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import molxai; print(molxai.__version__)"
    )
    said = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == molxai.__version__


def test_an_editable_installation_is_a_path(tmp_path):
    """An import hook, which is what setuptools writes without `package-dir`, hides the types from
    mypy and editors."""
    tree, wheels = tmp_path / "tree", tmp_path / "wheels"
    for package in ("graphormer", "molxai"):
        (tree / package).mkdir(parents=True)
        shutil.copy(ROOT / package / "__init__.py", tree / package)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, tree)
    (tree / "datasets").mkdir()
    code = f"from setuptools.build_meta import build_editable; build_editable({str(wheels)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=tree, check=True, capture_output=True)
    (wheel,) = wheels.glob("molxai-*.whl")
    with zipfile.ZipFile(wheel) as content:
        (path,) = [name for name in content.namelist() if name.endswith(".pth")]
        assert content.read(path).decode().split() == [str(tree)]
    assert wheel.name.startswith(f"molxai-{molxai.__version__}-")


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_every_requirement_is_pinned_within_its_bounds(requirement):
    """Another pin is one that pip cannot install beside the project: `python3 .ci/constraints.py`
    writes the file anew."""
    version = PINNED.get(canonicalize_name(requirement.name))
    assert version is not None, (
        f"{requirement.name} is not in constraints.txt: run python3 .ci/constraints.py"
    )
    assert requirement.specifier.contains(version), f"{version} is outside of {requirement}"


def test_constraints_hold_on_other_machines():
    assert list(PINNED) == sorted(PINNED)
    for name, version in PINNED.items():
        assert name == canonicalize_name(name) and re.fullmatch(r"[\w.]+", version), (
            f"{name}=={version}"
        )
    assert not {"molxai", "pip"} & set(PINNED)


def test_the_readme_installs_the_torch_of_the_constraints():
    """Another one is downloaded again by the next command, with CUDA."""
    assert re.findall(r"pip install torch==(\S+) --index-url", README) == [PINNED["torch"]]


@pytest.mark.parametrize("package", ["graphormer", "molxai"])
def test_every_exported_name_is_documented_and_importable(package):
    """What a package exports is in docs/api.md, under the package's own name."""
    module = import_module(package)
    reference = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    for name in module.__all__:
        getattr(module, name)
        assert name == "__version__" or f"\n### {name}\n" in reference, name
    assert dir(module) == sorted(module.__all__)
