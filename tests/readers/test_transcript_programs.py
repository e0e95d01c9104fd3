"""What Teams, Meet, Otter, Zoom, Whisper, Rev and people write: each quirk has its test."""

import json
import zipfile
from collections import Counter

import docx
import pytest

from cjm_research.config import Transcripts
from cjm_research.errors import SourceError
from cjm_research.readers import read_source
from cjm_research.readers.transcript_formats import FORMATS, open_transcript, recognise
from tests.readers.documents import MEET, OLDER_TEAMS, RECAP, TEAMS, change_part, write_docx

ANA, INES = "Ana Weiß", "Ines Holm"


@pytest.fixture
def read(write, tmp_path, journey):
    """Read one transcript and return what was said as rows of speaker, start and words."""

    def read_one(name, content, **more):
        write(f"talks/{name}", content)
        source = Transcripts.model_validate(
            {"id": "talks", "kind": "transcripts", "sampling": "purposive", "consent": "quote"}
            | {"files": [f"talks/{name}"], "interviewers": [INES]}
            | more
        )
        return read_source(source, tmp_path, journey)

    return read_one


def said(material):
    return material.turns[["speaker", "start_s", "text"]].to_numpy().tolist()


def noted(material):
    return dict(material.quality[["what", "n"]].to_numpy().tolist())


def test_teams_document_has_a_paragraph_per_turn_line_breaks_and_markers_that_are_no_speech(read):
    material = read("p1.docx", write_docx(TEAMS))
    assert said(material) == [
        ["interviewer", 4.0, "How did you order? Tell me all of it."],
        ["participant", 11.0, "I wanted to pay at 10:30: it failed."],
        ["interviewer", 3723.0, "And then?"],
        ["participant", 3729.0, "I left."],
    ]
    outside = "paragraphs outside the turns (title, dates, who recorded), left out"
    assert noted(material)[outside] == 5


def test_teams_document_in_another_language_has_no_marker_in_a_turn(read):
    local = [
        text.replace("stopped transcription", "hat die Transkription beendet") for text in TEAMS
    ]
    assert said(read("p1.docx", write_docx(local))) == said(read("p2.docx", write_docx(TEAMS)))


@pytest.mark.parametrize(
    ("paragraphs", "words"),
    [
        (OLDER_TEAMS, "On the phone.\nIt was easy."),
        (["\n".join(OLDER_TEAMS[:3]), "\n".join(OLDER_TEAMS[3:])], "On the phone. It was easy."),
    ],
    ids=["paragraphs", "line breaks"],
)
def test_older_teams_document_has_times_a_name_and_words(read, paragraphs, words):
    assert said(read("p1.docx", write_docx(paragraphs))) == [
        ["interviewer", 5.1, "How did you order?"],
        ["participant", 9.0, words],
    ]


def test_meet_summary_and_attendees_are_never_testimony(read):
    material = read("p1.docx", write_docx(MEET))
    assert said(material) == [
        ["interviewer", 0.0, "How did you order?"],
        ["participant", 0.0, "On the phone. It rang for long: twice."],
    ]
    assert not material.turns["text"].str.contains("refund").any()


def test_meet_document_without_speech_is_refused_not_read_as_text(read):
    with pytest.raises(SourceError, match=r"p1\.docx.*no speech") as caught:
        read("p1.docx", write_docx(MEET[:8]))
    assert "Transcript" in str(caught.value)


def test_meet_turn_of_several_paragraphs_is_whole_and_nobody_after_it_is_lost(read):
    paragraphs = [*MEET[9:12], "It was expensive and I cried.", MEET[10], "Ana Weiß: Twice.", *MEET]
    words = [text for _, _, text in said(read("p1.docx", write_docx(paragraphs[:6])))]
    assert words == [
        "How did you order?",
        "On the phone.\nIt was expensive and I cried.",
        "How did you order?",
        "Twice.",
    ]


def test_meet_goes_before_teams_whose_looser_rule_it_may_meet_by_accident(read):
    accident = "Notes by Ana Weiß   0:11\nshe wants a refund"
    material = read("p1.docx", write_docx([MEET[0], accident, *MEET[1:]]))
    assert material.files["format"].item() == "Google Meet document"
    assert said(material) == said(read("p2.docx", write_docx(MEET)))


def test_meet_is_told_by_its_structure_in_any_language(read):
    words = {
        "📝 Notes": "📝 Notizen",
        "Summary": "Zusammenfassung",
        "📖 Transcript": "📖 Transkript",
    }
    local = [words.get(text, text).replace("Invited", "Eingeladen") for text in MEET]
    assert said(read("p1.docx", write_docx(local))) == said(read("p2.docx", write_docx(MEET)))


def test_names_that_teams_meet_and_zoom_give_to_files_decide_nothing(read):
    names = [
        "Talk.docx", "Talk-20260815_200732-Meeting Recording.docx",
        "2026-08-15 20.07.32 Talk 123/closed_caption.docx",
    ]  # fmt: skip
    assert [said(read(name, write_docx(TEAMS)))[0][1] for name in names] == [4.0] * 3


def test_word_document_with_speaker_labels(read):
    material = read(
        "p1.docx", write_docx(["Interview 1", "Ines Holm: How?", "Ana Weiß: By\nphone.", "Twice."])
    )
    assert said(material)[-1][::2] == ["participant", "By phone.\nTwice."]


def test_word_document_hides_deleted_and_hidden_words_and_keeps_inserted_ones(read):
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

    def track(data):
        runs = (
            "<w:ins w:id='1'><w:r><w:t xml:space='preserve'>Ana: I did </w:t></w:r></w:ins>"
            "<w:del w:id='2'><w:r><w:delText>never </w:delText><w:t>ever</w:t></w:r></w:del>"
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secretly </w:t></w:r>"
            "<w:r><w:t>pay</w:t><w:tab/><w:t>once</w:t></w:r>"
        )
        return data.replace(
            b"<w:sectPr", f"<w:p xmlns:w='{word}'>{runs}</w:p><w:sectPr".encode(), 1
        )

    content = change_part(write_docx(["Ines Holm: How?"]), "word/document.xml", track)
    assert said(read("p1.docx", content))[-1][2] == "I did pay\tonce"


def test_word_document_tables_are_read_in_order(read, tmp_path):
    document = docx.Document()
    document.add_paragraph("Ines Holm: How?")
    cells = document.add_table(1, 2).rows[0].cells
    cells[0].text, cells[1].text = "Ana: By phone.", "Ana: Twice."
    document.save(str(tmp_path / "a.docx"))
    assert said(read("p1.docx", (tmp_path / "a.docx").read_bytes()))[-1][2] == "By phone. Twice."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_word_document_with_a_doctype_is_refused(read, encoding):
    bomb = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>'
    content = change_part(
        write_docx(["Ana: a"]), "word/document.xml", lambda _: bomb.encode(encoding)
    )
    with pytest.raises(SourceError, match=r"p1\.docx: it declares entities"):
        read("p1.docx", content)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"Ana: hello", write_docx(["Ana: a"])[:900]],
    ids=["empty", "a magic number", "text", "cut off"],
)
def test_what_is_no_word_document_is_refused(read, content):
    with pytest.raises(SourceError, match=r"p1\.docx: it is not a whole, unlocked Word document"):
        read("p1.docx", content)


def test_a_word_document_without_its_body_is_refused(read, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(SourceError, match="cannot be read as a Word document"):
        read("p1.docx", (tmp_path / "a.zip").read_bytes())


def test_a_word_document_may_be_nested_deeply(read):
    deep = b"<w:sdt><w:sdtContent>" * 120 + b"</w:sdtContent></w:sdt>" * 120
    content = change_part(
        write_docx(["Ana: a"]),
        "word/document.xml",
        lambda data: data.replace(b"<w:sectPr", deep + b"<w:sectPr", 1),
    )
    assert said(read("p1.docx", content))[0][2] == "a"


OTTER = (
    "Call about glasses  \n\nInes Holm  0:04  \nHow did you order?\n\n"
    "Ana Weiß  0:11\nBy phone.\n\nIt rang: twice.\n\nUnknown Speaker  1:02:09  \nhm\n\n"
    "Transcribed by https://otter.ai\n"
)


def test_otter_headers_with_trailing_blanks_hours_and_unknown_speaker_and_its_footer(read):
    assert said(read("p1.txt", OTTER, observers=["Unknown Speaker"])) == [
        ["interviewer", 4.0, "How did you order?"],
        ["participant", 11.0, "By phone.\nIt rang: twice."],
        ["observer", 3729.0, "hm"],
    ]


def test_otter_without_times_has_names_before_two_blanks(read):
    spoken = ["How?", "By phone.", "And?", "Ok."]
    turns = [f"{name}  \n{words}\n\n" for name, words in zip([INES, ANA] * 2, spoken, strict=True)]
    assert [words for _, _, words in said(read("p1.md", "# Talk\n\n" + "".join(turns)))] == spoken


def test_otter_without_speakers_carries_only_times_and_is_refused(read):
    with pytest.raises(SourceError, match="nothing says who speaks"):
        read("p1.txt", "  0:04  \nHow did you order?\n\n  0:11  \nBy phone.\n")


def test_a_hard_line_break_of_markdown_is_no_otter_header(read):
    assert (
        said(read("p1.md", "Ana Weiß: I paid.  \nTwice  \nin all.\n"))[0][2]
        == "I paid. Twice in all."
    )


def test_zoom_dial_in_numbers_are_speakers(read):
    vtt = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\n+1 415*****12: At 10:30: no\n"
    assert said(read("p1.vtt", vtt)) == [["participant", 1.0, "At 10:30: no"]]


def test_zoom_names_in_lower_case_are_speakers_where_every_cue_has_one(read):
    names = [INES, "jürgen groß", "iPhone von Jürgen", "marie_l"]
    cues = "".join(
        f"{n}\n00:00:0{n}.000 --> 00:00:0{n}.900\n{name}: words of {n}\n\n"
        for n, name in enumerate(names)
    )
    material = read("g1.vtt", "WEBVTT\n\n" + cues, participants="speaker")
    assert set(material.people["raw_id"]) == set(names) - {INES}


def test_lines_that_may_begin_with_a_name_are_counted(read):
    material = read("p1.txt", "Ines Holm: How?\nAna Weiß: By phone.\njürgen: not me\n")
    doubtful = [n for what, n in noted(material).items() if "may begin with a speaker" in what]
    assert doubtful == [1]


def test_sbv_times_prefixes_and_no_numbers(read):
    sbv = (
        "0:00:01.000,0:00:04.000\n>> Ines Holm: How?\n\n"
        "0:00:04.500,0:00:06.000\nAna Weiß: By\nphone.\n"
    )
    for name in ("p1.sbv", "p2.txt"):
        assert said(read(name, sbv)) == [
            ["interviewer", 1.0, "How?"],
            ["participant", 4.5, "By phone."],
        ]


def segment(start, text, **more):
    return {"id": 0, "start": start, "end": start + 1, "text": text} | more


def test_whisperx_json_names_speakers_and_words_begin_with_a_blank(read):
    segments = [
        segment(0, " How did you order?", speaker="SPEAKER_00"),
        segment(2.5, " By phone.", speaker="SPEAKER_01"),
        segment(3, " Twice.", speaker="SPEAKER_01"),
    ]
    content = json.dumps({"language": "en", "segments": segments})
    material = read("p1.json", content, interviewers=["SPEAKER_00"])
    assert said(material) == [
        ["interviewer", 0.0, "How did you order?"],
        ["participant", 2.5, "By phone. Twice."],
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"task": "transcribe", "duration": 3.5},
        {"language_probability": 0.9, "duration_after_vad": 3.0},
        {},
    ],
    ids=["the API's verbose_json", "faster-whisper", "Whisper"],
)
def test_whisper_json_of_the_api_and_of_faster_whisper_are_the_same(read, more):
    heard = [{"word": " By", "start": 0.0, "end": 0.2, "probability": 0.9}]
    segments = [segment(0, " By phone.", seek=0, tokens=[1], words=heard)]
    about = {"text": " By phone.", "language": "en", "segments": segments}
    material = read("p1.json", json.dumps(about | more), one_voice=True)
    assert said(material) == [["participant", 0.0, "By phone."]]


def test_whisper_inventions_on_silence_are_left_out_and_repetitions_counted(read):
    segments = [
        segment(0, " I left."),
        segment(9, " Thank you for watching", no_speech_prob=0.9, avg_logprob=-1.4),
        segment(12, " quiet but sure", no_speech_prob=0.9, avg_logprob=-0.2),
        segment(15, " no no no no no no", compression_ratio=3.1),
        segment(16, "  "),
    ]
    material = read("p1.json", json.dumps({"segments": segments}), one_voice=True)
    assert said(material)[0][2] == "I left. quiet but sure no no no no no no"
    counts = noted(material)
    assert counts["segments on silence that Whisper itself doubts, left out"] == 1
    assert counts["segments that repeat themselves, which Whisper may have invented"] == 1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("{", "cannot be read as JSON"),
        ("[1]", "no list `segments`"),
        ('{"segments": 4}', "no list `segments`"),
        ("[" * 200_000, "cannot be read as JSON"),
        ('{"segments": [null, 3, {"text": 4}, {"start": "x"}]}', "transcript is empty"),
        ('{"text": "' + "9" * 10 + '", "x": ' + "9" * 6000 + "}", "cannot be read as JSON"),
    ],
)
def test_json_that_is_not_whispers_is_refused(read, content, found):
    with pytest.raises(SourceError, match=found):
        read("p1.json", content, one_voice=True)


@pytest.mark.parametrize("ending", ["tsv", "txt"])
def test_whisper_tsv_has_milliseconds_and_quotes_nothing(read, ending):
    tsv = 'start\tend\ttext\n0\t1500\tShe said "no\n1500\t3000\tand\tleft"\n'
    assert said(read(f"p1.{ending}", tsv, one_voice=True)) == [
        ["participant", 0.0, 'She said "no and left"']
    ]


def test_whisper_text_with_stretches_of_time(read):
    text = "[00:43.810 --> 00:47.850]  I paid.\n[00:48.350 --> 01:54.570]  Twice.\n"
    assert said(read("p1.txt", text, one_voice=True)) == [["participant", 43.81, "I paid. Twice."]]


def test_rev_labels_with_times_in_brackets_and_marks_of_what_nobody_understood(read):
    marks = "[inaudible] [crosstalk]"
    text = f"Ines Holm (00:00:02):\nHow?\n\nSpeaker 2 (00:00:12):\nBy phone. {marks}\n"
    assert said(read("p1.txt", text)) == [
        ["interviewer", 2.0, "How?"],
        ["participant", 12.0, f"By phone. {marks}"],
    ]


def test_markdown_with_bold_labels_and_times_after_them(read):
    text = "# Talk\n\n**Ines Holm:** [00:01:00] How?\n\n**Ana Weiß**: By *phone*.\n\nTwice.\n"
    turns = said(read("p1.md", text))
    assert turns[0] == ["interviewer", 60.0, "How?"]
    assert turns[1][2] == "By *phone*.\nTwice."


def test_people_in_a_group_stay_apart(read):
    text = (
        "Ines Holm: Who pays?\nAna Weiß: I do.\nBo Lind: Never me.\n"
        "Ines Holm: Why?\nBo Lind: She does.\nSpeaker 3: hm\n"
    )
    material = read("g1.txt", text, participants="speaker", speakers={"Bo Lind": "P07"})
    assert material.people["raw_id"].tolist() == [ANA, "P07", "g1 speaker 3"]
    words = material.turns.groupby("document_ref", sort=False)["text"].agg(list).to_dict()
    assert words == {
        "talks/g1.txt#Ana Weiß": ["Who pays?", "I do.", "Why?"],
        "talks/g1.txt#P07": ["Who pays?", "Never me.", "Why?", "She does."],
        "talks/g1.txt#g1 speaker 3": ["Who pays?", "Why?", "hm"],
    }
    names = {tuple(row) for row in material.identities.to_numpy()}
    assert {(ANA, "name", ANA), ("P07", "name", "Bo Lind"), ("", "name", INES)} <= names
    assert not any(kind == "id" for _, kind, _ in names)


def test_the_same_name_is_one_person_in_two_groups_and_a_number_is_not(read, write):
    write("talks/g2.txt", "Ines Holm: And?\nAna Weiß: Fine.\nSpeaker 3: Ok.\n")
    text = "Ines Holm: And?\nAna Weiß: Fine.\nSpeaker 3: Ok.\n"
    material = read("g1.txt", text, participants="speaker", files=["talks/g*.txt"])
    assert material.people["raw_id"].tolist() == [ANA, "g1 speaker 3", "g2 speaker 3"]


def test_every_file_says_what_it_was_taken_for_and_why(read):
    assert "read as Otter (lines `Name  m:ss` above the words)" in noted(
        read("p1.txt", OTTER, observers=["Unknown Speaker"])
    )
    assert len({form.name for form in FORMATS}) == len(FORMATS)


# Turns by speaker, counted with grep: lines `Name  m:ss`, lines `**Name:**`.
TURNS = [
    ("otter_13am_games.md", {"Alex Rushdy": 37, "Jonas Rosland": 38}),
    ("otter_q_cubed.md", {"Carolyn Lu": 26, "Jonas Rosland": 27}),
    (
        "otter_super_marxist_twins.md",
        {
            "Eric Kesterson": 45, "Jim Bochanski": 44, "Jonas Rosland": 61, "Nick Zaleski": 29,
            "Saun Conlin": 33, "Unknown Speaker": 1,
        },
    ),
    (
        "bold_wintermoor.md",
        {"Ben Walker": 51, "Jonas Rosland": 45, "Kyla Fury": 84, "Ryan Anderson": 110},
    ),
]  # fmt: skip


def parse(path):
    file = open_transcript(path, encoding="", declared=frozenset())
    form = recognise(file)
    return form.name, form.parse(file).utterances


@pytest.mark.parametrize(("name", "turns"), TURNS, ids=[name for name, _ in TURNS])
def test_real_transcripts_have_all_their_turns_and_speakers(shared, name, turns):
    _, utterances = parse(shared / "hitsave_interviews" / name)
    assert Counter(turn.label for turn in utterances) == turns


def test_a_real_otter_transcript_without_times_has_its_four_speakers(shared):
    form, utterances = parse(shared / "hitsave_interviews" / "otter_notimes_get_a_grip_chip.md")
    assert form == "Otter without times"
    assert {turn.label for turn in utterances} == {
        "Jonas Rosland", "Jon Lawitts", "Vicky Wei", "Rich McGrath",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "n"), [("goodboy_galaxy", 753), ("keitai_update", 762)])
def test_one_real_recording_is_the_same_in_every_form(shared, name, n):
    with (shared / "hitsave_interviews" / f"whisper_{name}.json").open(encoding="utf-8") as file:
        segments = json.load(file)["segments"]
    words = [" ".join(segment["text"].split()) for segment in segments]
    assert len(words) == n
    for ending in ("json", "tsv", "srt", "vtt"):
        _, utterances = parse(shared / "hitsave_interviews" / f"whisper_{name}.{ending}")
        spoken = [f"{turn.label}: {turn.text}" if turn.label else turn.text for turn in utterances]
        assert " ".join(spoken).split() == " ".join(words).split(), ending
        assert utterances[0].start_s == pytest.approx(segments[0]["start"], abs=0.0011), ending
        assert utterances[-1].start_s == pytest.approx(segments[-1]["start"], abs=0.0011), ending


CAPTIONS = """\
[Ines Holm] 10:02:11
How did you order?

[Ana Weiß] 10:02:15
By phone: at 10:30.
It rang for long.
"""


def test_zoom_captions_have_name_and_clock_above_the_words(read):
    material = read("closed_caption.txt", CAPTIONS)
    assert said(material) == [
        ["interviewer", 36131.0, "How did you order?"],
        ["participant", 36135.0, "By phone: at 10:30. It rang for long."],
    ]
    assert material.files["format"].item() == "Zoom captions"


@pytest.mark.parametrize(
    "content",
    [
        "Start,Speaker,Text\n0:04,Ines Holm,How?\n0:11,Ana Weiß,\"By phone, at 10:30.\"\n",
        "speaker;start_time;TEXT\nInes Holm;4.0;How?\nAna Weiß;11;By phone, at 10:30.\n",
        "Speaker Name\tTranscript\tTime\nInes Holm\tHow?\t00:00:04,000\n"
        "Ana Weiß\tBy phone, at 10:30.\t00:11\n\n",
    ],
    ids=["commas", "semicolons", "tabs"],
)  # fmt: skip
def test_a_table_of_turns_names_speaker_words_and_start(read, content):
    material = read("talk.csv", content)
    assert said(material) == [
        ["interviewer", 4.0, "How?"],
        ["participant", 11.0, "By phone, at 10:30."],
    ]
    assert material.files["format"].item() == "table of turns"


def test_rows_of_a_table_of_turns_that_are_cut_off_are_counted(read):
    material = read("talk.csv", "Speaker,Text\nAna,By phone.\nAna\n")
    assert noted(material)["rows without all columns, left out"] == 1
    with pytest.raises(SourceError, match="near line 2"):
        read("talk.csv", 'Speaker,Text\nAna,"By phone.\n')


def test_questions_and_answers_by_letter_are_speakers(read):
    material = read("p1.txt", "Q. How?\nA. By phone.\nIt rang.\nQ. And then?\nA. I left.\n")
    assert [row[0] for row in said(material)] == ["interviewer", "participant"] * 2
    assert said(material)[1][2] == "By phone. It rang."


def test_a_list_of_points_names_nobody(read):
    listed = "Ana: I see three ways:\nA. by phone\nB. by mail\nQ. none of them\n"
    assert said(read("p1.txt", listed)) == [
        ["participant", pytest.approx(float("nan"), nan_ok=True),
         "I see three ways: A. by phone B. by mail Q. none of them"],
    ]  # fmt: skip


def test_headings_of_a_machines_summary_are_pointed_out(read):
    material = read("p1.docx", write_docx(RECAP), participants="speaker")
    said_by_nobody = "headings of a summary: what stands under one was said by nobody, take it out"
    assert noted(material)[said_by_nobody] == 3  # also where a proposal calls it a group
    assert said_by_nobody not in noted(read("p2.docx", write_docx(["Ana: My recap: it failed."])))
