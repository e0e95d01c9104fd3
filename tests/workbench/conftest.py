"""A tiny study with one interview, quickly made."""

import pytest

from cjm_research.study import open_study

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to mend first.
journey:
  stages:
    - {id: find, name: Finding, prompts: ["How did you find us?"]}
    - {id: buy, name: Buying, cues: [the basket, paying]}
sources:
  - id: talks
    label: Interviews in March
    kind: transcripts
    files: talks/*.txt
    sampling: purposive
    consent: quote
    interviewers: [Ines]
    masking_reviewed: all
coding: {scores: rules}
"""
TALK = """\
Ines: How did you find us?
Anna: I saw the advert. It looked great. I had expected a total, but there was none.
Ines: And then?
Anna: Well, paying was awful. I couldn't find the button, and the page crashed. I gave up.
Ines: What did others say?
Anna: My sister said <b>nothing</b> about the fee.
"""


def write_study(root):
    folder = root / "data" / "raw" / "tiny"
    (folder / "talks").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    (folder / "talks" / "k01.txt").write_text(TALK, "utf-8")
    return folder


@pytest.fixture(scope="session")
def _made(tmp_path_factory):
    root = tmp_path_factory.mktemp("tiny")
    write_study(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CJM_VAULT", str(root / "vault"))
        patch.chdir(root)
        _ = open_study("tiny").tables
    return root
