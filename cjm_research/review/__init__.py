"""What people decide: their codes, read from the study and anchored to the text."""

from cjm_research.review.people import (
    CODE_GROUPS,
    LOST_COLUMNS,
    anchor_codes,
    list_coders,
    locate_sheets,
    read_sheets,
)

__all__ = [
    "CODE_GROUPS",
    "LOST_COLUMNS",
    "anchor_codes",
    "list_coders",
    "locate_sheets",
    "read_sheets",
]
