import numpy as np
import pandas as pd
import pytest

from cjm_research.errors import ConfigError, SourceError, TableError
from cjm_research.review import draw_validation_sample, list_samples, read_sample, write_sample
from tests.review.tables import make_tables


def people(**sizes):
    """Excerpts, so many of each participant."""
    texts = {
        f"talks/{name}": ". ".join(f"{name} says {n}" for n in range(size))
        for name, size in sizes.items()
    }
    return make_tables(texts)


def test_participants_share_the_sample_evenly_and_give_what_they_have():
    # 9 of P01 1, P02 10, P03 10: one of P01, and four each of the others.
    excerpts, _ = people(P01=1, P02=10, P03=10)
    sample = draw_validation_sample(excerpts, n=9)
    assert sample["participant_id"].value_counts().to_dict() == {"P02": 4, "P03": 4, "P01": 1}
    chances = sample.groupby("participant_id")["inclusion_probability"].unique()
    assert {name: list(values) for name, values in chances.items()} == {
        "P01": [1.0], "P02": [0.4], "P03": [0.4],
    }  # fmt: skip
    assert not sample.duplicated("excerpt_id").any()


def test_each_excerpt_is_drawn_as_often_as_it_says():
    # 7 of 4 + 5 + 2: q = 2.5, so that 2, 2.5 and 2.5 are drawn on average.
    excerpts, _ = people(P01=4, P02=5, P03=2)
    draws = [draw_validation_sample(excerpts, n=7, random_state=seed) for seed in range(150)]
    assert {len(draw) for draw in draws} == {7}
    drawn = pd.concat(draws)
    said = drawn.groupby("excerpt_id")["inclusion_probability"].first()
    assert said.loc["talks/P01#0"] == pytest.approx(2.5 / 4)
    assert said.loc["talks/P02#0"] == pytest.approx(2.5 / 5)
    assert said.loc["talks/P03#0"] == 1
    assert said.sum() == pytest.approx(7)
    seen = drawn["excerpt_id"].value_counts() / len(draws)
    # Four standard errors of 150 draws.
    assert np.abs(seen - said.reindex(seen.index)).max() < 4 * 0.5 / np.sqrt(150)


def test_fewer_excerpts_than_participants_are_of_different_people():
    excerpts, _ = people(P01=3, P02=3, P03=3, P04=6)
    sample = draw_validation_sample(excerpts, n=2)
    assert sample["participant_id"].nunique() == len(sample) == 2
    chance = dict(zip(sample["participant_id"], sample["inclusion_probability"], strict=True))
    for name, value in chance.items():
        assert value == pytest.approx(0.5 / (6 if name == "P04" else 3))


def test_a_sample_larger_than_all_takes_all():
    excerpts, _ = people(P01=3, P02=2)
    sample = draw_validation_sample(excerpts, n=50)
    assert len(sample) == 5
    assert (sample["inclusion_probability"] == 1).all()
    assert draw_validation_sample(excerpts.iloc[:0], n=3).empty


def test_interviewers_are_never_drawn():
    excerpts, _ = people(P01=6)
    excerpts.loc[::2, "speaker"] = "interviewer"
    assert len(draw_validation_sample(excerpts, n=6)) == 3


def test_the_order_of_rows_changes_nothing_and_the_seed_does():
    excerpts, _ = people(P01=30, P02=30)
    sample = draw_validation_sample(excerpts, n=10)
    shuffled = draw_validation_sample(excerpts.sample(frac=1, random_state=1), n=10)
    pd.testing.assert_frame_equal(sample, shuffled)
    other = draw_validation_sample(excerpts, n=10, random_state=1)
    assert set(other["excerpt_id"]) != set(sample["excerpt_id"])


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="at least 1"):
        draw_validation_sample(people(P01=3)[0], n=0)


def test_a_sample_is_kept_and_never_replaced(tmp_path):
    excerpts, documents = people(P01=9, P02=9)
    drawn = draw_validation_sample(excerpts, n=6)
    path = write_sample(tmp_path / "samples", "pilot", drawn)
    before = path.read_bytes()
    with pytest.raises(SourceError, match="never changed"):
        write_sample(path.parent, "pilot", drawn.iloc[:2])
    assert path.read_bytes() == before
    assert list_samples(path.parent) == ["pilot"]
    sample, lost = read_sample(path.parent, "pilot", excerpts, documents)
    assert sample["excerpt_id"].tolist() == drawn["excerpt_id"].tolist()
    assert sample["inclusion_probability"].tolist() == pytest.approx([1 / 3] * 6)
    assert lost.empty


def test_a_sample_follows_a_corrected_transcript(tmp_path):
    excerpts, _ = make_tables({"talks/P01": "I saw it. It was slow. I left."})
    write_sample(tmp_path, "pilot", draw_validation_sample(excerpts, n=3))
    corrected = make_tables({"talks/P01": "Well. I saw it. It was slow, and so on."})
    sample, lost = read_sample(tmp_path, "pilot", *corrected)
    assert sample["text"].tolist() == ["I saw it."]
    assert lost["start"].tolist() == [10, 23]


def test_a_sample_that_is_not_there_or_no_sample_is_refused(tmp_path):
    excerpts, documents = people(P01=3)
    with pytest.raises(SourceError, match="--validation"):
        read_sample(tmp_path, "pilot", excerpts, documents)
    (tmp_path / "pilot.csv").write_text("quote\nx\n", "utf-8")
    with pytest.raises(TableError, match="'document_id', 'start', 'end', 'inclusion_prob"):
        read_sample(tmp_path, "pilot", excerpts, documents)
    with pytest.raises(ConfigError, match="lower-case"):
        write_sample(tmp_path, "../x", draw_validation_sample(excerpts, n=1))
