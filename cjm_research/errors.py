"""Errors that speak to a researcher: where, what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class CjmError(Exception):
    """Root of every error that this package raises on purpose."""


class ConfigError(CjmError, ValueError):
    """A study.yaml (or another file written by a person) cannot be used.

    Parameters
    ----------
    where : str
        File, as the researcher knows it.
    problems : sequence of str
        One sentence per problem; all problems are reported at once.
    """

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        self.where = where
        self.problems = list(problems)
        super().__init__(_listing(f"{where} cannot be used", self.problems))


class TableError(CjmError, ValueError):
    """A table does not have the columns, types or values that its room promises."""

    def __init__(self, where: str, table: str, problems: Sequence[str]) -> None:
        self.where = where
        self.table = table
        self.problems = list(problems)
        super().__init__(_listing(f"{where} does not fit the table `{table}`", self.problems))


class SourceError(CjmError, ValueError):
    """A source file is missing, unreadable or not what its kind promises."""

    def __init__(self, where: str, problem: str, what_to_do: str) -> None:
        self.where = where
        self.problem = problem
        self.what_to_do = what_to_do
        super().__init__(f"{where}: {problem}\n  What to do: {what_to_do}")


class EngineError(CjmError, RuntimeError):
    """An engine, or what it should read, cannot be reached or does not fit."""

    def __init__(self, where: str, problem: str, what_to_do: str) -> None:
        self.where = where
        self.problem = problem
        self.what_to_do = what_to_do
        super().__init__(f"{where}: {problem}\n  What to do: {what_to_do}")


class UnknownNameError(CjmError, ValueError):
    """A stage, measure, reader, notebook or parameter that does not exist."""

    def __init__(self, kind: str, name: str, allowed: Iterable[str], *, where: str = "") -> None:
        self.kind = kind
        self.name = name
        self.allowed = list(allowed)
        prefix = f"{where}: " if where else ""
        super().__init__(
            f"{prefix}no {kind} '{name}'.{did_you_mean(name, self.allowed)} "
            f"Allowed: {quoted(self.allowed)}."
        )


class ReportError(CjmError, RuntimeError):
    """A report run did not finish. The last good report is untouched."""

    def __init__(self, message: str, *, notebook: str = "", cell: int | None = None) -> None:
        self.notebook = notebook
        self.cell = cell
        super().__init__(message)


def quoted(names: Iterable[str]) -> str:
    """Return the names in quotes, separated by commas ('none' for no names)."""
    return ", ".join(f"'{name}'" for name in names) or "none"


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return ' Did you mean ...?' when one allowed name is close, else an empty string."""
    close = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""


def _listing(head: str, problems: Sequence[str]) -> str:
    count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
    return "\n".join([f"{head} ({count}):", *(f"  - {problem}" for problem in problems)])
