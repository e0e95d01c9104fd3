import math

import pandas as pd
import pytest

from cjm_research.config import Findings, StageFinding
from cjm_research.config.schema import VerdictPart
from cjm_research.integration.verdicts import VERDICT_COLUMNS, describe_rules, judge_stages
from cjm_research.journey import LEAVING_WORDS, Journey, Stage
from cjm_research.statistics import estimate_proportion

JOURNEY = Journey((Stage("see", "Seeing"), Stage("buy", "Buying"), Stage("wait", "Waiting")))
NAN = math.nan
SP = "\u202f"
DESIGNED = {"survey", "june"}
KINDS = {"survey": "survey_answer", "june": "survey_answer", "notes": "note"}

MENTION_COLUMNS = [
    "stage", "source", "code_group", "code", "label", "segment", "segment_value", "n_said",
    "n_heard", "share", "low", "high",
]  # fmt: skip
LINK_COLUMNS = ["stage", "source", "n_heard", "n_linked", "n_entered", "n_left"]
RATING_COLUMNS = ["stage", "source", "wave", "measure", "label", "n", "value", "low", "high"]


def talk(source, n_heard, *pains, asked=True, stage="buy"):
    """`n_heard` people heard by a source, and `(code, n_said)` of them."""
    return {"source": source, "n_heard": n_heard, "pains": pains, "asked": asked, "stage": stage}


def did(n_lost, n, *, low=NAN, high=NAN, measure="funnel_drop_off", stage="buy"):
    return {
        "stage": stage, "measure": measure, "unit": "people", "n": float(n),
        "n_lost": float(n_lost), "rate": n_lost / n if n else NAN, "low": low, "high": high,
        "words": LEAVING_WORDS[measure],
    }  # fmt: skip


def rated(value, low, high, *, measure="csat", source="survey", n=50, stage="buy"):
    return [stage, source, "", measure, measure.upper(), n, value, low, high]


def link(n_linked, n_left, *, source="survey", stage="buy"):
    return [stage, source, 20, n_linked, n_linked, n_left]


NOT_MEASURED = did(NAN, NAN, measure="none")
MUCH_LOST = did(57, 100, low=0.47, high=0.66)
LITTLE_LOST = did(6, 100, low=0.03, high=0.12)
MAYBE_LOST = did(20, 100, low=0.13, high=0.29)


def judge(
    *talks, behaviour=NOT_MEASURED, ratings=(), links=(), comparable=None, findings=None,
    rules=None, shuffle=None, trusted=None, journey=JOURNEY,
):  # fmt: skip
    mentions, coverage, sources = [], [], {"interviews": None, "survey": None}
    for row in talks:
        source, n_heard = row["source"], row["n_heard"]
        sources[source] = None
        coverage.append([row["stage"], source, row["asked"], n_heard, 20, ""])
        for code, n_said in row["pains"]:
            has_interval = source in DESIGNED and n_heard >= 5
            share = estimate_proportion(n_said, n_heard) if has_interval else (NAN, NAN, NAN)
            mentions.append(
                [row["stage"], source, "pain_point", code, f"It is {code}", "", "", n_said,
                 n_heard, *share]
            )  # fmt: skip
    facts = [[s, s.capitalize(), KINDS.get(s, "interview"), s in DESIGNED, ""] for s in sources]
    tables = {
        "mentions": pd.DataFrame(mentions, columns=MENTION_COLUMNS),
        "coverage": pd.DataFrame(
            coverage,
            columns=["stage", "source", "asked", "n_heard", "n_participants", "status"],
        ),
        "ratings": pd.DataFrame(list(ratings), columns=RATING_COLUMNS),
        "stage_behaviour": pd.DataFrame([behaviour]),
        "links": pd.DataFrame(list(links), columns=LINK_COLUMNS),
        "source_facts": pd.DataFrame(
            facts, columns=["source", "label", "kind", "has_design", "wave"]
        ),
    }
    for name in ("mentions", "coverage", "links"):
        tables[name] = tables[name].assign(stage=JOURNEY.order(tables[name]["stage"]))
    if shuffle is not None:
        tables = {
            name: table.sample(frac=1, random_state=shuffle) for name, table in tables.items()
        }
    return judge_stages(
        **tables,
        comparable=set(sources) if comparable is None else comparable,
        journey=journey,
        rules=rules or VerdictPart(),
        findings=findings or Findings(),
        trusted=trusted,
    )


def at_buy(*talks, **options):
    table = judge(*talks, **options)
    return table[table["stage"] == "buy"].iloc[0]


# ---- the matrix of what is said and what is done

SAID = {
    "much": [talk("interviews", 15, ("slow", 11))],
    "little": [talk("interviews", 15, ("slow", 1))],
    "mixed": [talk("interviews", 15, ("slow", 11)), talk("survey", 400, ("slow", 4))],
    "nothing": [talk("interviews", 15)],
    "not asked": [talk("interviews", 0, asked=False)],
    "cannot tell": [talk("survey", 40, ("slow", 10))],
}
DONE = {
    "much": MUCH_LOST,
    "little": LITTLE_LOST,
    "cannot tell": MAYBE_LOST,
    "not measured": NOT_MEASURED,
}
AGREE, PARTLY, DISAGREE = "sources agree", "partly agree", "sources disagree"
MATRIX = {
    #              much          little    cannot tell    not measured
    "much": (AGREE, DISAGREE, "cannot tell", "only said"),
    "little": (DISAGREE, AGREE, "cannot tell", "cannot tell"),
    "mixed": (PARTLY, PARTLY, "cannot tell", "only said"),
    "nothing": ("only done", AGREE, "cannot tell", "cannot tell"),
    "not asked": ("not asked", "not asked", "not asked", "not asked"),
    "cannot tell": ("cannot tell", "cannot tell", "cannot tell", "cannot tell"),
}


@pytest.mark.parametrize("done", DONE)
@pytest.mark.parametrize("said", SAID)
def test_the_verdict_follows_from_what_is_said_and_done(said, done):
    row = at_buy(*SAID[said], behaviour=DONE[done])
    assert (row["said"], row["done"]) == (said, done)
    assert row["verdict"] == MATRIX[said][list(DONE).index(done)]
    assert row["verdict"] == row["proposed"]
    assert row["by"] == ""


@pytest.mark.parametrize("done", DONE)
@pytest.mark.parametrize("said", SAID)
def test_leavers_not_heard_matter_only_where_little_is_told_and_much_lost(said, done):
    links = [link(10, 0, source="interviews"), link(10, 0)]
    row = at_buy(*SAID[said], behaviour=DONE[done], links=links)
    is_case = said in ("little", "nothing") and done == "much"
    expected = "leavers not heard" if is_case else MATRIX[said][list(DONE).index(done)]
    assert row["verdict"] == expected


# ---- what one source says


@pytest.mark.parametrize(
    ("n_said", "n_heard", "said"),
    [
        (11, 15, "much"),
        (5, 20, "much"),  # exactly a quarter
        (4, 20, "little"),
        (0, 15, "nothing"),
        (2, 5, "much"),
        (1, 5, "little"),  # 20 %
        (4, 4, "cannot tell"),  # fewer than 5 heard
        (1, 1, "cannot tell"),
    ],
)
def test_without_a_design_the_plain_count_of_those_heard_decides(n_said, n_heard, said):
    pains = [("slow", n_said)] if n_said else []
    assert at_buy(talk("interviews", n_heard, *pains))["said"] == said


def test_what_one_person_alone_tells_is_not_much():
    rules = VerdictPart(much_told=0.15)
    row = at_buy(talk("interviews", 6, ("slow", 1)), rules=rules)
    assert row["said"] == "cannot tell"
    assert "1 of 6 (Interviews) tells “It is slow”, one person alone" in row["reason"]


@pytest.mark.parametrize(
    ("n_said", "n_heard", "said"),
    [
        (61, 219, "cannot tell"),  # 28 %, Wilson 22-34
        (59, 158, "much"),  # 37 %, Wilson 30-45
        (22, 165, "little"),  # 13 %, Wilson 9-19
        (1, 5, "cannot tell"),
        (4, 4, "cannot tell"),  # no interval below 5
    ],
)
def test_with_a_design_the_whole_interval_decides(n_said, n_heard, said):
    assert at_buy(talk("survey", n_heard, ("slow", n_said)))["said"] == said


def test_the_most_told_pain_point_counts_and_other_is_none():
    row = at_buy(talk("interviews", 15, ("other", 14), ("slow", 2), ("lost", 5)))
    assert row["said"] == "much"
    assert "5 of 15 (Interviews) tell “It is lost”" in row["reason"]
    assert "other" not in row["reason"]


def test_trouble_that_fits_no_code_is_not_nothing():
    much = at_buy(talk("interviews", 15, ("other", 14)), behaviour=MUCH_LOST)
    assert (much["said"], much["verdict"]) == ("cannot tell", "cannot tell")
    assert "a person has to name it" in much["reason"]
    assert at_buy(talk("interviews", 15, ("other", 1)))["said"] == "little"


def test_of_two_told_equally_often_the_first_by_code_is_named():
    for pains in ([("slow", 5), ("lost", 5)], [("lost", 5), ("slow", 5)]):
        assert "“It is lost”" in at_buy(talk("interviews", 15, *pains))["reason"]


def test_segments_and_other_groups_are_no_pain_points_of_everybody():
    table = judge(talk("interviews", 15))
    assert table.loc[1, "said"] == "nothing"
    extra = pd.DataFrame(
        [
            ["buy", "interviews", "delight", "fast", "Fast", "", "", 14, 15, NAN, NAN, NAN],
            ["buy", "interviews", "pain_point", "slow", "Slow", "device", "phone", 9, 9]
            + [NAN] * 3,
        ],
        columns=MENTION_COLUMNS,
    )
    row = judge_stages(
        mentions=extra,
        coverage=pd.DataFrame(
            [["buy", "interviews", True, 15]], columns=["stage", "source", "asked", "n_heard"]
        ),
        ratings=pd.DataFrame(columns=RATING_COLUMNS),
        stage_behaviour=pd.DataFrame([MUCH_LOST]),
        links=pd.DataFrame(columns=LINK_COLUMNS),
        comparable=["interviews"],
        source_facts=pd.DataFrame(
            [["interviews", "Interviews", "interview", False, ""]],
            columns=["source", "label", "kind", "has_design", "wave"],
        ),
        journey=JOURNEY,
        rules=VerdictPart(),
        findings=Findings(),
    ).iloc[1]
    assert row["verdict"] == "only done"


def test_asked_and_silent_is_kept_apart_from_not_asked():
    silent = at_buy(talk("interviews", 0), behaviour=MUCH_LOST)
    assert (silent["said"], silent["verdict"]) == ("nothing", "only done")
    assert "People were asked and said nothing (Interviews)" in silent["reason"]
    unasked = at_buy(talk("interviews", 0, asked=False), behaviour=MUCH_LOST)
    assert (unasked["said"], unasked["verdict"]) == ("not asked", "not asked")
    assert unasked["reason"] == (
        f"Nobody was asked about this stage; 57{SP}% leave (57 of 100; interval 47–66{SP}%), at "
        f"or above 20{SP}%."
    )


def test_that_nobody_spoke_agrees_with_nothing():
    row = at_buy(talk("interviews", 0), behaviour=did(5, 100, low=0.02, high=0.11))
    assert (row["said"], row["done"], row["verdict"]) == ("nothing", "little", "cannot tell")
    assert "Both are quiet" not in row["reason"]
    heard = at_buy(talk("interviews", 9), behaviour=did(5, 100, low=0.02, high=0.11))
    assert (heard["said"], heard["verdict"]) == ("nothing", "sources agree")


def test_who_was_heard_unasked_counts():
    assert at_buy(talk("interviews", 15, ("slow", 11), asked=False))["said"] == "much"


# ---- sources together


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (talk("survey", 400, ("slow", 200)), "much"),
        (talk("survey", 40, ("slow", 10)), "much"),  # the other cannot tell
        (talk("survey", 400, ("slow", 4)), "mixed"),
        (talk("survey", 400), "mixed"),
        (talk("survey", 0), "mixed"),
        (talk("survey", 0, asked=False), "much"),
    ],
)
def test_one_source_tells_much_and_another(other, said):
    assert at_buy(talk("interviews", 15, ("slow", 11)), other)["said"] == said


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (talk("survey", 400), "nothing"),
        (talk("survey", 400, ("slow", 4)), "little"),
        (talk("survey", 40, ("slow", 10)), "cannot tell"),
        (talk("survey", 0, asked=False), "nothing"),
    ],
)
def test_one_source_tells_nothing_and_another(other, said):
    assert at_buy(talk("interviews", 15), other)["said"] == said


# ---- ratings

LOW = VerdictPart(low_rating={"csat": 3.5, "nps": -10})


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (3.0, 3.4, "much"),
        (3.5, 4.0, "little"),
        (3.4, 3.6, "cannot tell"),
        (3.0, 3.5, "cannot tell"),  # the threshold itself is not below
        (NAN, NAN, "cannot tell"),
    ],
)
def test_a_rating_counts_when_its_whole_interval_lies_on_one_side(low, high, said):
    row = at_buy(talk("survey", 0, asked=False), ratings=[rated(3.5, low, high)], rules=LOW)
    assert row["said"] == said


def test_nps_has_a_threshold_of_its_own():
    row = at_buy(ratings=[rated(-30, -40, -20, measure="nps")], rules=LOW)
    assert row["said"] == "much"
    assert "NPS −30.0 (Survey; interval −40.0 to −20.0; n = 50), below −10" in row["reason"]


def test_a_rating_and_words_may_be_mixed():
    words = talk("survey", 400, ("slow", 4))
    assert at_buy(words, ratings=[rated(3.0, 2.9, 3.1)], rules=LOW)["said"] == "mixed"
    assert at_buy(words, ratings=[rated(4.0, 3.9, 4.1)], rules=LOW)["said"] == "little"


def test_without_a_threshold_a_rating_is_shown_and_not_judged():
    row = at_buy(talk("survey", 400, ("slow", 200)), ratings=[rated(4.9, 4.8, 5.0)])
    assert row["said"] == "much"
    assert "CSAT 4.9 (Survey; interval 4.8 to 5.0; n = 50), not judged" in row["reason"]
    assert at_buy(talk("survey", 400, ("slow", 4)), ratings=[rated(1, 1, 1)])["said"] == "little"


def test_who_only_rated_was_neither_silent_nor_unasked():
    ratings = [rated(4.9, 4.8, 5.0)]
    for asked in (True, False):
        row = at_buy(talk("survey", 0, asked=asked), ratings=ratings, behaviour=MUCH_LOST)
        assert (row["said"], row["verdict"]) == ("cannot tell", "cannot tell")
        assert "said nothing" not in row["reason"]
        assert "Nobody was asked" not in row["reason"]
        judged = at_buy(talk("survey", 0, asked=asked), ratings=ratings, rules=LOW)
        assert judged["said"] == "little"


def test_a_few_ratings_are_not_judged():
    row = at_buy(ratings=[rated(1.0, 1.0, 1.0, n=4)], rules=LOW)
    assert row["said"] == "cannot tell"
    assert "interval" not in row["reason"].partition(", without")[0]


def test_ratings_of_the_whole_journey_belong_to_no_stage():
    row = at_buy(ratings=[rated(1.0, 1.0, 1.1, stage="")], rules=LOW)
    assert row["said"] == "not asked"


# ---- sources that are not comparable


def test_a_source_of_another_wave_has_no_say_and_is_named():
    talks = [talk("interviews", 15, ("slow", 11)), talk("june", 400, ("slow", 4))]
    comparable = {"interviews": True, "june": False}
    row = at_buy(*talks, behaviour=MUCH_LOST, comparable=comparable)
    assert (row["said"], row["verdict"]) == ("much", "sources agree")
    assert row["reason"].endswith(" Left out, as not comparable with the numbers: June.")
    assert "4 of 400" not in row["reason"]


def test_a_mapping_and_a_collection_of_comparable_sources_say_the_same():
    talks = [talk("interviews", 15, ("slow", 11)), talk("june", 400, ("slow", 4))]
    mapped = judge(*talks, comparable={"interviews": True, "june": False})
    pd.testing.assert_frame_equal(mapped, judge(*talks, comparable=["interviews"]))


def test_where_only_incomparable_sources_speak_nobody_can_tell():
    row = at_buy(talk("june", 400, ("slow", 200)), behaviour=MUCH_LOST, comparable=[])
    assert (row["said"], row["verdict"]) == ("cannot tell", "cannot tell")
    assert "Nobody was asked" not in row["reason"]
    rating = [rated(1.0, 1.0, 1.1, source="june")]
    assert at_buy(ratings=rating, comparable=[], rules=LOW)["said"] == "cannot tell"


def test_an_incomparable_source_that_did_not_ask_is_not_named():
    row = at_buy(talk("june", 0, asked=False), behaviour=MUCH_LOST, comparable=[])
    assert row["verdict"] == "not asked"
    assert "Left out" not in row["reason"]


def test_leavers_of_an_incomparable_source_do_not_count():
    talks = [talk("interviews", 15), talk("june", 40)]
    links = [link(10, 0, source="interviews"), link(10, 7, source="june")]
    row = at_buy(*talks, behaviour=MUCH_LOST, links=links, comparable=["interviews"])
    assert (row["verdict"], row["n_leavers_heard"]) == ("leavers not heard", 0)


# ---- what is done


@pytest.mark.parametrize(
    ("behaviour", "done"),
    [
        (did(30, 100, low=0.20, high=0.41), "much"),  # at the threshold
        (did(15, 100, low=0.09, high=0.20), "cannot tell"),  # the threshold is in it
        (did(15, 100, low=0.09, high=0.199), "little"),
        (did(4, 20), "much"),  # without an interval: the plain rate
        (did(3, 20), "little"),
        (did(4, 4), "cannot tell"),
        (did(0, 0), "cannot tell"),
        (did(0, 50), "little"),
        (did(50, 50), "much"),
    ],
)
def test_the_rate_is_held_against_its_threshold(behaviour, done):
    assert at_buy(behaviour=behaviour)["done"] == done


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("funnel_drop_off", f"60{SP}% leave (60 of 100), at or above 20{SP}%"),
        ("task_failure", f"60{SP}% of first tries fail (60 of 100), at or above 20{SP}%"),
        ("questionnaire_abandonment", f"60{SP}% stop answering (60 of 100), at or above 20{SP}%"),
    ],
)
def test_the_words_follow_the_kind_of_the_measure(measure, words):
    reason = at_buy(talk("interviews", 15), behaviour=did(60, 100, measure=measure))["reason"]
    assert words in reason


def test_too_few_are_said_in_counts_only():
    few = at_buy(behaviour=did(3, 4, measure="task_failure"))
    assert "3 of 4 first tries fail, too few to judge" in few["reason"]
    assert "75" not in few["reason"]
    assert "1 of 3 leave, too few" in at_buy(behaviour=did(1, 3))["reason"]
    assert "nobody was observed here" in at_buy(behaviour=did(0, 0))["reason"]


def test_the_interval_of_tries_is_named_as_what_it_is():
    row = at_buy(behaviour=did(60, 100, low=0.5, high=0.7, measure="task_failure"))
    assert f"interval 50–70{SP}% over people’s own shares" in row["reason"]


# ---- those who left, among those heard


@pytest.mark.parametrize(
    ("links", "heard", "n"),
    [
        ([], "cannot tell", NAN),
        ([link(0, 0)], "cannot tell", NAN),  # no ids join
        ([link(4, 0)], "cannot tell", NAN),  # too few found
        ([link(5, 0)], "not heard", 0),
        ([link(4, 1)], "heard", 1),
        ([link(9, 3), link(9, 5, source="interviews")], "heard", 5),  # never added up
        ([link(9, 0), link(0, 0, source="interviews")], "not heard", 0),
        ([link(9, 3, stage="see")], "cannot tell", NAN),
    ],
)
def test_leavers_are_counted_once_though_heard_by_several_sources(links, heard, n):
    row = at_buy(talk("survey", 20), behaviour=MUCH_LOST, links=links)
    assert row["leavers_heard"] == heard
    assert row["n_leavers_heard"] == pytest.approx(n, nan_ok=True)


def test_the_reason_counts_leavers_per_source():
    links = [link(12, 6), link(8, 0, source="interviews")]
    row = at_buy(talk("survey", 20), behaviour=MUCH_LOST, links=links)
    assert row["reason"].endswith(
        " Of those heard here and found in the behaviour record, 0 of 8 (Interviews) and 6 of 12 "
        "(Survey) left here."
    )
    assert row["verdict"] == "only done"


@pytest.mark.parametrize(("n", "n_left"), [(9, 1), (9, 4), (9, 5), (9, 8), (3, 0), (3, 3)])
def test_the_reason_does_not_count_out_few_leavers_nor_few_others(n, n_left):
    row = at_buy(talk("survey", 20), behaviour=MUCH_LOST, links=[link(n, n_left)])
    assert row["reason"].endswith(f" record, an undisclosed number of {n} (Survey) left here.")


def test_leaving_is_worded_as_the_measure_of_the_stage():
    journey = Journey((Stage("buy", "Buying", measure="task_failure"),))
    table = judge_stages(
        mentions=pd.DataFrame(columns=MENTION_COLUMNS),
        coverage=pd.DataFrame(columns=["stage", "source", "asked", "n_heard"]),
        ratings=pd.DataFrame(columns=RATING_COLUMNS),
        stage_behaviour=pd.DataFrame([did(60, 100, measure="task_failure")]),
        links=pd.DataFrame([link(12, 6, source="notes")], columns=LINK_COLUMNS),
        comparable=["notes"],
        source_facts=pd.DataFrame(
            [("notes", "Notes", "note", False, "")],
            columns=["source", "label", "kind", "has_design", "wave"],
        ),
        journey=journey,
        rules=VerdictPart(),
        findings=Findings(),
    )
    assert (
        "Of those with notes here and found in the behaviour record, 6 of 12 (Notes) failed a "
        "first try here." in table.loc[0, "reason"]
    )


def test_without_a_measure_nobody_can_be_known_to_have_left():
    row = at_buy(talk("survey", 20), links=[link(9, 0)])
    assert row["leavers_heard"] == "cannot tell"
    assert "behaviour record" not in row["reason"]


# ---- the words of the reason


def test_the_reason_gives_counts_and_thresholds():
    talks = [talk("interviews", 15, ("slow", 11)), talk("survey", 219, ("slow", 61))]
    behaviour = did(797, 1391, low=0.5468, high=0.5987)
    assert at_buy(*talks, behaviour=behaviour)["reason"] == (
        f"Both point to trouble: 11 of 15 (Interviews) tell “It is slow”, at or above 25{SP}%; "
        f"61 of 219 (Survey; 28{SP}%, interval 22–34{SP}%) tell “It is slow”, its interval on "
        f"both sides of 25{SP}%; 57{SP}% leave (797 of 1,391; interval 55–60{SP}%), at or above "
        f"20{SP}%."
    )


def test_two_quiet_sources_agree_in_other_words_than_two_loud_ones():
    quiet = at_buy(talk("interviews", 15), behaviour=LITTLE_LOST)
    assert quiet["verdict"] == "sources agree"
    assert quiet["reason"].startswith(
        "Both are quiet: none of 15 heard (Interviews) tells a pain point; "
    )


def test_notes_are_noted_and_not_told():
    told = at_buy(talk("notes", 20, ("slow", 11)), behaviour=MUCH_LOST)
    assert "observers noted “It is slow” for 11 of 20 (Notes), at or above" in told["reason"]
    none = at_buy(talk("notes", 20), behaviour=MUCH_LOST)
    assert "bservers noted no pain point for any of 20 (Notes)" in none["reason"]
    silent = at_buy(talk("notes", 0), behaviour=MUCH_LOST)
    assert "bservers noted nothing (Notes)" in silent["reason"]
    for row in (told, none, silent):
        assert "tell" not in row["reason"]
        assert "said" not in row["reason"]


def test_a_number_is_not_rounded_onto_the_threshold():
    behaviour = did(196, 1000)
    reason = at_buy(behaviour=behaviour)["reason"]
    assert f"19.6{SP}% leave (196 of 1,000), below 20{SP}%" in reason
    rating = at_buy(ratings=[rated(3.48, 3.47, 3.49)], rules=LOW)["reason"]
    assert "CSAT 3.48 (Survey; interval 3.47 to 3.49; n = 50), below 3.5" in rating


# ---- who wrote it down, and how surely it was coded

TASKS = Journey(
    (Stage("see", "Seeing"), Stage("buy", "Buying", measure="task_failure", outcome="done"),
     Stage("wait", "Waiting"))
)  # fmt: skip
FAILED = did(57, 100, low=0.47, high=0.66, measure="task_failure")
ONE_RECORDER = "Notes and outcomes are by the same observers: no independent sources."


@pytest.mark.parametrize(
    ("talks", "behaviour", "journey", "is_said"),
    [
        ([talk("notes", 20, ("slow", 11))], FAILED, TASKS, True),
        ([talk("notes", 20)], FAILED, TASKS, True),
        ([talk("notes", 20, ("slow", 11)), talk("survey", 400, ("slow", 4))], FAILED, TASKS, True),
        # Other people's words have their say, and these observers none.
        ([talk("interviews", 20, ("slow", 11))], FAILED, TASKS, False),
        ([talk("notes", 4, ("slow", 4)), talk("survey", 400, ("slow", 200))], FAILED, TASKS, False),
        # Nothing is judged, or nothing that they wrote down.
        ([talk("notes", 4, ("slow", 4))], FAILED, TASKS, False),
        (
            [talk("notes", 20, ("slow", 11))],
            did(20, 100, low=0.13, high=0.29, measure="task_failure"), TASKS, False,
        ),
        ([talk("notes", 20, ("slow", 11))], did(NAN, NAN, measure="task_failure"), TASKS, False),
        ([talk("notes", 20, ("slow", 11))], MUCH_LOST, JOURNEY, False),
    ],
)  # fmt: skip
def test_observers_who_note_and_rate_are_one_source(talks, behaviour, journey, is_said):
    row = at_buy(*talks, behaviour=behaviour, journey=journey)
    assert (ONE_RECORDER in row["reason"]) == is_said


def test_observers_with_no_say_are_not_named():
    talks = [talk("notes", 20, ("slow", 11)), talk("survey", 400, ("slow", 200))]
    row = at_buy(*talks, behaviour=FAILED, journey=TASKS, comparable=["survey"])
    assert ONE_RECORDER not in row["reason"]
    assert row["reason"].endswith("not comparable with the numbers: Notes.")


def test_a_code_that_needs_a_person_is_named_where_an_answer_rests_on_it():
    talks = [talk("interviews", 15, ("slow", 11), ("lost", 5)), talk("notes", 20, ("slow", 11))]
    trusted = {
        ("interviews", "pain_point", "slow"): "needs a person",
        ("notes", "pain_point", "slow"): "needs a person",
    }
    row = at_buy(*talks, behaviour=MUCH_LOST, trusted=trusted)
    assert (
        f"11 of 15 (Interviews) tell “It is slow”, a code that needs a person, at or above 25{SP}%"
    ) in row["reason"]
    assert (
        "observers noted “It is slow”, a code that needs a person, for 11 of 20 (Notes), at or"
    ) in row["reason"]
    plain = at_buy(*talks, behaviour=MUCH_LOST)
    same = ["said", "done", "verdict", "proposed"]
    assert row[same].tolist() == plain[same].tolist()
    for status in (
        {("interviews", "pain_point", "slow"): "trusted"},
        {("interviews", "pain_point", "slow"): "uncorrected"},
        {("interviews", "pain_point", "lost"): "needs a person"},
        {("interviews", "delight", "slow"): "needs a person"},
        {("survey", "pain_point", "slow"): "needs a person"},
    ):
        assert at_buy(*talks, behaviour=MUCH_LOST, trusted=status)["reason"] == plain["reason"]


# ---- people's findings


def finding(**changes):
    row = {"stage": "buy", "verdict": "sources disagree", "by": "ana"} | changes
    return Findings(verdicts=[StageFinding(**row)])


def test_a_persons_finding_replaces_the_proposal():
    talks = [talk("interviews", 15, ("slow", 11))]
    row = at_buy(*talks, behaviour=MUCH_LOST, findings=finding(note="They order by phone."))
    assert (row["verdict"], row["proposed"]) == ("sources disagree", "sources agree")
    assert row["by"] == "ana"
    assert (row["said"], row["done"]) == ("much", "much")
    assert row["reason"].startswith("Both point to trouble: 11 of 15")
    assert row["reason"].endswith(" ana: They order by phone.")


def test_a_person_may_accept_the_proposal():
    talks = [talk("interviews", 15, ("slow", 11))]
    accepted = finding(verdict="sources agree")
    row = at_buy(*talks, behaviour=MUCH_LOST, findings=accepted)
    assert (row["verdict"], row["proposed"], row["by"]) == (
        "sources agree",
        "sources agree",
        "ana",
    )


def test_a_finding_on_one_stage_leaves_the_others_to_the_machine():
    table = judge(talk("interviews", 15, ("slow", 11)), findings=finding(stage="wait"))
    assert table["by"].tolist() == ["", "", "ana"]
    assert table["verdict"].tolist() == ["not asked", "only said", "sources disagree"]


# ---- the table


def test_the_order_of_rows_and_sources_does_not_matter():
    talks = [
        talk("interviews", 15, ("slow", 5), ("lost", 5), ("other", 9)),
        talk("survey", 219, ("slow", 61), ("lost", 30)),
        talk("june", 40, ("slow", 1)),
        talk("notes", 20, ("slow", 3)),
        talk("interviews", 10, ("slow", 1), stage="see"),
    ]
    options = {
        "behaviour": MUCH_LOST,
        "ratings": [rated(3, 2.9, 3.1), rated(-3, -9, 9, measure="nps")],
        "links": [link(9, 3), link(9, 1, source="interviews")],
        "comparable": ["notes", "survey", "interviews"],
        "rules": LOW,
    }
    expected = judge(*talks, **options)
    for seed in range(5):
        pd.testing.assert_frame_equal(judge(*talks, **options, shuffle=seed), expected)
    pd.testing.assert_frame_equal(judge(*reversed(talks), **options), expected)


def test_every_stage_has_a_row_in_journey_order():
    table = judge(talk("survey", 0, stage="wait"))
    assert table["stage"].tolist() == ["see", "buy", "wait"]
    assert table["stage"].cat.ordered
    assert list(table.columns) == VERDICT_COLUMNS
    assert table["verdict"].tolist() == ["not asked", "not asked", "cannot tell"]


def test_without_any_evidence_nobody_was_asked():
    table = judge()
    assert set(table["verdict"]) == {"not asked"}
    assert set(table["leavers_heard"]) == {"cannot tell"}
    assert table["n_leavers_heard"].isna().all()
    assert table.loc[0, "reason"] == (
        "Nobody was asked about this stage; no behaviour is measured here."
    )


def test_without_stages_the_table_keeps_its_columns():
    table = judge_stages(
        mentions=pd.DataFrame(columns=MENTION_COLUMNS),
        coverage=pd.DataFrame(columns=["stage", "source", "asked", "n_heard"]),
        ratings=pd.DataFrame(columns=RATING_COLUMNS),
        stage_behaviour=pd.DataFrame(columns=list(MUCH_LOST)),
        links=pd.DataFrame(columns=LINK_COLUMNS),
        comparable=[],
        source_facts=pd.DataFrame(columns=["source", "label", "kind", "has_design", "wave"]),
        journey=Journey(()),
        rules=VerdictPart(),
        findings=Findings(),
    )
    assert table.empty
    assert list(table.columns) == VERDICT_COLUMNS


# ---- the rules in sentences


def test_the_rules_are_printed_with_their_thresholds():
    rules = VerdictPart(much_told=0.3, much_lost=0.125, low_rating={"nps": -5, "csat": 3.5})
    text = " ".join(describe_rules(rules))
    for words in (
        f"reaches 30{SP}% of",
        f"at or above 12.5{SP}%",
        "below CSAT 3.5 or NPS −5.",
        "picked after looking: where few people are heard, a share of 30\u202f% is easily reached "
        "by chance.",
        "Words are counted as the machine and people coded them, uncorrected.",
    ):
        assert words in text
    assert all(sentence.endswith(".") for sentence in describe_rules(rules))


def test_without_thresholds_ratings_are_said_to_be_shown_only():
    assert any("shown and not judged" in line for line in describe_rules(VerdictPart()))
