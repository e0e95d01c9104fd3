"""Funnels that other programs counted: one section, only where there are such."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from cjm_research.reporting.site import render_site
from cjm_research.tables import check_table

NAN = float("nan")
COLUMNS = ["segment", "position", "step", "stage", "n_people", "n_continued", "rate", "stated_rate"]
ROWS = [
    ("", 1, "Basket <b>1</b>", "order", 1000, 412.0, 0.412, 0.41),
    ("", 2, "Paid", "", 412, NAN, NAN, 0.0),
    ("phone", 1, "Basket <b>1</b>", "order", 600, 240.0, 0.4, NAN),
    ("phone", 2, "Paid", "", 240, NAN, NAN, NAN),
]
ABOUT = {
    "source": "ga", "source_label": "Shop funnel", "program": "GA4", "unit": "activeUsers",
    "collected_from": "2026-03-01", "collected_to": "2026-03-31",
}  # fmt: skip


def make_reported(rows=ROWS, **about):
    frame = pd.DataFrame(rows, columns=COLUMNS).assign(**(ABOUT | about))
    return check_table(frame, "reported_funnels")


@pytest.fixture
def pages(sample, tmp_path):
    def render(table):
        tables = sample.tables() | ({} if table is None else {"reported_funnels": table})
        render_site(sample.context(tables=tables), tmp_path)
        return {
            path.stem: BeautifulSoup(path.read_text("utf-8"), "html.parser")
            for path in tmp_path.glob("*.html")
        }

    return render


def said(tag):
    return " ".join(tag.get_text(" ", strip=True).split())


def cells(table):
    return [[said(cell) for cell in row.select("th, td")] for row in table.select("tbody tr")]


@pytest.mark.parametrize("table", [None, make_reported([])], ids=["no table", "no rows"])
def test_without_such_a_source_there_is_no_section(pages, table):
    made = pages(table)
    assert not any(page.select(".reported") for page in made.values())
    assert not made["data"].find(id="table-reported_funnels")


def test_the_section_says_whose_counts_they_are_and_that_they_are_never_mixed(pages):
    made = pages(make_reported())
    (section,) = made["index"].select(".reported")
    words = said(section)
    assert "not this study’s" in words and "never mixed with counts of people" in words
    assert said(section.caption) == (
        "Shop funnel: counted by GA4, 2026-03-01 – 2026-03-31; it counts “activeUsers”"
    )
    assert cells(section.table) == [
        ["Basket <b>1</b>", "Order", "1,000", "412", "41.2 %", "41.0 %"],
        # After the last step nobody goes on, whatever the program states.
        ["Paid", "–", "412", "–", "–", "–"],
    ]
    split = section.details
    assert said(split.summary) == "Shop funnel: 1 segment"
    assert cells(split)[0] == ["Basket <b>1</b>", "Order", "phone", "600", "240", "40.0 %", "–"]
    assert made["data"].find(id="table-reported_funnels")
    assert made["methods"].find(id="made-reported_funnels")
    # Other pages show what this study counted, and nothing else.
    for name in ("stage-order", "quotes"):
        assert "Shop funnel" not in said(made[name])


def test_days_that_nobody_declared_are_said_to_be_none(pages):
    table = make_reported(collected_from="", collected_to="", unit="", program="")
    section = pages(table)["index"].select_one(".reported")
    assert said(section.caption) == (
        "Shop funnel: counted by another program, on days that are not declared"
    )


def test_segments_of_a_handful_are_shown_nowhere(pages):
    few = [*ROWS, ("watch", 1, "Basket <b>1</b>", "order", 10, 3.0, 0.3, NAN)]
    made = pages(make_reported(few))
    assert not made["index"].select_one(".reported details")
    assert "phone" not in said(made["data"].find(id="table-reported_funnels").parent)


METRICS = [
    ("sent", 1100.0, "", NAN, NAN),
    ("opened", 440.0, "sent", 1100.0, 0.4),
    ("cost", 12.5, "", NAN, NAN),
]


def make_metrics():
    about = {key: value for key, value in ABOUT.items() if key != "unit"} | {
        "source": "mails", "source_label": "Mails", "touchpoint": "<i>Welcome</i>",
        "stage": "order", "channel": "e-mail",
    }  # fmt: skip
    frame = pd.DataFrame(METRICS, columns=["measure", "n", "of", "n_of", "rate"])
    return check_table(frame.assign(**about), "touchpoint_metrics")


def test_campaigns_stand_in_the_same_section_with_what_each_is_a_share_of(sample, tmp_path):
    tables = sample.tables() | {"touchpoint_metrics": make_metrics()}
    render_site(sample.context(tables=tables), tmp_path)
    page = BeautifulSoup((tmp_path / "index.html").read_text("utf-8"), "html.parser")
    (section,) = page.select(".reported")
    assert said(section.h2).startswith("Counted by other programs")
    assert said(section.caption) == "Mails: counted by GA4; channel: e-mail"
    days = "2026-03-01 – 2026-03-31"
    assert cells(section.table) == [
        ["<i>Welcome</i>", "Order", days, "sent", "1,100", "–", "–"],
        ["<i>Welcome</i>", "Order", days, "opened", "440", "sent (1,100)", "40.0 %"],
        ["<i>Welcome</i>", "Order", days, "cost", "12.50", "–", "–"],
    ]
