"""A run with a link that no longer holds fails, says which, and keeps nobody's words."""

import json
import os

import pytest

from cjm_research.reporting.runs import run_study
from cjm_research.study.conclusions import BrokenEvidence
from tests.tiny import SENTINEL, SHOW, write_notebook

FINDINGS = """\
findings:
  - id: F1
    headline: Slow pages drive people away
    by: Ana
    evidence:
      - {table: funnel, where: {stage: see}, column: drop_off_rate, value: 0.33}
"""
GONE = "Theodora hid the parcel under the stairs"


def test_a_broken_link_fails_the_run_and_leaves_the_last_good_report(project):
    root = project.parents[2]
    write_notebook(root / "notebooks" / "01_numbers.ipynb", SHOW, SENTINEL)
    path = project / "findings.yaml"
    path.write_text(FINDINGS)
    good = run_study("tiny")
    page = (good.run_dir / "index.html").read_text("utf-8")
    assert 'id="F1" data-claim="F1"' in page
    path.write_text(FINDINGS + f"      - {{excerpt: 'survey/P04/why#0', quote: '{GONE}'}}\n")
    with pytest.raises(BrokenEvidence):
        run_study("tiny")
    reports = root / "reports" / "tiny"
    assert os.path.realpath(reports / "latest") == os.path.realpath(good.run_dir)
    (failed,) = reports.glob("*-failed")
    assert "F1, link 2" in json.loads((failed / "run.json").read_text("utf-8"))["reason"]
    kept = [file.read_text("utf-8") for file in failed.rglob("*") if file.is_file()]
    kept.append((root / "reports" / "index.html").read_text("utf-8"))
    assert not [text for text in kept if "Theodora" in text]
