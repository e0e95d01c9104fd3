"""The smallest study that has words, numbers and a notebook."""

import nbformat

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
journey:
  stages:
    - {id: see, name: See, events: [view]}
    - {id: buy, name: Buy, events: [pay]}
sources:
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    consent: quote
    columns: {participant: id}
    questions:
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
  - id: log
    kind: events
    files: events.csv
    sampling: census
    columns: {participant: id, event: event, occurred_at: at}
"""
SURVEY = "id,why\nc1,The page was so slow that I left.\nc2,It was easy.\n"
EVENTS = (
    "id,event,at\nc1,view,2026-03-01 10:00\nc2,view,2026-03-01 10:00\nc2,pay,2026-03-01 10:05\n"
)

PARAMETERS = 'study: str = "demo"\nrun_folder: str = ""\ntop: int = 5\nword: str = "plain"'
SHOW = """\
import cjm_research as cjm
from cjm_research.display import show_quotes, show_table
this = cjm.open_study(study, run_folder=run_folder)
show_table(this.funnel[["stage", "n_entered"]], caption=f"top {top} {word}")"""
SENTINEL = 'print("chapter complete")'


def write_notebook(path, *cells, title="# Numbers", tags=()):
    """Write a notebook with a cell of parameters and these; `tags` go to the first of them."""
    node = nbformat.v4.new_notebook()
    node.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    code = [nbformat.v4.new_code_cell(cell) for cell in (PARAMETERS, *cells)]
    code[0].metadata["tags"] = ["parameters"]
    code[1].metadata["tags"] = list(tags)
    node.cells = [nbformat.v4.new_markdown_cell(title), *code]
    for number, cell in enumerate(node.cells):
        cell["id"] = f"c{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(node, str(path))
    return path


def make_project(root):
    """Write a project with the study of two people and one notebook."""
    folder = root / "data" / "raw" / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    (folder / "survey.csv").write_text(SURVEY)
    (folder / "events.csv").write_text(EVENTS)
    write_notebook(root / "notebooks" / "01_numbers.ipynb", SHOW, SENTINEL)
    return root
