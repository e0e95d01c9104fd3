from collections import Counter
from dataclasses import fields, replace

import pytest

from cjm_research.coding import (
    CodingSetting,
    ScoreCoder,
    describe_coders,
    fingerprint,
    load_codebook,
    make_coders,
    score_excerpts,
)
from cjm_research.coding.resources import CODE_GROUPS, Codebook, CodeEntry, load_lexicon
from cjm_research.config import CodingPart
from cjm_research.errors import ConfigError
from cjm_research.journey import Journey, Stage


@pytest.fixture
def own(tmp_path):
    def load(text):
        path = tmp_path / "codebook.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_codebook(path)

    return load


def test_every_code_of_the_starter_codebook_says_what_it_means():
    codebook = load_codebook()
    assert {entry.group for entry in codebook} == set(CODE_GROUPS)
    assert all(entry.name and entry.definition and entry.cues for entry in codebook)
    assert all(entry.inclusion and entry.exclusion for entry in codebook)
    assert [entry.code for entry in codebook if not 4 <= len(entry.examples) <= 6] == []
    assert len(codebook.labels()) == len(list(codebook))


def test_no_example_stands_for_two_codes():
    examples = Counter(example for entry in load_codebook() for example in entry.examples)
    assert [example for example, n in examples.items() if n > 1] == []


def test_no_phrase_tells_two_codes_of_a_group_for_sure():
    told = Counter((entry.group, cue) for entry in load_codebook() for cue in entry.sure_cues)
    assert [phrase for phrase, n in told.items() if n > 1] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("It takes too many steps to pay a bill.", "effort"),
        ("Filling it in was tedious.", "effort"),
        ("The program is hard to learn.", "hard_to_learn"),
        ("The next appointment is in June, terrible.", "waiting"),
        ("They kept me waiting.", "waiting"),
        ("I lost all my notes.", "lost_work"),
    ],
)
def test_trouble_of_any_service_has_a_code(coded, text, code):
    assert ("pain_point", code) in coded(text)


@pytest.mark.parametrize(
    ("text", "code", "others"),
    [
        ("I am still waiting for the parcel.", "late_delivery", {"waiting"}),
        ("I was on hold for ages.", "support_contact", {"waiting"}),
        ("It wiped the form and I had to type it all again.", "form_trouble", {"lost_work"}),
        ("The page was so slow.", "slow", {"waiting", "effort"}),
        ("The form has a hidden field, that confused me.", "form_trouble", {"effort"}),
    ],
)
def test_newer_codes_do_not_take_the_place_of_older_ones(coded, text, code, others):
    found = {found for group, found in coded(text) if group == "pain_point"}
    assert code in found
    assert not found & others


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("It was lightning fast, great.", "speed"),
        ("It just works and never fails.", "reliability"),
        ("A clean layout, lovely.", "design"),
        ("I love that it is so flexible.", "control"),
    ],
)
def test_pleasure_has_a_code(coded, text, code):
    assert ("delight", code) in coded(text)


def test_a_group_lists_its_codes_in_order():
    codebook = Codebook(
        (CodeEntry("need", "b", "B"), CodeEntry("delight", "c", "C"), CodeEntry("need", "a", "A"))
    )
    assert [entry.code for entry in codebook.group("need")] == ["b", "a"]
    assert codebook.group("reason") == codebook.group("theme") == ()


def test_the_fingerprint_changes_with_every_field_and_not_with_notes():
    entry = CodeEntry("need", "a", "A")
    others = [
        replace(entry, **{field.name: ("x",) if isinstance(field.default, tuple) else "x"})
        for field in fields(CodeEntry)
    ]
    prints = {Codebook((one,)).sha256 for one in (entry, *others)}
    assert len(prints) == 1 + len(fields(CodeEntry)) == 11
    assert Codebook((entry,), notes=("read",)).sha256 == Codebook((entry,)).sha256


def test_every_phrase_of_the_lexicon_is_text():
    lexicon = load_lexicon()
    groups = [
        group["phrases"] for signal in ("pain", "delight", "need") for group in lexicon[signal]
    ]
    groups += [*lexicon["emotions"].values(), *lexicon["expectation"].values()]
    groups += [lexicon["negation"], lexicon["sarcasm"], lexicon["said_nothing"]]
    assert all(isinstance(phrase, str) for group in groups for phrase in group)


def test_a_study_adds_codes_of_its_own(own):
    codebook = own("pain_point:\n  fog: {name: Fogged glasses, sure_cues: [fogged up]}\n")
    labels = codebook.labels()
    assert labels[("pain_point", "fog")] == "Fogged glasses"
    assert labels[("pain_point", "slow")] == "Slow to respond"


def test_what_a_study_says_of_a_code_is_kept(own):
    (entry,) = [
        entry
        for entry in own(
            "need:\n  quiet: {definition: Less noise., inclusion: Any noise.,\n"
            "    exclusion: Crowds., examples: [a quiet room, Shh!]}\n"
        )
        if entry.code == "quiet"
    ]
    assert (entry.group, entry.name, entry.definition) == ("need", "Quiet", "Less noise.")
    assert (entry.inclusion, entry.exclusion) == ("Any noise.", "Crowds.")
    assert entry.examples == ("a quiet room", "Shh!")


def test_a_study_replaces_a_code_of_the_same_id(own):
    codebook = own("pain_point:\n  slow: {name: Too slow, cues: [snail]}\n")
    (entry,) = [entry for entry in codebook if entry.code == "slow"]
    assert (entry.name, entry.cues, entry.sure_cues) == ("Too slow", ("snail",), ())
    assert len(list(codebook)) == len(list(load_codebook()))


def test_a_code_of_the_study_is_coded(own, say):
    codebook = own("pain_point:\n  fog: {sure_cues: [fogged up]}\n")
    told = say("They fogged up.")
    codes = ScoreCoder(codebook)(told, score_excerpts(told, by="rules"))
    assert "fog" in set(codes["code"])
    assert codebook.labels()[("pain_point", "fog")] == "Fog"


@pytest.mark.parametrize("text", ["", "pain_point:\n", "{}"])
def test_an_empty_codebook_adds_nothing(own, text):
    assert own(text).sha256 == load_codebook().sha256


def test_a_codebook_that_does_not_exist_adds_nothing(tmp_path):
    assert load_codebook(tmp_path / "none.yaml").sha256 == load_codebook().sha256


def test_all_faults_of_a_codebook_are_reported_at_once(own):
    with pytest.raises(ConfigError) as raised:
        own("pain_points: {a: {}}\ndelight:\n  fun: {cue: [x], nam: Fun}\n")
    problems = raised.value.problems
    assert raised.value.where == "codebook.yaml"
    assert problems[0].startswith("pain_points: unknown code group. Did you mean 'pain_point'?")
    assert problems[1].startswith("delight.fun.cue: unknown key. Did you mean 'cues'?")
    assert problems[2].startswith("delight.fun.nam: unknown key. Did you mean 'name'?")


@pytest.mark.parametrize(
    "text",
    [
        "pain_point: [open",
        "- a list",
        "pain_point: words",
        "pain_point: [slow]",
        "pain_point:\n  slow: words",
        "pain_point:\n  slow:\n",
        "pain_point:\n  slow: {cues: [1, [2]]}",
        "pain_point:\n  slow: {examples: [He said: no]}",
        "pain_point:\n  slow: {definition: [one, two]}",
        "pain_point:\n  none: {name: Nothing}",
        "pain_point:\n  'a:b': {name: Both}",
        "expectation:\n  met: {name: Met}",
        "für".encode("cp1252"),
    ],
)
def test_a_codebook_of_the_wrong_form_is_refused_by_name(own, text):
    with pytest.raises(ConfigError, match=r"codebook\.yaml cannot be used"):
        own(text)


def test_one_phrase_needs_no_brackets(own):
    (entry,) = [e for e in own("pain_point:\n  fog: {cues: fogged up}\n") if e.code == "fog"]
    assert entry.cues == ("fogged up",)


def test_the_fingerprint_changes_with_journey_and_codebook(own):
    journey = Journey((Stage("a", "A"),))
    first = fingerprint(CodingSetting(journey))
    assert first == fingerprint(CodingSetting(Journey((Stage("a", "A"),)), load_codebook()))
    assert first != fingerprint(CodingSetting(Journey((Stage("a", "A", cues=("x",)),))))
    theirs = own("pain_point:\n  slow: {cues: [snail]}\n")
    assert first != fingerprint(CodingSetting(journey, theirs))
    assert first != fingerprint(CodingSetting(journey, choices=CodingPart(scores="rules")))


@pytest.mark.parametrize("scores", ["encoder", "rules"])
def test_coders_are_described_with_kind_name_and_fingerprint(scores):
    setting = CodingSetting(Journey((Stage("a", "A"),)), choices=CodingPart(scores=scores))
    coders = describe_coders(setting).set_index("coder_id")
    assert coders.loc["source", "kind"] == "source"
    machines = coders.drop("source")
    assert set(machines["kind"]) == {"machine"}
    assert set(machines.index) == {"stages", scores, "themes"}
    assert set(machines.index) == {coder.coder_id for coder in make_coders(setting)}
    assert machines["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    assert (machines["version"] != "").all()
