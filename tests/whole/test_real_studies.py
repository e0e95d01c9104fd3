"""Two real studies give the known answers, count by count."""

import html
import json
import re

import pandas as pd
import pytest

from cjm_research.integration import hide_few
from tests.whole.conftest import SHARED

EMPTY = float("nan")


def known(study):
    return json.loads((SHARED / study / "known_answers.json").read_text("utf-8"))


TELLING = re.compile(r"\b(?:tells?|told|telling|says?|said|saying)\b", re.IGNORECASE)
QUOTED = re.compile(r"<(blockquote|q|script|style)\b.*?</\1>", re.DOTALL)
NO_CLAIM = re.compile(
    r"cannot tell|cannot say|to say how far|not what people said|what the notes say", re.IGNORECASE
)
TEXTS = ("words", "reason", "missing")


def weighed_words(study):
    """Return every sentence of the tables that weigh words against numbers."""
    return [
        words
        for name in (
            "verdicts", "opportunities", "causes", "joint_display", "comparability",
            "comparable_sources", "display_gaps", "trust", "segment_comparison", "orders",
            "expectations", "balance", "channel_consistency", "openings", "wave_changes",
        )
        for column in set(TEXTS) & set(getattr(study, name).columns)
        for words in getattr(study, name)[column]
    ]  # fmt: skip


def read_own_words(page, study):
    """Return what a page says of its own accord: without what people and observers wrote."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", QUOTED.sub(" ", page.read_text("utf-8"))))
    text = re.sub(r"\s+", " ", text)
    for written in sorted(study.excerpts["text"], key=len, reverse=True):
        text = text.replace(re.sub(r"\s+", " ", written), " ")
    return NO_CLAIM.sub(" ", re.sub(r"“[^”]*”", " ", text))


def approx(value):
    return pytest.approx(value, abs=5e-5)  # known rates are given to four places


def test_2018_every_count_of_every_stage(usability_2018):
    study = usability_2018.study
    success = study.task_success.set_index(["stage", "outcome"])
    documents, events, ratings = study.documents, study.events, study.ratings
    for known_stage in known("study-jupyterlab-usability-2018")["stages"]:
        stage = study.journey.stage_ids[known_stage["order"] - 1]
        assert study.journey[stage].name == known_stage["stage"]
        rows = events[events["stage"] == stage]
        assert len(rows) == known_stage["rows"]
        assert rows["participant_id"].nunique() == known_stage["participants_listed"]

        first = success.loc[stage, "first_success"]
        people = known_stage["people"]
        assert first["n_attempts"] == known_stage["rows_rated"]
        assert len(rows) - first["n_attempts"] == known_stage["rows_not_rated"]
        assert first["n_participants"] == known_stage["participants_rated"] == people["rated"]
        assert first["n_success"] == known_stage["first_success"]["numerator"]
        assert first["n_attempts"] == known_stage["first_success"]["denominator"]
        assert first["success_rate"] == approx(known_stage["first_success"]["rate"])
        mean = known_stage["first_success_participant_mean"]
        assert first["person_mean"] == approx(mean["mean"])
        assert first["person_sd"] == approx(mean["sd"])
        assert first["n_participants"] == mean["n"]
        assert first["n_all_success"] == people["every_rated_subtask_first_try"]
        assert first["n_any_failure"] == people["at_least_one_first_try_failure"]

        def n_success(outcome, stage=stage):
            return (
                success.loc[stage, outcome]["n_success"] if (stage, outcome) in success.index else 0
            )

        assert n_success("second_success") == known_stage["second_success_count"]
        assert n_success("later_success") == known_stage["eventual_column_success_count"]
        end = success.loc[stage, "eventual_success"]
        eventual = known_stage["eventual_success"]
        assert (end["n_success"], end["n_attempts"]) == (
            eventual["numerator"],
            eventual["denominator"],
        )
        assert end["success_rate"] == approx(eventual["rate"])
        assert n_success("hint") == eventual["with_hint"]
        assert n_success("open_ended") == eventual["open_ended_try_count"]
        assert first["n_attempts"] - end["n_attempts"] == eventual["outcome_unknown_rows"]
        assert end["n_any_failure"] == people["at_least_one_subtask_never_done"]
        filled = success.loc[stage, "first_success_filled"]
        variant = known_stage["first_success_filled_variant"]
        assert (filled["n_success"], filled["n_attempts"]) == (
            variant["numerator"],
            variant["denominator"],
        )

        here = documents[documents["declared_stage"] == stage]
        notes = here[here["question"].str.startswith("Notes")]
        assert len(notes) == known_stage["notes"]
        assert notes["participant_id"].nunique() == known_stage["notes_participants"]
        assert notes["participant_id"].nunique() == people["at_least_one_note"]
        assert len(here) - len(notes) == known_stage["first_action_texts"]
        tries = ratings[(ratings["measure"] == "first_success") & (ratings["stage"] == stage)]
        beside = notes.merge(
            tries[["participant_id", "item", "value"]], on=["participant_id", "item"], how="left"
        )
        by_success = known_stage["notes_by_first_success"]
        assert (beside["value"] == 1).sum() == by_success["Y"]
        assert (beside["value"] == 0).sum() == by_success["N"]
        assert beside["value"].isna().sum() == by_success["not_rated"]


def test_2018_words_and_deeds_join_for_all_twenty(usability_2018):
    study = usability_2018.study
    assert study.documents["participant_id"].nunique() == 20
    assert set(study.documents["participant_id"]) == set(study.ratings["participant_id"])


def test_2018_notes_and_tries_are_joined_try_by_try(usability_2018):
    study = usability_2018.study
    summary = study.comparable_sources.iloc[0]
    assert summary[["comparable", "person_level"]].tolist() == [True, True]
    ends = study.person_stages
    assert ends["participant_id"].nunique() == 20
    display = study.joint_display.set_index("stage")
    # The sentences about gaps are for readers, and hold no count of a handful of tries.
    tellable = hide_few(study.joint_display, "joint_display").set_index("stage")
    assert set(display["counted"]) == {"first tries"}
    silent, noted = [], []
    for known_stage in known("study-jupyterlab-usability-2018")["stages"]:
        stage = study.journey.stage_ids[known_stage["order"] - 1]
        row, people = display.loc[stage], known_stage["people"]
        by_success = known_stage["notes_by_first_success"]
        rated, done = (known_stage["first_success"][k] for k in ("denominator", "numerator"))
        assert row["n_lost_known"] == rated - done
        assert row["n_lost_known"] - row["n_lost_silent"] == by_success["N"]
        assert row["n_kept_known"] == done
        assert row["n_kept_told"] == by_success["Y"]
        mine = ends[ends["stage"] == stage]
        assert len(mine) == people["rated"]
        assert (mine["left"] == 1).sum() == people["at_least_one_first_try_failure"]
        assert (mine["n_failed"].sum(), mine["n_tries"].sum()) == (rated - done, rated)
        if rated - done > by_success["N"]:
            silent.append(
                (stage, known_stage["stage"], rated - done - by_success["N"], rated - done)
            )
        if by_success["Y"]:
            noted.append((stage, known_stage["stage"], by_success["Y"], done))
    gaps = study.display_gaps.set_index(["gap", "counted"])
    for gap, expected in (("loss without words", silent), ("words without loss", noted)):
        row = gaps.loc[(gap, "first tries")]
        expected = [e for e in expected if pd.notna(tellable.loc[e[0], "n_lost_silent"])]
        assert len(expected) >= 4
        assert row["stages"] == [stage for stage, *_ in expected]
        for _, name, some, of in expected:
            assert f"{name}, {some} of {of}" in row["words"]


def test_2018_observers_note_and_nobody_is_made_to_speak(usability_2018):
    words = weighed_words(usability_2018.study)
    assert len(words) > 100
    assert [text for text in words if TELLING.search(re.sub(r"“[^”]*”", "", text))] == []
    assert [text for text in words if re.search(r"\bsilent|\bheard (?:here|there)\b", text)] == []
    assert any("noted" in text for text in words)


def test_2018_pages_make_nobody_speak(usability_2018):
    for page in usability_2018.pages:
        if page.name != "index.html" and not page.name.startswith("stage-"):
            continue
        text = read_own_words(page, usability_2018.study)
        found = [text[max(0, m.start() - 60) : m.end() + 40] for m in TELLING.finditer(text)]
        assert found == [], page.name


def test_2018_verdicts_speak_of_tries_that_fail(usability_2018):
    verdicts = usability_2018.study.verdicts
    assert (verdicts["reason"].str.contains("of first tries fail")).all()
    assert not verdicts["reason"].str.contains(r"\bleave|\bleft\b|drop").any()
    assert set(verdicts["said"]) <= {"much", "little", "nothing", "cannot tell"}
    assert set(verdicts["by"]) == {""}
    # Visitors who volunteered: no interval, no chance, no order.
    assert usability_2018.study.causes[["risk_ratio", "low", "p"]].isna().all(axis=None)
    assert usability_2018.study.opportunities["rank"].isna().all()


def test_2018_map_shows_attempts_beside_the_mean_of_persons(usability_2018):
    stage = usability_2018.study.journey_map.set_index("stage").loc["status_bar"]
    assert (stage["n_entered"], stage["n_dropped"]) == (254, 121)
    assert "attempts, not people; mean of 19 persons’ shares 49" in stage["behaviour_note"]


def test_2018_report_says_that_it_is_no_sales_funnel(usability_2018):
    page = (usability_2018.folder / "index.html").read_text("utf-8")
    assert "of first tries fail" in page
    assert "no sales funnel" in page
    assert "leave here" not in page


@pytest.mark.parametrize(
    ("grain", "key"), [("page", "funnel_by_page"), ("block", "funnel_by_block")]
)
def test_2015_every_count_of_the_funnel(survey_2015, grain, key):
    steps = survey_2015.study.survey_steps
    found = steps[steps["grain"] == grain].to_dict("records")
    expected = known("study-jupyter-ux-2015")[key]
    assert len(found) == len(expected)
    names = survey_2015.study.stage_names
    for ours, theirs in zip(found, expected, strict=True):
        name = {"opened": "opened", "submitted": "submitted"}.get(ours["step"])
        assert (name or names.get(ours["step"], ours["step"])) == theirs["step"]
        assert ours["n_reached"] == theirs["reached"]
        for column, theirs_key in (
            ("n_answered", "answered"),
            ("n_answered_complete", "answered_complete"),
            ("n_answered_partial", "answered_partial"),
            ("n_lost", "lost_since_previous"),
        ):
            value = theirs.get(theirs_key)
            assert ours[column] == pytest.approx(EMPTY if value is None else value, nan_ok=True)


def test_2015_funnel_equals_the_pages(survey_2015):
    funnel = survey_2015.study.funnel
    assert set(funnel["measure"]) == {"questionnaire_abandonment"}
    assert funnel["n_entered"].tolist() == [1706, 1097, 802, 780, 779]


def test_2015_every_count_of_every_question(survey_2015):
    found = survey_2015.study.survey_questions.set_index("question")
    cells = survey_2015.study.answers.groupby("column").size()
    expected = known("study-jupyter-ux-2015")["questions"]
    assert len(found) == len(expected) == 16
    for question in expected:
        row = found.loc[question["question"]]
        assert row["n_participants"] == question["respondents_non_empty"]
        assert row["n_complete"] == question["of_which_complete"]
        assert row["n_partial"] == question["of_which_partial"]
        assert row["n_answers"] == question["non_empty_cells_total"]
        for column, n in question["non_empty_cells"].items():
            assert cells[column] == n


def test_2015_every_count_of_every_theme(survey_2015):
    study = survey_2015.study
    excerpts = study.excerpts[["excerpt_id", "participant_id", "document_id"]]
    codes = study.held_codes.merge(excerpts, on=["excerpt_id", "document_id"])
    for theme, expected in known("study-jupyter-ux-2015")["themes"].items():
        group, code = ("theme_asked", theme)
        if theme.startswith("(stage) "):
            group, code = "stage", theme.removeprefix("(stage) ")
        told = codes[(codes["code_group"] == group) & (codes["code"] == code)]
        # What the questions ask is known; other answers may be inferred to speak of a stage.
        told = told[told["basis"] == "declared"]
        assert told["participant_id"].nunique() == expected["respondents"], theme
        assert told["document_id"].nunique() == expected["answers"], theme


def test_2015_report_says_that_it_is_no_sales_funnel(survey_2015):
    page = (survey_2015.folder / "index.html").read_text("utf-8")
    assert "stop answering" in page
    assert "no sales funnel" in page
    assert "visits" in page


def test_portuguese_interviews_run_as_counts_only(interviews_pt):
    study = interviews_pt.study
    assert study.sources.set_index("source")["n_participants"].to_dict() == {"tests": 6, "form": 6}
    assert study.joins["n_both"].tolist() == [6]
    # A language that the coder does not read is set aside, and never coded as if it were read.
    spoken = study.languages[study.languages["language"] == "pt"]
    assert set(spoken["status"]) == {"set aside"}
    assert len(spoken) >= 20
    aside = study.excerpts["document_id"].isin(spoken["document_id"])
    held = study.held_codes[study.held_codes["code_group"] != "stage"]
    assert not held["excerpt_id"].isin(study.excerpts.loc[aside, "excerpt_id"]).any()
    # Six people, not drawn: no share and no interval anywhere.
    for table in (study.mentions, study.rating_summary):
        assert table[["low", "high"]].isna().all().all()
    assert study.mentions["share"].isna().all()


def test_portuguese_report_says_what_was_not_read(interviews_pt):
    page = (interviews_pt.folder / "index.html").read_text("utf-8")
    assert "Portuguese" in page


def test_2015_verdicts_are_of_people_who_stop_answering(survey_2015):
    study = survey_2015.study
    verdicts = study.verdicts
    measured = verdicts[verdicts["done"] != "not measured"]
    assert len(measured)
    assert measured["reason"].str.contains("stop answering").all()
    assert not verdicts["reason"].str.contains(r"\bleave\b|\bleft here\b").any()
    # Who answered of their own accord is no sample of anybody.
    assert not [text for text in verdicts["reason"] if re.search(r"\(Survey[^)]*interval", text)]
    assert study.causes[["risk_ratio", "low", "p", "p_adjusted"]].isna().all(axis=None)
    assert study.opportunities[["rank", "people_low"]].isna().all(axis=None)


def test_portuguese_interviews_are_joined_as_counts_only(interviews_pt):
    study = interviews_pt.study
    for name in (
        "causes", "opportunities", "segment_comparison", "expectations", "balance", "openings",
        "wave_changes", "stage_behaviour",
    ):  # fmt: skip
        limits = getattr(study, name).filter(regex="(^|_)(low|high|p|p_adjusted)$")
        assert limits.isna().all(axis=None), name
    assert not [
        text for text in weighed_words(study) if "interval" in text and "no interval" not in text
    ]
    assert set(study.verdicts["proposed"]) <= {"cannot tell", "not asked", "only said"}
    assert study.opportunities["rank"].isna().all()


def test_2018_only_what_was_noted_counts_as_a_note(usability_2018):
    heard = usability_2018.study.coverage.set_index("stage")["n_heard"]
    links = usability_2018.study.links.set_index("stage")["n_heard"]
    journey = usability_2018.study.journey.stage_ids
    for stage in known("study-jupyterlab-usability-2018")["stages"]:
        noted = stage["notes_participants"]
        assert heard[journey[stage["order"] - 1]] == links[journey[stage["order"] - 1]] == noted
