"""Conventions of the report notebooks, checked on their JSON; and what their cells show with."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cjm_research.display import show_sentences, show_table

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TAGS = {
    "parameters", "injected-parameters", "nbval-check-output", "keep_output", "remove-cell",
    "hide-input",
}  # fmt: skip
TYPES = {"str", "int", "float", "bool"}

notebooks = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def tags(cell: dict[str, Any]) -> set[str]:
    return set(cell["metadata"].get("tags", ()))


def code_cells(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def test_names_are_numbered_without_gaps():
    assert [path.stem[:3] for path in PATHS] == [f"{n:02d}_" for n in range(1, len(PATHS) + 1)]


@notebooks
def test_begins_with_one_h1(path: Path):
    first, *rest = read(path)["cells"]
    assert first["cell_type"] == "markdown"
    assert source(first).startswith("# ")
    markdown = [source(cell) for cell in rest if cell["cell_type"] == "markdown"]
    assert not [text for text in markdown if text.startswith("# ")]


@notebooks
def test_one_typed_parameters_cell(path: Path):
    cells = [cell for cell in code_cells(path) if "parameters" in tags(cell)]
    assert len(cells) == 1
    assert cells[0] is code_cells(path)[0] or source(cells[0]) == source(code_cells(path)[0])
    for line, node in zip(
        source(cells[0]).splitlines(), ast.parse(source(cells[0])).body, strict=True
    ):
        assert isinstance(node, ast.AnnAssign), line
        assert isinstance(node.annotation, ast.Name)
        assert node.annotation.id in TYPES, line
        assert node.value is not None
        ast.literal_eval(node.value)
        assert line.partition("  # ")[2].strip(), f"no help: {line}"


@notebooks
def test_no_definitions_and_no_magics(path: Path):
    for cell in code_cells(path):
        text = source(cell)
        for node in ast.walk(ast.parse(text)):  # a magic is no Python
            assert not isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
            ), text
        assert "sys.path" not in text
        assert "get_ipython" not in text


@notebooks
def test_kernel_is_python3(path: Path):
    assert read(path)["metadata"]["kernelspec"]["name"] == "python3"


@notebooks
def test_outputs_only_where_they_are_kept(path: Path):
    for cell in code_cells(path):
        if "keep_output" not in tags(cell):
            assert cell["outputs"] == [], source(cell)
        for output in cell["outputs"]:
            assert output["output_type"] == "stream", source(cell)
            assert output["name"] == "stdout", source(cell)


@notebooks
def test_execution_counts_are_in_order(path: Path):
    counts = [cell["execution_count"] for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@notebooks
def test_one_cell_at_least_is_compared(path: Path):
    checked = [cell for cell in code_cells(path) if "nbval-check-output" in tags(cell)]
    assert checked
    for cell in checked:
        assert "keep_output" in tags(cell)
        assert cell["outputs"], "run tools/store_checked_outputs.py"


@notebooks
def test_last_cell_says_that_it_is_complete(path: Path):
    last = read(path)["cells"][-1]
    assert source(last) == 'print("chapter complete")'
    assert "remove-cell" in tags(last)


@notebooks
def test_cell_ids_are_there_and_differ(path: Path):
    ids = [cell["id"] for cell in read(path)["cells"]]
    assert len(set(ids)) == len(ids)


@notebooks
def test_tags_are_known(path: Path):
    for cell in read(path)["cells"]:
        assert tags(cell) <= TAGS


@notebooks
def test_small_cells_of_audience_segments_are_not_shown(path: Path):
    for cell in code_cells(path):
        for line in source(cell).splitlines():
            if "show_table" in line and "mentions" in line:
                assert "segment == ''" in line or "mask_segment_mentions" in line, line


def test_sentences_are_shown_as_text_and_commands_as_code():
    assert show_sentences(["One <b>."])._repr_html_() == "<p>One &lt;b&gt;.</p>"
    several = show_sentences(["Run `cjm codes`.", "A ` alone."])._repr_html_()
    assert several == "<ul><li>Run <code>cjm codes</code>.</li><li>A ` alone.</li></ul>"
    assert "none" in show_sentences([])._repr_html_().lower()


def test_sources_are_shown_by_their_names_and_unknown_ones_by_their_ids():
    table = pd.DataFrame({"source": ["talks", "log"], "against": ["log", "talks"]})
    shown = show_table(table, caption="Two", source_names={"talks": "Interviews"})._repr_html_()
    assert shown.count("<td>Interviews</td>") == 2
    assert shown.count("<td>log</td>") == 2
    assert table["source"].tolist() == ["talks", "log"]
