"""environment.yml and the lock agree with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

# What conda-forge calls by another name.
CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "ibis-framework": "ibis-duckdb",
    "matplotlib": "matplotlib-base",
    "playwright": "playwright-python",
}
# Come with `pip install -e .[dev]`.
BY_PIP = {"axe-playwright-python", "import-linter", "webvtt-py"}
TORCH = {"torch", "sentence-transformers", "umap-learn", "hdbscan", "llvmlite", "numba"}


def bounds_of(requirements: list[str]) -> dict[str, set[str]]:
    parsed = [Requirement(text) for text in requirements]
    return {canonicalize_name(one.name): set(map(str, one.specifier)) for one in parsed}


def conda() -> tuple[dict[str, set[str]], list[str]]:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    plain = [entry for entry in entries if isinstance(entry, str)]
    assert isinstance(entries[-1], dict)
    return bounds_of(plain), entries[-1]["pip"]


def locked() -> dict[str, list[str]]:
    """Requirement line of the lock, and its hashes."""
    text = (ROOT / "requirements" / "lock.txt").read_text("utf-8").replace("\\\n", " ")
    return {
        line.split(" --hash=")[0].strip(): re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
        for line in text.splitlines()
        if line.strip() and not line.startswith("#")
    }


def test_environment_has_every_dependency_with_the_same_bounds():
    have, _ = conda()
    runtime = bounds_of(PROJECT["dependencies"])
    developing = bounds_of(PROJECT["optional-dependencies"]["dev"])
    wanted = {
        canonicalize_name(CONDA_NAMES.get(name, name)): bounds
        for name, bounds in (runtime | developing).items()
        if name not in BY_PIP
    }
    python = have.pop("python")
    have.pop("pip")
    assert have == wanted
    assert python == {PROJECT["requires-python"]}


def test_environment_ends_in_the_project_itself():
    _, by_pip = conda()
    assert by_pip == ["-e .[dev]"]


def test_lock_pins_everything_with_hashes():
    for requirement, hashes in locked().items():
        assert re.match(r"[A-Za-z0-9._-]+==\S+", requirement), requirement
        assert hashes, requirement


def test_lock_has_every_dependency_within_its_bounds():
    pins: dict[str, list[Requirement]] = {}
    for line in locked():
        one = Requirement(line)
        pins.setdefault(canonicalize_name(one.name), []).append(one)
    everything = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    for wanted in map(Requirement, everything):
        pinned = pins[canonicalize_name(wanted.name)]
        for one in pinned:
            version = str(one.specifier).removeprefix("==")
            assert wanted.specifier.contains(version), f"{one} does not fit {wanted}"


def test_lock_has_no_torch():
    names = {canonicalize_name(Requirement(line).name) for line in locked()}
    assert not names & TORCH
    assert not [name for name in names if name.startswith("nvidia-")]


def test_lock_names_no_host():
    text = (ROOT / "requirements" / "lock.txt").read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE)
    assert " @ " not in text
