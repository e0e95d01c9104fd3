"""The map and the tables for elsewhere: tables in, files out.

Every file is written whole or not at all, gives the same bytes for the same tables, and holds
participants' words as text that nothing runs. What may leave is not decided here but by
`reporting.published`.
"""

from cjm_research.exporters.delimited import export_csv, make_csv
from cjm_research.exporters.drawio import export_drawio
from cjm_research.exporters.fixed_zip import make_zip
from cjm_research.exporters.lucidchart import export_lucidchart
from cjm_research.exporters.picture import export_figure
from cjm_research.exporters.slide import export_slide
from cjm_research.exporters.visio import export_visio
from cjm_research.exporters.workbook import About, export_workbook
from cjm_research.exporters.writing import write_whole
from cjm_research.safe_cells import guard_text, unguard_text

__all__ = [
    "About",
    "export_csv",
    "export_drawio",
    "export_figure",
    "export_lucidchart",
    "export_slide",
    "export_visio",
    "export_workbook",
    "guard_text",
    "make_csv",
    "make_zip",
    "unguard_text",
    "write_whole",
]
