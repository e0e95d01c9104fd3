"""The journey's order as it was designed, as people tell it, and as the log has it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from cjm_research.integration.conventions import MIN_PEOPLE
from cjm_research.integration.expectations import estimate_share
from cjm_research.journey import Journey, Stage

ORDER_COLUMNS = [
    "stage", "next_stage", "source", "in_sequence",
    "n_interviewed", "n_ordered", "n_told", "n_told_planned", "n_told_reversed",
    "reversed_share", "reversed_low", "reversed_high",
    "n_in_log", "n_on_paths", "n_logged", "n_logged_planned", "n_logged_reversed",
    "n_straight", "n_back", "skips", "returns", "n_moves", "n_deviating_moves",
    "n_loops", "n_in_stage", "n_returned", "words",
]  # fmt: skip
ASKED_BASES = frozenset({"heading", "prompt", "carried prompt"})
"""Bases of a stage that rest on what the interviewer asked, and when."""

_GUIDE_SHARE = 0.8
"""Share of a guide question's words that a question holds when it is that one asked."""
_MOST_LOOPS = 20
"""Rows of a full table `loops`: a loop that is missing there may be a rarer one."""
_ARROW, _CUT = " > ", "..."
"""What joins the steps of a path, and what stands for those cut off."""


def compare_orders(
    *,
    excerpts: pd.DataFrame,
    documents: pd.DataFrame,
    held: pd.DataFrame,
    codes: pd.DataFrame,
    coders: pd.DataFrame,
    transitions: pd.DataFrame,
    loops: pd.DataFrame,
    rework: pd.DataFrame,
    paths: pd.DataFrame,
    source_facts: pd.DataFrame,
    journey: Journey,
) -> pd.DataFrame:
    """Set the designed order of the journey beside the told and the logged one.

    A narrated order is a claim about a person, so it rests on little, but on firm ground. Only
    interviews with one participant have one: a survey's order is that of its questions, a
    group's is everybody's, and a note's is the observer's. A stage's place in a telling is the
    participant's first excerpt there, and it counts when

    - that excerpt's stage is confirmed: given by a person, or by the source for that very
      excerpt. Stages that a machine proposes are smoothed along the conversation in journey
      order, and would tell us the order that we put in;
    - the interviewer had not brought the stage up before: by a heading, a question of the
      guide, or a question with the stage's cues.

    Parameters
    ----------
    excerpts, documents, coders : DataFrame
        Tables of those names.
    held : DataFrame
        Resolved codes (`held_codes`).
    codes : DataFrame
        All codes: where a person confirmed a stage, the machine's row still says whether it
        was asked for.
    transitions, loops, rework, paths : DataFrame
        Tables of those names, by stage and participant; empty without a log.
    source_facts : DataFrame
        `source`, `has_design`.
    journey : Journey

    Returns
    -------
    DataFrame
        Table `orders`, one row per pair of stages that follow each other as designed (`stage`,
        `next_stage`) and source with interviews; `source` is "" when there is none, and the
        logged columns are the same for every source. No rows without interviews and log.
        `in_sequence` is False where one of the two stages may come at any time: no order of
        theirs deviates.

        Told: of `n_interviewed` participants `n_ordered` have a narrated order, of two stages
        or more. Of the `n_told` who tell both stages of the pair, `n_told_planned` come to
        `stage` first and `n_told_reversed` to `next_stage`; of several interviews of a person
        the first that has an order counts. All three are NaN ("not shown") while fewer than 5
        of the source have an order. `reversed_share` is `n_told_reversed` over `n_told`, with
        Wilson's interval, only with a sampling design and 5 people.

        Logged: on the paths that table `paths` lists are `n_on_paths` of `n_in_log`
        participants; `n_logged` of them came to both stages, `n_logged_planned` to `stage`
        first and `n_logged_reversed` to `next_stage` first. `n_straight` went from `stage`
        straight to `next_stage` at least once, `n_back` straight back; `skips` and `returns`
        list the stages further on and further back that they went to straight from `stage`
        (`name`, `n` people, most first). `n_deviating_moves` of the `n_moves` from `stage` to
        another stage skip or return; moves, not people. `n_loops` went to `next_stage` and
        straight back to `stage`. `n_returned` of the `n_in_stage` left `stage` and came back
        to it, however long after. NaN where no log says.
    """
    told = _first_mentions(excerpts, documents, held, codes, coders, journey)
    interviewed = _interviewed(excerpts, documents)
    designs = dict(zip(source_facts["source"], source_facts["has_design"], strict=True))
    log = _Log(transitions, loops, rework, paths, journey)
    rows = []
    # Without interviews and without a log there is nothing to set beside the design.
    known = interviewed or len(transitions) or len(paths)
    for stage, following in pairwise(journey) if known else ():
        logged = log.between(stage, following)
        for source in sorted(interviewed) or [""]:
            said = _said_order(
                told.get(source, []), stage.id, following.id, design=bool(designs.get(source))
            )
            row = {
                "stage": stage.id,
                "next_stage": following.id,
                "source": source,
                "in_sequence": stage.sequential and following.sequential,
                "n_interviewed": interviewed.get(source, 0),
                **said,
                **logged,
            }
            rows.append(row | {"words": _words(row, stage, following, journey)})
    frame = pd.DataFrame(rows, columns=ORDER_COLUMNS)
    return frame.assign(
        stage=journey.order(frame["stage"]), next_stage=journey.order(frame["next_stage"])
    )


_Mentions = dict[str, int]
"""Stage -> place of a participant's first mention, in one telling."""


def _interviews(excerpts: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """Return the excerpts of interviews with one participant, in order."""
    talks = excerpts[
        excerpts["document_id"].isin(documents.loc[documents["kind"] == "interview", "document_id"])
    ]
    answers = talks[talks["speaker"] == "participant"]
    voices = answers.groupby("document_id")["participant_id"].nunique()
    talks = talks[talks["document_id"].isin(voices[voices == 1].index)]
    return talks.sort_values(["document_id", "start"], kind="stable")


def _interviewed(excerpts: pd.DataFrame, documents: pd.DataFrame) -> dict[str, int]:
    talks = _interviews(excerpts, documents)
    answers = talks[talks["speaker"] == "participant"]
    counts = answers.groupby("source")["participant_id"].nunique()
    return {str(source): int(n) for source, n in counts.items()}


def _first_mentions(
    excerpts: pd.DataFrame,
    documents: pd.DataFrame,
    held: pd.DataFrame,
    codes: pd.DataFrame,
    coders: pd.DataFrame,
    journey: Journey,
) -> dict[str, list[_Mentions]]:
    """Return, per source, the places of own and confirmed first mentions of each participant."""
    talks = _interviews(excerpts, documents)
    placed = _placed(talks, documents, held, coders, journey)
    raised = _raised(talks, codes, journey)
    first = placed.drop_duplicates(["document_id", "stage"])
    tellings: dict[str, _Mentions] = {}
    for row in first[first["confirmed"]].to_dict("records"):
        if row["start"] < raised.get((row["document_id"], row["stage"]), math.inf):
            tellings.setdefault(row["document_id"], {})[row["stage"]] = row["start"]
    found: dict[tuple[str, str], _Mentions] = {}
    of_document = {row["document_id"]: row for row in _rows(placed)}
    for document in documents.sort_values(["said_at", "document_id"])["document_id"]:
        telling = tellings.get(document, {})
        if len(telling) > 1:
            teller = of_document[document]
            found.setdefault((teller["source"], teller["participant_id"]), telling)
    orders: dict[str, list[_Mentions]] = {}
    for (source, _), telling in found.items():
        orders.setdefault(source, []).append(telling)
    return orders


def _placed(
    talks: pd.DataFrame,
    documents: pd.DataFrame,
    held: pd.DataFrame,
    coders: pd.DataFrame,
    journey: Journey,
) -> pd.DataFrame:
    """Return the participants' excerpts that have a stage, and whether it is confirmed."""
    answers = talks.loc[
        talks["speaker"] == "participant",
        ["excerpt_id", "document_id", "participant_id", "source", "start"],
    ]
    stages = held.loc[
        (held["code_group"] == "stage") & held["code"].isin(journey.stage_ids),
        ["excerpt_id", "code", "basis", "coder_id"],
    ].rename(columns={"code": "stage"})
    placed = answers.merge(stages, on="excerpt_id", how="inner", sort=False)
    kinds = placed["coder_id"].map(dict(zip(coders["coder_id"], coders["kind"], strict=True)))
    # What a source declares of a whole document was not placed by the one who tells.
    whole = documents.loc[documents["declared_stage"] != "", "document_id"]
    by_source = (
        (kinds == "source")
        & ~placed["basis"].isin(ASKED_BASES)
        & ~placed["document_id"].isin(whole)
    )
    placed = placed.assign(confirmed=(kinds == "person") | by_source)
    return placed.sort_values(["document_id", "start"], kind="stable")


def _raised(
    talks: pd.DataFrame, codes: pd.DataFrame, journey: Journey
) -> dict[tuple[str, str], int]:
    """Return where in each document the interviewer first brings up each stage."""
    asked_of = _Questions(journey)
    asks = {
        text: asked_of.stage(text)
        for text in {
            *talks["prompt"], *talks.loc[talks["speaker"] == "interviewer", "text"]
        }
    }  # fmt: skip
    headed = {heading: _headed(heading, journey) for heading in talks["heading"].unique()}
    spoken = talks["text"].where(talks["speaker"] == "interviewer", talks["prompt"])
    rested = codes.loc[
        (codes["code_group"] == "stage") & codes["basis"].isin(ASKED_BASES),
        ["excerpt_id", "code"],
    ]
    coded = talks[["excerpt_id", "document_id", "start"]].merge(rested, on="excerpt_id")
    parts = [
        talks[["document_id", "start"]].assign(stage=spoken.map(asks)),
        talks[["document_id", "start"]].assign(stage=talks["heading"].map(headed)),
        coded[["document_id", "start"]].assign(stage=coded["code"]),
    ]
    found = pd.concat(parts, ignore_index=True)
    found = found[found["stage"].astype("object").fillna("") != ""]
    return {
        (str(document), str(stage)): int(start)
        for (document, stage), start in found.groupby(["document_id", "stage"])["start"]
        .min()
        .items()
    }


class _Questions:
    """Which stage a question asks about: the guide's own questions, else the stages' cues."""

    def __init__(self, journey: Journey) -> None:
        self._guide = [(stage.id, _words_of(text)) for stage in journey for text in stage.prompts]
        self._cues = {
            stage.id: [_pattern(phrase) for phrase in (stage.name, *stage.cues) if phrase.strip()]
            for stage in journey
        }

    def stage(self, question: str) -> str:
        """Return the stage, or "" when there is none or none in particular."""
        words = _words_of(question)
        fits: dict[str, float] = {}
        for stage, wanted in self._guide:
            fit = len(wanted & words) / len(wanted) if wanted else 0.0
            if fit >= _GUIDE_SHARE:
                fits[stage] = max(fits.get(stage, 0.0), fit)
        if asked := _leader(fits):
            return asked
        return _leader(
            {
                stage: sum(bool(cue.search(question)) for cue in cues)
                for stage, cues in self._cues.items()
            }
        )


def _leader(scores: Mapping[str, float]) -> str:
    """Return what has the most, or "" when nothing has or two have as much."""
    best = sorted(scores.items(), key=lambda item: -item[1])[:2]
    if not best or best[0][1] == 0 or (len(best) > 1 and best[1][1] == best[0][1]):
        return ""
    return best[0][0]


def _words_of(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _pattern(phrase: str) -> re.Pattern[str]:
    """Return a cue as a pattern: `a|b` is either word, `stem*` any word that begins so."""
    words = [
        "(?:" + "|".join(re.escape(w).replace(r"\*", r"\w*") for w in word.split("|")) + ")"
        for word in phrase.split()
    ]
    return re.compile(r"(?<!\w)" + r"\s+".join(words) + r"(?!\w)", re.IGNORECASE)


def _headed(heading: str, journey: Journey) -> str:
    words = heading.strip().casefold()
    named = [stage.id for stage in journey if words in (stage.id.casefold(), stage.name.casefold())]
    return named[0] if words and named else ""


def _said_order(
    tellings: Sequence[_Mentions], stage: str, following: str, *, design: bool
) -> dict[str, float]:
    row: dict[str, float] = {"n_ordered": len(tellings)}
    if len(tellings) < MIN_PEOPLE:
        return row
    both = [telling for telling in tellings if stage in telling and following in telling]
    n_reversed = sum(telling[following] < telling[stage] for telling in both)
    share = estimate_share(n_reversed, len(both), design=design)
    return row | {
        "n_told": len(both),
        "n_told_planned": len(both) - n_reversed,
        "n_told_reversed": n_reversed,
        "reversed_share": share.value,
        "reversed_low": share.low,
        "reversed_high": share.high,
    }


class _Log:
    """What the log says of two stages."""

    def __init__(
        self,
        transitions: pd.DataFrame,
        loops: pd.DataFrame,
        rework: pd.DataFrame,
        paths: pd.DataFrame,
        journey: Journey,
    ) -> None:
        everybody = transitions[transitions["segment"] == ""]
        ids = journey.stage_ids
        moves = everybody[everybody["from"] != everybody["to"]]
        self._people = {(r["from"], r["to"]): int(r["n_participants"]) for r in _rows(moves)}
        self._moves = {
            (r["from"], r["to"]): int(r["n_transitions"])
            for r in _rows(moves)
            if r["from"] in ids and r["to"] in ids
        }
        self._seen = {name for pair in self._people for name in pair}
        self._loops = {(r["a"], r["b"]): int(r["n_participants"]) for r in _rows(loops)}
        self._full = len(loops) >= _MOST_LOOPS
        self._rework = {
            str(r["stage"]): (int(r["n_participants"]), int(r["n_returned"]))
            for r in _rows(rework[rework["segment"] == ""])
        }
        self._paths = [(r["path"].split(_ARROW), int(r["n_participants"])) for r in _rows(paths)]
        self._n_total = int(paths["n_total"].iloc[0]) if len(paths) else 0
        self._ids = ids
        self._free = {stage.id for stage in journey if not stage.sequential}

    def between(self, stage: Stage, following: Stage) -> dict[str, Any]:
        """Return the logged columns of `orders` for a pair of planned stages."""
        return self._first_visits(stage.id, following.id) | self._straight(stage.id, following.id)

    def _first_visits(self, stage: str, following: str) -> dict[str, Any]:
        if not self._paths:
            return {}
        planned = backward = 0
        for steps, n in self._paths:
            # Of a cut path the rest is unknown: only who was seen in both stages counts.
            if stage in steps and following in steps:
                ahead = steps.index(stage) < steps.index(following)
                planned, backward = planned + n * ahead, backward + n * (not ahead)
        return {
            "n_in_log": self._n_total,
            "n_on_paths": sum(n for _, n in self._paths),
            "n_logged": planned + backward,
            "n_logged_planned": planned,
            "n_logged_reversed": backward,
        }

    def _straight(self, stage: str, following: str) -> dict[str, Any]:
        row: dict[str, Any] = {"skips": [], "returns": []}
        if stage in self._rework:
            row["n_in_stage"], row["n_returned"] = self._rework[stage]
        if stage not in self._seen:
            return row
        ahead, back = self._people.get((stage, following), 0), 0
        if following in self._seen:
            back = self._people.get((following, stage), 0)
        place = self._ids.index(stage)
        later, earlier = self._ids[place + 2 :], self._ids[:place]
        # From a stage that may come at any time, and to one, no way deviates.
        skipped = [to for to in later if self._passes_a_step(place, to)]
        returned = [to for to in earlier if not {stage, to} & self._free]
        row |= {
            "n_straight": ahead,
            "n_back": back,
            "skips": list(self._gone(stage, skipped)),
            "returns": list(self._gone(stage, returned)),
            "n_moves": sum(n for (start, _), n in self._moves.items() if start == stage),
            "n_deviating_moves": sum(
                self._moves.get((stage, to), 0) for to in (*skipped, *returned)
            ),
        }
        if (stage, following) in self._loops:
            row["n_loops"] = self._loops[stage, following]
        elif not (ahead and back and self._full):
            row["n_loops"] = 0
        return row

    def _passes_a_step(self, place: int, to: str) -> bool:
        """Tell whether a stage that comes in sequence lies between, and is passed over."""
        between = self._ids[place + 1 : self._ids.index(to)]
        return not {self._ids[place], to} & self._free and not set(between) <= self._free

    def _gone(self, stage: str, others: Sequence[str]) -> Iterator[dict[str, Any]]:
        people = {to: self._people.get((stage, to), 0) for to in others}
        for name, n in sorted(people.items(), key=lambda pair: -pair[1]):
            if n:
                yield {"name": name, "n": n}


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _words(row: Mapping[str, Any], stage: Stage, following: Stage, journey: Journey) -> str:
    parts = [_told_words(row, stage, following), *_logged_words(row, stage, following, journey)]
    if not row["in_sequence"]:
        parts.append("One of the two may come at any time, so neither order deviates.")
    return " ".join(parts)


def _told_words(row: Mapping[str, Any], stage: Stage, following: Stage) -> str:
    if not row["n_interviewed"]:
        return "Told: not shown: nobody was interviewed alone."
    if row["n_ordered"] < MIN_PEOPLE:
        return (
            f"Told: not shown: {row['n_ordered']} of {row['n_interviewed']} interviewed have an "
            "order of their own, in stages that a person confirmed and before the interviewer "
            f"brought them up; {MIN_PEOPLE} are needed."
        )
    return (
        f"Told: of {row['n_told']} who tell both, {row['n_told_planned']} come to {stage.name} "
        f"first and {row['n_told_reversed']} to {following.name}."
    )


def _logged_words(
    row: Mapping[str, Any], stage: Stage, following: Stage, journey: Journey
) -> Iterator[str]:
    if "n_logged" not in row and "n_straight" not in row:
        yield "Logged: no log says."
        return
    if "n_logged" in row:
        where = ""
        if row["n_on_paths"] < row["n_in_log"]:
            where = f" on the most common paths ({row['n_on_paths']} of {row['n_in_log']} people)"
        yield (
            f"Logged: of {row['n_logged']} who came to both{where}, {row['n_logged_planned']} "
            f"came to {stage.name} first and {row['n_logged_reversed']} to {following.name}."
        )
    if "n_straight" in row:
        yield (
            f"{row['n_straight']} went straight from {stage.name} to {following.name}, "
            f"{row['n_back']} straight back."
        )
    for column, does in (("skips", "skip on"), ("returns", "go back")):
        for other in row[column]:
            yield f"From {stage.name}, {other['n']} {does} to {journey[other['name']].name}."
