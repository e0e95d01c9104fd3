import math

import numpy as np
import pandas as pd
import pytest

from cjm_research.config.schema import TrustPart
from cjm_research.integration.trust import (
    NEEDS_PERSON,
    TRUST_COLUMNS,
    TRUSTED,
    UNCORRECTED,
    describe_trust,
    gate,
    judge_trust,
)

RULES = TrustPart(min_agreement=0.6, min_labels=100)
LABELS = {("pain_point", "slow"): "Too slow"}


def corpus(n_people=40, each=20, source="talks"):
    rows = [
        (f"{source}/{who}#{n}", f"p{who}", source, "participant")
        for who in range(n_people)
        for n in range(each)
    ]
    return pd.DataFrame(rows, columns=["excerpt_id", "participant_id", "source", "speaker"])


def given(excerpts, flags, code="slow", group="pain_point"):
    ids = excerpts.loc[np.asarray(flags, dtype=bool), "excerpt_id"]
    return pd.DataFrame({"excerpt_id": ids, "code_group": group, "code": code})


def judgements(sample, flags, coder="person:ana", code="slow", group="pain_point"):
    """One judgement on the code where given, and on the group as a whole, as review gives them."""
    rows = [
        (coder, excerpt, group, name, value)
        for excerpt, yes in zip(sample["excerpt_id"], flags, strict=True)
        for name, value in ([(code, 1.0), ("", 1.0)] if yes else [("", 0.0)])
    ]
    return pd.DataFrame(rows, columns=["coder_id", "excerpt_id", "code_group", "code", "value"])


def drawn(excerpts, n, seed=0):
    sample = excerpts.sample(n, random_state=seed)
    return sample.assign(inclusion_probability=n / len(excerpts))


def judge(excerpts, machine, sample, judged, rules=RULES):
    return judge_trust(
        judged=judged, machine=machine, excerpts=excerpts, sample=sample, rules=rules,
        labels=LABELS,
    )  # fmt: skip


def study(sensitivity, specificity, *, n_labels=200, truth=0.3, seed=0):
    random = np.random.default_rng(seed)
    excerpts = corpus()
    true = random.random(len(excerpts)) < truth
    said = np.where(
        true,
        random.random(len(true)) < sensitivity,
        random.random(len(true)) > specificity,
    )
    sample = drawn(excerpts, n_labels)
    judged = judgements(sample, true[sample.index])
    return excerpts, given(excerpts, said), sample, judged


def test_a_code_that_agrees_with_people_is_trusted_and_corrected():
    parts = study(0.9, 0.97)
    row = judge(*parts).iloc[0]
    assert row["status"] == TRUSTED
    assert row["label"] == "Too slow"
    assert (row["n_excerpts"], row["n_labels"], row["n_to_code"]) == (800, 200, 0)
    assert row["n_machine"] == len(parts[1])
    assert row["kappa_low"] < row["kappa"] < row["kappa_high"]
    assert row["corrected_low"] < 0.3 < row["corrected_high"]


def test_a_code_below_the_threshold_needs_a_person():
    row = judge(*study(0.5, 0.8)).iloc[0]
    assert row["status"] == NEEDS_PERSON
    assert row["kappa"] < RULES.min_agreement


def test_the_correction_undoes_a_machine_that_says_too_much():
    rows = [judge(*study(0.85, 0.75, seed=seed)).iloc[0] for seed in range(12)]
    machine = np.mean([row["machine_share"] for row in rows])
    corrected = np.mean([row["corrected_share"] for row in rows])
    assert machine > 0.4
    assert corrected == pytest.approx(0.3, abs=0.03)


def test_without_a_sample_nothing_is_corrected_and_the_report_says_how_many_to_code():
    excerpts, machine, sample, judged = study(0.9, 0.97)
    table = judge(excerpts, machine, sample.iloc[:0], judged.iloc[:0])
    row = table.iloc[0]
    assert (row["status"], row["n_labels"], row["n_to_code"]) == (UNCORRECTED, 0, 100)
    assert math.isnan(row["kappa"])
    assert math.isnan(row["corrected_share"])
    (line,) = describe_trust(table, study="mine")
    assert line.startswith("talks: machine-coded, uncorrected;")
    assert "draw a sample of 100 or more (`cjm codes export mine --coder NAME" in line


def test_people_who_coded_what_was_not_drawn_count_for_nothing():
    excerpts, machine, sample, judged = study(0.9, 0.97)
    chosen = judgements(excerpts.drop(sample.index), np.ones(len(excerpts) - len(sample)))
    with_chosen = judge(excerpts, machine, sample, pd.concat([judged, chosen]))
    pd.testing.assert_frame_equal(with_chosen, judge(excerpts, machine, sample, judged))


def test_too_few_labels_are_no_correction():
    table = judge(*study(0.9, 0.97, n_labels=60))
    row = table.iloc[0]
    assert (row["status"], row["n_to_code"]) == (UNCORRECTED, 40)
    (line,) = describe_trust(table, study="mine")
    assert "people coded 60 of 60 excerpts drawn at random; draw a new sample of 100" in line


def test_a_sample_that_is_half_coded_is_to_be_coded_on():
    excerpts, machine, sample, judged = study(0.9, 0.97)
    half = judged[judged["excerpt_id"].isin(sample["excerpt_id"].head(60))]
    (line,) = describe_trust(judge(excerpts, machine, sample, half), study="mine")
    assert "people coded 60 of 200 excerpts drawn at random; code 40 more of them." in line


def test_a_code_that_nobody_met_in_the_sample_cannot_be_told():
    excerpts, machine, sample, judged = study(0.9, 0.97)
    rare = given(excerpts, excerpts.index == excerpts.drop(sample.index).index[0], code="rare")
    table = judge(excerpts, pd.concat([machine, rare]), sample, judged).set_index("code")
    assert table.loc["rare", "status"] == UNCORRECTED
    assert "0 of the coded excerpts have it" in table.loc["rare", "reason"]


def test_agreement_on_a_handful_is_no_trust():
    excerpts = corpus()
    sample = drawn(excerpts, 200)
    few = np.arange(200) < 4
    row = judge(excerpts, given(sample, few), sample, judgements(sample, few)).iloc[0]
    assert (row["kappa"], row["status"]) == (1, UNCORRECTED)
    assert "4 of the coded excerpts have it" in row["reason"]


def test_what_was_adjudicated_counts_and_else_the_yes():
    excerpts = corpus(n_people=12, each=10)
    sample = drawn(excerpts, 120)
    yes = sample["excerpt_id"].str.endswith(("0", "1", "2"))
    machine = given(sample, yes)
    ana, ben = judgements(sample, yes), judgements(sample, yes & False, coder="person:ben")
    assert judge(excerpts, machine, sample, pd.concat([ana, ben])).iloc[0]["kappa"] == 1
    settled = judgements(sample, yes & False, coder="person:adjudicated")
    row = judge(excerpts, machine, sample, pd.concat([ana, ben, settled])).iloc[0]
    assert row["kappa"] == 0


def test_stages_and_themes_are_not_gated():
    excerpts, _, sample, judged = study(0.9, 0.97)
    machine = pd.concat(
        [given(excerpts, excerpts.index < 9, group=group) for group in ("stage", "theme")]
    )
    assert judge(excerpts, machine, sample, judged).empty


def test_what_was_learned_from_people_is_not_trusted_by_what_others_coded():
    excerpts, machine, sample, judged = study(0.9, 0.97)
    learned = given(excerpts, excerpts.index == excerpts.drop(sample.index).index[0])
    table = judge_trust(
        judged=judged, machine=machine, excerpts=excerpts, sample=sample, rules=RULES,
        labels=LABELS, unchecked=learned,
    )  # fmt: skip
    row = table.iloc[0]
    assert row["status"] == UNCORRECTED
    assert row["kappa"] > RULES.min_agreement
    assert "learned from people's codes" in row["reason"]


def test_what_was_checked_is_said_and_what_was_not():
    excerpts, machine, sample, judged = study(0.9, 0.97)
    more = given(excerpts, excerpts.index < 9, code="ease", group="delight")
    (line,) = describe_trust(
        judge(excerpts, pd.concat([machine, more]), sample, judged), study="mine"
    )
    assert "people coded 200 excerpts drawn at random" in line
    assert "1 agree with them well enough, 0 need a person, 0 were met" in line
    assert line.endswith("not checked: delight.")


def test_the_gate_names_every_code():
    table = judge(*study(0.9, 0.97))
    assert gate(table) == {("talks", "pain_point", "slow"): TRUSTED}


def test_without_words_there_is_nothing():
    excerpts, machine, sample, judged = study(0.9, 0.97)
    table = judge(*(part.iloc[:0] for part in (excerpts, machine, sample, judged)))
    assert table.empty
    assert table.columns.tolist() == TRUST_COLUMNS


def test_the_order_of_rows_changes_nothing():
    excerpts, machine, sample, judged = study(0.8, 0.9)
    once = judge(excerpts, machine, sample, judged)
    shuffled = [part.sample(frac=1, random_state=3) for part in (excerpts, machine, sample, judged)]
    again = judge(*shuffled)
    pd.testing.assert_frame_equal(once, again)
