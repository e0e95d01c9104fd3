import shutil

import pytest
import yaml
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.config import load_config
from cjm_research.errors import SourceError
from cjm_research.study import find_study, list_studies
from cjm_research.study.project import find_root


def cjm(*arguments):
    return CliRunner().invoke(main, list(arguments))


def test_a_study_is_found_by_name_by_folder_and_by_its_file(project, folder):
    for given in ("tiny", folder, str(folder), folder / "study.yaml"):
        place = find_study(given)
        assert (place.name, place.folder) == ("tiny", folder.resolve())
        assert place.processed == project.resolve() / "data" / "processed" / "tiny"
        assert place.reports == project.resolve() / "reports" / "tiny"


def test_a_study_is_found_from_a_folder_below_the_root(project, monkeypatch):
    (project / "notebooks").mkdir()
    monkeypatch.chdir(project / "notebooks")
    assert find_root() == project.resolve()
    assert find_study("tiny").name == "tiny"


def test_a_misspelt_study_gets_a_suggestion_and_what_to_do(project):
    with pytest.raises(SourceError) as raised:
        find_study("tinny")
    message = str(raised.value)
    assert message.startswith("tinny: there is no study of this name")
    assert "Did you mean 'tiny'?" in message
    assert "name one of 'tiny', give a folder, or start one with `cjm new NAME`" in message


def test_a_folder_without_a_study_file_is_no_study(project):
    (project / "data" / "raw" / "empty").mkdir()
    with pytest.raises(SourceError, match="no study of this name"):
        find_study("empty")
    assert list_studies(project) == ["tiny"]


def test_the_demo_is_found_where_there_is_no_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = find_study("demo")
    assert place.name == "demo"
    assert place.reports == tmp_path.resolve() / "reports" / "demo"


def test_a_study_outside_any_project_works_where_we_stand(tmp_path, folder, monkeypatch):
    away = tmp_path / "away" / "loose"
    shutil.copytree(folder, away)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    place = find_study(away)
    assert place.folder == away.resolve()
    assert place.processed == here.resolve() / "data" / "processed" / "loose"


def test_new_makes_a_study_that_can_be_read(project):
    done = cjm("new", "second")
    assert done.exit_code == 0
    assert "cjm check second" in done.output
    config = load_config(project / "data" / "raw" / "second" / "study.yaml")
    assert config.title
    assert (project / "data" / "raw" / "second" / "interviews").is_dir()


def test_every_example_in_a_new_study_is_valid_once_its_comment_is_taken_off(project):
    cjm("new", "second")
    path = project / "data" / "raw" / "second" / "study.yaml"
    lines = path.read_text().splitlines()
    # An example line starts with "#" right before YAML; comments in prose start with "# ".
    shown = []
    for line in lines:
        bare = line.lstrip("#") if line.startswith("#  ") else line
        keys = ("# kpis:", "# audience_segments:", "# schedule:")
        bare = line[2:] if line.startswith(keys) else bare
        shown.append(bare)
    path.write_text("\n".join(shown) + "\n")
    config = load_config(path)
    assert {source.kind for source in config.sources} == {
        "transcripts", "roster", "survey", "feedback", "events",
    }  # fmt: skip
    assert len(config.kpis) == 2


def test_a_new_study_passes_its_check(project):
    cjm("new", "second")
    done = cjm("check", "second")
    assert done.exit_code == 0, done.output
    assert "optional file absent" in done.output


def test_new_overwrites_nothing(project, folder):
    before = (folder / "study.yaml").read_text()
    done = cjm("new", "tiny")
    assert done.exit_code == 1
    assert "it exists already" in done.output
    assert (folder / "study.yaml").read_text() == before


@pytest.mark.parametrize("name", ["Two Words", "../up", "UPPER", "-x", ""])
def test_new_refuses_a_name_that_is_no_folder_name(project, name):
    done = cjm("new", "--", name)
    assert done.exit_code == 1
    assert "lower-case letters, digits" in done.output
    assert list_studies(project) == ["tiny"]


def test_check_says_what_was_recognised_and_makes_nothing(project):
    done = cjm("check", "tiny")
    assert done.exit_code == 0
    assert "stages: See → Buy → Tell" in done.output
    assert "Every source can be read." in done.output
    assert "by interviewer 4, participant 4" in done.output
    assert "20 events" in done.output
    assert not (project / "data" / "processed").exists()
    assert not (project / "reports").exists()


def test_check_names_events_that_belong_to_no_stage(project, folder):
    with (folder / "events.csv").open("a") as handle:
        handle.write("c1,blinked,2026-03-01 10:00,phone\nc2,blinked,2026-03-01 10:00,phone\n")
    output = cjm("check", "tiny").output
    assert "events without a stage: blinked (2)" in output


def test_check_reports_every_broken_source_and_fails(project, folder):
    (folder / "survey.csv").write_text("who,nps\nc1,9\n")
    (folder / "events.csv").unlink()
    done = cjm("check", "tiny")
    assert done.exit_code == 1
    assert "2 of 3 sources cannot be used yet." in done.output
    assert "survey.csv" in done.output
    assert "events.csv" in done.output
    assert "What to do" in done.output


def test_check_names_every_bad_file_of_a_source_at_once(project, folder):
    (folder / "interviews" / "k01.txt").write_bytes(b"")
    (folder / "interviews" / "k02.txt").write_bytes(b"Interviewer: caf\xe9?\n")
    (folder / "interviews" / "k03.txt").write_bytes(b"")
    done = cjm("check", "tiny")
    assert done.exit_code == 1
    assert [done.output.count(f"! k0{n}.txt") for n in (1, 2, 3, 4)] == [1, 1, 1, 0]
    assert "1 of 3 sources cannot be used yet." in done.output


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("interviews/k01.txt", b"", "the transcript is empty"),
        ("interviews/k01.txt", b"just words, nobody speaks", "nothing says who speaks"),
        ("survey.csv", b"id,nps\nc1,9\n", "'why'"),
        ("survey.csv", b"id,nps,why\nc1,9,a\nc1,8,b\n", "repeat participant ids"),
        ("events.csv", b"id,event,device\nc1,view,phone\n", "'at'"),
        ("events.csv", b"id,event,at,device\nc1,view,,phone\n", "events.csv"),
    ],
)
def test_check_says_what_is_wrong_with_a_file(project, folder, file, content, words):
    (folder / file).write_bytes(content)
    done = cjm("check", "tiny")
    assert done.exit_code == 1
    assert words in done.output
    assert file.rpartition("/")[2] in done.output


def test_check_of_a_bad_study_file_lists_its_problems(project, folder):
    text = (folder / "study.yaml").read_text().replace("title:", "titel:")
    (folder / "study.yaml").write_text(text)
    done = cjm("check", "tiny")
    assert done.exit_code == 1
    assert "tiny/study.yaml cannot be used (2 problems)" in done.output
    assert "Did you mean 'title'?" in done.output
    assert "Traceback" not in done.output


def test_check_of_a_study_that_is_not_there_fails_with_a_message(project):
    done = cjm("check", "tinny")
    assert done.exit_code == 1
    assert "Did you mean 'tiny'?" in done.output


def test_the_schema_is_json(project):
    assert yaml.safe_load(cjm("schema").output)["title"] == "cjm_research study.yaml"


def test_check_names_the_coders(project, folder):
    assert "coders: stages, encoder, themes" in cjm("check", "tiny").output
    with (folder / "study.yaml").open("a") as handle:
        handle.write("coding: {scores: rules}\n")
    assert "coders: stages, rules, themes" in cjm("check", "tiny").output


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_model_that_is_not_there_is_named(project, folder, command):
    with (folder / "study.yaml").open("a") as handle:
        handle.write("coding: {models: [{path: models/mine, code_group: emotion}]}\n")
    done = cjm(command, "tiny")
    assert done.exit_code == 1
    assert "coding.models: models/mine: there is no such folder" in done.output


def test_a_file_is_no_study_and_its_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "log.csv").write_text("a\n")
    with pytest.raises(SourceError, match=r"a study is a folder.*\n.*lies in: mine\."):
        find_study("mine/log.csv")
