from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cjm_research.display import show_quotes, show_table
from cjm_research.markup import escape, quotes_html, table_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</td></table><iframe src=//evil>",
    "&lt;b&gt; &amp;",
    "{{ 7 * 7 }} {% raw %}",
]

QUOTE = {
    "text": "It froze.", "document_id": "talks/P01", "start": 12, "end": 21, "alias": "P01",
    "at": "interview, turn 3",
}  # fmt: skip


class Reader(HTMLParser):
    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    read = Reader(f'<p title="{escape(text)}">{escape(text)}</p>')
    assert read.tags == ["p"]
    assert read.attributes == [("title", text)]
    assert read.text == text


@settings(deadline=None)
@given(st.text())
def test_any_text_comes_back_as_text(text):
    kept = "".join(c for c in text if c not in "\0" and not "\u202a" <= c <= "\u202e")
    kept = "".join(c for c in kept if not "\u2066" <= c <= "\u2069")
    assert not {"<", ">", '"', "'"} & set(escape(text))
    assert Reader(f"<p>{escape(text)}</p>").text == kept


@pytest.mark.parametrize("control", ["\0", "\u202a", "\u202d", "\u202e", "\u2066", "\u2069"])
def test_nul_and_bidirectional_controls_are_dropped(control):
    assert escape(f"a{control}b") == "ab"


def test_other_scripts_and_joiners_are_kept():
    assert escape("שלום 👩‍🔬 naïve") == "שלום 👩‍🔬 naïve"


def test_what_is_no_text_is_shown_as_text():
    assert escape(3) == "3"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_cells_headers_and_captions_stay_text(text):
    read = Reader(table_html(pd.DataFrame({text: [text]}), caption=text))
    assert set(read.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert read.text == text * 3
    assert {name for name, _ in read.attributes} <= {"class", "scope"}


def test_a_table_has_a_caption_and_scoped_headers_and_numbers_to_the_right():
    html = table_html(pd.DataFrame({"stage": ["buy"], "n": [3]}), caption="People")
    assert "<caption>People</caption>" in html
    assert '<th scope="col">stage</th><th scope="col">n</th>' in html
    assert '<td>buy</td><td class="number">3</td>' in html


def test_missing_values_are_empty_cells():
    frame = pd.DataFrame({"a": ["x", None], "b": [np.nan, 1.0], "c": [pd.NaT, pd.NaT]})
    html = table_html(frame, caption="c")
    assert "nan" not in html.casefold()
    assert "nat" not in html.casefold()
    assert "none" not in html.casefold()


def test_a_quote_carries_its_address():
    read = Reader(quotes_html([QUOTE]))
    attributes = dict(read.attributes)
    assert attributes["data-document"] == "talks/P01"
    assert (attributes["data-start"], attributes["data-end"]) == ("12", "21")
    assert read.text == "It froze.P01, interview, turn 3"


@pytest.mark.parametrize("field", ["text", "document_id", "alias", "at"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_quotes_stay_text(field, text):
    read = Reader(quotes_html([QUOTE | {field: text}]))
    assert read.tags == ["blockquote", "p", "footer"]
    assert {name for name, _ in read.attributes} == {
        "class", "data-document", "data-start", "data-end",
    }  # fmt: skip
    assert text in read.text + dict(read.attributes)["data-document"]


def test_an_address_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="invalid literal"):
        quotes_html([QUOTE | {"start": '0" onclick="x'}])


def test_no_quotes_give_nothing():
    assert quotes_html([]) == ""


def test_a_shown_table_is_escaped_and_leaves_lists_out():
    shown = show_table(pd.DataFrame({"n_heard": [1], "many": [[1, 2]]}), caption="<b>")
    html = shown._repr_html_()
    assert ">heard<" in html
    assert "many" not in html
    assert "<b>" not in html
    assert "<" not in repr(shown).removeprefix("<")


def test_shown_quotes_are_escaped():
    html = show_quotes(pd.DataFrame([QUOTE | {"text": HOSTILE[0]}]))._repr_html_()
    assert "<script" not in html


def test_a_column_whose_heading_repeats_another_is_shown():
    table = pd.DataFrame([[1, "a"], [2, "b"]], columns=["same", "same"])
    shown = show_table(table, caption="Two")._repr_html_()
    assert shown.count('<th scope="col">same</th>') == 2
    assert '<td class="number">1</td><td>a</td>' in shown


def test_a_source_is_shown_by_its_name_and_not_twice():
    table = pd.DataFrame({"source": ["talks"], "source_label": ["Interviews"]})
    shown = show_table(table, caption="One")._repr_html_()
    assert "Interviews" in shown and "talks" not in shown
    assert shown.count("<th ") == 1


def test_small_p_values_and_small_negative_numbers_are_not_shown_as_nothing():
    table = pd.DataFrame({"p_adjusted": [3e-59, 0.0412], "difference": [-0.001, 0.25]})
    shown = show_table(table, caption="Differences")._repr_html_()
    assert "&lt; 0.001" in shown and "0.041" in shown
    assert "-0.00" not in shown and ">0.00<" in shown


def test_a_path_is_shown_with_the_names_of_its_stages():
    table = pd.DataFrame({"path": ["look > buy > ..."], "n": [3]})
    shown = show_table(table, caption="Paths", stage_names={"look": "Looking"})._repr_html_()
    assert "Looking &gt; buy &gt; ..." in shown
