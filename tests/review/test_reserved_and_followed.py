"""Names that no person has, sheets with slips, and documents found again by their participant."""

import pandas as pd
import pytest

from cjm_research import review
from cjm_research.codes import resolve_codes
from cjm_research.errors import ConfigError

DOCUMENTS = pd.DataFrame(
    {
        "document_id": ["talks/P01", "talks/P02"],
        "participant_id": ["pbob", "prosa"],
        "text": ["It was slow.", "It was slow."],
    }
)
EXCERPTS = pd.DataFrame(
    {
        "excerpt_id": ["talks/P01#0", "talks/P02#0"],
        "document_id": ["talks/P01", "talks/P02"],
        "start": [0, 0],
        "end": [12, 12],
        "text": ["It was slow.", "It was slow."],
    }
)


@pytest.mark.parametrize("name", ["encoder", "machine", "source"])
def test_a_person_cannot_code_under_a_machines_name(tmp_path, name):
    with pytest.raises(ConfigError, match="under this name"):
        review.append_codes(tmp_path, name, pd.DataFrame())


def test_a_code_follows_its_participant_when_aliases_are_dealt_anew():
    # Rosa was P01 when she was coded; since Bob joined she is P02.
    sheet = pd.DataFrame(
        {
            "coder_id": ["person:eve"], "row": [2], "document_id": ["talks/P01"],
            "participant_id": ["prosa"], "start": ["0"], "end": ["12"], "quote": ["It was slow."],
            "code_group": ["pain_point"], "code": ["slow"], "strength": [1.0],
            "severity": [float("nan")], "note": [""], "coded_at": [""],
        }
    )  # fmt: skip
    codes, lost = review.anchor_codes(sheet, EXCERPTS, DOCUMENTS)
    assert codes["document_id"].tolist() == ["talks/P02"]
    assert lost.empty


def test_what_a_person_coded_closes_the_group_for_machines_on_that_excerpt():
    def row(coder, code, group="pain_point", excerpt="a#0"):
        return {
            "code_id": f"{coder}{code}{excerpt}", "document_id": "a", "start": 0, "end": 5,
            "quote": "words", "excerpt_id": excerpt, "code_group": group, "code": code,
            "strength": 0.9, "basis": "", "attributes": "{}", "note": "", "coder_id": coder,
            "coded_at": pd.NaT,
        }  # fmt: skip

    codes = pd.DataFrame(
        [
            row("person:ana", "slow"), row("encoder", "failure"), row("source", "declared"),
            row("encoder", "need", "need"), row("encoder", "failure", excerpt="a#1"),
        ]
    )  # fmt: skip
    coders = pd.DataFrame(
        {"coder_id": ["person:ana", "encoder", "source"], "kind": ["person", "machine", "source"]}
    )
    held = resolve_codes(codes, coders)
    found = set(zip(held["excerpt_id"], held["code_group"], held["code"], strict=True))
    assert found == {
        ("a#0", "pain_point", "slow"), ("a#0", "pain_point", "declared"), ("a#0", "need", "need"),
        ("a#1", "pain_point", "failure"),
    }  # fmt: skip
