import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cjm_research.coding.themes import (
    ThemeCoder,
    cluster_vectors,
    describe_themes,
    freeze_themes,
    read_themes,
    refit_themes,
    replace_frozen,
)
from cjm_research.errors import SourceError, TableError

SUBJECTS = ("delivery parcel", "account password", "price fee", "menu button")
WIDTH = 12


def corpus(*sizes, first=0, moods="pain", seed=0):
    """Return excerpts of blobs, their scores, and their embeddings."""
    random = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    ids = [f"d#{first + n:04d}" for n in range(len(truth))]
    texts = [f"The {SUBJECTS[t]} went wrong for me." for t in truth]
    excerpts = pd.DataFrame(
        {
            "excerpt_id": ids, "document_id": "d", "start": range(len(ids)),
            "end": range(1, len(ids) + 1), "text": texts,
            "participant_id": [f"p{n % 7}" for n in range(len(ids))],
        }
    )  # fmt: skip
    glad = moods == "delight"
    scores = pd.DataFrame({"excerpt_id": ids, "pain": 1.0 - glad, "delight": 1.0 * glad})
    vectors = np.eye(WIDTH)[truth] + random.normal(0, 0.05, (len(ids), WIDTH))
    return excerpts, scores, pd.DataFrame(vectors, index=pd.Index(ids))


def coder_of(embeddings, **options):
    return ThemeCoder(embeddings=embeddings, encoder_sha256="a" * 64, **options)


@pytest.fixture(scope="module")
def found():
    excerpts, scores, embeddings = corpus(20, 15, 10)
    return coder_of(embeddings).fit(excerpts, scores)


def test_themes_are_found_with_their_stability(found):
    assert found.ids == ("t01", "t02", "t03")
    assert found.stability == pytest.approx([1, 1, 1])
    assert (found.n_excerpts, found.last_number) == (45, 3)
    assert all(word in found.labels[0] for word in ("delivery", "parcel"))


def test_frozen_themes_come_back_and_are_never_overwritten(found, tmp_path):
    path = tmp_path / "themes.json"
    freeze_themes(found, path)
    again = read_themes(path, encoder_sha256="a" * 64)
    assert (again.ids, again.labels, again.last_number) == (found.ids, found.labels, 3)
    _, _, embeddings = corpus(20, 15, 10)
    pd.testing.assert_frame_equal(
        again.assign(embeddings.to_numpy()), found.assign(embeddings.to_numpy())
    )
    before = path.read_bytes()
    with pytest.raises(SourceError, match="frozen already"):
        freeze_themes(replace(found, labels=("x", "y", "z")), path)
    assert path.read_bytes() == before


def test_another_encoder_is_refused(found, tmp_path):
    path = freeze_themes(found, tmp_path / "themes.json")
    with pytest.raises(SourceError, match=r"another language model.*\n.*What to do"):
        read_themes(path, encoder_sha256="b" * 64)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 9}'])
def test_a_damaged_file_is_said_to_be_one(content, tmp_path):
    path = tmp_path / "themes.json"
    path.write_text(content)
    with pytest.raises(SourceError, match="not a file of frozen themes"):
        read_themes(path)


def test_no_file_says_what_to_do(tmp_path):
    with pytest.raises(SourceError, match="freeze themes first"):
        read_themes(tmp_path / "themes.json")


def test_a_later_interview_joins_the_frozen_themes_and_shows_what_is_new(found):
    excerpts, scores, embeddings = corpus(2, 1, 0, 3, first=500, seed=4)
    codes = coder_of(embeddings, frozen=found)(excerpts, scores)
    assert codes["code"].tolist() == ["t01", "t01", "t02", "new", "new", "new"]
    themes = describe_themes(codes, excerpts).set_index("theme")
    assert themes.loc["new", "label"] == "Fits no theme yet"
    assert not themes.loc["new", "stable"]
    assert themes.loc["t01", "stability"] == 1


def test_frozen_themes_do_not_move_with_the_corpus(found):
    one, scores, embeddings = corpus(1, first=900)
    alone = coder_of(embeddings, frozen=found)(one, scores)
    more, all_scores, all_embeddings = corpus(1, 30, 30, first=900)
    among = coder_of(pd.concat([embeddings, all_embeddings.iloc[1:]]), frozen=found)(
        more, all_scores
    )
    assert alone["code"].tolist() == ["t01"]
    assert among.loc[among["excerpt_id"] == "d#0900", "code"].tolist() == ["t01"]


def test_a_text_may_belong_to_two_themes_or_to_none(found):
    axes = np.eye(WIDTH)
    themes = replace(found, mean=np.zeros(WIDTH), centroids=axes[:3] * 2048)
    between, nearer = axes[0] + axes[1], axes[0] + 0.9 * axes[1]
    joined = themes.assign(np.stack([between, axes[9], axes[2], nearer]))
    # The nearer is .743 and .669 similar: more than the margin of .05 apart.
    assert joined[["row", "position"]].to_numpy().tolist() == [[0, 0], [0, 1], [2, 2], [3, 0]]
    assert joined["similarity"].iloc[0] == pytest.approx(0.5**0.5, abs=1e-3)


def test_excerpts_that_say_the_opposite_are_counter_evidence(found):
    told, pain, embeddings = corpus(20, 15, 10)
    happy, glad, more = corpus(5, first=700, moods="delight", seed=3)
    happy["participant_id"] = ["q1", "q1", "q2", "q3", "q4"]
    excerpts = pd.concat([told, happy], ignore_index=True)
    codes = coder_of(pd.concat([embeddings, more]))(excerpts, pd.concat([pain, glad]))
    themes = describe_themes(codes, excerpts).set_index("theme")
    against = themes.loc["t01", "counter_ids"].split()
    people = excerpts.set_index("excerpt_id").loc[against, "participant_id"]
    assert len(against) == 3
    assert people.is_unique
    assert set(people) <= {"q1", "q2", "q3", "q4"}
    assert themes.loc["t02", "counter_ids"] == ""
    assert not set(codes["excerpt_id"]) & set(happy["excerpt_id"])


def test_what_one_person_says_is_no_theme():
    excerpts, scores, embeddings = corpus(20, 15, 10)
    excerpts.loc[20:34, "participant_id"] = "p1"
    codes = coder_of(embeddings)(excerpts, scores)
    assert not set(excerpts["excerpt_id"][20:35]) & set(codes["excerpt_id"])


def test_a_code_that_most_excerpts_carry_names_the_theme_first():
    excerpts, scores, embeddings = corpus(20, 15, 10)
    carried = pd.DataFrame(
        {
            "excerpt_id": excerpts["excerpt_id"][:10], "code_group": "pain_point",
            "code": "late", "strength": 1.0,
        }
    )  # fmt: skip
    names = {("pain_point", "late"): "Waiting for delivery"}
    themes = coder_of(embeddings, carried=carried, code_names=names).fit(excerpts, scores)
    assert themes.labels[0].startswith("Waiting for delivery: ")
    # One excerpt less is less than half.
    few = coder_of(embeddings, carried=carried[:9], code_names=names).fit(excerpts, scores)
    assert "Waiting" not in few.labels[0]


def test_a_definition_that_means_the_theme_names_it_first():
    excerpts, scores, embeddings = corpus(20, 15, 10)
    definitions = pd.DataFrame(np.eye(WIDTH)[[1, 8]], index=pd.Index(["Account", "Other"]))
    themes = coder_of(embeddings, definitions=definitions).fit(excerpts, scores)
    assert [label.startswith("Account: ") for label in themes.labels] == [False, True, False]


def test_refitting_keeps_the_ids_of_what_is_still_there(found, tmp_path):
    path = freeze_themes(found, tmp_path / "themes.json")
    # The second theme is gone, a new one has come; the third is now the largest.
    excerpts, scores, embeddings = corpus(12, 0, 30, 20, first=100, seed=2)
    anew = coder_of(embeddings).fit(excerpts, scores)
    themes, mapping = refit_themes(found, anew, embeddings.to_numpy())
    assert themes.ids == ("t01", "t03", "t04")
    kept = mapping[(mapping["former"] != "") & (mapping["now"] != "")]
    assert (kept["former"] == kept["now"]).all()
    assert kept["overlap"].tolist() == [1, 1]
    assert mapping.loc[mapping["former"] == "", "now"].tolist() == ["t04"]
    assert mapping.loc[mapping["now"] == "", "former"].tolist() == ["t02"]
    assert "delivery" in themes.labels[0]

    former = replace_frozen(themes, path)
    assert former.name == "themes-1.json"
    assert read_themes(former).ids == found.ids
    assert read_themes(path).ids == themes.ids
    # A number is never given twice, though the theme t02 is gone.
    assert json.loads(path.read_text())["last_number"] == 4


def test_themes_that_were_not_refitted_cannot_replace_frozen_ones(found, tmp_path):
    path = freeze_themes(found, tmp_path / "themes.json")
    with pytest.raises(SourceError, match="ids that were given before"):
        replace_frozen(replace(found, last_number=2), path)


def test_themes_of_two_encoders_are_not_compared(found):
    other = replace(found, encoder_sha256="b" * 64)
    with pytest.raises(TableError, match="two language models"):
        refit_themes(found, other, np.eye(WIDTH))


def test_themes_of_words_cannot_be_frozen():
    excerpts, scores, _ = corpus(20, 15, 10)
    with pytest.raises(TableError, match="scores: encoder"):
        ThemeCoder().fit(excerpts, scores)


def test_too_few_excerpts_freeze_nothing():
    excerpts, scores, embeddings = corpus(10, 5)
    assert coder_of(embeddings).fit(excerpts, scores) is None


def test_fresh_and_frozen_say_the_same_of_the_same_excerpts(found):
    excerpts, scores, embeddings = corpus(20, 15, 10)
    fresh = coder_of(embeddings)(excerpts, scores)
    frozen = coder_of(embeddings, frozen=found)(excerpts, scores)
    columns = ["excerpt_id", "code", "strength"]
    pd.testing.assert_frame_equal(fresh[columns], frozen[columns])
    assert cluster_vectors(embeddings.to_numpy()).n_clusters == 3
