"""Marks into a study, without a browser: whose they are, and that nothing is half taken."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.cli_review import review
from cjm_research.errors import ConfigError, TableError
from cjm_research.reporting.keys import make_run_key
from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.reviews import answer_views, review_views
from cjm_research.study import coding_work, open_study
from cjm_research.study.reviewing import import_review, list_claim_reviews
from tests.review.test_coding_work import STUDY, TALKS
from tests.review.test_marks import claim, file_of, quote

PAYING = {
    "document": "talks/P01", "start": 54, "end": 71, "quote": "Paying was awful.",
    "codes": ["pain_point:payment"],
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("importing")
    folder = root / "data" / "raw" / "tiny"
    (folder / "talks").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    for name, text in TALKS.items():
        (folder / "talks" / f"{name}.txt").write_text(text, "utf-8")
    return root


@pytest.fixture
def folder(made, monkeypatch):
    """The study, without what an earlier test has brought in."""
    monkeypatch.chdir(made)
    monkeypatch.setenv("CJM_VAULT", str(made / "vault"))
    folder = made / "data" / "raw" / "tiny"
    yield folder
    for path in [*folder.glob("codes/*.csv"), *folder.glob("reviews/*.csv")]:
        path.unlink()
    (folder / "codebook_log.csv").unlink(missing_ok=True)


def bring(*marks, reviewer="", **more):
    study = open_study("tiny")
    path = study.place.folder.parent / "review.json"
    path.write_text(json.dumps(file_of(*marks, **more)), "utf-8")
    return import_review(study, path, reviewer=reviewer)


def key_of_run(study):
    return make_run_key(study, as_of=None, only=None, parameters={}, notebooks=[])


def held(start, group="pain_point"):
    codes = open_study("tiny").held_codes
    codes = codes[(codes["document_id"] == "talks/P01") & (codes["code_group"] == group)]
    return [(r.code, r.coder_id) for r in codes[codes["start"] == start].itertuples()]


def test_each_answer_changes_what_holds(folder):
    assert held(54) == [("payment", "rules")]
    bring(quote("disagree", **PAYING))
    done = bring(quote("agree", **PAYING, at="2026-05-02T10:00:00Z"))
    assert (done.n_codes, done.n_known, done.lost) == (1, 0, ())
    done = bring(quote("disagree", **PAYING))
    assert (done.n_codes, done.n_known) == (0, 1)
    assert held(54) == [("payment", "person:mara")]
    bring(quote("disagree", **PAYING, at="2026-05-03T10:00:00Z"))
    assert held(54) == []


def test_of_two_stages_that_one_reviewer_gives_the_later_holds(folder):
    bring(quote("wrong stage", instead="find", **PAYING))
    assert held(54, "stage") == [("find", "person:mara")]
    again = quote("wrong stage", instead="buy", **PAYING | {"codes": []})
    bring(again | {"stage": "find", "at": "2026-05-02T10:00:00Z"})
    assert held(54, "stage") == [("buy", "person:mara")]


def test_against_another_person_a_yes_counts_until_somebody_settles_it(folder):
    bring(quote("agree", **PAYING), reviewer="ana")
    later = {"at": "2026-06-01T10:00:00Z"}
    bring(quote("wrong code", instead="pain_point:trust", **PAYING, **later), reviewer="ben")
    assert held(54) == [("payment", "person:ana"), ("trust", "person:ben")]
    bring(quote("disagree", **PAYING, **later), reviewer="adjudicated")
    assert held(54) == [("trust", "person:ben")]


def test_the_reviewer_comes_from_the_file_unless_given(folder):
    assert bring(claim(), reviewer="ben").reviewer == "ben"
    assert bring(claim()).reviewer == "mara"
    for name, words in (
        ("", "nobody signed"),
        ("adjudicated", "--reviewer adjudicated"),
        ("Rules", "under this name"),
        ("../../x", "holds lower-case letters"),
    ):
        path = folder.parent / "review.json"
        path.write_text(json.dumps(file_of(claim(), reviewer=name)), "utf-8")
        with pytest.raises(ConfigError, match=words):
            import_review(open_study("tiny"), path)
    assert sorted(path.name for path in folder.glob("reviews/*.csv")) == ["ben.csv", "mara.csv"]


def test_nothing_is_taken_from_a_file_with_an_error(folder):
    with pytest.raises(TableError, match="mark 2: no pain_point 'pricey'"):
        bring(quote("agree", **PAYING), quote("agree", **PAYING | {"codes": ["pain_point:pricey"]}),
              claim())  # fmt: skip
    assert not list(folder.glob("codes/*.csv")) + list(folder.glob("reviews/*.csv"))


def test_codes_that_were_merged_since_and_quotes_that_are_gone_are_lost(folder):
    study = open_study("tiny")
    coding_work.change_codebook(
        study, "merge", by="ana", code_group="pain_point", code="payment", into="failure"
    )
    gone = quote("agree", **PAYING | {"document": "talks/P07"})
    done = bring(quote("agree", **PAYING), gone, claim())
    assert (done.n_codes, done.n_claims, len(done.lost)) == (0, 1, 2)
    assert "merged into 'failure'" in done.lost[0]
    assert "Paying was awful" not in "".join(done.lost)


def test_a_comment_is_masked_as_notes_are(folder):
    bring(quote("comment", comment="Ask mara@example.org about it.", **PAYING))
    notes = open_study("tiny").codes["note"]
    assert "mara@example.org" not in " ".join(notes)
    assert notes.str.startswith("Ask [").any()


def test_answers_to_claims_make_another_run_and_the_last_one_shows(folder):
    key = key_of_run(open_study("tiny"))
    bring(claim("agree"), claim("disagree", comment="<script>", at="2026-05-03T10:00:00Z"))
    bring(claim("comment", comment="an older file", at="2026-05-02T10:00:00Z"))
    study = open_study("tiny")
    assert key_of_run(study) != key
    assert list_claim_reviews(study)["comment"].tolist() == ["<script>"]


def test_a_claim_shows_who_said_what_and_whether_its_words_have_changed():
    said = pd.DataFrame(
        [
            [
                "mara",
                "F1",
                "The  <b>fee</b>",
                "disagree",
                "<script>x</script>",
                "2026-05-01T10:00Z",
                "",
            ]
        ],
        columns=["reviewer", "claim", "words", "answer", "comment", "at", "version"],
    )
    template = make_environment().from_string(
        '{% from "_reviews.html.j2" import reviews_of %}{{ reviews_of(reviews, claim, words) }}'
    )
    views = review_views(said)

    def shown(claim, words):
        return template.render(reviews=views, claim=claim, words=words)

    assert shown("F2", "x").strip() == ""
    same = shown("F1", "The <b>fee</b>")
    assert "<b>mara</b> disagrees" in same and "(2026-05-01)" in same
    assert "<script>" not in same and "as they were then" not in same
    assert "as they were then: <q>The  &lt;b&gt;fee" in shown("F1", "The price")


def test_the_codes_of_people_stand_with_the_quote_and_their_notes_do_not(folder):
    bring(
        quote("wrong code", instead="pain_point:trust", comment="secret", **PAYING),
        quote("wrong stage", instead="find", **PAYING),
    )
    choices = {
        "stages": [{"id": "find", "name": "Find"}],
        "codes": [{"group": "pain_point", "code": "trust", "name": "Doubts"}],
    }
    found = answer_views(open_study("tiny").codes, choices)
    assert found == {
        ("talks/P01", 54, 71): [{"by": "mara", "words": "Doubts; stage Find; not payment; not buy"}]
    }
    assert answer_views(None, {}) == {}


def test_the_commands_say_what_was_lost_and_what_there_is(folder):
    assert "Nobody has marked" in CliRunner().invoke(review, ["list", "tiny"]).output
    path = folder.parent / "review.json"
    gone = quote("agree", **PAYING | {"document": "talks/P07"})
    path.write_text(json.dumps(file_of(quote("agree", **PAYING), gone, claim())), "utf-8")
    said = CliRunner().invoke(review, ["import", "tiny", str(path), "--reviewer", "ben"])
    assert "ben: 1 rows of codes and 1 answers to claims appended" in said.output
    assert "lost: mark 2: its document is not in the study" in said.output
    assert "version abc" in said.output
    assert "F1       2026-05-01  ben" in CliRunner().invoke(review, ["list", "tiny"]).output


def test_the_command_is_one_of_cjm():
    assert main.commands["review"] is review
