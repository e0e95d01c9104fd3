"""What a message may show of a column: words of a program, never what may be people's."""

import pandas as pd
import pytest

from cjm_research.config import ConsentValues
from cjm_research.errors import SourceError
from cjm_research.readers.consent import read_consent
from cjm_research.readers.shown_values import show_values


def cells(*values):
    return pd.Series(values, index=range(2, 2 + len(values)), dtype="object")


def test_values_that_occur_again_or_are_one_word_in_small_letters_are_shown():
    assert show_values(cells("End-user", "End-user", "bot")) == "'End-user', 'bot'"


def test_a_value_that_occurs_once_may_be_a_name_and_is_only_counted():
    assert show_values(cells("Ana Weiß")) == "1 different value in row 2"
    assert show_values(cells("bot", "Ana")) == "2 different values in rows 2, 3"


def test_many_or_long_values_are_only_counted():
    many = show_values(cells(*"abcdefghi"))
    assert many == "9 different values in rows 2, 3, 4, 5, 6, 7, 8, 9, ..."
    assert show_values(cells(*["not at all, thank you!"] * 2)).startswith("1 different value in")


def test_a_message_about_consent_holds_nobodys_words():
    with pytest.raises(SourceError, match="1 different value in row 3") as caught:
        read_consent(cells("", "Only if Ana says so"), ConsentValues(), where="a.csv")
    assert "Ana" not in str(caught.value)
