"""E-mail and advertising, counted by other programs: shares of what, and over which rows."""

import math

import pytest

from cjm_research.config import Campaign
from cjm_research.errors import SourceError, UnknownNameError
from cjm_research.readers import list_unused_columns, read_source, recognise_file
from tests.fuzz.corpus import CAMPAIGN, GOOGLE_ADS, MAILCHIMP, META_ADS

COLUMNS = {"touchpoint": "name", "sent": "sent", "opened": "opened"}


@pytest.fixture
def read(write, tmp_path, journey):
    def read_one(content, **more):
        write("a.csv", content)
        source = Campaign.model_validate(
            {"id": "mails", "kind": "campaign", "files": ["a.csv"]} | more
        )
        return read_source(source, tmp_path, journey)

    return read_one


def counts(material, touchpoint):
    mine = material.touchpoint_metrics.query("touchpoint == @touchpoint")
    return {row.measure: row.n for row in mine.itertuples()}


def shares(material, touchpoint):
    mine = material.touchpoint_metrics.query("touchpoint == @touchpoint")
    return {row.measure: (row.of, row.n_of, row.rate) for row in mine.itertuples() if row.of}


def noted(material, words):
    return sum(row.n for row in material.quality.itertuples() if words in row.what)


def test_sendings_of_one_title_are_added_up_and_said(read):
    found = read(MAILCHIMP, stage="Buy", channel="e-mail")
    assert counts(found, "Welcome") == {"sent": 1100, "delivered": 1080, "opened": 440,
                                        "clicked": 54}  # fmt: skip
    assert shares(found, "Welcome") == {
        "delivered": ("sent", 1100, 1080 / 1100), "opened": ("delivered", 1080, 440 / 1080),
        "clicked": ("delivered", 1080, 0.05),
    }  # fmt: skip
    assert noted(found, "added up") == 1
    first = found.touchpoint_metrics.iloc[0]
    assert (first["stage"], first["channel"]) == ("buy", "e-mail")
    assert (first["collected_from"], first["collected_to"]) == ("2026-03-01", "2026-03-05")


def test_nobody_is_in_a_campaign(read):
    found = read(MAILCHIMP)
    for part in ("people", "identities", "turns", "ratings", "answers", "events"):
        assert not len(getattr(found, part)), part


def test_advertising_has_lines_above_totals_below_money_and_parts_of_conversions(read):
    found = read(GOOGLE_ADS)
    assert noted(found, "lines above the table") == 2
    assert noted(found, "rows of totals") == 1
    assert counts(found, "Brand") == {
        "impressions": 400, "clicked": 40, "conversions": 3.33, "cost": 50.0,
    }  # fmt: skip
    assert shares(found, "Brand") == {
        "clicked": ("impressions", 400, 0.1), "conversions": ("clicked", 40, 3.33 / 40),
    }  # fmt: skip


def test_first_and_last_day_of_a_row(read):
    found = read(META_ADS)
    first = found.touchpoint_metrics.iloc[0]
    assert (first["collected_from"], first["collected_to"]) == ("2026-03-01", "2026-03-31")
    assert counts(found, "Spring")["cost"] == 1204.5


@pytest.mark.parametrize(
    ("content", "program"),
    [(MAILCHIMP, "Mailchimp"), (GOOGLE_ADS, "Google Ads"), (META_ADS, "Meta Ads")],
)
def test_known_headers_are_unverified_presets_that_can_be_edited(write, read, content, program):
    guess = recognise_file(write("a.csv", content))
    assert guess.kind == "campaign" and program in guess.what and "unverified" in guess.what
    found = read(content)
    assert found.touchpoint_metrics["program"].unique().tolist() == [
        f"{program} (columns unverified)"
    ]
    assert noted(found, "compare the counts with the program") == 1
    # What is proposed names the columns, for the researcher to change, and reads the same.
    declared = read(content, **guess.source).touchpoint_metrics
    assert declared.equals(found.touchpoint_metrics)


def test_a_table_of_one_touchpoint_by_its_columns(read):
    declared = {"touchpoint": "Reminder", "columns": {"date": "when", "sent": "mails",
                                                      "opened": "read"}}  # fmt: skip
    found = read(CAMPAIGN, **declared)
    assert counts(found, "Reminder") == {"sent": 30, "opened": 9}
    assert found.touchpoint_metrics["collected_to"].unique().tolist() == ["2026-03-03"]


def test_days_that_may_be_in_either_order_are_asked_about(read):
    content = "name,day,sent\nA,03/04/2026,5\n"
    columns = {"touchpoint": "name", "date": "day", "sent": "sent"}
    with pytest.raises(SourceError, match="day_first"):
        read(content, columns=columns)
    found = read(content, columns=columns, day_first=True, timezone="Europe/Berlin")
    assert found.touchpoint_metrics["collected_from"][0] == "2026-04-03"


def test_days_that_cannot_be_read_are_counted_and_the_touchpoint_has_none(read):
    columns = {"touchpoint": "name", "date": "day", "sent": "sent"}
    found = read("name,day,sent\nA,2026-03-01,5\nA,spring,5\n", columns=columns)
    assert noted(found, "days that cannot be read") == 1
    assert found.touchpoint_metrics["collected_from"].tolist() == [""]


def test_days_with_the_name_of_a_month_are_read(read):
    columns = {"touchpoint": "name", "date": "day", "sent": "sent"}
    found = read('name,day,sent\nA,"Mar 03, 2026 09:00 am",5\n', columns=columns)
    assert found.touchpoint_metrics["collected_from"].tolist() == ["2026-03-03"]


def test_declared_days_win(read):
    found = read(MAILCHIMP, collected={"from": "2026-01-01", "to": "2026-12-31"})
    assert set(found.touchpoint_metrics["collected_to"]) == {"2026-12-31"}


def test_a_count_above_what_it_would_be_a_share_of_has_no_rate(read):
    found = read("name,sent,opened\nA,10,12\n", columns=COLUMNS)
    of, n_of, rate = shares(found, "A")["opened"]
    assert (of, n_of) == ("sent", 10) and math.isnan(rate)
    assert noted(found, "above those that they would be a share of") == 1


def test_counts_of_different_rows_make_no_share(read):
    found = read("name,sent,opened\nA,10,5\nA,,5\n", columns=COLUMNS)
    assert counts(found, "A") == {"sent": 10, "opened": 10}
    assert math.isnan(shares(found, "A")["opened"][2])
    assert noted(found, "counts of other rows") == 1


def test_a_measure_that_no_row_tells_is_not_zero(read):
    found = read("name,sent,opened\nA,10,\nB,10,0\n", columns=COLUMNS)
    assert counts(found, "A") == {"sent": 10}
    assert counts(found, "B") == {"sent": 10, "opened": 0}


@pytest.mark.parametrize(("cell", "column"), [("4.5", "sent"), ("-3", "sent"), ("many", "opened")])
def test_counts_are_whole_and_never_negative(read, cell, column):
    row = {"sent": "10", "opened": "5"} | {column: cell}
    with pytest.raises(SourceError, match=f"column '{column}' holds no whole number"):
        read(f"name,sent,opened\nA,{row['sent']},{row['opened']}\n", columns=COLUMNS)


def test_money_that_is_no_number_is_refused_by_its_rows(read):
    columns = {"touchpoint": "name", "cost": "cost"}
    assert counts(read('name,cost\nA,"$1,204.50"\nA, --\n', columns=columns), "A") == {
        "cost": 1204.5
    }
    with pytest.raises(SourceError, match="'cost' holds no number of 0 or more in row 3"):
        read("name,cost\nA,3\nB,-3\n", columns=columns)


def test_what_is_missing_is_asked_for(read):
    with pytest.raises(SourceError, match=r"columns: \{touchpoint: ..., date: ..."):
        read("name,sent\nA,1\n")
    with pytest.raises(SourceError, match="does not say which column holds 'touchpoint'"):
        read("name,sent\nA,1\n", columns={"sent": "sent"})
    with pytest.raises(SourceError, match="names no column of counts"):
        read("name,sent\nA,1\n", columns={"touchpoint": "name"})
    with pytest.raises(SourceError, match="no row of counts"):
        read("name,sent\n,1\n", columns={"touchpoint": "name", "sent": "sent"})
    with pytest.raises(UnknownNameError, match="no stage 'byu'"):
        read(MAILCHIMP, stage="byu")


def test_touchpoints_that_are_people_are_refused_without_repeating_them(read):
    with pytest.raises(SourceError, match="hold an e-mail address") as refused:
        read("name,sent,opened\nana@example.org,1,1\n", columns=COLUMNS)
    assert "ana@" not in str(refused.value)


def test_columns_that_are_not_read_are_named(read, tmp_path):
    read(MAILCHIMP)
    source = Campaign.model_validate({"id": "m", "kind": "campaign", "files": ["a.csv"]})
    assert list_unused_columns(source, tmp_path) == {"a.csv": ["Subject", "Open Rate"]}


def test_a_declared_column_is_added_to_those_of_a_known_program(read):
    table = "Campaign,Impr.,Clicks,Cost,Purchases\nA,100,10,5.00,2\n"
    found = read(table, columns={"conversions": "Purchases"})
    assert counts(found, "A") == {"impressions": 100, "clicked": 10, "conversions": 2, "cost": 5}
    assert "Google Ads" in found.touchpoint_metrics["program"][0]


def test_a_total_is_known_in_whichever_column_it_stands(read):
    rows = "Enabled,Brand,400,40,50.00\nTotal: Campaigns,--,400,40,50.00\n"
    found = read(f"Campaign status,Campaign,Impr.,Clicks,Cost\n{rows}")
    assert set(found.touchpoint_metrics["touchpoint"]) == {"Brand"}
    assert noted(found, "rows of totals") == 1
