import json

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.codes import resolve_codes
from cjm_research.errors import ConfigError, UnknownNameError
from cjm_research.review import (
    LOG_COLUMNS,
    append_change,
    apply_log,
    gone_codes,
    list_worklist,
    read_log,
    renamed_labels,
)
from cjm_research.tables import check_table
from tests.review.tables import make_codes

ANA, BEN, JUDGE = "person:ana", "person:ben", "person:adjudicated"
KNOWN = {("pain_point", code) for code in ("slow", "late", "trust", "wait")} | {("stage", "see")}
CODERS = check_table(
    pd.DataFrame(
        [
            (ANA, "person"), (BEN, "person"), (JUDGE, "person"), ("source", "source"),
            ("rules", "machine"),
        ],
        columns=["coder_id", "kind"],
    ).assign(name="", version="", sha256=""),
    "coders",
)  # fmt: skip


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "codebook_log.csv"

    class Log:
        def __call__(self, action, code="", into="", **more):
            more = {"by": "ana", "code_group": "pain_point" if code else "", **more}
            return append_change(
                path, action=action, code=code, into=into, known=more.pop("known", KNOWN), **more
            )

        def read(self):
            return read_log(path)

        def apply(self, codes):
            return apply_log(codes, self.read())

    log = Log()
    log.path = path
    return log


def said(codes, *columns):
    return codes[["excerpt_id", "code", *columns]].to_numpy().tolist()


def holds(codes):
    held = resolve_codes(codes, CODERS)
    return {(row.excerpt_id, row.code, row.coder_id) for row in held.itertuples()}


def pain(coder, excerpt, code, **more):
    return (coder, excerpt, "pain_point", code, more)


def test_without_a_log_nothing_changes(log):
    codes = make_codes(pain(ANA, "d#0", "slow"))
    assert list(log.read().columns) == LOG_COLUMNS
    assert_frame_equal(log.apply(codes), codes)


def test_changes_are_numbered_dated_and_only_appended(log):
    assert log("merge", "late", "slow", note="the same, for our reader") == "1"
    before = log.path.read_bytes()
    assert log("rename", "slow", label="Waiting, of all kinds") == "2"
    assert log.path.read_bytes().startswith(before)
    rows = log.read()
    assert rows[["change_id", "by", "action", "code", "into", "label"]].to_numpy().tolist() == [
        ["1", "ana", "merge", "late", "slow", ""],
        ["2", "ana", "rename", "slow", "", "Waiting, of all kinds"],
    ]
    assert pd.to_datetime(rows["at"], utc=True).notna().all()


def test_a_merge_counts_both_as_the_one_that_stays(log):
    codes = make_codes(
        pain(ANA, "d#0", "late"), pain(ANA, "d#1", "slow"), pain("rules", "d#2", "late"),
        (ANA, "d#0", "delight", "late"),
    )  # fmt: skip
    log("merge", "late", "slow")
    after = log.apply(codes)
    assert said(after) == [["d#0", "slow"], ["d#1", "slow"], ["d#2", "slow"], ["d#0", "late"]]
    assert json.loads(after["attributes"][0]) == {"merged_from": "late"}
    assert after["code_id"].tolist() == codes["code_id"].tolist()


def test_merges_follow_each_other_and_keep_where_rows_came_from(log):
    log("merge", "late", "slow")
    log("merge", "slow", "wait")
    after = log.apply(make_codes(pain(ANA, "d#0", "late")))
    assert said(after) == [["d#0", "wait"]]
    assert json.loads(after["attributes"][0]) == {"merged_from": "late"}


@pytest.mark.parametrize(
    "change",
    [
        {"action": "merge", "code": "late", "into": "slow"},
        {"action": "retire", "code": "late"},
        {"action": "split", "code": "late", "into": "lost;waiting"},
        {"action": "rename", "code": "late", "label": "Too late"},
    ],
    ids=lambda change: change["action"],
)
def test_an_undo_gives_back_exactly_the_table_of_before(log, change):
    codes = make_codes(
        pain(ANA, "d#0", "late", attributes='{"severity": 3}'), pain(ANA, "d#1", "slow"),
        pain(BEN, "d#0", "late", strength=0.0), pain("rules", "d#0", "late", strength=0.4),
        pain(ANA, "d#1", "late", coded_at="2099-01-01T00:00Z"),
        pain(ANA, "d#1", "waiting", coded_at="2099-01-01T00:00Z"),
    )  # fmt: skip
    number = log(**change)
    changed = log.apply(codes)
    assert changed.equals(codes) == (change["action"] == "rename")
    log("undo", into=number)
    assert_frame_equal(log.apply(codes), codes)
    assert renamed_labels(log.read()) == {}
    assert gone_codes(log.read()) == {}


def test_the_input_is_not_changed(log):
    codes = make_codes(pain(ANA, "d#0", "late"), pain(ANA, "d#1", "trust"))
    before = codes.copy(deep=True)
    log("merge", "late", "slow")
    log("retire", "trust")
    log.apply(codes)
    assert_frame_equal(codes, before)


def test_who_refused_the_narrower_code_has_not_refused_the_wider(log):
    codes = make_codes(
        pain("rules", "d#0", "late"), pain("rules", "d#0", "slow"),
        pain(ANA, "d#0", "late", strength=0.0),
        pain("rules", "d#1", "late"), pain(ANA, "d#1", "late", strength=0.0),
        pain(BEN, "d#1", "late"),
    )  # fmt: skip
    log("merge", "late", "slow")
    # The machine's own "slow" stays; its refused "late" does not come back as "slow"; and ben,
    # whom ana does not outrank, is believed.
    assert holds(log.apply(codes)) == {("d#0", "slow", "rules"), ("d#1", "slow", BEN)}


def test_what_the_adjudicator_refused_does_not_come_back_by_a_merge(log):
    codes = make_codes(pain(ANA, "d#0", "late"), pain(JUDGE, "d#0", "late", strength=0.0))
    log("merge", "late", "slow")
    assert holds(log.apply(codes)) == set()


def test_a_retired_code_is_set_aside_visibly(log):
    codes = make_codes(pain(ANA, "d#0", "late", strength=0.7), pain("rules", "d#0", "slow"))
    log("retire", "late")
    after = log.apply(codes)
    assert said(after, "strength") == [["d#0", "late", 0.0], ["d#0", "slow", 1.0]]
    assert json.loads(after["attributes"][0]) == {"retired": "1", "was": 0.7}
    assert holds(after) == {("d#0", "slow", "rules")}


def test_a_rename_changes_what_people_read_and_no_id(log):
    codes = make_codes(pain(ANA, "d#0", "slow"))
    log("rename", "slow", label="Slow")
    last = log("rename", "slow", label="Takes too long")
    assert_frame_equal(log.apply(codes), codes)
    assert renamed_labels(log.read()) == {("pain_point", "slow"): "Takes too long"}
    log("undo", into=last)
    assert renamed_labels(log.read()) == {("pain_point", "slow"): "Slow"}


LATER = "2099-01-01T00:00Z"


def test_a_split_leaves_rows_as_they_are_and_gives_a_worklist(log):
    codes = make_codes(
        pain("rules", "d#0", "late"), pain(BEN, "d#1", "late"), pain(ANA, "d#0", "late"),
        pain(ANA, "d#2", "late", strength=0.0), pain(ANA, "d#3", "slow"),
    )  # fmt: skip
    log("split", "late", "not_sent;lost")
    assert_frame_equal(log.apply(codes), codes)
    todo = list_worklist(codes, log.read())
    assert todo[["coder_id", "excerpt_id", "code", "into"]].to_numpy().tolist() == [
        [ANA, "d#0", "late", "not_sent;lost"],
        [BEN, "d#1", "late", "not_sent;lost"],
        ["rules", "d#0", "late", "not_sent;lost"],
    ]


def test_what_was_recoded_leaves_the_worklist(log):
    codes = make_codes(
        pain(ANA, "d#0", "late"), pain(ANA, "d#0", "lost", coded_at=LATER),
        pain(BEN, "d#0", "late"), pain("rules", "d#0", "late"),
        pain("rules", "d#1", "late"), pain(ANA, "d#1", "none", coded_at=LATER),
    )  # fmt: skip
    log("split", "late", ["not_sent", "lost"])
    todo = list_worklist(codes, log.read())
    assert todo[["coder_id", "excerpt_id"]].to_numpy().tolist() == [[BEN, "d#0"]]
    after = log.apply(codes)
    assert json.loads(after["attributes"][0]) == {"recoded": "1", "was": 1.0}
    assert (ANA, "late") not in {(who, what) for _, what, who in holds(after)}


def test_a_code_from_before_the_split_recodes_nothing(log):
    codes = make_codes(
        pain(ANA, "d#0", "late"), pain(ANA, "d#0", "slow", coded_at="2026-01-01T00:00Z")
    )
    log("split", "late", "lost;slow")
    assert len(list_worklist(codes, log.read())) == 1
    assert_frame_equal(log.apply(codes), codes)


def test_a_split_makes_codes_that_can_be_changed_in_turn(log):
    log("split", "late", "lost;not_sent")
    log("merge", "lost", "slow")
    assert said(log.apply(make_codes(pain(ANA, "d#0", "lost")))) == [["d#0", "slow"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"action": "merge", "code": "slow", "into": "slow"}, "cannot go into itself"),
        ({"action": "merge", "code": "slow"}, "needs the one code that stays"),
        ({"action": "merge", "code": "slow", "into": "a;b"}, "needs the one code that stays"),
        ({"action": "split", "code": "slow", "into": "a"}, "at least two"),
        ({"action": "split", "code": "slow", "into": "a;slow"}, "cannot go into itself"),
        ({"action": "rename", "code": "slow"}, "needs the new name"),
        ({"action": "retire", "code": "none"}, "is no code of the codebook"),
        ({"action": "retire"}, "needs a code group and a code"),
        ({"action": "burn", "code": "slow"}, "unknown action 'burn'. Allowed: 'rename'"),
        ({"action": "retire", "code": "slow", "by": " "}, "say who decided it"),
        ({"action": "rename", "code": "see", "code_group": "stage", "label": "S"}, "study.yaml"),
        ({"action": "undo", "into": "7"}, "there is no change '7'"),
    ],
    ids=str,
)
def test_changes_that_cannot_be_are_refused(log, change, message):
    with pytest.raises(ConfigError, match=message):
        log(**change)
    assert not log.path.exists()


def test_an_unknown_code_is_refused_with_what_there_is(log):
    with pytest.raises(UnknownNameError, match="Did you mean 'slow'"):
        log("retire", "slwo")
    with pytest.raises(UnknownNameError, match="no pain_point code 'x'"):
        log("merge", "slow", "x")
    with pytest.raises(UnknownNameError, match="no code group 'pain'"):
        log("retire", "slow", code_group="pain")


def test_what_is_gone_cannot_be_changed_again_and_a_circle_is_refused(log):
    log("merge", "late", "slow")
    for change in (
        {"action": "merge", "code": "slow", "into": "late"},
        {"action": "retire", "code": "late"},
        {"action": "rename", "code": "late", "label": "L"},
    ):
        with pytest.raises(ConfigError, match=r"'late' was merged into 'slow' \(change 1\)"):
            log(**change)
    log("undo", into="1")
    log("merge", "slow", "late")
    assert said(log.apply(make_codes(pain(ANA, "d#0", "slow")))) == [["d#0", "late"]]


def test_nothing_is_undone_twice_and_no_undo_is_undone(log):
    log("retire", "late")
    log("undo", into="1")
    with pytest.raises(ConfigError, match="was undone already"):
        log("undo", into="1")
    with pytest.raises(ConfigError, match="is an undo itself"):
        log("undo", into="2")


def test_a_log_that_somebody_broke_is_refused_by_row(log):
    log("merge", "late", "slow")
    with log.path.open("a", encoding="utf-8") as file:
        file.write(
            "2,2026-01-01,ben,merge,pain_point,slow,late,,\n1,,ben,burn,,,,,\nx,,b,undo,,,1,,\n"
        )
    with pytest.raises(ConfigError) as raised:
        log.read()
    text = "\n".join(raised.value.problems)
    assert "row 3: 'late' was merged into 'slow'" in text
    assert "row 4: unknown action 'burn'" in text
    assert "row 4: change '1' is there twice" in text
    assert "row 5: 'x' is no number" in text


def test_a_log_without_its_columns_is_refused(log):
    log.path.write_text("what,when\n", "utf-8")
    with pytest.raises(ConfigError, match="'change_id', 'at'"):
        log.read()
