"""docs/sources.md against the registries: what the code reads has a row, with all that is known."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cjm_research.readers import (
    business_exports,
    campaigns,
    event_exports,
    funnel_reports,
    ga4_funnel,
    survey_exports,
    transcript_formats,
)

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
TESTED = ("real", "described", "unverified")
# Words of the registries that say how sure a layout is, or hold a name together.
FILLING = {"unverified", "columns", "check", "the", "of", "as", "and", "export", "them"}

FUNNELS = [ga4_funnel.NAME, *(preset.name for preset in funnel_reports.PRESETS)]
BUSINESS = {kind: [it.name for it in business_exports.EXPORTS if (it.kind == "feedback") == kind]
            for kind in (True, False)}  # fmt: skip
# Programs of surveys are functions; their names are those of the programs.
SURVEYS = [read.__name__.removeprefix("_read_") for read in survey_exports.EXPORTS]
NAMES = {
    "Transcripts": [form.name for form in transcript_formats.FORMATS],
    "Projects of QDA programs": ["REFI-QDA project"],
    "Surveys": [*SURVEYS, survey_exports.SPSS, "any other table"],
    "Feedback": BUSINESS[True],
    "Events": [*(export.name for export in event_exports.EXPORTS), "GA4 as Parquet", "XES"],
    "People and CRM": ["Salesforce report", *BUSINESS[False]],
    "Funnels counted elsewhere": [*FUNNELS, "any other table"],
    "Campaigns": [*(preset.name for preset in campaigns.PRESETS), "any other table"],
}
ALIKE = {"GA4 as Parquet": "Google Analytics 4, BigQuery, as Parquet"}


def words(name: str) -> frozenset[str]:
    """Return what a name says, however it is written."""
    plain = ALIKE.get(name, name).replace("_", " ").casefold()
    return frozenset(re.findall(r"\w+", plain)) - FILLING


def find_rows(section: str) -> list[dict[str, str]]:
    """Return the rows of a section's tables of formats, each by the names of its columns."""
    return [row for title, row in _read_rows() if title == section]


def _read_rows() -> Iterator[tuple[str, dict[str, str]]]:
    title, header = "", []
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            title = re.sub(r" \(`.*`\)", "", line.lstrip("# "))
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if "|" in line else []
        if not cells:
            header = []
        elif not header:
            header = cells
        elif "tested on" in header and header[0] != "what is met" and "---" not in line:
            yield title, dict(zip(["name", *header[1:]], cells, strict=True))


def match(section: str) -> dict[str, dict[str, str]]:
    """Return the row of each name of a section; a row serves one name, the longest that fits."""
    rows = find_rows(section)
    found = {}
    for name in sorted(NAMES[section], key=lambda name: -len(words(name))):
        row = next((row for row in rows if words(name) <= words(row["name"])), None)
        assert row, f"docs/sources.md, {section}: no row for '{name}'"
        rows.remove(row)
        found[name] = row
    return found


def tell_sign(row: dict[str, str]) -> str:
    return next(cell for name, cell in row.items() if name.startswith("told by"))


@pytest.mark.parametrize("section", NAMES)
def test_every_format_that_the_code_reads_has_a_row_of_its_own(section):
    assert set(match(section)) == set(NAMES[section])


@pytest.mark.parametrize("section", NAMES)
def test_every_row_says_how_it_is_told_what_it_was_tested_on_and_its_limits(section):
    rows = find_rows(section)
    assert rows
    for row in rows:
        assert any(word in row["tested on"].split(":")[0] for word in TESTED), row["name"]
        assert len(tell_sign(row)) > 2, row["name"]
        assert len(row["limits"]) > 2, row["name"]


@pytest.mark.parametrize("section", NAMES)
def test_what_the_code_calls_unverified_the_page_calls_so_too(section):
    for name, row in match(section).items():
        if section == "Surveys" or section.startswith(("Transcripts", "Projects")):
            continue  # these names say nothing of it
        said = row["tested on"] == "unverified"
        assert said == ("unverified" in name), name


def test_surveys_whose_layout_is_unverified_are_called_so_on_the_page():
    headers = {
        "google_forms": ["Timestamp"],
        "hotjar": ["Country", "Device", "Browser", "Page URL"],
        "alchemer": ["Time Started", "Date Submitted", "Status"],
        "typeform": ["#", "Submit Date (UTC)", "Network ID"],
        "surveymonkey": ["Respondent ID", "Collector ID"],
        "qualtrics": ["ResponseID"],
    }
    assert set(headers) == set(SURVEYS)
    rows = match("Surveys")
    for name, header in headers.items():
        export = survey_exports.recognise_export([header, ["" for _ in header]])
        assert export.verified == (rows[name]["tested on"] != "unverified"), name


def test_transcripts_stand_on_the_page_in_the_order_in_which_signs_decide():
    rows = match("Transcripts")
    named = [rows[form.name]["name"] for form in transcript_formats.FORMATS]
    assert named == [row["name"] for row in find_rows("Transcripts")]
