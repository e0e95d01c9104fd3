"""The pages and the terminal say the same of two runs."""

import re

import pytest
from bs4 import BeautifulSoup

from cjm_research.reporting.since import compare_runs
from cjm_research.reporting.site.changes import RULE, list_lines, write_changes
from cjm_research.reporting.site.environment import make_environment

HOSTILE = '<script>alert(1)</script>"onload=x {{7*7}}'


def page_of(changes, tmp_path):
    path = write_changes(changes, "Why <i>?", tmp_path / "changes.html")
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def words(tag):
    return re.sub(r"\s+", " ", tag.get_text(" ", strip=True))


def front_of(changes):
    template = '{% from "_changes.html.j2" import changes_section %}{{ changes_section(changes) }}'
    return make_environment().from_string(template).render(changes=changes)


def test_a_first_run_says_that_there_is_nothing_to_compare_with(now, tmp_path):
    found = compare_runs({}, now)
    assert "no earlier report of this study" in words(page_of(found, tmp_path).main)
    assert "no earlier report" in front_of(found)
    assert "href" not in front_of(found)


def test_nothing_changed_is_said_once(before, tmp_path):
    page = page_of(compare_runs(before, before), tmp_path)
    assert page.find_all("h2") == []
    assert "Nothing that the figures depend on has changed." in words(page.main)


def test_inputs_stand_before_numbers_and_the_rule_beside_them(before, now, tmp_path):
    now["inputs"]["talks"][0]["sha256"] = "2"
    now["figures"]["behaviour:buy"] |= {"value": 0.7, "low": 0.66, "high": 0.74}
    page = page_of(compare_runs(before, now), tmp_path)
    titles = [words(title) for title in page.find_all("h2")]
    assert titles == [
        "What went in", "Numbers that moved beyond their noise", "Pain points", "Verdicts",
        "What people coded since", "Findings",
    ]  # fmt: skip
    assert RULE in words(page.main)
    row = page.find("table", id="moved").tbody.tr
    assert [words(cell) for cell in row.find_all(["th", "td"])] == [
        "Buy, leave", "50 % (45–55 %), 200 of 400", "70 % (66–74 %), 200 of 400"
    ]  # fmt: skip


def test_every_table_has_a_caption_scopes_and_a_region_that_keys_reach(before, now, tmp_path):
    now["figures"]["behaviour:buy"] |= {"value": 0.7, "low": 0.66, "high": 0.74}
    now["figures"]["pain_point:buy:slow:talks"] |= {"count": 9}
    now["input_hashes"]["software"] = "x"
    now["verdicts"]["stage:buy"]["verdict"] = "sources agree"
    page = page_of(compare_runs(before, now), tmp_path)
    tables = page.find_all("table")
    assert len(tables) == 4
    for table in tables:
        assert table.caption
        assert all(head.get("scope") for head in table.find_all("th"))
        assert table.parent["role"] == "region"
        assert table.parent["tabindex"] == "0"
        assert table.parent.get("aria-label") or table.parent.get("aria-labelledby")


def test_a_page_that_stands_alone_links_to_no_page_of_a_report(before, now, tmp_path):
    now["figures"]["behaviour:buy"] |= {"value": 0.7, "low": 0.66, "high": 0.74}
    page = page_of(compare_runs(before, now), tmp_path)
    assert [a["href"] for a in page.find_all("a")] == ["#main"]


def test_no_run_id_stands_on_a_page(before, now, tmp_path):
    now["figures"]["behaviour:buy"] |= {"value": 0.7, "low": 0.66, "high": 0.74}
    found = compare_runs(before, now)
    text = (tmp_path / "changes.html").read_text() if page_of(found, tmp_path) else ""
    for run_id in (before["run_id"], now["run_id"]):
        assert run_id not in text
        assert run_id not in "\n".join(list_lines(found))
    assert "version aaaaaaaaaa" in text


@pytest.mark.parametrize("recoded", [False, True])
def test_names_that_hold_markup_are_shown_and_do_nothing(before, now, tmp_path, recoded):
    for manifest in (before, now):
        manifest["headline"]["participants"][0]["label"] = HOSTILE
        manifest["figures"]["behaviour:buy"]["label"] = HOSTILE
    now["figures"]["behaviour:buy"] |= {"value": 0.7, "low": 0.66, "high": 0.74}
    now["figures"]["pain_point:buy:dear:talks"] = now["figures"].pop(
        "pain_point:buy:slow:talks"
    ) | {"code": HOSTILE, "name": HOSTILE, "label": HOSTILE}
    now["verdicts"]["stage:buy"] = {
        "name": HOSTILE, "verdict": HOSTILE, "reason": HOSTILE, "by": HOSTILE
    }  # fmt: skip
    now["findings"]["F2"] = {"headline": HOSTILE, "status": "", "fields": {}}
    now["notebooks"] = {HOSTILE: "1"}
    row = {
        "id": "1", "coder": HOSTILE, "unit": "u", "document": HOSTILE, "start": 0, "end": 1,
        "group": HOSTILE, "code": HOSTILE, "strength": 1.0,
    }  # fmt: skip
    now["people_codes"] = {"rows": [row], "held": {}, "proposed": {}}
    if recoded:
        now["basis"]["the codebook"] = "2"
    found = compare_runs(before, now)
    page = page_of(found, tmp_path)
    front = BeautifulSoup(front_of(found), "html.parser")
    for made in (page, front):
        assert made.find_all("script") == []
        assert not [tag for tag in made.find_all(True) if "onload" in tag.attrs]
    assert words(page).count("<script>alert(1)</script>") >= 6
    assert "{{7*7}}" in words(page)
