"""What people decide: their codes, read from the study and anchored to the text.

`people` reads codes and `anchors` finds their quotes; `appending` is the one writer of them.
`log` keeps what became of codes; `sheets` and `returned` send excerpts out and take them back;
`samples` draws what may estimate agreement, and `comparing` estimates it. `marks` reads what
reviewers marked in a report: their codes, and their `claims`.
"""

from cjm_research.review.anchors import Anchor, Texts
from cjm_research.review.appending import append_codes
from cjm_research.review.claims import CLAIM_COLUMNS, append_claims, read_claims
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
from cjm_research.review.marks import (
    ClaimMark,
    MarkedRows,
    Marks,
    QuoteMark,
    drop_known_rows,
    make_rows,
    read_marks,
    reviewer_name,
    take_back_stages,
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
    "CLAIM_COLUMNS",
    "CODE_GROUPS",
    "LOG_COLUMNS",
    "LOG_FILE",
    "LOST_COLUMNS",
    "MEMO",
    "SHEET_GROUPS",
    "Anchor",
    "ClaimMark",
    "MarkedRows",
    "Marks",
    "QuoteMark",
    "Texts",
    "anchor_codes",
    "append_change",
    "append_claims",
    "append_codes",
    "apply_log",
    "check_name",
    "current_changes",
    "draw_validation_sample",
    "drop_known_rows",
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
    "make_rows",
    "make_sheet",
    "read_claims",
    "read_log",
    "read_marks",
    "read_sample",
    "read_sheet_back",
    "read_sheets",
    "renamed_labels",
    "reviewer_name",
    "split_codes",
    "take_back_stages",
    "write_sample",
    "write_sheet",
]
