"""Coding spread over Spark, as docs/scaling.md shows it, gives the codes of one call here."""

import itertools

import pandas as pd
import pytest
from conftest import session
from pandas.testing import assert_frame_equal

from cjm_research.coding import CodingSetting, ScoreCoder, make_coders, measure_excerpts
from cjm_research.coding.batches import CODES_SCHEMA, code_batches
from cjm_research.config import CodingPart
from cjm_research.journey import Journey, Stage, Touchpoint
from cjm_research.tables import check_table

JOURNEY = Journey(
    (
        Stage("order", "Ordering", touchpoints=(Touchpoint("Basket page"),)),
        Stage("wait", "Waiting", touchpoints=(Touchpoint("Parcel tracking"),)),
    )
)
THINGS = ["basket", "price", "login", "search", "app", "invoice", "parcel", "help page"]
WAYS = [
    "The {} did not load and I gave up.", "I could not find the {} anywhere.",
    "I love the {}, it works perfectly.", "I wish the {} were simpler.",
    "The {} was better than I expected.", "I used the {} on a Monday.",
    "The {} was confusing, so I called support.", "My sister told me about the {}.",
]  # fmt: skip


def make_excerpts(n):
    """Return `n` excerpts in documents of one to seven."""
    texts = [way.format(thing) for thing, way in itertools.product(THINGS, WAYS)]
    documents = itertools.chain.from_iterable(
        [f"d{number:05d}"] * (number % 7 + 1) for number in itertools.count()
    )
    frame = pd.DataFrame({"document_id": list(itertools.islice(documents, n))})
    place = frame.groupby("document_id").cumcount()
    text = [texts[row * 11 % len(texts)] for row in range(n)]
    start = place * 100
    return check_table(
        frame.assign(
            excerpt_id=frame["document_id"] + "#" + place.astype(str),
            participant_id="p" + frame["document_id"], source="reviews", speaker="participant",
            turn=place // 2, start=start, end=start + pd.Series(text).str.len(), prompt="",
            heading="", start_s=float("nan"), text=text, stage="",
        ),
        "excerpts",
    )  # fmt: skip


@pytest.mark.parametrize(("scorer", "n"), [("rules", 20_000), ("encoder", 1_000)])
def test_two_workers_give_the_codes_of_one_call(spark, tmp_path, scorer, n):
    excerpts = make_excerpts(n)
    setting = CodingSetting(JOURNEY, choices=CodingPart(scores=scorer))
    excerpts.assign(stage="").sample(frac=1, random_state=1).to_parquet(
        tmp_path / "e.parquet", index=False
    )
    given = session().read.parquet(str(tmp_path / "e.parquet"))
    spread = given.repartition(2, "document_id").sortWithinPartitions("document_id", "start")
    codes = spread.mapInArrow(lambda batches: code_batches(batches, setting), CODES_SCHEMA)
    found = codes.toPandas().sort_values(["document_id", "start", "code_id"], ignore_index=True)
    expected = code_here(excerpts, setting)
    assert len(expected) > n
    assert_frame_equal(found, expected, check_dtype=False)


def code_here(excerpts, setting):
    measured = measure_excerpts(excerpts, by=setting.choices.scores)
    coders = make_coders(setting, measured.embeddings)
    codes = next(c for c in coders if isinstance(c, ScoreCoder))(excerpts, measured.scores)
    return codes.sort_values(["document_id", "start", "code_id"], ignore_index=True)
