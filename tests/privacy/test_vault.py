import json
import stat
import subprocess
import sys

import pytest

from cjm_research.errors import ConfigError
from cjm_research.privacy import open_vault


def test_the_key_is_made_once_kept_privately_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    first, second = open_vault("study"), open_vault("study")
    assert first.secret == second.secret
    assert len(first.secret) == 32
    assert first.path == tmp_path / "vault" / "study.json"
    assert open_vault("other").secret != first.secret
    if sys.platform != "win32":
        assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert first.secret.hex() not in repr(first)


def test_aliases_never_change_and_new_people_get_the_next_numbers(tmp_path):
    vault = open_vault("study", folder=tmp_path)
    assert vault.assign_aliases([("pb", "b"), ("pa", "a")]) == {"pb": "P01", "pa": "P02"}
    again = open_vault("study", folder=tmp_path)
    assert again.assign_aliases([("pc", "c"), ("pa", "a")]) == {"pc": "P03", "pa": "P02"}
    stored = json.loads((tmp_path / "study.json").read_text("utf-8"))
    assert stored["people"]["pb"] == {"alias": "P01", "raw_id": "b"}


def test_aliases_widen_when_needed(tmp_path):
    aliases = open_vault("s", synthetic=True).assign_aliases([(f"p{n}", "") for n in range(101)])
    assert (aliases["p0"], aliases["p98"], aliases["p99"]) == ("P01", "P99", "P100")


def test_a_synthetic_study_keeps_nothing_and_repeats_everywhere(tmp_path, monkeypatch):
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    vault = open_vault("demo", synthetic=True)
    assert vault.secret == open_vault("demo", synthetic=True).secret
    assert vault.assign_aliases([("pa", "a")]) == {"pa": "P01"}
    assert not (tmp_path / "vault").exists()


def test_a_vault_inside_the_study_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="inside the study folder"):
        open_vault("s", folder=tmp_path / "study" / "keys", study_folder=tmp_path / "study")


@pytest.mark.parametrize("content", ["", "{}", '{"version": 1, "secret": "ab"}', "[1]"])
def test_a_damaged_vault_is_never_replaced(tmp_path, content):
    (tmp_path / "s.json").write_text(content)
    with pytest.raises(ConfigError, match="Restore it from a backup"):
        open_vault("s", folder=tmp_path)
    assert (tmp_path / "s.json").read_text() == content


def test_names_that_clean_to_the_same_file_have_their_own_keys(tmp_path):
    one, other = open_vault("a b", folder=tmp_path), open_vault("a/b", folder=tmp_path)
    assert one.path != other.path
    assert one.path.parent == other.path.parent == tmp_path


def test_processes_at_once_agree_on_one_key(tmp_path):
    code = (
        "import sys; from pathlib import Path; from cjm_research.privacy import open_vault;"
        "print(open_vault('s', folder=Path(sys.argv[1])).digest('x'))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert len({process.communicate()[0] for process in started}) == 1
