"""What people decide: their codes, read from the study and anchored to the text.

`people` reads codes and `anchors` finds their quotes; `appending` is the one writer of them.
`log` keeps what became of codes; `sheets` and `returned` send excerpts out and take them back;
`samples` draws what may estimate agreement, and `comparing` estimates it.
"""

from cjm_research.review.anchors import Anchor, Texts
from cjm_research.review.appending import append_codes
from cjm_research.review.comparing import (
    estimate_agreement,
    estimate_machine_quality,
    estimate_reliability,
    list_disagreements,
    list_judgements,
)
from cjm_research.review.files import check_name
from cjm_research.review.log import (
    LOG_COLUMNS,
    LOG_FILE,
    append_change,
    apply_log,
    current_changes,
    gone_codes,
    list_worklist,
    read_log,
    renamed_labels,
    split_codes,
)
from cjm_research.review.people import (
    CODE_GROUPS,
    LOST_COLUMNS,
    MEMO,
    anchor_codes,
    list_coders,
    locate_sheets,
    read_sheets,
)
from cjm_research.review.returned import find_new_rows, read_sheet_back
from cjm_research.review.samples import (
    draw_validation_sample,
    list_samples,
    read_sample,
    write_sample,
)
from cjm_research.review.sheets import SHEET_GROUPS, make_sheet, write_sheet

__all__ = [
    "CODE_GROUPS",
    "LOG_COLUMNS",
    "LOG_FILE",
    "LOST_COLUMNS",
    "MEMO",
    "SHEET_GROUPS",
    "Anchor",
    "Texts",
    "anchor_codes",
    "append_change",
    "append_codes",
    "apply_log",
    "check_name",
    "current_changes",
    "draw_validation_sample",
    "estimate_agreement",
    "estimate_machine_quality",
    "estimate_reliability",
    "find_new_rows",
    "gone_codes",
    "list_coders",
    "list_disagreements",
    "list_judgements",
    "list_samples",
    "list_worklist",
    "locate_sheets",
    "make_sheet",
    "read_log",
    "read_sample",
    "read_sheet_back",
    "read_sheets",
    "renamed_labels",
    "split_codes",
    "write_sample",
    "write_sheet",
]
