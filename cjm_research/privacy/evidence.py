"""What privacy hands on: tables without names, ready to be written and read."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from cjm_research.privacy.counting import StudyMasker


@dataclass(frozen=True)
class Evidence:
    """The tables of a study after pseudonyms and masking.

    Attributes
    ----------
    participants, documents, turns, ratings, answers, events : DataFrame
        Tables of these names; see `tables`.
    answered : DataFrame
        When a person answered a source, where it tells: participant_id, source, said_at.
    declared_codes : DataFrame
        One row per document and code that its source declares: document_id, code_group, code.
    quality : DataFrame
        What readers recognised and found odd: source, file, level, what, n.
    files : DataFrame
        How each file was read: source and the columns of the material's part.
    set_aside : DataFrame
        Rows of files that were left out: source, file, row, reason.
    masked_counts : DataFrame
        How many strings were masked: source, kind, n.
    reported_funnels, touchpoint_metrics : DataFrame
        Tables of these names: other programs' counts, in which there is nobody to hide.
    document_files : dict
        Document id to the file (and row) that it came from. It may hold names: memory only.
    masker : StudyMasker
        Masks further texts of the study, such as people's notes, as the sources were masked.
    """

    participants: pd.DataFrame
    documents: pd.DataFrame
    turns: pd.DataFrame
    ratings: pd.DataFrame
    answers: pd.DataFrame
    events: pd.DataFrame
    answered: pd.DataFrame
    declared_codes: pd.DataFrame
    quality: pd.DataFrame
    files: pd.DataFrame
    set_aside: pd.DataFrame
    masked_counts: pd.DataFrame
    reported_funnels: pd.DataFrame
    touchpoint_metrics: pd.DataFrame
    masker: StudyMasker = field(repr=False)
    document_files: dict[str, str] = field(default_factory=dict, repr=False)
