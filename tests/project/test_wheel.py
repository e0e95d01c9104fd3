"""The wheel carries all that a study needs, and runs in an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def command(name: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [command("uv"), "build", "--wheel", "--out-dir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode and "hatchling" in built.stderr and "Failed to resolve" in built.stderr:
        pytest.skip("the build backend hatchling cannot be fetched here")
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and this one's libraries but not its cjm_research."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [command("uv"), "pip", "install", "--quiet", "--offline", "--no-deps",
         "--python", str(python), str(wheel)],
        check=True,
    )  # fmt: skip
    site = next(folder.glob("lib/python*/site-packages"))
    # A folder named in a .pth file is searched, but its own .pth files are not followed: the
    # editable install of this checkout stays out of sight.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder


def cjm(bare: Path, where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {
        "CJM_VAULT": str(where.parent / "vault"),
        # nbconvert's templates lie beside the libraries.
        "JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter"),
    }
    environ.pop("PYTHONPATH", None)
    ran = subprocess.run(
        [str(bare / "bin" / "cjm"), *words],
        cwd=where,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran


def test_wheel_holds_what_is_not_python(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "cjm_research"
    wanted = {
        f"cjm_research/{path.relative_to(package).as_posix()}"
        for suffix in ("yaml", "css", "j2", "typed", "py")
        for path in package.rglob(f"*.{suffix}")
    }
    wanted |= {
        f"cjm_research/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    demo = ROOT / "data" / "raw" / "demo"
    wanted |= {
        f"cjm_research/demo/{path.relative_to(demo).as_posix()}"
        for path in demo.rglob("*")
        if path.is_file()
    }
    for some in ("py.typed", "journeys/service.yaml", "coding/lexicon.yaml", "demo/study.yaml",
                 "reporting/site/style.css", "study/new_study.yaml"):  # fmt: skip
        assert f"cjm_research/{some}" in wanted
    assert wanted <= names


def test_wheel_runs_in_an_empty_folder(bare: Path, tmp_path: Path):
    where = tmp_path / "empty"
    where.mkdir()
    asked = subprocess.run(
        [str(bare / "bin" / "python"), "-c", "import cjm_research; print(cjm_research.__file__)"],
        cwd=where,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(asked.stdout.strip()).is_relative_to(bare)

    cjm(bare, where, "new", "mystudy")
    assert (where / "data" / "raw" / "mystudy" / "study.yaml").is_file()
    cjm(bare, where, "check", "mystudy")
    assert "Every source can be read." in cjm(bare, where, "check", "demo").stdout
    last = cjm(bare, where, "run", "demo", "--quiet").stdout.splitlines()[-1]
    assert (where / last).is_file()
    assert (where / "reports" / "demo" / "latest" / "index.html").is_file()
