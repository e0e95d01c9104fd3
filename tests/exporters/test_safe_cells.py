import pytest

from cjm_research.safe_cells import clean_text, cut_text, guard_text, unguard_text

SIGNS = "=+-@＝＋－＠"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(
    "before", ["", " ", "\t", "\r", "\n", "\0", "\0\0", "a;", "a\n", "a|", "a\t"]
)
def test_no_sign_of_a_formula_begins_a_cell(sign, before):
    shown = guard_text(f"{before}{sign}1")
    assert f"'{sign}1" in shown
    assert unguard_text(shown) == clean_text(f"{before}{sign}1")


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx"])
def test_a_blank_that_programs_skip_is_guarded_too(text):
    assert guard_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain", "a=b", "1-2", "a; b", "it's", "−3", "x@y.example"])
def test_harmless_text_stays_as_it_is(text):
    assert guard_text(text) == text == unguard_text(text)


def test_what_no_format_holds_is_taken_out():
    assert clean_text("a\0b\x1f\ud800c\n") == "abc\n"
    clean_text("\U0001f600 é").encode()


def test_long_text_is_cut_at_a_word():
    assert cut_text("one two three", 9) == "one two…"
    assert cut_text("one two three", 13) == "one two three"
    assert cut_text("x" * 30, 10) == "x" * 9 + "…"
    assert all(len(cut_text("some words here", n)) <= max(n, 1) for n in range(16))
