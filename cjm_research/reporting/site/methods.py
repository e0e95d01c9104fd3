"""How each number was made: one place that every number of the pages links to."""

from __future__ import annotations

from typing import NamedTuple

WILSON = (
    "Wilson’s 95 % interval (1927), only where the source’s people were drawn (a random sample, "
    "or a census) and at least 5 were heard; of visits on their number over the design effect. "
    "A chosen sample has counts only."
)
_NONE = "No interval: it is a count, or a reading."


class Made(NamedTuple):
    """How the numbers of a table were made.

    Attributes
    ----------
    title : str
        What the table holds, for people.
    what : str
        What is counted or estimated.
    unit : str
        What counts as one.
    denominator : str
        Of how many.
    interval : str
        The method of its interval, and when there is none.
    based_on : str
        Where it comes from: tables of the study, or what people wrote.
    """

    title: str
    what: str
    unit: str
    denominator: str
    interval: str
    based_on: str


METHODS: dict[str, Made] = {
    "kpis": Made(
        "Targets",
        "The figure of a target that study.yaml declares. “Met” and “not met” only when the "
        "whole interval lies on that side of the target; else “cannot tell”.",
        "A person; for ratings, a person who answered.",
        "Stands at each target: who could have reached it within the window.",
        "Shares: Wilson (1927). NPS: adjusted Wald, three answers added (Rocks 2016). Other "
        "scores: t over people. No verdict for fewer than 5 people or without an interval.",
        "Tables funnel, rating_summary, task_success and loss, and the targets in study.yaml.",
    ),
    "funnel": Made(
        "What people do, and where they are lost",
        "People who came into a stage, went on into the next, or were lost there, as the events "
        "show it. The words follow the stage’s declared measure: people leave, first tries fail, "
        "people stop answering, people do not come back. These are never merged.",
        "A person (a visit, where the log knows no people; an attempt, in a test).",
        "Those who entered the stage long enough before the log ends to tell. Who came too late, "
        "or went on by another declared way, is not lost.",
        "Wilson’s 95 % interval (1927), clustered by person where visits are counted. Of tries "
        "in a test: t over people’s own shares, where people were drawn.",
        "Table funnel (or task_success), from the events and the stages of study.yaml.",
    ),
    "stage_timing": Made(
        "Time to the next stage",
        "The median time from entering a stage to entering the next, with the middle half.",
        "A person who went on.",
        "Those who went on; who is still there, or lost, is not in it.",
        "Order statistics, distribution-free, in the data.",
        "Table stage_timing, from the events.",
    ),
    "drop_destinations": Made(
        "Where they are lost",
        "The last thing that people lost at a stage did there, and the next thing they did.",
        "A person lost at the stage.",
        "All people lost at the stage; no share for fewer than 5 of a segment.",
        "Wilson’s 95 % interval (1927).",
        "Tables abandonment_points and drop_destinations, from the events.",
    ),
    "task_success": Made(
        "Outcomes of tasks",
        "Attempts that ended well, and the mean of people’s own shares. A test outcome is no "
        "sales funnel.",
        "An attempt; a person for the mean of shares.",
        "All attempts with a known end; all people who tried.",
        "t over people’s own shares, where people were drawn; attempts of one person are not "
        "independent, so that their pooled share has no interval.",
        "Table task_success, from the outcomes that observers or the log wrote down.",
    ),
    "mentions": Made(
        "Codes, counted in people",
        "People who said something of a kind at a stage. Each counts once per stage, source and "
        "code, however often they say it. Sources are never added up.",
        "A person; in observers’ notes, a person noted.",
        "People of that source heard at that stage: those with at least one excerpt there, silent "
        "on this code or not.",
        WILSON,
        "Table mentions, from codes: a person’s code stands over a source’s, and that over a "
        "machine’s. Counts of machine codes are not corrected for the machine’s errors.",
    ),
    "pain_points": Made(
        "Severity and consequences",
        "The median severity from 1 (nuisance) to 4 (gave up) of those who tell a pain point, and "
        "what they say came of it.",
        "A person who tells it; each person’s gravest word counts.",
        "Those of the source who tell it at that stage.",
        _NONE + " Severities that no person gave are proposed by rules.",
        "Tables pain_points and statements.",
    ),
    "touchpoint_mentions": Made(
        "By touchpoint",
        "People who said something of a touchpoint that they named.",
        "A person.",
        "People of that source heard at the stage; nobody is asked touchpoint by touchpoint.",
        "No interval is shown: counts only.",
        "Table touchpoint_mentions.",
    ),
    "emotion_curve": Made(
        "How it feels",
        "Valence from −1 (bad) to +1 (good): one dot is the mean of what one person said at the "
        "stage, the dashed line the mean of people. It says how words sound, not what people "
        "would answer if asked.",
        "A person.",
        "People of that source whose words at the stage have a valence; a mean from 5 people.",
        "t over people, only where the source’s people were drawn.",
        "Table emotion_curve, from scores of the excerpts.",
    ),
    "rating_summary": Made(
        "Ratings",
        "NPS in points, other scores as the mean of people’s own means.",
        "A person who answered.",
        "All who answered that question in that wave; others are not guessed.",
        "NPS: adjusted Wald, three answers added (Rocks 2016). Others: t over people. Only where "
        "the source’s people were drawn.",
        "Table rating_summary, from the ratings.",
    ),
    "quotes": Made(
        "Quotes",
        "Verbatim words, chosen by rule: what most people tell first, near the middle of what "
        "is said under a code, unlike each other, long enough to be understood. They show what "
        "a count means, and prove nothing by themselves.",
        "A stretch of one document; its address stands under it.",
        "One per person and stage at most; only of people who agreed to be quoted.",
        _NONE,
        "Table quotes.",
    ),
    "verdicts": Made(
        "Do words and numbers agree?",
        "A sentence per stage by rules declared before looking (see the rules on this page). A "
        "verdict in findings.yaml stands over the machine’s proposal and names who decided.",
        "A stage.",
        "The people and counts that the reason names.",
        "The rules read the intervals of both sides where people were drawn, else plain counts.",
        "Table verdicts.",
    ),
    "joint_display": Made(
        "Words beside numbers",
        "Both sides of a stage in one line per source, and, where people can be linked, who of "
        "those lost told of trouble.",
        "A person.",
        "People of the source heard at the stage; then those of them found in the behaviour "
        "record whose end is known.",
        "No interval: counts. Left out where fewer people were lost, or stayed, than may be "
        "published.",
        "Tables joint_display and links.",
    ),
    "causes": Made(
        "Candidate causes",
        "Those who tell a pain point against all others of the same source who came to the stage, "
        "silent ones included: the share lost of the first over that of the second. An "
        "association, never a cause.",
        "A linked person whose end is known.",
        "Each group of its own; both need 5 people.",
        "Koopman’s score interval (1984) for the ratio. “More than chance brings”: Benjamini and "
        "Hochberg (1995) at 5 % over all such comparisons of the source.",
        "Table causes.",
    ),
    "opportunities": Made(
        "Opportunities",
        "Pain points that at least two people of one source tell at a stage. Only those that a "
        "person confirmed, and whose codes are trusted, are ranked, by the declared rule.",
        "A person.",
        "People of the named source heard at the stage.",
        "Ranks: 95 % of ranks when people are drawn again and drop-off varies within its "
        "interval; and best and worst rank with other weights. At stake: an upper bound.",
        "Table opportunities, and findings.yaml.",
    ),
    "segment_comparison": Made(
        "Audience segments",
        "One value of a segment against all other people of that segment: what they tell, and "
        "how many are lost.",
        "A person known to belong to a value.",
        "People of the source and value heard at the stage; for drop-off, those who entered it.",
        "Shares: Wilson (1927). Differences: Newcombe (1998), method 10; “more than chance "
        "brings” after Benjamini and Hochberg (1995) over all comparisons of one source and "
        "segment. Small cells, and those that would give them away, are hidden.",
        "Table segment_comparison.",
    ),
    "segment_people": Made(
        "Who belongs to which segment",
        "People whose value of a segment is known, per source.",
        "A person.",
        "All people of the source; the rest are unknown.",
        _NONE + " Left out where a value has fewer people than may be published.",
        "Table segment_people, from the roster and the sources.",
    ),
    "themes": Made(
        "Themes",
        "Groups of pain points that sound alike over all stages, proposed by machine and named "
        "after words that set them apart. Stability from 0 to 1 is how well a theme comes back "
        "from other samples of the same words; under 0.6 it is unstable.",
        "A person, over all sources together.",
        "No share follows, as sources are of different people.",
        _NONE,
        "Table themes.",
    ),
    "coverage": Made(
        "Who was asked",
        "Whether a source asked about a stage, and how many people were heard there.",
        "A person with at least one excerpt there.",
        "All people of the source.",
        _NONE,
        "Table coverage, from the questions that study.yaml declares.",
    ),
    "comparability": Made(
        "Words beside numbers: may they be compared?",
        "Whether the words of a source may be set beside the numbers: people, leavers, "
        "recorder, stages, dates, wave, channel and segment, each the same, different, or not "
        "to be told.",
        "A source against a record of behaviour.",
        "The people that both hold; the sentence names them.",
        "Newcombe (1998) for differences of shares, not adjusted for their number: here a false "
        "alarm is better than none.",
        "Tables comparability and comparable_sources.",
    ),
    "trust": Made(
        "The machine’s codes against people’s",
        "A random sample of a source’s excerpts, coded by people who did not see the machine’s "
        "codes, against those codes.",
        "An excerpt.",
        "Excerpts of the sample; shares are of all excerpts of the source.",
        "Cohen’s kappa and its interval by drawing people again; corrected share by "
        "prediction-powered inference, by person (Angelopoulos et al. 2023).",
        "Table trust.",
    ),
    "stage_bases": Made(
        "How words were read",
        "On what the stage of each excerpt rests, who talked how much, whether the last "
        "interviews brought new codes, and documents set aside for their language.",
        "An excerpt, a word, an interview, a document.",
        "All of the source.",
        _NONE,
        "Tables stage_bases, dominance, saturation and languages.",
    ),
    "joins": Made(
        "People in both worlds",
        "People of one source who are found in another by the same pseudonym.",
        "A person.",
        "All people of the first source; the second rate is of all people of the other.",
        _NONE,
        "Table joins.",
    ),
    "reported_funnels": Made(
        "Counted by other programs",
        "Steps of a funnel, and counts of e-mail and advertising, as another program reports them. "
        "They stand beside the study, never in "
        "it: nobody in them can be told from anybody else, so they are in no funnel, verdict or "
        "comparison of this report. Shares are computed here from the counts.",
        "What the program counts: users, sessions, e-mails, clicks; it stands at each table.",
        "What the program counted in the step; of e-mail and advertising, what stands beside it.",
        "No interval: whom the program left out, sampled or estimated is not known here.",
        "Tables reported_funnels and touchpoint_metrics, from the programs' own reports.",
    ),
    "wave_changes": Made(
        "From wave to wave",
        "Each wave of a survey against the one before, where the question and its words are the "
        "same.",
        "A person; who is in both waves is no stranger to himself, and is also compared with "
        "himself.",
        "People of each wave who answered, or were heard.",
        "Partly overlapping samples: Derrick et al. (2017) for means, Newcombe (1998) with the "
        "correlation of people in both for shares, exact permutation test; for the same people t, "
        "and Newcombe for pairs; "
        "Benjamini and Hochberg (1995) over all changes.",
        "Table wave_changes.",
    ),
}
"""Name of an anchor (`methods.html#made-<name>`) to how its numbers were made."""


ALSO: dict[str, tuple[str, ...]] = {
    "funnel": (
        "journey_map", "stage_behaviour", "funnel_differences", "visitors", "segment_reach",
        "value_at_stake", "retention", "loss", "loyalty", "experiments", "changes",
        "log_quality", "events",
    ),
    "stage_timing": ("time_to_next", "time_to_next_summary"),
    "drop_destinations": (
        "abandonment_points", "transitions", "rework", "loops", "paths", "path_matches",
        "channel_switches", "channels", "touchpoint_lift",
    ),
    "mentions": (
        "channel_mentions", "channel_consistency", "expectations", "balance", "openings",
        "codes", "held_codes", "lost_codes", "coders", "learned_codes",
    ),
    "pain_points": ("statements",),
    "emotion_curve": ("scores", "embeddings"),
    "rating_summary": (
        "ratings", "answers", "survey_questions", "survey_choices", "survey_steps",
    ),
    "quotes": ("excerpts", "documents", "turns"),
    "joint_display": ("links", "person_stages", "display_gaps", "orders"),
    "segment_people": ("participants",),
    "reported_funnels": ("touchpoint_metrics",),
    "coverage": ("sources", "files", "set_aside", "quality", "masked"),
    "comparability": ("comparable_sources",),
    "stage_bases": ("talk", "dominance", "saturation", "languages"),
}  # fmt: skip
"""Tables of the study that are made the same way, and are found under the same heading."""


def method_views() -> list[tuple[str, Made, tuple[str, ...]]]:
    """Return every method with its anchor and those of its other tables, in page order."""
    return [
        (f"made-{name}", made, tuple(f"made-{other}" for other in ALSO.get(name, ())))
        for name, made in METHODS.items()
    ]
