"""The committed demo study is what its script makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_demo_equals_a_fresh_making():
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_demo.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
