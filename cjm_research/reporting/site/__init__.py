"""The published report: semantic HTML pages that carry everything in themselves."""

from cjm_research.reporting.site.context import Chapter, Download, SiteContext
from cjm_research.reporting.site.index_page import Run, StudyRuns, render_failure, render_index
from cjm_research.reporting.site.pages import render_site

__all__ = [
    "Chapter",
    "Download",
    "Run",
    "SiteContext",
    "StudyRuns",
    "render_failure",
    "render_index",
    "render_site",
]
