"""The guard against a test set: each way in which words and numbers part is stated."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.behaviour.ends import list_ends
from cjm_research.integration.comparability import (
    COMPARABILITY_COLUMNS,
    SUMMARY_COLUMNS,
    check_comparability,
    summarize_comparability,
)
from cjm_research.integration.links import count_links, join_display
from cjm_research.integration.stage_behaviour import describe_stage_behaviour
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import estimate_difference
from cjm_research.synthesis import count_joins

JOURNEY = Journey((Stage("see", "Seeing"), Stage("pick", "Picking"), Stage("buy", "Buying")))
MARCH = pd.Timestamp("2026-03-01", tz="UTC")
SPOKEN = pd.Timestamp("2026-04-01", tz="UTC")
CHANNELS = ["n_channels", "channels", "n_participants"]


def counted(journey=JOURNEY, measure="funnel_drop_off", **stages):
    """What is lost of how many at each stage by the record; nothing where none is given."""
    rows = [
        (stage, measure, *stages.get(stage, (float("nan"), float("nan"))))
        for stage in journey.stage_ids
    ]
    frame = pd.DataFrame(rows, columns=["stage", "measure", "n_lost", "n"])
    return frame.assign(stage=journey.order(frame["stage"]))


class Study:
    """60 people in a log, of whom 24 are interviewed: 8 of each stage that they came to."""

    def __init__(self, kind="interview"):
        self.kind = kind
        self.people = [f"p{n:02}" for n in range(60)]
        self.reach = {who: n % 3 for n, who in enumerate(self.people)}
        self.spoken = self.people[:24]
        self.heard = [
            (who, stage)
            for who in self.spoken
            for stage in JOURNEY.stage_ids[: self.reach[who] + 1]
        ]
        self.renamed = {}
        self.events_shift = self.words_shift = pd.Timedelta(0)
        self.waves = {"calls": "", "log": ""}
        self.collected = {
            "calls": ("2026-04-01", "2026-04-10"),
            "log": ("2026-03-01", "2026-03-31"),
        }
        self.told_channels, self.used_channels = ["web and app"], {"web": 50, "app + web": 10}
        self.segments = {who: ["phone", "laptop"][n % 2] for n, who in enumerate(self.people)}
        self.in_text = lambda who: self.segments[who]

    def name(self, who):
        """Return the id under which a person's words are filed."""
        return self.renamed.get(who, who)

    @property
    def events(self):
        rows = [
            (who, stage, MARCH + pd.Timedelta(days=n) + self.events_shift)
            for who in self.people
            for n, stage in enumerate(JOURNEY.stage_ids[: self.reach[who] + 1])
        ]
        frame = pd.DataFrame(rows, columns=["participant_id", "stage", "occurred_at"])
        return frame.assign(event=frame["stage"], session_id="")

    @property
    def documents(self):
        said = SPOKEN + self.words_shift
        rows = [(self.name(who), "calls", said if self.spoken else pd.NaT) for who in self.spoken]
        frame = pd.DataFrame(rows, columns=["participant_id", "source", "said_at"])
        return frame.assign(said_at=pd.to_datetime(frame["said_at"], utc=True))

    @property
    def excerpts(self):
        rows = [
            (f"e{n}", self.name(who), "calls", "participant", stage)
            for n, (who, stage) in enumerate(self.heard)
        ]
        frame = pd.DataFrame(
            rows, columns=["excerpt_id", "participant_id", "source", "speaker", "stage"]
        )
        return frame.assign(stage=JOURNEY.order(frame["stage"]))

    @property
    def segment_people(self):
        rows = []
        in_log = pd.Series([self.segments[who] for who in self.people])
        in_text = pd.Series([self.in_text(who) for who in self.spoken], dtype="object")
        for source, values in (("calls", in_text), ("log", in_log)):
            rows += [
                ["device", value, source, int((values == value).sum()), len(values)]
                for value in ("laptop", "phone")
            ]
        return pd.DataFrame(rows, columns=["segment", "segment_value", "source", "n", "n_source"])

    def facts(self):
        return pd.DataFrame(
            [("calls", "Interviews", self.kind, False, self.waves["calls"])],
            columns=["source", "label", "kind", "has_design", "wave"],
        )

    def ends(self):
        return list_ends(self.events, JOURNEY, people=[self.name(who) for who in self.spoken])

    def check(self, **changed):
        sources = pd.DataFrame(
            [
                (source, label, *self.collected[source], self.waves[source])
                for source, label in (("calls", "Interviews"), ("log", "Event log"))
            ],
            columns=["source", "label", "collected_from", "collected_to", "wave"],
        )
        told = pd.DataFrame({"channel": self.told_channels}, dtype="object")
        sets = [(name.count("+") + 1, name, n) for name, n in self.used_channels.items()]
        joins = count_joins(
            {
                "calls": {self.name(who) for who in self.spoken},
                "log": set(self.people),
            }
        )
        given = {
            "source_facts": self.facts(),
            "sources": sources,
            "behaviour_sources": ["log"],
            "documents": self.documents,
            "excerpts": self.excerpts,
            "ratings": pd.DataFrame(columns=["participant_id", "source"], dtype="object"),
            "person_stages": self.ends(),
            "stage_behaviour": counted(see=(20, 60), pick=(20, 40)),
            "joins": joins,
            "segment_people": self.segment_people,
            "channel_mentions": told.assign(source="calls"),
            "channels": pd.DataFrame([(1, "", 60), *sets], columns=CHANNELS),
            "journey": JOURNEY,
        }
        return check_comparability(**(given | changed))


def statuses(found):
    return found.groupby("aspect", sort=False)["status"].agg(list).to_dict()


def words(found, aspect):
    return " ".join(found.loc[found["aspect"] == aspect, "words"])


def decided(found):
    row = summarize_comparability(found).iloc[0]
    return bool(row["comparable"]), bool(row["person_level"])


def test_words_and_numbers_of_the_same_people_compare():
    found = Study().check()
    assert list(found.columns) == COMPARABILITY_COLUMNS
    assert statuses(found) == {
        "people": ["same"], "leavers": ["same"], "stages": ["same"], "dates": ["same"],
        "wave": ["same"], "channel": ["same"], "segment": ["cannot tell"],
    }  # fmt: skip
    assert words(found, "people") == "All 24 people of Interviews are found in Event log."
    # 8 of 24 came to the last stage, and nothing completes it: of them nobody is known to leave.
    assert words(found, "leavers").startswith("16 of the 24 people of Interviews whose way is")
    assert "came through the earlier ones" in words(found, "leavers")
    assert decided(found) == (True, True)
    summary = summarize_comparability(found)
    assert list(summary.columns) == SUMMARY_COLUMNS
    assert "too few to tell" in summary["words"].iloc[0]


def test_a_swapped_cohort_of_other_people_is_stated():
    study = Study()
    study.renamed = {who: f"q{who}" for who in study.people}
    found = study.check()
    assert statuses(found)["people"] == ["differs"]
    assert "Nobody of the 24 people" in words(found, "people")
    assert statuses(found)["leavers"] == ["cannot tell"]
    assert decided(found) == (True, False)
    assert "Nothing is said about single people." in summarize_comparability(found)["words"][0]


def test_ids_swapped_among_the_people_of_a_study_are_stated():
    study = Study()
    # Everybody's words stand under the id of somebody who came less far, or further.
    study.renamed = dict(zip(study.spoken, [*study.spoken[1:], study.spoken[0]], strict=True))
    found = study.check()
    assert statuses(found)["people"] == ["same"]
    assert statuses(found)["stages"] == ["differs"]
    assert "8 of 8 on Buying" in words(found, "stages")
    assert decided(found) == (True, False)


def test_what_single_people_do_vanishes_from_the_display_with_their_ids():
    for swap in (
        lambda who: f"q{who}",
        lambda who: f"p{(int(who[1:]) + 1) % 24:02}",
    ):
        study = Study()
        study.renamed = {who: swap(who) for who in study.spoken}
        summary = summarize_comparability(study.check()).set_index("source")
        links = count_links(
            study.ends(), pd.DataFrame(columns=["excerpt_id", "code_group", "code", "strength"]),
            study.excerpts, journey=JOURNEY, source_facts=study.facts(),
        )  # fmt: skip
        nothing = pd.DataFrame(columns=["segment", "stage", "outcome"])
        display = join_display(
            links,
            describe_stage_behaviour(JOURNEY, funnel=nothing, task_success=nothing, loss=nothing),
            source_facts=study.facts(), journey=JOURNEY,
            comparable=summary["comparable"].to_dict(),
            person_level=summary["person_level"].to_dict(),
        )  # fmt: skip
        assert set(display["counted"]) == {""}


def test_shifted_dates_are_stated_by_the_declared_days_and_by_peoples_own():
    study = Study()
    study.collected["log"] = ("2025-03-01", "2025-03-31")
    found = study.check()
    assert statuses(found)["dates"] == ["differs"]
    assert "told 366 days after the count ended" in words(found, "dates")

    study = Study()
    study.collected["log"] = ("2026-06-01", "2026-06-30")
    assert "before what is counted began" in words(study.check(), "dates")

    study = Study()
    study.events_shift = pd.Timedelta(days=365)
    found = study.check()
    assert statuses(found)["dates"] == ["same", "differs"]
    assert "24 of the 24 people" in words(found, "dates")
    assert "spoke before their own first event" in words(found, "dates")

    study = Study()
    study.events_shift = pd.Timedelta(days=-365)
    assert "days or more after their own last event" in words(study.check(), "dates")

    study = Study()
    study.words_shift = pd.Timedelta(days=20)
    assert statuses(study.check())["dates"] == ["same"]


def test_unknown_dates_cannot_tell():
    study = Study()
    study.collected["log"] = ("", "")
    assert statuses(study.check())["dates"] == ["cannot tell"]
    assert "study.yaml does not say when Event log was collected (`collected:`)." in words(
        study.check(), "dates"
    )


def test_a_missing_channel_is_stated_on_both_sides():
    study = Study()
    study.told_channels = ["web", "phone and chat"]
    study.used_channels = {"web": 50, "app": 6, "app + web": 4, "kiosk": 2}
    found = study.check()
    assert statuses(found)["channel"] == ["differs", "differs"]
    assert "does not hold: chat, phone." in words(found, "channel")
    # Six and four of 62 use the app; the kiosk has too few for its absence to mean anything.
    assert "nobody of Interviews tells: app (10 of 62 people)." in words(found, "channel")


def test_a_side_without_channels_cannot_be_compared():
    study = Study()
    study.told_channels = []
    assert statuses(study.check())["channel"] == ["cannot tell"]
    study = Study()
    study.used_channels = {}
    assert "Event log names none" in words(study.check(), "channel")


def test_nobody_who_left_was_heard():
    study = Study()
    study.spoken = [who for who in study.people if study.reach[who] == 2][:8]
    study.heard = [(who, stage) for who in study.spoken for stage in JOURNEY.stage_ids]
    found = study.check()
    assert statuses(found)["leavers"] == ["differs"]
    assert words(found, "leavers") == (
        "Nobody of the 8 people of Interviews whose way is known left: those who did are not heard."
    )


def test_only_those_who_left_were_heard():
    study = Study()
    study.spoken = [who for who in study.people if study.reach[who] == 0][:8]
    study.heard = [(who, "see") for who in study.spoken]
    assert words(study.check(), "leavers") == (
        "All 8 people of Interviews whose way is known left: those who stayed are not heard."
    )


SP = "\u202f"


def test_a_stage_whose_leavers_are_hardly_heard_is_stated():
    # 8 of the 24 left at the first stage and 8 of 16 at the second.
    found = Study().check(stage_behaviour=counted(see=(700, 1000), pick=(500, 1000)))
    assert estimate_difference(8, 24, 700, 1000).high < 0
    assert statuses(found)["leavers"] == ["differs"]
    assert words(found, "leavers") == (
        f"Of the people of Interviews found in Event log, 8 of 24 (33{SP}%) left at Seeing, "
        f"against 70{SP}% of all: those who left are hardly heard there."
    )
    assert words(found, "leavers") in summarize_comparability(found)["words"][0]
    assert decided(found) == (True, True)


def test_stages_that_differ_either_way_are_one_sentence():
    found = Study().check(stage_behaviour=counted(see=(600, 1000), pick=(100, 1000)))
    assert statuses(found)["leavers"] == ["differs"]
    assert words(found, "leavers") == (
        f"Of the people of Interviews found in Event log, 8 of 24 (33{SP}%) left at Seeing, "
        f"against 60{SP}% of all: those who left are heard less than others there; 8 of 16 "
        f"(50{SP}%) left at Picking, against 10{SP}% of all: those who stayed are heard less than "
        "others there."
    )


def test_stages_of_one_kind_share_their_ending():
    found = Study().check(stage_behaviour=counted(see=(950, 1000), pick=(999, 1000)))
    assert words(found, "leavers") == (
        f"Of the people of Interviews found in Event log, 8 of 24 (33{SP}%) left at Seeing, "
        f"against 95{SP}% of all: those who left are hardly heard there; 8 of 16 (50.0{SP}%) left "
        f"at Picking, against 99.9{SP}% of all: those who left are heard less than others there."
    )
    found = Study().check(stage_behaviour=counted(see=(100, 1000), pick=(100, 1000)))
    assert "10\u202f% of all; 8 of 16" in words(found, "leavers")
    assert words(found, "leavers").count("those who stayed are heard less") == 1


def test_a_difference_that_may_be_chance_is_none():
    # 8 of 24 against 40 %: Newcombe's interval holds 0.
    gap = estimate_difference(8, 24, 400, 1000)
    assert gap.low < 0 < gap.high
    found = Study().check(stage_behaviour=counted(see=(400, 1000), pick=(500, 1000)))
    assert statuses(found)["leavers"] == ["same"]


@pytest.mark.parametrize(("n", "status"), [(9, "same"), (10, "differs")])
def test_nine_people_at_a_stage_are_not_held_against_all(n, status):
    study = Study()
    study.spoken = study.people[:n]
    study.heard = [(who, "see") for who in study.spoken]
    found = study.check(stage_behaviour=counted(see=(990, 1000)))
    assert statuses(found)["leavers"] == [status]


def test_who_only_rated_is_one_of_a_sources_people():
    study = Study()
    rated = [who for who in study.people if study.reach[who] > 0][16:26]
    found = study.check(
        ratings=pd.DataFrame({"participant_id": rated, "source": "calls"}),
        person_stages=list_ends(study.events, JOURNEY, people=[*study.spoken, *rated]),
        stage_behaviour=counted(see=(600, 1000)),
    )
    assert f"8 of 34 (24{SP}%) left at Seeing" in words(found, "leavers")
    others = pd.DataFrame({"participant_id": rated, "source": "survey"})
    found = study.check(ratings=others, stage_behaviour=counted(see=(600, 1000)))
    assert "8 of 24" in words(found, "leavers")


def test_who_is_of_another_wave_or_mixed_up_is_not_held_against_the_record():
    lost = counted(see=(700, 1000), pick=(500, 1000))
    study = Study()
    study.waves = {"calls": "2026-06", "log": "2026-03"}
    assert statuses(study.check(stage_behaviour=lost))["leavers"] == ["same"]
    study = Study()
    study.renamed = dict(zip(study.spoken, [*study.spoken[1:], study.spoken[0]], strict=True))
    assert statuses(study.check(stage_behaviour=lost))["leavers"] == ["same"]


def test_a_measure_of_another_kind_is_not_held_against_the_log():
    for measure in ("questionnaire_abandonment", "none"):
        lost = counted(measure=measure, see=(700, 1000), pick=(500, 1000))
        assert statuses(Study().check(stage_behaviour=lost))["leavers"] == ["same"]


def test_few_of_many_are_not_called_none():
    study = Study()
    study.reach = {who: 0 if n == 0 else 2 for n, who in enumerate(study.people)}
    study.spoken = study.people
    study.heard = [(who, "see") for who in study.spoken]
    many = study.ends()
    # One of 60 is 1.7 %, of 300 it would be 0.3 %: too few to be counted out.
    copies = [many.assign(participant_id=many["participant_id"] + str(n)) for n in range(5)]
    ends = pd.concat(copies, ignore_index=True)
    ends["left"] = ends["left"].where(ends["participant_id"] == "p000", 0.0)
    people = ends["participant_id"].unique()
    documents = pd.DataFrame({"participant_id": people, "source": "calls", "said_at": pd.NaT})
    found = study.check(
        person_stages=ends, stage_behaviour=counted(see=(290, 1000)),
        documents=documents.assign(said_at=pd.to_datetime(documents["said_at"], utc=True)),
    )  # fmt: skip
    assert f"fewer of 300 left at Seeing than the 29.0{SP}% of all" in words(found, "leavers")
    found = study.check(
        person_stages=ends, stage_behaviour=counted(see=(290, 1000)), smallest_cell=1,
        documents=documents.assign(said_at=pd.to_datetime(documents["said_at"], utc=True)),
    )  # fmt: skip
    assert f"1 of 300 (0.3{SP}%) left at Seeing, against 29.0{SP}% of all" in words(
        found, "leavers"
    )


def test_how_few_were_lost_is_told_of_no_source():
    study = Study()
    study.reach = {who: 0 if n == 0 else 2 for n, who in enumerate(study.people)}
    study.spoken = study.people[:8]
    study.heard = [(who, "see") for who in study.spoken]
    assert words(study.check(), "leavers").startswith("An undisclosed number of the 8 people of ")
    study.reach = dict.fromkeys(study.people, 2)
    assert words(study.check(), "leavers").startswith("Nobody of the 8 people of ")
    study.spoken = study.people[:2]
    study.heard = [(who, "see") for who in study.spoken]
    found = study.check()
    assert statuses(found)["leavers"] == ["cannot tell"]
    assert words(found, "leavers").endswith("is not told: they are fewer than 5.")


def test_four_people_are_too_few_to_be_spoken_of_one_by_one():
    for n, level in ((4, False), (5, True)):
        study = Study()
        study.spoken = study.people[:n]
        study.heard = [(who, "see") for who in study.spoken]
        assert decided(study.check()) == (True, level)


def test_another_wave_is_not_set_beside_the_numbers():
    study = Study()
    study.waves = {"calls": "2026-06", "log": "2026-03"}
    found = study.check()
    assert statuses(found)["wave"] == ["differs"]
    assert decided(found) == (False, False)
    study.waves = {"calls": "", "log": "2026-03"}
    assert statuses(study.check())["wave"] == ["cannot tell"]
    assert decided(study.check()) == (True, True)


def test_segments_differ_where_newcombes_interval_leaves_out_zero():
    study = Study()
    study.in_text = lambda who: "phone"
    found = study.check()
    gap = estimate_difference(24, 24, 30, 60)
    assert gap.low > 0
    assert statuses(found)["segment"] == ["differs"]
    assert words(found, "segment") == (
        "Audience segment 'device' is made up otherwise in Interviews than in Event log: phone is "
        "more frequent (24 of 24 people, against 30 of 60)."
    )


def test_small_cells_of_a_segment_are_not_counted_out():
    study = Study()
    study.in_text = lambda who: "laptop" if who in ("p00", "p01") else "phone"
    assert words(study.check(), "segment").endswith("phone is more frequent.")
    assert "22 of 24" in words(study.check(smallest_cell=2), "segment")


def test_a_segment_known_for_few_cannot_be_compared():
    study = Study()
    table = study.segment_people
    known = table.assign(n=table["n"].mask(table["source"] == "log", 3))
    found = study.check(segment_people=known)
    assert statuses(found)["segment"] == ["cannot tell"]
    assert "known for 6 of the 60 people of Event log" in words(found, "segment")
    one_side = table[table["source"] == "calls"]
    assert "known of one side only" in words(study.check(segment_people=one_side), "segment")


def test_large_samples_alike_are_the_same():
    study = Study()
    table = study.segment_people
    many = table.assign(n=table["n"] * 50, n_source=table["n_source"] * 50)
    assert statuses(study.check(segment_people=many))["segment"] == ["same"]


def test_a_log_whose_ids_are_not_in_the_study_cannot_tell():
    study = Study()
    found = study.check(joins=count_joins({"calls": {"p00"}}), person_stages=study.ends().iloc[:0])
    assert statuses(found)["people"] == ["cannot tell"]
    assert decided(found) == (True, False)


TASKS = Journey((Stage("find", "Finding", measure="task_failure", outcome="done"),))


def test_notes_on_tasks_are_a_record_of_their_own_people():
    study = Study(kind="note")
    ends = pd.DataFrame(
        [(who, "find", "task_failure", float(n < 3)) for n, who in enumerate(study.spoken)],
        columns=["participant_id", "stage", "measure", "left"],
    )
    times = dict.fromkeys(("entered_at", "last_at"), pd.NaT)
    excerpts = study.excerpts.drop_duplicates("participant_id").assign(stage="find")
    found = study.check(
        behaviour_sources=[], journey=TASKS, excerpts=excerpts,
        person_stages=ends.assign(stage=TASKS.order(ends["stage"]), **times),
        # Of tries, not of people: never held against these.
        stage_behaviour=counted(TASKS, "task_failure", find=(90, 100)),
    )  # fmt: skip
    assert statuses(found) == {
        "people": ["same"], "leavers": ["same"], "recorder": ["cannot tell"], "stages": ["same"],
    }  # fmt: skip
    assert words(found, "recorder") == (
        "Notes and outcomes were written down by the same observers about the same tries: they are "
        "not two independent records, and their agreement confirms little."
    )
    assert words(found, "recorder") in summarize_comparability(found)["words"][0]
    assert words(found, "leavers") == (
        "An undisclosed number of the 24 people of Interviews whose way is known failed a first "
        "try."
    )
    assert decided(found) == (True, True)


def test_interviews_are_recorded_by_others_than_what_people_do():
    assert "recorder" not in statuses(Study().check())
    study = Study(kind="note")
    # Observers who noted no outcome are no second record of any.
    found = study.check(
        behaviour_sources=[], journey=TASKS, person_stages=study.ends().iloc[:0],
        stage_behaviour=counted(TASKS, "task_failure"),
    )  # fmt: skip
    assert "recorder" not in statuses(found)


def test_without_any_record_nothing_is_claimed():
    found = Study().check(behaviour_sources=[])
    assert found[["against", "aspect", "status"]].to_numpy().tolist() == [
        ["", "people", "cannot tell"]
    ]
    assert decided(found) == (True, False)


def test_no_sources_with_words_give_empty_tables():
    found = Study().check(source_facts=Study().facts().iloc[:0])
    assert found.empty
    assert list(found.columns) == COMPARABILITY_COLUMNS
    summary = summarize_comparability(found)
    assert summary.empty
    assert list(summary.columns) == SUMMARY_COLUMNS


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_changes_nothing(seed):
    study = Study()
    turned = {
        name: getattr(study, name).sample(frac=1, random_state=seed)
        for name in ("documents", "excerpts", "segment_people")
    }
    turned["person_stages"] = study.ends().sample(frac=1, random_state=seed)
    assert_frame_equal(study.check(), study.check(**turned))
