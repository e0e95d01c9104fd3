"""What README and CONTRIBUTING name exists and works; no file tells of a machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from cjm_research import cli, config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MACHINE = re.compile(
    # Written in pieces, so that this file does not find itself.
    r"(?<![\w.])/(?:" + "work|root|opt" + r")/|/home/\w|file:///"
    r"|" + "pypi" + r"\.org|" + "pythonhosted|anaconda" + r"\.(?:org|com)"
    r"|\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}:\d+"
)
SCANNED = {".md", ".py", ".toml", ".yaml", ".yml", ".txt", ".ipynb", ".j2", ".css", ".cfg", ""}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_both_commands_are_named():
    assert "make demo\nmake test\n" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path):
    text = page.read_text("utf-8")
    known = set(cli.main.commands) | {"--help", "COMMAND"}
    assert set(re.findall(r"\bcjm ((?:--)?[a-zA-Z]+)", _commands(text))) <= known
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", _commands(text))) <= targets


def _commands(text: str) -> str:
    """Return what stands in code: blocks and words between backticks."""
    return "\n".join(
        re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_files_named_in_code_exist():
    named = re.findall(r"`((?:docs|tools|benchmarks|notebooks|tests)/[\w./-]+)`", README)
    assert named
    for path in named:
        assert (ROOT / path).exists(), path


def test_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import matplotlib

    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)  # an empty folder: the demo comes with the package
    steps = ("product_view", "add_to_cart", "purchase")
    pd.DataFrame(
        [
            (f"u{person}", event, f"2026-01-0{day}T10:00:00Z", "phone")
            for person in range(6)
            for day, event in enumerate(steps[: 1 + person], 1)
        ],
        columns=["user_id", "event", "timestamp", "platform"],
    ).to_parquet("clicks.parquet")
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    assert (tmp_path / "journey-map.png").stat().st_size > 0
    assert names["funnel"]["n_entered"].tolist()[:3] == [6, 5, 4]


def test_study_yaml_of_the_readme_is_valid(tmp_path: Path):
    (tmp_path / "study.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    assert config.load_config(tmp_path / "study.yaml").title


def test_no_machine_is_named():
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    listed = subprocess.run(
        [git, "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in SCANNED and path.is_file() and path != Path(__file__):
            text = path.read_text("utf-8", errors="replace")
            found += [f"{name}: {match[0]}" for match in MACHINE.finditer(text)]
    assert not found
