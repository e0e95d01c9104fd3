import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding import CodingSetting, ScoreCoder, make_coders, measure_excerpts
from cjm_research.coding.batches import CODES_SCHEMA, code_batches
from cjm_research.config import CodingPart
from cjm_research.errors import TableError
from cjm_research.journey import Journey, Stage, Touchpoint

SHOP = Journey((Stage("order", "Ordering", touchpoints=(Touchpoint("Basket page"),)),))
TALK = (
    "I could not find the basket.", "So I gave up and called support.", "The parcel came.",
    "I love it, it works perfectly.", "I wish there was a way to pay by phone.",
)  # fmt: skip


@pytest.fixture(params=["rules", "encoder"])
def setting(request):
    return CodingSetting(SHOP, choices=CodingPart(scores=request.param))


@pytest.fixture
def told(excerpts):
    talks = [TALK[place:] + TALK[:place] for place in range(5)]
    return excerpts(*([("participant", " ".join(talk))] for talk in talks))


def in_batches(told, setting, rows):
    table = pa.Table.from_pandas(told.assign(stage=""))
    found = [batch.to_pandas() for batch in code_batches(table.to_batches(rows), setting)]
    return pd.concat(found, ignore_index=True)


def test_however_the_rows_are_cut_the_codes_are_those_of_one_call(told, setting):
    measured = measure_excerpts(told, by=setting.choices.scores)
    coders = make_coders(setting, measured.embeddings)
    whole = next(c for c in coders if isinstance(c, ScoreCoder))(told, measured.scores)
    assert set(whole["code_group"]) >= {"pain_point", "delight", "need"}
    for rows in (3, 7, 100):
        assert_frame_equal(in_batches(told, setting, rows), whole, check_dtype=False)


def test_the_schema_for_spark_names_the_columns_of_the_codes(told, setting):
    declared = [column.split()[0] for column in CODES_SCHEMA.split(", ")]
    assert declared == in_batches(told, setting, 100).columns.tolist()


def test_no_rows_give_no_batches(told):
    empty = pa.RecordBatch.from_pandas(told.head(0).assign(stage=""))
    assert list(code_batches([empty], CodingSetting(SHOP))) == []


def test_rows_that_are_no_excerpts_are_refused():
    batch = pa.RecordBatch.from_pydict({"document_id": ["a"], "text": ["I gave up."]})
    with pytest.raises(TableError, match="excerpt_id"):
        list(code_batches([batch], CodingSetting(SHOP)))
