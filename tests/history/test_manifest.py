"""What a run's manifest holds, made of a tiny study."""

import json
from datetime import UTC, datetime

import pytest

from cjm_research.reporting.manifest import (
    hash_file,
    hash_pages,
    read_manifest,
    without_times,
    write_manifest,
)
from cjm_research.reporting.since import compare_runs
from cjm_research.reporting.site.changes import list_lines
from cjm_research.study import open_study

CODES = "file,quote,code_group,code,strength\nzq_anna_berg.csv,{quote},pain_point,{code},1\n"


def test_inputs_are_hashed_and_counted_and_their_names_stay_out(folder, manifest_of):
    manifest = manifest_of()
    (file,) = manifest["inputs"]["march"]
    path = folder / "zq_anna_berg.csv"
    assert file == {"sha256": hash_file(path), "bytes": path.stat().st_size, "rows": 3}
    assert "zq_anna" not in json.dumps(manifest)
    assert str(folder) not in json.dumps(manifest)


def test_it_says_what_a_run_was_made_from(folder, manifest_of, tmp_path):
    notebook = tmp_path / "01_numbers.ipynb"
    notebook.write_text("{}")
    manifest = manifest_of(parameters={"top": 5, "share": 0.5}, notebooks=[notebook])
    assert manifest["parameters"] == {"share": 0.5, "top": 5}
    assert manifest["notebooks"] == {"01_numbers.ipynb": hash_file(notebook)}
    assert manifest["input_hashes"] == open_study("tiny").inputs
    assert manifest["rows"]["participants"] == 3
    assert manifest["model"] == ""  # coded by rules
    assert manifest["seed"] == 0
    assert {"python", "cjm_research", "pandas", "duckdb"} <= set(manifest["versions"])
    assert all(manifest["versions"].values())
    assert (manifest["started"], manifest["finished"]) == (
        "2026-03-01T10:00:00Z", "2026-03-01T10:00:01Z"
    )  # fmt: skip
    headline = manifest["headline"]
    assert [(p["label"], p["n"]) for p in headline["participants"]] == [
        ("Survey, March", 3), ("Log", 3)
    ]  # fmt: skip
    assert headline["kpis"][0]["name"] == "Buyers"
    assert headline["status"] == "draft"  # nobody has reviewed the masking


def test_figures_are_those_that_two_runs_are_compared_by(folder, manifest_of):
    figures = manifest_of()["figures"]
    lost = figures["behaviour:see"]
    assert (lost["count"], lost["n"], lost["unit"]) == (2, 3, "share")
    assert lost["low"] < lost["value"] < lost["high"]
    assert figures["kpi:Buyers"]["n"] == 3
    nps = figures["rating:march:2026-03:nps:"]
    assert (nps["n"], nps["unit"]) == (3, "points")
    pains = [f for f in figures.values() if f["kind"] == "pain_point"]
    assert pains
    assert all(f["count"] > 0 and f["code"] != "other" for f in pains)


def test_it_is_json_and_comes_back_as_it_was(folder, manifest_of, tmp_path):
    run = tmp_path / "run"
    page = run / "sub" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>")
    pages = hash_pages(run)
    assert pages == {"sub/index.html": hash_file(page)}
    manifest = manifest_of(pages=pages)
    path = write_manifest(run, manifest)
    assert read_manifest(run) == manifest
    assert path.read_text() == json.dumps(
        json.loads(path.read_text()), indent=1, sort_keys=True, ensure_ascii=False
    ) + "\n"  # fmt: skip
    assert hash_pages(run) == pages  # the records are no pages


@pytest.mark.parametrize("content", [None, "", "{", "[]", "\xff"])
def test_what_cannot_be_read_is_no_manifest(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content, encoding="latin-1")
    assert read_manifest(tmp_path) == {}


def test_two_runs_over_the_same_inputs_share_all_but_their_times(folder, manifest_of):
    steps = [
        {"step": "pages", "seconds": 1.0, "rows_in": {}, "rows_out": {}},
        {"step": "coding", "seconds": 2.0, "rows_in": {"turns": 3}, "rows_out": {"codes": 9}},
    ]
    first = manifest_of(steps=steps, pages={})
    second = manifest_of(
        run_id="2026-05-01T090000", started=datetime(2026, 5, 1, 9, tzinfo=UTC), seconds=99.0,
        steps=[steps[1] | {"seconds": 0.1}], pages={}, before={"run_id": "2026-03-01T100000"},
    )  # fmt: skip
    assert first != second
    assert without_times(first) == without_times(second)
    assert without_times(first)["steps"] == [
        {"step": "coding", "rows_in": {"turns": 3}, "rows_out": {"codes": 9}}
    ]
    text = json.dumps(without_times(second))
    assert "2026-05-01" not in text
    assert "2026-03-01T" not in text


def test_a_code_that_a_person_adds_shows_with_its_coder_in_the_next_run(folder, manifest_of):
    before = manifest_of()
    (folder / "codes").mkdir()
    sheet = CODES.format(quote="My card was declined twice.", code="trust")
    (folder / "codes" / "mara.csv").write_text(sheet)
    now = manifest_of(key="n" * 64)
    found = compare_runs(before, now)
    assert ("people’s codes: mara", "is new") in [(c.what, c.words) for c in found.inputs]
    (coder,) = found.coders
    assert (coder.coder, coder.n_new, coder.n_changed) == ("mara", 1, 1)
    (change,) = coder.codes
    assert change.now == ("trust",)
    assert "trust" not in change.before
    assert change.address.startswith("document march/")
    assert "people’s codes" in found.recoding
    assert "declined" not in json.dumps(now["people_codes"])  # addresses, never words
    assert "(mara)" in "\n".join(list_lines(found))


def test_one_more_answer_is_a_change_of_the_data_and_of_nothing_else(folder, manifest_of):
    before = manifest_of()
    with (folder / "zq_anna_berg.csv").open("a") as file:
        file.write("c4,8,Fine.\n")
    found = compare_runs(before, manifest_of(key="n" * 64))
    assert [(c.what, c.words) for c in found.inputs] == [
        ("data of Survey, March", "1 file changed")
    ]
    assert found.recoding == ()
    people = {c.label: (c.before, c.now) for c in found.people}
    assert people == {"Survey, March": (3, 4), "Log": (3, 3)}


def test_an_event_that_now_counts_for_a_stage_redefines_its_drop_off(folder, manifest_of):
    before = manifest_of()
    path = folder / "study.yaml"
    path.write_text(path.read_text().replace("events: [pay]", "events: [pay, view]"))
    found = compare_runs(before, manifest_of(key="n" * 64))
    assert "Buyers" in {c.label.partition(" (")[0] for c in found.redefined}
    assert not any(c.label.startswith("See") for c in found.moved)


def test_findings_are_kept_as_hashes_with_their_headlines(folder, manifest_of):
    (folder / "findings.yaml").write_text(
        "verdicts:\n  - {stage: buy, verdict: cannot tell, by: Ines, note: a quote of zqanna}\n"
    )
    findings = manifest_of()["findings"]
    assert findings["verdict of Buy"]["headline"] == "cannot tell"
    assert "zqanna" not in json.dumps(findings)
