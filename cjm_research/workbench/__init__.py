"""The researcher's desk in JupyterLab: read an excerpt in context, code it, write it down."""

from cjm_research.workbench.widget import CodingWidget, code_excerpts_by_hand

__all__ = ["CodingWidget", "code_excerpts_by_hand"]
