import pytest

from cjm_research.config import Transcripts
from cjm_research.errors import SourceError
from cjm_research.readers import read_source


def source(**more):
    return Transcripts.model_validate(
        {"id": "talks", "kind": "transcripts", "sampling": "purposive", "files": ["talks/*"]} | more
    )


def test_roles_ids_and_identities(write, tmp_path, journey):
    write(
        "talks/interview-P07.txt",
        "MAYA LIND: Hello Anna.\nAnna Berg: I waited.\nAnna Berg: Long.\nObserver: (she sighs)\n",
    )
    material = read_source(
        source(participant_pattern="interview-(.+)", interviewers=["Maya Lind"], wave="2"),
        tmp_path,
        journey,
    )
    turns = material.turns
    assert list(turns["speaker"]) == ["interviewer", "participant", "observer"]
    assert list(turns["text"]) == ["Hello Anna.", "I waited. Long.", "(she sighs)"]
    assert set(turns["document_ref"]) == {"talks/interview-P07.txt"}
    assert set(turns["raw_id"]) == {"P07"}
    assert set(turns["kind"]) == {"interview"}
    assert set(turns["wave"]) == {"2"}
    assert set(turns["prompt"]) == {""}
    assert material.people.to_numpy().tolist() == [["P07", ""]]
    assert {tuple(row) for row in material.identities.to_numpy()} == {
        ("", "name", "Maya Lind"),
        ("", "name", "MAYA LIND"),
        ("P07", "name", "Anna Berg"),
        ("P07", "id", "interview-P07"),
    }
    assert material.unreviewed == 1


def test_cues_of_one_speaker_one_for_each_pause_merge_and_keep_the_first_time(
    write, tmp_path, journey
):
    write(
        "talks/P1.vtt",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>one\n\n00:02.000 --> 00:03.000\n<v Anna>two\n\n"
        "00:03.000 --> 00:04.000\n<v Interviewer>ok\n\n00:04.000 --> 00:05.000\n<v Anna>three\n",
    )
    turns = read_source(source(), tmp_path, journey).turns
    assert turns[["text", "start_s"]].to_numpy().tolist() == [
        ["one two", 1.0],
        ["ok", 3.0],
        ["three", 4.0],
    ]


def test_reviewed_files_are_not_counted_as_unreviewed(write, tmp_path, journey):
    for name in ("a", "b", "c"):
        write(f"talks/{name}.txt", f"{name.upper()}nna: hello")
    some = read_source(source(masking_reviewed=["a.txt", "b"]), tmp_path, journey)
    assert some.unreviewed == 1
    assert read_source(source(masking_reviewed="all"), tmp_path, journey).unreviewed == 0


def test_content_decides_not_only_the_ending(write, tmp_path, journey):
    write("talks/P1.txt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>one\n")
    write("talks/P2.txt", "1\n00:00:01,000 --> 00:00:02,000\nAnna: two\n")
    assert list(read_source(source(), tmp_path, journey).turns["text"]) == ["one", "two"]


def test_another_encoding_is_named_in_the_quality_rows(write, tmp_path, journey):
    write("talks/P1.txt", "Zoë: “fine”".encode("cp1252"))
    material = read_source(source(encoding="cp1252"), tmp_path, journey)
    assert list(material.turns["text"]) == ["“fine”"]
    assert "encoding cp1252" in set(material.quality["what"])


@pytest.mark.parametrize(
    ("name", "content", "found", "advice"),
    [
        ("p1.txt", "", "empty", "export it again"),
        ("p1.vtt", "WEBVTT\n\n", "empty", "export it again"),
        ("p1.srt", "hello", "empty", "export it again"),
        ("p1.txt", "just words\nand more", "nothing says who speaks", "Name: "),
        ("p1.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nwords", "who speaks", "<v Name>"),
        ("p1.txt", "Anna: a\nBob: b", "'Anna', 'Bob'", "declare all but one under"),
        ("p1.txt", "Interviewer: a", "no participant speaks", "check `interviewers:`"),
        ("p1.txt", b"Anna: \x93hi\x94", "not UTF-8", "declare `encoding:`"),
        ("p1.odt", "Anna: a", "'.odt'", "'.txt'"),
        ("x.txt", "Anna: a", "participant_pattern", "correct the pattern"),
    ],
)
def test_bad_transcripts(write, tmp_path, journey, name, content, found, advice):
    write(f"talks/{name}", content)
    with pytest.raises(SourceError) as caught:
        read_source(source(participant_pattern="p(.+)"), tmp_path, journey)
    message = str(caught.value)
    assert message.startswith(name)
    assert found in message
    assert advice in message


def test_a_missing_file_names_pattern_folder_and_what_is_there(write, tmp_path, journey):
    write("talks_2/a.txt", "Anna: a")
    write("talks/a.md", "Anna: a")
    with pytest.raises(SourceError) as caught:
        read_source(source(files=["talks/*.txt"]), tmp_path, journey)
    message = str(caught.value)
    assert "talks/*.txt" in message
    assert str(tmp_path) in message
    assert "'a.md'" in message
    assert "required: false" in message


def test_a_missing_optional_file_is_a_warning(tmp_path, journey):
    material = read_source(source(required=False), tmp_path, journey)
    assert material.turns.empty
    assert material.quality.to_numpy().tolist() == [
        ["talks/*", "warning", "optional file absent", 1]
    ]


def test_whisper_files_without_speakers_are_refused_clearly(shared, journey):
    for ending in ("vtt", "srt"):
        files = [str(shared / "hitsave_interviews" / f"whisper_goodboy_galaxy.{ending}")]
        with pytest.raises(SourceError, match=r"who speaks|could be the participant"):
            read_source(source(files=files), shared, journey)


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("Anna: Slow.\nAnd what then?\nAnna: It broke.\nDid you call?\nAnna: Yes.\n", 2),
        ("Anna: Why would they do that？\nAnna: It broke.\n", 0),
        ("Interviewer: And?\nAnna: Slow.\nWhy would they do that?\nAnna: It broke.\n", 0),
    ],
)
def test_questions_without_a_speaker_are_asked_about_where_one_person_alone_is_named(
    write, tmp_path, journey, text, n
):
    write("talks/P1.txt", text)
    quality = read_source(source(), tmp_path, journey).quality
    asked = quality[quality["what"].str.startswith("lines that ask and name no speaker")]
    assert asked["n"].tolist() == ([n] if n else [])


def test_a_table_of_turns_may_name_its_delimiter_first(write, tmp_path, journey):
    table = 'speaker;start;text\nInterviewer;0:01;"Slow, was it?"\nAnna;0:05;"Yes; I left"\n'
    write("talks/P1.csv", "sep=;\r\n" + table.replace("\n", "\r\n"))
    turns = read_source(source(), tmp_path, journey).turns
    assert list(turns["text"]) == ["Slow, was it?", "Yes; I left"]
    assert list(turns["start_s"]) == [1.0, 5.0]
