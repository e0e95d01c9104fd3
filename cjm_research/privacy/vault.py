"""The vault: the key and the list of who is who, kept outside the study folder.

Whoever holds the vault can undo the pseudonyms; without it they cannot be undone. It is never
written into a study folder, a table, a report or a log.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cjm_research.errors import ConfigError

VERSION = 1
_KEY_BYTES = 32
_LOCK_S = 30


@dataclass(frozen=True)
class Vault:
    """The secret of a study, and where its aliases are kept.

    Attributes
    ----------
    secret : bytes
        Key of every pseudonym. Not shown in the repr.
    path : Path or None
        File of the vault; None for a synthetic study, of which nothing is kept.
    """

    secret: bytes
    path: Path | None = None

    def __repr__(self) -> str:
        return f"Vault(path={str(self.path)!r})"

    def digest(self, text: str, *, length: int = 12) -> str:
        """Return the first hexadecimal digits of the text's HMAC under the secret."""
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()[:length]

    def assign_aliases(self, people: Sequence[tuple[str, str]]) -> dict[str, str]:
        """Return an alias (P01, P02, ...) per participant; aliases once given never change.

        Parameters
        ----------
        people : sequence of (participant_id, raw_id)
            In the order in which new people get their numbers.

        Returns
        -------
        dict
            Participant id to alias. For a study with a vault, new people are also kept there,
            with the raw id that leads back to them.
        """
        if self.path is None:
            return _number({}, [participant for participant, _ in people])
        with _lock(self.path):
            stored = _load(self.path)
            kept: dict[str, dict[str, str]] = stored.setdefault("people", {})
            old = {participant: entry["alias"] for participant, entry in kept.items()}
            aliases = _number(old, [participant for participant, _ in people])
            new = {
                participant: {"alias": aliases[participant], "raw_id": raw_id}
                for participant, raw_id in people
                if participant not in kept
            }
            if new:
                kept |= new
                _write(self.path, stored)
        return {participant: aliases[participant] for participant, _ in people}


def open_vault(
    study: str,
    *,
    synthetic: bool = False,
    folder: Path | None = None,
    study_folder: Path | None = None,
) -> Vault:
    """Return the vault of a study; a new one gets a new random key.

    Parameters
    ----------
    study : str
        Name of the study; names the vault's file.
    synthetic : bool
        True when nobody real takes part: the key then follows from the name, so that
        pseudonyms are the same on every machine, and nothing is written.
    folder : Path, optional
        Where vaults are kept; else `$CJM_VAULT`, else the user's data folder.
    study_folder : Path, optional
        When given, a vault inside it is refused.

    Raises
    ------
    ConfigError
        If the vault lies inside the study folder, cannot be read, or is busy.
    """
    if synthetic:
        return Vault(hashlib.sha256(f"cjm_research synthetic {study}".encode()).digest())
    path = (folder or _default_folder()).expanduser() / f"{_file_name(study)}.json"
    if study_folder is not None and path.resolve().is_relative_to(study_folder.resolve()):
        raise ConfigError(
            "privacy.vault",
            [
                f"the vault {path} lies inside the study folder. Whoever gets the study would get "
                "the key to its pseudonyms; name a folder elsewhere."
            ],
        )
    with _lock(path):
        if not path.exists():
            _write(path, {"version": VERSION, "secret": secrets.token_hex(_KEY_BYTES)})
        stored = _load(path)
    return Vault(bytes.fromhex(stored["secret"]), path)


def _default_folder() -> Path:
    if os.environ.get("CJM_VAULT"):
        return Path(os.environ["CJM_VAULT"])
    import platformdirs

    return platformdirs.user_data_path("cjm_research") / "vault"


def _file_name(study: str) -> str:
    clean = re.sub(r"[^\w.-]+", "-", study).strip("-.") or "study"
    # Two names that differ only in what was replaced must not share a key.
    mark = hashlib.sha256(study.encode()).hexdigest()[:6]
    return clean if clean == study else f"{clean}-{mark}"


def _number(old: dict[str, str], participants: Sequence[str]) -> dict[str, str]:
    numbers = [int(alias[1:]) for alias in old.values() if alias[1:].isdigit()]
    following = max(numbers, default=0)
    aliases = dict(old)
    for participant in participants:
        if participant not in aliases:
            following += 1
            aliases[participant] = f"P{following:02d}"
    return aliases


def _lock(path: Path) -> Any:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(f"{path}.lock", timeout=_LOCK_S).acquire()
    except Timeout as error:
        raise ConfigError(str(path), ["another run holds the vault; try again later."]) from error
    except OSError as error:
        raise ConfigError(
            str(path),
            [f"the vault cannot be written ({error.strerror}). Set CJM_VAULT to another folder."],
        ) from error


def _load(path: Path) -> dict[str, Any]:
    try:
        stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if stored["version"] != VERSION or len(bytes.fromhex(stored["secret"])) != _KEY_BYTES:
            raise ValueError("unknown version or key")
        for entry in stored.get("people", {}).values():
            entry["alias"], entry["raw_id"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            str(path),
            [
                "the vault is damaged. Restore it from a backup. If it is deleted, a new key is "
                "made, and pseudonyms of earlier runs no longer match."
            ],
        ) from error
    return stored


def _write(path: Path, content: dict[str, Any]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".vault-")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
