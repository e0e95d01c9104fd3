"""Coding of texts that lie on many machines: one Arrow batch of excerpts after another.

Made for `DataFrame.mapInArrow` of Spark; see docs/scaling.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from cjm_research.coding import CodingSetting, ScoreCoder, make_coders, measure_excerpts
from cjm_research.tables import check_table

if TYPE_CHECKING:
    import pyarrow as pa

CODES_SCHEMA = (
    "code_id string, document_id string, start bigint, end bigint, quote string, "
    "excerpt_id string, code_group string, code string, strength double, basis string, "
    "attributes string, note string, coder_id string, coded_at timestamp"
)
"""Table `codes` as Spark declares it."""


def code_batches(
    batches: Iterable[pa.RecordBatch], setting: CodingSetting
) -> Iterator[pa.RecordBatch]:
    """Code what excerpts state, batch by batch, each document as a whole.

    A sentence is read with those beside it, so the rows of a document have to come one after
    another; a document that goes on in the next batch waits for it. The codes do not depend
    on what else a batch holds. Stages and themes do depend on the whole material, and are not
    made here; touchpoints are read without the stage.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Table `excerpts`, sorted by `document_id`.
    setting : CodingSetting

    Yields
    ------
    pyarrow.RecordBatch
        Table `codes` (`CODES_SCHEMA`): emotions, pain points, delights, needs, expectations
        and reasons.

    Raises
    ------
    TableError
        If the batches are no table `excerpts`.
    """
    waiting = pd.DataFrame()
    for batch in batches:
        excerpts = pd.concat([waiting, batch.to_pandas()], ignore_index=True)
        unfinished = excerpts["document_id"].isin(excerpts["document_id"].iloc[-1:])
        waiting = excerpts[unfinished]
        yield from _code(excerpts[~unfinished], setting)
    yield from _code(waiting, setting)


def _code(excerpts: pd.DataFrame, setting: CodingSetting) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    if excerpts.empty:
        return
    excerpts = check_table(excerpts, "excerpts", where="code_batches")
    measured = measure_excerpts(excerpts, by=setting.choices.scores)
    for coder in make_coders(setting, measured.embeddings):
        if isinstance(coder, ScoreCoder):
            codes = coder(excerpts, measured.scores)
            yield from pa.Table.from_pandas(codes.reset_index(drop=True)).to_batches()
