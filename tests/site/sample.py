"""Hand-written samples of every table: the numbers agree with each other on purpose."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pandas as pd
from markupsafe import Markup

from cjm_research.integration.causes import CAUSE_COLUMNS
from cjm_research.integration.links import DISPLAY_COLUMNS, LINK_COLUMNS
from cjm_research.reporting.site import SiteContext

NAN = float("nan")
ALIASES = [f"P{number:02d}" for number in range(1, 15)]

# stage, name, entered, continued, heard by interviews (None: not asked), survey heard
STAGES = [
    ("discover", "Discover", 1000, 640, 12, 288, "Marketing"),
    ("compare", "Compare", 640, 410, 14, 301, "Product"),
    ("order", "Order", 410, 172, 13, 296, "Sales"),
    ("set_up", "Set up", 172, 160, 11, 154, "Operations"),
    ("recommend", "Recommend", 160, 41, None, None, ""),
]
VALENCES = {
    "discover": [0.7, 0.5, 0.4, 0.4, 0.3, 0.25, 0.2, 0.2, 0.15, 0.0, 0.0, -0.2],
    "compare": [0.3, 0.2, 0.0, 0.0, 0.0, 0.0, -0.1, -0.1, -0.2, -0.2, -0.3, -0.3, -0.4, -0.5],
    "order": [0.0, 0.0, -0.05, -0.35, -0.5, -0.6, -0.6, -0.7, -0.7, -0.7, -0.9, -0.9, -0.9],
    "set_up": [0.8, 0.2, 0.1, 0.0, 0.0, 0.0, -0.1, -0.2, -0.3, -0.4, -0.6],
}
PAINS = {
    "discover": [("ads_promise", "Ads promise what the site does not show", 4, 41)],
    "compare": [
        ("prices_change", "Prices change at the last step", 8, 92),
        ("plans_alike", "Cannot tell plans apart", 6, 55),
    ],
    "order": [
        ("forced_account", "Forced to open an account", 10, 133),
        ("form_loses", "Form loses what I typed", 6, 60),
        ("no_guest", "No way to ask before paying", 3, 12),
        ("card_twice", "Card charged twice", 1, 4),
    ],
    "set_up": [("no_date", "No date for the engineer", 7, 40)],
}
DELIGHTS = {
    "discover": [("clear_offer", "The offer is short and clear", 5, 60)],
    "set_up": [("box_easy", "The box explains itself", 4, 50)],
}
EMOTIONS = {
    "discover": [("curious", 7, 120), ("doubtful", 3, 30)],
    "compare": [("confused", 8, 110), ("annoyed", 5, 61), ("calm", 3, 33)],
    "order": [("frustrated", 10, 140), ("anxious", 5, 64), ("angry", 4, 40)],
    "set_up": [("impatient", 6, 52), ("relieved", 4, 49)],
}
QUOTES = {
    "discover": [("I saw ‘from 19’ and thought, finally. Then it was 34.", "pain_point", 0)],
    "compare": [
        ("I had four tabs open and still could not say which one has the router.", "pain_point", 1)
    ],
    "order": [
        ("It wanted an account before I knew the price. I closed it.", "pain_point", 0),
        (
            "So I filled in everything, my address, the old provider, the meter thing which I had "
            "to go down to the cellar for, and then I pressed back once because I was not sure "
            "about the date, and all of it was gone, every field, and I sat there with the cat "
            "and I thought no, not tonight, I am not doing this again.",
            "pain_point",
            1,
        ),
    ],
    "set_up": [
        ("Three weeks. Every Monday they said Thursday.", "pain_point", 0),
        ("Honestly? I plugged it in and it was just on.", "delight", 0),
    ],
}

BEFORE = ["I had the box in the basket.", "So I went on, " + "and on, " * 30 + "and then"]


def _mention(source: str, label: str, n_said: int, n_heard: int, **more: Any) -> dict[str, Any]:
    entry = {"source": source, "source_label": "Interviews", "n_said": n_said, "n_heard": n_heard}
    entry |= {"share": NAN, "low": NAN, "high": NAN}
    if source == "survey":
        share = n_said / n_heard
        entry |= {"source_label": "Survey", "share": share}
        entry |= {"low": max(share - 0.045, 0), "high": share + 0.05}
    return entry | {"label": label} | more


def _lane(
    found: list[tuple[str, str, int, int]], heard: int, surveyed: int
) -> list[dict[str, Any]]:
    interviews = [
        _mention("interviews", label, said, heard, code=code, aliases=ALIASES[14 - said :])
        for code, label, said, _ in found
    ]
    survey = [
        _mention("survey", label, said, surveyed, code=code, aliases=[])
        for code, label, _, said in found
    ]
    return interviews + survey


def _stage(row: tuple[Any, ...]) -> dict[str, Any]:
    stage, name, entered, continued, heard, surveyed, owner = row
    rate = 1 - continued / entered
    asked = heard is not None
    sources = [
        {"source": "interviews", "label": "Interviews", "kind": "interview", "n_participants": 14,
         "n_heard": heard or 0, "asked": asked, "has_design": False, "unit": "person"},
        {"source": "survey", "label": "Survey", "kind": "survey_answer", "n_participants": 412,
         "n_heard": surveyed or 0, "asked": asked, "has_design": True, "unit": "person"},
    ]  # fmt: skip
    values = VALENCES.get(stage, [])
    valence = [
        {"source": "interviews", "label": "Interviews", "kind": "interview",
         "mean": sum(values) / len(values), "n": len(values),
         "people": [{"alias": alias, "participant_id": f"id-{alias}", "valence": value}
                    for alias, value in zip(ALIASES, values, strict=False)]},
        {"source": "survey", "label": "Survey", "kind": "survey_answer", "mean": -0.21,
         "n": surveyed, "people": []},
    ] if asked else []  # fmt: skip
    emotions = [
        {key: value for key, value in _mention(source, "", said, total).items()
         if key not in ("label", "source_label")} | {"emotion": emotion}
        for source, place, total in (("interviews", 1, heard), ("survey", 2, surveyed))
        for emotion, said in ((e[0], e[place]) for e in EMOTIONS.get(stage, []))
    ]  # fmt: skip
    quotes = []
    for place, (words, group, index) in enumerate(QUOTES.get(stage, [])):
        lane = PAINS if group == "pain_point" else DELIGHTS
        code, label = lane[stage][index][:2]
        quotes.append(
            {"quote_id": f"q-{stage}-{place}", "source": "interviews",
             "source_label": "Interviews", "document_id": f"interviews/int-{place + 3:02d}",
             "start": 120, "end": 120 + len(words), "text": words, "alias": ALIASES[10 + place],
             "speaker": "participant", "at": f"interview, 00:{12 + place}", "code": code,
             "prompt": "And what happened when you came to the order form?",
             "before": BEFORE[place], "after": "That was that." if place == 0 else "",
             "code_group": group, "label": label}
        )  # fmt: skip
    ratings = []
    if stage in ("order", "set_up"):
        ratings = [
            {"measure": "csat", "label": "CSAT", "source_label": "Survey", "wave": "1", "n": 154,
             "value": 3.9, "low": 3.7, "high": 4.1, "scale_text": "mean of 1 to 5"},
        ]  # fmt: skip
    if stage == "recommend":
        ratings = [
            {"measure": "nps", "label": "NPS", "source_label": "Survey", "wave": "1", "n": 160,
             "value": 12.0, "low": 1.0, "high": 23.0, "scale_text": "−100 to +100"},
        ]  # fmt: skip
    top = PAINS[stage][0][2] if asked else None
    return {
        "stage": stage, "stage_name": name, "owner": owner, "sequential": True,
        "definition": f"From the first thought of {name.lower()} until it is behind them.",
        "touchpoints": [{"name": f"{name} page", "channel": "web", "owner": owner},
                        {"name": "Hotline", "channel": "phone", "owner": "Care"}],
        "coverage": "heard" if asked else "not asked",
        "heard": sources, "emotions": emotions, "valence": valence,
        "pain_points": _lane(PAINS.get(stage, []), heard or 0, surveyed or 0),
        "delights": _lane(DELIGHTS.get(stage, []), heard or 0, surveyed or 0),
        "quotes": quotes, "ratings": ratings,
        "behaviour_measure": "funnel_drop_off", "behaviour_label": "leave",
        "n_entered": entered, "n_continued": continued, "n_dropped": entered - continued,
        "drop_off_rate": rate, "drop_off_low": rate - 0.04, "drop_off_high": rate + 0.045,
        "behaviour_note": "", "median_next_s": 130.0 if asked else NAN,
        "side_by_side": f"{top} of {heard} heard tell a pain; {rate * 100:.0f}\u202f% leave."
        if asked else f"{rate * 100:.0f}\u202f% leave; nobody was asked.",
    }  # fmt: skip


def journey_map() -> pd.DataFrame:
    return pd.DataFrame([_stage(row) for row in STAGES])


def funnel() -> pd.DataFrame:
    rows = []
    for stage, _, entered, continued, *_ in STAGES:
        for segment, value, part in (("", "", 1.0), ("device", "desktop", 0.55),
                                     ("device", "mobile", 0.45)):  # fmt: skip
            inside, onward = round(entered * part), round(continued * part)
            rate = 1 - onward / inside
            rows.append(
                {"stage": stage, "segment": segment, "segment_value": value,
                 "measure": "funnel_drop_off", "n_entered": inside, "n_continued": onward,
                 "n_dropped": inside - onward, "drop_off_rate": rate,
                 "drop_off_low": rate - 0.05, "drop_off_high": rate + 0.05}
            )  # fmt: skip
    return pd.DataFrame(rows)


def mentions() -> pd.DataFrame:
    rows = []
    for stage, _, _, _, heard, surveyed, _ in STAGES:
        groups = (("pain_point", PAINS), ("delight", DELIGHTS))
        for group, lane in groups:
            for entry in _lane(lane.get(stage, []), heard or 0, surveyed or 0):
                rows.append({"stage": stage, "code_group": group} | entry)
        for emotion, told, answered in EMOTIONS.get(stage, []):
            for source, said, total in (
                ("interviews", told, heard),
                ("survey", answered, surveyed),
            ):
                rows.append(
                    {"stage": stage, "code_group": "emotion", "code": emotion}
                    | _mention(source, emotion, said, total)
                )
        if stage == "order":
            for group, code, label, said, asked in OTHER_GROUPS:
                rows.append(
                    {"stage": stage, "code_group": group, "code": code, "n_prompted": asked}
                    | _mention("interviews", label, said, heard)
                )
    frame = pd.DataFrame(rows).drop(columns="aliases")
    return frame.assign(segment="", segment_value="")


OTHER_GROUPS = [
    ("pain_point", "other", "Trouble that fits no code yet", 12, 0),
    ("need", "need", "A need or a wish", 7, 0),
    ("need", "price_first", "The price before anything else", 4, 3),
    ("expectation", "missed", "Expectation missed", 5, 0),
    ("reason", "price", "Price", 3, 3),
    ("social_proof", "social_proof", "Others’ use or advice played a part", 2, 0),
    ("adjacent_wish", "adjacent_wish", "A wish beside what is offered", 1, 0),
    ("theme", "t01", "account, password", 6, 0),
]


def voices() -> dict[str, pd.DataFrame]:
    """The tables of findings: severities, particulars, themes, and on what they rest."""
    participants = pd.DataFrame(
        [{"participant_id": f"id-{alias}", "alias": alias,
          "consent": "quote" if place < 12 else "no_quote"} for place, alias in enumerate(ALIASES)]
    )  # fmt: skip
    pain_points = pd.DataFrame(
        [
            {"stage": "order", "source": "interviews", "code": code, "n_said": n_said,
             "n_heard": 13, "severity": severity, "n_severe": n_severe,
             "severity_by_people": by_people, "n_own": n_said,
             "consequences": [{"name": name, "n": n} for name, n in told],
             "touchpoints": [{"name": name, "n": n} for name, n in places]}
            for code, n_said, severity, n_severe, by_people, told, places in (
                ("forced_account", 10, 3.0, 7, 2,
                 [("annoyed", 9), ("called_support", 2), ("gave_up", 3)],
                 [("Order page", 8), ("Hotline", 1), ("Shop", 1)]),
                ("form_loses", 6, 1.5, 2, 0, [("delayed", 1)], []),
                ("no_guest", 3, 4.0, 3, 3, [], []),
            )
        ]
    )  # fmt: skip
    statements = pd.DataFrame(
        [
            {"participant_id": f"id-{alias}", "source": "interviews", "stage": "order",
             "code_group": group, "code": code, "expected": expected, "happened": happened,
             "coder_id": coder}
            for alias, group, code, expected, happened, coder in (
                ("P01", "expectation", "missed", "to pay at once", "it asked for a letter",
                 "rules-1"),
                ("P02", "expectation", "missed", "a guest way", "", "rules-1"),
                ("P13", "expectation", "missed", "no such thing", "this stays unsaid", "rules-1"),
                ("P03", "expectation", "missed", "", "", "rules-1"),
                ("P04", "pain_point", "forced_account", "", "", "person:ana"),
            )
        ]
    )  # fmt: skip
    places = pd.DataFrame(
        [
            {"stage": "order", "source": "interviews", "touchpoint": place, "channel": channel,
             "code_group": group} | _mention("interviews", label, said, 13, code=code)
            for place, channel, group, code, label, said in (
                ("Discover page", "web", "pain_point", "forced_account", "Forced account", 1),
                ("Hotline", "phone", "delight", "help", "Helped by people", 2),
                ("Order page", "web", "pain_point", "other", "Trouble that fits no code yet", 9),
                ("Order page", "web", "pain_point", "forced_account", "Forced account", 8),
            )
        ]
    )  # fmt: skip
    excerpts = pd.DataFrame(
        [
            {"excerpt_id": name, "participant_id": f"id-{alias}", "speaker": speaker,
             "stage": "order", "source": "interviews", "text": words}
            for name, alias, speaker, words in (
                ("a#1", "P01", "participant", "They wanted a password for one pair of socks."),
                ("a#2", "P02", "participant", "The account was no trouble at all."),
                ("a#3", "P14", "participant", "I said this and may not be quoted."),
                ("a#4", "P01", "interviewer", "And how was the account for you?"),
                ("a#5", "P05", "observer", "Shrugs at the account page."),
            )
        ]
    )  # fmt: skip
    themes = pd.DataFrame(
        [
            {"theme": f"t{place:02d}", "label": label, "n_excerpts": n + 2, "n_participants": n,
             "stability": stability, "stable": stability >= 0.6, "example_id": example,
             "counter_ids": counters}
            for place, (label, n, stability, example, counters) in enumerate(
                [("socks, weather", 30, 0.31, "a#3", ""),
                 ("account, password", 21, 0.82, "a#1", "a#4 a#2 a#3 a#5"),
                 *((f"small theme {n}", n, 0.7, "gone#1", "") for n in range(1, 7))], start=1
            )
        ]
    )  # fmt: skip
    curve = pd.DataFrame(
        [{"stage": "order", "source": "interviews", "n": 13, "mean": -0.5, "low": NAN,
          "high": NAN},
         {"stage": "order", "source": "survey", "n": 296, "mean": -0.2, "low": -0.3,
          "high": -0.12}]
    )  # fmt: skip
    bases = [("prompt", 336), ("carried prompt", 535), ("inferred", 42), ("unassigned", 85)]
    languages = [("interviews", "en", "read")] * 14 + [("survey", "en", "read")] * 4
    languages += [("survey", "pt", "set aside")] * 3 + [("survey", "xx", "set aside")]
    talk = [("a", 1, 0.17, 1.0, 1.0), ("b", 1, 0.55, 1.0, 1.0), ("c", 5, 0.2, 0.61, 0.2)]
    return {
        "participants": participants, "pain_points": pain_points, "statements": statements,
        "touchpoint_mentions": places, "excerpts": excerpts, "themes": themes,
        "emotion_curve": curve,
        "stage_bases": pd.DataFrame(
            [{"source": "interviews", "basis": basis, "n_excerpts": n} for basis, n in bases]
        ),
        "languages": pd.DataFrame(languages, columns=["source", "language", "status"]),
        "dominance": pd.DataFrame(
            [{"document_id": name, "source": "interviews", "n_participants": n,
              "interviewer_share": asked, "most_talkative_share": most, "even_share": even}
             for name, n, asked, most, even in talk]
        ),
        "saturation": pd.DataFrame(
            [{"source": "interviews", "base": base, "run": 2,
              "words": f"cannot tell: 4 coded interviews, and {base + 2} are needed"}
             for base in (4, 5)]
        ),
    }  # fmt: skip


def together() -> dict[str, pd.DataFrame]:
    """The tables of words and numbers together, written as the study makes them."""
    verdicts = [
        ("discover", "much", "much", "sources agree", "", "sources agree"),
        ("compare", "mixed", "much", "partly agree", "", "partly agree"),
        ("order", "much", "much", "sources agree", "Ana", "partly agree"),
        ("set_up", "much", "little", "sources disagree", "", "sources disagree"),
        ("recommend", "not asked", "much", "not asked", "", "not asked"),
    ]
    causes = [
        (
            "order",
            "order",
            "survey",
            "forced_account",
            "Forced to open an account",
            133,
            296,
            90,
            75,
            150,
            60,
            2.08,
            1.68,
            2.6,
            1e-6,
            "only recalled after leaving",
        ),
        (
            "order",
            "order",
            "interviews",
            "forced_account",
            "Forced to open an account",
            10,
            13,
            NAN,
            NAN,
            NAN,
            NAN,
            NAN,
            NAN,
            NAN,
            NAN,
            "people cannot be linked",
        ),
        (
            "order",
            "discover",
            "survey",
            "ads_promise",
            "Ads promise too much",
            41,
            288,
            30,
            12,
            210,
            123,
            0.68,
            0.41,
            1.03,
            0.4,
            "only recalled after leaving",
        ),
    ]
    opportunities = [
        (
            "order",
            "forced_account",
            "Forced to open an account",
            133,
            3.0,
            0.58,
            1.0,
            1.0,
            2.0,
            "confirmed",
            "Ana",
            "Fewer sign-ups.",
        ),
        (
            "discover",
            "ads_promise",
            "Ads promise too much",
            41,
            1.0,
            0.36,
            2.0,
            1.0,
            2.0,
            "confirmed",
            "Ana",
            "",
        ),
        (
            "order",
            "form_loses",
            "Form loses what I typed",
            60,
            2.0,
            0.58,
            NAN,
            NAN,
            NAN,
            "candidate",
            "",
            "",
        ),
    ]
    segments = [
        ("order", "behaviour", "drop_off", "mobile", 0.62, 0.13, 0.07, 0.18, 0.001, False),
        ("order", "behaviour", "drop_off", "desktop", 0.49, -0.13, -0.18, -0.07, 0.001, False),
        ("order", "survey", "pain_point", "mobile", NAN, NAN, NAN, NAN, NAN, True),
    ]
    in_order = pd.CategoricalDtype([row[0] for row in STAGES], ordered=True)
    return {
        "verdicts": pd.DataFrame(
            [{"stage": stage, "said": said, "done": done, "verdict": verdict, "by": by,
              "proposed": proposed, "reason": f"Why {stage}.", "leavers_heard": "heard"}
             for stage, said, done, verdict, by, proposed in verdicts]
        ),
        "joint_display": pd.DataFrame(
            [{"stage": "order", "source": "survey", "source_label": "Survey", "gap": "",
              "kind": "survey_answer", "words": "Of 296 people heard here, 200 write of a pain."}],
            columns=DISPLAY_COLUMNS,
        ),
        "causes": pd.DataFrame(
            [dict(zip(("stage", "told_at", "source", "code", "label", "n_said", "n_heard",
                       "n_told", "n_told_left", "n_others", "n_others_left", "risk_ratio", "low",
                       "high", "p_adjusted", "missing"), row, strict=True))
             | {"n_family": 24, "words": f"What is known of {row[3]}."} for row in causes],
            columns=CAUSE_COLUMNS,
        ).astype(dict.fromkeys(("stage", "told_at"), in_order)),
        "opportunities": pd.DataFrame(
            [dict(zip(("stage", "code", "label", "n_said", "severity", "drop_off_rate", "rank",
                       "rank_low", "rank_high", "status", "confirmed_by", "trade_off"), row,
                      strict=True))
             | {"n_heard": 296, "source_label": "Survey", "words": f"What is known of {row[1]}.",
                "weights_rank_low": row[6], "weights_rank_high": row[6]}
             for row in opportunities]
        ),
        "segment_comparison": pd.DataFrame(
            [dict(zip(("stage", "source", "kind", "segment_value", "share", "difference",
                       "difference_low", "difference_high", "p_adjusted", "suppressed"), row,
                      strict=True)) | {"segment": "device", "label": "Slow", "n_compared": 12}
             for row in segments]
        ),
        "links": pd.DataFrame(
            [dict(zip(LINK_COLUMNS, row, strict=True))
             for row in (("order", "interviews", 12, 9, 9, 9, 4, 3, 2, 1, 3),
                         ("order", "survey", 296, 200, 250, 240, 135, 100, 50, 35, 55))]
        ),
        "comparable_sources": pd.DataFrame(
            [{"source": "interviews", "comparable": True, "person_level": False,
              "words": "Nobody can be linked."},
             {"source": "survey", "comparable": True, "person_level": True, "words": ""}]
        ),
        "trust": pd.DataFrame(
            [{"source": source, "code": code, "status": status, "n_labels": n, "kappa": kappa,
              "n_to_code": missing}
             for source, code, status, n, kappa, missing in (
                 ("interviews", "forced_account", "uncorrected", 0, NAN, 100),
                 ("survey", "forced_account", "trusted", 150, 0.8, 0),
                 ("survey", "form_loses", "needs a person", 150, 0.4, 0))]
        ),
    }  # fmt: skip


def tables() -> dict[str, pd.DataFrame]:
    stages = [row[0] for row in STAGES]
    return {
        "journey_map": journey_map(),
        "funnel": funnel(),
        "mentions": mentions(),
        "stage_timing": pd.DataFrame(
            [{"stage": a, "next_stage": b, "n": 160, "median_s": 130.0, "q25_s": 61.0,
              "q75_s": 5400.0} for a, b in itertools.pairwise(stages)]
        ),
        "task_success": pd.DataFrame(
            columns=["stage", "outcome", "label", "n_participants", "n_attempts", "n_success",
                     "success_rate", "person_mean", "person_sd"]
        ),
        "kpis": pd.DataFrame(
            [
                {"name": "Visitors who recommend", "measure": "conversion",
                 "words": "discover → recommend", "value": 0.041, "unit": "share", "low": 0.03,
                 "high": 0.055, "n": 1000, "count": 41, "target": 0.06, "direction": "at_least",
                 "verdict": "not met"},
                {"name": "Recommendation", "measure": "nps", "words": "after set-up",
                 "value": 12.0, "unit": "points", "low": 1.0, "high": 23.0, "n": 160,
                 "count": NAN, "target": 15.0, "direction": "at_least", "verdict": "cannot tell"},
                {"name": "Set-up done", "measure": "conversion", "words": "set up → recommend",
                 "value": 0.93, "unit": "share", "low": 0.88, "high": 0.96, "n": 172,
                 "count": 160, "target": 0.85, "direction": "at_least", "verdict": "met"},
            ]
        ),
        "sources": pd.DataFrame(
            [
                {"source": "interviews", "label": "Interviews", "kind": "interview",
                 "unit": "person", "n_participants": 14, "n_documents": 14, "n_events": 0,
                 "collected_from": "2026-03-03", "collected_to": "2026-03-20",
                 "recruitment": "from the panel, five who left", "sampling": "purposive",
                 "sampling_note": "", "wave": "", "n_unreviewed": 2, "required": True},
                {"source": "survey", "label": "Survey", "kind": "survey_answer", "unit": "person",
                 "n_participants": 412, "n_documents": 1039, "n_events": 0,
                 "collected_from": "2026-03-03", "collected_to": "2026-03-28",
                 "recruitment": "every fifth order confirmation", "sampling": "systematic",
                 "sampling_note": "one in five", "wave": "1", "n_unreviewed": 0,
                 "required": True},
                {"source": "web", "label": "Web events", "kind": "events", "unit": "visitor",
                 "n_participants": 1000, "n_documents": 0, "n_events": 8231,
                 "collected_from": "2026-03-03", "collected_to": "2026-03-28",
                 "recruitment": "", "sampling": "everybody", "sampling_note": "", "wave": "",
                 "n_unreviewed": 0, "required": True},
            ]
        ),
        "joins": pd.DataFrame(
            [
                {"source_a": "interviews", "source_b": "web", "n_a": 14, "n_b": 1000,
                 "n_both": 9, "match_rate": 9 / 14},
                {"source_a": "survey", "source_b": "web", "n_a": 412, "n_b": 1000,
                 "n_both": 371, "match_rate": 371 / 412},
            ]
        ),
        "coverage": pd.DataFrame(
            [{"stage": stage, "source": source, "source_label": label, "asked": heard is not None,
              "n_heard": (heard if source == "interviews" else surveyed) or 0,
              "n_participants": 14 if source == "interviews" else 412,
              "status": "heard" if heard is not None else "not asked"}
             for stage, _, _, _, heard, surveyed, _ in STAGES
             for source, label in (("interviews", "Interviews"), ("survey", "Survey"))]
        ),
        "quality": pd.DataFrame(
            [{"source": "web", "file": "events.csv", "level": "note", "what": "duplicates", "n": 3}]
        ),
        "segment_people": pd.DataFrame(
            [{"segment": "device", "segment_value": value, "source": source, "n": n,
              "n_source": n_source}
             for source, n_source, counts in (("interviews", 14, (11, 3)), ("survey", 412,
                                                                            (250, 160)))
             for value, n in zip(("desktop", "mobile"), counts, strict=True)]
        ),
        "coders": pd.DataFrame(
            [{"coder_id": "rules-1", "kind": "machine", "name": "rules", "version": "1",
              "sha256": "0" * 64},
             {"coder_id": "person:ana", "kind": "person", "name": "Ana", "version": "",
              "sha256": ""}]
        ),
    } | voices() | together()  # fmt: skip


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
BODY = Markup(
    "<h1>Voices</h1><p>Who said what, and where the words come from.</p><h2>Mentions</h2>"
    '<div><table class="data"><caption>Mentions</caption><thead><tr><th scope="col">Stage</th>'
    '<th scope="col">People</th></tr></thead><tbody><tr><td>Order</td><td class="number">10</td>'
    "</tr></tbody></table></div>"
    '<div><table class="dataframe"><thead><tr><th></th><th>n</th></tr></thead><tbody><tr>'
    "<th>0</th><td>3</td></tr></tbody></table></div>"
    f'<img alt="People per emotion" src="data:image/png;base64,{PIXEL}">'
)


MANIFEST = {
    "key": "a1b2c3d4e5f6", "seed": 0, "parameters": {"top": 5}, "model": "ab" * 32,
    "versions": {"python": "3.11.7", "pandas": "2.3.3"}, "rows": {"funnel": 12},
    "inputs": {"survey": [{"sha256": "cd" * 32, "rows": 412}]},
    # What a page may never hold, should it come along.
    "run_id": "2026-04-02T101500", "started": "2026-04-02 10:15 UTC", "seconds": 61.5,
    "figures": {"secret": 1},
}  # fmt: skip


def context(**changes: Any) -> SiteContext:
    values: dict[str, Any] = {
        "title": "Why do people who want broadband stop at the order form?",
        "objective": "Decide by 30 April whether guest checkout goes into the summer release.",
        "questions": ["Where do people stop?", "What do they say about it?"],
        "assumptions": [("People leave because of the price.", "Head of sales"),
                        ("Nobody minds the account.", "Product")],
        "study": "broadband", "version_key": "a1b2c3d4e5",
        "data_period": "3–28 March 2026", "status": "draft",
        "status_reasons": ["2 transcripts have not been reviewed by a person."],
        "language": "en", "tables": tables(), "version": "0.1.0",
        "chapters": [
            {"slug": "01_sources", "title": "Sources", "body_html": BODY},
            {"slug": "02_voices", "title": "Voices", "body_html": BODY},
        ],
        "notes": ["Machine-coded, uncorrected: emotions were found by rules, not read by a person.",
                  "Fourteen interviews were chosen, not drawn: no share of customers follows."],
        "rules": ["Much is told from 25 % of those heard."],
        "alerts": ["Web events is missing: no file is like “web.csv”."],
        "downloads": [{"label": "Journey map", "href": "downloads/map.svg", "kind": "SVG",
                       "n_bytes": 12_400}],
        "manifest": MANIFEST,
        "choices": {"stages": [{"id": "order", "name": "Order"}],
                    "codes": [{"group": "pain_point", "code": "slow", "name": "Slow"}]},
    }  # fmt: skip
    return SiteContext(**(values | changes))


def task_tables() -> dict[str, pd.DataFrame]:
    """Seven stages of a usability test: failure of tasks, notes of observers, no survey."""
    names = ["Install", "Open", "Write", "Run", "Plot", "Share", "Configure extensions"]
    people = [f"U{number:02d}" for number in range(1, 21)]
    rows, outcomes = [], []
    for place, name in enumerate(names):
        entered, dropped = 160 - place, 12 + 13 * place
        measured = place != 6
        words = f"Looked for it in the {name.lower()} menu first, then under settings."
        heard = 20 if place != 5 else 0
        rows.append(
            {"stage": name.lower().replace(" ", "_"), "stage_name": name, "owner": "",
             "definition": "", "sequential": False, "touchpoints": [],
             "coverage": "heard" if heard else "asked, nothing said",
             "heard": [{"source": "log", "label": "Observer’s notes", "kind": "note",
                        "n_heard": heard, "n_participants": 20, "asked": True,
                        "has_design": False, "unit": "person"}],
             "emotions": [], "delights": [], "ratings": [],
             "valence": [{"source": "log", "label": "Observer’s notes", "kind": "note",
                          "mean": -0.1 * place, "n": 20,
                          "people": [{"alias": alias, "participant_id": alias,
                                      "valence": ((i * 7 + place * 3) % 20) / 20 - 0.1 * place}
                                     for i, alias in enumerate(people)]}] if heard else [],
             "pain_points": [{"source": "log", "source_label": "Observer’s notes",
                              "code": "menu", "label": "Looks in the wrong menu", "n_said": 9,
                              "n_heard": 20, "share": NAN, "low": NAN, "high": NAN,
                              "aliases": people[:9]}] if heard else [],
             "quotes": [{"quote_id": f"n{place}", "source": "log", "source_label": "note",
                         "document_id": f"log-{place}", "start": 0, "end": len(words),
                         "text": words, "alias": "U04", "speaker": "observer", "at": "",
                         "prompt": "", "code_group": "pain_point", "code": "menu",
                         "label": "Looks in the wrong menu"}] if heard else [],
             "behaviour_measure": "task_failure" if measured else "none",
             "behaviour_label": "of first tries fail" if measured else "",
             "n_entered": entered if measured else NAN, "n_continued": entered - dropped,
             "n_dropped": dropped if measured else NAN,
             "drop_off_rate": dropped / entered if measured else NAN,
             "drop_off_low": NAN, "drop_off_high": NAN,
             "behaviour_note": "mean of 20 persons’ shares 28 %" if measured
             else "not a task of the test: 12 people seen here",
             "median_next_s": NAN, "side_by_side": "9 of 20 noted with a pain."}
        )  # fmt: skip
        outcomes.append(
            {"stage": rows[-1]["stage"], "outcome": "first_try", "label": "First try",
             "n_participants": 20, "n_attempts": entered, "n_success": entered - dropped,
             "success_rate": 1 - dropped / entered, "person_mean": 0.72, "person_sd": 0.14}
        )  # fmt: skip
    return {"journey_map": pd.DataFrame(rows), "task_success": pd.DataFrame(outcomes)}


def empty_tables() -> dict[str, pd.DataFrame]:
    """Two stages about which next to nothing is known, as a Parquet file would return them."""
    full = journey_map()
    rows = []
    for stage in ("first", "second"):
        row = dict.fromkeys(full.columns, NAN)
        row |= {"stage": stage, "stage_name": stage, "coverage": "not asked", "sequential": False}
        row |= {"behaviour_measure": "none", "heard": [], "quotes": None}
        rows.append(row)
    return {
        "journey_map": pd.DataFrame(rows, columns=full.columns),
        "funnel": funnel().iloc[:0],
        "mentions": mentions().iloc[:0],
        "kpis": tables()["kpis"].iloc[:0],
    }


def with_text(value: Any, hostile: str) -> Any:
    """Return a copy of a cell with every text replaced, ids and fixed words excepted."""
    if isinstance(value, dict):
        return {
            key: entry if key in KEPT else with_text(entry, hostile) for key, entry in value.items()
        }
    if isinstance(value, list):
        return [with_text(entry, hostile) for entry in value]
    return f"{value} {hostile}" if isinstance(value, str) else copy.copy(value)


KEPT = {"stage", "next_stage", "segment", "source", "source_a", "source_b", "measure", "unit",
        "kind", "coverage", "behaviour_measure", "code_group", "speaker", "verdict",
        "direction", "consent"}  # fmt: skip
