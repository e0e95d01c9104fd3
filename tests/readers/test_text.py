import codecs

import pytest

from cjm_research.errors import SourceError
from cjm_research.readers.text import decode

WORDS = "Zoë: “it’s fine”"


@pytest.mark.parametrize(
    ("data", "declared", "used"),
    [
        (WORDS.encode(), "", "utf-8"),
        (codecs.BOM_UTF8 + WORDS.encode(), "", "utf-8"),
        (WORDS.encode("utf-16"), "", "utf-16"),
        (codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"), "", "utf-16"),
        (WORDS.encode("cp1252"), "cp1252", "cp1252"),
        (b"Anna: fine".decode().encode("utf-16-le"), "utf-16-le", "utf-16-le"),
    ],
)
def test_a_mark_then_utf_8_then_the_declared_encoding_give_the_same_words(data, declared, used):
    text, encoding = decode(data, "a.txt", encoding=declared)
    assert text in (WORDS, "Anna: fine")
    assert encoding == used


def test_utf8_wins_over_a_wrong_declaration():
    assert decode(WORDS.encode(), "a.txt", encoding="cp1252")[0] == WORDS


@pytest.mark.parametrize(
    ("data", "declared", "advice"),
    [
        (WORDS.encode("cp1252"), "", "declare `encoding:`"),
        (b"\xff\xfea\x00b", "", "declare the encoding"),
        (WORDS.encode("cp1252"), "ascii", "declare the encoding"),
        (WORDS.encode("cp1252"), "klingon", "utf-8, cp1252"),
        ("Anna: fine".encode("utf-16-le"), "", "utf-16-le"),
    ],
)
def test_files_of_another_encoding_are_refused_with_advice_and_never_guessed(
    data, declared, advice
):
    with pytest.raises(SourceError, match=r"a\.txt") as caught:
        decode(data, "a.txt", encoding=declared)
    assert advice in str(caught.value)
