import csv
import re
import socket
import time
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding.language import READ, SET_ASIDE, TOO_SHORT, detect_languages
from cjm_research.privacy import build_masker, clean_text
from cjm_research.readers.messages import read_message

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
ENGLISH = "The delivery took eleven days and nobody told me why it was late."
GERMAN = "Die Lieferung hat elf Tage gedauert und niemand hat mir gesagt, warum sie so spät kam."
PORTUGUESE = "A entrega demorou onze dias e ninguém me disse por que estava tão atrasada."


def documents(texts, source="survey"):
    ids = [f"{source}/{number:05d}" for number in range(len(texts))]
    return pd.DataFrame({"document_id": ids, "source": source, "text": texts})


def status_of(*texts):
    found = detect_languages(documents(list(texts)))
    return list(zip(found["language"], found["status"], strict=True))


def test_what_the_encoder_does_not_speak_is_set_aside():
    assert status_of(ENGLISH, GERMAN, PORTUGUESE) == [
        ("en", READ), ("de", SET_ASIDE), ("pt", SET_ASIDE),
    ]  # fmt: skip


@pytest.mark.parametrize("unit", ["x", "aB3/+", "A-", "111.", "a@", "a.", "www.", "["])
def test_a_word_of_a_megabyte_is_masked_split_and_placed_in_bounded_time(excerpts, unit):
    masker = build_masker(pd.DataFrame({"kind": ["name"], "value": ["Anna Smith"]}))
    started = time.perf_counter()
    text = masker.mask(
        clean_text(read_message(f"{ENGLISH} {unit * (1_000_000 // len(unit))}").text)
    )
    found = excerpts([("participant", text)])
    language = detect_languages(documents([text]))
    assert time.perf_counter() - started < 60
    assert ENGLISH in text
    assert found["text"].iloc[0] == ENGLISH
    assert len(language) == 1


def test_addresses_say_no_language():
    addresses = " ".join(f"anna.schmidt{n}@beispiel-firma.de" for n in range(30))
    assert status_of(f"{ENGLISH} {addresses}") == [("en", READ)]
    assert status_of(addresses) == [("en", TOO_SHORT)]


def test_other_languages_can_be_read():
    found = detect_languages(documents([ENGLISH, GERMAN]), languages=("de",))
    assert found["status"].tolist() == [SET_ASIDE, READ]


@pytest.mark.parametrize("text", ["Bom", "Git, R, Python", "Kein Interesse", "Nada mal, gostei"])
def test_a_short_text_is_too_short_to_tell_and_counts_with_its_source(text):
    assert status_of(ENGLISH, ENGLISH, text)[2] == ("en", TOO_SHORT)
    assert status_of(PORTUGUESE, PORTUGUESE, text)[2] == ("pt", SET_ASIDE)
    assert status_of(text) == [("en", TOO_SHORT)]


def test_one_foreign_answer_does_not_take_the_short_ones_with_it():
    shorts = ["Too slow", "The price", "Nothing", "Support was rude", "Login", "Waiting on hold"]
    found = status_of(*shorts, "Much better now", "It was easy", PORTUGUESE)
    assert found[-1] == ("pt", SET_ASIDE)
    assert set(found[:-1]) == {("en", TOO_SHORT)}


def test_each_source_has_a_language_of_its_own():
    both = pd.concat([documents([ENGLISH, "Good"]), documents([PORTUGUESE, "Bom"], "inquérito")])
    found = detect_languages(both)
    assert found["status"].tolist() == [READ, TOO_SHORT, SET_ASIDE, SET_ASIDE]
    assert found["document_id"].tolist() == both["document_id"].tolist()


@pytest.mark.parametrize("text", ["", "123 456", "???", "[name]", "https://example.org/a/b/c"])
def test_a_text_without_words_has_no_probability(text):
    (row,) = detect_languages(documents([text])).to_dict("records")
    assert (row["language"], row["status"]) == ("en", TOO_SHORT)
    assert pd.isna(row["probability"])


def test_masks_and_addresses_are_in_no_language():
    masks = "[name] [organisation] [email] [phone] https://example.org/the/order/form"
    masked = f"{masks} {PORTUGUESE} {masks}"
    (bare, row) = detect_languages(documents([PORTUGUESE, masked])).to_dict("records")
    assert (row["language"], row["status"]) == ("pt", SET_ASIDE)
    assert row["probability"] == pytest.approx(bare["probability"], abs=0.02)


def test_digits_are_not_set_aside_as_foreign():
    text = f"{ENGLISH} {'0123456789' * 80}"
    assert status_of(text)[0][1] == READ


def test_an_interview_is_in_its_participants_language():
    text = f"{ENGLISH}\n{PORTUGUESE}"
    talk = documents([text], source="talks")
    cut = len(ENGLISH)
    turns = pd.DataFrame(
        {
            "document_id": "talks/00000", "turn": [0, 1], "start": [0, cut + 1],
            "end": [cut, len(text)], "speaker": ["interviewer", "participant"],
        }
    )  # fmt: skip
    assert detect_languages(talk, turns)["language"].tolist() == ["pt"]
    turned = turns.assign(speaker=["participant", "interviewer"])
    assert detect_languages(talk, turned)["language"].tolist() == ["en"]
    silent = turns.assign(speaker="interviewer")
    assert detect_languages(talk, silent)["status"].tolist() == [TOO_SHORT]


def test_chinese_needs_no_blanks_to_be_long():
    text = "送货花了十一天，没有人告诉我为什么这么晚，我再也不会在这里买东西了。"
    assert status_of(text) == [("zh", SET_ASIDE)]


def test_no_documents_give_no_rows():
    found = detect_languages(documents([]))
    assert found.empty
    assert found.columns.tolist() == ["document_id", "source", "language", "probability", "status"]


def test_row_order_changes_nothing_and_nothing_is_fetched(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    table = documents([ENGLISH, "Bom", GERMAN, "Slow", PORTUGUESE])
    straight = detect_languages(table)
    turned = detect_languages(table.iloc[::-1]).iloc[::-1].reset_index(drop=True)
    assert_frame_equal(straight, turned)


def test_ten_thousand_answers_take_seconds():
    table = documents([f"{ENGLISH[: 50 + n % 15]} {n}" for n in range(10_000)])
    start = time.perf_counter()
    detect_languages(table)
    assert time.perf_counter() - start < 20


def shared(*parts):
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no data at {path}")
    return path


def test_portuguese_interviews_and_answers_are_all_set_aside():
    folder = shared("raise_interviews_pt")
    talks = [path.read_text("utf-8") for path in sorted(folder.glob("Exp_*.txt"))]
    assert set(detect_languages(documents(talks))["status"]) == {SET_ASIDE}
    with (folder / "answers.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    answers = [cell for row in rows for cell in row if re.search("[a-z]{2}", cell)]
    assert set(detect_languages(documents(answers))["status"]) == {SET_ASIDE}


def test_the_demo_interviews_are_all_read():
    texts = [
        path.read_text("utf-8")
        for path in sorted((ROOT / "data" / "raw" / "demo" / "interviews").glob("*.txt"))
    ]
    assert set(detect_languages(documents(texts))["status"]) == {READ}


def test_hardly_an_english_survey_answer_is_set_aside():
    path = shared("jupyter_surveys", "2015-12-notebook-ux", "20160115235816-SurveyExport.csv")
    cells = pd.read_csv(path, dtype=str, keep_default_na=False).iloc[:, 4:36].to_numpy().ravel()
    answers = [cell for cell in cells if cell.strip()]
    found = detect_languages(documents(answers))
    assert len(found) > 8_000
    assert (found["status"] == SET_ASIDE).mean() < 0.001
    assert set(found["language"][found["status"] != SET_ASIDE]) == {"en"}


def test_hardly_a_noisy_english_comment_is_set_aside():
    lines = shared("goemotions", "test.tsv").read_text("utf-8").splitlines()
    found = detect_languages(documents([line.split("\t")[0] for line in lines]))
    assert (found["status"] == SET_ASIDE).mean() < 0.001
