import json

import pandas as pd
import pytest

from cjm_research.codes import code_id
from cjm_research.coding.explanations import explain_excerpt
from cjm_research.errors import UnknownNameError
from cjm_research.tables import check_table, empty_table

CODERS = check_table(
    pd.DataFrame(
        [
            ("person:ana", "person", "ana", "", ""),
            ("person:ben", "person", "ben", "", ""),
            ("person:adjudicated", "person", "adjudicated", "", ""),
            ("source", "source", "source", "", ""),
            ("stages", "machine", "stages", "", ""),
            ("rules", "machine", "rules", "", ""),
            ("learned", "machine", "learned", "", ""),
        ],
        columns=["coder_id", "kind", "name", "version", "sha256"],
    ),
    "coders",
)
HERE = "talks/P01#2"


def row(coder, group, code, strength=1.0, basis="person", excerpt=HERE, note="", at=None, **more):
    return {
        "code_id": code_id(coder, excerpt, 0, 9, group, f"{code}{at}"), "document_id": "d",
        "start": 0, "end": 9, "quote": "", "excerpt_id": excerpt, "code_group": group,
        "code": code, "strength": strength, "basis": basis, "attributes": json.dumps(more),
        "note": note, "coder_id": coder, "coded_at": at,
    }  # fmt: skip


@pytest.fixture
def told(excerpts):
    return excerpts(
        [
            ("interviewer", "And then?"),
            ("participant", "It began well. I waited an hour <b>in vain</b>. I went home."),
        ],
        [("participant", "The queue took all day.")],
    )


@pytest.fixture
def scores(told):
    heard = told[told["speaker"] != "interviewer"]
    return pd.DataFrame({"excerpt_id": heard["excerpt_id"], "coder_id": "rules", "pain": 0.71,
                         "emotion_frustration": 0.6, "delight": 0.02})  # fmt: skip


@pytest.fixture
def explain(told, scores):
    def explain_one(*rows, excerpt=HERE, **options):
        codes = check_table(pd.DataFrame(list(rows)), "codes") if rows else empty_table("codes")
        return explain_excerpt(
            excerpt, excerpts=told, codes=codes, scores=scores, coders=CODERS, **options
        )

    return explain_one


def because(explanation):
    return dict(zip(explanation.codes["code"], explanation.codes["because"], strict=True))


def held(explanation):
    rows = explanation.codes
    return set(rows.loc[rows["holds"], "code"])


def test_the_excerpt_stands_in_its_context(explain):
    found = explain()
    assert found.text == "I waited an hour <b>in vain</b>."
    assert (found.before, found.after) == ("It began well.", "I went home.")
    assert found.prompt == "And then?"
    first = explain(excerpt="talks/P01#1")
    assert first.before == "Interviewer: And then?"
    assert explain(excerpt="talks/P01#3").after == ""


def test_its_scores_are_listed(explain):
    table = explain().scores
    assert dict(zip(table["signal"], table["value"], strict=True)) == pytest.approx(
        {"pain": 0.71, "emotion_frustration": 0.6, "delight": 0.02}
    )


def test_a_phrase_and_the_particulars_are_told(explain):
    found = explain(
        row("rules", "pain_point", "waiting", 0.7, "cue: an hour", signs=["in vain"],
            touchpoint="counter", consequence="gave_up", severity=4, whose="own")
    )  # fmt: skip
    assert because(found)["waiting"] == (
        "the words “an hour”; pain 0.71; signs: “in vain”; touchpoint: counter; "
        "consequence: gave up; severity: 4 (proposed); own experience"
    )
    assert held(found) == {"waiting"}


def test_an_emotion_is_told_by_its_own_score(explain):
    found = explain(row("rules", "emotion", "frustration", 0.6, "score"))
    assert because(found) == {"frustration": "emotion frustration 0.60"}


def test_a_stage_tells_its_lead_and_what_it_would_be_alone(explain, journey):
    stage = ("stages", "stage", "wait", 0.6, "inferred")
    found = explain(row(*stage, lead=0.35, unsmoothed="order"), journey=journey)
    assert because(found)["wait"] == (
        "its meaning, and the talk around it; 0.35 ahead of the next stage; "
        "by itself Ordering; the talk around decides"
    )
    assert found.codes["label"].tolist() == ["Waiting and wearing"]
    same = explain(row(*stage, margin=0.4, unsmoothed="wait"), journey=journey)
    assert because(same)["wait"].endswith("0.40 ahead of the next stage; by itself the same stage")


def test_a_learned_code_shows_its_probability_and_its_examples(explain):
    found = explain(
        row("learned", "pain_point", "waiting", 0.81, "learned", threshold=0.44, precision=0.8,
            recall=0.75, n_examples=8, nearest=["talks/P02#0", "gone#1"])
    )  # fmt: skip
    assert because(found)["waiting"] == (
        "probability 0.81, 0.44 is needed; learned from 8 examples (on participants left out "
        "precision 0.80, recall 0.75); pain 0.71; "
        "people coded alike: “The queue took all day.”"
    )


def test_with_embeddings_the_nearest_that_a_person_coded_stands_beside(explain, told):
    vectors = pd.DataFrame([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1], [0.5, 0.5], [1.0, 0.2]],
                           index=told["excerpt_id"])  # fmt: skip
    machine = row("rules", "pain_point", "waiting", 0.9, "meaning")
    mine = [row("person:ana", "pain_point", "waiting", excerpt=e)
            for e in ("talks/P01#3", "talks/P02#0")]  # fmt: skip
    assert because(explain(machine, *mine, embeddings=vectors))["waiting"].endswith(
        "people coded alike: “The queue took all day.”"
    )
    settled = row("person:adjudicated", "pain_point", "none", excerpt="talks/P02#0")
    assert because(explain(machine, *mine, settled, embeddings=vectors))["waiting"].endswith(
        "people coded alike: “I went home.”"
    )
    assert "alike" not in because(explain(machine, embeddings=vectors))["waiting"]


def test_a_person_who_says_no_is_named(explain):
    found = explain(
        row("rules", "pain_point", "waiting", 0.9, "meaning"),
        row("person:ana", "pain_point", "waiting", 0.0, note="He liked it."),
    )
    table = found.codes.set_index("coder")
    assert not found.codes["holds"].any()
    assert table.loc["rules", "because"].endswith("pain 0.71; Ana said no")
    assert table.loc["ana", "because"] == "Ana said no; memo: He liked it."


def test_none_silences_lesser_coders_and_says_so(explain):
    found = explain(
        row("rules", "pain_point", "waiting", 0.9, "meaning"),
        row("person:ana", "pain_point", "queue", 1.0, severity=3),
        row("person:adjudicated", "pain_point", "none"),
        row("rules", "need", "need", 0.8, "score"),
    )
    assert held(found) == {"need"}
    reasons = because(found)
    assert reasons["waiting"].endswith("Adjudication found nothing of this group")
    assert reasons["queue"] == ("Ana said so; severity 3; Adjudication found nothing of this group")
    assert reasons["none"] == "Adjudication found nothing of this group"
    assert "nothing of this group" in found.codes["label"].tolist()


def test_of_two_stages_the_one_that_counts_first_is_named(explain, journey):
    found = explain(
        row("stages", "stage", "wait", 0.9, "cue"),
        row("source", "stage", "order", 1.0, "declared"),
        journey=journey,
    )
    assert held(found) == {"order"}
    assert because(found) == {
        "order": "declared by the source",
        "wait": "a phrase of the stage; source says Ordering and counts first",
    }


def test_the_same_code_counts_once_and_a_later_word_takes_back_the_earlier(explain):
    twice = explain(
        row("rules", "pain_point", "waiting", 0.9, "meaning"),
        row("person:ben", "pain_point", "waiting"),
    )
    machine = twice.codes.set_index("coder").loc["rules"]
    assert not machine["holds"]
    assert machine["because"].endswith("ben says the same and counts first")
    back = explain(
        row("person:ana", "pain_point", "waiting", at="2024-01-01"),
        row("person:ana", "pain_point", "none", at="2024-01-02"),
    )
    assert because(back)["waiting"] == "Ana said so; Ana took it back later"


def test_labels_name_the_codes(explain):
    found = explain(
        row("rules", "pain_point", "waiting", 0.9, "meaning"),
        row("rules", "pain_point", "forced_account", 0.9, "meaning"),
        labels={("pain_point", "waiting"): "Waiting"},
    )
    assert set(found.codes["label"]) == {"Waiting", "forced account"}


def test_it_reads_well_as_text(explain):
    found = explain(row("person:ana", "pain_point", "waiting"))
    assert str(found).splitlines() == [
        "talks/P01#2 (participant p1, talks): I waited an hour <b>in vain</b>.",
        "  asked: And then?",
        "  before: It began well.",
        "  after: I went home.",
        "  scores: pain 0.71, emotion frustration 0.60, delight 0.02",
        "  pain point: waiting 1.00 by ana, holds: Ana said so",
    ]


def test_participants_words_never_become_markup(explain):
    html = explain(
        row("person:ana", "pain_point", "<i>x</i>", note="<script>"),
        row("rules", "pain_point", "waiting", 0.9, "cue: <img>"),
    )._repr_html_()
    assert "<mark>I waited an hour &lt;b&gt;in vain&lt;/b&gt;.</mark>" in html
    assert "<script>" not in html and "<img>" not in html and "<i>" not in html
    assert "<td>pain point</td>" in html


def test_without_codes_the_reason_is_said(explain, told, scores):
    assert "nobody gave any" in explain()._repr_html_()
    assert "interviewers' words are not coded" in str(explain(excerpt="talks/P01#0"))
    alone = explain_excerpt(HERE, excerpts=told, codes=empty_table("codes"),
                            scores=scores.iloc[:0], coders=CODERS)  # fmt: skip
    assert "was not scored" in str(alone)
    assert list(alone.codes.columns) == [
        "code_group", "label", "code", "coder", "strength", "basis", "holds", "because",
    ]  # fmt: skip


def test_an_unknown_excerpt_names_those_beside_it(explain):
    with pytest.raises(UnknownNameError, match="P01#3") as error:
        explain(excerpt="talks/P01#9")
    assert error.value.allowed[-1] == "... and 1 more"
    with pytest.raises(UnknownNameError, match="'talks/P01#0'"):
        explain(excerpt="talk/P01#0")
