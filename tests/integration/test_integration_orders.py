import math

import pandas as pd
import pytest

from cjm_research.integration.orders import ORDER_COLUMNS, compare_orders
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import estimate_proportion

JOURNEY = Journey(
    (
        Stage("see", "Seeing", cues=("the advert", "leaflet*"), prompts=("How did you hear?",)),
        Stage("buy", "Buying", cues=("basket|checkout", "paying")),
        Stage("use", "Using", cues=("at home",)),
        Stage("tell", "Telling", sequential=False, measure="none"),
    )
)
ME, THEM = "participant", "interviewer"
NOT_SHOWN = ["n_told", "n_told_planned", "n_told_reversed", "reversed_share"]


def row(document, number, who, stage="", text="", *, by="person:ana", basis="person", **more):
    return {
        "document_id": document, "participant_id": document.split("/")[1].split("-")[0],
        "source": document.split("/")[0], "excerpt_id": f"{document}#{number}", "turn": number,
        "start": 10 * number, "speaker": who, "stage": stage, "text": text or f"Line {number}.",
        "prompt": "", "heading": "", "by": by, "basis": basis, "asked_basis": "", **more,
    }  # fmt: skip


def telling(name, *stages, source="talks", **more):
    """One interview; a stage per line, all of it confirmed by a person."""
    return [
        row(f"{source}/{name}", number, ME, stage, **more) for number, stage in enumerate(stages)
    ]


def stage_codes(frame, *, basis, by):
    return pd.DataFrame(
        {
            "excerpt_id": frame["excerpt_id"],
            "code_group": "stage",
            "code": frame["stage"],
            "basis": basis,
            "coder_id": by,
        }
    )


def moves(*pairs):
    columns = ["from", "to", "segment", "segment_value", "n_transitions", "n_participants"]
    return pd.DataFrame([(a, b, "", "", n, p) for a, b, n, p in pairs], columns=columns)


def loops_of(*rows):
    return pd.DataFrame(rows, columns=["a", "b", "n_loops", "n_participants"])


def rework_of(*rows):
    columns = ["stage", "segment", "segment_value", "n_participants", "n_returned"]
    return pd.DataFrame(rows, columns=columns)


def paths_of(*rows, n_total=0):
    frame = pd.DataFrame(rows, columns=["path", "n_participants"])
    return frame.assign(n_total=n_total)


def orders(
    *tellings,
    kind="interview",
    declared="",
    design=False,
    transitions=None,
    loops=None,
    rework=None,
    paths=None,
    shuffle=False,
    said_at=None,
    journey=JOURNEY,
):
    lines = [line for telling in tellings for line in telling]
    excerpts = pd.DataFrame(lines, columns=list(row("talks/nobody", 0, ME)))
    if shuffle:
        excerpts = excerpts.sample(frac=1, random_state=3)
    placed = excerpts[excerpts["stage"] != ""]
    held = stage_codes(placed, basis=placed["basis"], by=placed["by"])
    asked = placed[placed["asked_basis"] != ""]
    codes = pd.concat([held, stage_codes(asked, basis=asked["asked_basis"], by="stages")])
    ids = sorted(excerpts["document_id"].unique(), reverse=True)
    documents = pd.DataFrame(
        {
            "document_id": pd.Series(ids, dtype="object"),
            "kind": kind,
            "declared_stage": declared,
            "said_at": pd.to_datetime([(said_at or {}).get(name) for name in ids], utc=True),
        }
    )
    return compare_orders(
        excerpts=excerpts.drop(columns=["by", "basis", "asked_basis"]),
        documents=documents,
        held=held,
        codes=codes,
        coders=pd.DataFrame(
            {
                "coder_id": ["person:ana", "source", "stages"],
                "kind": ["person", "source", "machine"],
            }
        ),
        transitions=moves() if transitions is None else transitions,
        loops=loops_of() if loops is None else loops,
        rework=rework_of() if rework is None else rework,
        paths=paths_of() if paths is None else paths,
        source_facts=pd.DataFrame({"source": ["talks"], "has_design": [design]}),
        journey=journey,
    )


def five(*stages, n=5, start=0, **more):
    return [telling(f"p{start + number}", *stages, **more) for number in range(n)]


def pair(table, stage, source="talks"):
    mine = table[(table["stage"] == stage) & (table["source"] == source)]
    assert len(mine) == 1
    return mine.iloc[0]


def test_first_mentions_give_the_order_that_is_told():
    table = orders(*five("see", "buy", "see", n=4), *five("buy", "see", "use", n=2, start=4))
    see = pair(table, "see")
    assert (see.n_interviewed, see.n_ordered, see.n_told) == (6, 6, 6)
    assert (see.n_told_planned, see.n_told_reversed) == (4, 2)
    assert "of 6 who tell both, 4 come to Seeing first and 2 to Buying" in see.words
    assert math.isnan(see.reversed_share)
    buy = pair(table, "buy")
    assert (buy.n_told, buy.n_told_planned) == (2, 2)
    assert pair(table, "use").n_told == 0


def test_the_pairs_are_those_of_the_journey_in_its_order():
    table = orders(*five("see", "buy"))
    assert table[["stage", "next_stage"]].astype(str).to_numpy().tolist() == [
        ["see", "buy"], ["buy", "use"], ["use", "tell"],
    ]  # fmt: skip
    assert table["stage"].cat.ordered
    assert table["in_sequence"].tolist() == [True, True, False]
    assert list(table.columns) == ORDER_COLUMNS


def test_a_share_needs_a_design_and_five_people():
    tellings = [*five("see", "buy", n=4), *five("buy", "see", n=2, start=4)]
    see = pair(orders(*tellings, design=True), "see")
    expected = estimate_proportion(2, 6)
    assert (see.reversed_share, see.reversed_low, see.reversed_high) == pytest.approx(expected)
    few = orders(*five("see", "buy", n=4), *five("buy", "use", n=1, start=4), design=True)
    assert pair(few, "see").n_told == 4
    assert math.isnan(pair(few, "see").reversed_share)


def test_four_people_with_an_order_are_not_shown():
    see = pair(orders(*five("see", "buy", n=4), *five("see", n=3, start=4)), "see")
    assert see[NOT_SHOWN].isna().all()
    assert (see.n_ordered, see.n_interviewed) == (4, 7)
    assert "not shown: 4 of 7 interviewed" in see.words


def test_what_only_a_machine_placed_is_no_order():
    see = pair(orders(*five("see", "buy", by="stages", basis="inferred")), "see")
    assert see[NOT_SHOWN].isna().all()
    assert see.n_ordered == 0


def test_an_earlier_mention_that_nobody_confirmed_leaves_the_stage_open():
    def of(name):
        document = f"talks/{name}"
        return [
            row(document, 0, ME, "buy", by="stages", basis="cue"),
            row(document, 1, ME, "see"),
            row(document, 2, ME, "buy"),
            row(document, 3, ME, "use"),
        ]

    table = orders(*[of(f"p{number}") for number in range(5)])
    assert pair(table, "see").n_ordered == 5
    assert pair(table, "see").n_told == 0


def test_a_source_is_believed_of_an_excerpt_but_not_of_a_whole_document():
    tellings = five("see", "buy", by="source", basis="declared")
    assert pair(orders(*tellings), "see").n_told_planned == 5
    assert pair(orders(*tellings, declared="see"), "see").n_ordered == 0
    headed = five("see", "buy", by="source", basis="heading")
    assert pair(orders(*headed), "see").n_ordered == 0


@pytest.mark.parametrize(
    "question",
    [
        {"text": "And how did you hear about us?"},
        {"text": "Tell me about the leaflets."},
        {"text": "And at the checkout?"},
    ],
)
def test_what_the_interviewer_brought_up_is_not_the_participants_order(question):
    def of(name):
        document = f"talks/{name}"
        return [
            row(document, 0, THEM, **question),
            row(document, 1, ME, "see"),
            row(document, 2, ME, "buy"),
            row(document, 3, ME, "use"),
        ]

    table = orders(*[of(f"p{number}") for number in range(5)])
    assert pair(table, "see").n_ordered == 5
    assert pair(table, "see").n_told == 0


def test_a_question_after_the_telling_and_one_of_all_stages_take_nothing_away():
    def of(name):
        document = f"talks/{name}"
        return [
            row(document, 0, THEM, text="From the advert to the basket: how did it go?"),
            row(document, 1, ME, "buy"),
            row(document, 2, ME, "see"),
            row(document, 3, THEM, text="What did the advert say?"),
            row(document, 4, ME, "see"),
        ]

    assert pair(orders(*[of(f"p{n}") for n in range(5)]), "see").n_told_reversed == 5


@pytest.mark.parametrize(
    "sign", [{"heading": "Seeing"}, {"prompt": "How did you hear?"}, {"asked_basis": "prompt"}]
)
def test_a_stage_that_rests_on_heading_or_question_is_left_out_even_if_confirmed(sign):
    def of(name):
        document = f"talks/{name}"
        return [
            row(document, 0, ME, "see", **sign),
            row(document, 1, ME, "buy"),
            row(document, 2, ME, "see"),
            row(document, 3, ME, "use"),
        ]

    table = orders(*[of(f"p{number}") for number in range(5)])
    assert pair(table, "see").n_told == 0
    assert pair(table, "buy").n_told_planned == 5


def test_surveys_notes_and_groups_have_no_order_of_a_person():
    assert pair(orders(*five("see", "buy"), kind="survey_answer", paths=paths_of(
        ("see > buy", 3), n_total=3)), "see", "").n_interviewed == 0  # fmt: skip
    assert orders(*five("see", "buy"), kind="note").empty
    group = [
        row("talks/group", number, ME, stage, participant_id=f"p{number % 6}")
        for number, stage in enumerate(["see", "buy"] * 6)
    ]
    assert orders(group).empty


def test_of_several_interviews_the_first_with_an_order_counts_once():
    first, second = telling("p0-b", "buy", "see"), telling("p0-a", "see", "buy")
    rest = five("see", "buy", n=4, start=1)
    times = {"talks/p0-b": "2026-01-01", "talks/p0-a": "2026-02-01"}
    see = pair(orders(first, second, *rest, said_at=times), "see")
    assert (see.n_interviewed, see.n_told, see.n_told_reversed) == (5, 5, 1)


def test_sources_stay_apart():
    table = orders(*five("see", "buy"), *five("buy", "see", source="calls"))
    assert pair(table, "see").n_told_planned == 5
    assert pair(table, "see", "calls").n_told_reversed == 5


def test_the_order_of_rows_does_not_matter():
    tellings = [*five("see", "buy", "use", n=4), *five("buy", "see", n=3, start=4)]
    pd.testing.assert_frame_equal(orders(*tellings), orders(*tellings, shuffle=True))


def test_the_log_gives_first_visits_moves_and_loops_in_people():
    table = orders(
        transitions=moves(
            ("(start)", "see", 10, 10), ("see", "buy", 12, 9), ("see", "use", 1, 1),
            ("see", "(end)", 2, 2), ("buy", "see", 5, 3), ("buy", "use", 6, 6),
            ("use", "see", 2, 2), ("use", "tell", 4, 4), ("tell", "see", 1, 1),
        ),
        loops=loops_of(("see", "buy", 5, 3)),
        rework=rework_of(("see", "", "", 10, 4), ("see", "device", "mobile", 5, 1)),
        paths=paths_of(
            ("see > buy", 4), ("see > buy > see > ...", 2), ("buy > see > use", 1), n_total=10
        ),
    )  # fmt: skip
    see = pair(table, "see", "")
    assert (see.n_in_log, see.n_on_paths) == (10, 7)
    assert (see.n_logged, see.n_logged_planned, see.n_logged_reversed) == (7, 6, 1)
    assert (see.n_straight, see.n_back, see.n_loops) == (9, 3, 3)
    assert see.skips == [{"name": "use", "n": 1}]
    assert (see.n_moves, see.n_deviating_moves) == (13, 1)
    assert (see.n_in_stage, see.n_returned) == (10, 4)
    assert "(7 of 10 people)" in see.words
    assert "From Seeing, 1 skip on to Using." in see.words
    assert "nobody was interviewed alone" in see.words
    use = pair(table, "use", "")
    assert use.returns == [{"name": "see", "n": 2}]
    assert (use.n_moves, use.n_deviating_moves, use.n_loops) == (6, 2, 0)
    assert math.isnan(use.n_in_stage)


def test_passing_over_a_stage_that_may_come_at_any_time_is_no_skip():
    free = Stage("tell", "Telling", sequential=False)
    journey = Journey((Stage("see", "Seeing"), free, Stage("buy", "Buying")))
    table = orders(
        transitions=moves(("see", "buy", 3, 3), ("buy", "tell", 1, 1), ("tell", "see", 1, 1)),
        journey=journey,
    )
    see, tell = pair(table, "see", ""), pair(table, "tell", "")
    assert (see.skips, see.n_deviating_moves, see.in_sequence) == ([], 0, False)
    assert (tell.returns, tell.n_deviating_moves) == ([], 0)


def test_a_loop_that_a_full_table_leaves_out_is_unknown():
    both_ways = moves(("see", "buy", 9, 9), ("buy", "see", 2, 2))
    full = loops_of(*[(f"a{n}", f"b{n}", 1, 1) for n in range(20)])
    assert math.isnan(pair(orders(transitions=both_ways, loops=full), "see", "").n_loops)
    assert pair(orders(transitions=both_ways), "see", "").n_loops == 0


def test_without_a_log_nothing_is_logged():
    see = pair(orders(*five("see", "buy")), "see")
    assert see[["n_logged", "n_straight", "n_loops", "n_moves"]].isna().all()
    assert see.skips == []
    assert "no log says" in see.words


def test_nothing_to_compare_is_an_empty_table():
    table = orders()
    assert table.empty
    assert list(table.columns) == ORDER_COLUMNS
