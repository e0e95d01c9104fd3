import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from cjm_research.reporting.runs import run_study

ROOT = Path(__file__).parents[2]
REAL = ROOT / "tests" / "real"
SHARED = ROOT.parent / "shared" / "data"


def make_run(study, project, patcher):
    """Run a study in a project of its own; the checkout's reports and vault stay untouched."""
    (project / "data" / "raw").mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "notebooks", project / "notebooks")
    patcher.chdir(project)
    patcher.setenv("CJM_VAULT", str(project / "vault"))
    run = run_study(study)
    return SimpleNamespace(
        study=run.study, folder=run.run_dir, pages=sorted(run.run_dir.glob("*.html"))
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    project = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patcher:
        shutil.copytree(ROOT / "data" / "raw" / "demo", project / "data" / "raw" / "demo")
        shutil.copytree(ROOT / "notebooks", project / "notebooks")
        patcher.chdir(project)
        patcher.setenv("CJM_VAULT", str(project / "vault"))
        run = run_study("demo")
        yield SimpleNamespace(
            study=run.study, folder=run.run_dir, pages=sorted(run.run_dir.glob("*.html"))
        )


def real_study(name, tmp_path_factory):
    if not SHARED.is_dir():
        pytest.skip("the shared real data are not beside this checkout")
    project = tmp_path_factory.mktemp(name)
    with pytest.MonkeyPatch.context() as patcher:
        # The study's folder stays where it is, because it reads the data in place.
        patcher.setattr("cjm_research.study.project.find_root", lambda start=None: project)
        run = make_run(REAL / name, project, patcher)
    yield run


@pytest.fixture(scope="session")
def usability_2018(tmp_path_factory):
    yield from real_study("jupyterlab-usability-2018", tmp_path_factory)


@pytest.fixture(scope="session")
def survey_2015(tmp_path_factory):
    yield from real_study("jupyter-ux-2015", tmp_path_factory)


@pytest.fixture(scope="session")
def interviews_pt(tmp_path_factory):
    if not SHARED.is_dir():
        pytest.skip("the shared real data are not beside this checkout")
    data = SHARED / "raise_interviews_pt"
    project = tmp_path_factory.mktemp("raise")
    study = project / "data" / "raw" / "raise"
    (study / "interviews").mkdir(parents=True)
    shutil.copy(REAL / "raise-interviews-pt" / "study.yaml", study)
    (study / "answers.csv").symlink_to(data / "answers.csv")
    for path in sorted(data.glob("Exp_P?.txt")):
        person = path.stem.removeprefix("Exp_")
        text = lay_out_interview(path.read_text("utf-8"), person)
        (study / "interviews" / f"{person}.txt").write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patcher:
        yield make_run("raise", project, patcher)


def lay_out_interview(text, person):
    """Name the speakers of a transcript that marks questions only."""
    lines = []
    for line in text.splitlines():
        if re.match(r"Pergunta \d+[:.]", line):
            lines.append(f"Interviewer: {line.partition(' ')[2].lstrip('0123456789:. ')}")
            lines.append(f"{person}:")
        elif line.strip() and line.strip() != "Resposta:":
            lines[-1] += f" {line.strip()}"
    return "\n".join(line for line in lines if not line.endswith(":")) + "\n"
