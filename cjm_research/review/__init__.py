"""What people decide: their codes, read from the study and anchored to the text."""

from cjm_research.review.people import LOST_COLUMNS, read_codes

__all__ = ["LOST_COLUMNS", "read_codes"]
