"""How the commands print a path."""

from __future__ import annotations

from pathlib import Path


def shown(path: Path) -> str:
    """Return a path relative to where we stand, when it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)
