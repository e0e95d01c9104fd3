import json

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.errors import UnknownNameError
from cjm_research.journey import Journey, Stage, Touchpoint
from cjm_research.synthesis import count_mentions, count_mentions_at, find_prompted

SLOW, EASE = "pain_point:slow", "delight:ease"
SHOP = Journey(
    (
        Stage("see", "Seeing", touchpoints=(Touchpoint("Advert", "print"),)),
        Stage(
            "buy", "Buying",
            touchpoints=(Touchpoint("Basket", "web"), Touchpoint("Payment", "web"),
                         Touchpoint("Till", "shop")),
        ),
    )
)  # fmt: skip


def at(table, *touchpoints):
    # Name the touchpoint of each code, in the order of the codes.
    named = [json.dumps({"touchpoint": name} if name else {}) for name in touchpoints]
    table.codes["attributes"] = named
    return table


def count_at(table, by, **options):
    mentions = count_mentions_at(
        table.codes, table.excerpts, by=by, journey=SHOP, designs=options.pop("designs", {}),
        labels={}, **options,
    )  # fmt: skip
    return {
        (row.stage, row.source, getattr(row, by), row.code): (row.n_said, row.n_heard)
        for row in mentions.itertuples()
    }


@pytest.fixture
def shop(told):
    def tell(*rows):
        return told(*rows, journey=SHOP)

    return tell


def test_touchpoints_are_counted_over_those_heard_in_the_stage(shop):
    table = at(
        shop(
            ("a", "talks", "buy", "participant", "Slow.", SLOW),
            ("a", "talks", "buy", "participant", "Slow too.", SLOW),
            ("b", "talks", "buy", "participant", "Slow.", SLOW),
            ("c", "talks", "buy", "participant", "Fine."),
        ),
        "Basket", "Payment", "basket",
    )  # fmt: skip
    assert count_at(table, "touchpoint") == {
        ("buy", "talks", "Basket", "slow"): (2, 3),
        ("buy", "talks", "Payment", "slow"): (1, 3),
    }


def test_two_touchpoints_of_a_channel_count_a_person_once(shop):
    table = at(
        shop(
            ("a", "talks", "buy", "participant", "Slow.", SLOW),
            ("a", "talks", "buy", "participant", "Slow too.", SLOW),
            ("b", "talks", "buy", "participant", "Slow.", SLOW),
        ),
        "Basket", "Payment", "Till",
    )  # fmt: skip
    assert count_at(table, "channel") == {
        ("buy", "talks", "shop", "slow"): (1, 2),
        ("buy", "talks", "web", "slow"): (1, 2),
    }


def test_what_was_not_spoken_of_has_no_row_instead_of_zero(shop):
    table = at(shop(("a", "talks", "buy", "participant", "Slow.", SLOW)), "")
    assert count_at(table, "touchpoint") == {}
    assert count_at(table, "channel") == {}


def test_a_touchpoint_of_another_stage_keeps_its_channel_and_an_unknown_one_has_none(shop):
    table = at(
        shop(
            ("a", "talks", "buy", "participant", "Slow.", SLOW),
            ("b", "talks", "buy", "participant", "Slow.", SLOW),
        ),
        "Advert", "The cellar",
    )  # fmt: skip
    assert count_at(table, "channel") == {("buy", "talks", "print", "slow"): (1, 2)}
    assert ("buy", "talks", "The cellar", "slow") in count_at(table, "touchpoint")


def test_a_persons_code_takes_the_touchpoint_that_the_machine_named(shop):
    table = shop(("a", "talks", "buy", "participant", "Slow.", SLOW))
    machine = at(shop(("a", "talks", "buy", "participant", "Slow.", SLOW)), "Till").codes
    assert count_at(at(table, ""), "touchpoint", proposals=machine) == {
        ("buy", "talks", "Till", "slow"): (1, 1)
    }
    refused = machine.assign(strength=0.0)
    assert count_at(table, "touchpoint", proposals=refused) == {}
    assert list(count_at(at(table, "Basket"), "touchpoint", proposals=machine)) == [
        ("buy", "talks", "Basket", "slow")
    ]


def test_an_unknown_place_to_count_by_is_refused(shop):
    table = shop(("a", "talks", "buy", "participant", "Slow.", SLOW))
    with pytest.raises(UnknownNameError, match="touchpoint"):
        count_at(table, "page")


def test_a_focus_group_is_counted_by_person(shop):
    table = shop(
        ("a", "group", "buy", "participant", "Slow.", SLOW),
        ("b", "group", "buy", "participant", "Slow.", SLOW),
        ("c", "group", "buy", "participant", "Fine."),
    )
    one = {"document_id": "group/G1"}
    mentions = count_mentions(
        table.codes.assign(**one), table.excerpts.assign(**one),
        journey=SHOP, designs={}, labels={},
    )  # fmt: skip
    assert mentions[["n_said", "n_heard"]].to_numpy().tolist() == [[2, 3]]


def test_that_nothing_applies_is_no_mention(shop):
    table = shop(("a", "talks", "buy", "participant", "Fine.", "pain_point:none"))
    assert count_mentions(table.codes, table.excerpts, journey=SHOP, designs={}, labels={}).empty


def asked(table, *pairs):
    ids = table.excerpts["excerpt_id"].tolist()
    return pd.DataFrame(
        [(ids[row], group) for row, group in pairs], columns=["excerpt_id", "code_group"]
    )


def test_prompted_and_spontaneous_mentions_are_told_apart(shop):
    table = shop(
        ("a", "talks", "buy", "participant", "Slow.", SLOW),  # asked
        ("a", "talks", "buy", "participant", "Slow!", SLOW),  # and unasked
        ("b", "talks", "buy", "participant", "Slow.", SLOW),  # asked
        ("c", "talks", "buy", "participant", "Slow.", SLOW),  # unasked
        ("d", "talks", "buy", "participant", "Fine."),
    )
    prompted = asked(table, (0, "pain_point"), (2, "pain_point"), (3, "delight"))
    (row,) = count_mentions(
        table.codes, table.excerpts, journey=SHOP, designs={}, labels={}, prompted=prompted
    ).to_dict("records")
    assert (row["n_said"], row["n_prompted"], row["n_spontaneous"], row["n_heard"]) == (3, 1, 2, 4)


def test_without_knowing_the_questions_nothing_is_called_spontaneous(shop):
    table = shop(("a", "talks", "buy", "participant", "Slow.", SLOW))
    mentions = count_mentions(table.codes, table.excerpts, journey=SHOP, designs={}, labels={})
    assert mentions[["n_prompted", "n_spontaneous"]].isna().all(axis=None)


def test_what_a_survey_declares_to_ask_for_prompts_that_group_only(shop):
    table = shop(
        ("a", "survey", "buy", "participant", "Slow.", SLOW),
        ("b", "survey", "buy", "participant", "Slow.", SLOW),
        ("b", "talks", "buy", "interviewer", "Slow?", SLOW),
    )
    declared = pd.DataFrame(
        [
            ("survey/a", "theme_asked", "pain"), ("survey/a", "theme_asked", "colour"),
            ("survey/b", "delight", "ease"), ("talks/b", "theme_asked", "pain"),
        ],
        columns=["document_id", "code_group", "code"],
    )  # fmt: skip
    found = find_prompted(table.excerpts, declared_codes=declared)
    assert found.to_numpy().tolist() == [
        ["survey/a#0", "pain_point"], ["survey/b#0", "delight"],
    ]  # fmt: skip
    codes = table.codes.assign(
        basis="declared", code_group="theme_asked", code=["pain", "need met", "pain"]
    )
    assert find_prompted(table.excerpts, codes=codes).to_numpy().tolist() == [
        ["survey/a#0", "pain_point"], ["survey/b#0", "need"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "groups"),
    [
        ("What, if anything, got in your way when you were ordering?", ["pain_point"]),
        ("What did you expect when you first came?", ["expectation"]),
        ("How did you feel then?", ["emotion"]),
        ("What did you like about it, and what annoyed you?", ["delight", "pain_point"]),
        ("What new features would you like to see?", ["need"]),
        ("What happened after you had ordered?", []),
        ("How did you first hear of us?", []),
    ],
)
def test_an_interviewers_question_prompts_what_it_asks_for(shop, question, groups):
    table = shop(("a", "talks", "buy", "participant", "Slow.", SLOW))
    table.excerpts["prompt"] = question
    assert find_prompted(table.excerpts)["code_group"].tolist() == groups
    assert find_prompted(table.excerpts, question_words={}).empty


def test_nobody_asked_the_observer(shop):
    table = shop(("a", "tests", "buy", "observer", "It is slow.", SLOW))
    table.excerpts["prompt"] = "What problems do you see?"
    assert find_prompted(table.excerpts).empty


def test_row_order_changes_nothing(shop):
    table = at(
        shop(
            ("b", "talks", "buy", "participant", "Slow.", SLOW, EASE),
            ("a", "talks", "buy", "participant", "Slow.", SLOW),
            ("a", "talks", "see", "participant", "Slow.", SLOW),
        ),
        "Basket", "Till", "Payment", "Advert",
    )  # fmt: skip
    options = {"by": "touchpoint", "journey": SHOP, "designs": {"talks": True}, "labels": {}}
    straight = count_mentions_at(table.codes, table.excerpts, **options)
    turned = count_mentions_at(table.codes.iloc[::-1], table.excerpts.iloc[::-1], **options)
    assert_frame_equal(straight, turned)
    assert straight["stage"].dtype == SHOP.dtype


def test_the_channel_that_words_were_written_in_counts_where_they_name_no_other(shop):
    table = at(
        shop(
            ("a", "talks", "buy", "participant", "Slow.", SLOW),
            ("b", "talks", "buy", "participant", "Slow.", SLOW),
            ("c", "talks", "buy", "participant", "Slow.", SLOW),
        ),
        "Basket", "", "",
    )  # fmt: skip
    table.documents = table.documents.assign(channel=["e-mail", "e-mail", "SHOP"])
    found = count_at(table, "channel", documents=table.documents)
    # Written by e-mail about the basket: told of the web. "SHOP" is the journey's shop.
    assert found == {
        ("buy", "talks", "web", "slow"): (1, 3),
        ("buy", "talks", "e-mail", "slow"): (1, 3),
        ("buy", "talks", "shop", "slow"): (1, 3),
    }
    assert count_at(table, "touchpoint", documents=table.documents) == {
        ("buy", "talks", "Basket", "slow"): (1, 3)
    }


def test_a_touchpoint_that_the_source_declares_outranks_what_a_machine_finds(shop):
    table = at(shop(("a", "talks", "buy", "participant", "Slow.", SLOW)), "Basket")
    table.documents = table.documents.assign(touchpoint="till", channel="e-mail")
    found = count_at(table, "touchpoint", documents=table.documents)
    assert found == {("buy", "talks", "Till", "slow"): (1, 1)}
    assert count_at(table, "channel", documents=table.documents) == {
        ("buy", "talks", "shop", "slow"): (1, 1)
    }
