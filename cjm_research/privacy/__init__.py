"""Privacy: pseudonyms and masks, before anything is written.

`open_vault` gives the study's key, `pseudonymise` turns material into tables without names.
"""

from __future__ import annotations

from cjm_research.privacy.alignment import Alignment, align_masked
from cjm_research.privacy.counting import StudyMasker
from cjm_research.privacy.evidence import Evidence
from cjm_research.privacy.masking import Masker, build_masker, clean_text
from cjm_research.privacy.people import Links, fold_id, link_people
from cjm_research.privacy.pseudonyms import pseudonymise
from cjm_research.privacy.vault import Vault, open_vault

__all__ = [
    "Alignment",
    "Evidence",
    "Links",
    "Masker",
    "StudyMasker",
    "Vault",
    "align_masked",
    "build_masker",
    "clean_text",
    "fold_id",
    "link_people",
    "open_vault",
    "pseudonymise",
]
