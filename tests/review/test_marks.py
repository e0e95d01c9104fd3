"""Files of marks: what is taken, what is refused and how it is said, and the rows they make."""

import json
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cjm_research.errors import CjmError, SourceError, TableError
from cjm_research.review import (
    Marks,
    append_claims,
    append_codes,
    drop_known_rows,
    make_rows,
    read_claims,
    read_marks,
    reviewer_name,
    take_back_stages,
)
from cjm_research.review.marks import MAX_BYTES
from tests.review.tables import make_codes, make_tables

TEXTS = {"talks/P01": "I saw it. It was slow. I left.", "talks/P02": "It was slow. Paying failed."}
EXCERPTS, DOCUMENTS = make_tables(TEXTS)
ALLOWED = {
    ("stage", "see"), ("stage", "buy"), ("pain_point", "slow"), ("pain_point", "trust"),
    ("need", "need"),
}  # fmt: skip


def quote(answer, **more):
    return {
        "kind": "quote", "quote_id": "q001", "document": "talks/P01", "start": 10, "end": 22,
        "quote": "It was slow.", "codes": ["pain_point:slow"], "stage": "buy", "answer": answer,
        "code": "", "instead": "", "comment": "", "at": "2026-05-01T10:00:00.250Z",
    } | more  # fmt: skip


def claim(answer="disagree", **more):
    return {
        "kind": "claim", "claim": "F1", "words": "Paying is the trouble", "answer": answer,
        "comment": "", "at": "2026-05-01T10:00:00Z",
    } | more  # fmt: skip


def file_of(*marks, **more):
    return {
        "format": "cjm-review", "format_version": 1, "study": "tiny", "version": "abc",
        "reviewer": "Mara", "saved_at": "2026-05-01T11:00:00Z", "marks": list(marks),
    } | more  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def read(content, study="tiny", now=None):
        path = tmp_path / "review.json"
        data = content if isinstance(content, (str, bytes)) else json.dumps(content)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_marks(path, study=study, now=now)

    return read


def rows_of(marks, **options):
    made = make_rows(marks, DOCUMENTS, **{"allowed": ALLOWED} | options)
    return [
        (r["quote"], r["code_group"], r["code"], r["strength"], r["note"])
        for r in made.rows.to_dict("records")
    ], made.lost


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (quote("agree"), [("pain_point", "slow", 1, "")]),
        (quote("agree", codes=[]), [("stage", "buy", 1, "")]),
        (quote("disagree", comment="no"), [("pain_point", "slow", 0, "no")]),
        (
            quote("disagree", codes=["pain_point:slow", "need:need"]),
            [("pain_point", "slow", 0, ""), ("need", "need", 0, "")],
        ),
        (
            quote("disagree", codes=["pain_point:slow", "need:need"], code="need:need"),
            [("need", "need", 0, "")],
        ),
        (
            quote("wrong code", instead="pain_point:trust"),
            [("pain_point", "slow", 0, ""), ("pain_point", "trust", 1, "")],
        ),
        (
            quote("wrong code", instead="pain_point:trust", codes=[]),
            [("pain_point", "trust", 1, "")],
        ),
        (quote("wrong stage", instead="see"), [("stage", "buy", 0, ""), ("stage", "see", 1, "")]),
        (quote("comment", comment=" Really? "), [("memo", "memo", 0, "Really?")]),
        (claim(), []),
    ],
)
def test_every_answer_makes_its_rows(read, mark, expected):
    rows, lost = rows_of(read(file_of(mark)))
    assert rows == [("It was slow.", *row) for row in expected]
    assert lost == ()


def test_one_quote_may_bear_several_answers_in_the_order_of_time(read):
    rows, _ = rows_of(
        read(
            file_of(
                quote("wrong stage", instead="see", at="2026-05-01T12:00:00Z"),
                quote("agree", at="2026-05-01T13:00:00+02:00"),
            )
        )
    )
    assert [row[1] for row in rows] == ["pain_point", "stage", "stage"]


def test_a_quote_that_moved_is_found_and_one_that_is_gone_is_lost(read):
    made = make_rows(
        read(
            file_of(
                quote("agree", start=3, end=15),
                quote("agree", quote="Nobody ever said such a thing."),
                quote("agree", document="talks/P09", quote="A secret of somebody."),
            )
        ),
        DOCUMENTS,
        allowed=ALLOWED,
    )
    assert made.rows[["start", "end"]].to_numpy().tolist() == [[10, 22]]
    assert made.lost == (
        "mark 2: its quote does not stand in talks/P01 any more",
        "mark 3: its document is not in the study (any more)",
    )


def test_a_code_that_the_codebook_has_ended_is_lost_and_an_unknown_one_is_refused(read):
    gone = {("pain_point", "slow"): "merged into 'trust' (change 2)"}
    rows, lost = rows_of(read(file_of(quote("agree"))), allowed=ALLOWED - set(gone), gone=gone)
    assert (rows, lost) == ([], ("mark 1: its code was merged into 'trust' (change 2)",))
    marks = read(
        file_of(
            quote("wrong code", instead="pain_point:trusts"),
            quote("wrong stage", instead="shop", start=0, end=9, quote="I saw it."),
            quote("agree", codes=["paint:slow"]),
        )
    )
    with pytest.raises(TableError) as error:
        rows_of(marks)
    assert len(error.value.problems) == 3
    assert "mark 1: no pain_point 'trusts'. Did you mean 'trust'?" in str(error.value)
    assert "mark 2: no stage 'shop'." in str(error.value)
    assert "mark 3: no code group 'paint'. Did you mean 'pain_point'?" in str(error.value)


def test_what_a_quote_bears_may_be_refused_though_nobody_may_give_it(read):
    marks = read(file_of(quote("disagree", codes=["pain_point:other"])))
    rows, _ = rows_of(marks, borne={("pain_point", "other")})
    assert rows == [("It was slow.", "pain_point", "other", 0, "")]
    with pytest.raises(TableError, match="no pain_point 'other'"):
        rows_of(marks)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        ("[1, 2", "no JSON"),
        ("[" * 200_000, "no JSON"),
        ('{"format": "cjm-review", "format": "cjm-review"}', "occurs twice"),
        ('{"format": NaN}', "NaN is no number"),
        ("9" * 5000, "no JSON"),
        ("[]", "`format` is not 'cjm-review'"),
        ("null", "`format` is not 'cjm-review'"),
        (file_of(format="cjm"), "`format` is not 'cjm-review'"),
        (file_of(format_version=2), "format_version is 2, and this program reads 1"),
        (file_of(format_version=True), "format_version is True"),
        (b" " * (MAX_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_what_is_no_file_of_marks_is_refused(read, content, words):
    with pytest.raises(SourceError, match=words):
        read(content)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read_marks(tmp_path / "none.json", study="tiny")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (file_of(study="other"), "belong to the study 'other', not to 'tiny'"),
        (file_of(reviewr="x"), "unknown key 'reviewr'. Did you mean 'reviewer'?"),
        (file_of(quote("agree", strat=1)), "mark 1: unknown key 'strat'. Did you mean 'start'?"),
        (file_of(quote("agree", start="10")),
         "mark 1: `start`: this should be a whole number. Found: '10'."),
        (json.dumps(file_of(quote("agree"))).replace("10,", "1e999,"), "mark 1: `start`"),
        (file_of(quote("agree", start=-1)), "mark 1: `start`"),
        (file_of(quote("agree", end=10)), "mark 1: `end` must be greater than `start`"),
        (file_of(quote("agree", codes="x")), "mark 1: `codes`"),
        (file_of(quote("agree", codes=["slow"])),
         "mark 1: `codes`: this should be a code as group:code, such as 'pain_point:slow'"),
        (file_of(quote("maybe")), "mark 1: `answer`: this is not allowed. Found: 'maybe'. Allowed"),
        (file_of(claim("wrong code")), "mark 1: `answer`"),
        (file_of(quote("agree", at="2026-05-01T10:00:00")),
         "mark 1: `at`: this should be a time with its zone"),
        (file_of(quote("agree", at="0001-01-01T00:00:00+23:00")), "mark 1: `at`"),
        (file_of(quote("agree", comment="a\u0000b")), "mark 1: `comment`.*no text"),
        (file_of(quote("agree", comment="x" * 5000)), "mark 1: `comment`"),
        (file_of(quote("agree", comment="\ud800")), "characters that are no text"),
        (file_of(quote("agree", comment=["x"])), "mark 1: `comment`"),
        (file_of(quote("agree", comment={"x": 1})), "mark 1: `comment`"),
        (file_of(quote("comment")), "mark 1: a comment without words"),
        (file_of(quote("agree", code="need:need")), "'need:need' is none of the quote's codes"),
        (file_of(quote("wrong code")), "must name the right code as group:code"),
        (file_of(quote("wrong code", instead="trust")), "as group:code"),
        (file_of(quote("wrong code", instead="pain_point:slow")), "is the code that it bears"),
        (file_of(quote("wrong stage", instead="buy")), "must name another stage"),
        (file_of(quote("agree", instead="pain_point:trust")), "goes with 'wrong code'"),
        (file_of(quote("agree", codes=[], stage="")), "bears no code and no stage"),
        (file_of(quote("agree"), quote("disagree")), "marks 1 and 2: both yes and no"),
        (file_of({"kind": "quotes"}), "mark 1: `kind` must be one of 'quote', 'claim'"),
        (file_of({"kind": ["quote"]}), "mark 1: `kind`"),
        (file_of("x"), "mark 1"),
        (file_of(marks={}), "`marks`"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_said_by_mark(read, content, words):
    with pytest.raises(TableError, match=words.replace("?", r"\?").replace("(", r"\(")):
        read(content)


def test_a_mark_of_a_time_to_come_is_refused_unless_clocks_may_differ(read):
    now = datetime(2026, 5, 10, 12, tzinfo=UTC)
    later = quote("agree", at="2026-05-11T11:00:00Z")
    assert read(file_of(later), now=now).marks[0].at.day == 11
    with pytest.raises(TableError, match="mark 2: made on 2026-05-12, which is more"):
        read(file_of(later, claim(at="2026-05-12T12:00:00Z")), now=now)
    with pytest.raises(TableError, match="the file was saved on 2031-01-01"):
        read(file_of(later, saved_at="2031-01-01T00:00:00Z"), now=now)


def test_all_that_is_wrong_is_said_at_once_and_a_flood_is_cut(read):
    with pytest.raises(TableError) as error:
        read(file_of(quote("x"), quote("agree", start="1"), claim(more=1)))
    assert len(error.value.problems) == 3
    with pytest.raises(TableError, match=r"and 80 more\.") as error:
        read(file_of(*[quote("x")] * 100))
    assert len(error.value.problems) == 21


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
FIELDS = sorted({*quote("agree"), *claim()})
BENT = st.builds(
    lambda base, field, value: base | {field: value},
    st.sampled_from([quote("agree"), quote("wrong code", instead="need:need"), claim()]),
    st.sampled_from(FIELDS), JSON,
)  # fmt: skip


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=JSON | st.builds(file_of, BENT, BENT) | st.builds(
    lambda field, value: file_of(quote("agree")) | {field: value},
    st.sampled_from(sorted(file_of())), JSON,
))  # fmt: skip
def test_any_json_is_marks_or_an_error_that_speaks(read, content):
    try:
        marks = read(content)
    except CjmError as error:
        assert len(str(error)) < 20_000
        return
    assert isinstance(marks, Marks)
    try:
        make_rows(marks, DOCUMENTS, allowed=ALLOWED)
    except TableError:
        return


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_file_with_a_byte_changed_is_marks_or_an_error_that_speaks(read, data):
    whole = bytearray(json.dumps(file_of(quote("agree"), claim())).encode())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))
    try:
        assert isinstance(read(bytes(whole)), Marks)
    except CjmError:
        return


def known_after(tmp_path, *files):
    """Append the rows of several files, one after the other; return how many each gave."""
    numbers = []
    for marks in files:
        rows = make_rows(marks, DOCUMENTS, allowed=ALLOWED).rows
        path = tmp_path / "codes" / "mara.csv"
        own = (
            pd.read_csv(path, dtype=str, keep_default_na=False)
            if path.exists()
            else pd.DataFrame(columns=["document_id", "quote", "code_group", "code", "coded_at"])
        )
        new = drop_known_rows(rows, own)
        append_codes(tmp_path / "codes", "mara", new)
        numbers.append(len(new))
    return numbers


def test_the_same_file_twice_gives_nothing_and_an_older_one_takes_nothing_back(read, tmp_path):
    monday = read(file_of(quote("agree"), quote("wrong stage", instead="see")))
    tuesday = read(
        file_of(
            quote("disagree", at="2026-05-02T10:00:00Z"),
            quote("wrong stage", instead="buy", stage="see", at="2026-05-02T10:00:00Z"),
        )
    )
    assert known_after(tmp_path, monday, monday, tuesday, monday, tuesday) == [3, 0, 3, 0, 0]


def test_an_earlier_stage_of_ones_own_is_taken_back(read):
    made = make_rows(read(file_of(quote("wrong stage", instead="see"))), DOCUMENTS, allowed=ALLOWED)
    excerpt = EXCERPTS.loc[EXCERPTS["text"] == "It was slow.", "excerpt_id"].iloc[0]
    place = {"start": 10, "end": 22}
    own = make_codes(
        ("person:mara", excerpt, "stage", "leave", dict(place)),
        ("person:mara", excerpt, "stage", "see", dict(place)),
        ("person:mara", excerpt, "stage", "gone", dict(place, strength=0.0)),
    )
    rows = take_back_stages(made.rows, own)
    assert rows[["code", "strength"]].to_numpy().tolist() == [["buy", 0], ["see", 1], ["leave", 0]]
    assert rows["document_id"].eq("talks/P01").all()


def test_answers_to_claims_are_kept_once_and_read_back_as_they_were(tmp_path):
    rows = pd.DataFrame(
        [["F1", "=1+1", "disagree", "+ not so\nfast", "2026-05-01T10:00:00Z", "abc"]],
        columns=["claim", "words", "answer", "comment", "at", "version"],
    )
    assert append_claims(tmp_path, "mara", rows) == 1
    assert append_claims(tmp_path, "mara", pd.concat([rows, rows.assign(claim="F2")])) == 1
    assert append_claims(tmp_path, "mara", rows) == 0
    assert "'=1+1,disagree,\"'+ not so" in (tmp_path / "mara.csv").read_text("utf-8")
    back = read_claims(tmp_path)
    assert back["reviewer"].tolist() == ["mara", "mara"]
    assert back.drop(columns="reviewer").iloc[0].tolist() == rows.iloc[0].tolist()


def test_a_file_that_holds_no_answers_is_refused(tmp_path):
    (tmp_path / "mara.csv").write_text("claim,answer\nF1,agree\n", "utf-8")
    with pytest.raises(TableError, match="'words', 'comment', 'at', 'version' are missing"):
        read_claims(tmp_path)
    (tmp_path / "mara.csv").write_text("claim,words,answer,comment,at,version\nF1,,yes,,,\n")
    with pytest.raises(TableError, match="no answer 'yes'"):
        read_claims(tmp_path)
    assert read_claims(tmp_path / "none").empty


@pytest.mark.parametrize(
    ("typed", "name"), [("Mara", "mara"), (" Zoë  de Vries ", "zoe-de-vries"), ("", "")]
)
def test_a_name_as_typed_becomes_that_of_a_file(typed, name):
    assert reviewer_name(typed) == name
