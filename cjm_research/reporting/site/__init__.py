"""The published report: semantic HTML pages that carry everything in themselves."""

from cjm_research.reporting.site.context import Chapter, Run, SiteContext, StudyRuns
from cjm_research.reporting.site.pages import render_index, render_site

__all__ = ["Chapter", "Run", "SiteContext", "StudyRuns", "render_index", "render_site"]
