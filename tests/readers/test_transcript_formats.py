import math

import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from cjm_research.errors import CjmError, SourceError
from cjm_research.readers.plain import parse_plain
from cjm_research.readers.subtitles import parse_sbv, parse_srt, parse_vtt

NOBODY: frozenset[str] = frozenset()
NO_TIME = "blocks without a readable time line, left out"


def vtt(text, declared=NOBODY):
    parsed = parse_vtt(text, declared=declared, where="talk.vtt")
    aside = {what: len(lines) for what, lines in parsed.aside.items()}
    turns = [(turn.label, turn.text, turn.start_s) for turn in parsed.utterances]
    return turns, parsed.odd | aside


def test_vtt_several_voices_classes_entities_and_blocks():
    turns, odd = vtt(
        "\ufeffWEBVTT Kind: captions\nX-Meta: 1\n\n"
        "NOTE Bob: not said\nby anybody\n\n"
        "STYLE\n::cue { color: red }\n\nREGION\nid:a\n\n"
        "guid/12-0\n00:01.500 --> 00:04.000 align:start\n"
        "<v.loud Anna Smith>Tom &amp; I <i>paid</i>&nbsp;&lt;twice&gt;</v> <v Bob>I see.\n\n"
        "1:00:00.000 --> 1:00:01.000\n<v Anna Smith>two\nlines\n"
    )
    assert turns == [
        ("Anna Smith", "Tom & I paid <twice>", 1.5),
        ("Bob", "I see.", 1.5),
        ("Anna Smith", "two lines", 3600.0),
    ]
    assert not any(odd.values())


@pytest.mark.parametrize("header", ["WEBVTT", "\ufeffWEBVTT", "WEBVTT - of a talk", "WEBVTT\tx"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_vtt_header_may_have_a_mark_before_it_and_words_after_it(header, end):
    text = f"{header}\n\n00:01.000 --> 00:02.000\n<v Anna>a\n".replace("\n", end)
    assert vtt(text)[0] == [("Anna", "a", 1.0)]


def test_vtt_a_voice_may_stay_open_to_the_end_of_its_cue():
    turns, _ = vtt(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>open\n\n"
        "00:02.000 --> 00:03.000\n<v Bob>closed</v>\n"
    )
    assert turns == [("Anna", "open", 1.0), ("Bob", "closed", 2.0)]


def test_vtt_of_teams_has_ids_that_are_no_words_and_cues_that_lack_a_voice():
    first, second = (f"1b4e28ba-2fa1-11d2-883f-0016d3cca427/{n}-0" for n in (12, 13))
    turns, odd = vtt(
        f"WEBVTT\n\n{first}\n00:00:01.000 --> 00:00:02.000\n<v Anna Smith>one</v>\n\n"
        f"{second}\n00:00:02.000 --> 00:00:03.000\ntwo\n"
    )
    assert turns == [("Anna Smith", "one", 1.0), ("", "two", 2.0)]
    assert odd["cues without a speaker, read as the speaker before"] == 1


def test_vtt_zoom_prefix_splits_at_the_first_colon_only():
    turns, _ = vtt(
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nAnna Smith: it said: at 10:30, pay\n\n"
        "2\n00:00:02.000 --> 00:00:03.000\nand so on\n"
    )
    assert turns == [("Anna Smith", "it said: at 10:30, pay", 1.0), ("", "and so on", 2.0)]


def test_vtt_a_time_line_without_a_blank_line_starts_a_new_cue():
    turns, _ = vtt("WEBVTT\n\n00:01.000 --> 00:02.000\nAnna: a\n00:03.000 --> 00:04.000\nAnna: b")
    assert [start for _, _, start in turns] == [1.0, 3.0]


def test_vtt_unreadable_times_are_counted_not_silent():
    _, odd = vtt("WEBVTT\n\n00:01 --> x\nAnna: lost\n\nno time\n\n00:01.000 --> 00:02.000\nAnna: b")
    assert odd[NO_TIME] == 2


def test_vtt_with_comma_times_is_refused():
    with pytest.raises(SourceError, match=r"talk\.vtt: line 3 .* comma") as caught:
        vtt("WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nAnna: a")
    assert "rename the file to .srt" in str(caught.value)


def test_vtt_without_header_is_refused():
    with pytest.raises(SourceError, match=r"talk\.vtt: line 1 is not `WEBVTT`"):
        vtt("00:00:01.000 --> 00:00:02.000\nAnna: a")


@pytest.mark.parametrize("prefix", ["Anna: ", "[Anna] ", "[Anna]: "])
def test_srt_times_have_commas_and_speakers_are_prefixes(prefix):
    parsed = parse_srt(
        f"1\r\n00:00:01,500 --> 00:00:02,000\r\n{prefix}I paid\r\ntwice\r\n\r\n"
        "2\r\n00:00:02,000 --> 00:00:03,000\r\n[laughs] then left\r\n",
        declared=NOBODY,
    )
    first, second, third = parsed.utterances
    assert (first.label, first.text, first.start_s) == ("Anna", "I paid", 1.5)
    assert (second.label, second.text) == ("", "twice")
    assert third.text == "[laughs] then left"


def test_plain_turns_continuations_headings_and_times():
    parsed = parse_plain(
        "Interview of 3 May\n\n## Finding a plan\n[00:01:05] Interviewer: How was it?\n"
        "Anna: Slow.\nReally slow: two weeks.\n\nAnd dear.\n10:30 was the time.\n"
        "[laughs]\n[Paying]\nanother thing\n",
        declared=NOBODY,
    )
    assert [(t.label, t.text, t.heading) for t in parsed.utterances] == [
        ("Interviewer", "How was it?", "Finding a plan"),
        (
            "Anna",
            "Slow. Really slow: two weeks.\nAnd dear. 10:30 was the time. [laughs]",
            "Finding a plan",
        ),
        ("", "another thing", "Paying"),
    ]
    assert parsed.utterances[0].start_s == 65.0
    assert math.isnan(parsed.utterances[1].start_s)
    assert parsed.odd["lines before the first speaker, left out"] == 1


def test_lower_case_words_before_a_colon_are_speakers_only_when_declared_or_frequent():
    once = parse_plain("Anna: well,\nthe thing is: it broke", declared=NOBODY)
    assert len(once.utterances) == 1
    declared = parse_plain("Anna: well\nmaya l: why?", declared=frozenset({"maya l"}))
    assert [turn.label for turn in declared.utterances] == ["Anna", "maya l"]
    often = parse_plain("anna: a\nQ: b\nanna: c\nQ: d\nanna: e", declared=NOBODY)
    assert [turn.label for turn in often.utterances] == ["anna", "Q", "anna", "Q", "anna"]


PIECES = st.sampled_from(
    [
        "WEBVTT",
        "\n",
        "\n\n",
        "00:01.000 --> 00:02.000",
        "00:00:01,000 --> 00:00:02,000",
        "-->",
        "<v Anna>",
        "</v>",
        "<",
        ">",
        "&amp;",
        "&#x110000;",
        "Anna: ",
        "NOTE",
        "[x]",
        "## h",
        "\x00",
        "1",
        " ",
        "::",
        "\u2028",
        "\ud7ff",
        "ANNA",
        "99:99:99.999 --> 00:00.000",
        "[00:01]",
        ":",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=6), max_size=30).map("".join))
def test_any_text_gives_utterances_or_a_clear_error(text):
    for parse in (
        lambda: parse_vtt(text, declared=NOBODY, where="x.vtt"),
        lambda: parse_vtt(f"WEBVTT\n\n{text}", declared=NOBODY, where="x.vtt"),
        lambda: parse_srt(text, declared=NOBODY),
        lambda: parse_sbv(text, declared=NOBODY),
        lambda: parse_plain(text, declared=NOBODY),
    ):
        try:
            assert all(turn.text or turn.label for turn in parse().utterances)
        except CjmError as error:
            assert "x.vtt" in str(error)


@pytest.mark.parametrize(
    "name", ["sample", "one_caption", "using_identifiers", "captions_with_bom"]
)
def test_easy_vtt_files_agree_with_webvtt_py(shared, name):
    path = shared / "webvtt_fixtures" / f"{name}.vtt"
    expected = [" ".join(caption.text.split()) for caption in webvtt.read(str(path))]
    turns, _ = vtt(path.read_text("utf-8-sig"))
    by_start: dict[float, list[str]] = {}
    for _, text, start in turns:
        by_start.setdefault(start, []).append(text)
    assert [" ".join(texts) for texts in by_start.values()] == expected


@pytest.mark.parametrize(
    "name", ["sample.srt", "one_caption.srt", "sample.sbv", "two_captions.sbv"]
)
def test_easy_srt_and_sbv_files_agree_with_webvtt_py(shared, name):
    path = shared / "webvtt_fixtures" / name
    parse, reference = {
        "srt": (parse_srt, webvtt.from_srt),
        "sbv": (parse_sbv, webvtt.from_sbv),
    }[path.suffix[1:]]
    expected = [" ".join(caption.text.split()) for caption in reference(str(path))]
    parsed = parse(path.read_text("utf-8-sig"), declared=NOBODY)
    by_start: dict[float, list[str]] = {}
    for turn in parsed.utterances:
        by_start.setdefault(turn.start_s, []).append(turn.text)
    assert [" ".join(texts) for texts in by_start.values()] == expected
    assert parsed.aside == {NO_TIME: []}
    assert not any("time lines" in what and n for what, n in parsed.odd.items())


@pytest.mark.parametrize("name", ["missing_timeframe", "invalid_timeframe", "invalid_format"])
def test_sbv_blocks_without_times_are_counted_not_silent(shared, name):
    text = (shared / "webvtt_fixtures" / f"{name}.sbv").read_text("utf-8-sig")
    parsed = parse_sbv(text, declared=NOBODY)
    assert len(parsed.aside[NO_TIME]) == 1


def test_every_shared_caption_file_is_read_or_refused_clearly(shared):
    files = [*(shared / "webvtt_fixtures").glob("*.vtt"), *shared.glob("hitsave*/*.vtt")]
    assert len(files) >= 19
    for path in files:
        try:
            turns, odd = vtt(path.read_text("utf-8-sig"))
            assert turns or any(odd.values()) or path.stat().st_size < 10
        except SourceError as error:
            assert "What to do" in str(error)
