"""The stage that an excerpt speaks of: declared, asked, carried or inferred, never forced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cjm_research.coding.phrases import Hit, find_phrases, load_nlp, tokenize
from cjm_research.coding.rows import make_codes
from cjm_research.journey import Journey

STRENGTH = {
    "heading": 0.85,
    "prompt": 0.8,
    "several cues": 0.75,
    "carried prompt": 0.58,
    "cue": 0.6,
}
"""How sure each basis makes us; the surest proposal wins."""


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
    """Propose stages from headings, the interviewer's questions and cue phrases.

    A question of the interview guide (`prompts` of a stage) or a question with cues of one
    stage places the answer there, and what follows until the next such question. Two cues
    of another stage in one sentence outweigh a carried question, one cue does not.

    Attributes
    ----------
    journey : Journey
    prompt_overlap : float
        Share of a guide question's content words that the asked question must hold.
    coder_id : str
    """

    journey: Journey
    prompt_overlap: float = 0.6
    coder_id: str = "stages"

    def __call__(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        """Return table `codes` with the surest stage per excerpt that has one."""
        return make_codes(self._rows(excerpts), coder_id=self.coder_id)

    def _rows(self, excerpts: pd.DataFrame) -> Iterator[dict[str, Any]]:
        cues = {stage.id: stage.cues for stage in self.journey}
        ordered = excerpts.sort_values(["document_id", "start"], kind="stable")
        records = ordered.to_dict("records")
        docs = tokenize(ordered["text"])
        found = find_phrases(docs, cues)
        prompts = self._asked_stages(ordered["prompt"].unique().tolist(), cues)
        document, prompt, asked = "", "", ""
        answered_turn = -1
        for row, doc, hits in zip(records, docs, found, strict=True):
            if row["document_id"] != document:
                document, prompt, asked, answered_turn = row["document_id"], "", "", -1
            if row["speaker"] == "interviewer":
                continue
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
            if proposals:
                basis = max(proposals, key=STRENGTH.__getitem__)
                yield row | {
                    "code_group": "stage",
                    "code": proposals[basis],
                    "strength": STRENGTH[basis],
                    "basis": basis,
                }

    def _heading_stage(self, heading: str) -> str:
        words = heading.strip().casefold()
        if not words:
            return ""
        for stage in self.journey:
            if words in (stage.id.casefold(), stage.name.casefold()):
                return stage.id
        content = _content_words(heading)
        for stage in self.journey:
            if _stems(_content_words(stage.name)) & _stems(content):
                return stage.id
        return ""

    def _asked_stages(
        self, prompts: list[str], cues: Mapping[str, Sequence[str]]
    ) -> dict[str, str]:
        """Return the stage that each question asks about, by the guide or by its cues."""
        docs = tokenize(prompts)
        found = find_phrases(docs, cues)
        return {
            prompt: self._guided_stage(prompt) or _best_cue(doc, hits)[0]
            for prompt, doc, hits in zip(prompts, docs, found, strict=True)
        }

    def _guided_stage(self, prompt: str) -> str:
        """Return the stage of the guide's question that the asked one holds, if one does.

        Where two guide questions share their content words ("when you came to order",
        "after you had ordered"), the small words decide.
        """
        words, content = _stems(_words(prompt)), _stems(_content_words(prompt))
        fits: dict[str, tuple[float, float]] = {}
        for stage in self.journey:
            for guide in stage.prompts:
                wanted, wanted_all = _stems(_content_words(guide)), _stems(_words(guide))
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


def _best_cue(doc: Any, hits: list[Hit]) -> tuple[str, int]:
    """Return the stage with most distinct cues, or nothing when two stages have as many."""
    found: dict[str, set[str]] = {}
    for hit in hits:
        found.setdefault(hit.label, set()).add(doc[hit.start : hit.end].text.lower())
    counts = sorted(((len(words), stage) for stage, words in found.items()), reverse=True)
    if not counts or (len(counts) > 1 and counts[0][0] == counts[1][0]):
        return "", 0
    return counts[0][1], counts[0][0]


def _words(text: str) -> set[str]:
    return {token.lower_ for doc in tokenize([text]) for token in doc if token.is_alpha}


def _content_words(text: str) -> set[str]:
    stop_words = load_nlp().Defaults.stop_words
    return {word for word in _words(text) if word not in stop_words}


def _stems(words: set[str]) -> set[str]:
    """Crude endings off ("ordering", "ordered" -> "order"): guides and speech differ by these."""
    stems = set()
    for word in words:
        for ending in ("ing", "ed", "es", "s"):
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                word = word[: -len(ending)]
                break
        stems.add(word)
    return stems
