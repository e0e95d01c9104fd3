import numpy as np
import pytest

from cjm_research.coding.themes.naming import (
    choose_example,
    count_content,
    is_content,
    make_analyzer,
    name_clusters,
)


def test_a_text_becomes_content_words_and_adjacent_pairs():
    analyze = make_analyzer(["The parcels were late", "My parcels came", "One parcel"])
    # "was" and "very" name nothing; a pair never spans them.
    assert analyze("The parcel was very late") == ["parcels", "late"]
    assert analyze("Late parcel") == ["late", "parcels", "late parcels"]


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (["deliveries", "delivery", "delivery"], "delivery"),
        (["boxes", "boxes", "box"], "boxes"),
        (["address", "addres"], "address"),
    ],
)
def test_singular_and_plural_are_one_word(texts, word):
    analyze = make_analyzer(texts)
    assert analyze(texts[0]) == [word]


def test_contractions_and_links_leave_no_words():
    analyze = make_analyzer([])
    assert analyze("It didn't crash, the site's log https://a.example/b") == ["crash", "log"]


def test_function_words_and_generic_verbs_are_no_content():
    assert not any(is_content(word) for word in ("the", "said", "went", "don", "it"))
    assert count_content("And I closed it.") == 1
    assert count_content("The parcel, the parcel and the courier") == 2


def test_names_tell_what_sets_a_cluster_apart():
    texts = [
        "The delivery date moved again", "No delivery date at all", "The delivery date was wrong",
        "Card declined at checkout", "The bank card declined", "My card declined twice",
    ]  # fmt: skip
    first, second = name_clusters(texts, np.array([0, 0, 0, 1, 1, 1]), np.eye(6))
    assert first.split(", ")[0] == "delivery date"
    assert second.split(", ")[0] == "card declined"


def test_a_word_that_stands_everywhere_names_nothing():
    subjects = ["delivery", "password", "price", "menu", "screen", "battery"]
    texts = [f"the gadget {subject}" for subject in subjects for _ in range(3)]
    texts = [text + " gadget" for text in texts]
    names = name_clusters(texts, np.repeat(np.arange(6), 3), np.eye(18))
    assert all("gadget" not in name.split(", ") for name in names)
    assert all(subject in name for subject, name in zip(subjects, names, strict=True))


def test_clusters_without_content_words_are_other():
    assert name_clusters(["it is so", "so it was"], np.array([0, 0]), np.eye(2)) == ["other"]


def test_the_example_is_the_nearest_complete_sentence():
    texts = ["no parcel", "and the parcel never came so", "The parcel never came to us.", "Late."]
    assert choose_example(texts, np.array([0.9, 0.8, 0.7, 0.6])) == 2
    assert choose_example(texts[:2], np.array([0.9, 0.8])) == 1
    assert choose_example(texts[:1], np.array([0.9])) == 0
