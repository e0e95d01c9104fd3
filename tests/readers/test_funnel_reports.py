"""Funnels that other programs counted: each quirk of their reports, and what is never assumed."""

import json
import math

import pytest

from cjm_research.config import FunnelReport
from cjm_research.errors import SourceError, UnknownNameError
from cjm_research.readers import list_unused_columns, read_source, recognise_file
from cjm_research.readers.counts import read_count, read_rates
from tests.fuzz.corpus import (
    FALLOUT,
    FUNNEL,
    GA4_EXPLORATION,
    GA4_FUNNEL,
    HOTJAR_FUNNEL,
    make_ga4_funnel,
)

NAN = math.nan
UNVERIFIED = "columns unverified"


@pytest.fixture
def read(write, tmp_path, journey):
    def read_one(content, name="a.csv", **more):
        write(name, content if isinstance(content, str) else json.dumps(content))
        source = FunnelReport.model_validate(
            {"id": "shop", "kind": "funnel_report", "files": [name]} | more
        )
        return read_source(source, tmp_path, journey)

    return read_one


def lines(material, *columns):
    return material.reported_funnels[list(columns)].to_numpy().tolist()


def notes(material):
    return {row.what: row.n for row in material.quality.itertuples()}


def noted(material, words):
    return sum(n for what, n in notes(material).items() if words in what)


# ---- Google Analytics 4, Data API -------------------------------------------------------------


def test_metric_headers_come_twice_and_the_first_occurrence_is_meant(read):
    assert len(GA4_FUNNEL["funnelTable"]["metricHeaders"]) == 8
    found = read(GA4_FUNNEL, "a.json")
    assert lines(found, "segment", "position", "n_people") == [
        ["", 1, 1000], ["", 2, 412], ["mobile", 1, 600], ["mobile", 2, 240],
    ]  # fmt: skip


def test_rates_that_are_typed_whole_hold_fractions(read):
    header = GA4_FUNNEL["funnelTable"]["metricHeaders"][1]
    assert header["type"] == "TYPE_INTEGER"
    first = read(GA4_FUNNEL, "a.json").reported_funnels.iloc[0]
    assert first["stated_rate"] == 0.412


def test_step_labels_lose_their_number_which_is_their_position(read):
    shuffled = make_ga4_funnel(
        ("2. Pay", "5", "0", "0", "0"), ("1. 3. Floor", "9", "0.5556", "4", "0.4444")
    )
    assert lines(read(shuffled, "a.json"), "position", "step") == [[1, "3. Floor"], [2, "Pay"]]


def test_labels_of_which_not_all_are_numbered_keep_what_stands_there(read):
    mixed = make_ga4_funnel(("1. A", "9", "", "", ""), ("Pay", "5", "", "", ""))
    assert lines(read(mixed, "a.json"), "position", "step") == [[1, "1. A"], [2, "Pay"]]


def test_reserved_total_means_everybody_and_is_no_segment(read):
    found = read(GA4_FUNNEL, "a.json").reported_funnels
    assert set(found["segment"]) == {"", "mobile"}


def test_the_completion_rate_of_a_step_looks_forward(read):
    found = read(GA4_FUNNEL, "a.json")
    # 412 of the 1,000 who searched went on to pay: the rate stands at the search.
    assert lines(found, "segment", "step", "n_continued", "rate")[0] == ["", "Search", 412, 0.412]
    last = found.reported_funnels.query("step == 'Pay'")
    assert last["n_continued"].isna().all() and last["rate"].isna().all()
    assert not noted(found, "stated rates")


def test_a_rate_that_looks_back_disagrees_by_more_than_rounding(read):
    backward = make_ga4_funnel(
        ("1. A", "1000", "1", "588", ""), ("2. B", "412", "0.412", "312", ""),
        ("3. C", "100", "0.2427", "", ""),
    )  # fmt: skip
    found = read(backward, "a.json")
    assert noted(found, "not the share going on to the next step") == 2
    assert [round(rate, 4) for rate in found.reported_funnels["rate"][:2]] == [0.412, 0.2427]


@pytest.mark.parametrize(
    ("stated", "n"), [("0.41", 0), ("0.412", 0), ("0.4118", 0), ("0.4119", 1), ("0.5", 1)]
)
def test_a_stated_rate_may_be_rounded(read, stated, n):
    funnel = make_ga4_funnel(("1. A", "1032", stated, "", ""), ("2. B", "425", "0", "", ""))
    found = read(funnel, "a.json")  # 425 of 1,032 are 0.41182...
    assert noted(found, "more than rounding") == n


def test_what_is_estimated_from_a_sample_is_said(read):
    assert not noted(read(GA4_FUNNEL, "a.json"), "sample of the events")
    table = GA4_FUNNEL["funnelTable"] | {
        "metadata": {"samplingMetadatas": [{"samplesReadCount": "500"}]}
    }
    found = read({"funnelTable": table, "funnelVisualization": {}}, "a.json")
    assert noted(found, "sample of the events") == 1
    assert noted(found, "program's drawing, left out") == 1


@pytest.mark.parametrize("people", ["-3", "4.5", "", "many", "9" * 30])
def test_a_count_that_is_not_whole_is_refused(read, people):
    with pytest.raises(SourceError, match="no whole number of 'activeUsers'"):
        read(make_ga4_funnel(("1. A", people, "0.5", "", "")), "a.json")


# ---- other JSON --------------------------------------------------------------------------------


def test_the_json_of_mixpanel_is_refused_with_what_to_do(read):
    mixpanel = {"meta": {"dates": ["2026-03-01"]}, "data": {"2026-03-01": {"steps": []}}}
    with pytest.raises(SourceError, match=r"Mixpanel .* as CSV, and name its columns") as refused:
        read(mixpanel, "a.json")
    assert "'meta', 'data'" in str(refused.value)


@pytest.mark.parametrize("content", ["[]", "{", "3", '{"funnelTable": []}', "", "null"])
def test_json_that_is_no_report_is_refused(read, content):
    with pytest.raises(SourceError, match="no funnel report"):
        read(content, "a.json")


def test_columns_are_for_tables(read):
    with pytest.raises(SourceError, match="names columns of tables"):
        read(GA4_FUNNEL, "a.json", columns={"step": "a", "people": "b"})


# ---- Google Analytics 4, user interface --------------------------------------------------------


def test_the_block_of_comments_is_left_out_and_tells_the_days(read):
    found = read(GA4_EXPLORATION)
    assert noted(found, "lines above the table") == 5
    assert lines(found, "collected_from", "collected_to")[0] == ["2026-07-23", "2026-09-22"]


def test_days_of_a_standard_report_and_of_study_yaml_which_wins(read):
    head = "# Start date: 20260101\n# End date: 20260923\n\n"
    body = GA4_EXPLORATION.split("\n\n")[1]
    found = read(head + body)
    assert lines(found, "collected_from", "collected_to")[0] == ["2026-01-01", "2026-09-23"]
    declared = read(head + body, collected={"from": "2026-02-01", "to": "2026-02-28"})
    assert lines(declared, "collected_from", "collected_to")[0] == ["2026-02-01", "2026-02-28"]
    odd = read("# 20261399-20269999\n\n" + body)
    assert lines(odd, "collected_from", "collected_to")[0] == ["", ""]


def test_the_row_of_totals_has_a_cell_more_than_the_header(read):
    found = read(GA4_EXPLORATION)
    assert lines(found, "step", "n_people") == [["Search", 1000], ["Pay", 412]]
    assert noted(found, "rows of totals") == 1


def test_of_several_tables_the_funnel_is_read_and_the_others_are_counted(read):
    before, after = "Date,Users\n20260723,7\n\n", "\nCountry,Users\nDE,7\nAT,3\n"
    found = read(before + GA4_EXPLORATION.split("\n\n")[1] + after)
    assert lines(found, "n_people") == [[1000], [412]]
    assert noted(found, "lines above the table") == 2
    assert noted(found, "lines below the table") == 3


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_the_header_is_matched_without_regard_to_case_and_said_to_be_unverified(read, change):
    head, body = GA4_EXPLORATION.split("\n\n")
    header, _, rows = body.partition("\n")
    found = read(f"{head}\n\n{change(header)}\n{rows}")
    first = found.reported_funnels.iloc[0]
    assert first["unit"].casefold() == "active users"
    assert UNVERIFIED in first["program"]
    assert noted(found, UNVERIFIED) == 2  # where the columns are told, and who counted
    assert first["stated_rate"] == 0.412


@pytest.mark.parametrize("total", ["Total", "RESERVED_TOTAL"])
def test_a_declared_segment_is_added_to_the_columns_of_a_known_program(read, total):
    table = (
        "Step,Device,Active users,Completion rate\n"
        f"1. A,{total},9,0.5\n2. B,{total},5,\n1. A,phone,4,0.5\n2. B,phone,2,\n"
    )
    found = read(table, columns={"segment": "Device"})
    assert lines(found, "segment", "step", "n_people")[:3] == [
        ["", "A", 9], ["", "B", 5], ["phone", "A", 4],
    ]  # fmt: skip
    assert "Google Analytics 4" in found.reported_funnels["program"][0]
    assert found.reported_funnels["stated_rate"][0] == 0.5
    with pytest.raises(SourceError, match="no column 'Devise'"):
        read(table, columns={"segment": "Devise"})


def test_where_study_yaml_names_every_column_none_is_taken_by_its_name(read):
    columns = {"step": "Step", "people": "Active users", "rate": "Completion rate"}
    table = "Step,Active users,Completion rate\n1. A,9,0.5\n2. B,5,\n"
    assert not noted(read(table, columns=columns), UNVERIFIED)


# ---- Adobe, Hotjar -----------------------------------------------------------------------------


def test_header_lines_of_a_fallout_are_skipped(read):
    found = read(FALLOUT)
    assert lines(found, "step", "n_people", "rate") == [
        ["All", 1000, 0.5], ["Cart", 500, 0.6], ["Pay", 300, pytest.approx(NAN, nan_ok=True)],
    ]  # fmt: skip
    assert "Adobe" in found.reported_funnels["program"][0]
    assert UNVERIFIED in found.reported_funnels["program"][0]


def test_the_preset_of_hotjar_is_unverified(read):
    found = read(HOTJAR_FUNNEL).reported_funnels
    assert "Hotjar" in found["program"][0] and UNVERIFIED in found["program"][0]
    assert found["n_people"].tolist() == [500, 300]


# ---- any table ---------------------------------------------------------------------------------


def test_any_table_by_its_columns(read):
    columns = {"step": "what", "people": "how many", "segment": "device"}
    found = read(FUNNEL, columns=columns, counted="orders", program="A till")
    assert lines(found, "program", "unit", "segment", "step", "n_people", "n_continued")[:2] == [
        ["A till", "orders", "phone", "Search", 1000, 412.0],
        ["A till", "orders", "phone", "Pay", 412, pytest.approx(NAN, nan_ok=True)],
    ]
    assert not noted(found, UNVERIFIED)


def test_lines_above_declared_columns_are_skipped(read):
    columns = {"step": "what", "people": "n"}
    found = read("My funnel\nmade on Monday\n\nwhat,n\nA,9\nB,4\n", columns=columns)
    assert lines(found, "step", "n_people") == [["A", 9], ["B", 4]]


def test_a_table_that_tells_nothing_asks_for_its_columns(read):
    with pytest.raises(SourceError, match=r"columns: \{step: ..., people: ...\}"):
        read("what,n\nA,9\n")
    with pytest.raises(SourceError, match="does not say which column holds 'people'"):
        read("what,n\nA,9\n", columns={"step": "what"})
    with pytest.raises(SourceError, match=r"no column 'whta'.*Did you mean 'what'"):
        read("note\nwhat,n\nA,9\n", columns={"step": "whta", "people": "n"})


def test_a_step_that_occurs_twice_asks_for_the_segment(read):
    with pytest.raises(SourceError, match=r"more than once.*\n.*segment: ..."):
        read(FUNNEL, columns={"step": "what", "people": "how many"})


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0), ("1204", 1204), ("1,204", 1204), ("1,234,567", 1234567), ("12.0", 12),
        (" 7 ", 7), ("1.204", None), ("12.5", None), ("-1", None), ("1,20", None), ("12%", None),
        ("", None), ("NA", None), ("1e3", None), ("٣", 3), ("9" * 18, None),
    ],
)  # fmt: skip
def test_counts_are_whole_and_never_negative(text, count):
    assert read_count(text) == count


def test_counts_that_are_not_whole_are_refused_by_their_rows(read):
    with pytest.raises(SourceError, match=r"column 'n' holds no whole number .* in rows 3, 5"):
        read("what,n\nA,9\nB,4.5\nC,3\nD,\n", columns={"step": "what", "people": "n"})


def test_percentages_and_fractions_are_told_apart_by_the_column():
    def values(*texts):
        rates, odd = read_rates(texts)
        return [rate.value for rate in rates if rate.value == rate.value], odd

    assert values("41.2%", "0,5 %") == ([pytest.approx(0.412), pytest.approx(0.005)], 0)
    assert values("0.412", "1") == ([pytest.approx(0.412), 1.0], 0)
    assert values("41.2", "0.5") == ([pytest.approx(0.412), pytest.approx(0.005)], 0)
    assert values("", "-", "n/a", "half") == ([], 1)


def test_a_funnel_with_more_people_later_is_open_and_not_refused(read):
    columns = {"step": "what", "people": "n"}
    found = read("what,n\nA,100\nB,150\nC,30\n", columns=columns)
    assert noted(found, "the funnel is open") == 1
    # Who came in at B has not come from A: how many of A went on is not known.
    assert found.reported_funnels["n_continued"].isna().all()
    told = read("what,n,gone\nA,100,40\nB,150,120\nC,30,\n", columns=columns | {"lost": "gone"})
    assert lines(told, "n_continued", "rate")[:2] == [[60.0, 0.6], [30.0, 0.2]]
    assert noted(told, "those not lost are not the people of the next one") == 1


def test_more_lost_than_there_were_is_refused(read):
    columns = {"step": "what", "people": "n", "lost": "gone"}
    with pytest.raises(SourceError, match="more were lost at step 1 than were there"):
        read("what,n,gone\nA,10,40\nB,5,0\n", columns=columns)


def test_a_step_that_a_segment_lacks_is_counted_and_nothing_is_assumed(read):
    columns = {"step": "what", "people": "n", "segment": "who"}
    found = read("what,n,who\nA,9,x\nB,5,x\nC,4,x\nA,8,y\nC,2,y\n", columns=columns)
    assert noted(found, "steps that a segment does not have") == 1
    gap = found.reported_funnels.query("segment == 'y' and step == 'A'")
    assert gap["n_continued"].isna().all()


def test_nobody_in_a_step_gives_no_rate(read):
    found = read("what,n\nA,0\nB,0\n", columns={"step": "what", "people": "n"})
    assert lines(found, "n_continued")[0] == [0.0]
    assert found.reported_funnels["rate"].isna().all()


# ---- stages ------------------------------------------------------------------------------------


def test_steps_are_placed_in_stages_by_id_or_name_and_the_rest_is_counted(read):
    steps = {"all": "Find a plan", "Pay": "buy"}
    found = read(FALLOUT, steps=steps)
    assert lines(found, "step", "stage") == [["All", "find"], ["Cart", ""], ["Pay", "buy"]]
    assert noted(found, "steps without a stage") == 1


def test_a_stage_or_a_step_that_does_not_exist_is_an_error(read):
    with pytest.raises(UnknownNameError, match="no stage 'purchase'"):
        read(FALLOUT, steps={"Pay": "purchase"})
    with pytest.raises(SourceError, match=r"no step is called 'Pya'.*Did you mean 'Pay'"):
        read(FALLOUT, steps={"Pya": "buy"})


# ---- people ------------------------------------------------------------------------------------


def test_nobody_is_in_a_funnel_report(read):
    found = read(GA4_FUNNEL, "a.json")
    for part in ("people", "identities", "turns", "ratings", "answers", "events"):
        assert not len(getattr(found, part)), part


def test_a_funnel_split_by_mail_addresses_is_refused_without_repeating_them(read):
    columns = {"step": "what", "people": "n", "segment": "who"}
    with pytest.raises(SourceError, match="2 of its labels hold an e-mail") as refused:
        read("what,n,who\nA,1,ana@example.org\nB,1,ana@example.org\n", columns=columns)
    assert "ana@" not in str(refused.value)


def test_each_funnel_is_a_source_of_its_own(write, read):
    write("b.csv", FALLOUT)
    with pytest.raises(SourceError, match="a funnel is one file; 2 match"):
        read(FALLOUT, files=["*.csv"])


# ---- recognition -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "program"),
    [
        ("a.json", json.dumps(GA4_FUNNEL), "Data API"),
        ("a.csv", GA4_EXPLORATION, "exploration"),
        ("a.csv", FALLOUT, "Adobe"),
        ("a.csv", HOTJAR_FUNNEL, "Hotjar"),
    ],
)
def test_reports_are_recognised_and_what_is_proposed_reads_them(
    write, read, name, content, program
):
    guess = recognise_file(write(name, content))
    assert guess.kind == "funnel_report" and program in guess.what
    assert ("unverified" in guess.what) == (name == "a.csv")
    assert any("'Pay'" in ask for ask in guess.asks)
    assert len(read(content, name, **guess.source).reported_funnels)


def test_a_column_that_may_split_the_funnel_is_named(write, tmp_path):
    head, body = GA4_EXPLORATION.split("\n\n")
    content = "".join(f"{row},desktop\n" if row[:1].isdigit() else f"{row},Device category\n"
                      for row in body.splitlines()[:3])  # fmt: skip
    path = write("a.csv", f"{head}\n\n{content}")
    assert any("'Device category'" in ask for ask in recognise_file(path).asks)
    source = FunnelReport.model_validate({"id": "f", "kind": "funnel_report", "files": ["a.csv"]})
    assert "Device category" in list_unused_columns(source, tmp_path)["a.csv"]
