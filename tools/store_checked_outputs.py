"""Run the report notebooks on the demo study and store the outputs that nbval compares.

Only cells tagged `nbval-check-output` and `keep_output` keep their output. Execution counts are
1 to n, because nbval refuses outputs of a cell that seems never to have run. Run this after a
change that is meant to change those numbers, and read the difference before you commit it.

    .venv/bin/python tools/store_checked_outputs.py
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
CHECKED = {"nbval-check-output", "keep_output"}


def store(path: Path) -> bool:
    """Run one notebook, store its checked outputs, and tell whether the file changed."""
    before = path.read_bytes()
    notebook = nbformat.reads(before.decode(), as_version=4)
    ran = nbformat.reads(before.decode(), as_version=4)
    NotebookClient(
        ran, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    pairs = zip(notebook.cells, ran.cells, strict=True)
    code = [(cell, done) for cell, done in pairs if cell.cell_type == "code"]
    for count, (cell, done) in enumerate(code, start=1):
        cell.execution_count = count
        cell.outputs = done.outputs if set(cell.metadata.get("tags", ())) >= CHECKED else []
    after = (nbformat.writes(notebook) + "\n").encode()
    if path.read_bytes() != before:
        raise SystemExit(f"{path.name} was edited meanwhile; nothing was stored. Run this again.")
    if after != before:
        path.write_bytes(after)
    return after != before


def main() -> int:
    with tempfile.TemporaryDirectory() as vault:
        os.environ["CJM_VAULT"] = vault
        for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
            print(f"{path.name}: {'changed' if store(path) else 'as before'}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
