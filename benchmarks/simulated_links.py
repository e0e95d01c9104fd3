"""Studies with planted links between told trouble and leaving: what the tables make of them.

`python benchmarks/simulated_links.py` draws one study per seed, gives its tables to
`count_links`, `weigh_causes` and `judge_stages`, and prints one JSON object. No text is read:
what is measured is the joining and the statistics, not the coding.

What is planted, in a journey of five stages and 3,000 visitors, 400 of whom answer a survey:

- discover: few leave, and no pain point is told by many: the sources agree;
- choose: many leave, and nobody who answers names any trouble: only done;
- order: many leave and many tell `PLANTED`; those who tell it leave twice as often as all
  other respondents who came here: the sources agree;
- wait: most tell late delivery, and few leave: the sources disagree;
- renew: many leave, and nobody was asked.

The planted ratio is that of those who *tell* it against all others, silent ones included, not
that of those who have the trouble: 15 % of them answer nothing, stand among the others, and
leave as often as those who tell it. `_risk_without` is solved for that. Whoever tells anything
else leaves as often as who does not: whether somebody answers, and which other pain points
they tell, are drawn apart from where they leave. So every other comparison is a null, at
whatever stage, in large groups and in small ones.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.config import Findings
from cjm_research.config.schema import VerdictPart
from cjm_research.integration.causes import weigh_causes
from cjm_research.integration.conventions import FALSE_FINDS
from cjm_research.integration.links import count_links
from cjm_research.integration.verdicts import judge_stages
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import estimate_proportion, estimate_risk_ratio

JOURNEY = Journey(
    tuple(Stage(id=name, name=name) for name in ("discover", "choose", "order", "wait", "renew"))
)
VERDICTS = {
    "discover": "sources agree",
    "choose": "only done",
    "order": "sources agree",
    "wait": "sources disagree",
    "renew": "not asked",
}
ASKED = ("discover", "choose", "order", "wait")
N_VISITORS, N_PEOPLE = 3000, 400
PLANTED = "forced_account"
RISK_RATIO = 2.0
RISK_TOLD, P_FELT, P_ANSWER = 0.80, 0.45, 0.85
P_LEAVE = {"discover": 0.08, "choose": 0.35, "wait": 0.06, "renew": 0.30}
NULLS: dict[str, dict[str, float]] = {
    "discover": {
        "slow": 0.06, "trust": 0.05, "broken_promise": 0.04, "navigation": 0.03,
        "lost_work": 0.012,
    },
    "choose": {},
    "order": {"price_surprise": 0.12, "form_trouble": 0.10, "payment": 0.05, "failure": 0.03},
    "wait": {
        "late_delivery": 0.65, "support_contact": 0.10, "returns": 0.06,
        "quality_mismatch": 0.04,
    },
}  # fmt: skip
"""Share of those who answer that tells it."""
DRAWS = 20
"""Draws of the planted comparison's counts for each study that is drawn as a whole."""
SOURCE = "survey"
FACTS = pd.DataFrame(
    {
        "source": [SOURCE], "label": ["Survey"], "kind": ["survey_answer"], "has_design": [True],
        "wave": [""],
    }
)  # fmt: skip
VISITED, ANSWERED = pd.Timestamp("2026-03-01", tz="UTC"), pd.Timestamp("2026-03-20", tz="UTC")


def simulate_links(seeds: int = 200, first_seed: int = 0) -> dict[str, float]:
    """Draw studies, and count how often their planted links and verdicts are found.

    Parameters
    ----------
    seeds : int, default 200
        Studies.
    first_seed : int, default 0
        Seed of the first; the others follow it.

    Returns
    -------
    dict of str to float
        `planted_link_covered`: share of studies whose 95 % interval covers the planted ratio;
        200 studies tell that to within 3 points, so that `planted_ratio_covered` draws the
        counts of the planted comparison alone `DRAWS` times as often. `planted_link_found`:
        share of studies where its adjusted p is below .05.

        `false_link_rate`: the share of false links among the links found, averaged over
        studies (0 where none is found). That is what Benjamini and Hochberg's procedure
        promises to keep at or below .05, whatever the number of true links; about 1 in 40 of
        that is given away to the true one. It does not promise `false_link_any`, the share of
        studies with at least one false link, which may be about twice as large where one true
        link is found as well. `false_links_per_null` is the share of all null comparisons that
        become links; `n_nulls` their mean number per study.

        `verdicts_right`: mean share of the five stages with the planted verdict.

    Raises
    ------
    ValueError
        If there is no study to draw.
    """
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1; got {seeds}.")
    found = [_measure(draw_study(seed)) for seed in range(first_seed, first_seed + seeds)]
    frame = pd.DataFrame(found)
    n_found = frame["n_false"] + frame["found"]
    return {
        "planted_link_covered": float(frame["covered"].mean()),
        "planted_ratio_covered": _cover_ratio(DRAWS * seeds, first_seed),
        "planted_link_found": float(frame["found"].mean()),
        "false_link_rate": float((frame["n_false"] / n_found.clip(lower=1)).mean()),
        "false_link_any": float((frame["n_false"] > 0).mean()),
        "false_links_per_null": float(frame["n_false"].sum() / max(frame["n_nulls"].sum(), 1)),
        "n_nulls": float(frame["n_nulls"].mean()),
        "verdicts_right": float(frame["verdicts_right"].mean()),
    }


def draw_study(seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables of one study, as the measuring functions take them.

    Parameters
    ----------
    seed : int

    Returns
    -------
    dict of str to DataFrame
        `person_stages`, `stage_behaviour`, `statements`, `documents`, `excerpts`,
        `pain_points`, `mentions`, `coverage`, `ratings`.
    """
    rng = np.random.default_rng(seed)
    felt = rng.random(N_VISITORS) < P_FELT
    answers = {stage: rng.random(N_VISITORS) < P_ANSWER for stage in ASKED}
    told = {
        (stage, code): answers[stage] & (rng.random(N_VISITORS) < share)
        for stage, codes in NULLS.items()
        for code, share in codes.items()
    }
    told["order", PLANTED] = answers["order"] & felt
    risks = {stage: np.full(N_VISITORS, risk) for stage, risk in P_LEAVE.items()}
    risks["order"] = np.where(felt, RISK_TOLD, _risk_without())
    ids = np.array([f"p{number:04}" for number in range(N_VISITORS)])
    # Visitors are alike before the draw: the first of them are a random sample.
    sampled = np.arange(N_VISITORS) < N_PEOPLE
    here = np.ones(N_VISITORS, dtype=bool)
    stages, behaviour, words, documents, counts, coverage = [], [], [], [], [], []
    for stage in JOURNEY.stage_ids:
        left = here & (rng.random(N_VISITORS) < risks[stage])
        people = here & sampled
        stages.append(_person_stages(stage, ids[people], left[people]))
        behaviour.append(_behaviour(stage, int(left.sum()), int(here.sum())))
        speaks = people & answers[stage] if stage in ASKED else np.zeros(N_VISITORS, dtype=bool)
        documents.append(_documents(stage, ids[speaks]))
        coverage.append(_coverage(stage, int(speaks.sum())))
        for code in (code for place, code in told if place == stage):
            tells = people & told[stage, code]
            words.append(_statements(stage, code, ids[tells]))
            counts.append(_mention(stage, code, int(tells.sum()), int(speaks.sum())))
        here &= ~left
    mentions = pd.DataFrame(counts)
    mentions = mentions[mentions["n_said"] > 0]
    answered = pd.concat(documents, ignore_index=True)
    return {
        "person_stages": pd.concat(stages, ignore_index=True),
        "stage_behaviour": pd.DataFrame(behaviour),
        "statements": pd.concat(words, ignore_index=True),
        "documents": answered,
        "excerpts": answered.assign(
            excerpt_id=answered["document_id"] + "#0", speaker="participant"
        ),
        "mentions": mentions,
        "pain_points": mentions.assign(severity=2.0),
        "coverage": pd.DataFrame(coverage),
        # Silent people are respondents too: by a rating, of a kind that is not compared.
        "ratings": pd.DataFrame(
            {
                "participant_id": ids[sampled], "source": SOURCE, "measure": "rating",
                "item": "length_of_survey", "value": 3.0, "stage": "", "wave": "",
            }
        ),
    }  # fmt: skip


def _measure(study: dict[str, pd.DataFrame]) -> dict[str, float]:
    causes = weigh_causes(
        **{
            name: study[name]
            for name in (
                "statements", "pain_points", "person_stages", "documents", "ratings",
                "stage_behaviour",
            )
        },
        journey=JOURNEY,
        source_facts=FACTS,
        person_level={SOURCE: True},
        comparable={SOURCE: True},
    )  # fmt: skip
    links = count_links(
        study["person_stages"],
        study["statements"],
        study["excerpts"],
        journey=JOURNEY,
        source_facts=FACTS,
    )
    verdicts = judge_stages(
        **{name: study[name] for name in ("mentions", "coverage", "stage_behaviour")},
        links=links,
        # No rating is judged, as none has a threshold.
        ratings=pd.DataFrame(columns=["stage", "source", "measure", "wave"]),
        comparable={SOURCE: True},
        source_facts=FACTS,
        journey=JOURNEY,
        rules=VerdictPart(),
        findings=Findings(),
    )
    is_planted = (causes["stage"] == "order") & (causes["told_at"] == "order")
    is_planted &= causes["code"] == PLANTED
    link = causes[is_planted].iloc[0]
    nulls = causes.loc[~is_planted & causes["p"].notna(), "p_adjusted"]
    right = verdicts["verdict"] == verdicts["stage"].astype(str).map(VERDICTS)
    return {
        "covered": float(link["low"] <= RISK_RATIO <= link["high"]),
        "found": float(link["p_adjusted"] < FALSE_FINDS),
        "n_false": float((nulls < FALSE_FINDS).sum()),
        "n_nulls": float(len(nulls)),
        "verdicts_right": float(right.mean()),
    }


def _cover_ratio(draws: int, seed: int) -> float:
    """Return the share of intervals that cover the planted ratio, from counts alone.

    Those of a study are the same draws: every respondent who comes to the order is alike.
    """
    rng = np.random.default_rng(seed)
    comes = (1 - P_LEAVE["discover"]) * (1 - P_LEAVE["choose"])
    n = rng.binomial(N_PEOPLE, comes, draws)
    n_told = rng.binomial(n, P_FELT * P_ANSWER)
    n_others = n - n_told
    left = rng.binomial(n_told, RISK_TOLD)
    others_left = rng.binomial(n_others, RISK_TOLD / RISK_RATIO)
    found = [
        estimate_risk_ratio(*map(int, counts))
        for counts in zip(left, n_told, others_left, n_others, strict=True)
    ]
    return float(np.mean([one.low <= RISK_RATIO <= one.high for one in found]))


def _risk_without() -> float:
    """Return how many leave of those without the trouble, so that the ratio comes out.

    The others are those without it, and those who have it and answer nothing.
    """
    tell, silent = P_FELT * P_ANSWER, P_FELT * (1 - P_ANSWER)
    others = RISK_TOLD / RISK_RATIO
    return (others * (1 - tell) - RISK_TOLD * silent) / (1 - P_FELT)


def _person_stages(stage: str, ids: np.ndarray, left: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participant_id": ids, "stage": stage, "measure": "funnel_drop_off",
            "end": np.where(left, "dropped", "went on"), "left": left.astype(float),
            "entered_at": VISITED, "last_at": VISITED,
        }
    )  # fmt: skip


def _behaviour(stage: str, n_lost: int, n: int) -> dict[str, Any]:
    rate = estimate_proportion(n_lost, n)
    return {
        "stage": stage, "measure": "funnel_drop_off", "unit": "people", "n": float(n),
        "n_lost": float(n_lost), "rate": rate.value, "low": rate.low, "high": rate.high,
        "words": "leave",
    }  # fmt: skip


def _documents(stage: str, ids: np.ndarray) -> pd.DataFrame:
    documents = [f"{SOURCE}/{name}:{stage}" for name in ids]
    return pd.DataFrame(
        {
            "document_id": documents, "participant_id": ids, "source": SOURCE, "stage": stage,
            "said_at": pd.Series([ANSWERED] * len(ids), dtype="datetime64[us, UTC]"),
        }
    )  # fmt: skip


def _statements(stage: str, code: str, ids: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "excerpt_id": [f"{SOURCE}/{name}:{stage}#0" for name in ids], "participant_id": ids,
            "source": SOURCE, "stage": stage, "code_group": "pain_point", "code": code,
            "consequence": "", "strength": 1.0,
        }
    )  # fmt: skip


def _mention(stage: str, code: str, n_said: int, n_heard: int) -> dict[str, Any]:
    share = estimate_proportion(n_said, n_heard)
    return {
        "stage": stage, "source": SOURCE, "code_group": "pain_point", "code": code,
        "label": code.replace("_", " "), "segment": "", "segment_value": "", "n_said": n_said,
        "n_heard": n_heard, "share": share.value, "low": share.low, "high": share.high,
    }  # fmt: skip


def _coverage(stage: str, n_heard: int) -> dict[str, Any]:
    asked = stage in ASKED
    return {
        "stage": stage, "source": SOURCE, "asked": asked, "n_heard": n_heard,
        "n_participants": N_PEOPLE, "status": "heard" if n_heard else "not asked",
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(simulate_links(*map(int, sys.argv[1:]))))
