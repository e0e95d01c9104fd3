"""Conventions that every table of words and numbers keeps."""

MIN_PEOPLE = 5
"""People below which a share says nothing that the count does not: counts only."""
FALSE_FINDS = 0.05
"""Share of false finds among the finds that Benjamini and Hochberg's procedure allows."""
NO_CODE = "other"
"""What fits no code: a heap of unlike things, which two people need not mean alike."""
