"""Fail when a file is larger than a limit: a guard against data in git.

.venv/bin/python tools/check_file_size.py --max-kb 600 FILE...
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--max-kb", type=int, default=600)
    parser.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args()
    large = [
        path for path in given.files if path.is_file() and path.stat().st_size > given.max_kb * 1000
    ]
    for path in large:
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB, more than {given.max_kb} kB.")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
