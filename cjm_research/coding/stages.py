"""The stage that an excerpt speaks of: declared, asked, carried or inferred, never forced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.coding.phrases import (
    Hit,
    content_words,
    find_phrases,
    stems,
    tokenize,
    words_of,
)
from cjm_research.coding.rows import make_codes
from cjm_research.coding.stage_inference import Encode, infer_stages
from cjm_research.journey import Journey

STRENGTH = {
    "heading": 0.85,
    "prompt": 0.8,
    "several cues": 0.75,
    "carried prompt": 0.58,
    "cue": 0.6,
}
"""How sure each basis makes us where nothing is inferred by meaning; the surest wins."""

LOG_ODDS = {"heading": 4.0, "prompt": 3.0, "carried prompt": 1.5}
"""What a heading or a question of the guide adds to its stage, beside what the words say."""

INFERRED = "inferred"
"""Basis of a stage that only the meaning speaks for."""


def code_declared(
    excerpts: pd.DataFrame, documents: pd.DataFrame, declared_codes: pd.DataFrame
) -> pd.DataFrame:
    """Code what the sources declare for whole documents, by the coder `source`.

    Parameters
    ----------
    excerpts, documents : DataFrame
        Tables of those names.
    declared_codes : DataFrame
        `document_id`, `code_group`, `code`: what a question asks about, for instance.

    Returns
    -------
    DataFrame
        Table `codes`: one row per excerpt of a participant or observer and declared code.
    """
    stages = documents.loc[documents["declared_stage"] != "", ["document_id", "declared_stage"]]
    stages = stages.rename(columns={"declared_stage": "code"}).assign(code_group="stage")
    declared = pd.concat([stages, declared_codes[["document_id", "code_group", "code"]]])
    heard = excerpts[excerpts["speaker"] != "interviewer"]
    rows = heard.merge(declared, on="document_id", how="inner")
    rows = rows.assign(strength=1.0, basis="declared")
    return make_codes(rows.to_dict("records"), coder_id="source")


@dataclass(frozen=True)
class StageCoder:
    """Propose stages from headings, the interviewer's questions and what is said.

    A question of the interview guide (`prompts` of a stage) or a question with cues of one
    stage places the answer there, and what follows until the next such question. With
    embeddings, the meaning of the words is weighed with that along the conversation
    (`stage_inference`); without, cue phrases alone are.

    Attributes
    ----------
    journey : Journey
    embeddings : DataFrame, optional
        Index `excerpt_id`, a column per dimension.
    encode : callable, optional
        Texts to embeddings by the same encoder.
    margin : float
        Least lead of the likeliest stage over the next (or over "no stage"), in probability;
        below it no stage is proposed.
    prompt_overlap : float
        Share of a guide question's content words that the asked question must hold.
    coder_id : str
    """

    journey: Journey
    embeddings: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    encode: Encode | None = field(default=None, compare=False, repr=False)
    margin: float = 0.2
    prompt_overlap: float = 0.6
    coder_id: str = "stages"

    def __call__(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        """Return table `codes` with the surest stage per excerpt that has one.

        `attributes` hold, for stages by meaning, `unsmoothed` (the stage of the excerpt by
        itself, or "") and `lead` (over the next stage, in probability).
        """
        heard = excerpts[excerpts["speaker"] != "interviewer"]
        heard = heard.sort_values(["document_id", "start"], kind="stable").reset_index(drop=True)
        if self.embeddings is None or self.encode is None:
            rows = self._by_signs(heard)
        else:
            rows = self._by_meaning(heard, self.embeddings, self.encode)
        return make_codes(rows, coder_id=self.coder_id)

    def _by_signs(self, heard: pd.DataFrame) -> Iterator[dict[str, Any]]:
        signs = self._signs(heard, question_cues=True)
        for row, proposals in zip(heard.to_dict("records"), signs, strict=True):
            if proposals:
                basis = max(proposals, key=STRENGTH.__getitem__)
                yield row | _stage(proposals[basis], STRENGTH[basis], basis)

    def _by_meaning(
        self,
        heard: pd.DataFrame,
        embeddings: pd.DataFrame,
        encode: Encode,
    ) -> Iterator[dict[str, Any]]:
        if heard.empty:
            return
        signs = self._signs(heard, question_cues=False)
        ids = list(self.journey.stage_ids)
        known = np.zeros((len(heard), len(ids)))
        for row, proposals in enumerate(signs):
            for basis, stage in proposals.items():
                known[row, ids.index(stage)] += LOG_ODDS.get(basis, 0.0)
        alone, along = infer_stages(heard, embeddings, self.journey, encode=encode, known=known)
        ranked = np.sort(along, axis=1)
        leads = ranked[:, -1] - ranked[:, -2]
        best, first = along.argmax(axis=1), alone.argmax(axis=1)
        for number, row in enumerate(heard.to_dict("records")):
            if best[number] == len(ids) or leads[number] < self.margin:
                continue
            stage = ids[best[number]]
            agreeing = [basis for basis, named in signs[number].items() if named == stage]
            basis = max(agreeing, key=STRENGTH.__getitem__) if agreeing else INFERRED
            unsmoothed = ids[first[number]] if first[number] < len(ids) else ""
            attributes = {"unsmoothed": unsmoothed, "lead": round(float(leads[number]), 3)}
            strength = round(float(along[number, best[number]]), 4)
            yield row | _stage(stage, strength, basis) | {"attributes": attributes}

    def _signs(self, heard: pd.DataFrame, *, question_cues: bool) -> list[dict[str, str]]:
        """Return what headings, questions and cues say: basis to stage, per excerpt.

        Cues in a question place its answer only where its meaning is not read as well.
        """
        cues = {stage.id: stage.cues for stage in self.journey}
        docs = tokenize(heard["text"])
        asked_of = self._asked_stages if question_cues else self._guided_stages
        prompts = asked_of(heard["prompt"].unique().tolist())
        document, prompt, asked = "", "", ""
        answered_turn = -1
        signs = []
        for row, doc, hits in zip(
            heard[["document_id", "prompt", "turn", "heading"]].to_dict("records"),
            docs,
            find_phrases(docs, cues),
            strict=True,
        ):
            if row["document_id"] != document:
                document, prompt, asked, answered_turn = row["document_id"], "", "", -1
            if row["prompt"] != prompt:
                prompt = row["prompt"]
                if prompts[prompt]:
                    asked, answered_turn = prompts[prompt], row["turn"]
            proposals: dict[str, str] = {}
            heading = self._heading_stage(row["heading"])
            if heading:
                proposals["heading"] = heading
            if asked:
                direct = row["turn"] == answered_turn
                proposals["prompt" if direct else "carried prompt"] = asked
            stage, n_cues = _best_cue(doc, hits)
            if stage:
                proposals["several cues" if n_cues > 1 else "cue"] = stage
            signs.append(proposals)
        return signs

    def _heading_stage(self, heading: str) -> str:
        words = heading.strip().casefold()
        if not words:
            return ""
        for stage in self.journey:
            if words in (stage.id.casefold(), stage.name.casefold()):
                return stage.id
        content = content_words(heading)
        for stage in self.journey:
            if stems(content_words(stage.name)) & stems(content):
                return stage.id
        return ""

    def _guided_stages(self, prompts: list[str]) -> dict[str, str]:
        """Return the stage that each question asks about by the guide, or ""."""
        return {prompt: self._guided_stage(prompt) for prompt in prompts}

    def _asked_stages(self, prompts: list[str]) -> dict[str, str]:
        """Return the stage that each question asks about, by the guide or by its cues."""
        docs = tokenize(prompts)
        found = find_phrases(docs, {stage.id: stage.cues for stage in self.journey})
        return {
            prompt: self._guided_stage(prompt) or _best_cue(doc, hits)[0]
            for prompt, doc, hits in zip(prompts, docs, found, strict=True)
        }

    def _guided_stage(self, prompt: str) -> str:
        """Return the stage of the guide's question that the asked one holds, if one does.

        Where two guide questions share their content words ("when you came to order",
        "after you had ordered"), the small words decide.
        """
        words, content = stems(words_of(prompt)), stems(content_words(prompt))
        fits: dict[str, tuple[float, float]] = {}
        for stage in self.journey:
            for guide in stage.prompts:
                wanted, wanted_all = stems(content_words(guide)), stems(words_of(guide))
                if wanted:
                    fit = (
                        len(wanted & content) / len(wanted),
                        len(wanted_all & words) / len(wanted_all),
                    )
                    fits[stage.id] = max(fits.get(stage.id, (0.0, 0.0)), fit)
        best = sorted(fits.items(), key=lambda item: item[1], reverse=True)
        if not best or best[0][1][0] < self.prompt_overlap:
            return ""
        tie = len(best) > 1 and best[1][1] == best[0][1]
        return "" if tie else best[0][0]


def _stage(stage: str, strength: float, basis: str) -> dict[str, Any]:
    return {"code_group": "stage", "code": stage, "strength": strength, "basis": basis}


def _best_cue(doc: Any, hits: list[Hit]) -> tuple[str, int]:
    """Return the stage with most distinct cues, or nothing when two stages have as many."""
    found: dict[str, set[str]] = {}
    for hit in hits:
        found.setdefault(hit.label, set()).add(doc[hit.start : hit.end].text.lower())
    counts = sorted(((len(words), stage) for stage, words in found.items()), reverse=True)
    if not counts or (len(counts) > 1 and counts[0][0] == counts[1][0]):
        return "", 0
    return counts[0][1], counts[0][0]
